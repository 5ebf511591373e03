"""Linear programs in exact rationals, searched in float64: max c.z over z >= 0 with A z <= b.

b >= 0, so that z = 0 is feasible, and the maximum must be finite. HiGHS solves the program in
float64 and leaves a basis. From there, or from the slacks if that basis is not feasible, the
simplex method goes on in exact arithmetic: mostly to find that there is nothing left to do. Bland's
rule visits no basis twice, so it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat
from highspy import Highs, HighsBasisStatus, HighsLp, MatrixFormat, ObjSense, kHighsInf

Vector = Sequence[Fraction]


@dataclass(frozen=True)
class Optimum:
    """z >= 0 with A z <= b and w >= 0 with A^T w >= c, optimal since c.z = b.w = value."""

    value: Fraction
    z: tuple[Fraction, ...]
    w: tuple[Fraction, ...]


def maximise(c: Vector, A: Sequence[Vector], b: Vector) -> Optimum:
    """The maximum of c.z, a vertex z that attains it, and multipliers w that prove it.

    Args:
        c: shape (n,); numbers within the range of float64, as in A and b.
        A: shape (m, n).
        b: shape (m,), at least 0.
    """
    program = _Program.of(c, A, b)
    basis = _guess(c, A, b)
    level = program.levels(basis) if len(basis) == len(b) else []
    if not level or min(level) < 0:
        basis, level = list(range(len(c), len(c) + len(b))), program.bounds
    while (entering := program.entering(w := program.prices(basis))) is not None:
        rate = program.solved(basis, program.columns[entering])
        rows = [i for i, speed in enumerate(rate) if speed > 0]
        leaving = min(rows, key=lambda i: (level[i] / rate[i], basis[i]))
        basis[leaving] = entering
        level = program.levels(basis)
    z = dict(zip(basis, level, strict=True))
    primal = tuple(_fraction(z.get(j, fmpq(0))) for j in range(len(c)))
    value = sum((x * y for x, y in zip(c, primal, strict=True)), Fraction(0))
    return Optimum(value, primal, tuple(map(_fraction, w)))


@dataclass(frozen=True)
class _Program:
    """The program with slacks, A z + s = b; column n + i is the slack of row i."""

    columns: list[list[fmpq]]
    costs: list[fmpq]
    bounds: list[fmpq]
    transposed: fmpq_mat  # A^T

    @classmethod
    def of(cls, c: Vector, A: Sequence[Vector], b: Vector) -> _Program:
        m, n = len(b), len(c)
        columns = [[_number(row[j]) for row in A] for j in range(n)]
        transposed = fmpq_mat(n, m, [v for column in columns for v in column])
        columns += [[fmpq(i == k) for k in range(m)] for i in range(m)]
        costs = [*map(_number, c), *[fmpq(0)] * m]
        return cls(columns, costs, [_number(v) for v in b], transposed)

    def solved(self, basis: list[int], right: list[fmpq]) -> list[fmpq]:
        """The combination of the basis's columns that makes ``right``; empty if there is none."""
        return _solved([[self.columns[j][i] for j in basis] for i in range(len(right))], right)

    def levels(self, basis: list[int]) -> list[fmpq]:
        """The values of the basis's variables, all others being 0."""
        return self.solved(basis, self.bounds)

    def prices(self, basis: list[int]) -> list[fmpq]:
        """w such that the basis's columns have w.column = cost."""
        return _solved([self.columns[j] for j in basis], [self.costs[j] for j in basis])

    def entering(self, w: list[fmpq]) -> int | None:
        """The first variable that costs less than it brings, c_j > w.A_j; None at an optimum."""
        paid = (self.transposed * fmpq_mat(len(w), 1, w)).entries() + w
        pairs = enumerate(zip(self.costs, paid, strict=True))
        return next((j for j, (cost, price) in pairs if cost > price), None)


def _solved(rows: list[list[fmpq]], right: list[fmpq]) -> list[fmpq]:
    """The solution of a square system; empty if it is singular."""
    m = len(right)
    matrix = fmpq_mat(m, m, [v for row in rows for v in row])
    try:
        solution: list[fmpq] = matrix.solve(fmpq_mat(m, 1, right)).entries()
    except ZeroDivisionError:
        return []
    return solution


def _guess(c: Vector, A: Sequence[Vector], b: Vector) -> list[int]:
    """The basis that HiGHS ends with in float64."""
    matrix = np.array([[float(v) for v in row] for row in A])
    m, n = matrix.shape
    program = HighsLp()
    program.num_col_, program.num_row_, program.sense_ = n, m, ObjSense.kMaximize
    program.col_cost_ = np.array([float(v) for v in c])
    program.col_lower_, program.col_upper_ = np.zeros(n), np.full(n, kHighsInf)
    program.row_lower_ = np.full(m, -kHighsInf)
    program.row_upper_ = np.array([float(v) for v in b])
    program.a_matrix_.format_ = MatrixFormat.kRowwise
    row, column = np.nonzero(matrix)
    program.a_matrix_.start_ = np.searchsorted(row, np.arange(m + 1)).astype(np.int32)
    program.a_matrix_.index_ = column.astype(np.int32)
    program.a_matrix_.value_ = matrix[row, column]
    solver = Highs()
    solver.silent()
    solver.setOptionValue("presolve", "off")
    solver.passModel(program)
    solver.run()
    basis = solver.getBasis()
    status = [*basis.col_status, *basis.row_status]
    return [j for j, at in enumerate(status) if at == HighsBasisStatus.kBasic]


def _number(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
