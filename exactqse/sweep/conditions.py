"""What the conditions of first and second order say of the optimal weights within a box.

A class of leader actions from which moving weight away certainly gains has none; where the problem
is concave over the box its solution is the only one, and an interval Newton step narrows it
(proofs/localisation.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat

from exactqse.sweep.boxes import (
    ONE,
    ZERO,
    Box,
    Cell,
    Region,
    StageBalls,
    corners,
    heaviest,
    mean,
    meet,
)

_ROUNDS = 12


def settle(stage: StageBalls, cell: Cell, box: Box) -> Region:
    """The region within the box by the conditions of first and second order."""
    support, unique = tuple(range(len(box))), False
    for _ in range(_ROUNDS):
        before = sum((weight.rad() for weight in box), ZERO)
        slopes = _Slopes(stage, cell, box, support)
        support = tuple(i for i in support if not any(slopes.less(i, j) for j in support))
        box = _on(support, box)
        unique = len(support) == 1 or _Slopes(stage, cell, box, support).concave()
        if unique and len(support) > 1 and all(box[i] > 0 for i in support):
            box = _newton(stage, cell, box, support)
        if not 2 * sum((weight.rad() for weight in box), ZERO) < before:
            break
    means = tuple(
        (mean(box, cell.of(stage.z[b]), support), mean(box, cell.of(stage.y[b]), support))
        for b in cell.members
    )
    return Region(cell, box, support, unique, means)


def _on(support: tuple[int, ...], box: Box) -> Box:
    """The box with weight 0 outside the support; weights are in [0, 1] and sum to 1."""
    if len(support) == 1:
        return corners(len(box))[support[0]]
    unit = ZERO.union(ONE)
    kept = [meet(weight, unit) if a in support else ZERO for a, weight in enumerate(box)]
    for a in support:
        others = sum((kept[k] for k in support if k != a), ZERO)
        kept[a] = meet(kept[a], 1 - others)
    return kept


class _Slopes:
    """Derivatives of S_c over a box, at lambda = W*_h(s); over e^{z_b.alpha} if b is alone."""

    def __init__(
        self,
        stage: StageBalls,
        cell: Cell,
        box: Box,
        support: Sequence[int],
        base: int | None = None,
    ) -> None:
        self.alone = len(cell.members) == 1
        self.base = heaviest(box, support) if base is None else base
        self.others = [i for i in support if i != self.base]
        self.terms = []
        for b in cell.members:
            z, y = cell.of(stage.z[b]), cell.of(stage.y[b])
            weight = ONE if self.alone else mean(box, z, support).exp()
            self.terms.append((weight, mean(box, y, support) - stage.value, z, y))

    def difference(self, a: int, i: int) -> arb:
        """dS/dalpha(a) - dS/dalpha(i)."""
        terms = (e * (m * (z[a] - z[i]) + y[a] - y[i]) for e, m, z, y in self.terms)
        return sum(terms, ZERO)

    def less(self, a: int, i: int) -> bool:
        """Whether moving weight from a to i certainly gains, wherever in the box."""
        return a != i and bool(self.difference(a, i) < 0)

    def gradient(self) -> arb_mat:
        """The differences to the base, one row for each of the others."""
        return arb_mat([[self.difference(j, self.base)] for j in self.others])

    def hessian(self) -> arb_mat:
        """The gradient's derivatives by the weights of the others, the base taking the rest."""
        i = self.base

        def entry(j: int, k: int) -> arb:
            total = ZERO
            for e, m, z, y in self.terms:
                zj, zk, yj, yk = z[j] - z[i], z[k] - z[i], y[j] - y[i], y[k] - y[i]
                total += zj * yk if self.alone else e * (m * zj * zk + zj * yk + yj * zk)
            return total

        return arb_mat([[entry(j, k) for k in self.others] for j in self.others])

    def concave(self) -> bool:
        """Whether the Hessian is negative definite, by the signs of its leading minors."""
        table = self.hessian().tolist()
        sizes = range(1, len(table) + 1)
        minors = (arb_mat([[-v for v in row[:n]] for row in table[:n]]).det() for n in sizes)
        return all(minor > 0 for minor in minors)


def _newton(stage: StageBalls, cell: Cell, box: Box, support: tuple[int, ...]) -> Box:
    """The box, after a step of the interval Newton method for the first-order conditions."""
    slopes = _Slopes(stage, cell, box, support)
    middle = [weight.mid() for weight in box]
    middle[slopes.base] = 1 - sum((middle[j] for j in slopes.others), ZERO)
    if not middle[slopes.base] > 0:
        return box
    inner = _Slopes(stage, cell, middle, support, slopes.base)
    try:
        step = slopes.hessian().solve(inner.gradient()).entries()
    except ZeroDivisionError:
        return box
    moved = list(box)
    for j, shift in zip(slopes.others, step, strict=True):
        moved[j] = meet(box[j], middle[j] - shift)
    return _on(support, moved)
