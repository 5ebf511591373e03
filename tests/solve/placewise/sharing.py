"""Trees in which a leader sees less than the action, and what policies are worth in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.model import Game
from exactqse.solve.farsighted.model import Floats
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.region import Region

ETA, GAMMA = 3, 0.9
NOTHING = ((0, 1, 2),)
PAIR = ((0, 1), (2,))


@dataclass(frozen=True, eq=False)
class Tree:
    """A game with its tables: P (H, S, A, B, S), u and r (H, S, A, B)."""

    game: Game
    P: Floats
    u: Floats
    r: Floats

    def policy(self, random: np.random.Generator) -> Floats:
        """A random one (H, S, B, A), the same in a cell; often near a corner."""
        H, S, A, _ = self.u.shape
        sparse = random.choice([0.1, 0.5, 1.0])
        drawn = random.dirichlet([sparse] * A, size=(H, S, len(self.game.observes)))
        return drawn[:, :, self.cell]

    @property
    def cell(self) -> list[int]:
        """Of each action of the follower."""
        cells = enumerate(self.game.observes)
        return [c for _, c in sorted((b, c) for c, cell in cells for b in cell)]

    def values(self, pi: Floats) -> tuple[Floats, Floats]:
        """(eta V, W), each (H + 1, S), by the definition."""
        H, S = self.u.shape[:2]
        v, W = np.zeros((2, H + 1, S))
        for h in reversed(range(H)):
            x = ETA * self.r[h] + GAMMA * self.P[h] @ v[h + 1]
            y = self.u[h] + self.P[h] @ W[h + 1]
            x, y = (np.einsum("sba,sab->sb", pi[h], z) for z in (x, y))
            v[h] = np.log(np.exp(x).sum(1))
            W[h] = (np.exp(x - v[h][:, None]) * y).sum(1)
        return v, W

    def best(self, starts: int, steps: int, seed: int) -> tuple[float, Floats]:
        """From random starts, steps towards an action in one cell, as long as they gain."""
        random = np.random.default_rng(seed)
        H, S, A, _ = self.u.shape
        best = -np.inf, np.zeros(0)
        for _ in range(starts):
            pi = self.policy(random)
            worth = self.values(pi)[1][0, 0]
            for _ in range(steps):
                h, s, cell = random.integers(H), random.integers(S), random.choice(self.cell)
                there = np.zeros(pi.shape)
                there[h, s, np.equal(self.cell, cell)] = 10.0 ** -random.uniform(0, 4)
                new = (1 - there) * pi + there * np.eye(A)[random.integers(A)]
                value = self.values(new)[1][0, 0]
                if value > worth:
                    pi, worth = new, value
            best = max(best, (float(worth), pi), key=lambda pair: pair[0])
        return best


def drawn(
    kind: str, actions: int, horizon: int, seed: int, observes: Sequence[Sequence[int]]
) -> Tree:
    """Three actions of the follower: each has a child of its own, or all lead to one child.

    Or to two children, with chances that depend on both actions.
    """
    random = np.random.default_rng(seed)
    kids = {"own": 3, "tied": 1, "chance": 2}[kind]
    S = kids ** (horizon - 1)
    P = np.zeros((horizon, S, actions, 3, S))
    for h in range(horizon):
        for s in range(S):
            here = h + 1 < horizon and s < kids**h
            for b in range(3):
                if kind == "own" and here:
                    P[h, s, :, b, 3 * s + b] = 1
                elif kind == "chance" and here:
                    P[h, s, :, b, 2 * s : 2 * s + 2] = random.integers(1, 9, size=(actions, 2))
                else:
                    P[h, s, :, b, s] = 1
    P /= P.sum(-1, keepdims=True)
    u, r = random.random((2, horizon, S, actions, 3))
    game = Game.from_arrays(
        P, u, r, rho=0, eta=ETA, gamma="9/10", observes=observes, normalise=True
    )
    return Tree(game, P, u, r)


def holding(place: Place, v: Floats, alpha: Floats) -> list[Region]:
    """The regions that hold a policy with these values of the next places (T,), and mixtures."""
    return [region for region in place.regions() if _holds(region, v, alpha)]


def _holds(region: Region, v: Floats, alpha: Floats) -> bool:
    inside = all(low <= v[t] <= high for t, (low, high) in region.box.items())
    weights = [np.linalg.solve(of.T, alpha[b]).min() for b, of in region.corners.items()]
    return inside and min(weights) >= -1e-12
