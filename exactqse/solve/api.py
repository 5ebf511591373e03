"""``solve`` and ``decide``: search, write the certificate, have it checked, else try harder."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError, KindError, NotCoveredError, PrecisionError, shown
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import Verdict, check, require_covered
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.game import KernelGame
from exactqse.model.arrays import exact
from exactqse.solve.effort import Budget, Effort
from exactqse.solve.partition import solve_partition
from exactqse.solve.prescription import Progress, solve_prescription
from exactqse.solve.solution import Solution
from exactqse.solve.strong import solve_strong

MAX_DIGITS = 1000
DEFAULT_DIGITS = 30
DEFAULT_GAP = Fraction(1, 10**6)  # of a leader who sees less
_RETRIES = (0, 32, 128)  # extra bits of each attempt
_CAUTIONS = (0, 1, 2)  # wider margins against float64's rounding
Checker = Literal["kernel", "flint"]


def solve(
    game: KernelGame,
    digits: int | None = None,
    *,
    gap: Fraction | float | str | None = None,
    time_limit: float | None = None,
    node_limit: int | None = None,
    checker: Checker | None = "kernel",
    progress: Progress | None = None,
) -> Solution:
    """The quantal Stackelberg equilibrium: lower <= J(policy) <= J* = sup_pi J(pi) <= upper.

    A leader who sees the action is solved to any number of digits in polynomial time. One who sees
    less is solved by branch and bound in float64: the certificate is as exact, but its gap may stay
    above what was asked for; ``Solution.reached`` and ``.reason`` say so. A follower who best
    responds (eta infinite) breaks ties in her favour, and the bounds are equal whatever was asked
    for, unless numbers became too long (proofs/strong-stackelberg.md).

    Args:
        game: gamma = 0, any eta, any partition that the leader observes.
        digits: upper - lower <= 10^-digits, 1 to 1000; by default 30 for a leader who sees the
            action, else 6.
        gap: the same as a number: upper - lower <= gap. Not together with ``digits``.
        time_limit: seconds after which branch and bound settles for the gap that it has; games
            solved without it pay no heed to the limits.
        node_limit: the same, in parts examined.
        checker: who checks the certificate: "kernel" (integers only), "flint" (the same check with
            arb's exp and log), or None: then nothing is certified until you call ``check``.
        progress: called with (nodes done, nodes in all).

    Raises:
        NotCoveredError: another class of games.
        InputError: not a game; digits, gap, a limit or checker out of range.
        PrecisionError: no attempt ended with an accepted certificate; or she sees less, and numbers
            are beyond float64 or exponents eta r too far apart for branch and bound.
    """
    if checker is not None:
        _require_checker(checker, "'kernel', 'flint' or None")
    if progress is not None and not callable(progress):
        raise KindError(f"{shown(progress)} is not a function", where="progress")
    require_covered(game)
    if digits is None and gap is None and game.observes_action:
        digits = DEFAULT_DIGITS
    aim = _aim(digits, gap)
    budget = _budget(time_limit, node_limit)
    if game.eta is None:
        found, effort = solve_strong(game, progress)
        return _accepted(game, found, effort, aim, checker)
    if game.gamma:
        raise NotCoveredError(f"not covered yet: gamma = {game.gamma} > 0", remedy="set gamma = 0")
    if game.observes_action:
        return _solve_prescription(game, _digits_of(aim), checker, progress)
    return _solve_partition(game, aim, budget, checker, progress)


def _aim(digits: int | None, gap: Fraction | float | str | None) -> Fraction:
    """The gap asked for."""
    if digits is not None and gap is not None:
        raise InputError("says the same as digits", where="gap", remedy="give one of them")
    if digits is not None:
        _require_digits(digits, "digits")
        return Fraction(1, 10**digits)
    value = DEFAULT_GAP if gap is None else exact(gap, "gap")
    if not Fraction(1, 10**MAX_DIGITS) <= value:
        raise InputError(f"{shown(gap)} is not at least 10^-{MAX_DIGITS}", where="gap")
    return value


def _digits_of(gap: Fraction) -> int:
    """The fewest digits d >= 1 with 10^-d <= gap."""
    inverse = -(-gap.denominator // gap.numerator)
    return len(str(inverse - 1))


def _budget(time_limit: float | None, node_limit: int | None) -> Budget:
    for value, where in ((time_limit, "time_limit"), (node_limit, "node_limit")):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise InputError(f"{shown(value)} is not a positive number", where=where)
    return Budget(seconds=time_limit, nodes=node_limit)


def _solve_prescription(
    game: KernelGame, digits: int, checker: Checker | None, progress: Progress | None
) -> Solution:
    failures = []
    for extra in _RETRIES:
        try:
            found, effort = solve_prescription(
                game, digits, extra=extra, trust_floats=extra == 0, progress=progress
            )
        except PrecisionError as error:
            failures.append(str(error))
            continue
        verdict = None if checker is None else _verdict(game, found, checker)
        wide = _is_wide(found, digits)
        if not wide and (verdict is None or verdict.outcome == "accepted"):
            aim = Fraction(1, 10**digits)
            return Solution(game, found, verdict, effort, aim)
        failures.append("the bounds are too wide" if verdict is None or wide else verdict.reason)
    remedy = "ask for fewer digits, or report the game"
    raise PrecisionError(f"no attempt reached {digits} digits: {failures[-1]}", remedy=remedy)


def _is_wide(found: Certificate, digits: int) -> bool:
    """Whether upper - lower > 10^-digits."""
    (n, d), (m, e) = found.upper.as_integer_ratio(), found.lower.as_integer_ratio()
    gap: int = (n * e - m * d) * 10**digits
    return gap > d * e


def _solve_partition(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    checker: Checker | None,
    progress: Progress | None,
) -> Solution:
    verdict = None
    for caution in _CAUTIONS:
        found, effort = solve_partition(game, gap, budget, caution=caution, progress=progress)
        verdict = None if checker is None else _verdict(game, found, checker)
        if verdict is None or verdict.outcome == "accepted":
            return Solution(game, found, verdict, effort, gap)
    said = "" if verdict is None else verdict.reason
    remedy = "ask for a wider gap, or report the game"
    raise PrecisionError(f"no attempt ended with an accepted certificate: {said}", remedy=remedy)


def _accepted(
    game: KernelGame, found: Certificate, effort: Effort, aim: Fraction, checker: Checker | None
) -> Solution:
    verdict = None if checker is None else _verdict(game, found, checker)
    if verdict is not None and verdict.outcome != "accepted":
        raise PrecisionError(f"the certificate is {verdict.outcome}: {verdict.reason}")
    return Solution(game, found, verdict, effort, aim)


def _require_digits(digits: object, where: str) -> None:
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= MAX_DIGITS:
        raise InputError(f"{shown(digits)} is not an integer in 1..{MAX_DIGITS}", where=where)


def _require_checker(checker: object, choices: str) -> None:
    if not isinstance(checker, str) or checker not in {"kernel", "flint"}:
        raise InputError(f"{shown(checker)} is not {choices}", where="checker")


def _verdict(game: KernelGame, certificate: Certificate, checker: Checker) -> Verdict:
    return check(
        game, certificate, elementary=INTEGER if checker == "kernel" else FlintElementary()
    )


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
) -> Decision:
    """Decide J* >= at_least by doubling the digits from 5 until the certified bounds settle it.

    Raises:
        NotCoveredError, InputError, PrecisionError: as :func:`solve`.
    """
    _require_digits(max_digits, "max_digits")
    _require_checker(checker, "'kernel' or 'flint'")
    at_least = exact(at_least, "at_least")
    digits = min(5, max_digits)
    while True:
        solution = solve(game, digits, checker=checker)
        if solution.lower >= at_least:
            return Decision("yes", at_least, digits, solution)
        if solution.upper < at_least:
            return Decision("no", at_least, digits, solution)
        if digits == max_digits or not solution.reached:
            return Decision("undecided", at_least, digits, solution)
        digits = min(2 * digits, max_digits)
