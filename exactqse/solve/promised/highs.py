"""Linear programs in float64: min c.z with A z <= b and bounds on z, by HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from highspy import Highs, HighsLp, HighsModelStatus, MatrixFormat, kHighsInf

from exactqse.solve.farsighted.model import Floats, Integers

INFINITE: float = kHighsInf
_FINE = 1e-10  # tolerance of small programs
_ITERATIONS = 20  # at most, for each row and column: HiGHS may go in circles


@dataclass(frozen=True, eq=False)
class Rows:
    """A sparse matrix by rows: row i has the entries start[i] to start[i + 1]."""

    start: Integers
    column: Integers

    @classmethod
    def of(cls, row: Integers, column: Integers, count: int) -> Rows:
        """From entries that are in the order of their rows."""
        start = np.searchsorted(row, np.arange(count + 1)).astype(np.intp)
        return cls(start, column)


@dataclass(frozen=True, eq=False)
class Minimum:
    """z, the value, and how much the value rises with each right side's fall, at least 0."""

    value: float
    z: Floats
    price: Floats


def minimise(
    c: Floats,
    rows: Rows,
    entries: Floats,
    b: Floats,
    bounds: tuple[Floats, Floats],
    tolerance: float = 1e-7,
) -> Minimum | None:
    """The least c.z; None where HiGHS finds none, such as where no z is feasible."""
    program = HighsLp()
    program.num_col_, program.num_row_ = len(c), len(b)
    program.col_cost_, (program.col_lower_, program.col_upper_) = c, bounds
    program.row_lower_, program.row_upper_ = np.full(len(b), -INFINITE), b
    program.a_matrix_.format_ = MatrixFormat.kRowwise
    program.a_matrix_.start_ = rows.start.astype(np.int32)
    program.a_matrix_.index_ = rows.column.astype(np.int32)
    program.a_matrix_.value_ = entries
    solver = Highs()
    solver.silent()
    solver.setOptionValue("primal_feasibility_tolerance", tolerance)
    solver.setOptionValue("simplex_iteration_limit", _ITERATIONS * (len(b) + len(c)))
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != HighsModelStatus.kOptimal:
        return None
    found = solver.getSolution()
    price = -np.array(found.row_dual)
    return Minimum(solver.getObjectiveValue(), np.array(found.col_value), np.maximum(price, 0.0))


def minimise_dense(
    c: Floats, A: Floats, b: Floats, bounds: tuple[Floats, Floats]
) -> Minimum | None:
    """The same with a matrix that is small."""
    row, column = np.nonzero(A)
    rows = Rows.of(row, column, len(b))
    return minimise(c, rows, A[row, column], b, bounds, tolerance=_FINE)
