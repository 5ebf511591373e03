"""Is J* at least this? Solved to more and more digits until the certified bounds tell."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from exactqse.kernel.certificate import Certificate
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.arrays import exact
from exactqse.solve.api import budget_of, require_digits, solve
from exactqse.solve.checking import Checker, require_checker
from exactqse.solve.coverage import is_searched
from exactqse.solve.effort import Watcher
from exactqse.solve.solution import Solution

_FIRST = 5  # digits of the first solve
_FIRST_OF_SEARCH = 1


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
    time_limit: float | None = None,
    checker: Checker = "kernel",
    progress: Watcher | None = None,
) -> Decision:
    """Decide J* >= at_least by doubling the digits until the certified bounds settle it.

    Searches begin with one digit, and go on from there: what takes them long is the last digits.

    Args:
        game: the game.
        at_least: the threshold.
        max_digits: it is undecided if these do not settle it, 1 to 1000.
        time_limit: seconds after which it is undecided; the last solve is checked all the same.
        checker: who checks: "kernel" or "flint".
        progress: told of each solve. A search that Ctrl-C ends may leave it undecided.

    Raises:
        InputError, PrecisionError: as :func:`solve`.
    """
    require_game(game)
    require_digits(max_digits, "max_digits")
    require_checker(checker, "'kernel' or 'flint'")
    at_least = exact(at_least, "at_least")
    digits = min(_FIRST_OF_SEARCH if is_searched(game) else _FIRST, max_digits)
    budget = budget_of(time_limit, None)
    known: Certificate | None = None
    while True:
        solution = solve(
            game,
            digits,
            time_limit=budget.seconds_left,
            resume=known,
            checker=checker,
            progress=progress,
        )
        known = solution.certificate if is_searched(game) else None
        if solution.lower >= at_least:
            return Decision("yes", at_least, digits, solution)
        if solution.upper < at_least:
            return Decision("no", at_least, digits, solution)
        if digits == max_digits or not solution.reached or budget.spent:
            return Decision("undecided", at_least, digits, solution)
        digits = min(2 * digits, max_digits)
