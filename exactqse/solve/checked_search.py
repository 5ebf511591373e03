"""Branch and bound, and frontiers, with their checks: where one is refused, margins are widened.

Float64 rounds, so what a search takes for proved may be refused; each further attempt leaves more
room for rounding, and the last one does without float64.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.game import KernelGame
from exactqse.solve import farsighted, frontiers, placewise, promised, strong_frontiers
from exactqse.solve.checking import Checker, verdict_of
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.keeping import Outlet
from exactqse.solve.partition import solve_partition
from exactqse.solve.solution import Solution

_CAUTIONS = (0, 1, 2, None)  # wider margins against float64's rounding; in the end without it
Keeper = Callable[[Solution], None]


@dataclass
class CheckedSearch:
    """A search of one game: the solver of its class, and the checks of what it finds.

    Attributes:
        game: one that is solved by branch and bound, or by frontiers.
        gap: the upper - lower that is asked for.
        budget: what the search may take.
        checker: who checks; None for nobody.
        watch: told how the search stands.
        keep: given the best solutions so far, once checked.
        remembers: whether the leader remembers the history.
        mixtures: whether a cover of the follower's values may divide the leader's mixtures, and
            claims place by place, too.
    """

    game: KernelGame
    gap: Fraction
    budget: Budget
    checker: Checker | None
    watch: Watcher | None
    keep: Keeper | None
    remembers: bool = False
    mixtures: bool = True
    last: Standing | None = None
    outlet: Outlet | None = field(init=False)

    def __post_init__(self) -> None:
        self.outlet = None if self.keep is None else Outlet(self._take)

    def solve(self, resume: Certificate | None) -> Solution:
        """The solution, from a certificate on if one is given. Raises PrecisionError."""
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
        if self.game.eta is None and self.remembers:
            return strong_frontiers.solve_remembering(*arguments, resume=resume, watch=self._watch)
        if self.game.eta is None:
            return promised.solve_promised(
                *arguments, resume=resume, watch=self._watch, outlet=self.outlet
            )
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
            *arguments,
            caution=caution,
            mixtures=self.mixtures,
            resume=resume,
            watch=self._watch,
            outlet=self.outlet,
        )

    def _tree(self, caution: int, resume: Certificate | None) -> tuple[Certificate, Effort]:
        """Place by place; without mixtures to divide, by frontiers that are not divided.

        Where these were resumed, half of the budget is for branch and bound.
        """
        budget = whole = self.budget
        solve = placewise.solve_places
        if not self.mixtures:
            solve = frontiers.solve_tree
            if resume is not None:
                budget = whole.part(whole.nodes or sys.maxsize, shares=2)
        found, effort = solve(
            self.game, self.gap, budget, caution=caution, resume=resume, watch=self._watch
        )
        if effort.stopped and whole.spent:
            effort = replace(effort, stopped=whole.reason, interrupted=whole.interrupted)
        return found, effort

    def _checked(self, found: Certificate, effort: Effort) -> Solution:
        if self.checker is None:
            return Solution(self.game, found, None, effort, self.gap)
        if self.watch is not None and self.last is not None:
            self.watch(replace(self.last, checking=True))
        verdict = verdict_of(self.game, found, self.checker)
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
