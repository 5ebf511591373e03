"""Upper bounds of sum_b e^{x_b} (y_b - lam): a majorant for each b, and trees for shared cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from exactqse.kernel.certificate import CHORD, DOWN, UP, Leaf, Majorant, Split, Tree
from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.hulls import best_on
from exactqse.solve.frontiers.stage import Response, Stage
from exactqse.solve.rounding import short

_LEAVES = 48
_CLOSE = 1e-9  # of the spread of y: where lam is that close to it, "down" is left
_STEEP = 2000.0  # exponents (y - lam) / s stay below it
_GRID = np.exp(np.linspace(-14, 3, 48))
Member = tuple[bool, float]  # down, its parameter
Leaves = dict[tuple[int, ...], tuple[float, list[Member], Floats]]  # by halves: bound, corners


@dataclass(frozen=True, eq=False)
class Bound:
    """G (L,), and for each lam a tree for each cell."""

    G: Floats
    trees: list[tuple[Tree, ...]]


def bound(
    stage: Stage, lam: Floats, found: Response, tolerance: Floats, offset: float = 0.0
) -> Bound:
    """The bound at each lam; trees are grown until G is within ``tolerance`` (L,) of the best.

    With an ``offset`` from the stage's reference as the certificate's.
    """
    factor = exp(-offset)
    total = np.zeros(len(lam))
    columns: list[list[Tree]] = []
    for cell in stage.cells:
        if len(cell) == 1:
            high, trees = _seen(stage, cell[0], lam, found, factor)
        else:
            grown = [
                _Shared(stage, cell, float(z), factor).grow(
                    found.first[k, cell[0]], float(tolerance[k])
                )
                for k, z in enumerate(lam)
            ]
            high, trees = np.array([g for g, _ in grown]), [tree for _, tree in grown]
        total += high
        columns.append(trees)
    return Bound(total, list(zip(*columns, strict=True)))


def _seen(
    stage: Stage, b: int, lam: Floats, found: Response, factor: float
) -> tuple[Floats, list[Tree]]:
    """One leaf: s = y - lam is best where that is positive, else kappa = (lam - y) e^x."""
    top, low = stage.Y[b].max(), stage.Y[b].min()
    gain = found.y[:, b] - lam
    close = _CLOSE * (1 + top - low)
    down = lam - top > close
    s = np.maximum(gain, np.maximum(close, (top - lam) / _STEEP))
    kappa = np.where(down, -gain * np.exp(found.x[:, b]), 1.0)
    a, d = stage.hulls[b].T
    xs, ys = stage.X[b, a, d], stage.Y[b, a, d]
    z = (xs + (ys - lam[:, None]) / s[:, None]).max(1)
    G = np.where(down, -kappa, s * np.exp(z - 1))
    trees: list[Tree] = [
        (Leaf((majorant(stage, bool(is_down), float(k * factor if is_down else t)),)),)
        for is_down, k, t in zip(down, kappa, s, strict=True)
    ]
    return G * factor, trees


def majorant(stage: Stage, down: bool, value: float) -> Majorant:  # noqa: FBT001
    """With a parameter of few bits; before the last step what falls needs chords."""
    falling = CHORD if stage.ahead else DOWN
    return (falling if down else UP), short(value)


class _Shared:
    """A cell with several members, at one lam."""

    def __init__(self, stage: Stage, cell: Sequence[int], lam: float, factor: float) -> None:
        self.stage, self.cell, self.lam, self.factor = stage, cell, lam, factor
        self.close = _CLOSE * (1 + float(np.ptp(stage.Y)))

    def grow(self, alpha: Floats, tolerance: float) -> tuple[float, Tree]:
        """The bound, and the tree that shows it."""
        aim = self._worth(alpha) + tolerance
        root = self._leaf(np.eye(len(alpha)), alpha)
        leaves: Leaves = {(): root}
        splits: dict[tuple[int, ...], Split] = {}
        while len(leaves) < _LEAVES:
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
        self, key: tuple[int, ...], splits: dict[tuple[int, ...], Split], leaves: Leaves
    ) -> list[Split | Leaf]:
        if key in leaves:
            return [Leaf(tuple(majorant(self.stage, *member) for member in leaves[key][1]))]
        halves = (self._preorder((*key, side), splits, leaves) for side in (0, 1))
        return [splits[key], *(entry for half in halves for entry in half)]

    def _worth(self, alpha: Floats) -> float:
        return sum(self._best(b, alpha)[2] for b in self.cell)

    def _best(self, b: int, alpha: Floats) -> tuple[float, float, float]:
        """x, y and e^x (y - lam) of the best picks of a mixture."""
        xs, ys = alpha @ self.stage.X[b], alpha @ self.stage.Y[b]
        i, w = best_on(xs[None], ys[None], np.array([self.lam]))
        at, part = int(i[0]), float(w[0])
        after = min(at + 1, len(xs) - 1)
        x, y = xs[at] + part * (xs[after] - xs[at]), ys[at] + part * (ys[after] - ys[at])
        return float(x), float(y), float(np.exp(x) * (y - self.lam))

    def _leaf(self, corners: Floats, alpha: Floats) -> tuple[float, list[Member], Floats]:
        """Its bound, with majorants tangent at alpha if that is inside, or at a place near it."""
        weights = np.linalg.solve(corners.T, alpha)
        inside = np.clip(weights, 0, None)
        ways = [inside / inside.sum(), np.full(len(alpha), 1 / len(alpha))]
        return min(
            (self._tangent(corners, way @ corners) for way in ways), key=lambda leaf: leaf[0]
        )

    def _tangent(self, corners: Floats, at: Floats) -> tuple[float, list[Member], Floats]:
        total = np.zeros(len(corners))
        members: list[Member] = []
        for b in self.cell:
            xs, ys = corners @ self.stage.X[b], corners @ self.stage.Y[b]
            x, y, _ = self._best(b, at)
            gap = self.lam - ys
            if gap.min() > self.close:
                kappa = (self.lam - y) * np.exp(x)
                total -= kappa * (1 + (xs + np.log(gap / kappa)).min(1))
                members.append((True, float(kappa) * self.factor))
                continue
            least = max(self.close, -float(gap.min()) / _STEEP)
            s = y - self.lam
            if s > least:
                total += _up(xs, gap, s)
            else:
                tried = np.maximum(_GRID * (1 + float(np.ptp(ys))), least)
                s = float(min(tried, key=lambda t: float(_up(xs, gap, t).max())))
                total += _up(xs, gap, s)
            members.append((False, float(s)))
        return float(total.max()), members, corners


def _up(x: Floats, gap: Floats, s: float) -> Floats:
    high: Floats = s * np.exp((x - gap / s).max(-1) - 1)
    return high


def _longest(corners: Floats) -> tuple[int, int]:
    i, j = np.triu_indices(len(corners), 1)
    length = np.abs(corners[i] - corners[j]).sum(1)
    k = int(length.argmax())
    return int(i[k]), int(j[k])
