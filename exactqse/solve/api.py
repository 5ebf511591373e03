"""``solve`` and ``decide``: search, write the certificate, have it checked, else try harder."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError, KindError, PrecisionError, shown
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import Verdict, check, require_covered
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.game import KernelGame
from exactqse.model.arrays import exact
from exactqse.solve.prescription import Effort, Progress, solve_prescription
from exactqse.solve.solution import Solution, policy_of

MAX_DIGITS = 1000
_RETRIES = (0, 32, 128)  # extra bits of each attempt
Checker = Literal["kernel", "flint"]


def solve(
    game: KernelGame,
    digits: int = 30,
    *,
    checker: Checker | None = "kernel",
    progress: Progress | None = None,
) -> Solution:
    """The quantal Stackelberg equilibrium: lower <= J(policy) <= J* = sup_pi J(pi) <= upper.

    Args:
        game: gamma = 0, finite eta, a leader who observes the action.
        digits: upper - lower <= 10^-digits, 1 to 1000.
        checker: who checks the certificate: "kernel" (integers only), "flint" (the same check with
            arb's exp and log), or None: then nothing is certified until you call ``check``.
        progress: called with (nodes done, nodes in all).

    Raises:
        NotCoveredError: another class of games.
        InputError: not a game; digits or checker out of range.
        PrecisionError: no attempt reached the digits with an accepted certificate.
    """
    _require_digits(digits, "digits")
    if checker is not None:
        _require_checker(checker, "'kernel', 'flint' or None")
    if progress is not None and not callable(progress):
        raise KindError(f"{shown(progress)} is not a function", where="progress")
    require_covered(game)
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
        wide = (found.upper - found.lower) * 10**digits > 1
        if not wide and (verdict is None or verdict.outcome == "accepted"):
            reason = _reason(verdict, effort, digits)
            return Solution(game, policy_of(game, found), found, verdict, effort, reason)
        failures.append("the bounds are too wide" if verdict is None or wide else verdict.reason)
    remedy = "ask for fewer digits, or report the game"
    raise PrecisionError(f"no attempt reached {digits} digits: {failures[-1]}", remedy=remedy)


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


def _reason(verdict: Verdict | None, effort: Effort, digits: int) -> str:
    said = "not checked" if verdict is None else f"accepted by the {verdict.arithmetic} checker"
    return (
        f"{said}: upper - lower <= 10^-{digits} over {effort.nodes} nodes, "
        f"{effort.close_stages} of them beyond float64, {effort.precision} bits"
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
        if digits == max_digits:
            return Decision("undecided", at_least, digits, solution)
        digits = min(2 * digits, max_digits)
