"""Upper bounds of sum_b e^{x_b} (y_b - lam): a majorant for each b, and trees for shared cells."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from exactqse.kernel.certificate import Leaf, Tree
from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.shared import STEEP, SharedCell, majorant
from exactqse.solve.frontiers.stage import Response, Stage


@dataclass(frozen=True)
class Rule:
    """How exact bounds are, in terms of the leader's value.

    Attributes:
        close: a lam that is not that much above every y is bounded by "up".
        tolerance: trees of shared cells are grown until G e^{-v} is that near to the best.
    """

    close: float
    tolerance: float


@dataclass(frozen=True, eq=False)
class Bound:
    """G (L,), and for each lam a tree for each cell."""

    G: Floats
    trees: list[tuple[Tree, ...]]


def bound(stage: Stage, lam: Floats, found: Response, rule: Rule, offset: float = 0.0) -> Bound:
    """The bound at each lam, with ``offset`` from the stage's reference as the certificate's."""
    total = np.zeros(len(lam))
    columns: list[list[Tree]] = []
    v, _ = found.values()
    for cell in stage.cells:
        if len(cell) == 1:
            high, trees = _seen(stage, cell[0], lam, found, rule.close, offset)
        else:
            rows = zip(lam.tolist(), found.first[:, cell[0]], v.tolist(), strict=True)
            grown = [
                SharedCell(stage, cell, z, rule.close, offset).grow(
                    alpha, rule.tolerance * exp(top)
                )
                for z, alpha, top in rows
            ]
            high, trees = np.array([g for g, _ in grown]), [tree for _, tree in grown]
        total += high
        columns.append(trees)
    return Bound(total, list(zip(*columns, strict=True)))


def _seen(
    stage: Stage, b: int, lam: Floats, found: Response, close: float, offset: float
) -> tuple[Floats, list[Tree]]:
    """One leaf: s = y - lam is best where that is positive, else kappa = (lam - y) e^x."""
    factor, top = exp(-offset), stage.Y[b].max()
    gain = found.y[:, b] - lam
    down = lam - top > close
    s = np.maximum(gain, np.maximum(close, (top - lam) / STEEP))
    kappa = np.where(down, -gain * np.exp(found.x[:, b]), 1.0)
    a, d = stage.hulls[b].T
    xs, ys = stage.X[b, a, d], stage.Y[b, a, d]
    z = (xs + (ys - lam[:, None]) / s[:, None]).max(1)
    G = np.where(down, -kappa, s * np.exp(z - 1))
    trees: list[Tree] = [
        (Leaf((majorant(stage, float(k * factor if is_down else t), down=bool(is_down)),)),)
        for is_down, k, t in zip(down, kappa, s, strict=True)
    ]
    return G * factor, trees
