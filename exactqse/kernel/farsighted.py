"""The upper bound for farsighted followers: each part of the cover bounds the value on its own.

A part is a box of the follower's values. Places are nodes, by index; v_j is eta V_h(s) of place j,
known to be in the box and, backward, in the range that the next step leaves to it; dv_j is v_j
minus the middle. A claim shows that (dv_own, W - c . dv) lies below the hull of points (d, K), so
that W <= phi(sigma) - sigma dv_own + c . dv, phi(sigma) = max (K + sigma d), for every sigma: for
the place's own slope; or, where it is free, for that which suits a majorant of the step before
(proofs/farsighted-bound.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TypeVar

from exactqse.errors import approximate, at_least
from exactqse.kernel.certificate import Certificate, Part, Slope, ValueSplit
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.game import KernelGame
from exactqse.kernel.interval import Interval, enclose, multiply
from exactqse.kernel.operators import continuation, expected, exponent, require_finite
from exactqse.kernel.stage import FailureError, Free, Slopes, Stage, Vector

T = TypeVar("T")
Box = tuple[int | None, int | None]
ANY: Box = (None, None)


@dataclass(frozen=True, slots=True)
class Frontier:
    """What is known of place j: its interval of v, and its claim."""

    j: int
    v: Interval
    middle: int
    radius: int
    own: int
    others: Vector
    free: bool
    points: list[tuple[int, int]]  # of the hull

    def phi(self, sigma: int, p: int) -> Interval:
        """max (K + sigma d), rounded up: on the hull the sums rise, then fall."""
        low, high = 0, len(self.points) - 1
        while low < high:
            k = (low + high) // 2
            (d, height), (e, after) = self.points[k : k + 2]
            if (after - height << p) + sigma * (e - d) > 0:
                low = k + 1
            else:
                high = k
        d, height = self.points[low]
        bound = height - (-sigma * d >> p)
        return bound, bound


def hull(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The corners of the upper concave hull, from left to right."""
    found: list[tuple[int, int]] = []
    for d, height in sorted(points):
        while found and (
            found[-1][0] == d or (len(found) > 1 and _is_below(found[-1], found[-2], (d, height)))
        ):
            found.pop()
        found.append((d, height))
    return found


def _is_below(point: tuple[int, int], left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether a point is not above the line between its neighbours."""
    rise, run = right[1] - left[1], right[0] - left[0]
    return (point[1] - left[1]) * run <= rise * (point[0] - left[0])


def check_cover(game: KernelGame, certificate: Certificate, p: int, elementary: Elementary) -> None:
    """Raise FailureError unless every part proves J* <= upper."""
    index = {place: j for j, place in enumerate(game.places)}
    boxes: list[dict[int, Box]] = [{}]
    for number, entry in enumerate(certificate.cover):
        box = boxes.pop()
        if isinstance(entry, ValueSplit):
            j = index[entry.step, entry.state]
            at = _scaled(game, entry.at, p)
            least, most = box.get(j, ANY)
            boxes += [{**box, j: (at[0], most)}, {**box, j: (least, at[1])}]
            continue
        where = f"cover[{number}]"
        bound = PartBounds(game, certificate, entry, box, p, elementary, where).bound()
        if bound is not None and bound > certificate.upper:
            excess = at_least(bound - certificate.upper)
            reason = f"upper is less than the bound of {where}, by {excess}"
            raise FailureError("rejected", reason)


def _scaled(game: KernelGame, value: Fraction, p: int) -> Interval:
    """eta times a value."""
    eta = require_finite(game)
    return enclose(value.numerator * eta.numerator, value.denominator * eta.denominator, p)


def _leaning(game: KernelGame, slope: Slope, p: int) -> tuple[int, Vector]:
    """Slopes in V as slopes in v = eta V; the rounded ones are as good as any."""
    eta = require_finite(game)
    own, *others = [
        (n.numerator * eta.denominator << p) // (n.denominator * eta.numerator)
        for n in (slope.own, *(n for _, n in slope.others))
    ]
    return own, dict(zip((j for j, _ in slope.others), others, strict=True))


@dataclass(frozen=True, slots=True)
class PartBounds:
    """One part of the cover, and what its bounds are made with."""

    game: KernelGame
    certificate: Certificate
    part: Part
    box: dict[int, Box]
    p: int
    elementary: Elementary
    where: str

    def bound(self) -> Fraction | None:
        """An upper bound of J; None if no policy has its values in the box."""
        frontiers = self.frontiers()
        if frontiers is None:
            return None
        after = {s: f for (step, s), f in frontiers.items() if step == 1}
        radius = {f.j: f.radius for f in frontiers.values()}
        rho, total, lean = self.game.rho, Fraction(0), dict.fromkeys(radius, 0)
        for j, n in enumerate(rho.numerators):
            value, others = self._first(j, after, radius)
            total += n * value
            lean |= {i: lean[i] + n * c for i, c in others.items()}
        reach = sum(radius[i] * abs(c) for i, c in lean.items())
        return (total + Fraction(reach, 1 << 2 * self.p)) / rho.denominator

    def frontiers(self) -> dict[tuple[int, int], Frontier] | None:
        """By (step, state), of every step but 0; None if no policy has its values in the box."""
        found: dict[tuple[int, int], Frontier] = {}
        radius: Vector = {}
        for j in reversed(range(len(self.game.places))):
            place = self.game.places[j]
            if place[0] == 0:
                break
            after = {s: f for (step, s), f in found.items() if step == place[0] + 1}
            low, high = self._range(j, after)
            least, most = self.box.get(j, ANY)
            v = (
                low if least is None else max(low, least),
                high if most is None else min(high, most),
            )
            if v[0] > v[1]:
                return None
            frontier = self._frontier(j, v, after, radius)
            found[place], radius[j] = frontier, frontier.radius
        return found

    def _range(self, j: int, after: dict[int, Frontier]) -> Interval:
        """Around ln sum_b e^{x_b}, for all policies and the values that the next step has."""
        soft = {t: frontier.v for t, frontier in after.items()}
        columns = self._columns(j, lambda h, s, a, b: exponent(self.game, h, s, a, b, soft, self.p))
        lows = [min(low for low, _ in column) for column in columns]
        highs = [max(high for _, high in column) for column in columns]
        return self._log_sum_exp(lows)[0], self._log_sum_exp(highs)[1]

    def _log_sum_exp(self, xs: Sequence[int]) -> Interval:
        shift = max(xs)
        weights = [self.elementary.exp((x - shift, x - shift), self.p) for x in xs]
        total = sum(e[0] for e in weights), sum(e[1] for e in weights)
        log = self.elementary.log(total, 1 << self.p, self.p)
        return shift + log[0], shift + log[1]

    def _columns(self, j: int, entry: Callable[[int, int, int, int], T]) -> list[list[T]]:
        """[b][a] of ``entry`` at place j."""
        step, state = self.game.places[j]
        A, B = range(self.game.leader_actions), range(self.game.follower_actions)
        return [[entry(step, state, a, b) for a in A] for b in B]

    def _first(self, j: int, after: dict[int, Frontier], radius: Vector) -> tuple[Fraction, Vector]:
        """lam and c with W_0(s) <= lam + c . dv at place j of step 0."""
        claim, p = self.part.claims[j], self.p
        _, others = _leaning(self.game, self.certificate.slopes[self.part.slopes][j], p)
        stage = self.stage(j, claim.shift << p, others, after, radius)
        value = claim.pieces[0].upper
        lam = enclose(value.numerator, value.denominator, p)
        (_, high), spots = stage.bound(self.game.observes, claim.pieces[0].trees, lam)
        if high > 0:
            reason = f"the majorants may sum to {approximate(Fraction(high, 1 << p))} > 0"
            raise FailureError("inconclusive", f"{stage.where}: {reason} at {spots}")
        return value, others

    def _frontier(
        self, j: int, v: Interval, after: dict[int, Frontier], radius: Vector
    ) -> Frontier:
        """The claim of place j, by the points that it shows."""
        table = self.certificate.slopes[self.part.slopes]
        own, others = _leaning(self.game, table[j], self.p)
        middle = v[0] + v[1] >> 1
        stage = self.stage(j, middle, others, after, radius)
        reach = max(v[1] - middle, middle - v[0])
        if reach >> self.p >= MAX_EXPONENT:
            raise FailureError("inconclusive", f"{stage.where}: the box is wider than exp can take")
        points, start, last = [], v[0] - middle, v[1] - middle
        for piece in self.part.claims[j].pieces:
            end = last if piece.end is None else _scaled(self.game, piece.end, self.p)[0] - middle
            end = max(start, min(end, last))
            lam = enclose(piece.upper.numerator, piece.upper.denominator, self.p)
            (_, high), _ = stage.bound(self.game.observes, piece.trees, lam)
            points += [(d, lam[1] + self.chord(high, start, end, d)) for d in (start, end)]
            start = end
        free = bool(self.part.claims[j].free)
        return Frontier(j, v, middle, reach, own, others, free, hull(points))

    def chord(self, g: int, start: int, end: int, d: int) -> int:
        """At d: the chord over [start, end] of g e^-d where g >= 0, else its tangent midway."""
        if g >= 0:
            return -(-g * self.elementary.exp((-d, -d), self.p)[1] >> self.p)
        middle = start + end >> 1
        factor = (1 << self.p) - (d - middle)
        slope = multiply((g, g), self.elementary.exp((-middle, -middle), self.p), self.p)
        return multiply(slope, (factor, factor), self.p)[1]

    def stage(
        self, j: int, reference: int, others: Vector, after: dict[int, Frontier], radius: Vector
    ) -> Stage:
        """What the majorants of place j see; ``others`` is c, and ``reference`` is taken from x."""
        game, p, gamma = self.game, self.p, self.game.gamma
        middles = {t: (f.middle, f.middle) for t, f in after.items()}
        tied = {t: f.phi(f.own, p) for t, f in after.items()}
        loose = [t for t, f in after.items() if f.free]

        def x(step: int, state: int, a: int, b: int) -> Interval:
            low, high = exponent(game, step, state, a, b, middles, p)
            return low - reference, high - reference

        def slopes(step: int, state: int, a: int, b: int, *, free: bool) -> Slopes:
            lean: Vector = {}
            push: Vector = {}
            row = game.at(game.P, step)[state][a][b]
            for t, n in zip(row.states, row.numerators, strict=True) if after else ():
                for i, c in after[t].others.items():
                    lean[i] = lean.get(i, 0) + n * c
                if not (free and after[t].free):
                    i = after[t].j
                    lean[i] = lean.get(i, 0) - n * after[t].own
                    push[i] = (n * gamma.numerator << p) // (row.denominator * gamma.denominator)
            keys = {**lean, **push, **others}
            return {
                i: (push.get(i, 0), lean.get(i, 0) // row.denominator - others.get(i, 0))
                for i in keys
            }

        def value(values: dict[int, Interval]) -> list[list[Interval]]:
            """[b][a] of u + P values."""
            return self._columns(j, lambda h, s, a, b: continuation(game, h, s, a, b, values, p))

        def moved(b: int, values: dict[int, Interval]) -> list[Interval]:
            """[a] of P values."""
            rows = (game.at(game.P, step)[state][a][b] for a in range(game.leader_actions))
            return [expected(row, values) for row in rows]

        def height(b: int, sigma: int) -> list[Interval]:
            high = {t: after[t].phi(sigma, p)[1] + (after[t].radius >> p) + 1 for t in loose}
            return moved(b, nothing | {t: (bound, bound) for t, bound in high.items()})

        step, state = game.places[j]
        nothing = dict.fromkeys(after, (0, 0))
        least = nothing | {t: (min(k for _, k in after[t].points),) * 2 for t in loose}
        free = (
            Free(
                y=value(tied | dict.fromkeys(loose, (0, 0))),
                slopes=self._columns(j, partial(slopes, free=True)),
                gamma=gamma.as_integer_ratio(),
                least=[moved(b, least) for b in range(game.follower_actions)],
                height=height,
            )
            if loose
            else None
        )
        return Stage(
            where=f"{self.where}, step {step}, state {state}",
            p=p,
            elementary=self.elementary,
            x=self._columns(j, x),
            y=value(tied),
            slopes=self._columns(j, partial(slopes, free=False)),
            radius=radius,
            free=free,
        )
