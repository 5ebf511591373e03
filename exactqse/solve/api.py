"""``solve``: search, write the certificate, have it checked, else try harder."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, get_args

from exactqse.errors import InputError, KindError, PrecisionError, shown
from exactqse.kernel.certificate import Certificate, Claim, MixtureSplit, Part
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.arrays import exact
from exactqse.solve.checked_search import CheckedSearch, Keeper
from exactqse.solve.checking import Checker, require_checker, verdict_of
from exactqse.solve.coverage import is_searched
from exactqse.solve.effort import Budget, Effort, Progress, Watcher, counting, interruptible
from exactqse.solve.prescription import solve_prescription
from exactqse.solve.solution import Solution
from exactqse.solve.strong import solve_strong

MAX_DIGITS = 1000
DEFAULT_DIGITS = 30
SEARCH_DIGITS = 6  # by branch and bound, gamma = 0
FARSIGHTED_DIGITS = 3
_RETRIES = (0, 32, 128)  # extra bits of each attempt
Leader = Literal["markov", "history"]


def solve(
    game: KernelGame,
    digits: int | None = None,
    *,
    gap: Fraction | float | str | None = None,
    time_limit: float | None = None,
    node_limit: int | None = None,
    leader: Leader = "markov",
    mixtures: bool = True,
    resume: Certificate | None = None,
    checker: Checker | None = "kernel",
    progress: Watcher | None = None,
    keep: Keeper | None = None,
) -> Solution:
    """The quantal Stackelberg equilibrium: lower <= J(policy) <= J* = sup_pi J(pi) <= upper.

    A leader who sees the action is solved to any number of digits in polynomial time. One who sees
    less is solved by branch and bound in float64: the certificate is as exact, but its gap may stay
    above what was asked for; ``Solution.reached`` and ``.reason`` say so. So is every game with a
    farsighted follower (gamma > 0). A follower who best responds (eta infinite) breaks ties in her
    favour; for gamma = 0 the bounds are equal whatever was asked for, unless numbers became too
    long (proofs/strong-stackelberg.md), for gamma > 0 they are searched for
    (proofs/farsighted-strong.md).

    A solve may be stopped at any time, by a limit or by Ctrl-C: the first Ctrl-C ends it, the best
    so far is checked and returned; the second is a KeyboardInterrupt. (In the main thread, and
    where nobody else handles the signal.) A search may be continued from its certificate. For gamma
    > 0 with eta infinite a leader who remembers is solved in exact rationals, pass by pass
    (proofs/strong-frontiers.md).

    Args:
        game: any partition that the leader observes, any gamma and any eta.
        digits: upper - lower <= 10^-digits, 1 to 1000; by default 30 without branch and bound, 6
            with it for gamma = 0, 3 for gamma > 0.
        gap: the same as a number: upper - lower <= gap. Not together with ``digits``.
        time_limit: seconds after which the search settles for the gap that it has. A game that is
            solved backward without one has bounds of little worth before it is done.
        node_limit: the same, in parts examined; without search, in (step, state) pairs.
        leader: "markov", whose policy depends on step and state, or "history": she remembers, and
            randomises publicly. For gamma = 0 and for a leader of one step both are worth the same;
            else J* is over what was asked for, and the certificate has its own kind.
        mixtures: for gamma > 0, whether the search may divide the leader's mixtures, and on trees
            single claims, besides the follower's values. Without that its certificate is one that
            :func:`coq_file` takes, but the gap may not close, however long it is searched.
        resume: the certificate of an earlier solve of this game, whose branch and bound is gone on
            with; it is checked first. Neither bound will be worse than its own.
        checker: who checks the certificate: "kernel" (integers only), "flint" (the same check with
            arb's exp and log), or None: then nothing is certified until you call ``check``.
        progress: called with a :class:`Standing` whenever something was done.
        keep: called with the best solution so far, once checked, about every 30 seconds of branch
            and bound, less often where checks are slow.

    Raises:
        InputError: not a game; digits, gap, a limit or checker out of range; a certificate to
            resume that is another game's or leader's, not accepted, or of a game solved without
            search.
        PrecisionError: no attempt ended with an accepted certificate.
    """
    _require_functions(progress=progress, keep=keep)
    if checker is not None:
        require_checker(checker, "'kernel', 'flint' or None")
    require_game(game)
    _require_leader(leader)
    aim = _aim(game, digits, gap)
    budget = budget_of(time_limit, node_limit)
    if resume is not None:
        _require_search(game)
    counted = counting(progress, checked=checker is not None)
    with interruptible(budget):
        if game.eta is None and not game.gamma:
            found, effort = solve_strong(game, counted, budget=budget)
            return _accepted(game, found, effort, aim, checker)
        if not is_searched(game):
            return _solve_prescription(game, _digits_of(aim), checker, counted, budget)
        if resume is not None:
            _require_resumable(game, resume, checker or "kernel", leader)
            _require_undivided(resume, mixtures=mixtures)
        remembers = leader == "history"
        search = CheckedSearch(
            game, aim, budget, checker, progress, keep, remembers=remembers, mixtures=mixtures
        )
        return search.solve(resume)


def _require_functions(**functions: object) -> None:
    for name, function in functions.items():
        if function is not None and (isinstance(function, type) or not callable(function)):
            raise KindError(f"{shown(function)} is not a function", where=name)


def _require_leader(leader: object) -> None:
    if leader not in get_args(Leader):
        raise InputError(f"{shown(leader)} is not 'markov' or 'history'", where="leader")


def _require_undivided(resume: Certificate, *, mixtures: bool) -> None:
    """Raise InputError if what is resumed divides mixtures, or claims, and must not."""
    claims = [claim for entry in resume.cover if isinstance(entry, Part) for claim in entry.claims]
    divided = any(
        claim.divisions or any(piece.ties for piece in claim.pieces)
        for claim in claims
        if isinstance(claim, Claim)
    )
    if not mixtures and (divided or any(isinstance(e, MixtureSplit) for e in resume.cover)):
        remedy = "resume with mixtures, or begin anew without"
        what = "divides the leader's mixtures, or claims place by place"
        raise InputError(what, where="resume", remedy=remedy)


def _require_search(game: KernelGame) -> None:
    """Raise InputError unless a search of this game can be gone on with."""
    if not is_searched(game):
        what = "there is no search to go on with"
        raise InputError(what, where="resume", remedy="leave it out")


def _require_resumable(
    game: KernelGame, resume: Certificate, checker: Checker, leader: Leader
) -> None:
    verdict = verdict_of(game, resume, checker)
    if verdict.outcome != "accepted":
        what = f"the certificate is {verdict.outcome}: {verdict.reason}"
        raise InputError(what, where="resume", remedy="give one that the checker accepts")
    if game.gamma and verdict.leader != leader:
        names = {"markov": "a Markov leader", "history": "a leader who remembers"}
        what = f"the certificate is that of {names[verdict.leader]}, not of {names[leader]}"
        raise InputError(what, where="resume", remedy="give one of the same leader")


def _aim(game: KernelGame, digits: int | None, gap: Fraction | float | str | None) -> Fraction:
    """The gap asked for, or the default of the game's class."""
    if digits is not None and gap is not None:
        raise InputError("says the same as digits", where="gap", remedy="give one of them")
    if digits is None and gap is None:
        easy = SEARCH_DIGITS if is_searched(game) else DEFAULT_DIGITS
        digits = FARSIGHTED_DIGITS if game.gamma else easy
    if digits is not None:
        require_digits(digits, "digits")
        return Fraction(1, 10**digits)
    value = exact(gap, "gap")
    if not Fraction(1, 10**MAX_DIGITS) <= value:
        raise InputError(f"{shown(gap)} is not at least 10^-{MAX_DIGITS}", where="gap")
    return value


def _digits_of(gap: Fraction) -> int:
    """The fewest digits d >= 1 with 10^-d <= gap."""
    inverse = -(-gap.denominator // gap.numerator)
    return len(str(inverse - 1))


def budget_of(time_limit: float | None, node_limit: int | None) -> Budget:
    """The budget of these limits. Raises InputError unless they are positive numbers."""
    for value, where in ((time_limit, "time_limit"), (node_limit, "node_limit")):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise InputError(f"{shown(value)} is not a positive number", where=where)
    return Budget(seconds=time_limit, nodes=node_limit)


def _solve_prescription(
    game: KernelGame,
    digits: int,
    checker: Checker | None,
    progress: Progress | None,
    budget: Budget,
) -> Solution:
    failures = []
    for extra in _RETRIES:
        try:
            found, effort = solve_prescription(
                game,
                digits,
                extra=extra,
                trust_floats=extra == 0,
                budget=budget,
                progress=progress,
            )
        except PrecisionError as error:
            failures.append(str(error))
            continue
        verdict = None if checker is None else verdict_of(game, found, checker)
        wide = not effort.stopped and _is_wide(found, digits)
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


def _accepted(
    game: KernelGame, found: Certificate, effort: Effort, aim: Fraction, checker: Checker | None
) -> Solution:
    verdict = None if checker is None else verdict_of(game, found, checker)
    if verdict is not None and verdict.outcome != "accepted":
        raise PrecisionError(f"the certificate is {verdict.outcome}: {verdict.reason}")
    return Solution(game, found, verdict, effort, aim)


def require_digits(digits: object, where: str) -> None:
    """Raise InputError unless it is a number of digits that may be asked for."""
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= MAX_DIGITS:
        raise InputError(f"{shown(digits)} is not an integer in 1..{MAX_DIGITS}", where=where)
