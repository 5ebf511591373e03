"""Leaders who remember, for gamma > 0 and eta infinite: frontiers of (V, W), backward and exact.

Everything is piecewise linear in rationals. Inner frontiers are
achieved, by memories; outer ones are lines that are proved. Each is found by asking for the best
point in one direction after another, until chords and lines are as near as is asked for.
"""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.solve.strong_frontiers.solver import solve_remembering
else:
    __getattr__, __dir__ = lazy(__name__, {"solve_remembering": "solver"})

__all__ = ["solve_remembering"]
