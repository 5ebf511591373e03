"""The solver for gamma > 0, finite eta, any partition that the leader observes.

The follower's soft values V_h(s) are what the leader's problem cannot be divided by: given them it
is one stage after another. So parts of their range are bounded, each on its own, and halved; and
mixtures are, where that is not enough (proofs/farsighted-bound.md). A good policy from local search
gives the lower bound, and the slopes with which the parts near it are bounded to second order in
their width.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, log2

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import AnyNode, Certificate
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.operators import initial_mean, policy_values
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.farsighted.claims import bounder
from exactqse.solve.farsighted.coarse import coarse_cover
from exactqse.solve.farsighted.emit import cover, sample
from exactqse.solve.farsighted.forests import Forest, finer, whole
from exactqse.solve.farsighted.incumbent import (
    Evaluated,
    ascended,
    good_policies,
    together,
)
from exactqse.solve.farsighted.model import Model, model_of
from exactqse.solve.farsighted.planting import plant
from exactqse.solve.farsighted.policies import Nodes, others, policy_in_floats, policy_nodes
from exactqse.solve.farsighted.reserve import Reserve
from exactqse.solve.farsighted.search import NO_ROOT, Search
from exactqse.solve.farsighted.slopes import BITS, of_policy, slopes_at
from exactqse.solve.keeping import Outlet, merged
from exactqse.solve.rounding import fractional_bits, slack

# of the gap that the search takes, and that parts of a cover may have; rounding takes the rest
_SHARES = ((0.93, 0.97), (0.7, 0.85), (0.4, 0.6))
_LESS = 0.04  # of the gap: what a cover may prove less than the search, where that proves more
_SLOPE_BITS = 5
_LEVELS = 4  # of trees over the leader's mixtures
_MARGIN = 1e-11
_EXACT = 1e12  # exponents, whose differences are known to four digits
_MUCH = 1e-12  # of the scale of values, by which a known policy has to be better
_FIRST_ASCENT, _NEXT_ASCENT = 256, 2  # parts, and times as many
_LEADING = 64  # parts with the largest bounds, from which policies are ascended
_BITS = 4.5  # for a unit of radius, which multiplies rounding by e up to three times
_BEYOND = "float64 could not separate the bounds further"


def solve_farsighted(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int | None = 0,
    mixtures: bool = True,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
    outlet: Outlet | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= gap.

    ``caution`` multiplies the margins against float64's rounding, by 1000 for each unit; with None
    nothing is searched: there is only the bound that no rewards are too large for. Without
    ``mixtures`` the cover divides the follower's values only. ``resume`` is what an earlier solve
    ended with, and was accepted: no bound is wider than its bounds.
    ``watch`` is told of the bounds of the search, of its parts (all, and those that need no more
    halving), and how many are open. ``outlet`` takes certificates while the search goes on.

    Raises:
        PrecisionError: numbers beyond float64, or exponents of which no cover has few parts.
    """
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        return _solve(_Aim(game, gap, budget, caution, mixtures, resume), watch, outlet)


@dataclass(frozen=True)
class _Aim:
    """What is asked of a solve."""

    game: KernelGame
    gap: Fraction
    budget: Budget
    caution: int | None
    mixtures: bool
    known: Certificate | None


def _solve(aim: _Aim, watch: Watcher | None, outlet: Outlet | None) -> tuple[Certificate, Effort]:
    game, gap, budget, known = aim.game, aim.gap, aim.budget, aim.known
    model = model_of(game)
    met = _start(model, known)
    policy = met.first
    nodes: tuple[AnyNode, ...] = policy_nodes(game, policy)
    p = fractional_bits(game, gap, model.scale)
    lower = _below(game, nodes, p, model.scale)
    least = 0
    if known is not None:
        least = known.precision if known.lower > lower else 0
        known = merged(replace(known, precision=p, lower=lower, nodes=nodes), known)
        lower, nodes = known.lower, known.nodes
        if known.upper - lower <= gap:
            return known, _effort(known, budget, "", others(known, game, model, met, gap))
    size = min(max(float(gap), 1e-13 * model.scale), model.scale)
    unit = 2.0 ** floor(log2(size / 256))
    forests = [whole(model), *finer(model, [pi[0] for pi in policy.pi], _LEVELS)]
    search, rounding = (
        _search(model, forests, policy, aim),
        (unit, _MARGIN * 1000.0 ** (aim.caution or 0)),
    )
    if known is not None and (planted := plant(game, model, known)) is not None:
        search.plant(planted, planted.kinds(forests), lambda: budget.spent)
    task = _Task(game, search, gap, (p, least), lower, nodes, rounding, known, met)
    task.worth = float(policy.worth(model)[0])
    found, stopped = known, _BEYOND
    far = model.eta * max(float(np.abs(layer.r).max()) for layer in model.layers) > _EXACT
    if aim.caution is not None and not far:
        found, stopped = task.searched(budget, watch, outlet)
    if found is None or found.upper - lower > gap:
        found = task.at_least_coarse(found)
    width = found.upper - lower
    reason, met = stopped if width > gap else "", task.met
    return found, _effort(found, budget, reason, others(found, game, model, met, max(gap, width)))


def _start(model: Model, known: Certificate | None) -> Evaluated:
    """What local search finds, the best first; or the known policy before that if it is better."""
    met = good_policies(model)
    if known is None:
        return met
    other = policy_in_floats(model, known)
    much = _MUCH * model.scale
    better = other.worth(model)[0] > met.worth(model)[0] + much
    return together(model, other, met) if better else met


def _below(game: KernelGame, nodes: tuple[AnyNode, ...], p: int, scale: float) -> Fraction:
    """The value of a policy, rounded down."""
    low, _ = initial_mean(game, policy_values(game, nodes, p, FlintElementary()), p)
    return low - slack(p, scale)


def _effort(
    found: Certificate, budget: Budget, stopped: str, met: tuple[Nodes, ...] = ()
) -> Effort:
    work = budget.used, "parts examined"
    interrupted = bool(stopped) and budget.interrupted
    return Effort(len(found.nodes), found.precision, *work, stopped, interrupted, met)


@dataclass(eq=False)
class _Task:
    """A search with what a certificate has besides its cover.

    ``precision``: fractional bits for the gap, and those that the lower bound needs anyway.
    ``rounding``: unit and margin. ``known``: what is proved anyway, with the same lower bound.
    ``met``: good policies that are apart, the best first. ``due``: the number of parts after which
    a better policy is looked for, worth more than ``worth`` in float64. ``shares``: of the gap,
    that the search takes now, and that parts of the cover may have.
    """

    game: KernelGame
    search: Search
    gap: Fraction
    precision: tuple[int, int]
    lower: Fraction
    nodes: tuple[AnyNode, ...]
    rounding: tuple[float, float]
    known: Certificate | None
    met: Evaluated
    worth: float = -np.inf
    due: int = _FIRST_ASCENT
    shares: tuple[float, float] = _SHARES[0]

    def written(self) -> Certificate:
        """The certificate of what the search has proved. Raises PrecisionError if nothing."""
        known = self.known
        if known is not None and not self.search.upper < known.upper:
            return known
        with _uncollected():
            level = min(
                float(self.lower) + self.shares[1] * float(self.gap),
                self.search.upper + _LESS * float(self.gap),
            )
            entries, tables, upper, wide = cover(self.game, self.search, *self.rounding, level)
            if known is not None and known.upper <= upper:
                return known
            p, least = self.precision
            bounds = max(p + ceil(_BITS * wide), least), self.lower, upper
            return Certificate(game_hash(self.game), *bounds, self.nodes, tables, entries)

    def searched(
        self, budget: Budget, watch: Watcher | None, outlet: Outlet | None
    ) -> tuple[Certificate | None, str]:
        """What the search proves, None if nothing; and why it ended."""
        search = self.search
        reserve = Reserve(budget, lambda: sample(self.game, search, *self.rounding))

        def is_over() -> bool:
            if search.nodes.size >= self.due and search.heap:
                self.ascend()
            if watch is not None:
                watch(self.standing())
            if outlet is not None and outlet.is_due() and not budget.spent:
                self.hand_out(budget, outlet)
            return budget.spent or reserve.is_short(search.nodes.size)

        found = self.known
        try:
            for self.shares in _SHARES:
                search.run(self.target, budget, is_over)
                found = self.written()
                if found.upper - self.lower <= self.gap:
                    return found, ""
                if budget.spent or reserve.exhausted:
                    return found, reserve.reason or budget.reason
        except PrecisionError:
            pass
        return found, reserve.reason or budget.reason or _BEYOND

    @property
    def target(self) -> float:
        """What the search has to bound every part by."""
        return float(self.lower) + self.shares[0] * float(self.gap)

    def ascend(self) -> None:
        """Local search from what decides the largest bounds: a policy that is better is taken."""
        search, model = self.search, self.search.model
        self.due = _NEXT_ASCENT * search.nodes.size
        found = ascended(model, search.leading(_LEADING).mixtures())
        self.met, policy = together(model, self.met, found), found.first
        worth = float(policy.worth(model)[0])
        if not worth > self.worth + _MUCH * model.scale:
            return
        self.worth = worth
        p, _ = self.precision
        nodes = policy_nodes(self.game, policy)
        lower = _below(self.game, nodes, p, model.scale)
        if lower <= self.lower:
            return
        self.lower, self.nodes, self.precision = lower, nodes, (p, 0)
        if self.known is not None:
            p = max(p, self.known.precision)
            self.known = replace(self.known, precision=p, lower=lower, nodes=nodes)
        search.target = self.target

    def standing(self) -> Standing:
        """How the search stands; without an upper bound as long as float64 has none."""
        search, upper = self.search, self.search.upper
        lower, high = self.lower, Fraction(upper) if -np.inf < upper < NO_ROOT else None
        return Standing(search.closed, search.nodes.size, lower, high, len(search.heap))

    def hand_out(self, budget: Budget, outlet: Outlet) -> None:
        """What is proved so far, if it is anything."""
        begin = time.monotonic()
        with suppress(PrecisionError):
            found = self.written()
            outlet.offer(found, _effort(found, budget, "the search goes on"))
        outlet.rest(time.monotonic() - begin)

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
        bounds = max(*self.precision, coarse.precision), self.lower, coarse.upper
        head = game_hash(self.game), *bounds, self.nodes
        return Certificate(*head, coarse.tables, coarse.entries)


def _search(model: Model, forests: list[Forest], policy: Evaluated, aim: _Aim) -> Search:
    slopes = slopes_at(model, of_policy(model, policy))
    shift = np.round(model.eta * policy.V[0][0])
    digits = log2(model.scale / max(float(aim.gap), 1e-300)) / 2 + _SLOPE_BITS
    bits = round(min(max(digits, 1), BITS))  # boxes are about as wide as the root of the gap
    bounders = [bounder(model, z, shift) for z in forests]
    return Search(bounders, slopes.joined(slopes.flat()), bits, mixtures=aim.mixtures)


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
