"""Behaviour policies: what a leader announces while offline data are gathered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, shown
from exactqse.model.game import Game
from exactqse.simulate.noise import is_real
from exactqse.solve.api import solve
from exactqse.solve.effort import Watcher
from exactqse.solve.solution import uninterrupted

Floats = NDArray[np.float64]


@runtime_checkable
class Behaviour(Protocol):
    """How the announced policies come about; ``str`` of it is the name, with its parameters."""

    def policies(
        self, game: Game, random: np.random.Generator, progress: Watcher | None = None, /
    ) -> tuple[Floats, ...]:
        """The policies pi_h(a | s, b), each of shape (H, S, B, A); as many episodes for each."""


@dataclass(frozen=True)
class Uniform:
    """Every leader action with equal probability, everywhere: one policy."""

    def policies(
        self, game: Game, _random: np.random.Generator, _progress: Watcher | None = None, /
    ) -> tuple[Floats, ...]:
        """One policy."""
        return (_uniform(game),)

    def __str__(self) -> str:
        return "uniform"


@dataclass(frozen=True)
class Perturbed:
    """Mixtures (1 - epsilon) pi* + epsilon kappa of the equilibrium that ``solve`` finds.

    kappa is the uniform policy in the first mixture. In each other one its prescriptions are drawn
    uniformly from the simplices, whose mean is the uniform policy: so data cover several
    prescriptions around the equilibrium.

    Attributes:
        epsilon: the weight in [0, 1].
        count: the number of policies, >= 1.
        node_limit: where a game is solved by branch and bound, the parts after which the search
            settles for the policy that it has; None for the default accuracy.

    Raises:
        InputError: a parameter out of range.
    """

    epsilon: float = 0.5
    count: int = 8
    node_limit: int | None = None

    def __post_init__(self) -> None:
        if not is_real(self.epsilon) or not 0 <= self.epsilon <= 1:
            raise InputError(f"{shown(self.epsilon)} is not in [0, 1]", where="epsilon")
        _require_count(self.count, "count")
        if self.node_limit is not None:
            _require_count(self.node_limit, "node_limit")

    def policies(
        self, game: Game, random: np.random.Generator, progress: Watcher | None = None, /
    ) -> tuple[Floats, ...]:
        """``count`` policies.

        Raises:
            NotCoveredError: no solver covers the game.
            KeyboardInterrupt: Ctrl-C ended the search; the policy found by then depends on when.
        """
        found = uninterrupted(
            solve(game, node_limit=self.node_limit, checker=None, progress=progress)
        )
        best = found.policy.as_array()
        others = [_uniform(game)]
        others += [_dirichlet(game, 1.0, random) for _ in range(self.count - 1)]
        return tuple((1 - self.epsilon) * best + self.epsilon * kappa for kappa in others)

    def __str__(self) -> str:
        limit = "" if self.node_limit is None else f", node_limit={self.node_limit}"
        return f"perturbed(epsilon={float(self.epsilon)!r}, count={self.count}{limit})"


@dataclass(frozen=True)
class Random:
    """Policies whose prescriptions are drawn from a symmetric Dirichlet distribution.

    Attributes:
        count: the number of policies, >= 1.
        concentration: the parameter of the distribution, > 0; 1 is uniform on the simplex.

    Raises:
        InputError: a parameter out of range.
    """

    count: int = 8
    concentration: float = 1.0

    def __post_init__(self) -> None:
        _require_count(self.count, "count")
        if not is_real(self.concentration) or not 1e-3 <= self.concentration <= 1e6:
            what = f"{shown(self.concentration)} is not in [0.001, 1000000]"
            raise InputError(what, where="concentration")

    def policies(
        self, game: Game, random: np.random.Generator, _progress: Watcher | None = None, /
    ) -> tuple[Floats, ...]:
        """``count`` policies."""
        return tuple(_dirichlet(game, self.concentration, random) for _ in range(self.count))

    def __str__(self) -> str:
        return f"random(count={self.count}, concentration={float(self.concentration)!r})"


@dataclass(frozen=True)
class Narrow:
    """One policy that leaves much unseen, for data without coverage.

    Attributes:
        never: an action that is never played, the others with equal probability. None: one action
            for each cell of each (h, s), drawn at random, and no other ever: deterministic.

    Raises:
        InputError: no index of an action.
    """

    never: int | None = None

    def __post_init__(self) -> None:
        if self.never is not None and (type(self.never) is not int or self.never < 0):
            raise InputError(f"{shown(self.never)} is not an index of an action", where="never")

    def policies(
        self, game: Game, random: np.random.Generator, _progress: Watcher | None = None, /
    ) -> tuple[Floats, ...]:
        """One policy. Raises InputError when there is no such action, or no other one."""
        horizon, states, leader, _ = game.shape
        if self.never is None:
            chosen = random.integers(leader, size=(horizon, states, len(game.observes)))
            return (_spread(game, np.eye(leader)[chosen]),)
        if self.never >= leader or leader == 1:
            what = f"{self.never} is not one of several actions 0..{leader - 1}"
            raise InputError(what, where="never")
        policy = np.full((horizon, states, game.follower_actions, leader), 1 / (leader - 1))
        policy[..., self.never] = 0
        return (policy,)

    def __str__(self) -> str:
        return "narrow(deterministic)" if self.never is None else f"narrow(never={self.never})"


BEHAVIOURS: dict[str, type[Uniform | Perturbed | Random | Narrow]] = {
    "uniform": Uniform,
    "perturbed": Perturbed,
    "random": Random,
    "narrow": Narrow,
}


def _uniform(game: Game) -> Floats:
    horizon, states, leader, follower = game.shape
    return np.full((horizon, states, follower, leader), 1 / leader)


def _dirichlet(game: Game, concentration: float, random: np.random.Generator) -> Floats:
    horizon, states, leader, _ = game.shape
    size = (horizon, states, len(game.observes))
    return _spread(game, random.dirichlet(np.full(leader, concentration), size=size))


def _spread(game: Game, rows: Floats) -> Floats:
    """From a row for each cell, shape (H, S, cells, A), to one for each action of the follower."""
    cell_of = np.empty(game.follower_actions, dtype=np.intp)
    for i, cell in enumerate(game.observes):
        cell_of[list(cell)] = i
    policy: Floats = rows[:, :, cell_of]
    return policy


def _require_count(value: object, where: str) -> None:
    if type(value) is not int or value < 1:
        raise InputError(f"{shown(value)} is not an integer of at least 1", where=where)
