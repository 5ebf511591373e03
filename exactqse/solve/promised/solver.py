"""The solver for gamma > 0 and eta = infinity, for every partition that the leader observes.

Given the follower's values V_h(s), the leader's problem is a linear program at each place and for
each action that he may be made to play. So boxes of values are bounded, each by one linear program
for all that its proof may choose, and halved (proofs/farsighted-strong.md). Before that it is tried
what bounds a leader who remembers, too: often that is all.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import (
    Certificate,
    Cover,
    FarsightedNode,
    Part,
    Slope,
    ValueSplit,
)
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.farsighted.model import Model, model_of
from exactqse.solve.keeping import Outlet, merged
from exactqse.solve.promised.economy import Economy
from exactqse.solve.promised.met import others
from exactqse.solve.promised.policies import Policies
from exactqse.solve.promised.program import entries_of
from exactqse.solve.promised.remembering import bounded_by_memory, has_lines
from exactqse.solve.promised.search import LARGE, Node, Search
from exactqse.solve.rounding import fractional_bits

_STARTS = 16
_DIRECTIONS = 4096  # of frontiers, and
_SHARES = 4  # one of so many shares of the budget, before boxes are divided
_SPARE = 24  # bits for multipliers, which magnify rounding
_NARROW = "float64 could not separate the bounds further"
_MANY = "the game is too large for a program of its bound"


def solve_promised(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
    outlet: Outlet | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= gap.

    ``resume`` is what an earlier solve ended with, and was accepted: its parts are gone on with,
    and no bound is wider than its bounds. ``watch`` is told of the bounds and of the parts (those
    that need no more halving, all, and how many are open). ``outlet`` takes certificates while the
    search goes on.

    Raises:
        PrecisionError: numbers beyond float64, or values of policies that are too long.
    """
    with np.errstate(all="ignore"):  # what is not finite proves nothing
        model = model_of(game)
        policies = Policies(game, model)
        known = resume
        if resume is None or has_lines(resume):
            share = _share(budget, model)
            known = bounded_by_memory(
                game, gap, share, policies, known=resume, alone=share.nodes is None, watch=watch
            )
            if known is not None and known.upper - known.lower <= gap:
                work = share.used, "directions asked for"
                return known, _effort(policies, known, gap, work)
        p = fractional_bits(game, gap, model.scale) + _SPARE
        p = p if resume is None else max(p, resume.precision)
        task = _Task(game, gap, budget, Search(game, model, policies, p, budget), known)
        if resume is not None and not has_lines(resume):
            task.search.plant(resume)
        return task.run(watch, outlet)


def _share(budget: Budget, model: Model) -> Budget:
    """What bounds of leaders who remember may take: all, where boxes cannot be bounded."""
    if entries_of(model) > LARGE:
        return budget.beside(None, shares=1)
    return budget.beside(_DIRECTIONS, shares=_SHARES)


def _effort(
    policies: Policies,
    found: Certificate,
    gap: Fraction,
    work: tuple[int, str],
    stopped: str = "",
    *,
    interrupted: bool = False,
) -> Effort:
    """What it took, and what it met."""
    own = tuple(node for node in found.nodes if isinstance(node, FarsightedNode))
    met = others(policies, own, max(gap, found.upper - found.lower))
    return Effort(len(found.nodes), found.precision, *work, stopped, interrupted, met)


@dataclass(eq=False)
class _Task:
    """A search, with what was known before."""

    game: KernelGame
    gap: Fraction
    budget: Budget
    search: Search
    known: Certificate | None

    def run(self, watch: Watcher | None, outlet: Outlet | None) -> tuple[Certificate, Effort]:
        """What it comes to within the budget."""
        search, budget = self.search, self.budget

        def is_over() -> bool:
            self._spend()
            if watch is not None:
                watch(self.standing())
            if outlet is not None and outlet.is_due() and not budget.spent and search.heap:
                with suppress(PrecisionError):
                    found = self.written()
                    outlet.offer(found, self.effort(found, "the search goes on"))
            return budget.spent or self._capped

        if not search.is_within(self.gap) and not is_over() and not search.given:
            search.scatter(_STARTS, is_over)
        search.run(self.gap, is_over)
        self._spend()
        found = self.written()
        if found.upper - found.lower <= self.gap:
            return found, self.effort(found, "")
        return found, self.effort(found, budget.reason or self._stuck)

    def _spend(self) -> None:
        """Count the parts that were examined since."""
        self.budget.spend(self.search.made - self.budget.used)

    @property
    def _capped(self) -> bool:
        """Whether what was known before bounds J* well enough, with the best policy of now."""
        worth = self.search.policies.worth
        if worth is None or self.known is None:
            return False
        return self.known.upper - worth <= self.gap

    @property
    def _stuck(self) -> str:
        return _MANY if self.search.program is None else _NARROW

    def standing(self) -> Standing:
        """How the search stands."""
        search, worth = self.search, self.search.policies.worth
        upper = search.heap[0][2].bound if search.heap else worth
        if upper is not None and self.known is not None:
            upper = min(upper, self.known.upper)
        every, left = search.made + search.given, len(search.heap)
        return Standing(every - left, every, worth, upper, left)

    def written(self) -> Certificate:
        """The certificate of what is proved. Raises PrecisionError without a policy."""
        policies, p = self.search.policies, self.search.p
        if policies.worth is None:
            what = "the follower's values have too long denominators under every policy that was"
            remedy = "round the rewards and the probabilities"
            raise PrecisionError(f"{what} tried", remedy=remedy)
        lower = Fraction(policies.worth * (1 << p) // 1, 1 << p)
        upper, entries, tables = _cover(self.game, self.search, lower + self.gap)
        head = game_hash(self.game), p, lower, upper
        found = Certificate(*head, policies.nodes, tables, entries)
        return found if self.known is None else merged(found, self.known)

    def effort(self, found: Certificate, stopped: str) -> Effort:
        """What it took."""
        work = self.budget.used, "parts examined"
        interrupted = bool(stopped) and self.budget.interrupted
        policies = self.search.policies
        return _effort(policies, found, self.gap, work, stopped, interrupted=interrupted)


def _cover(
    game: KernelGame, search: Search, enough: Fraction
) -> tuple[Fraction, Cover, tuple[tuple[Slope, ...], ...]]:
    """The largest bound; the tree in preorder without what that, or enough, makes superfluous."""
    leaves = [node.bound for node in search.leaves() if node.bound is not None]
    most = max([*leaves, min(enough, *leaves)] if leaves else [enough])
    economy = Economy(search, most)
    entries: list[Part | ValueSplit] = []
    tables: dict[tuple[Slope, ...], int] = {}
    bounds: list[Fraction] = []
    stack: list[Node] = [search.root]
    while stack:
        node = stack.pop()
        needed = not node.claims or (node.bound is not None and node.bound > most)
        if node.children is not None and needed:
            step, state = game.places[node.axis]
            entries.append(ValueSplit(step, state, node.at))
            stack += node.children[::-1]
            continue
        (claims, slopes), bound = economy.shortened(node)
        entries.append(Part(claims, tables.setdefault(slopes, len(tables))))
        bounds += [] if bound is None else [bound]
    return max(bounds), tuple(entries), tuple(tables)
