"""Leaders who remember, and trees: gamma > 0, finite eta, any partition.

Where the leader remembers and randomises publicly, a place is worth to its parents what its
frontier says, and backward induction over frontiers is exact (proofs/frontiers.md). Where no two
paths meet, that bounds a Markov leader as well, and often she needs one memory of each place only.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError
from exactqse.kernel.certificate import Certificate, FarsightedNode, HistoryNode, Part
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval
from exactqse.kernel.operators import initial_mean, policy_values
from exactqse.model.graph import describe_graph
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.farsighted.incumbent import best_policy
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.policies import policy_nodes
from exactqse.solve.frontiers.emit import part, slopes
from exactqse.solve.frontiers.memories import likely, memories
from exactqse.solve.frontiers.search import Search
from exactqse.solve.keeping import merged
from exactqse.solve.rounding import fractional_bits, slack

SHARE = 0.7  # of the gap that the search takes; rounding takes the rest
MARGIN = 0.05  # of the gap
LEAST = 1e-12  # of the values' scale
_UNIT = "bounds examined"
_STUCK = "finer frontiers do not bring the bounds closer together"


def solve_history(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int = 0,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for a leader who remembers and randomises publicly, still unchecked.

    It aims at upper - lower <= gap. Where she wants the follower to have less and her best choice
    jumps, the bound may stay above the chord of the jump; then the effort says so. ``caution``
    multiplies the margin against float64's rounding, by 10 for each unit. ``resume``, which was
    accepted, is begun with, and neither bound is worse than its own. ``watch`` is told of the
    places that a round is done with, and of the bounds of the last round.

    Raises:
        InputError: gamma = 0 or eta = infinity, where no memory matters.
        PrecisionError: numbers beyond float64, or no bound at all in it.
    """
    search, proof, upper = _searched(_Aim(game, gap, budget, caution, resume, watch), certain=True)
    nodes = memories(game, search)
    p = _precision(game, gap, search)
    lower = below(game, policy_values(game, nodes, p, FlintElementary()), p, search.model.scale)
    return claimed(game, gap, budget, p, (lower, upper), nodes, proof, resume)


def solve_tree(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int = 0,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for a Markov leader in a game whose places form a tree, still unchecked.

    The bound is that of a leader who remembers. She has one way to a place, but after several
    follower actions there, or with a lottery, several memories of a place may be worth more than
    any one: then upper - lower > gap, and the effort says so. Arguments as in ``solve_history``.

    Raises:
        InputError: as ``solve_history``, or paths meet.
        PrecisionError: as ``solve_history``.
    """
    if merging := describe_graph(game).merging:
        remedy = "use branch and bound"
        raise InputError(f"is no tree, see {merging[0]}", where="game", remedy=remedy)
    search, proof, upper = _searched(_Aim(game, gap, budget, caution, resume, watch), certain=False)
    p = _precision(game, gap, search)
    found = []
    for nodes in (_kept(game, memories(game, search)), _ascended(game, search)):
        after = policy_values(game, nodes, p, FlintElementary())
        found.append((below(game, after, p, search.model.scale), nodes))
        if upper - found[0][0] <= gap:
            break
    lower, best = max(found, key=lambda pair: pair[0])
    return claimed(game, gap, budget, p, (lower, upper), best, proof, resume)


@dataclass(frozen=True)
class _Aim:
    """What is asked of a solve."""

    game: KernelGame
    gap: Fraction
    budget: Budget
    caution: int
    resume: Certificate | None
    watch: Watcher | None


def _searched(aim: _Aim, *, certain: bool) -> tuple[Search, Part, Fraction]:
    """The frontiers, the part that they make, and its bound.

    ``certain``: the lower bound of the search is one of what is solved for, too.
    """
    game, gap, budget = aim.game, aim.gap, aim.budget
    if not game.gamma or game.eta is None:
        where = "gamma" if game.eta is not None else "eta"
        what = "no memory matters to a follower who is myopic or best responds"
        raise InputError(what, where=where, remedy="use solve")
    if not gap > 0:
        raise InputError(f"{gap} is not positive", where="gap")
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        model = model_of(game)
        aimed = min(float(gap), model.scale)  # more would only make bounds wider than any value
        search = Search(model, aimed, 10.0**aim.caution)
        if aim.resume is not None and isinstance(known := aim.resume.cover[0], Part):
            search.plant(known)

        def report(done: int) -> None:
            if aim.watch is not None:
                lower, upper = (finite(value) for value in (search.lower, search.upper))
                lower = lower if certain else None
                aim.watch(Standing(done, len(game.places), lower, upper))

        search.run(SHARE * aimed, budget, report)
        margin = max(MARGIN * aimed, LEAST * search.model.scale) * 10.0**aim.caution
        return search, *part(game, search, margin)


def finite(value: float) -> Fraction | None:
    """The number, if it is one."""
    return Fraction(value) if np.isfinite(value) else None


def _kept(game: KernelGame, nodes: tuple[HistoryNode, ...]) -> tuple[FarsightedNode, ...]:
    """The likeliest memory of each place; a place that no memory is of gets the first action."""
    best = likely(nodes)
    rows = []
    for h, s in game.places:
        policy = (
            best[h, s].policy if (h, s) in best else (((0, Fraction(1)),),) * len(game.observes)
        )
        rows.append(FarsightedNode(h, s, policy))
    return tuple(rows)


def _ascended(game: KernelGame, search: Search) -> tuple[FarsightedNode, ...]:
    """What local search from many starts finds."""
    with np.errstate(all="ignore"):
        policy = best_policy(search.model)
    return policy_nodes(game, policy)


def below(game: KernelGame, values: dict[int, Interval], p: int, scale: float) -> Fraction:
    """The value of the first step, rounded down."""
    return initial_mean(game, values, p)[0] - slack(p, scale)


def claimed(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    p: int,
    bounds: tuple[Fraction, Fraction],
    nodes: tuple[HistoryNode, ...] | tuple[FarsightedNode, ...],
    proof: Part,
    resume: Certificate | None,
    *,
    unit: str = _UNIT,
) -> tuple[Certificate, Effort]:
    """The certificate and what it took, in ``unit``, with what was resumed where that is better."""
    found = Certificate(game_hash(game), p, *bounds, nodes, slopes(game), (proof,))
    if resume is not None:
        found = merged(found, resume)
    stopped = (budget.reason or _STUCK) if found.upper - found.lower > gap else ""
    interrupted = bool(stopped) and budget.interrupted
    work = budget.used, unit
    return found, Effort(len(found.nodes), found.precision, *work, stopped, interrupted)


def _precision(game: KernelGame, gap: Fraction, search: Search) -> int:
    """Fractional bits, with those of e^{v - m}."""
    return fractional_bits(game, gap, search.model.scale) + ceil(1.5 * search.radius)
