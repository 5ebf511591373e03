"""One stage in balls, and boxes of the weights that optimal prescriptions may have there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from exactqse.arithmetic.balls import ball

Box = list[arb]  # [i]: a ball that the weight of the i-th class of leader actions lies in
ZERO, ONE = arb(0), arb(1)
UNIT = ZERO.union(ONE)


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


def mean(box: Box, values: Sequence[arb], support: Sequence[int]) -> arb:
    """The mean of the values under every distribution in the box, over the support."""
    base = heaviest(box, support)
    shifts = (box[i] * (values[i] - values[base]) for i in support if i != base)
    return meet(values[base] + sum(shifts, ZERO), hull([values[i] for i in support]))


def heaviest(box: Box, support: Sequence[int]) -> int:
    """The class of the support that has the most weight in the middle of the box."""
    return max(support, key=lambda i: float(box[i].mid()))


def hull(values: Sequence[arb]) -> arb:
    """A ball that contains all of them."""
    result = values[0]
    for value in values[1:]:
        result = result.union(value)
    return result


def meet(first: arb, second: arb) -> arb:
    """The common part of two balls that enclose the same number."""
    narrow = first.intersection(second)
    return min((first, second, narrow), key=lambda value: value.rad())


def corners(size: int) -> list[list[arb]]:
    """The corners of the simplex."""
    return [[ONE if i == k else ZERO for i in range(size)] for k in range(size)]


def response(z: Sequence[arb]) -> list[arb]:
    """e^{z_b} / sum_c e^{z_c} = 1 / sum_c e^{z_c - z_b}, monotone in every exponent."""

    def bound(b: int, own: arb, others: Sequence[arb]) -> arb:
        return 1 / (1 + sum(((x - own).exp() for c, x in enumerate(others) if c != b), arb(0)))

    low, high = [x.lower() for x in z], [x.upper() for x in z]
    return [bound(b, low[b], high).union(bound(b, high[b], low)) for b in range(len(z))]


def support_of(box: Box) -> list[int]:
    """The actions that are not surely without weight."""
    return [a for a, w in enumerate(box) if not w.is_zero()]


def on_simplex(box: Box) -> Box | None:
    """The box where weights are in [0, 1] and sum to 1; None if it is empty there."""
    if not all(w.overlaps(UNIT) for w in box):
        return None
    kept = [w if w.is_zero() else meet(w, UNIT) for w in box]
    for a in support_of(kept):
        rest = 1 - sum((w for i, w in enumerate(kept) if i != a), ZERO)
        if not rest.overlaps(kept[a]):
            return None
        kept[a] = meet(kept[a], rest)
    return kept if support_of(kept) else None


def around(p: Fraction, r: Fraction) -> arb:
    """Probabilities that are within r of p."""
    return ball(max(p - r, Fraction(0))).union(ball(min(p + r, Fraction(1))))
