"""PMLE: pessimistic maximum likelihood over a finite class of whole models, any gamma, offline.

    pi-hat in argmax over pi in Pi of min { J_m(pi) : m in C },
    C = { m : L(m) <= min L + log(|M|/delta) },

where Pi holds the equilibrium of every model and any policies given besides. The matrix J_m(pi) is
one of enclosures (:func:`exactqse.evaluate`). The truth is in C with probability >= 1 - delta
(proofs/finite-likelihood-sets.md), and then the maximin value is a lower bound of J(pi-hat).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from exactqse.learn.classes.announced import policies_of
from exactqse.learn.classes.likelihood import likelihood_radius, likelihood_set
from exactqse.learn.classes.models import ModelClass
from exactqse.learn.classes.omle import model_belief
from exactqse.learn.classes.options import require_options
from exactqse.learn.protocol import Announcement, Floats
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.setting import Setting


@dataclass(frozen=True, eq=False)
class PMLE:
    """The learner's parameters.

    Attributes:
        models: the class. Claims hold if the true game is in it.
        policies: candidates besides the models' equilibria, each (H, S, B, A).
        delta: the claims hold with probability >= 1 - delta, at width_scale 1.
        width_scale: multiplies the proven radius log(|M|/delta).

    Raises:
        InputError: a parameter out of range.
    """

    models: ModelClass
    policies: Sequence[Floats] = ()
    _: KW_ONLY
    delta: float = 0.05
    width_scale: float = 1.0

    def __post_init__(self) -> None:
        require_options(delta=self.delta, width_scale=self.width_scale)

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        return "pmle"

    def require(self, setting: Setting) -> None:
        """Whether it can serve.

        Raises:
            InputError: models of another shape.
            NotCoveredError: a best-responding follower.
        """
        self.models.require(setting)

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        """The maximin policy, of equals the first; ``random`` is not used.

        Raises:
            InputError: models that cannot be models of this setting, or have not produced the data.
            PolicyError: a candidate that is no policy.
            NotCoveredError: a best-responding follower.
        """
        del random
        models, setting = self.models, dataset.setting
        models.require(setting)
        losses = np.zeros(len(models))
        for run in dataset.runs:
            losses += models.losses(run, setting)
        radius = likelihood_radius(len(models), self.delta, self.width_scale)
        among = np.flatnonzero(likelihood_set(losses, radius, where="models")).tolist()
        candidates = [models.plan(i).policy for i in range(len(models))]
        candidates += policies_of(setting, self.policies)
        worst = [min(models.value(i, policy).lower for i in among) for policy in candidates]
        policy = candidates[worst.index(max(worst))]
        return Announcement(policy, model_belief(models, among, policy))
