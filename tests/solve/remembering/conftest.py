"""Leaders who remember, by brute force: local search from many starts over trees of memories.

Written from the model alone, without frontiers. A memory is reached by one public path: the first
state, then b, the next state and one of two ends of a lottery, step after step. It holds a mixture
for each cell, and after each b and t the weights of the lottery. N leaders are valued at once; one
simplex after another is moved towards a corner, and what is worth more is kept. What is found is
valued again with mpmath in exact rationals, so it is a value that a leader does achieve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.typing import NDArray

from exactqse.model import Game

Floats = NDArray[np.float64]
DIGITS = 40
_ENDS = 2
_LENGTHS = np.concatenate([[0.0], 0.5 ** np.arange(14)])


@dataclass
class Memory:
    """At (h, s): simplices (N, ...) by cell, lotteries and memories by (b, t)."""

    h: int
    s: int
    mix: list[Floats]
    lottery: dict[tuple[int, int], Floats] = field(default_factory=dict)
    after: dict[tuple[int, int], list[Memory]] = field(default_factory=dict)

    def walk(self) -> Iterator[Memory]:
        """This and all that may follow."""
        yield self
        for memories in self.after.values():
            for memory in memories:
                yield from memory.walk()


class Leaders:
    """N leaders of a game, who may tell each other's numbers apart but nothing else."""

    def __init__(self, game: Game, count: int, random: np.random.Generator) -> None:
        self.game, self.random, self.count = game, random, count
        self.eta, self.gamma = float(game.eta or 0), float(game.gamma)
        self.u, self.r, self.P = game.u_float, game.r_float, game.P_float
        pairs = zip(game.rho.states, game.rho.numerators, strict=True)
        self.rho = [(s, Fraction(n, game.rho.denominator)) for s, n in pairs]
        self.roots = [self._drawn(0, s) for s, _ in self.rho]

    def _simplex(self, size: int) -> Floats:
        """Corners and mixtures."""
        rows = self.random.dirichlet(np.full(size, 0.4), size=self.count)
        pure = np.eye(size)[self.random.integers(size, size=self.count)]
        return np.where(self.random.random((self.count, 1)) < 0.5, pure, rows)

    def _drawn(self, h: int, s: int) -> Memory:
        game = self.game
        memory = Memory(h, s, [self._simplex(game.leader_actions) for _ in game.observes])
        if h + 1 == game.horizon:
            return memory
        for b in range(game.follower_actions):
            for t in np.flatnonzero(self._at(self.P, h)[s, :, b].any(0)).tolist():
                memory.lottery[b, t] = self._simplex(_ENDS)
                memory.after[b, t] = [self._drawn(h + 1, t) for _ in range(_ENDS)]
        return memory

    @staticmethod
    def _at(table: Floats, h: int) -> Floats:
        part: Floats = table[h if len(table) > 1 else 0]
        return part

    def worth(self) -> Floats:
        """J of each."""
        return sum(
            float(p) * self._values(m)[1] for (_, p), m in zip(self.rho, self.roots, strict=True)
        )

    def _values(self, memory: Memory) -> tuple[Floats, Floats]:
        """v = eta V and W."""
        h, s, game = memory.h, memory.s, self.game
        xs, ys = [], []
        ahead = {key: [self._values(m) for m in rows] for key, rows in memory.after.items()}
        for c, cell in enumerate(game.observes):
            for b in cell:
                pi = memory.mix[c]
                x, y = (
                    self.eta * pi @ self._at(self.r, h)[s, :, b],
                    pi @ self._at(self.u, h)[s, :, b],
                )
                for (e, t), ends in ahead.items():
                    if e == b:
                        moves, lottery = pi @ self._at(self.P, h)[s, :, b, t], memory.lottery[b, t]
                        v, W = (
                            sum(lottery[:, i] * end[k] for i, end in enumerate(ends))
                            for k in (0, 1)
                        )
                        x, y = x + self.gamma * moves * v, y + moves * W
                xs.append(x)
                ys.append(y)
        x, y = np.array(xs), np.array(ys)
        top = x.max(0)
        weights = np.exp(x - top)
        total = weights.sum(0)
        return top + np.log(total), (weights * y).sum(0) / total

    def _tables(self) -> list[tuple[Any, Any]]:
        """Every simplex: where it is kept, and under which key."""
        found: list[tuple[Any, Any]] = []
        for root in self.roots:
            for memory in root.walk():
                found += [(memory.mix, c) for c in range(len(memory.mix))]
                found += [(memory.lottery, key) for key in memory.lottery]
        return [(table, key) for table, key in found if table[key].shape[-1] > 1]

    def climb(self, sweeps: int) -> Floats:
        """Each simplex in turn moves towards a corner, as far as is best; J then."""
        best = self.worth()
        tables = self._tables()
        for _ in range(sweeps):
            before = best
            for number in self.random.permutation(len(tables)):
                table, key = tables[number]
                kept = table[key]
                for corner in np.eye(kept.shape[-1]):
                    for length in _LENGTHS[1:]:
                        old = table[key]
                        table[key] = (1 - length) * kept + length * corner
                        value = self.worth()
                        better = value > best
                        table[key] = np.where(better[:, None], table[key], old)
                        best = np.where(better, value, best)
            if (best <= before + 1e-12).all():
                break
        return best

    def exact(self, which: int) -> Any:
        """J of one of them, its numbers made rational, to DIGITS digits."""
        with mp.workdps(DIGITS):
            values = [self._exact(m, which)[1] for m in self.roots]
            return sum(_mpf(p) * w for (_, p), w in zip(self.rho, values, strict=True))

    def _exact(self, memory: Memory, n: int) -> tuple[Any, Any]:
        game, h, s = self.game, memory.h, memory.s
        eta, gamma = _mpf(game.eta or Fraction(0)), _mpf(game.gamma)
        xs, ys = [], []
        ahead = {key: [self._exact(m, n) for m in rows] for key, rows in memory.after.items()}
        for c, cell in enumerate(game.observes):
            pi = _rational(memory.mix[c][n])
            for b in cell:
                x = y = mpf(0)
                for a, p in enumerate(pi):
                    x += p * eta * _mpf(game.at(game.r, h)[s][a][b])
                    y += p * _mpf(game.at(game.u, h)[s][a][b])
                    row = game.at(game.P, h)[s][a][b]
                    for t, k in zip(row.states, row.numerators, strict=True) if ahead else ():
                        if (b, t) in ahead:
                            share = p * _mpf(Fraction(k, row.denominator))
                            lottery = _rational(memory.lottery[b, t][n])
                            v, W = (
                                sum(q * end[i] for q, end in zip(lottery, ahead[b, t], strict=True))
                                for i in (0, 1)
                            )
                            x, y = x + gamma * share * v, y + share * W
                xs.append(x)
                ys.append(y)
        top = max(xs)
        weights = [mp.exp(x - top) for x in xs]
        total = sum(weights)
        return top + mp.log(total), sum(w * y for w, y in zip(weights, ys, strict=True)) / total


def _mpf(value: Fraction) -> Any:
    return mpf(value.numerator) / value.denominator


def _rational(row: Floats) -> list[Any]:
    """Weights that sum to 1."""
    exact = [Fraction(float(p)) for p in row]
    total = sum(exact)
    return [_mpf(p / total) for p in exact]


def _achieved(game: Game, seed: int = 0, *, starts: int = 32, sweeps: int = 6) -> Fraction:
    """A value that a leader who remembers achieves, to 30 digits, rounded down."""
    leaders = Leaders(game, starts, np.random.default_rng(seed))
    best = leaders.climb(sweeps)
    value = leaders.exact(int(best.argmax()))
    with mp.workdps(DIGITS):
        return Fraction(int(mp.floor(value * 10**30)), 10**30)


@pytest.fixture(scope="session")
def achieved() -> Callable[..., Fraction]:
    """The brute force."""
    return _achieved
