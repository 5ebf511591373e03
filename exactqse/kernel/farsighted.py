"""The upper bound for farsighted followers: each part of the cover bounds the value on its own.

A part is a box of the follower's values, and simplices of mixtures for some cells at some places.
Places are nodes, by index; v_j is eta V_h(s) of place j, known to be in the box and, backward, in
the range that the mixtures and the next step leave to it; dv_j is v_j minus the middle. A claim
shows that (dv_own, W - c . dv) lies below the hull of points (d, K), so that
W <= phi(sigma) - sigma dv_own + c . dv, phi(sigma) = max (K + sigma d), for every sigma: for the
place's own slope; or, where it is free, for that which suits a majorant of the step before
(proofs/farsighted-bound.md). A piece that is tied to a place is bounded at each vertex of its hull
(proofs/place-covers.md).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import groupby, pairwise, product
from math import lcm, prod
from typing import Any

from exactqse.kernel.certificate import Certificate, MixtureSplit, Part, Piece, ValueSplit
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.game import KernelGame, Row, T
from exactqse.kernel.interval import Interval, Simplex, Weights, add, enclose, ends, mixed, multiply
from exactqse.kernel.operators import columns, continuations, expected, exponents
from exactqse.kernel.stage import Columns, FailureError, Free, Slopes, Stage, Vector, cut, require
from exactqse.kernel.strong import lines_bound

# the least and the largest v of places, where they are bounded; and at a place and a cell the
# simplex that holds the mixtures, where it is not whole
Box = tuple[Vector, Vector, dict[tuple[int, int], Simplex]]
MEMORY = 1 << 16  # how much is kept of what parts have in common
CHOICES = 1 << 16  # of one vertex of each tied place

# v = start to v = end, and the heights at these of a line that W is below there
Region = list[tuple[int, int, int, int]]  # pieces without a gap
Point = tuple[int, int]  # (d, K)


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """What is known of place j: its interval of v, and its claim; equal only to itself."""

    j: int
    v: Interval
    middle: int
    radius: int
    own: int
    others: Vector
    free: bool
    points: list[Point]  # the vertices of a hull
    regions: list[Region] = field(default_factory=list)  # it is the hull of these spans

    def phi(self, sigma: int, p: int) -> int:
        """max (K + sigma d), rounded up."""
        return max([height - (-sigma * d >> p) for d, height in self.points])

    def by(self, regions: list[Region]) -> "Frontier | None":
        """The same with these pieces, in each region without a gap; None if there are none."""
        if not (spans := [span for region in regions for span in region]):
            return None
        v = min([span[0] for span in spans]), max([span[1] for span in spans])
        m = v[0] + v[1] >> 1
        points = _hull([(span[k] - m, span[k + 2]) for span in spans for k in (0, 1)])
        return replace(self, v=v, middle=m, radius=v[1] - m, points=points, regions=regions)

    def within(self, box: Box) -> "Frontier | None":
        """What is left of it in the box: itself, if that is all; None if it is nothing."""
        low, high = box[0].get(self.j, self.v[0]), box[1].get(self.j, self.v[1])
        inside = low <= self.v[0] and self.v[1] <= high
        return self if inside else self.by([_clipped(region, low, high) for region in self.regions])

    def at(self, d: int, K: int) -> "Frontier":
        """What is left of it where its values are known."""
        return replace(self, middle=self.middle + d, radius=0, own=0, free=False, points=[(0, K)])


def _slope(a: Point, b: Point) -> Fraction:
    return Fraction(b[1] - a[1], b[0] - a[0])


def _hull(points: list[Point]) -> list[Point]:
    """The vertices of the least concave function above them."""
    hull: list[Point] = []
    for point in dict(sorted(points)).items():  # the highest at each d
        while hull[1:] and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _clipped(region: Region, low: int, high: int) -> Region:
    """Where low <= v <= high, heights rounded up.

    Pieces that meet this in more than a point are enough, if there are such
    (proofs/place-covers.md).
    """
    met = [span for span in region if span[0] < high and low < span[1]]
    spans = []
    for start, end, first, last in met or region:
        ends = max(start, low), min(end, high)
        drops = [(first - last) * (v - start) // max(end - start, 1) for v in ends]
        if ends[0] <= ends[1]:
            spans.append((*ends, first - drops[0], first - drops[1]))
    return spans


After = dict[int, Frontier]  # of the next step, by state


def _each(after: After, ties: Sequence[int]) -> Iterator[After]:
    """One vertex of each tied place, in all ways (proofs/place-covers.md, Ties)."""
    choices = [after[t].points for t in ties]
    require(f"ties of more than {CHOICES} choices of vertices", prod(map(len, choices)) - CHOICES)
    for points in product(*choices):
        yield after | {t: after[t].at(*point) for t, point in zip(ties, points, strict=True)}


Pieces = tuple[Piece, ...]


def _scaled(game: KernelGame, value: Fraction, p: int) -> Interval:
    """eta times a value, or the value where eta is infinite."""
    return enclose(*(value * (game.eta or 1)).as_integer_ratio(), p)


@dataclass(frozen=True, slots=True)
class PartBounds:
    """One part of the cover, and what its bounds are made with.

    ``memory`` holds what was found for it, or for other parts of the same cover at the same p, by
    all else that it depends on (proofs/farsighted-bound.md, Parts that agree).
    """

    game: KernelGame
    certificate: Certificate
    part: Part
    box: Box
    p: int
    elementary: Elementary
    where: str
    memory: dict[Any, Any] = field(default_factory=dict)

    def _known(self, key: tuple[Any, ...], find: Callable[..., T], *arguments: object) -> T:
        """What ``find`` gives, or gave where the key, all that it depends on, was the same."""
        found: T | None = self.memory.get(key)
        if found is None:
            found = self.memory[key] = find(*arguments)
        return found

    def bound(self) -> Fraction | None:
        """An upper bound of J; None if no policy has its values in the box.

        Lines bound J over all leaders who remember (proofs/strong-frontiers.md).
        """
        claim: Any = self.part.claims[0]
        if isinstance(claim, tuple) and len(claim) > self.game.follower_actions:
            return lines_bound(self.game, self.part, self.p)
        if (frontiers := self.frontiers()) is None:
            return None
        after = {s: f for (step, s), f in frontiers.items() if step == 1}
        radius = {f.j: f.radius for f in frontiers.values()}
        rho, total, lean = self.game.rho, Fraction(0), dict.fromkeys(radius, 0)
        for j, n in enumerate(rho.numerators):
            if (value := self._first(j, after, radius)) is None:
                return None
            total += n * value
            lean |= {i: lean[i] + n * c for i, c in self._leaning(j)[1].items()}
        reach = sum(radius[i] * abs(c) for i, c in lean.items())
        return (total + Fraction(reach, 1 << 2 * self.p)) / rho.denominator

    def _leaning(self, j: int) -> tuple[int, Vector]:
        """Slopes in V as slopes in v = eta V; the rounded ones are as good as any."""
        slope, eta = self.certificate.slopes[self.part.slopes][j], self.game.eta or Fraction(1)

        def leaning() -> tuple[int, Vector]:
            unit = (1 << self.p) / eta
            return slope.own * unit // 1, {i: n * unit // 1 for i, n in slope.others}

        return self._known(("leaning", self.part.slopes, j), leaning)

    def frontiers(self) -> dict[tuple[int, int], Frontier] | None:
        """By (step, state), of every step but 0; None if no policy has its values in the box."""
        found: dict[tuple[int, int], Frontier] = {}
        (least, most, _), after, radius = self.box, After(), Vector()
        for h, layer in groupby(reversed([*enumerate(self.game.places)]), lambda at: at[1][0]):
            here = After()
            for j, (_, s) in layer if h else ():
                own, others = self._leaning(j)
                limits = least.get(j), most.get(j), *self._within(j).items()
                key = j, self.part.claims[j], own, *others.items(), limits, *after.values()
                if (frontier := self._known(key, self._frontier, j, after, radius)) is None:
                    return None
                found[h, s] = here[s] = frontier
            after, radius = here, radius | {f.j: f.radius for f in here.values()}
        return found

    def range_of(self, j: int, after: After) -> Interval:
        """Around ln sum_b e^{x_b}, for all policies and the values that the next step has."""
        soft = [ends({t: (f.v[k], f.v[k]) for t, f in after.items()}) for k in (0, 1)]
        x = [exponents(self.game, *self.game.places[j], v, self.p) for v in soft]
        for b, simplex in self._within(j).items():
            for rows in x:
                rows[b] = [mixed(corner, rows[b]) for corner in simplex]
        lows = [min(low for low, _ in column) for column in x[0]]
        highs = [max(high for _, high in column) for column in x[1]]
        return self._log_sum_exp(lows)[0], self._log_sum_exp(highs)[1]

    def interval(self, j: int, after: After) -> Interval:
        """What of the range is in the box; the range is found once."""
        key = "range", j, *self._within(j).items(), *[(t, f.v) for t, f in after.items()]
        low, high = self._known(key, self.range_of, j, after)
        return max(low, self.box[0].get(j, low)), min(high, self.box[1].get(j, high))

    def _within(self, j: int) -> dict[int, Simplex]:
        """For each b whose mixtures at place j are in a simplex that is not whole, that simplex."""
        cells = [(c, simplex) for (i, c), simplex in sorted(self.box[2].items()) if i == j]
        return {b: simplex for c, simplex in cells for b in self.game.observes[c]}

    def _log_sum_exp(self, xs: Sequence[int]) -> Interval:
        shift = max(xs)
        if self.game.eta is None:
            return shift, shift
        total = add(self.elementary.exp((x - shift, x - shift), self.p) for x in xs)
        log = self.elementary.log(total, 1 << self.p, self.p)
        return shift + log[0], shift + log[1]

    def _regions(self, j: int, after: After) -> Iterator[tuple["PartBounds", After, Pieces]]:
        """Where the claim of place j is divided: what is known in each region, and its pieces."""
        claim: Any = self.part.claims[j]
        pieces = () if isinstance(claim, tuple) else claim.pieces
        leaves, start = (pieces and claim.divisions) or (len(pieces),), 0
        for _, count, box in divided(self.game, leaves, self.box, self.p):
            there = {t: left for t, f in after.items() if (left := f.within(box))}
            some, start = pieces[start : start + count], start + count
            if len(there) == len(after):
                yield self if box is self.box else replace(self, box=box), there, some

    def _first(self, j: int, after: After, radius: Vector) -> Fraction | None:
        """lam with W_0(s) <= lam + c . dv at place j of step 0; None if there is no policy."""
        claim, p = self.part.claims[j], self.p
        if isinstance(claim, tuple):
            low, high = self.range_of(j, after)
            stage = self.stage(j, high, after, radius)
            return Fraction(stage.committed(self.game.observes, claim, 0, high - low), 1 << p)
        values = []
        for region, there, (piece,) in self._regions(j, after):
            lam = enclose(*piece.upper.as_integer_ratio(), p)
            for each in _each(there, piece.ties):
                stage = region.stage(j, claim.shift << p, each, radius)
                (_, high), at = stage.bound(self.game.observes, piece.trees, lam)
                what = f"{stage.where}: the majorants' sum exceeds 0 at {at}"
                require(what, min(high, 0), high, p)
            values.append(piece.upper)
        return max(values, default=None)

    def _frontier(self, j: int, after: After, radius: Vector) -> Frontier | None:
        """The claim of place j, by the points that it shows; None for an empty interval."""
        claim, (own, others) = self.part.claims[j], self._leaning(j)
        regions = [(at.interval(j, f), at, f, some) for at, f, some in self._regions(j, after)]
        bare = Frontier(j, (0, 0), 0, 0, own, others, getattr(claim, "free", 0) > 0, [])
        if (whole := bare.by([[(*v, 0, 0)] for v, *_ in regions if v[0] <= v[1]])) is None:
            return None
        if isinstance(claim, tuple):
            stage = self.stage(j, whole.middle, after, radius)
            bound = stage.committed(self.game.observes, claim, own, whole.radius)
            lean = abs(own) * whole.radius + sum(abs(c) * radius[i] for i, c in others.items())
            least = self.game.least * (self.game.horizon - self.game.places[j][0])
            is_less = Fraction((bound << self.p) + lean, 1 << 2 * self.p) < least
            return None if is_less else replace(whole, points=[(0, bound)], regions=[])
        return whole.by([at.spans(whole, v, f, some, radius) for v, at, f, some in regions])

    def spans(self, f: Frontier, v: Interval, after: After, some: Pieces, radius: Vector) -> Region:
        """What pieces show of the place of f, whose interval is v here, each up to its end."""
        spans: Region = []
        j, middle, cells, (start, last) = f.j, f.middle, self.game.observes, v
        stages = cache(lambda t: [self.stage(j, middle, at, radius) for at in _each(after, t)])
        if max(middle - start, last - middle) >> self.p >= MAX_EXPONENT:
            raise FailureError("inconclusive", f"{stages(())[0].where}: too wide a box for exp")
        for piece in some if start <= last else ():
            end = last if piece.end is None else min(_scaled(self.game, piece.end, self.p)[0], last)
            if start < end or (end == last and not spans):  # else others are enough
                lam = enclose(*piece.upper.as_integer_ratio(), self.p)
                high = max([at.bound(cells, piece.trees, lam)[0][1] for at in stages(piece.ties)])
                ends = start - middle, end - middle
                first, second = (lam[1] + self.chord(high, *ends, d) for d in ends)
                spans.append((start, end, first, second))
                start = end
        return spans

    def chord(self, g: int, start: int, end: int, d: int) -> int:
        """At d: the chord over [start, end] of g e^-d where g >= 0, else its tangent midway."""
        if g >= 0:
            return -(-g * self.elementary.exp((-d, -d), self.p)[1] >> self.p)
        middle = start + end >> 1
        factor = (1 << self.p) - (d - middle)
        slope = multiply((g, g), self.elementary.exp((-middle, -middle), self.p), self.p)
        return multiply(slope, (factor, factor), self.p)[1]

    def stage(self, j: int, reference: int, after: After, radius: Vector) -> Stage:
        """What the majorants of place j see; ``reference`` is taken from x."""
        game, p, (h, s) = self.game, self.p, self.game.places[j]
        middles = {t: (f.middle, f.middle) for t, f in after.items()}
        tied = {t: (f.phi(f.own, p),) * 2 for t, f in after.items()}
        x, y = exponents(game, h, s, ends(middles), p), continuations(game, h, s, ends(tied), p)
        radius = radius | {f.j: f.radius for f in after.values()}
        key = "slopes", self.part.slopes, j, *[(f.own, f.radius > 0) for f in after.values()]
        slopes = self._known(key, self._slopes, j, after, {})
        free = self._free(j, after, tied)
        within, where = self._within(j), f"{self.where}, step {h}, state {s}"
        return Stage(where, p, self.elementary, x, y, slopes, radius, free, reference, within)

    def _free(self, j: int, after: After, tied: dict[int, Interval]) -> Free | None:
        """The same without the free places of the next step, and what these add."""
        game, p, (step, state) = self.game, self.p, self.game.places[j]
        rows = [*zip(*game.at(game.P, step)[state], strict=True)]
        nothing = [dict.fromkeys(sorted({t for row in own for t in row.states}), 0) for own in rows]
        if not (loose := {t: after[t] for own in nothing for t in own if after and after[t].free}):
            return None
        free = [{t: loose[t] for t in reached if t in loose} for reached in nothing]

        def height(b: int, sigma: int) -> list[Interval]:
            """[a] of P max (K + sigma d), of the free places that b leads to."""
            high = {t: f.phi(sigma, p) + (f.radius >> p) + 1 for t, f in free[b].items()}
            every = nothing[b] | high
            return [expected(row, ((*every,), every, 0)) for row in rows[b]]

        y = continuations(game, step, state, ends(tied | dict.fromkeys(loose, (0, 0))), p)
        tops = cache(lambda b, weights: _tops(weights, rows[b], free[b]))
        slopes, gamma = self._slopes(j, after, loose), game.gamma.as_integer_ratio()
        return Free(y, slopes, gamma, height, tops)

    def _slopes(self, j: int, after: After, loose: After) -> Columns[Slopes]:
        """[b][a] of gamma P and P c' - c - sigma P, of all places but those of ``loose``."""
        game, (step, state) = self.game, self.game.places[j]
        (above, below), (_, others) = game.gamma.as_integer_ratio(), self._leaning(j)

        def slopes(row: Row) -> Slopes:
            lean, push = defaultdict[int, int](int), Vector()
            for t, n in zip(row.states, row.numerators, strict=True) if after else ():
                f = after[t]
                for i, c in f.others.items():
                    lean[i] += n * c
                if t not in loose and f.radius:
                    lean[f.j] -= n * f.own
                    push[f.j] = (n * above << self.p) // (row.denominator * below)
            d, keys = row.denominator, [*lean, *others]
            return {i: (push.get(i, 0), lean[i] // d - others.get(i, 0)) for i in keys}

        return columns(slopes, game.at(game.P, step)[state])


def _tops(weights: Weights, rows: Sequence[Row], free: After) -> list[Point]:
    """sum_t P_t (d, K), P mixed, at the vertices from the least d to the highest sum of points.

    P_t times the hulls of points, added, have their edges (proofs/farsighted-bound.md, Lemma 1).
    """
    share, d, K, steps = lcm(*[row.denominator for row in rows]), 0, 0, []
    parts = [(w * share // row.denominator, row) for w, row in zip(weights, rows, strict=True)]
    for t, f in free.items():
        n = sum([w * row.numerators[row.states.index(t)] for w, row in parts if t in row.states])
        d, K = d + n * f.points[0][0], K + n * f.points[0][1]
        rising = [(a, b) for a, b in pairwise(f.points) if n and b[1] > a[1]]
        steps += [(_slope(a, b), n * (b[0] - a[0]), n * (b[1] - a[1])) for a, b in rising]
    tops, whole = [(d, K)], share * sum(weights)
    for _, right, up in sorted(steps, reverse=True):
        tops.append((tops[-1][0] + right, tops[-1][1] + up))
    return [(d // whole, -(-K // whole)) for d, K in tops]


def divided(game: KernelGame, entries: Any, box: Box, p: int) -> Iterator[tuple[int, Any, Box]]:
    """The leaves of a cover of the box, in order, with number and box (proofs/place-covers.md)."""
    boxes, actions = [box], range(game.leader_actions)
    for number, entry in enumerate(entries):
        box = least, most, within = boxes.pop()
        if isinstance(entry, ValueSplit):
            j, at = game.places.index((entry.step, entry.state)), _scaled(game, entry.at, p)
            boxes += [(least | {j: at[0]}, most, within), (least, most | {j: at[1]}, within)]
        elif isinstance(entry, MixtureSplit):
            cell = game.places.index((entry.step, entry.state)), entry.cell
            pure = tuple([tuple([int(a == k) for a in actions]) for k in actions])
            halves = cut(within.get(cell, pure), entry.edge)
            boxes += [(least, most, within | {cell: half}) for half in reversed(halves)]
        else:
            yield number, entry, box


def parts(
    game: KernelGame, certificate: Certificate, p: int, elementary: Elementary
) -> Iterator[PartBounds]:
    """The parts of the cover, in order, each with its box."""
    memory: dict[Any, Any] = {}
    for number, part, box in divided(game, certificate.cover, ({}, {}, {}), p):
        memory, where = {} if len(memory) > MEMORY else memory, f"cover[{number}]"
        yield PartBounds(game, certificate, part, box, p, elementary, where, memory)


def check_cover(game: KernelGame, certificate: Certificate, p: int, elementary: Elementary) -> None:
    """Raise FailureError unless every part proves J* <= upper."""
    for part in parts(game, certificate, p, elementary):
        if (bound := part.bound()) is not None:
            require(f"upper is less than the bound of {part.where}", bound - certificate.upper)
