"""One step at one state: majorants at the corners of the trees over the leader's mixtures.

All that a majorant needs is linear in the mixture, so a stage holds columns [b][a] for pure
actions: the exponent x, the value y that follows, and, where the bound leans on the follower's
values dv_j of later places j, |dv_j| <= radius_j, pairs of slopes (push_j, lean_j):

    exponent = x + sum_j push_j dv_j,    value = y + sum_j lean_j dv_j.

A majorant of e^exponent (value - lam) at a corner is A + sum_j L_j dv_j
(proofs/farsighted-bound.md); a myopic follower's stage has no places, and A is all
(proofs/joint-majorant.md).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import Literal, TypeVar

from exactqse.errors import at_least, between
from exactqse.kernel.certificate import DOWN, MAX_PRECISION, UP, Duals, Majorant, Split, Tree
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary, exp_above, log_below
from exactqse.kernel.interval import Interval, Simplex, Weights, add, mixed, multiply, scale

# more and less than any sum of majorants; bits when rough
BEYOND, BELOW, COARSE = 1 << 2 * MAX_PRECISION, -1 << 2 * MAX_PRECISION, 128
Outcome = Literal["accepted", "rejected", "inconclusive"]
Vector = dict[int, int]  # by place, 0 where nothing is said
T = TypeVar("T")
Columns = Sequence[Sequence[T]]  # [b][a]
Slopes = dict[int, tuple[int, int]]  # by place: push, lean
Entry = tuple[tuple[Interval, Interval], Slopes]  # (x, y), slopes
Corner = tuple[Weights, Sequence[Entry] | dict[int, Entry]]  # by b
Part = list[Corner]
Ratio = tuple[int, int]  # of positive integers
Form = tuple[Interval, Vector]  # A, L
Member = tuple[int, Callable[..., Form], Ratio]  # b, its majorant and the parameter
Members = Sequence[Member]
Spot = tuple[int, int]  # leaf, corner
Cell = Sequence[int]
Bound = tuple[Interval, list[Spot]]
Found = tuple[Interval, Vector, Spot]  # A, L and where they are


class FailureError(Exception):
    """An inequality that fails, or is not decided."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome: Outcome = outcome
        super().__init__(reason)


def require(what: str, low: Fraction | int, high: Fraction | int | None = None, p: int = 0) -> None:
    """Raise FailureError unless an excess, exact or enclosed at p bits, is at most 0.

    That is all that a verdict rests on (proofs/certificate-soundness.md).
    """
    high = low if high is None else high
    if high > 0:
        ends = Fraction(low, 1 << p), Fraction(high, 1 << p)
        if low > 0:
            raise FailureError("rejected", f"{what}, by {at_least(ends[0])}")
        what = f"undecided whether {what}, by a number in {between(*ends)}"
        raise FailureError("inconclusive", f"{what}; raise the precision")


@dataclass(frozen=True, slots=True)
class Free:
    """Columns [b][a] of a stage without its free places, and these.

    A transition to a free place t picks one of its points (d, K): the exponent grows by
    gamma P_t d and the value by P_t K.
    """

    y: Columns[Interval]
    slopes: Columns[Slopes]
    gamma: Ratio
    height: Callable[[int, int], Sequence[Interval]]  # (b, sigma): sum_t P_t max (K + sigma d)
    tops: Callable[[int, Weights], Sequence[tuple[int, int]]]  # (b, mixture): sum_t P_t (d, K)


@dataclass(frozen=True, slots=True)
class Stage:
    """The columns of a step at a state, at p bits.

    ``reference`` is taken from x. With ``free``, y and slopes only say where tangents are. Mixtures
    after each b that ``within`` names, a whole cell or none of it, are in that simplex.
    """

    where: str
    p: int
    elementary: Elementary
    x: Columns[Interval]
    y: Columns[Interval]
    slopes: Columns[Slopes]
    radius: Vector = field(default_factory=dict)
    free: Free | None = None
    reference: int = 0
    within: dict[int, Simplex] = field(default_factory=dict)

    def bound(self, cells: Sequence[Cell], trees: Sequence[Tree], value: Interval) -> Bound:
        """Around the least h with sum_b e^{exponent_b} (value_b - lam) <= h that the trees show.

        For all mixtures, all dv, and lam in ``value``; and where each cell's part is largest.
        """
        pairs, pure = zip(cells, trees, strict=True), self._simplex()
        return self.summed([*self._corners(cell, tree, value, pure)] for cell, tree in pairs)

    def summed(self, cells: Iterable[Sequence[Found]]) -> Bound:
        """Around a bound of the sum over cells, each at some of its A + L . dv, for all dv."""
        low, high, total, spots = 0, 0, Vector(), list[Spot]()
        for forms in cells:
            pivot = max(forms, key=lambda form: form[0][1])[1]
            total = _plus(total, pivot, 1) if total else pivot
            ends = [(self._spread(a, _plus(slopes, pivot, -1)), spot) for a, slopes, spot in forms]
            (least, _), spot = max(ends)
            low, high = low + least, high + max([end for (_, end), _ in ends])
            spots.append(spot)
        return self._spread((low, high), total), spots

    def committed(self, cells: Sequence[Cell], duals: Duals, own: int, reach: int) -> int:
        """At least Y_b + own d, d = X_b - reference, for every b that is a best response.

        X and Y are the means of x and y + lean . dv, and |d| <= reach. By multipliers mu_b' of
        X_b - X_b' (none counts as negative) and mu_b of d (proofs/farsighted-strong.md).
        """
        bounds, p, actions = [], self.p, range(len(self.x[0]))
        for b, row in enumerate(duals):
            mu = [(m.numerator << p) // m.denominator for m in row]
            weights = [-max(m, 0) for m in mu]
            weights[b] = own + mu[b] - sum(weights) + weights[b]
            parts = ([self._bracket(a, cell, b, weights) for a in actions] for cell in cells)
            (_, high), _ = self.summed(parts)
            rounding = self._units(2 + len(mu) + (sum(map(abs, weights)) >> p))
            bounds.append(high + rounding - (-abs(mu[b]) * reach >> p))
        return max(bounds)

    def _bracket(self, a: int, cell: Cell, b: int, weights: Sequence[int]) -> Found:
        """1{b in cell} y_b(a) + sum over b' in cell of weights_b' (x_b'(a) - reference)."""
        y, home = (self.y[b][a], self.slopes[b][a]) if b in cell else ((0, 0), {})
        terms, p = [y], self.p
        lean: Vector = defaultdict(int, {j: n for j, (_, n) in home.items()})
        for o in cell:
            low, high = self.x[o][a]
            terms.append(scale((low - self.reference, high - self.reference), weights[o], 1 << p))
            for j, (push, _) in self.slopes[o][a].items():
                lean[j] += weights[o] * push >> p
        return add(terms), lean, (0, a)

    def _reach(self, slopes: Vector) -> int:
        """The largest sum_j slopes_j dv_j, rounded up."""
        return -(-sum([self.radius[j] * abs(n) for j, n in slopes.items()]) >> self.p)

    def _units(self, count: int) -> int:
        """The same for slopes that are ``count`` units off at every place."""
        return (count * sum(self.radius.values()) >> self.p) + 1

    def _spread(self, a: Interval, slopes: Vector) -> Interval:
        reach = self._reach(slopes) if slopes else 0
        return a[0] + reach, a[1] + reach

    def _corners(self, cell: Cell, tree: Tree, lam: Interval, pure: Part) -> Iterator[Found]:
        """A and L, summed over the members of the cell, at corners of leaves.

        Where nothing leans those are left out whose rough bound is not above A at an earlier one
        (proofs/rough-bounds.md).
        """
        leans = self.free or any(any(self.slopes[b]) for b in cell)
        within = self.within.get(cell[0])
        parts = [pure if within is None else [self._corner(cell, corner) for corner in within]]
        leaf, largest, n = 0, BELOW, len(self.x[0])
        for entry in tree:
            part = parts.pop()
            if isinstance(entry, Split):
                middle = self._middle(cell, part[entry.i], part[entry.j])
                parts += [[*part[:k], middle, *part[k + 1 :]] for k in (entry.j, entry.i)]
                continue
            pairs = zip(cell, entry.majorants, strict=True)
            members = [self._majorant(majorant, part, b, lam) for b, majorant in pairs]
            shift = self.reference + (entry.shift << self.p)
            bounds = [BEYOND] * n if leans else self._rough(members, part, lam, shift)
            for k in range(n) if leans else sorted(range(n), key=bounds.__getitem__, reverse=True):
                if bounds[k] <= (0 if entry.shift else largest):
                    break
                (low, high), slopes = self.joint(members, part[k], lam, shift, (leaf, k))
                if entry.shift:  # at another scale all that is used is the sign
                    at = f"{self.where}, leaf {leaf}, corner {k}"
                    require(f"the majorants' sum at {at} exceeds 0", low, high, self.p)
                    continue
                largest = max(largest, high)
                yield (low, high), slopes, (leaf, k)
            if entry.shift:
                yield (0, 0), {}, (leaf, 0)
            leaf += 1

    def _simplex(self) -> Part:
        """Pure actions, with what they make of the columns of each b."""
        n, columns = len(self.x[0]), zip(self.x, self.y, self.slopes, strict=True)
        entries = [zip(zip(x, y, strict=True), s, strict=True) for x, y, s in columns]
        rows = enumerate(zip(*entries, strict=True))
        return [((0,) * a + (1,) + (0,) * (n - 1 - a), row) for a, row in rows]

    def _corner(self, cell: Cell, weights: Weights) -> Corner:
        """A corner, with what it makes of the columns of the members of the cell."""
        points = {b: (mixed(weights, self.x[b]), mixed(weights, self.y[b])) for b in cell}
        return weights, {b: (points[b], _mixed_slopes(weights, self.slopes[b])) for b in cell}

    def _middle(self, cell: Cell, c: Corner, d: Corner) -> Corner:
        """The corner half way, for the members of a cell."""
        weights, rows = _middle(c[0], d[0]), {}
        for b in cell:
            (first, slopes), (second, others) = c[1][b], d[1][b]
            halves = zip(first, second, strict=True)
            x, y = [(v[0] + w[0] >> 1, -(-v[1] - w[1] >> 1)) for v, w in halves]
            rows[b] = (x, y), _mixed_slopes(weights, self.slopes[b]) if slopes or others else {}
        return weights, rows

    def _rough(self, members: Members, part: Part, lam: Interval, shift: int) -> list[int]:
        """At each corner at least A of all members, and near, where nothing leans."""
        bounds, q = [0] * len(part), min(self.p, COARSE)
        drop, one, most = self.p - q, 1 << q, MAX_EXPONENT << q
        for b, form, (above, below) in members:
            if form is Stage._up and len(members) == 1:  # positive, and it grows with z
                heights = [row[b][0][0][1] * above + row[b][0][1][1] * below for _, row in part]
                top = max(heights)
                return [BEYOND if height == top else 0 for height in heights]
            size, inverse = -((-above << q) // below), (below << q) // above
            for k, (_, row) in enumerate(part):
                (x, y), _ = row[b]
                gap = lam[0] - y[1] >> drop
                ratio = gap * (inverse + (gap < 0)) >> q
                if form is Stage._up:
                    z = -(shift - x[1] >> drop) - ratio - one
                    bounds[k] += (exp_above(z, q) * size >> q) + 1 if z < most else BEYOND
                elif ratio > 0:
                    inner = (x[0] - shift >> drop) + log_below(ratio, q) + one
                    bounds[k] -= inner * (size - (inner > 0)) >> q
                else:
                    bounds[k] += BEYOND
        return [bound << drop for bound in bounds]

    def joint(self, members: Members, corner: Corner, lam: Interval, shift: int, at: Spot) -> Form:
        """A and L of all members together."""
        low, high, slopes = 0, 0, Vector()
        for b, form, ratio in members:
            try:
                a, own = form(self, ratio, corner, b, lam, shift)
            except FailureError as failure:
                where = f"{self.where}, leaf {at[0]}, corner {at[1]}, follower action {b}"
                raise FailureError(failure.outcome, f"majorant at {where}: {failure}") from None
            low, high = low + a[0], high + a[1]
            slopes = _plus(slopes, own, 1) if slopes else own
        return (low, high), slopes

    def _majorant(self, majorant: Majorant, part: Part, b: int, value: Interval) -> Member:
        """The function for its tag, and its parameter; any positive one is valid."""
        if not isinstance(majorant, int):
            tag, parameter = majorant
            form = Stage._up if tag == UP else Stage._down if tag == DOWN else Stage._chord
            return b, form, parameter.as_integer_ratio()
        ((x, _), (y, _)), _ = part[majorant][1][b]
        x, gain, unit = x - self.reference, y - value[1], 1 << self.p
        if gain > 0:
            return b, Stage._up, (gain, unit)
        weight = self.elementary.exp((x, x), self.p)[0] if x >> self.p < MAX_EXPONENT else unit
        return b, Stage._down, (max(-gain * weight >> self.p, 1), unit)

    def _up(self, s: Ratio, corner: Corner, b: int, value: Interval, shift: int) -> Form:
        """s e^z (e^D - D + g . dv): z = x + (y - lam)/s - 1, g = push + lean/s, |g . dv| <= D."""
        (above, below), p = s, self.p
        (x, y), slopes = corner[1][b]
        if self.free:
            sigma = self.free.gamma[0] * (above << p) // (self.free.gamma[1] * below)
            slopes = _mixed_slopes(corner[0], self.free.slopes[b])
            y = add(mixed(corner[0], c) for c in (self.free.y[b], self.free.height(b, sigma)))
        ratio = scale((y[0] - value[1], y[1] - value[0]), below, above)
        offset = shift + (1 << p)
        z = x[0] + ratio[0] - offset, x[1] + ratio[1] - offset
        if not slopes:
            return scale(self._exp(z), above, below), {}
        g = {j: push + lean * below // above for j, (push, lean) in slopes.items()}
        units = self._units(6 + 5 * below // above)  # of rounding, in g . dv
        e = self._exp((z[0] - units, z[1] + units))
        d = self._reach(g)
        factor = self._exp((d, d))
        a = scale(multiply(e, (factor[0] - d, factor[1] - d), p), above, below)
        weight, unit, one = e[1] * above, below << p, self._units(1)
        return (a[0] - one, a[1] + one), {j: n * weight // unit for j, n in g.items()}

    def _exp(self, z: Interval) -> Interval:
        """exp, where z is of a size that one can compute with."""
        most = (MAX_EXPONENT << self.p) - 1
        require(f"its exponent exceeds {MAX_EXPONENT}", z[0] - most, z[1] - most, self.p)
        return self.elementary.exp(z, self.p)

    def _down(self, kappa: Ratio, corner: Corner, b: int, value: Interval, shift: int) -> Form:
        """-kappa (1 + x + ln((T - D)/kappa) + t D + (push - t lean) . dv) for T = lam - y.

        |lean . dv| <= D < T, and t <= 1/T.
        """
        p, one = self.p, 1 << self.p
        (x, y), slopes = corner[1][b]
        gap, d = (value[0] - y[1], value[1] - y[0]), self._bend(slopes)
        require("down has no y < upper", d + 1 - gap[1], d + 1 - gap[0], p)
        ratio = (gap[0] - d) * kappa[1], (gap[1] - d) * kappa[1]
        log = self.elementary.log(ratio, kappa[0] << p, p)
        inner = one + x[0] - shift + log[0], one + x[1] - shift + log[1]
        return self._falling(kappa, inner, slopes, d, gap[1])

    def _bend(self, slopes: Slopes) -> int:
        """D: at least |lean . dv|, 0 where nothing leans."""
        leans = {j: lean for j, (_, lean) in slopes.items()}
        return self._reach(leans) + self._units(4) if slopes else 0

    def _falling(self, kappa: Ratio, inner: Interval, slopes: Slopes, d: int, most: int) -> Form:
        """-kappa (inner + t D + (push - t lean) . dv), t <= 1/most, which is at least T."""
        (above, below), p, t, units = kappa, self.p, 0, 0
        if slopes:
            t, units = (1 << 2 * p) // most, self._units(4)
            units += (units * t >> p) + 1
            inner = inner[0] + (t * d >> p) - units, inner[1] + (t * d >> p) + units + 1
            units = self._units(1)
        a = scale(inner, -above, below)
        tilted = {j: ((m * t >> p) - n) * above // below for j, (n, m) in slopes.items()}
        return (a[0] - units, a[1] + units), tilted

    def _chord(self, kappa: Ratio, corner: Corner, b: int, value: Interval, shift: int) -> Form:
        """The same where free places pick points: it is least at one of the tops of their sums."""
        if (free := self.free) is None:
            return self._down(kappa, corner, b, value, shift)
        p, weights, (n, m) = self.p, corner[0], free.gamma
        y, slopes = mixed(weights, free.y[b]), _mixed_slopes(weights, free.slopes[b])
        tops, d = free.tops(b, weights), self._bend(slopes)
        gap = value[0] - y[1] - d
        require("y >= upper for some value", 0, 1 - gap + tops[-1][1], p)
        picks = [(kappa[1] * (gap - K), n * dv // m) for dv, K in tops]
        least = min([self.elementary.log((T, T), kappa[0] << p, p)[0] + dv for T, dv in picks])
        inner = (1 << p) + corner[1][b][0][0][0] - shift + least
        return self._falling(kappa, (inner, inner), slopes, d, value[1] - y[0] + 1 - tops[0][1])


def _plus(x: Vector, y: Vector, sign: int) -> Vector:
    """x + sign y."""
    return {} if x is y and sign < 0 else x | {j: x.get(j, 0) + sign * n for j, n in y.items()}


def cut(simplex: Simplex, edge: Split) -> list[Simplex]:
    """Its halves: first that with the midpoint for corner i, then that with it for j.

    Together they cover it (proofs/farsighted-bound.md, Divided mixtures).
    """
    middle = _middle(simplex[edge.i], simplex[edge.j])
    return [(*simplex[:k], middle, *simplex[k + 1 :]) for k in (edge.i, edge.j)]


def _middle(c: Weights, d: Weights) -> Weights:
    """(c + d) / 2, in lowest terms: the weights sum to a power of 2."""
    n, m = sum(c), sum(d)
    mixed = [v * m + w * n for v, w in zip(c, d, strict=True)]
    common = gcd(*mixed)
    return tuple([w // common for w in mixed])


def _mixed_slopes(weights: Weights, column: Sequence[Slopes]) -> Slopes:
    """The mean slopes, each less than a unit from the mean of those in the column."""
    rows = [(w, row) for w, row in zip(weights, column, strict=True) if w]

    def mean(j: int, k: int) -> int:
        return sum([w * row[j][k] for w, row in rows if j in row]) // sum(weights)

    return {j: (mean(j, 0), mean(j, 1)) for j in dict.fromkeys(j for _, row in rows for j in row)}
