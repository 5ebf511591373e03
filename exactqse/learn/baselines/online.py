"""Five online learners without widths. All but the uniform one plan with the plug-in estimate.

The plug-in estimate is that of MLE-OVI at width_scale = 0: means of what was seen (0, clipped to
the possible values, where nothing was) and the maximum likelihood estimate of the response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, shown
from exactqse.learn.myopic.model import LinearModel
from exactqse.learn.myopic.records import Records
from exactqse.learn.myopic.value_iteration import plan
from exactqse.learn.protocol import Announcement
from exactqse.learn.schedule import block, require_growth
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
_PLUG_IN = LinearModel(width_scale=0.0)
_STEEP = 1e3  # times eta: a quantal response that is nearly a best response
_EXPLORING = 32  # prescriptions that are tried while exploring
_MANY = 10**9  # as long as the run lasts


class EstimatingSession:
    """A run that counts what it sees; a function of it decides what to announce."""

    def __init__(
        self,
        setting: Setting,
        random: np.random.Generator,
        decide: Callable[[EstimatingSession], Announcement],
    ) -> None:
        _PLUG_IN.checked(setting)
        self.setting, self.random = setting, random
        self._decide = decide
        self._records = Records(setting)
        self._theta: Floats | None = None

    @property
    def episodes(self) -> int:
        """How many were seen."""
        return self._records.episodes

    def announce(self) -> Announcement:
        """What the function decides."""
        return self._decide(self)

    def observe(self, episodes: Episodes) -> None:
        """Count them."""
        self._records.add(episodes)

    def greedy(self, steepness: float = 1.0) -> Floats:
        """The best policy under the estimate, against a follower steeper by a factor."""
        estimates = _PLUG_IN.estimates(self.setting, self._records, self._theta)
        self._theta = estimates.response.theta
        eta = float(self.setting.eta or 0.0) * steepness
        assumed = replace(estimates, setting=replace(self.setting, eta=eta))
        return plan(assumed, 0.0, self.random)

    def uniform(self) -> Floats:
        """Every leader action with equal probability."""
        return np.full(self.setting.shape, 1 / self.setting.leader_actions)

    def pure(self) -> Floats:
        """One action for each step, state and cell, drawn anew."""
        horizon, states, _, leader = self.setting.shape
        policy = np.zeros(self.setting.shape)
        for cell in self.setting.observes:
            chosen = self.random.integers(leader, size=(horizon, states))
            policy[:, :, list(cell)] = np.eye(leader)[chosen][:, :, None]
        return policy


class _Linear:
    """A learner with the tabular linear model."""

    def require(self, setting: Setting) -> None:
        """Raise NotCoveredError for gamma > 0 or an infinite eta."""
        _PLUG_IN.checked(setting)


@dataclass(frozen=True)
class UniformLeader(_Linear):
    """Announces the uniform policy, for ever."""

    name: str = "uniform"

    def start(self, setting: Setting, random: np.random.Generator) -> EstimatingSession:
        """A new run. Raises NotCoveredError for gamma > 0 or an infinite eta."""
        return EstimatingSession(
            setting, random, lambda run: Announcement(run.uniform(), episodes=_MANY)
        )


@dataclass(frozen=True)
class PlugIn(_Linear):
    """Plans with the estimate as if it were the truth, whenever episodes grew by ``growth``."""

    growth: float = 1.15
    name: str = "plug-in"

    def __post_init__(self) -> None:
        require_growth(self.growth)

    def start(self, setting: Setting, random: np.random.Generator) -> EstimatingSession:
        """A new run. Raises NotCoveredError for gamma > 0 or an infinite eta."""

        def decide(run: EstimatingSession) -> Announcement:
            return Announcement(run.greedy(), episodes=block(run.episodes, self.growth))

        return EstimatingSession(setting, random, decide)


@dataclass(frozen=True)
class BestResponseLeader(_Linear):
    """The plug-in learner who takes the follower for one who best responds."""

    growth: float = 1.15
    name: str = "best-response"

    def __post_init__(self) -> None:
        require_growth(self.growth)

    def start(self, setting: Setting, random: np.random.Generator) -> EstimatingSession:
        """A new run. Raises NotCoveredError for gamma > 0 or an infinite eta."""

        def decide(run: EstimatingSession) -> Announcement:
            return Announcement(run.greedy(_STEEP), episodes=block(run.episodes, self.growth))

        return EstimatingSession(setting, random, decide)


@dataclass(frozen=True)
class EpsilonGreedy(_Linear):
    """The plug-in policy, mixed with the uniform one.

    Attributes:
        epsilon: the weight of the uniform policy.
        growth: as in PlugIn.
    """

    epsilon: float = 0.05
    growth: float = 1.15
    name: str = "epsilon-greedy"

    def __post_init__(self) -> None:
        require_growth(self.growth)
        if not 0 <= self.epsilon <= 1:
            raise InputError(f"{shown(self.epsilon)} is not in 0..1", where="epsilon")

    def start(self, setting: Setting, random: np.random.Generator) -> EstimatingSession:
        """A new run. Raises NotCoveredError for gamma > 0 or an infinite eta."""

        def decide(run: EstimatingSession) -> Announcement:
            mixed = (1 - self.epsilon) * run.greedy() + self.epsilon * run.uniform()
            return Announcement(mixed, episodes=block(run.episodes, self.growth))

        return EstimatingSession(setting, random, decide)


@dataclass(frozen=True)
class ExploreThenCommit(_Linear):
    """Random pure policies, at most 32 of them, then the plug-in policy of what they showed.

    Attributes:
        explore: the episodes of exploration; about T^(2/3) is usual.
    """

    explore: int = 737
    name: str = "explore-then-commit"

    def __post_init__(self) -> None:
        if isinstance(self.explore, bool) or not isinstance(self.explore, int) or self.explore < 1:
            raise InputError(f"{shown(self.explore)} is not a positive integer", where="explore")

    def start(self, setting: Setting, random: np.random.Generator) -> EstimatingSession:
        """A new run. Raises NotCoveredError for gamma > 0 or an infinite eta."""

        def decide(run: EstimatingSession) -> Announcement:
            left = self.explore - run.episodes
            if left <= 0:
                return Announcement(run.greedy(), episodes=_MANY)
            return Announcement(run.pure(), episodes=min(left, 1 + self.explore // _EXPLORING))

        return EstimatingSession(setting, random, decide)
