"""``solve`` and ``decide``: search, write the certificate, have it checked, else try harder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, get_args

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError, KindError, NotCoveredError, PrecisionError, shown
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import Verdict, check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.arrays import exact
from exactqse.solve import farsighted, frontiers, promised
from exactqse.solve.coverage import observes_action
from exactqse.solve.effort import (
    Budget,
    Effort,
    Progress,
    Standing,
    Watcher,
    counting,
    interruptible,
)
from exactqse.solve.keeping import Outlet
from exactqse.solve.partition import solve_partition
from exactqse.solve.prescription import solve_prescription
from exactqse.solve.solution import Solution
from exactqse.solve.strong import solve_strong

MAX_DIGITS = 1000
DEFAULT_DIGITS = 30
SEARCH_DIGITS = 6  # by branch and bound, gamma = 0
FARSIGHTED_DIGITS = 3
_RETRIES = (0, 32, 128)  # extra bits of each attempt
_CAUTIONS = (0, 1, 2, None)  # wider margins against float64's rounding; in the end without it
Checker = Literal["kernel", "flint"]
Leader = Literal["markov", "history"]
Keeper = Callable[["Solution"], None]


def solve(
    game: KernelGame,
    digits: int | None = None,
    *,
    gap: Fraction | float | str | None = None,
    time_limit: float | None = None,
    node_limit: int | None = None,
    leader: Leader = "markov",
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
    where nobody else handles the signal.) A search may be continued from its certificate, but not
    for gamma > 0 with eta infinite.

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
        resume: the certificate of an earlier solve of this game, whose branch and bound is gone on
            with; it is checked first. Neither bound will be worse than its own.
        checker: who checks the certificate: "kernel" (integers only), "flint" (the same check with
            arb's exp and log), or None: then nothing is certified until you call ``check``.
        progress: called with a :class:`Standing` whenever something was done.
        keep: called with the best solution so far, once checked, about every 30 seconds of branch
            and bound, less often where checks are slow.

    Raises:
        NotCoveredError: a leader who remembers, with gamma > 0, eta = infinity and several steps.
        InputError: not a game; digits, gap, a limit or checker out of range; a certificate to
            resume that is another game's or leader's, not accepted, or of a game solved without
            search.
        PrecisionError: no attempt ended with an accepted certificate.
    """
    if checker is not None:
        _require_checker(checker, "'kernel', 'flint' or None")
    for function, where in ((progress, "progress"), (keep, "keep")):
        if function is not None and (isinstance(function, type) or not callable(function)):
            raise KindError(f"{shown(function)} is not a function", where=where)
    require_game(game)
    _require_leader(game, leader)
    searched = _is_searched(game)
    if digits is None and gap is None:
        digits = FARSIGHTED_DIGITS if game.gamma else SEARCH_DIGITS if searched else DEFAULT_DIGITS
    aim = _aim(digits, gap)
    budget = _budget(time_limit, node_limit)
    if resume is not None and not searched:
        what = "there is no search to go on with"
        raise InputError(what, where="resume", remedy="leave it out")
    if resume is not None and not _is_resumable(game):
        what = "not covered: gamma > 0 with eta = infinity"
        raise InputError(what, where="resume", remedy="leave it out")
    counted = counting(progress, checked=checker is not None)
    with interruptible(budget):
        if game.eta is None and not game.gamma:
            found, effort = solve_strong(game, counted, budget=budget)
            return _accepted(game, found, effort, aim, checker)
        if not searched:
            return _solve_prescription(game, _digits_of(aim), checker, counted, budget)
        if resume is not None:
            _require_resumable(game, resume, checker or "kernel", leader)
        remembers = leader == "history"
        search = _Search(game, aim, budget, checker, progress, keep, remembers=remembers)
        return search.solve(resume)


def _require_leader(game: KernelGame, leader: object) -> None:
    if leader not in get_args(Leader):
        raise InputError(f"{shown(leader)} is not 'markov' or 'history'", where="leader")
    if leader == "history" and game.gamma and game.eta is None and game.horizon > 1:
        what = "not covered: a leader who remembers, with gamma > 0 and eta = infinity"
        raise NotCoveredError(what, where="leader", remedy="leave it out, or choose a finite eta")


def _is_searched(game: KernelGame) -> bool:
    """Whether it is solved by branch and bound, or by frontiers."""
    easy = game.eta is None or observes_action(game) or game.leader_actions == 1
    return bool(game.gamma) or not easy


def _is_resumable(game: KernelGame) -> bool:
    return _is_searched(game) and (game.eta is not None or not game.gamma)


def _require_resumable(
    game: KernelGame, resume: Certificate, checker: Checker, leader: Leader
) -> None:
    verdict = _verdict(game, resume, checker)
    if verdict.outcome != "accepted":
        what = f"the certificate is {verdict.outcome}: {verdict.reason}"
        raise InputError(what, where="resume", remedy="give one that the checker accepts")
    if game.gamma and verdict.leader != leader:
        names = {"markov": "a Markov leader", "history": "a leader who remembers"}
        what = f"the certificate is that of {names[verdict.leader]}, not of {names[leader]}"
        raise InputError(what, where="resume", remedy="give one of the same leader")


def _aim(digits: int | None, gap: Fraction | float | str | None) -> Fraction:
    """The gap asked for."""
    if digits is not None and gap is not None:
        raise InputError("says the same as digits", where="gap", remedy="give one of them")
    if digits is not None:
        _require_digits(digits, "digits")
        return Fraction(1, 10**digits)
    value = exact(Fraction(0) if gap is None else gap, "gap")
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
        verdict = None if checker is None else _verdict(game, found, checker)
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


@dataclass
class _Search:
    """A branch and bound with its checks."""

    game: KernelGame
    gap: Fraction
    budget: Budget
    checker: Checker | None
    watch: Watcher | None
    keep: Keeper | None
    remembers: bool = False
    last: Standing | None = None
    outlet: Outlet | None = field(init=False)

    def __post_init__(self) -> None:
        self.outlet = None if self.keep is None else Outlet(self._take)

    def solve(self, resume: Certificate | None) -> Solution:
        solution = None
        for caution in _CAUTIONS:
            if self.remembers and self.game.gamma and caution is None:
                break
            solution = self._checked(*self._found(caution, resume))
            if solution.verdict is None or solution.certified:
                return solution
        said = "" if solution is None or solution.verdict is None else solution.verdict.reason
        what = f"no attempt ended with an accepted certificate: {said}"
        raise PrecisionError(what, remedy="ask for a wider gap, or report the game")

    def _found(self, caution: int | None, resume: Certificate | None) -> tuple[Certificate, Effort]:
        if self.game.gamma:
            return self._farsighted(caution, resume)
        return solve_partition(
            self.game,
            self.gap,
            self.budget,
            caution=caution,
            resume=resume,
            watch=self._watch,
            found=None if self.outlet is None else self.outlet.offer,
        )

    def _farsighted(
        self, caution: int | None, resume: Certificate | None
    ) -> tuple[Certificate, Effort]:
        """Frontiers for who remembers; on a tree they may do for who does not, too."""
        arguments = self.game, self.gap, self.budget
        if self.game.eta is None:
            return promised.solve_promised(*arguments, progress=self._parts)
        if self.remembers:
            return frontiers.solve_history(
                *arguments, caution=caution or 0, resume=resume, watch=self._watch
            )
        if caution is not None and frontiers.is_tree(self.game):
            with suppress(PrecisionError):  # branch and bound may have a bound all the same
                resume, effort = self._tree(caution, resume)
                if not effort.stopped or self.budget.spent:
                    return resume, effort
        return farsighted.solve_farsighted(
            *arguments, caution=caution, resume=resume, watch=self._watch, outlet=self.outlet
        )

    def _tree(self, caution: int, resume: Certificate | None) -> tuple[Certificate, Effort]:
        """By frontiers; where these were resumed, half of the budget is for branch and bound."""
        whole = self.budget
        half = whole if resume is None else whole.part(whole.nodes or sys.maxsize, shares=2)
        found, effort = frontiers.solve_tree(
            self.game, self.gap, half, caution=caution, resume=resume, watch=self._watch
        )
        if effort.stopped and whole.spent:
            effort = replace(effort, stopped=whole.reason, interrupted=whole.interrupted)
        return found, effort

    def _parts(self, closed: int, made: int) -> None:
        self._watch(Standing(0, len(self.game.places), open_parts=made - closed))

    def _checked(self, found: Certificate, effort: Effort) -> Solution:
        if self.checker is None:
            return Solution(self.game, found, None, effort, self.gap)
        if self.watch is not None and self.last is not None:
            self.watch(replace(self.last, checking=True))
        verdict = _verdict(self.game, found, self.checker)
        return Solution(self.game, found, verdict, effort, self.gap)

    def _watch(self, standing: Standing) -> None:
        self.last = standing
        if self.watch is not None:
            self.watch(standing)

    def _take(self, found: Certificate, effort: Effort) -> None:
        """Hand a solution out, once it is checked."""
        solution = self._checked(found, effort)
        if self.keep is not None and (solution.verdict is None or solution.certified):
            self.keep(solution)


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
    progress: Watcher | None = None,
) -> Decision:
    """Decide J* >= at_least by doubling the digits from 5 until the certified bounds settle it.

    ``progress`` is told of each solve. A search that Ctrl-C ends may leave it undecided.

    Raises:
        NotCoveredError, InputError, PrecisionError: as :func:`solve`.
    """
    _require_digits(max_digits, "max_digits")
    _require_checker(checker, "'kernel' or 'flint'")
    at_least = exact(at_least, "at_least")
    digits = min(5, max_digits)
    known: Certificate | None = None
    while True:
        solution = solve(game, digits, resume=known, checker=checker, progress=progress)
        known = solution.certificate if _is_resumable(game) else None
        if solution.lower >= at_least:
            return Decision("yes", at_least, digits, solution)
        if solution.upper < at_least:
            return Decision("no", at_least, digits, solution)
        if digits == max_digits or not solution.reached:
            return Decision("undecided", at_least, digits, solution)
        digits = min(2 * digits, max_digits)
