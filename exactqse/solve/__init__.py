"""Untrusted search: one solver a file. What it finds becomes true when the checker accepts it."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.solve.api import solve
    from exactqse.solve.backward_float64 import Float64Solution, solve_float64
    from exactqse.solve.decision import Decision, decide
    from exactqse.solve.effort import Standing
    from exactqse.solve.solution import Solution
    from exactqse.solve.weak import WeakSolution, solve_weak, worst_case
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Decision", "decide"), "decision"),
            "solve": "api",
            **dict.fromkeys(("Float64Solution", "solve_float64"), "backward_float64"),
            "Standing": "effort",
            "Solution": "solution",
            **dict.fromkeys(("WeakSolution", "solve_weak", "worst_case"), "weak"),
        },
    )

__all__ = [
    "Decision",
    "Float64Solution",
    "Solution",
    "Standing",
    "WeakSolution",
    "decide",
    "solve",
    "solve_float64",
    "solve_weak",
    "worst_case",
]
