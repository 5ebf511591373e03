"""Linear programs in float64: min c.z with A z <= b and bounds on z, by HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from highspy import Highs, HighsBasis, HighsLp, HighsModelStatus, MatrixFormat, kHighsInf

from exactqse.solve.farsighted.model import Floats, Integers

INFINITE: float = kHighsInf
_FINE = 1e-10  # tolerance of small programs
_SECONDS = 60.0
_MANY = 4000  # rows from which an interior point, with crossover, is found sooner than by simplex
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
    basis: HighsBasis


class Task:
    """A program that may be solved again with other bounds, from where it was."""

    def __init__(
        self,
        c: Floats,
        rows: Rows,
        entries: Floats,
        b: Floats,
        bounds: tuple[Floats, Floats],
        seconds: float | None = None,
    ) -> None:
        program = HighsLp()
        program.num_col_, program.num_row_ = len(c), len(b)
        program.col_cost_, (program.col_lower_, program.col_upper_) = c, bounds
        program.row_lower_, program.row_upper_ = np.full(len(b), -INFINITE), b
        program.a_matrix_.format_ = MatrixFormat.kRowwise
        program.a_matrix_.start_ = rows.start.astype(np.int32)
        program.a_matrix_.index_ = rows.column.astype(np.int32)
        program.a_matrix_.value_ = entries
        self.solver = Highs()
        self.solver.silent()
        self.solver.setOptionValue("simplex_iteration_limit", _ITERATIONS * (len(b) + len(c)))
        self.solver.setOptionValue("time_limit", min(seconds or _SECONDS, _SECONDS))
        self.is_large = len(b) >= _MANY
        self.solver.passModel(program)

    def solved(self, basis: HighsBasis | None = None) -> Minimum | None:
        """The least c.z; None where HiGHS finds none, such as where no z is feasible."""
        solver = self.solver
        if basis is not None:
            solver.setBasis(basis)
        from_within = self.is_large and basis is None
        solver.setOptionValue("solver", "ipm" if from_within else "choose")
        solver.run()
        if solver.getModelStatus() != HighsModelStatus.kOptimal:
            return None
        found, basis = solver.getSolution(), solver.getBasis()
        price = np.maximum(-np.array(found.row_dual), 0.0)
        return Minimum(solver.getObjectiveValue(), np.array(found.col_value), price, basis)

    def fix(self, columns: Integers) -> None:
        """Let these columns be 0."""
        zero = np.zeros(len(columns))
        self.solver.changeColsBounds(len(columns), columns.astype(np.int32), zero, zero)


def minimise(c: Floats, A: Floats, b: Floats, bounds: tuple[Floats, Floats]) -> Minimum | None:
    """The least c.z of a program that is small."""
    row, column = np.nonzero(A)
    task = Task(c, Rows.of(row, column, len(b)), A[row, column], b, bounds)
    task.solver.setOptionValue("primal_feasibility_tolerance", _FINE)
    task.solver.setOptionValue("presolve", "off")
    return task.solved()
