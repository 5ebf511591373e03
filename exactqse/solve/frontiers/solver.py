"""The solver for leaders who remember: gamma > 0, finite eta, any partition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.operators import history_values, initial_mean
from exactqse.solve.effort import Budget, Effort
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.frontiers.emit import part, slopes
from exactqse.solve.frontiers.memories import memories
from exactqse.solve.frontiers.search import Search
from exactqse.solve.prescription import Progress

_SHARE = 0.7  # of the gap that the search takes; rounding takes the rest
_MARGIN = 0.05


def solve_history(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int = 0,
    progress: Progress | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for a leader who remembers, still unchecked, with upper - lower <= gap aimed at.

    ``caution`` multiplies the margin against float64's rounding, by 10 for each unit.

    Raises:
        PrecisionError: numbers beyond float64, or no bound at all in it.
    """
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        search = Search(model_of(game), float(gap))
        search.run(_SHARE * float(gap), budget)
        margin = max(_MARGIN * float(gap), 1e-12 * search.model.scale) * 10.0**caution
        proof, upper = part(game, search, margin)
        nodes = memories(game, search)
    p = precision_for(game, gap, search.model.scale)
    low, _, denominator = initial_mean(game, history_values(game, nodes, p, FlintElementary()))
    lower = Fraction(low - (denominator << 12), denominator << p)
    if progress is not None:
        progress(len(nodes), len(nodes))
    found = Certificate(game_hash(game), p, lower, upper, nodes, slopes(game), (proof,))
    stopped = search.stopped(budget) if upper - lower > gap else ""
    return found, Effort(len(nodes), p, budget.used, "bounds examined", stopped)


def precision_for(game: KernelGame, gap: Fraction, scale: float) -> int:
    """Fractional bits: of the gap, and as many again for sums, exponentials and divisions."""
    size = int(scale + 1).bit_length()
    return max(64, int(1 / gap).bit_length() + 48) + 2 * size + game.horizon.bit_length()
