"""The solver for leaders who remember, where gamma > 0 and eta = infinity."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, log2

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate, HistoryNode, Part
from exactqse.kernel.game import KernelGame
from exactqse.kernel.stage import FailureError
from exactqse.kernel.strong import lines_bound, policy_worth
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.frontiers.solver import claimed
from exactqse.solve.rounding import fractional_bits
from exactqse.solve.strong_frontiers.memories import memories
from exactqse.solve.strong_frontiers.numbers import above
from exactqse.solve.strong_frontiers.search import Pass, Search

_SHARE = 4  # tolerances of inner and outer frontiers take half of the gap
_FINER = 8
_SPARE = 24  # bits for multipliers, which magnify rounding
_UNIT = "directions asked for"


def solve_remembering(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for a leader who remembers and randomises publicly, still unchecked.

    It aims at upper - lower <= gap. Frontiers are made finer pass by pass; where a limit ends a
    pass what the last one found is returned.

    Args:
        game: gamma > 0 and eta = infinity, any partition.
        gap: positive.
        budget: a node is a direction at a place.
        resume: one that was accepted; neither bound is worse than its own, and the second pass is
            finer than it is.
        watch: told how the search stands.

    Raises:
        PrecisionError: numbers beyond float64, or values of the follower that are too long.
    """
    p = bits_of(game, gap)
    wide = None if resume is None else resume.upper - resume.lower
    *_, best = passes(game, gap, p, budget, wide=wide, watch=watch)
    nodes, proof, bounds = _proved(game, best, p)
    return claimed(game, gap, budget, p, bounds, nodes, proof, resume, unit=_UNIT)


def bits_of(game: KernelGame, gap: Fraction) -> int:
    """Fractional bits of a proof of this gap. PrecisionError beyond float64."""
    return fractional_bits(game, gap, model_of(game).scale) + _SPARE


def passes(
    game: KernelGame,
    gap: Fraction,
    p: int,
    budget: Budget,
    *,
    wide: Fraction | None = None,
    watch: Watcher | None = None,
) -> Iterator[Pass]:
    """One at least, each finer than the last, until bounds are within half of the gap.

    They end where a pass would be no finer, or the budget is spent. The second is finer than
    ``wide``, the width of bounds that are known.
    """
    scale = model_of(game).scale
    finest = min(gap, above(Fraction(scale), 0) or gap) / (_SHARE * game.horizon)
    found: list[Pass] = []

    def report(done: int) -> None:
        if watch is not None:
            bounds = (found[-1].lower, found[-1].upper) if found else (None, None)
            watch(Standing(done, len(game.places), *bounds))

    bits = p // 2 + ceil(log2(max(scale, 1)))
    search = Search(game, bits, p, budget, report)
    tolerance: Fraction | None = None
    while (made := search.once(tolerance)) is not None:
        found.append(made)
        yield made
        width = made.upper - made.lower
        wide = width if wide is None else min(width, wide)
        if budget.spent or tolerance == finest or wide <= gap / 2:
            return
        tolerance = max((tolerance or wide) / _FINER, finest)


def _proved(
    game: KernelGame, best: Pass, p: int
) -> tuple[tuple[HistoryNode, ...], Part, tuple[Fraction, Fraction]]:
    """Memories, the part that bounds them, and the bounds as the checker finds them."""
    nodes = memories(game, best.plays)
    part = best.part(game)
    try:
        lower = -above(-policy_worth(game, nodes), p)
    except FailureError as failure:
        raise PrecisionError(
            str(failure), remedy="round the rewards and the probabilities"
        ) from None
    return nodes, part, (lower, above(lines_bound(game, part, p), p))
