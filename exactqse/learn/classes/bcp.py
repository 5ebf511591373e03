"""MLE-BCP: Bellman-consistent pessimism over finite classes, gamma = 0, offline.

    pi-hat in argmax over pi in Pi of min { rho . W^pi_0(U_0, theta_0) : (U, theta) in C(pi) },
    W^pi(U, theta)(s) = sum_b nu^{pi,theta}(b|s) sum_a pi(a|s,b) U(s,a,b),

C(pi) the chains that agree with the data: each theta_h is in its likelihood set, each U_h near the
mean of u_h + W^pi_{h+1}(s_{h+1}) (proofs/value-sets.md). The truth's chain is in C(pi) for every pi
at once with probability >= 1 - delta, and then the maximin value is a lower bound of J(pi-hat)
(proofs/chains.md). After Xie, Cheng, Jiang, Mineiro and Agarwal (2021), Bellman-consistent
pessimism, NeurIPS, and Chen, Wang and Yang (2023), arXiv 2307.14085.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from exactqse.errors import InputError
from exactqse.learn.classes.announced import policies_of
from exactqse.learn.classes.chains import Booleans, Record, Widths, chains
from exactqse.learn.classes.golf import ROUNDING, policy_values
from exactqse.learn.classes.local import LocalClasses
from exactqse.learn.classes.options import down, require_nonnegative, require_options
from exactqse.learn.protocol import Announcement, Belief, Floats, ResponseSet
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.setting import Setting


@dataclass(frozen=True, eq=False)
class MLEBCP:
    """The learner's parameters.

    Attributes:
        classes: Theta_h and U_h. Claims hold if r_h is in Theta_h, up to its gauge, and for every
            policy U^pi_h = u_h + P_h W^pi_{h+1} within ``slack`` of U_h.
        policies: the policy class Pi, each (H, S, B, A).
        delta: the claims hold with probability >= 1 - delta, at width_scale 1.
        width_scale: multiplies the proven radii.
        slack: see ``classes``.

    Raises:
        InputError: a parameter out of range, or no policies.
    """

    classes: LocalClasses
    policies: Sequence[Floats]
    _: KW_ONLY
    delta: float = 0.05
    width_scale: float = 1.0
    slack: float = 1e-6

    def __post_init__(self) -> None:
        require_options(delta=self.delta, width_scale=self.width_scale)
        require_nonnegative(self.slack, "slack")
        if not len(self.policies):
            what = "the policy class is empty"
            raise InputError(what, where="policies", remedy="give a policy or more")

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        return "mle-bcp"

    def require(self, setting: Setting) -> None:
        """Whether it can serve.

        Raises:
            InputError: classes of another shape.
            NotCoveredError: a farsighted or a best-responding follower.
        """
        self.classes.require(setting)

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        """The maximin policy, of equals the first; ``random`` is not used.

        Raises:
            InputError: classes of another shape, or a policy with no chain that agrees.
            PolicyError: something in the policy class that is no policy.
            NotCoveredError: a farsighted or a best-responding follower.
        """
        del random
        setting = dataset.setting
        eta = self.classes.require(setting)
        record = Record.empty(self.classes)
        for run in dataset.runs:
            record.add(run, self.classes, eta)
        candidates = policies_of(setting, self.policies)
        widths = Widths(self.delta, self.width_scale, self.slack, len(candidates))
        search = _Search(self, setting, record, widths, widths.responses(record), eta)
        worst = [search.worst(policy, f"policies[{i}]") for i, policy in enumerate(candidates)]
        best = worst.index(max(worst))
        sets = tuple(t[may] for t, may in zip(self.classes.theta, search.thetas, strict=True))
        belief = Belief(lower=down(worst[best]), sets=(ResponseSet(sets),))
        return Announcement(candidates[best], belief)


@dataclass(frozen=True, eq=False)
class _Search:
    """What the chains of every policy have in common."""

    learner: MLEBCP
    setting: Setting
    record: Record
    widths: Widths
    thetas: list[Booleans]
    eta: float

    def worst(self, policy: Floats, where: str) -> float:
        """A lower bound of J(policy): the least value of a chain, less what the class may lack.

        Raises:
            InputError: there is no chain.
        """
        classes = self.learner.classes
        slack = self.learner.slack + ROUNDING * classes.scale
        values = policy_values(classes, policy, self.eta)
        found = chains(
            self.record,
            classes,
            self.setting,
            values,
            widths=self.widths,
            thetas=self.thetas,
            tolerances=[2 * slack] * self.setting.horizon,
        )
        if not found.exist:
            what = "no chain of (U_h, theta_h) agrees with the data"
            remedy = "the classes lack its values, or width_scale is too small"
            raise InputError(what, where=where, remedy=remedy)
        worth = values[0] @ np.array(self.setting.rho)
        return float(np.where(found.alive[0], worth, np.inf).min()) - slack
