"""Farsighted followers: where the values of optimal policies are, and policies as good as these.

A part of a cover whose bound of J is below a level holds no policy worth the level. What the other
parts leave to the follower's values V_h(s), h >= 1, holds those of every such policy, and so of
every optimal one (proofs/near-optimal-values.md). Whether only one is optimal: see isolation.
Of a leader who remembers, whose V_h(s) is not one number, those of step 0 are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError, NotCoveredError, shown
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import FarsightedNode
from exactqse.kernel.elementary import INTEGER, Elementary
from exactqse.kernel.game import KernelGame
from exactqse.kernel.operators import initial_mean, policy_values
from exactqse.kernel.strong import policy_worth
from exactqse.model.arrays import exact
from exactqse.model.policy import Policy
from exactqse.solve.farsighted import narrowing as farsighted
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.policies import Nodes
from exactqse.solve.promised import narrowing as promised
from exactqse.solve.promised.program import entries_of
from exactqse.solve.solution import Solution, certified, policy_of
from exactqse.sweep.parts import Left, groups_of, parts_left
from exactqse.sweep.remembered import first_values

PARTS = 1000
STRONG_PARTS = 100  # for eta = infinity, where each takes a linear program of its own,
_ENTRIES = 1_000_000  # and less where these have more than so many entries together
_DIGITS = 30


@dataclass(frozen=True)
class ValueRange:
    """V_h(s) at (step, state) is in ``value``, in units of the follower's rewards."""

    step: int
    state: int
    value: Enclosure


@dataclass(frozen=True)
class Group:
    """Parts that touch one another, directly or through others, and no part of another group.

    Attributes:
        parts: how many.
        values: the hull of their values, as in :class:`NearOptimal`.
    """

    parts: int
    values: tuple[ValueRange, ...]


@dataclass(frozen=True)
class NearPolicy:
    """A policy that the search met besides the certified one.

    Attributes:
        policy: [h][s][b][a], exact.
        value: its J.
        distance: the largest difference of its probabilities from the certified policy's, over all
            reachable (step, state).
        group: the index of the group that holds its values; None if it is not worth the level,
            or if groups were not asked for.
    """

    policy: Policy
    value: Enclosure
    distance: Fraction
    group: int | None


@dataclass(frozen=True)
class NearOptimal:
    """What is known of the policies of a solved game that are worth ``level`` or more.

    All optimal policies are among them. For each of them there is a group, one and the same for all
    (h, s), in whose ranges its V_h(s) are.

    For a leader who remembers: of those that begin without a lottery. Optimal ones that begin with
    one draw among optimal ones.

    Attributes:
        solution: the certified equilibrium.
        level: at most its lower bound.
        values: the hull of all groups, one for each reachable (step, state) with step >= 1; for a
            leader who remembers, one for each first state.
        groups: that of the certified policy first.
        examined: how many parts were looked at to exclude them.
        others: policies that the search met, with upper - J no more than the gap asked for, or, if
            that was not reached, than upper - lower; the best first. None for a leader who
            remembers: of her the search keeps one solution alone.
    """

    solution: Solution
    level: Fraction
    values: tuple[ValueRange, ...]
    groups: tuple[Group, ...]
    examined: int
    others: tuple[NearPolicy, ...]

    @property
    def parts(self) -> int:
        """How many parts are left."""
        return sum(group.parts for group in self.groups)


def near_optimal(
    solution: Solution, *, within: Fraction | float | str = 0, parts: int | None = None
) -> NearOptimal:
    """Where the follower's values are if the leader's policy is worth ``solution.lower - within``.

    The parts of the certificate's cover are divided further, those with the largest bounds first,
    until each is excluded or so many were examined. The checker that accepted the certificate
    bounds each that is excluded.

    Args:
        solution: of a game with gamma > 0.
        within: how much less than the certified policy others may be worth; at least 0.
        parts: how many parts may be examined, by default 1000, or 100 for eta = infinity (fewer of
            large games); more make the ranges narrower, at most about as narrow as upper - lower
            allows. A leader who remembers has one part.

    Raises:
        KindError, InputError: no solution, or one that no checker accepted; ``within`` < 0;
            ``parts`` < 1.
        NotCoveredError: gamma = 0 (see :func:`isolation`), or a leader who remembers with eta =
            infinity.
    """
    if not certified(solution).game.gamma:
        what, remedy = "not covered: gamma = 0", "use isolation"
        raise NotCoveredError(what, where="solution", remedy=remedy)
    if parts is None:
        parts = PARTS if solution.game.eta is not None else _strong_parts(solution.game)
    if isinstance(parts, bool) or not isinstance(parts, int) or parts < 1:
        raise InputError(f"{shown(parts)} is not a positive integer", where="parts")
    level = solution.lower - exact(within, "within")
    if level > solution.lower:
        raise InputError(f"{shown(within)} is negative", where="within")
    if solution.remembers and solution.game.eta is None:
        what = "not covered: a leader who remembers, with eta = infinity"
        remedy = "solve for a Markov leader, or a finite eta"
        raise NotCoveredError(what, where="solution", remedy=remedy)
    if solution.remembers:
        return _remembered(solution, level)
    game, certificate, elementary = solution.game, solution.certificate, _elementary(solution)
    met, gap = solution.effort.met, max(solution.gap, solution.upper - solution.lower)
    if game.eta is None:
        cover, met = promised.narrowed(game, certificate, level, parts, gap, met)
    else:
        cover = farsighted.narrowed(game, certificate, level, parts)
    left = parts_left(game, certificate, level, cover, elementary)
    groups = groups_of(left)
    own = _home(game, solution.policy, left, groups)
    order = sorted(range(len(groups)), key=lambda g: (g != own, g))
    others = _others(solution, met, level, left, [groups[g] for g in order])
    return NearOptimal(
        solution,
        level,
        _hull(game, left),
        tuple(Group(len(groups[g]), _hull(game, [left[n] for n in groups[g]])) for g in order),
        cover.examined,
        others,
    )


def _strong_parts(game: KernelGame) -> int:
    return max(1, min(STRONG_PARTS, _ENTRIES // entries_of(model_of(game))))


def _remembered(solution: Solution, level: Fraction) -> NearOptimal:
    """One part, that of the certificate."""
    found = first_values(solution, level, _elementary(solution))
    values = tuple(ValueRange(h, s, value) for (h, s), value in found.items())
    return NearOptimal(solution, level, values, (Group(1, values),), 1, ())


def _elementary(solution: Solution) -> Elementary:
    """That of the checker who accepted it."""
    verdict = solution.verdict
    return INTEGER if verdict is None or verdict.arithmetic == INTEGER.name else FlintElementary()


def _hull(game: KernelGame, left: list[Left]) -> tuple[ValueRange, ...]:
    """The ranges that hold those of all these parts."""
    found = []
    for h, s in (place for place in game.places if place[0]):
        ranges = [part.values[h, s] for part in left]
        ends = min(x.lower for x in ranges), max(x.upper for x in ranges)
        found.append(ValueRange(h, s, Enclosure(*ends)))
    return tuple(found)


def _home(game: KernelGame, policy: Policy, left: list[Left], groups: list[list[int]]) -> int:
    """The group with a part that the values of a policy may be in; -1 for none."""
    V = evaluate(game, policy, _DIGITS).V
    for number, group in enumerate(groups):
        for part in (left[n] for n in group):
            inside = (V[h][s].overlaps(value) for (h, s), value in part.values.items())
            if all(inside) and part.allows(policy):
                return number
    return -1


def _others(
    solution: Solution,
    met: Sequence[Nodes],
    level: Fraction,
    left: list[Left],
    groups: list[list[int]],
) -> tuple[NearPolicy, ...]:
    """The policies met whose value, as the checker encloses it, is within the gap."""
    game, certificate, elementary = solution.game, solution.certificate, _elementary(solution)
    least = solution.upper - max(solution.gap, solution.upper - solution.lower)
    found = []
    for nodes in met:
        value = _worth(game, nodes, certificate.precision, elementary)
        if value.lower < least:
            continue
        policy = policy_of(game, replace(certificate, nodes=nodes))
        home = _home(game, policy, left, groups) if value.lower >= level else -1
        far = distance(game, policy, solution.policy)
        found.append(NearPolicy(policy, value, far, None if home < 0 else home))
    return tuple(sorted(found, key=lambda other: other.value.lower, reverse=True))


def _worth(
    game: KernelGame, nodes: tuple[FarsightedNode, ...], p: int, elementary: Elementary
) -> Enclosure:
    if game.eta is None:
        exact = policy_worth(game, nodes)
        return Enclosure(exact, exact)
    return Enclosure(*initial_mean(game, policy_values(game, nodes, p, elementary), p))


def distance(game: KernelGame, first: Policy, second: Policy) -> Fraction:
    """The largest difference of two probabilities at reachable (h, s)."""
    largest = Fraction(0)
    for h, s in game.places:
        for p, q in zip(first.probabilities[h][s], second.probabilities[h][s], strict=True):
            largest = max(largest, *(abs(x - y) for x, y in zip(p, q, strict=True)))
    return largest
