"""A cell with several members: one mixture for all of them, so its simplex is divided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import exp

import numpy as np

from exactqse.kernel.certificate import CHORD, DOWN, UP, Leaf, Majorant, Split, Tree
from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.hulls import best_on
from exactqse.solve.frontiers.stage import Stage
from exactqse.solve.rounding import short

STEEP = 2000.0  # exponents (y - lam) / s stay below it
_LEAVES = 48
_GRID = np.exp(np.linspace(-14, 3, 18))  # values of s that are tried, relatively
_LEAST, _MOST = 1e-290, 1e290  # of a parameter
Member = tuple[bool, float]  # down, its parameter
Key = tuple[int, ...]  # the halves that lead to a leaf
Grown = tuple[float, list[Member], Floats]  # a leaf: bound, majorants, corners


def majorant(stage: Stage, value: float, *, down: bool) -> Majorant:
    """With a parameter of few bits; before the last step what falls needs chords."""
    falling = CHORD if stage.ahead else DOWN
    return (falling if down else UP), short(min(max(value, _LEAST), _MOST))


class SharedCell:
    """The cell at one lam; a lam that is not ``close`` above every y is bounded by "up"."""

    def __init__(
        self, stage: Stage, cell: Sequence[int], lam: float, close: float, offset: float
    ) -> None:
        self.stage, self.cell, self.lam = stage, cell, lam
        self.close, self.factor = close, exp(-offset)

    def grow(self, alpha: Floats, tolerance: float) -> tuple[float, Tree]:
        """The bound, within ``tolerance`` of alpha's worth if few leaves do; and its tree."""
        aim = sum(self._best(b, alpha)[2] for b in self.cell) + tolerance
        leaves: dict[Key, Grown] = {(): self._leaf(np.eye(len(alpha)), alpha)}
        splits: dict[Key, Split] = {}
        while len(alpha) > 1 and len(leaves) < _LEAVES:
            worst = max(leaves, key=lambda key: leaves[key][0])
            if leaves[worst][0] <= aim:
                break
            corners = leaves.pop(worst)[2]
            i, j = _longest(corners)
            splits[worst] = Split(i, j)
            middle = (corners[i] + corners[j]) / 2
            for side, k in enumerate((i, j)):
                half = corners.copy()
                half[k] = middle
                leaves[*worst, side] = self._leaf(half, alpha)
        most = max(g for g, _, _ in leaves.values())
        return most * self.factor, tuple(self._preorder((), splits, leaves))

    def _preorder(
        self, key: Key, splits: dict[Key, Split], leaves: dict[Key, Grown]
    ) -> list[Split | Leaf]:
        if key in leaves:
            members = (
                (down, value * self.factor if down else value) for down, value in leaves[key][1]
            )
            return [Leaf(tuple(majorant(self.stage, t, down=down) for down, t in members))]
        halves = (self._preorder((*key, side), splits, leaves) for side in (0, 1))
        return [splits[key], *(entry for half in halves for entry in half)]

    def _best(self, b: int, alpha: Floats) -> tuple[float, float, float]:
        """x, y and e^x (y - lam) of the best picks of a mixture."""
        xs, ys = alpha @ self.stage.X[b], alpha @ self.stage.Y[b]
        i, w = best_on(xs[None], ys[None], np.array([self.lam]))
        at, part = int(i[0]), float(w[0])
        after = min(at + 1, len(xs) - 1)
        x, y = xs[at] + part * (xs[after] - xs[at]), ys[at] + part * (ys[after] - ys[at])
        return float(x), float(y), float(np.exp(x) * (y - self.lam))

    def _leaf(self, corners: Floats, alpha: Floats) -> Grown:
        """The least bound of a few: tangent at alpha or near it, midway, or where each is least."""
        weights = np.clip(np.linalg.solve(corners.T, alpha), 0, None)
        ways: list[Callable[[int], tuple[float, float] | None]] = [
            partial(self._at, (weights / weights.sum()) @ corners),
            partial(self._at, corners.mean(0)),
            lambda _: None,
        ]
        return min((self._bound(corners, way) for way in ways), key=lambda leaf: leaf[0])

    def _at(self, alpha: Floats, b: int) -> tuple[float, float]:
        x, y, _ = self._best(b, alpha)
        return x, y

    def _bound(
        self, corners: Floats, tangent: Callable[[int], tuple[float, float] | None]
    ) -> Grown:
        total = np.zeros(len(corners))
        members: list[Member] = []
        for b in self.cell:
            xs, ys = corners @ self.stage.X[b], corners @ self.stage.Y[b]
            gap, at = self.lam - ys, tangent(b)
            if gap.min() > self.close:
                logs = xs + np.log(gap)
                own = logs.min() if at is None else np.log(self.lam - at[1]) + at[0]
                kappa = float(np.exp(own))
                total -= kappa * (1 + logs.min(1) - own)
                members.append((True, kappa))
                continue
            least = max(self.close, -float(gap.min()) / STEEP)
            s = least if at is None else at[1] - self.lam
            if s <= least:
                tried = np.maximum(_GRID * (1 + float(np.ptp(ys))), least)
                s = float(tried[_up(xs, gap, tried).max(-1).argmin()])
            total += _up(xs, gap, np.array([s]))[0]
            members.append((False, s))
        return float(total.max()), members, corners


def _up(x: Floats, gap: Floats, s: Floats) -> Floats:
    """s e^{x + (y - lam)/s - 1} for each s, at each corner, for its best picks."""
    high: Floats = s[:, None] * np.exp((x - gap / s[:, None, None]).max(-1) - 1)
    return high


def _longest(corners: Floats) -> tuple[int, int]:
    i, j = np.triu_indices(len(corners), 1)
    length = np.abs(corners[i] - corners[j]).sum(1)
    k = int(length.argmax())
    return int(i[k]), int(j[k])
