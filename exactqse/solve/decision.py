"""Is J* at least this? Solved to more and more digits until the certified bounds tell."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from exactqse.kernel.certificate import Certificate
from exactqse.kernel.game import KernelGame
from exactqse.model.arrays import exact
from exactqse.solve.api import require_digits, solve
from exactqse.solve.checking import Checker, require_checker
from exactqse.solve.coverage import is_resumable
from exactqse.solve.effort import Watcher
from exactqse.solve.solution import Solution


@dataclass(frozen=True)
class Decision:
    """The answer to "is J* at least this threshold?", with the last solution that was tried.

    ``answer`` is "yes" (lower >= threshold), "no" (upper < threshold) or "undecided".
    """

    answer: Literal["yes", "no", "undecided"]
    threshold: Fraction
    digits: int
    solution: Solution


def decide(
    game: KernelGame,
    at_least: Fraction,
    *,
    max_digits: int = 320,
    checker: Checker = "kernel",
    progress: Watcher | None = None,
) -> Decision:
    """Decide J* >= at_least by doubling the digits from 5 until the certified bounds settle it.

    ``progress`` is told of each solve. A search that Ctrl-C ends may leave it undecided.

    Raises:
        NotCoveredError, InputError, PrecisionError: as :func:`solve`.
    """
    require_digits(max_digits, "max_digits")
    require_checker(checker, "'kernel' or 'flint'")
    at_least = exact(at_least, "at_least")
    digits = min(5, max_digits)
    known: Certificate | None = None
    while True:
        solution = solve(game, digits, resume=known, checker=checker, progress=progress)
        known = solution.certificate if is_resumable(game) else None
        if solution.lower >= at_least:
            return Decision("yes", at_least, digits, solution)
        if solution.upper < at_least:
            return Decision("no", at_least, digits, solution)
        if digits == max_digits or not solution.reached:
            return Decision("undecided", at_least, digits, solution)
        digits = min(2 * digits, max_digits)
