"""The best point in a direction where the follower is to play b: max of Y_b + sigma X_b.

Of b's own cell she plays mixtures of columns (a, d); the other cells are threatened, so that X_b is
to be at least their ``level``. Where no other b' is in the cell the answer is on the upper hull of
the columns, cut off at the level; else it is a linear program. Either is solved for few picks d:
its multipliers tell the pick that is best in direction sigma + mu, until that is among them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from exactqse.solve.linear import maximise
from exactqse.solve.strong_frontiers.columns import Columns, Point

ZERO, ONE = Fraction(0), Fraction(1)
Column = tuple[int, int]  # (a, d)
Weights = dict[Column, Fraction]


@dataclass(frozen=True)
class Answer:
    """What is best for a b.

    Attributes:
        value: no mixture that b answers has more than this, or the floor, by the multipliers.
        weights: of columns, which attain the value; empty if it is not above the floor.
        level: the multiplier of the other cells' level.
        members: those of the members of b's cell, by b'.
    """

    value: Fraction
    weights: Weights
    level: Fraction
    members: dict[int, Fraction]


class Target(ABC):
    """One b at a place."""

    def __init__(self, columns: Columns, b: int) -> None:
        self.b, self.columns = b, columns
        self.cell = next(cell for cell in columns.game.observes if b in cell)
        self.picks = [len(columns.picks) - 1]
        pairs = zip(columns.game.observes, columns.threats, strict=True)
        others = [found for cell, found in pairs if cell != self.cell]
        self.threat = max(others, key=lambda found: found.level, default=None)

    @property
    def level(self) -> Fraction | None:
        """What X_b has to be at least; None where there are no other cells."""
        return None if self.threat is None else self.threat.level

    def points(self, picks: list[int]) -> list[tuple[Point, Column]]:
        """The columns of these picks."""
        actions = range(self.columns.game.leader_actions)
        return [(self.columns.point(self.b, a, d), (a, d)) for a in actions for d in picks]

    def hope(self, sigma: Fraction) -> Fraction:
        """The largest Y_b + sigma X_b of all columns."""
        points = self.points([self.columns.towards(sigma)])
        return max(Y + sigma * X for (X, Y), _ in points)

    def best(self, sigma: Fraction, floor: Fraction) -> Answer:
        """In the direction sigma; ``floor`` is attained otherwise."""
        d = self.columns.towards(sigma)
        while True:
            self.picks += [d] if d not in self.picks else []
            answer = self.within(sigma, floor, self.points(self.picks))
            d = self.columns.towards(sigma + answer.level + sum(answer.members.values()))
            if d in self.picks:
                return answer

    @abstractmethod
    def within(
        self, sigma: Fraction, floor: Fraction, points: list[tuple[Point, Column]]
    ) -> Answer:
        """The same with these columns alone."""


class Seen(Target):
    """Alone in its cell."""

    def within(
        self, sigma: Fraction, floor: Fraction, points: list[tuple[Point, Column]]
    ) -> Answer:
        """A vertex of the hull, or where it is cut off: mu makes that the best.

        Where all is cut off, mu shows that there is nothing above the floor.
        """
        hull = upper_hull(points)
        pairs = pairwise(point for point, _ in hull)
        falls = [(v - w) / (y - x) for (x, v), (y, w) in pairs]  # by edge, ascending
        (X, Y), column = hull[bisect_left(falls, sigma)]
        if self.level is None or self.level <= X:
            return Answer(Y + sigma * X, {column: ONE}, ZERO, {})
        (X, Y), _ = hull[-1]
        if self.level <= X:
            k = next(i for i, ((x, _), _) in enumerate(hull) if self.level <= x) - 1
            ((x, v), first), ((X, Y), second) = hull[k : k + 2]
            share = (self.level - x) / (X - x)
            value = v + share * (Y - v) + sigma * self.level
            weights = {first: 1 - share, second: share}
            return Answer(value, {e: w for e, w in weights.items() if w}, falls[k] - sigma, {})
        steep = falls[-1] - sigma if falls else ZERO
        mu = max(ZERO, steep, (Y + sigma * X - floor) / (self.level - X))
        return Answer(floor, {}, mu, {})


class Shared(Target):
    """In a cell with others."""

    def __init__(self, columns: Columns, b: int) -> None:
        super().__init__(columns, b)
        self.rivals = [o for o in self.cell if o != b]
        spread = [v for x_a in columns.x for v in x_a]
        self.width = (max(spread) - min(spread)) or ONE

    def within(
        self, sigma: Fraction, floor: Fraction, points: list[tuple[Point, Column]]
    ) -> Answer:
        """max sum z (Y + sigma X - floor) over z >= 0 of sum at most 1 that b answers."""
        x = self.columns.x
        rows = [[x[a][o] - X for (X, _), (a, _) in points] for o in self.rivals]
        if self.level is not None:
            rows.append([self.level - X for (X, _), _ in points])
        goal = [Y + sigma * X - floor for (X, Y), _ in points]
        span = max(map(abs, goal)) or ONE
        rows = [[v / self.width for v in row] for row in rows]
        bounds = [ZERO] * len(rows) + [ONE]
        found = maximise([v / span for v in goal], [*rows, [ONE] * len(points)], bounds)
        mu = [w * span / self.width for w in found.w[:-1]]
        level = mu.pop() if self.level is not None else ZERO
        weights = {column: z for (_, column), z in zip(points, found.z, strict=True) if z}
        members = dict(zip(self.rivals, mu, strict=True))
        value = floor + found.value * span
        return Answer(value, weights if found.value else {}, level, members)


def upper_hull(points: list[tuple[Point, Column]]) -> list[tuple[Point, Column]]:
    """The vertices of the least concave function above the points, by ascending X."""
    hull: list[tuple[Point, Column]] = []
    for point, column in sorted(points):
        (x, y) = point
        if hull and hull[-1][0][0] == x:
            hull.pop()
        while len(hull) > 1:
            (v, w), (t, u) = hull[-1][0], hull[-2][0]
            if (w - u) * (x - v) > (y - w) * (v - t):
                break
            hull.pop()
        hull.append((point, column))
    return hull
