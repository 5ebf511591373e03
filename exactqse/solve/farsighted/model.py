"""The game in float64, one table a step over the reachable states only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import PrecisionError
from exactqse.kernel.game import KernelGame

_LARGEST = 1e75  # of values and exponents: their products have to be numbers, too

Floats: TypeAlias = NDArray[np.float64]
Booleans: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Layer:
    """One step: n reachable states, B actions of the follower, A of the leader.

    Attributes:
        P: (n, B, A, n'), transitions to the n' states that the next step may be in.
        u, r: (n, B, A), rewards of the leader and of the follower.
    """

    P: Floats
    u: Floats
    r: Floats


@dataclass(frozen=True, eq=False)
class Model:
    """A game with gamma > 0.

    Attributes:
        layers: one for each step.
        rho: (n_0,), the distribution of the first state.
        eta, gamma: of the follower; eta is 1 where it is infinite.
        cells: the partition of B that the leader sees.
        scale: the largest value of the leader, in absolute terms, or 1 where that is 0.
    """

    layers: tuple[Layer, ...]
    rho: Floats
    eta: float
    gamma: float
    cells: tuple[tuple[int, ...], ...]
    scale: float

    @property
    def sizes(self) -> list[int]:
        """The number of places of each step."""
        return [len(layer.u) for layer in self.layers]

    @property
    def cell(self) -> Integers:
        """The cell of each follower action, (B,)."""
        pairs = sorted((b, c) for c, cell in enumerate(self.cells) for b in cell)
        return np.array([c for _, c in pairs], dtype=np.intp)

    @property
    def singles(self) -> bool:
        """Whether the leader sees the action."""
        return all(len(cell) == 1 for cell in self.cells)


def model_of(game: KernelGame) -> Model:
    """The float64 tables of a game. Raises PrecisionError where a number is beyond float64."""
    eta = game.eta or 1
    try:
        layers = tuple(_layer(game, h) for h in range(game.horizon))
        rho = np.array([n / game.rho.denominator for n in game.rho.numerators])
        scale = float(sum(np.abs(layer.u).max() for layer in layers)) or 1.0
        size = float(eta) * (1 + sum(float(np.abs(layer.r).max()) for layer in layers))
    except OverflowError:
        scale = size = np.inf
    if max(scale, size) > _LARGEST:
        what = "a number is beyond the range of float64, in which branch and bound works"
        raise PrecisionError(what, remedy="rescale the rewards, or lower eta")
    return Model(layers, rho, float(eta), float(game.gamma), game.observes, scale)


def _layer(game: KernelGame, h: int) -> Layer:
    states = list(game.reachable[h])
    after = game.reachable[h + 1] if h + 1 < game.horizon else ()
    index = {t: k for k, t in enumerate(after)}
    rows = game.at(game.P, h)
    shape = len(states), game.follower_actions, game.leader_actions
    P = np.zeros((*shape, len(after)))
    u, r = np.zeros(shape), np.zeros(shape)
    for n, b, a in np.ndindex(*shape):
        u[n, b, a] = float(game.at(game.u, h)[states[n]][a][b])
        r[n, b, a] = float(game.at(game.r, h)[states[n]][a][b])
        if after:
            row = rows[states[n]][a][b]
            for t, weight in zip(row.states, row.numerators, strict=True):
                P[n, b, a, index[t]] = weight / row.denominator
    return Layer(P, u, r)
