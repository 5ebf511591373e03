"""What a learner is: it announces policies, takes episodes and says what it believes.

Nothing here, and nothing that a learner is handed, holds the follower's reward: a learner is
started with a :class:`~exactqse.simulate.Setting` and fed with
:class:`~exactqse.simulate.Episodes`. What it believes is plain data that the harness checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactqse.simulate.dataset import Dataset
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LikelihoodSet:
    """Follower rewards whose log-likelihood is near that of an estimate, gamma = 0.

    { r : sum_i log nu^{pi_i, centre}(b_i|s_i) - log nu^{pi_i, r}(b_i|s_i) <= radius[h][s] for all
    h, s }, the sum over the episodes so far that visit s at step h, whatever the gauge of r.

    Attributes:
        centre: the estimate of r, shape (H, S, A, B).
        radius: shape (H, S). Where one estimate serves all states of a step, the sums over them
            are compared with ``radius[h].max()``, and ``pooled`` is True.
        pooled: see there.
    """

    centre: Floats
    radius: Floats
    pooled: bool = False


@dataclass(frozen=True, eq=False)
class ResponseSet:
    """A finite class of follower rewards at each step.

    Attributes:
        tables: for each step those r_h that are still possible, shape (n_h, S, A, B).
    """

    tables: tuple[Floats, ...]


@dataclass(frozen=True)
class ModelSet:
    """A finite class of whole games.

    Attributes:
        hashes: the games that are still possible, by ``Game.hash``.
    """

    hashes: frozenset[str]


ConfidenceSet: TypeAlias = LikelihoodSet | ResponseSet | ModelSet


@dataclass(frozen=True)
class Belief:
    """What a learner claims when it announces a policy. None: it claims nothing.

    Attributes:
        upper: J* <= upper (optimism); upper - lower is the width that regret is compared with.
        lower: lower <= J(policy) (pessimism).
        sets: confidence sets that are claimed to hold the truth.
    """

    upper: float | None = None
    lower: float | None = None
    sets: tuple[ConfidenceSet, ...] = ()


@dataclass(frozen=True, eq=False)
class Announcement:
    """A policy, for how many episodes it stands at most, and what is believed.

    Attributes:
        policy: pi_h(a | s, b), shape (H, S, B, A); rows sum to 1 (to 1e-9) and are equal, exactly,
            within the cells that the leader sees.
        belief: the learner's claims about it.
        episodes: how many are played before the learner is asked again; it is given them at once.
    """

    policy: Floats
    belief: Belief = field(default_factory=Belief)
    episodes: int = 1


class Session(Protocol):
    """One run of an online learner."""

    def announce(self) -> Announcement:
        """The next policy."""

    def observe(self, episodes: Episodes) -> None:
        """What was seen while the announced policy was played."""


class OnlineLearner(Protocol):
    """An online learner: parameters only. What it learns lives in its sessions.

    One that cannot serve every setting may have a method ``require(setting)``, which raises where
    it cannot: it is asked before the game is solved.
    """

    @property
    def name(self) -> str:
        """What tables and pictures call it."""

    def start(self, setting: Setting, random: np.random.Generator) -> Session:
        """A new run. ``random`` is the learner's own; the environment draws from another one."""


class OfflineLearner(Protocol):
    """An offline learner: from a dataset to one policy. It may have a ``require`` as above."""

    @property
    def name(self) -> str:
        """What tables and pictures call it."""

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        """The policy that it would announce, and what it believes."""
