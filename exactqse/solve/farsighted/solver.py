"""The solver for gamma > 0, finite eta, any partition that the leader observes.

The follower's soft values V_h(s) are what the leader's problem cannot be divided by: given them it
is one stage after another. So parts of their range are bounded, each on its own, and halved
(proofs/farsighted-bound.md). A good policy from local search gives the lower bound, and the slopes
with which the parts near it are bounded to second order in their width.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log2

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate, FarsightedNode
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.operators import initial_mean, policy_values
from exactqse.solve.effort import Budget, Effort, Progress
from exactqse.solve.farsighted.claims import bounder
from exactqse.solve.farsighted.coarse import coarse_cover
from exactqse.solve.farsighted.emit import cover, sample
from exactqse.solve.farsighted.forests import finer, whole
from exactqse.solve.farsighted.incumbent import Evaluated, best_policy
from exactqse.solve.farsighted.model import Model, model_of
from exactqse.solve.farsighted.reserve import Reserve
from exactqse.solve.farsighted.search import Search
from exactqse.solve.farsighted.slopes import BITS, of_policy, slopes_at
from exactqse.solve.rounding import fractional_bits, rounded

_SHARES = (0.9, 0.7, 0.4)  # of the gap that the search takes; rounding takes the rest
_SLOPE_BITS = 5
_LEVELS = 4  # of trees over the leader's mixtures
_MARGIN = 1e-11
_BITS = 4.5  # for a unit of radius, which multiplies rounding by e up to three times
_BEYOND = "float64 could not separate the bounds further"


def solve_farsighted(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int = 0,
    progress: Progress | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= gap.

    ``caution`` multiplies the margins against float64's rounding, by 1000 for each unit.
    ``progress`` is called with (parts that need no more halving, parts made so far).

    Raises:
        PrecisionError: numbers beyond float64, or exponents of which no cover has few parts.
    """
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        return _solve(game, gap, budget, caution, progress)


def _solve(
    game: KernelGame, gap: Fraction, budget: Budget, caution: int, progress: Progress | None
) -> tuple[Certificate, Effort]:
    model = model_of(game)
    policy = best_policy(model)
    nodes = _nodes(game, policy)
    p = fractional_bits(game, gap, model.scale)
    low, _ = initial_mean(game, policy_values(game, nodes, p, FlintElementary()), p)
    slack = 16 + 2 * int(model.scale + 1).bit_length()  # bits that a checker's arithmetic may lose
    lower = low - Fraction(1 << slack, 1 << p)
    unit = 2.0 ** floor(log2(max(float(gap), 1e-13 * model.scale) / 256))
    search, rounding = _search(model, policy, gap), (unit, _MARGIN * 1000.0**caution)
    task = _Task(game, search, gap, p, lower, nodes, rounding)
    found, stopped = task.searched(budget, progress)
    if found is None or found.upper - lower > gap:
        found = task.at_least_coarse(found)
    stopped = stopped if found.upper - lower > gap else ""
    interrupted = bool(stopped) and budget.interrupted
    work = budget.used, "parts examined"
    return found, Effort(len(nodes), found.precision, *work, stopped, interrupted)


@dataclass(frozen=True)
class _Task:
    """A search with what a certificate has besides its cover; ``rounding``: unit and margin."""

    game: KernelGame
    search: Search
    gap: Fraction
    precision: int
    lower: Fraction
    nodes: tuple[FarsightedNode, ...]
    rounding: tuple[float, float]

    def written(self) -> Certificate:
        """The certificate of what the search has proved. Raises PrecisionError if nothing."""
        with _uncollected():
            entries, tables, upper, wide = cover(self.game, self.search, *self.rounding)
            bounds = self.precision + ceil(_BITS * wide), self.lower, upper
            return Certificate(game_hash(self.game), *bounds, self.nodes, tables, entries)

    def searched(self, budget: Budget, progress: Progress | None) -> tuple[Certificate | None, str]:
        """What the search proves, None if nothing; and why it ended."""
        search = self.search
        reserve = Reserve(budget, lambda: sample(self.game, search, *self.rounding))

        def is_over() -> bool:
            if progress is not None:
                progress(search.closed, search.nodes.size)
            return budget.spent or reserve.is_short(search.nodes.size)

        found = None
        try:
            for share in _SHARES:
                search.run(float(self.lower) + share * float(self.gap), budget, is_over)
                found = self.written()
                if found.upper - self.lower <= self.gap:
                    return found, ""
                if budget.spent or reserve.exhausted:
                    return found, reserve.reason or budget.reason
        except PrecisionError:
            pass
        return found, _BEYOND

    def at_least_coarse(self, found: Certificate | None) -> Certificate:
        """The coarse cover's certificate where that proves more, or where nothing else does."""
        try:
            coarse = coarse_cover(self.game, self.search.model, self.gap / 2)
        except PrecisionError:
            if found is None:
                raise
            return found
        if found is not None and found.upper <= coarse.upper:
            return found
        bounds = max(self.precision, coarse.precision), self.lower, coarse.upper
        head = game_hash(self.game), *bounds, self.nodes
        return Certificate(*head, coarse.tables, coarse.entries)


def _search(model: Model, policy: Evaluated, gap: Fraction) -> Search:
    slopes = slopes_at(model, of_policy(model, policy))
    shift = np.round(model.eta * policy.V[0][0])
    forests = [whole(model), *finer(model, [pi[0] for pi in policy.pi], _LEVELS)]
    digits = log2(model.scale / max(float(gap), 1e-300)) / 2 + _SLOPE_BITS
    bits = round(min(max(digits, 1), BITS))  # boxes are about as wide as the root of the gap
    return Search([bounder(model, z, shift) for z in forests], slopes.joined(slopes.flat()), bits)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would only walk what is made here and stays."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _nodes(game: KernelGame, policy: Evaluated) -> tuple[FarsightedNode, ...]:
    return tuple(
        FarsightedNode(h, s, tuple(rounded(policy.pi[h][0, k, cell[0]]) for cell in game.observes))
        for h, states in enumerate(game.reachable)
        for k, s in enumerate(states)
    )
