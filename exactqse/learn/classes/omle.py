"""OMLE: optimistic maximum likelihood over a finite class of whole models, any gamma.

In every block the leader announces the equilibrium of the best model that the data allow,

    m_t in argmax { J*_m : m in C_t },   C_t = { m : L_t(m) <= min L_t + log(|M|/delta) },

L_t minus the log-likelihood of all that was seen (proofs/finite-likelihood-sets.md). The planning
oracle is :func:`exactqse.solve`, so that upper = max { J*_m : m in C_t } is a certified bound. See
Liu, Netrapalli, Szepesvari and Jin (2023), Optimistic MLE, STOC, for the principle, and Chen, Wang
and Yang (2023), arXiv 2307.14085, for the quantal follower.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.classes.likelihood import likelihood_radius, likelihood_set
from exactqse.learn.classes.models import ModelClass, Plan
from exactqse.learn.classes.options import (
    Blocks,
    above,
    below,
    require_nonnegative,
    require_options,
)
from exactqse.learn.protocol import Announcement, Belief, Floats, ModelSet
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting


@dataclass(frozen=True, eq=False)
class OMLE:
    """The learner's parameters.

    Attributes:
        models: the class. Claims hold if the true game is in it.
        delta: all of a run's claims hold at once with probability >= 1 - delta, at width_scale 1.
        width_scale: multiplies the proven radius log(|M|/delta).
        growth: a block is that much as long as all before it; 0 replans in every episode.

    Raises:
        InputError: a parameter out of range.
    """

    models: ModelClass
    _: KW_ONLY
    delta: float = 0.05
    width_scale: float = 1.0
    growth: float = 0.25

    def __post_init__(self) -> None:
        require_options(delta=self.delta, width_scale=self.width_scale)
        require_nonnegative(self.growth, "growth")

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        return "omle"

    def require(self, setting: Setting) -> None:
        """Whether it can serve.

        Raises:
            InputError: models of another shape.
            NotCoveredError: a best-responding follower.
        """
        self.models.require(setting)

    def start(self, setting: Setting, random: np.random.Generator) -> _Session:
        """A new run; ``random`` is not used.

        Raises:
            InputError: models that cannot be models of this setting.
            NotCoveredError: a best-responding follower.
        """
        del random
        self.models.require(setting)
        return _Session(self, setting)


class _Session:
    def __init__(self, learner: OMLE, setting: Setting) -> None:
        self._models, self._setting = learner.models, setting
        size = len(learner.models)
        self._radius = likelihood_radius(size, learner.delta, learner.width_scale)
        self._losses: Floats = np.zeros(size)
        self._blocks = Blocks(learner.growth)

    def announce(self) -> Announcement:
        """The most optimistic model's equilibrium; of equals, that of the first."""
        alive = likelihood_set(self._losses, self._radius, where="models")
        belief, plan = optimistic(self._models, alive)
        return Announcement(plan.policy, belief, self._blocks.length)

    def observe(self, episodes: Episodes) -> None:
        """Add to the sums that the likelihood is."""
        self._losses += self._models.losses(episodes, self._setting)
        self._blocks.played += len(episodes)


def optimistic(models: ModelClass, alive: NDArray[np.bool_]) -> tuple[Belief, Plan]:
    """The plan of largest value among the models alive, and what is believed of it."""
    among = np.flatnonzero(alive).tolist()
    plans = [models.plan(i) for i in among]
    best = max(plans, key=lambda plan: plan.value.upper)
    return model_belief(models, among, best.policy), best


def model_belief(models: ModelClass, among: list[int], policy: Floats) -> Belief:
    """min J_m(policy) <= J(policy) and J* <= max J*_m, over some models m."""
    upper = max(models.plan(i).value.upper for i in among)
    lower = min(models.value(i, policy).lower for i in among)
    names = models.hashes
    return Belief(above(upper), below(lower), (ModelSet(frozenset(names[i] for i in among)),))
