"""Where the optimal prescriptions of one stage can be: boxes, supports, uniqueness.

At (h, s), with z = eta r - sigma and y* from the values W*_{h+1}, alpha_c is optimal if and only if
it maximises, over the simplex of its cell c and at lambda = W*_h(s),

    S_c(alpha) = sum_{b in c} e^{z_b.alpha} (y*_b.alpha - lambda).

A checked certificate's majorants and a policy's value enclose all its solutions, in ball arithmetic
(proofs/localisation.md); conditions.py narrows that further.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.kernel.certificate import DOWN, Leaf, Majorant, Split, Tree
from exactqse.solve.majorants import explicit
from exactqse.sweep.boxes import ONE, ZERO, Box, Cell, Region, StageBalls, corners, hull, meet
from exactqse.sweep.conditions import settle


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
        others = sum((top for other, top in enumerate(tops) if other != c), ZERO)
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
        value = meet(value, band)
    return value


def _parts(stage: StageBalls, cell: Cell, tree: Tree) -> Iterator[_Part]:
    """The leaves, with majorants at the stage's level instead of the certificate's lambda."""
    size = len(cell.classes)
    tables = [table[b] for b in cell.members for table in (stage.z, stage.above)]
    rows = {
        a: [ONE if i == n else ZERO for n in range(size)]
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
    totals = [ZERO] * len(points)
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
    return [ZERO.max(most)] * len(pairs)


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
    return [hull(column) for column in zip(*extreme, strict=True)]


def _union(boxes: Iterator[Box | None]) -> Box:
    found = [box for box in boxes if box is not None]
    return [hull(column) for column in zip(*found, strict=True)]


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
    above = _cut(corners(len(z)), [x.upper() for x in d], least)
    if above is not None:
        box = [meet(*pair) for pair in zip(box, above, strict=True)]
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
    loss = ZERO.max((top - low).upper())
    t = (1 - (2 * loss).sqrt()).union(1 + loss + (loss * loss + 2 * loss).sqrt())
    later = hull([new - old for new, old in zip(cell.of(stage.y[b]), y, strict=True)])
    band = _Band(z=low.union(top) + 1 - t, y=stage.level + s * t + later)
    return _slab(box, d, s * t), [band]


def _slab(box: Box, d: Sequence[arb], mean: arb) -> Box:
    """The box where d.alpha is in ``mean``, solved for the two classes of most weight."""
    box = list(box)
    order = sorted(range(len(box)), key=lambda i: -float(box[i].upper()))
    for i, j in product(order[:2], order[:2]):
        if i != j and not (d[j] - d[i]).contains(0):
            rest = (box[k] * (d[k] - d[i]) for k in order if k not in {i, j})
            box[j] = meet(box[j], (mean - d[i] - sum(rest, ZERO)) / (d[j] - d[i]))
    return box
