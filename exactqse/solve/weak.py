"""A myopic follower who best responds and breaks ties against the leader: the supremum of J.

    w(alpha) = min over the best responses b to alpha of y_b.alpha_c(b),   W_h(s) = sup of w

with y from W_{h+1}. w is lower semicontinuous, so commitments without ties are enough, save for
ties of actions that are alike at every alpha: a linear program for each class of these whose region
has an interior. The supremum need not be attained; whether it is, is decided
(proofs/weak-stackelberg.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction

from exactqse.errors import InputError, NotCoveredError
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import Distribution
from exactqse.kernel.game import KernelGame, expectation
from exactqse.kernel.strong import Table, action_values
from exactqse.model.arrays import exact
from exactqse.model.policy import Policy
from exactqse.solve.commitment import Mixtures, full_policy
from exactqse.solve.coverage import require_best_response
from exactqse.solve.effort import Progress
from exactqse.solve.solution import Solution
from exactqse.solve.stage_rational import Stage, commit, spread

_BELOW = Fraction(-2)  # less than every value of a scaled stage
_FINER = Fraction(1, 1 << 20)
Place = tuple[int, int]  # (step, state)


@dataclass(frozen=True)
class WeakSolution:
    """The weak Stackelberg value: the supremum of J when ties are broken against the leader.

    Attributes:
        game: the game that was solved.
        value: the supremum, exactly.
        policy: exact rationals, [h][s][b][a]; action 0 at (h, s) that are never reached.
        achieved: J(policy), exactly; at least value - epsilon.
        attained: whether any policy has the value; then this one has.
    """

    game: KernelGame
    value: Fraction
    policy: Policy
    achieved: Fraction
    attained: bool


def solve_weak(
    game: KernelGame,
    epsilon: Fraction = Fraction(1, 10**9),
    *,
    progress: Progress | None = None,
) -> WeakSolution:
    """The supremum over policies of J with ties broken against the leader.

    All numbers are exact, however long: their length grows with the horizon and the successors.

    Args:
        game: gamma = 0, eta = infinity, any observation partition.
        epsilon: by how much J(policy) may miss a supremum that no policy attains; positive.
        progress: called with (nodes done, nodes in all).

    Raises:
        NotCoveredError: another follower.
        InputError: epsilon is not a positive number.
    """
    require_best_response(game)
    if (epsilon := exact(epsilon, "epsilon")) <= 0:
        raise InputError(f"{epsilon} is not positive", where="epsilon")
    count = sum(map(len, game.reachable))
    found: dict[Place, _Supremum] = {}
    values = dict.fromkeys(range(game.states), Fraction(0))
    for step in reversed(range(game.horizon)):
        missed = {t for t in values if (step + 1, t) in found and not found[step + 1, t].attaining}
        after, values = values, {}
        for state in game.reachable[step]:
            x, y = game.at(game.r, step)[state], action_values(game, game.u, step, state, after)
            stage = Stage.of(x, y, game.observes)
            found[step, state] = _supremum(stage, _leading(game, (step, state), missed))
            values[state] = found[step, state].value
            if progress is not None:
                progress(len(found), count)
    value = expectation(game.rho, values)
    attained = all(found[0, s].attaining for s in game.rho.states)
    while True:
        mixtures = {place: at.mixtures(epsilon / game.horizon) for place, at in found.items()}
        achieved = _worst_case(game, mixtures)
        if achieved == value or not attained:
            return WeakSolution(game, value, full_policy(game, mixtures), achieved, attained)
        epsilon *= _FINER


def worst_case(strong: Solution) -> Fraction:
    """What a solution's policy is worth if the follower breaks ties against the leader, exactly.

    It is what the policy is worth for -u and a follower who breaks them in her favour, with the
    sign changed (proofs/temperature-limits.md): a lower bound of the weak Stackelberg value.

    Args:
        strong: of a game with eta = infinity, any gamma, any partition.

    Raises:
        NotCoveredError: a finite eta, or a leader who remembers.
    """
    game = strong.game
    if game.eta is not None:
        remedy = 'there are no ties to break; take a game with eta = "inf"'
        raise NotCoveredError(f"not covered: eta = {game.eta}", where="eta", remedy=remedy)
    against = tuple(
        tuple(tuple(tuple(-n for n in by_b) for by_b in by_a) for by_a in step) for step in game.u
    )
    return -evaluate(replace(game, u=against), strong.policy).J.upper


@dataclass(frozen=True)
class _Supremum:
    """A stage's supremum: a commitment that attains it, if any, and a segment that tends to it.

    On the segment from ``inner`` (included) to ``limit`` w is at least linear, and ``loss`` is what
    ``inner`` misses of the supremum.
    """

    value: Fraction
    attaining: Mixtures
    limit: Mixtures
    inner: Mixtures
    loss: Fraction

    def mixtures(self, epsilon: Fraction) -> Mixtures:
        """A commitment that attains the supremum, or misses it by at most epsilon."""
        if self.attaining:
            return self.attaining
        share = -(-self.loss // epsilon)
        weight = Fraction(1, 1 << (int(share) - 1).bit_length())
        return tuple(_blend(*ends, weight) for ends in zip(self.limit, self.inner, strict=True))


def _blend(first: Distribution, second: Distribution, weight: Fraction) -> Distribution:
    """(1 - weight) first + weight second."""
    p, q = dict(first), dict(second)
    total = {
        a: (1 - weight) * p.get(a, Fraction(0)) + weight * q.get(a, Fraction(0)) for a in p | q
    }
    return tuple(sorted((a, v) for a, v in total.items() if v))


def _supremum(stage: Stage, leading: Collection[tuple[int, int]]) -> _Supremum:
    """The best class of actions that are alike and whose region has an interior.

    ``leading``: the (a, b) that may lead to states whose own supremum no policy attains.
    """
    best, worth = _BELOW, Fraction(0)
    limit: Mixtures = ()
    inner: Mixtures = ()
    classes = _alike(stage)
    for first, *rest in classes:
        if min(max(stage.y[b]) for b in (first, *rest)) <= best:
            continue
        point = spread(stage, first)
        if len(point.apart) + len(rest) + 1 < len(stage.x):
            continue  # its region has no interior
        found = commit(stage, first, best, rest)
        if found.gain:
            best += found.gain
            limit, inner = found.mixtures, point.mixtures
            worth = min(_mean(inner[stage.cell(b)], stage.y[b]) for b in (first, *rest))
    attaining = (_attaining(stage, first, best, leading) for first, *_ in classes)
    return _Supremum(
        value=stage.top + stage.span * best,
        attaining=next(filter(None, attaining), ()),
        limit=limit,
        inner=inner,
        loss=stage.span * (best - worth),
    )


def _alike(stage: Stage) -> list[list[int]]:
    """Classes of the b with one and the same x_b.alpha_c(b) for all alpha.

    Two actions of one cell need equal x, two of different cells equal constants.
    """
    classes: dict[tuple[int, tuple[Fraction, ...]], list[int]] = {}
    for b, x in enumerate(stage.x):
        cell = stage.cell(b) if min(x) < max(x) else -1
        classes.setdefault((cell, x), []).append(b)
    return list(classes.values())


def _attaining(
    stage: Stage, target: int, level: Fraction, leading: Collection[tuple[int, int]]
) -> Mixtures:
    """A commitment with w >= level that the target answers; empty if there is none.

    Each round adds what every such commitment satisfies: actions that always tie with the target
    must be worth the level, those worth no more must not lead where the supremum is missed.
    """
    tied, barred = {target}, set[tuple[int, int]]()
    while (point := spread(stage, target, sorted(tied), level, sorted(barred))).mixtures:
        joining = set(range(len(stage.x))) - tied - point.apart
        avoided = {(stage.cell(b), a) for a, b in leading if b in tied - point.above} - barred
        if not joining and not avoided:
            break
        tied |= joining
        barred |= avoided
    return point.mixtures


def _leading(game: KernelGame, place: Place, missed: AbstractSet[int]) -> set[tuple[int, int]]:
    """The (a, b) that may lead to one of the ``missed`` states."""
    rows = game.at(game.P, place[0])[place[1]]
    return {
        (a, b)
        for a, by_b in enumerate(rows)
        for b, row in enumerate(by_b)
        if not missed.isdisjoint(row.states)
    }


def _worst_case(game: KernelGame, mixtures: Mapping[Place, Mixtures]) -> Fraction:
    """J of a policy, ties broken against the leader."""
    values = dict.fromkeys(range(game.states), Fraction(0))
    for step in reversed(range(game.horizon)):
        after, values = values, {}
        for s in game.reachable[step]:
            x, y = game.at(game.r, step)[s], action_values(game, game.u, step, s, after)
            values[s] = _worst(game, mixtures[step, s], x, y)
    return expectation(game.rho, values)


def _worst(game: KernelGame, mixtures: Mixtures, x: Table, y: Table) -> Fraction:
    """w: the value of the follower's best response that the leader likes least."""
    columns = list(zip(*x, strict=True)), list(zip(*y, strict=True))
    pairs = zip(game.observes, mixtures, strict=True)
    means = [
        (_mean(mixture, columns[0][b]), -_mean(mixture, columns[1][b]))
        for cell, mixture in pairs
        for b in cell
    ]
    return -max(means)[1]


def _mean(mixture: Distribution, values: Sequence[Fraction]) -> Fraction:
    return sum((p * values[a] for a, p in mixture), Fraction(0))
