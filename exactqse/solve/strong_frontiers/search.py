"""Frontiers of all places, backward: inner ones of points that are achieved, outer ones of lines.

Between two neighbouring points the best point in the direction of their chord is asked for. It is
above the chord by e, and nothing is higher there: so the frontier is within e below a line that is
parallel to the chord, and within e above the points. Where e is more than the tolerance, and half
of it is attained, the new point divides the interval: there are finitely many. Errors of steps add
up (proofs/strong-frontiers.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from exactqse.kernel.certificate import Duals, Part
from exactqse.kernel.game import KernelGame
from exactqse.solve.effort import Budget
from exactqse.solve.strong_frontiers.columns import Frontier, Vertex
from exactqse.solve.strong_frontiers.numbers import above, nearest
from exactqse.solve.strong_frontiers.place import Best, Place, Play

Rows = dict[tuple[int, int], tuple[tuple[Fraction, ...], ...]]  # a claim by (step, state)


@dataclass(frozen=True, eq=False)
class Pass:
    """What one pass over all places found.

    Attributes:
        claims: weights, and the duals of each line below them, by (step, state).
        plays: by (step, state), one for each vertex of the inner frontier, or the one at step 0.
        lower, upper: bounds of J*, but for rounding.
    """

    claims: Rows
    plays: Mapping[tuple[int, int], tuple[Play, ...]]
    lower: Fraction
    upper: Fraction

    def part(self, game: KernelGame) -> Part:
        """The claims as a certificate's part."""
        return Part(tuple(self.claims[place] for place in game.places))


@dataclass(frozen=True)
class Search:
    """The frontiers of a game.

    Attributes:
        bits: fractional bits of directions and multipliers.
        p: those of W, of inner points rounded down and of outer ones up.
    """

    game: KernelGame
    bits: int
    p: int
    budget: Budget
    report: Callable[[int], None]

    def once(self, tolerance: Fraction | None) -> Pass | None:
        """A pass; None if the budget ended it. Without a tolerance it does with few directions."""
        game = self.game
        inner: dict[int, Frontier] = {}
        outer: dict[int, Frontier] = {}
        claims: Rows = {}
        plays: dict[tuple[int, int], tuple[Play, ...]] = {}
        tops: dict[int, tuple[Fraction, Fraction]] = {}
        done = 0
        for h in reversed(range(game.horizon)):
            here_inner: dict[int, Frontier] = {}
            here_outer: dict[int, Frontier] = {}
            for s in game.reachable[h]:
                if self.budget.spent and tolerance is not None:
                    return None
                low = Place(game, h, s, inner, self.bits)
                high = low if inner == outer else Place(game, h, s, outer, self.bits)
                if not h:
                    first, second = self._first(low), self._first(high)
                    tops[s] = first.W, second.value
                    plays[0, s] = (first.play,)
                    claims[0, s] = (high.weights, *second.duals)
                else:
                    points, lines = self._frontier(low, tolerance)
                    _, lines = (points, lines) if high is low else self._frontier(high, tolerance)
                    kept = vertices(points, self.p)
                    here_inner[s] = tuple(vertex for vertex, _ in kept)
                    plays[h, s] = tuple(play for _, play in kept)
                    rising, here_outer[s] = self._proved(high, lines)
                    claims[h, s] = (high.weights, *(row for duals in rising for row in duals))
                done += 1
                self.report(done)
            inner, outer = here_inner, here_outer
        bounds = [sum((n * tops[s][k] for s, n in self._rho()), Fraction(0)) for k in (0, 1)]
        return Pass(claims, plays, bounds[0], bounds[1])

    def _rho(self) -> list[tuple[int, Fraction]]:
        rho = self.game.rho
        pairs = zip(rho.states, rho.numerators, strict=True)
        return [(s, Fraction(n, rho.denominator)) for s, n in pairs]

    def _first(self, place: Place) -> Best:
        """The best of a first state."""
        if self.budget.spent:
            return place.flat()
        self.budget.spend(1)
        return place.best(Fraction(0))

    def _frontier(
        self, place: Place, tolerance: Fraction | None
    ) -> tuple[list[tuple[Vertex, Play]], list[Best]]:
        """Points, and lines."""
        if self.budget.spent:
            return place.ends, [place.flat()]
        points, lines = [*place.ends], list[Best]()
        stack = [(points[0][0], points[1][0])]
        while stack:
            (v, w), (x, y) = stack.pop()
            if x <= v and lines:
                continue
            slope = (y - w) / (x - v) if v < x else Fraction(0)
            best = place.best(-slope)
            self.budget.spend(1)
            points.append(((best.V, best.W), best.play))
            chord = max(w + best.own * v, y + best.own * x)
            stop = tolerance is None or best.value - chord <= tolerance or self.budget.spent
            gain = best.W + best.own * best.V - chord  # less where probabilities were rounded
            if stop or 2 * gain < best.value - chord or not v <= best.V <= x:
                lines.append(best)
                continue
            stack += [((best.V, best.W), (x, y)), ((v, w), (best.V, best.W))]
        return points, lines

    def _proved(self, place: Place, lines: list[Best]) -> tuple[list[Duals], Frontier]:
        """The lines that matter, by ascending slope, and the vertices of what they leave."""
        least, most = place.least, place.columns.most[0]
        kept = envelope(lines)
        low, high = -above(-least, self.p), above(most, self.p)
        cuts = [(b.value - a.value) / (b.own - a.own) for a, b in pairwise(kept)]
        ends = [low, *[min(max(nearest(v, self.p), low), high) for v in cuts], high]
        tops = {v: min(line.value - line.own * v for line in kept) for v in ends}
        return [line.duals for line in kept], tuple(
            (v, above(w, self.p)) for v, w in sorted(tops.items())
        )


def envelope(lines: list[Best]) -> list[Best]:
    """Those that are least somewhere: the lower hull of (own, value)."""
    least: dict[Fraction, Best] = {}
    for line in lines:
        if line.own not in least or line.value < least[line.own].value:
            least[line.own] = line
    hull: list[Best] = []
    for _, line in sorted(least.items()):
        while len(hull) > 1:
            a, b = hull[-2:]
            if (b.value - a.value) * (line.own - b.own) < (line.value - b.value) * (b.own - a.own):
                break
            hull.pop()
        hull.append(line)
    return hull


def vertices(points: list[tuple[Vertex, Play]], p: int) -> list[tuple[Vertex, Play]]:
    """The upper hull of achieved points, W rounded down; V, which decides ties, is as it is."""
    best: dict[Fraction, tuple[Fraction, Play]] = {}
    for (v, w), play in points:
        low = -above(-w, p)
        if v not in best or low > best[v][0]:
            best[v] = low, play
    hull: list[tuple[Vertex, Play]] = []
    for x, (y, play) in sorted(best.items()):
        while len(hull) > 1:
            (v, w), (t, u) = hull[-1][0], hull[-2][0]
            if (w - u) * (x - v) > (y - w) * (v - t):
                break
            hull.pop()
        hull.append(((x, y), play))
    return hull
