"""Untrusted search: one solver a file. What it finds becomes true when the checker accepts it."""

from exactqse.solve.api import Decision, decide, solve
from exactqse.solve.backward_float64 import Float64Solution, solve_float64
from exactqse.solve.effort import Standing
from exactqse.solve.solution import Solution
from exactqse.solve.strong import StrongSolution, solve_strong
from exactqse.solve.weak import WeakSolution, solve_weak

__all__ = [
    "Decision",
    "Float64Solution",
    "Solution",
    "Standing",
    "StrongSolution",
    "WeakSolution",
    "decide",
    "solve",
    "solve_float64",
    "solve_strong",
    "solve_weak",
]
