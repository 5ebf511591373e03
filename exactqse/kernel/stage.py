"""One step at one state: majorants at the corners of the trees over the leader's mixtures.

All that a majorant needs is linear in the mixture, so a stage holds columns [b][a] for pure
actions: the exponent x, the value y that follows, and, where the bound leans on the follower's
values dv_j of later places j, |dv_j| <= radius_j, pairs of slopes (push_j, lean_j):

    exponent = x + sum_j push_j dv_j,    value = y + sum_j lean_j dv_j.

A majorant of e^exponent (value - lam) at a corner is A + sum_j L_j dv_j
(proofs/farsighted-bound.md); a myopic follower's stage has no places, and A is all
(proofs/joint-majorant.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import gcd
from typing import Literal

from exactqse.kernel.certificate import DOWN, Majorant, Split, Tree
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.interval import Interval, multiply, scale

Outcome = Literal["accepted", "rejected", "inconclusive"]
Vector = dict[int, int]  # by place, 0 where nothing is said
Slopes = dict[int, tuple[int, int]]  # by place: push, lean
Corner = tuple[int, ...]  # weights of the leader's actions; they sum to a power of 2
Ratio = tuple[int, int]  # of positive integers
Form = tuple[Interval, Vector]  # A, L
Spot = tuple[int, int]  # leaf, corner


class FailureError(Exception):
    """An inequality that fails, or is not decided."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome: Outcome = outcome
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Stage:
    """The columns of a step at a state, at p bits.

    ``free`` says what the majorant ("up", s) of b has in place of y[b] and slopes[b].
    """

    where: str
    p: int
    elementary: Elementary
    x: Sequence[Sequence[Interval]]
    y: Sequence[Sequence[Interval]]
    slopes: Sequence[Sequence[Slopes]]
    radius: Vector = field(default_factory=dict)
    free: Callable[[int, Ratio], tuple[Sequence[Interval], Sequence[Slopes]]] | None = None

    def bound(
        self, cells: Sequence[Sequence[int]], trees: Sequence[Tree], value: Interval
    ) -> tuple[Interval, list[Spot]]:
        """Around the least h with sum_b e^{exponent_b} (value_b - lam) <= h that the trees show.

        For all mixtures, all dv, and lam in ``value``; and where each cell's part is largest.
        """
        low = high = 0
        total: Vector = {}
        spots = []
        for cell, tree in zip(cells, trees, strict=True):
            forms = list(self._corners(cell, tree, value))
            pivot = max(forms, key=lambda form: form[0][1])[1]
            total = _plus(total, pivot, 1)
            ends = [(self._spread(a, _plus(slopes, pivot, -1)), spot) for a, slopes, spot in forms]
            (least, _), spot = max(ends)
            low, high = low + least, high + max(end for (_, end), _ in ends)
            spots.append(spot)
        return self._spread((low, high), total), spots

    def _reach(self, slopes: Vector) -> int:
        """The largest sum_j slopes_j dv_j, rounded up."""
        return -(-sum(self.radius[j] * abs(n) for j, n in slopes.items()) >> self.p)

    def _spread(self, a: Interval, slopes: Vector) -> Interval:
        reach = self._reach(slopes)
        return a[0] + reach, a[1] + reach

    def _corners(
        self, cell: Sequence[int], tree: Tree, value: Interval
    ) -> Iterator[tuple[Interval, Vector, Spot]]:
        """A and L, summed over the members of the cell, at each corner of each leaf."""
        actions = range(len(self.x[0]))
        parts: list[list[Corner]] = [[tuple(int(a == c) for a in actions) for c in actions]]
        leaf = 0
        for entry in tree:
            part = parts.pop()
            if isinstance(entry, Split):
                middle = _middle(part[entry.i], part[entry.j])
                parts += [[*part[:k], middle, *part[k + 1 :]] for k in (entry.j, entry.i)]
                continue
            members = [
                (b, *self._majorant(majorant, part, b, value))
                for b, majorant in zip(cell, entry.majorants, strict=True)
            ]
            for k, corner in enumerate(part):
                low = high = 0
                slopes: Vector = {}
                for b, form, ratio in members:
                    place = f"{self.where}, leaf {leaf}, corner {k}, follower action {b}"
                    a, own = form(ratio, corner, b, value, entry.shift << self.p, place)
                    low, high, slopes = low + a[0], high + a[1], _plus(slopes, own, 1)
                if entry.shift and high > 0:
                    kind: Outcome = "rejected" if low > 0 else "inconclusive"
                    raise _failure(kind, place, "the majorants' sum is not at most 0")
                # at another scale all that is used is the sign
                yield (0, 0) if entry.shift else (low, high), slopes, (leaf, k)
            leaf += 1

    def _majorant(
        self, majorant: Majorant, part: list[Corner], b: int, value: Interval
    ) -> tuple[Callable[..., Form], Ratio]:
        """The function for its tag, and its parameter; any positive one is valid."""
        if not isinstance(majorant, int):
            form = self._down if majorant[0] == DOWN else self._up
            return form, majorant[1].as_integer_ratio()
        corner, unit = part[majorant], 1 << self.p
        gain = _mixed(corner, self.y[b])[0] - value[1]
        if gain > 0:
            return self._up, (gain, unit)
        x = _mixed(corner, self.x[b])[0]
        weight = self.elementary.exp((x, x), self.p)[0] if x >> self.p < MAX_EXPONENT else unit
        return self._down, (max(-gain * weight >> self.p, 1), unit)

    def _up(
        self, s: Ratio, corner: Corner, b: int, value: Interval, shift: int, place: str
    ) -> Form:
        """s e^z (e^D - D + g . dv): z = x + (y - lam)/s - 1, g = push + lean/s, |g . dv| <= D."""
        (above, below), p = s, self.p
        y_column, slopes_column = self.free(b, s) if self.free else (self.y[b], self.slopes[b])
        x, y = _mixed(corner, self.x[b]), _mixed(corner, y_column)
        ratio = scale((y[0] - value[1], y[1] - value[0]), below, above)
        offset = shift + (1 << p)
        z = x[0] + ratio[0] - offset, x[1] + ratio[1] - offset
        slopes = _mixed_slopes(corner, slopes_column)
        g = {j: push + lean * below // above for j, (push, lean) in slopes.items()}
        units = self._reach(dict.fromkeys(g, 6 + 5 * below // above))  # of rounding, in g . dv
        z = z[0] - units, z[1] + units
        refuse_exponent(z, p, place)
        e = self.elementary.exp(z, p)
        if not g:
            return scale(e, above, below), {}
        d = self._reach(g)
        refuse_exponent((d, d), p, place)
        factor = self.elementary.exp((d, d), p)
        a = multiply(e, (factor[0] - d, factor[1] - d), p)
        own = {j: e[1] * n * above // (below << p) for j, n in g.items()}
        units = self._reach(dict.fromkeys(g, 1))
        a = scale(a, above, below)
        return (a[0] - units, a[1] + units), own

    def _down(
        self, kappa: Ratio, corner: Corner, b: int, value: Interval, shift: int, place: str
    ) -> Form:
        """-kappa (1 + x + ln((T - D)/kappa) + t D + (push - t lean) . dv) for T = lam - y.

        |lean . dv| <= D < T, and t <= 1/T.
        """
        (above, below), p = kappa, self.p
        one = 1 << p
        x, y = _mixed(corner, self.x[b]), _mixed(corner, self.y[b])
        gap = value[0] - y[1], value[1] - y[0]
        slopes = _mixed_slopes(corner, self.slopes[b])
        units = self._reach(dict.fromkeys(slopes, 4))
        d = self._reach({j: lean for j, (_, lean) in slopes.items()}) + units
        if gap[1] <= d:
            raise _failure("rejected", place, "down needs y < upper")
        if gap[0] <= d:
            raise _failure("inconclusive", place, "y < upper is undecided; raise the precision")
        log = _log(self.elementary, (gap[0] - d, gap[1] - d), one, p)
        own = _log(self.elementary, (above, above), below, p)
        inner = one + x[0] - shift + log[0] - own[1], one + x[1] - shift + log[1] - own[0]
        if not slopes:
            return scale(inner, -above, below), {}
        t = (1 << 2 * p) // gap[1]
        units += (units * t >> p) + 1
        bend = t * d >> p
        a = scale((inner[0] + bend - units, inner[1] + bend + units + 1), -above, below)
        vector = {
            j: ((lean * t >> p) - push) * above // below for j, (push, lean) in slopes.items()
        }
        units = self._reach(dict.fromkeys(slopes, 1))
        return (a[0] - units, a[1] + units), vector


def _plus(x: Vector, y: Vector, sign: int) -> Vector:
    """x + sign y."""
    if not y:
        return x
    return x | {j: x.get(j, 0) + sign * n for j, n in y.items()}


def _middle(c: Corner, d: Corner) -> Corner:
    """(c + d) / 2, in lowest terms."""
    n, m = sum(c), sum(d)
    weights = [v * m + w * n for v, w in zip(c, d, strict=True)]
    low = gcd(*weights)
    return tuple(w // low for w in weights)


def _mixed(corner: Corner, column: Sequence[Interval]) -> Interval:
    """The mean of the column under the corner's weights."""
    total = sum(corner)
    if total == 1:
        return column[corner.index(1)]
    low = sum(w * v[0] for w, v in zip(corner, column, strict=True))
    high = sum(w * v[1] for w, v in zip(corner, column, strict=True))
    return low // total, -(-high // total)


def _mixed_slopes(corner: Corner, column: Sequence[Slopes]) -> Slopes:
    """The mean slopes, each less than a unit from the mean of those in the column."""
    rows = [(w, row) for w, row in zip(corner, column, strict=True) if w]
    if len(rows) == 1:
        return rows[0][1]
    places = {j for _, row in rows for j in row}
    total, zero = sum(corner), (0, 0)
    ends = {j: [(w, row.get(j, zero)) for w, row in rows] for j in places}
    return {
        j: (sum(w * n for w, (n, _) in pairs) // total, sum(w * n for w, (_, n) in pairs) // total)
        for j, pairs in ends.items()
    }


def refuse_exponent(z: Interval, p: int, place: str) -> None:
    """Raise FailureError unless e^z is of a size that one can compute with."""
    if z[0] >> p >= MAX_EXPONENT:
        raise _failure("rejected", place, f"its exponent exceeds {MAX_EXPONENT}")
    if z[1] >> p >= MAX_EXPONENT:
        raise _failure("inconclusive", place, f"its exponent may exceed {MAX_EXPONENT}")


@lru_cache(maxsize=1 << 16)  # corners are shared by leaves, kappa by the corners of a leaf
def _log(elementary: Elementary, numerator: Interval, denominator: int, p: int) -> Interval:
    return elementary.log(numerator, denominator, p)


def _failure(outcome: Outcome, place: str, reason: str) -> FailureError:
    return FailureError(outcome, f"majorant at {place}: {reason}")
