"""Oracles for one stage: the vertices of what the follower answers by b, by trying all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import pytest
from flint import fmpq, fmpq_mat

Table = Sequence[Sequence[Fraction]]  # [a][b]
Point = tuple[Fraction, ...]  # alpha_c(a) at c A + a


@dataclass(frozen=True)
class OneStage:
    """x[a][b], y[a][b] and the leader's cells."""

    x: Table
    y: Table
    cells: Sequence[Sequence[int]]

    def mean(self, table: Table, b: int, point: Point) -> Fraction:
        """The mean of a table at b."""
        c = next(i for i, cell in enumerate(self.cells) if b in cell)
        size = len(table)
        weights = point[c * size : (c + 1) * size]
        return sum((p * row[b] for p, row in zip(weights, table, strict=True)), Fraction(0))

    def answers(self, point: Point) -> list[int]:
        """The follower's best responses."""
        means = [self.mean(self.x, b, point) for b in range(len(self.x[0]))]
        return [b for b, mean in enumerate(means) if mean == max(means)]

    def worst(self, point: Point) -> Fraction:
        """The leader's value, ties broken against her."""
        return min(self.mean(self.y, b, point) for b in self.answers(point))

    def best(self, point: Point) -> Fraction:
        """The leader's value, ties broken for her."""
        return max(self.mean(self.y, b, point) for b in self.answers(point))

    def vertices(self, target: int) -> Iterator[Point]:
        """Every vertex of the commitments that the target answers, some of them repeatedly."""
        size, count = len(self.x), len(self.cells)
        n = size * count
        units = [[Fraction(i == j) for j in range(n)] for i in range(n)]
        pure = [tuple(unit) for unit in units]
        sums = [[Fraction(j // size == c) for j in range(n)] for c in range(count)]
        others = [b for b in range(len(self.x[0])) if b != target]
        ahead = [
            [self.mean(self.x, target, e) - self.mean(self.x, b, e) for e in pure] for b in others
        ]
        right = fmpq_mat(n, 1, [1] * count + [0] * (n - count))
        for active in combinations(units + ahead, n - count):
            rows = [*sums, *active]
            entries = [fmpq(v.numerator, v.denominator) for row in rows for v in row]
            matrix = fmpq_mat(n, n, entries)
            if matrix.det() == 0:
                continue
            solution = matrix.solve(right).entries()
            point = tuple(Fraction(int(v.p), int(v.q)) for v in solution)
            if min(point) >= 0 and target in self.answers(point):
                yield point

    def strong(self) -> Fraction:
        """The strong value: the best vertex of all."""
        sizes = range(len(self.x[0]))
        return max(self.mean(self.y, b, point) for b in sizes for point in self.vertices(b))


@pytest.fixture(scope="session")
def one_stage() -> type[OneStage]:
    """The class of stages with their oracles."""
    return OneStage
