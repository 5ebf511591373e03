"""The best point in a direction where the follower is to play b: max of Y_b + sigma X_b.

Of b's own cell she plays mixtures of columns (a, d); the other cells are threatened, so that X_b is
to be at least their ``level``. Where no other b' is in the cell the answer is on the upper hull of
the columns, cut off at the level; else it is a linear program.
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
        self.points = [columns.points(b, a) for a in range(columns.game.leader_actions)]
        pairs = zip(columns.game.observes, columns.threats, strict=True)
        others = [found for cell, found in pairs if cell != self.cell]
        self.threat = max(others, key=lambda found: found.level, default=None)

    @property
    def level(self) -> Fraction | None:
        """What X_b has to be at least; None where there are no other cells."""
        return None if self.threat is None else self.threat.level

    def hope(self, sigma: Fraction) -> Fraction:
        """The largest Y_b + sigma X_b of all columns."""
        d = self.columns.towards(sigma)
        return max(points[d][1] + sigma * points[d][0] for points in self.points)

    @abstractmethod
    def best(self, sigma: Fraction, floor: Fraction | None) -> Answer:
        """In the direction sigma; ``floor`` is what others have, if any have."""


class Seen(Target):
    """Alone in its cell."""

    def __init__(self, columns: Columns, b: int) -> None:
        super().__init__(columns, b)
        rows = enumerate(self.points)
        self.hull = upper_hull([(p, (a, d)) for a, row in rows for d, p in enumerate(row)])
        pairs = pairwise(point for point, _ in self.hull)
        self.falls = [(v - w) / (y - x) for (x, v), (y, w) in pairs]  # by edge, ascending

    def best(self, sigma: Fraction, floor: Fraction | None) -> Answer:
        """A vertex, or where the hull is cut off: mu makes that the best in direction sigma + mu.

        Where all is cut off, mu shows that there is nothing above the floor.
        """
        (X, Y), column = self.hull[bisect_left(self.falls, sigma)]
        if self.level is None or self.level <= X:
            return Answer(Y + sigma * X, {column: ONE}, ZERO, {})
        (X, Y), _ = self.hull[-1]
        if self.level <= X:
            k = next(i for i, ((x, _), _) in enumerate(self.hull) if self.level <= x) - 1
            ((x, v), first), ((X, Y), second) = self.hull[k : k + 2]
            share = (self.level - x) / (X - x)
            value = v + share * (Y - v) + sigma * self.level
            weights = {first: 1 - share, second: share}
            return Answer(value, {e: w for e, w in weights.items() if w}, self.falls[k] - sigma, {})
        least = Y + sigma * X if floor is None else floor
        steep = max(ZERO, self.falls[-1] - sigma) if self.falls else ZERO
        mu = max(steep, (Y + sigma * X - least) / (self.level - X))
        return Answer(least, {}, mu, {})


class Shared(Target):
    """In a cell with others.

    Its programs have the columns of few picks: those that were best in a direction sigma + mu.
    """

    def __init__(self, columns: Columns, b: int) -> None:
        super().__init__(columns, b)
        self.rivals = [o for o in self.cell if o != b]
        spread = [v for x_a in columns.x for v in x_a]
        self.width = (max(spread) - min(spread)) or ONE
        self.picks: list[int] = []

    def best(self, sigma: Fraction, floor: Fraction | None) -> Answer:
        """max sum z (Y + sigma X - floor) over z >= 0 of sum at most 1 that b answers."""
        d = self.columns.towards(sigma)
        while True:
            self.picks += [d] if d not in self.picks else []
            answer = self._within(sigma, floor)
            d = self.columns.towards(sigma + answer.level + sum(answer.members.values()))
            if d in self.picks:
                return answer

    def _within(self, sigma: Fraction, floor: Fraction | None) -> Answer:
        """The same with these picks alone."""
        names = [(a, d) for a in range(len(self.points)) for d in self.picks]
        points = [self.points[a][d] for a, d in names]
        pairs = list(zip(names, points, strict=True))
        rows = [[self.columns.x[a][o] - X for (a, _), (X, _) in pairs] for o in self.rivals]
        if self.level is not None:
            rows.append([self.level - X for X, _ in points])
        goal = [Y + sigma * X for X, Y in points]
        span = (max(goal) - min(goal)) or ONE
        least = min(goal) - span if floor is None else floor
        scaled = [(v - least) / span for v in goal]
        rows = [[v / self.width for v in row] for row in rows]
        found = maximise(scaled, [*rows, [ONE] * len(points)], [ZERO] * len(rows) + [ONE])
        mu = [w * span / self.width for w in found.w[:-1]]
        level = mu.pop() if self.level is not None else ZERO
        weights = {name: z for name, z in zip(names, found.z, strict=True) if z}
        members = dict(zip(self.rivals, mu, strict=True))
        value = least + found.value * span
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
