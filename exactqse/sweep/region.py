"""Where the optimal prescriptions of one stage can be: boxes, supports, uniqueness.

At (h, s), with z = eta r - sigma and y* from the values W*_{h+1}, alpha_c is optimal if and only if
it maximises, over the simplex of its cell c and at lambda = W*_h(s),

    S_c(alpha) = sum_{b in c} e^{z_b.alpha} (y*_b.alpha - lambda).

A checked certificate's majorants, a policy's value and the first- and second-order conditions of
this problem enclose all its solutions, in ball arithmetic (proofs/localisation.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from flint import arb, arb_mat

from exactqse.arithmetic.balls import ball
from exactqse.kernel.certificate import DOWN, Leaf, Majorant, Split, Tree
from exactqse.solve.majorants import explicit

Box = list[arb]  # [i]: a ball that the weight of the i-th class of leader actions lies in
_ROUNDS = 12
_ZERO, _ONE = arb(0), arb(1)


@dataclass(frozen=True)
class Cell:
    """A cell of the partition, with the leader's actions in classes that are alike there.

    Actions are alike when r, u and P agree for each of the cell's follower actions: only the weight
    of their class matters.
    """

    members: tuple[int, ...]
    classes: tuple[tuple[int, ...], ...]

    def of(self, row: Sequence[arb]) -> list[arb]:
        """The entries of the classes, from those of the actions."""
        return [row[a] for a, *_ in self.classes]


@dataclass(frozen=True)
class StageBalls:
    """One (h, s) in balls.

    Attributes:
        z: [b][a], eta r_h(s, a, b) - sigma.
        above: [b][a], u + P lambda_{h+1}, from the certificate's upper values.
        y: [b][a], u + P W*_{h+1}, from enclosures of the optimal values.
        level: an exact number, at most W*_h(s).
        value: an enclosure of W*_h(s).
    """

    z: Sequence[Sequence[arb]]
    above: Sequence[Sequence[arb]]
    y: Sequence[Sequence[arb]]
    level: arb
    value: arb


@dataclass(frozen=True)
class Region:
    """What all optimal alpha_c have in common.

    Attributes:
        cell: the cell.
        box: their classes' weights.
        support: the classes that may have weight.
        unique: whether all have the same weights of classes.
        means: for each b of the cell, balls around z_b.alpha and y*_b.alpha.
    """

    cell: Cell
    box: Box
    support: tuple[int, ...]
    unique: bool
    means: tuple[tuple[arb, arb], ...]


@dataclass(frozen=True)
class _Part:
    """A leaf: corners in the simplex, and above each an exact bound of the sum of majorants."""

    corners: Sequence[Sequence[arb]]
    heights: Sequence[arb]


def localise(stage: StageBalls, cells: Sequence[Cell], trees: Sequence[Tree]) -> list[Region]:
    """A region for each cell, from the certificate's tree of it."""
    parts = [list(_parts(stage, *pair)) for pair in zip(cells, trees, strict=True)]
    tops = [max(h for part in of_cell for h in part.heights) for of_cell in parts]
    regions = []
    for c, cell in enumerate(cells):
        others = sum((top for other, top in enumerate(tops) if other != c), _ZERO)
        floor = (-others).lower()
        box = _union(_cut(part.corners, part.heights, floor) for part in parts[c])
        bands: list[_Band] = []
        if len(cell.members) == 1:
            box, bands = _narrow(stage, cell, trees[c], floor, box)
        region = settle(stage, cell, box)
        means = tuple(
            (_within(z, (x.z for x in bands)), _within(y, (x.y for x in bands)))
            for z, y in region.means
        )
        regions.append(replace(region, means=means))
    return regions


def _within(value: arb, bands: Iterable[arb]) -> arb:
    for band in bands:
        value = _meet(value, band)
    return value


def _parts(stage: StageBalls, cell: Cell, tree: Tree) -> Iterator[_Part]:
    """The leaves, with majorants at the stage's level instead of the certificate's lambda."""
    size = len(cell.classes)
    tables = [table[b] for b in cell.members for table in (stage.z, stage.above)]
    rows = {
        a: [_ONE if i == n else _ZERO for n in range(size)]
        for i, alike in enumerate(cell.classes)
        for a in alike
    }
    parts = [[[*rows[a], *(row[a] for row in tables)] for a in sorted(rows)]]
    for entry in tree:
        part = parts.pop()
        if isinstance(entry, Split):
            i, j = entry.i, entry.j
            middle = [(v + w) / 2 for v, w in zip(part[i], part[j], strict=True)]
            parts += [[*part[:j], middle, *part[j + 1 :]], [*part[:i], middle, *part[i + 1 :]]]
        else:
            heights = _heights([row[size:] for row in part], entry, stage.level)
            yield _Part([row[:size] for row in part], heights)


def _heights(points: Sequence[Sequence[arb]], leaf: Leaf, level: arb) -> list[arb]:
    """Upper ends of the sums of majorants at the corners, points z, y of each b in turn."""
    totals = [_ZERO] * len(points)
    for n, majorant in enumerate(leaf.majorants):
        pairs = [(row[2 * n] - leaf.shift, row[2 * n + 1] - level) for row in points]
        values = _majorants(majorant, pairs)
        totals = [total + value for total, value in zip(totals, values, strict=True)]
    scale = arb(leaf.shift).exp()
    return [(total * scale).upper() for total in totals]


def _majorants(majorant: Majorant, pairs: Sequence[tuple[arb, arb]]) -> list[arb]:
    """Convex majorants of e^z d at the corners (z, d); a constant where Dn has no meaning."""
    tag, stated = explicit(majorant)
    parameter = ball(stated)
    if tag != DOWN:
        return [parameter * (z + d / parameter - 1).exp() for z, d in pairs]
    if all(d < 0 for _, d in pairs):
        return [-parameter * (1 + z + (-d / parameter).log()) for z, d in pairs]
    most = max(z.upper() for z, _ in pairs).exp() * max(d.upper() for _, d in pairs)
    return [_ZERO.max(most)] * len(pairs)


def _cut(points: Sequence[Sequence[arb]], heights: Sequence[arb], floor: arb) -> Box | None:
    """A box around sum_k tau_k points_k with sum_k tau_k heights_k >= floor; None if there is none.

    Its extreme points are corners, and points of edges from a corner above to one below.
    """
    inside = [k for k, height in enumerate(heights) if not height < floor]
    outside = [k for k, height in enumerate(heights) if height < floor]
    if not inside:
        return None
    extreme = [points[k] for k in inside]
    for i, k in product(inside, outside):
        share = ((heights[i] - floor) / (heights[i] - heights[k])).upper()
        extreme.append([v + share * (w - v) for v, w in zip(points[i], points[k], strict=True)])
    return [_hull(column) for column in zip(*extreme, strict=True)]


def _union(boxes: Iterator[Box | None]) -> Box:
    found = [box for box in boxes if box is not None]
    return [_hull(column) for column in zip(*found, strict=True)]


@dataclass(frozen=True)
class _Band:
    """Balls around z_b.alpha and y*_b.alpha."""

    z: arb
    y: arb


def _narrow(
    stage: StageBalls, cell: Cell, tree: Tree, floor: arb, box: Box
) -> tuple[Box, list[_Band]]:
    """The box of a cell with one member b, cut by what e^z (w - level) >= floor says of w."""
    b = cell.members[0]
    z, y = cell.of(stage.z[b]), cell.of(stage.above[b])
    d = [v - stage.level for v in y]
    least = min((floor * (-x).exp()).lower() for x in z)
    above = _cut(_unit(len(z)), [x.upper() for x in d], least)
    if above is not None:
        box = [_meet(*pair) for pair in zip(box, above, strict=True)]
    if len(tree) > 1 or not isinstance(tree[0], Leaf):
        return box, []
    tag, stated = explicit(tree[0].majorants[0])
    if tag == DOWN:
        return box, []
    s = ball(stated)
    top = max((x + v / s - 1).upper() for x, v in zip(z, d, strict=True))
    if not floor > 0:
        return box, []
    # e^z d = s e^c t e^{1-t} with c = z + d/s - 1 <= top and t = d/s: t - 1 - ln t <= loss
    low = (floor / s).log()
    loss = _ZERO.max((top - low).upper())
    t = (1 - (2 * loss).sqrt()).union(1 + loss + (loss * loss + 2 * loss).sqrt())
    later = _hull([new - old for new, old in zip(cell.of(stage.y[b]), y, strict=True)])
    band = _Band(z=low.union(top) + 1 - t, y=stage.level + s * t + later)
    return _slab(box, d, s * t), [band]


def _slab(box: Box, d: Sequence[arb], mean: arb) -> Box:
    """The box where d.alpha is in ``mean``, solved for the two classes of most weight."""
    box = list(box)
    order = sorted(range(len(box)), key=lambda i: -float(box[i].upper()))
    for i, j in product(order[:2], order[:2]):
        if i != j and not (d[j] - d[i]).contains(0):
            rest = (box[k] * (d[k] - d[i]) for k in order if k not in {i, j})
            box[j] = _meet(box[j], (mean - d[i] - sum(rest, _ZERO)) / (d[j] - d[i]))
    return box


def settle(stage: StageBalls, cell: Cell, box: Box) -> Region:
    """The region within the box by the conditions of first and second order."""
    support, unique = tuple(range(len(box))), False
    for _ in range(_ROUNDS):
        before = sum((weight.rad() for weight in box), _ZERO)
        slopes = _Slopes(stage, cell, box, support)
        support = tuple(i for i in support if not any(slopes.less(i, j) for j in support))
        box = _on(support, box)
        unique = len(support) == 1 or _Slopes(stage, cell, box, support).concave()
        if unique and len(support) > 1 and all(box[i] > 0 for i in support):
            box = _newton(stage, cell, box, support)
        if not 2 * sum((weight.rad() for weight in box), _ZERO) < before:
            break
    means = tuple(
        (mean(box, cell.of(stage.z[b]), support), mean(box, cell.of(stage.y[b]), support))
        for b in cell.members
    )
    return Region(cell, box, support, unique, means)


def _on(support: tuple[int, ...], box: Box) -> Box:
    """The box with weight 0 outside the support; weights are in [0, 1] and sum to 1."""
    if len(support) == 1:
        return _unit(len(box))[support[0]]
    unit = _ZERO.union(_ONE)
    kept = [_meet(weight, unit) if a in support else _ZERO for a, weight in enumerate(box)]
    for a in support:
        others = sum((kept[k] for k in support if k != a), _ZERO)
        kept[a] = _meet(kept[a], 1 - others)
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
        self.base = _heaviest(box, support) if base is None else base
        self.others = [i for i in support if i != self.base]
        self.terms = []
        for b in cell.members:
            z, y = cell.of(stage.z[b]), cell.of(stage.y[b])
            weight = _ONE if self.alone else mean(box, z, support).exp()
            self.terms.append((weight, mean(box, y, support) - stage.value, z, y))

    def difference(self, a: int, i: int) -> arb:
        """dS/dalpha(a) - dS/dalpha(i)."""
        terms = (e * (m * (z[a] - z[i]) + y[a] - y[i]) for e, m, z, y in self.terms)
        return sum(terms, _ZERO)

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
            total = _ZERO
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
    middle[slopes.base] = 1 - sum((middle[j] for j in slopes.others), _ZERO)
    if not middle[slopes.base] > 0:
        return box
    inner = _Slopes(stage, cell, middle, support, slopes.base)
    try:
        step = slopes.hessian().solve(inner.gradient()).entries()
    except ZeroDivisionError:
        return box
    moved = list(box)
    for j, shift in zip(slopes.others, step, strict=True):
        moved[j] = _meet(box[j], middle[j] - shift)
    return _on(support, moved)


def mean(box: Box, values: Sequence[arb], support: Sequence[int]) -> arb:
    """The mean of the values under every distribution in the box, over the support."""
    base = _heaviest(box, support)
    shifts = (box[i] * (values[i] - values[base]) for i in support if i != base)
    return _meet(values[base] + sum(shifts, _ZERO), _hull([values[i] for i in support]))


def _heaviest(box: Box, support: Sequence[int]) -> int:
    return max(support, key=lambda i: float(box[i].mid()))


def _hull(values: Sequence[arb]) -> arb:
    result = values[0]
    for value in values[1:]:
        result = result.union(value)
    return result


def _meet(first: arb, second: arb) -> arb:
    """The common part of two balls that enclose the same number."""
    narrow = first.intersection(second)
    return min((first, second, narrow), key=lambda value: value.rad())


def _unit(size: int) -> list[list[arb]]:
    return [[_ONE if i == k else _ZERO for i in range(size)] for k in range(size)]
