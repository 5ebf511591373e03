"""The solver for gamma > 0 and eta = infinity, for every partition that the leader observes.

Given the follower's values V_h(s), the leader's problem is a linear program at each place and for
each action that he may be made to play. So boxes of values are bounded, each by one linear program
for all that its proof may choose, and halved (proofs/farsighted-strong.md).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate, Cover, Part, Slope, ValueSplit
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.solve.effort import Budget, Effort, Progress
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.promised.economy import Economy
from exactqse.solve.promised.met import others
from exactqse.solve.promised.policies import Policies
from exactqse.solve.promised.search import Node, Search
from exactqse.solve.rounding import fractional_bits

_STARTS = 16
_SPARE = 24  # bits for multipliers, which magnify rounding
_NARROW = "float64 could not separate the bounds further"
_MANY = "the game is too large for a program of its bound"


def solve_promised(
    game: KernelGame, gap: Fraction, budget: Budget, *, progress: Progress | None = None
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= gap.

    ``progress`` is called with (parts that need no more halving, parts made so far).

    Raises:
        PrecisionError: numbers beyond float64, or values of policies that are too long.
    """
    with np.errstate(all="ignore"):  # what is not finite proves nothing
        return _solve(game, gap, budget, progress)


def _solve(
    game: KernelGame, gap: Fraction, budget: Budget, progress: Progress | None
) -> tuple[Certificate, Effort]:
    model = model_of(game)
    policies = Policies(game, model)
    p = fractional_bits(game, gap, model.scale) + _SPARE
    search = Search(game, model, policies, p, budget)
    budget.spend(1)

    def is_over(closed: int, made: int) -> bool:
        budget.spend(made - budget.used)
        if progress is not None:
            progress(closed, made)
        return budget.spent

    if not search.is_within(gap) and not is_over(0, 1):
        search.scatter(_STARTS, is_over)
    search.run(gap, is_over)
    if policies.worth is None:
        what = "the follower's values have too long denominators under every policy that was tried"
        raise PrecisionError(what, remedy="round the rewards and the probabilities")
    lower = Fraction(policies.worth * (1 << p) // 1, 1 << p)
    upper, entries, tables = _cover(game, search, lower + gap)
    head = game_hash(game), p, lower, upper
    found = Certificate(*head, policies.nodes, tables, entries)
    stopped = (
        ""
        if upper - lower <= gap
        else budget.reason or (_MANY if search.program is None else _NARROW)
    )
    interrupted = bool(stopped) and budget.interrupted
    work = search.made, "parts examined"
    met = others(policies, policies.nodes, max(gap, upper - lower))
    return found, Effort(len(game.places), p, *work, stopped, interrupted, met)


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
        if node.children is not None and node.bound is not None and node.bound > most:
            step, state = game.places[node.axis]
            entries.append(ValueSplit(step, state, node.at))
            stack += node.children[::-1]
            continue
        (claims, slopes), bound = economy.shortened(node)
        entries.append(Part(claims, tables.setdefault(slopes, len(tables))))
        bounds += [] if bound is None else [bound]
    return max(bounds), tuple(entries), tuple(tables)
