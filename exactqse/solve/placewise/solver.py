"""From a game to a certificate, place by place."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError
from exactqse.kernel.certificate import Certificate, Part
from exactqse.kernel.game import KernelGame
from exactqse.kernel.operators import policy_values
from exactqse.model.graph import describe_graph
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.policies import policy_nodes
from exactqse.solve.frontiers.solver import LEAST, MARGIN, SHARE, below, claimed, finite
from exactqse.solve.placewise.emit import part
from exactqse.solve.placewise.parting import part_regions
from exactqse.solve.placewise.search import Search
from exactqse.solve.rounding import fractional_bits

_SPARE = 0.15  # of the gap: by so much fewer pieces may raise the upper bound
_THINNED = 0.85  # of what is aimed at: or up to this


def solve_places(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int = 0,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for a Markov leader on a tree, whatever she sees; still unchecked.

    It aims at upper - lower <= gap, with claims that are divided (proofs/place-covers.md).
    ``caution`` multiplies the margin against float64's rounding, by 10 for each unit. ``resume``,
    which was accepted, is begun with, and neither bound is worse than its own. ``watch`` is told of
    the bounds after each round.

    Raises:
        InputError: paths meet.
        PrecisionError: numbers beyond float64, or no bound at all in it.
    """
    if merging := describe_graph(game).merging:
        remedy = "use branch and bound"
        raise InputError(f"is no tree, see {merging[0]}", where="game", remedy=remedy)
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        model = model_of(game)
        aimed = min(float(gap), model.scale)
        search = Search(model, aimed, 10.0**caution)
        if resume is not None and isinstance(known := resume.cover[0], Part):
            search.plant(game, known)

        def report(_: int) -> None:
            if watch is not None:
                lower, upper = (finite(value) for value in (search.lower, search.upper))
                watch(Standing(len(game.places), len(game.places), lower, upper))

        search.run(SHARE * aimed, budget, report)
        search.settle()
        missing = search.upper - search.lower
        search.thin(max(_THINNED * aimed - missing, _SPARE * max(aimed, missing)) / 2)
        for place in (place for row in search.places for place in row if place.h):
            part_regions(place)
        margin = max(MARGIN * aimed, LEAST * model.scale) * 10.0**caution
        proof, upper = part(game, search, margin)
        widest = max(high - low for low, high in search.ranges)
    p = fractional_bits(game, gap, model.scale) + ceil(0.75 * widest)
    nodes = policy_nodes(game, search.policy)
    lower = below(game, policy_values(game, nodes, p, FlintElementary()), p, model.scale)
    return claimed(game, gap, budget, p, (lower, upper), nodes, proof, resume)
