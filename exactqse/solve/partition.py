"""The solver for gamma = 0, finite eta, a leader who sees less than the action.

Backward induction over layers is exact (proofs/propagation.md): every stage gets a policy by local
ascent and a bound by branch and bound. Each pass over the layers may examine three times as many
parts of a layer as the one before, and goes on with its trees; so after any pass, and wherever one
is stopped, there is a certificate of the whole game, and none is wider than the one before: a stage
keeps the smaller of its bounds and the better of its policies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.kernel.certificate import Certificate, Distribution, Node
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval, enclose, ends
from exactqse.kernel.operators import by_response, initial_mean, policy_value
from exactqse.solve.effort import Budget, Effort, Standing, Watcher
from exactqse.solve.layer import Layer
from exactqse.solve.leaves import MAX_LOG2
from exactqse.solve.prescription import plan_bits
from exactqse.solve.rounding import rounded
from exactqse.solve.solution import myopic_nodes
from exactqse.solve.stage_tables import Claim, StageTables, plain_claim, stage_tables

_SHARE = 0.9  # of the gap that the layers' tolerances take; rounding takes the rest
_PASS = 1 << 13  # parts of a layer that the first pass may examine
_TOLERANCE_BITS = 20  # of a layer's tolerance, a dyadic number
_GROWTH = 3  # of the next one: less would repeat too much, more would let too much be lost
_SEED = 0
_SLACK_BITS = 12  # units of 2^-p, relative to values, that rounding may take from J(policy)

Found = Callable[[Certificate, Effort], None]
_ELEMENTARY = FlintElementary()


def solve_partition(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int | None = 0,
    resume: Certificate | None = None,
    watch: Watcher | None = None,
    found: Found | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= gap.

    ``caution`` multiplies the margins against float64's rounding, by 1000 for each unit; None does
    without float64, and proves only bounds that need no search. ``resume`` is what an earlier
    search ended with, and was accepted. ``found`` is called after every pass but the last.
    """
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        return _passed(_Passes(game, gap, caution, resume, watch), gap, budget, found)


def _passed(
    search: _Passes, gap: Fraction, budget: Budget, found: Found | None
) -> tuple[Certificate, Effort]:
    """What the last pass ends with."""
    parts = _PASS
    while True:
        certificate, cut = search.again(budget, parts)
        reached = certificate.upper - certificate.lower <= gap
        stopped = "" if reached else budget.reason or search.limit
        ended = reached or budget.spent or not cut
        interrupted = budget.interrupted and not reached
        effort = Effort(
            *(len(certificate.nodes), certificate.precision, budget.used, "parts examined"),
            stopped=stopped if ended else "the search goes on",
            interrupted=interrupted,
        )
        if ended:
            return certificate, effort
        if found is not None:
            found(certificate, effort)
        parts *= _GROWTH


@dataclass
class _Stage:
    """What a pass settles for at one (step, state), with the policy's value."""

    node: Node
    value: Interval


class _Passes:
    """Passes over the layers of a game; each goes on with the certificate of the last."""

    def __init__(
        self,
        game: KernelGame,
        gap: Fraction,
        caution: int | None,
        resume: Certificate | None,
        watch: Watcher | None,
    ) -> None:
        digits = max(1, len(str(int(1 / gap))))
        self.game, self.watch, self.last = game, watch, resume
        bits = plan_bits(game, digits, 32 + _steepness(game))
        self.p = bits.p if resume is None else max(bits.p, resume.precision)
        self.slack = bits.size + _SLACK_BITS
        share = gap * Fraction(_SHARE) / game.horizon
        places = max(0, _TOLERANCE_BITS - _log2(share))
        self.tolerance = Fraction(int(share * (1 << places)), 1 << places)
        self.trusted = caution is not None
        self.margin = 1e-13 * 1000.0 ** (caution or 0)
        self.random: np.random.Generator | None = np.random.default_rng(_SEED)
        self.count = sum(map(len, game.reachable))
        self.wild = 0

    @property
    def limit(self) -> str:
        """Why no pass can do better, in words."""
        if self.wild:
            what = "1 stage is" if self.wild == 1 else f"{self.wild} stages are"
            return f"{what} beyond branch and bound in float64"
        return "float64 could not separate the bounds further"

    def again(self, budget: Budget, parts: int) -> tuple[Certificate, bool]:
        """One more pass: its certificate, and whether more parts would have done more."""
        known = () if self.last is None else myopic_nodes(self.last)
        before = {(node.step, node.state): node for node in known}
        nodes: list[Node] = []
        after: list[Interval] = []  # (the policy's value, the upper value) at the next step
        values: list[Interval] = []  # enclosures of the policy's values there
        self.wild, cut = 0, False
        for step in reversed(range(self.game.horizon)):
            part = budget.part(parts, shares=step + 1)
            stages = self._layer(step, before, (after, values), part, len(nodes))
            cut |= part.spent
            nodes += [stage.node for stage in reversed(stages)]
            after, values = ([(0, 0)] * self.game.states for _ in range(2))
            for stage in stages:
                upper, state = stage.node.upper, stage.node.state
                high = enclose(upper.numerator, upper.denominator, self.p)[1]
                after[state], values[state] = (stage.value[0], high), stage.value
        self.random = None  # once is enough: later passes start from what it found
        self.last = self._certificate(tuple(reversed(nodes)), values)
        self._report(self.count, 0)
        return self.last, cut

    def _layer(
        self,
        step: int,
        before: dict[tuple[int, int], Node],
        following: tuple[list[Interval], list[Interval]],
        budget: Budget,
        done: int,
    ) -> list[_Stage]:
        game, states = self.game, self.game.reachable[step]
        after, values = following
        tables = [
            stage_tables(game, step, state, after, self.p, trusted=self.trusted) for state in states
        ]
        known = [before.get((step, state)) for state in states]
        self.wild += sum(not t.tame for t in tables)
        layer = Layer(
            *(tables, game.observes, known),
            tolerance=self.tolerance,
            margin=self.margin,
            random=None if budget.spent else self.random,
        )
        layer.search(budget, lambda count: self._report(done, count))
        stages = []
        for n, state in enumerate(states):
            claim = self._claim(layer.claim(n), known[n], tables[n])
            mixtures = [tuple(map(rounded, alpha)) for alpha in layer.policies(n)]
            node = known[n]
            if node is not None:
                mixtures.append(node.policy)
            worth = [self._worth(step, state, mixture, values) for mixture in mixtures]
            best = max(range(len(worth)), key=lambda i: worth[i][0])
            node = Node(step, state, claim.upper, claim.shift, mixtures[best], claim.trees)
            stages.append(_Stage(node, worth[best]))
            self._report(done + n + 1, 0)
        return stages

    def _claim(self, found: Claim | None, node: Node | None, tables: StageTables) -> Claim:
        """The smallest bound of those that are known."""
        claims = [] if found is None else [found]  # the first of equals, as its trees are larger
        if node is not None:
            claims.append(Claim(node.upper, node.shift, node.trees))
        claims.append(plain_claim(self.game, tables, self.tolerance))
        return min(claims, key=lambda claim: claim.upper)

    def _worth(
        self, step: int, state: int, policy: tuple[Distribution, ...], values: list[Interval]
    ) -> Interval:
        rows = by_response(self.game, policy)
        after = [ends(dict(enumerate(values)))] * len(rows), [ends({})] * len(rows)
        value, _ = policy_value(self.game, step, state, rows, after, self.p, _ELEMENTARY)
        return value

    def _certificate(self, nodes: tuple[Node, ...], values: list[Interval]) -> Certificate:
        """The nodes with their bounds of J*, none worse than the last pass's."""
        game, p = self.game, self.p
        lower = initial_mean(game, dict(enumerate(values)), p)[0] - Fraction(
            1 << self.slack, 1 << p
        )
        pairs = zip(game.rho.states, game.rho.numerators, strict=True)
        bounds = {node.state: node.upper for node in nodes if node.step == 0}
        mean = sum((bounds[s] * n for s, n in pairs), Fraction(0)) / game.rho.denominator
        upper = Fraction(-((-mean.numerator << p) // mean.denominator), 1 << p)
        if (last := self.last) is not None:
            upper = min(upper, last.upper)
            if lower < last.lower:
                lower = last.lower
                policies = [node.policy for node in last.nodes]
                both = zip(nodes, policies, strict=True)
                nodes = tuple(replace(node, policy=policy) for node, policy in both)
        return Certificate(game_hash(game), p, lower, upper, nodes)

    def _report(self, done: int, open_parts: int) -> None:
        if self.watch is None:
            return
        last = self.last
        lower, upper = (None, None) if last is None else (last.lower, last.upper)
        self.watch(Standing(done, self.count, lower, upper, open_parts))


def _log2(value: Fraction) -> int:
    """floor(log2(value)), or one less."""
    return value.numerator.bit_length() - value.denominator.bit_length() - 1


def _steepness(game: KernelGame) -> int:
    """Bits that tell e^x from 0 for every x = eta r, measured from the largest; to a limit."""
    rewards = [v for step in game.r for state in step for by_b in state for v in by_b]
    spread = (game.eta or 0) * (max(rewards) - min(rewards))
    return min(int(spread * 3 / 2), MAX_LOG2)
