"""Whether a certified equilibrium is the only one, how far others can be, and ties.

A policy is *stagewise optimal* if at every reachable (h, s) it attains W*_h(s), given the optimal
values of step h+1. Every optimal policy agrees with a stagewise optimal one wherever it leads, so
these are all that matter. Where each of them lies is enclosed at every (h, s) and cell of the
partition, backward in h (proofs/localisation.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from flint import arb

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.errors import NotCoveredError
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import Distribution, Node
from exactqse.kernel.game import KernelGame, Row
from exactqse.model.rows import probabilities
from exactqse.solve.coverage import require_quantal
from exactqse.solve.solution import Solution, certified, myopic_nodes
from exactqse.sweep.boxes import Cell, Region, StageBalls, mean
from exactqse.sweep.near import NearPolicy
from exactqse.sweep.region import localise

Verdict = Literal["isolated", "multiple", "undecided"]
SPARE_BITS = 64
_SPARE_DIGITS = 6


@dataclass(frozen=True)
class CellOptima:
    """All stagewise optimal alpha_c at one (step, state) and cell.

    Attributes:
        step, state, cell: where; the cell's follower actions.
        weights: [a], what every optimal alpha_c(a) lies in; exactly 0 outside ``support``.
        support: the leader actions that an optimal alpha_c may take.
        proved: whether every optimal alpha_c takes all of them.
        unique: whether exactly one alpha_c is proved to be optimal.
        several: whether several are proved to be. For finite eta because actions that do the same
            there may stand in for each other, for gamma = 0 also those between others, or because
            the game looks the same once actions have changed places (proofs/exchanges.md); for
            gamma > 0 and eta = infinity because threats may be changed, in this cell or in another
            one here of which the same is said.
        radius: no optimal alpha_c(a) is further than this from the certified policy's.
    """

    step: int
    state: int
    cell: tuple[int, ...]
    weights: tuple[Enclosure, ...]
    support: tuple[int, ...]
    proved: bool
    unique: bool
    several: bool
    radius: Fraction


@dataclass(frozen=True)
class Tie:
    """Another policy within the gap: the certified one, with ``action`` for sure at one place.

    Attributes:
        step, state, cell: where it differs.
        action: the leader action that it takes there.
        value: its J is at least this, and this is at least the certified lower bound.
    """

    step: int
    state: int
    cell: tuple[int, ...]
    action: int
    value: Fraction


@dataclass(frozen=True)
class Played:
    """What a follower who best responds may answer where optimal play leads, and her own answer.

    Attributes:
        step, state: where the play of some optimal policy comes with positive probability.
        response: the follower action, among his best responses one that she likes best.
        weights: [a], the range of her alpha(a) after it, over all optimal policies; sharp.
    """

    step: int
    state: int
    response: int
    weights: tuple[Enclosure, ...]


@dataclass(frozen=True)
class Isolation:
    """What is known of the optimal policies of a solved game.

    For gamma = 0 of the stagewise optimal ones. For gamma > 0 and finite eta of all that agree with
    the certified one wherever they do not come: one of them is among these for each optimal policy.
    For gamma > 0 and eta = infinity of all.

    Attributes:
        solution: the certified equilibrium.
        places: one entry for each reachable (step, state) and cell, in ascending order.
        ties: for finite eta, policies that the search met and the bounds do not tell from the
            certified one; for gamma > 0 see ``others`` of :class:`NearOptimal`.
        played: for eta = infinity, all that is played where optimal policies lead; empty if some of
            that is undecided.
        others: for eta = infinity, another optimal policy and its exact value, if there are
            several: one that differs in what is played, if any does. For finite eta one that is
            worth what the certified one is, with actions in other places, if that proves that there
            are several.
    """

    solution: Solution
    places: tuple[CellOptima, ...]
    ties: tuple[Tie, ...]
    played: tuple[Played, ...] = ()
    others: tuple[NearPolicy, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What is proved: one such policy ("isolated"), several, or neither."""
        if all(place.unique for place in self.places):
            return "isolated"
        return "multiple" if any(place.several for place in self.places) else "undecided"

    @cached_property
    def radius(self) -> Fraction:
        """No such policy's probability is further than this from the certified one's."""
        return max(place.radius for place in self.places)

    @property
    def is_played_alike(self) -> bool:
        """For eta = infinity: whether all optimal policies are proved to make for the same play."""
        places = {(x.step, x.state) for x in self.played}
        one = not any(w.width for x in self.played for w in x.weights)
        return one and 0 < len(self.played) == len(places)

    @property
    def support(self) -> tuple[tuple[int, ...], ...]:
        """The leader actions that an optimum may take, place by place."""
        return tuple(place.support for place in self.places)

    @property
    def supports_proved(self) -> bool:
        """Whether every stagewise optimal policy has exactly this support."""
        return all(place.proved for place in self.places)


class Optima:
    """The stagewise optimal policies of a solved game in balls, at a precision of their own."""

    def __init__(self, solution: Solution) -> None:
        require_quantal(certified(solution).game)
        if solution.game.gamma:  # it has no stages of its own
            remedy = "FarsightedOptima is for gamma > 0"
            raise NotCoveredError(f"not covered: gamma = {solution.game.gamma} > 0", remedy=remedy)
        self.solution = solution
        self.game: KernelGame = solution.game
        self.bits = solution.certificate.precision + SPARE_BITS
        gap = max(solution.upper - solution.lower, Fraction(1, 1 << self.bits))
        digits = min(1000, len(str(int(1 / gap))) + _SPARE_DIGITS)
        self.evaluation = evaluate(self.game, solution.policy, digits)
        self.stages: dict[tuple[int, int], StageBalls] = {}
        self.regions: dict[tuple[int, int], list[Region]] = {}
        with precision(self.bits):
            self._localise()

    def _localise(self) -> None:
        """Every reachable (h, s), backward."""
        zero = dict.fromkeys(range(self.game.states), arb(0))
        above, values, after = {-1: zero}, {-1: zero}, -1
        for node in reversed(myopic_nodes(self.solution.certificate)):
            step = node.step
            if step not in above:
                after = step + 1 if step + 1 in above else -1
                above[step], values[step] = {}, {}
            upper = ball(node.upper)
            level = ball(min(self.evaluation.W[step][node.state].lower, node.upper)).lower()
            value = level.union(upper)
            stage = self._stage(node, above[after], values[after], level, value)
            self.stages[step, node.state] = stage
            cells = [alike(self.game, step, node.state, cell) for cell in self.game.observes]
            self.regions[step, node.state] = localise(stage, cells, node.trees)
            above[step][node.state], values[step][node.state] = upper, value

    def _stage(
        self,
        node: Node,
        above: Mapping[int, arb],
        values: Mapping[int, arb],
        level: arb,
        value: arb,
    ) -> StageBalls:
        game, step, s = self.game, node.step, node.state
        u, r = game.at(game.u, step)[s], game.at(game.r, step)[s]
        rows = game.at(game.P, step)[s]
        eta, actions = game.eta or Fraction(0), range(game.leader_actions)
        z, y_above, y = [], [], []
        for b in range(game.follower_actions):
            z.append([ball(eta * r[a][b] - node.shift) for a in actions])
            y_above.append([ball(u[a][b]) + expectation(rows[a][b], above) for a in actions])
            y.append([ball(u[a][b]) + expectation(rows[a][b], values) for a in actions])
        return StageBalls(z, y_above, y, level, value)

    def isolation(self) -> Isolation:
        """The report."""
        places: list[CellOptima] = []
        ties: list[Tie] = []
        with precision(self.bits):
            for node in myopic_nodes(self.solution.certificate):
                regions = self.regions[node.step, node.state]
                for c, region in enumerate(regions):
                    places.append(place := self._place(node, c, region))
                    if not place.unique:
                        ties += self._ties(node, c, region)
        return Isolation(self.solution, tuple(places), tuple(ties))

    def _place(self, node: Node, c: int, region: Region) -> CellOptima:
        bounds = [Enclosure(Fraction(0), Fraction(0))] * self.game.leader_actions
        classes = [region.cell.classes[i] for i in region.support]
        for i, actions in zip(region.support, classes, strict=True):
            whole = probability(region.box[i])
            share = whole if len(actions) == 1 else Enclosure(Fraction(0), whole.upper)
            for a in actions:
                bounds[a] = share
        given = dict(node.policy[c])
        pairs = [(given.get(a, Fraction(0)), weight) for a, weight in enumerate(bounds)]
        support = tuple(sorted(a for actions in classes for a in actions))
        several = any(
            len(actions) > 1 and probability(region.box[i]).lower > 0
            for i, actions in zip(region.support, classes, strict=True)
        )
        several = several or self._is_between(node.step, node.state, region)
        return CellOptima(
            step=node.step,
            state=node.state,
            cell=region.cell.members,
            weights=tuple(bounds),
            support=support,
            proved=all(bounds[a].lower > 0 for a in support),
            unique=region.unique and all(len(actions) == 1 for actions in classes),
            several=several,
            radius=max(max(p - w.lower, w.upper - p) for p, w in pairs),
        )

    def _is_between(self, step: int, state: int, region: Region) -> bool:
        """Whether one b sees three actions or more in a line, and means strictly between its ends.

        Then different weights have the same means (proofs/localisation.md).
        """
        if len(region.cell.members) > 1 or len(region.support) < 3:
            return False
        (b,) = region.cell.members
        actions = [region.cell.classes[i][0] for i in region.support]
        points = {a: _point(self.game, step, state, a, b) for a in actions}
        first, *_, last = sorted(actions, key=points.__getitem__)
        if not points[first][0] < points[last][0] or not _in_line(*points.values()):
            return False
        z, (mean, _) = self.stages[step, state].z[b], region.means[0]
        return bool(z[first] < mean < z[last])

    def _ties(self, node: Node, c: int, region: Region) -> list[Tie]:
        """Pure actions of the region whose policy is worth the certified lower bound."""
        found = []
        step, state = node.step, node.state
        for a in sorted(a for i in region.support for a in region.cell.classes[i]):
            pure: Distribution = ((a, Fraction(1)),)
            if node.policy[c] == pure:
                continue
            changed = (*node.policy[:c], pure, *node.policy[c + 1 :])
            loss = self.evaluation.W[step][state].upper - self._worth(node, changed)
            value = self.evaluation.J.lower - max(Fraction(0), loss)
            if value >= self.solution.lower:
                found.append(Tie(step, state, self.game.observes[c], a, value))
        return found

    def _worth(self, node: Node, policy: tuple[Distribution, ...]) -> Fraction:
        """A lower bound of W_h(s) with this policy there, and the certified one afterwards."""
        stage, game, U = self.stages[node.step, node.state], self.game, self.evaluation.U
        actions = range(game.leader_actions)
        total = mass = arb(0)
        for cell, mixture in zip(game.observes, policy, strict=True):
            weights = dict(mixture)
            box = [ball(weights.get(a, Fraction(0))) for a in actions]
            for b in cell:
                y = [between(U[node.step][node.state][a][b]) for a in actions]
                weight = mean(box, stage.z[b], actions).exp()
                total, mass = total + weight * mean(box, y, actions), mass + weight
        return enclosure(total / mass).lower


def alike(game: KernelGame, step: int, state: int, cell: tuple[int, ...]) -> Cell:
    """The cell, with the leader's actions that do the same for each of its members."""
    moves = [game.P] if step + 1 < game.horizon else []
    tables = [game.at(table, step)[state] for table in (game.r, game.u, *moves)]
    classes: dict[tuple[object, ...], list[int]] = {}
    for a in range(game.leader_actions):
        classes.setdefault(tuple(table[a][b] for table in tables for b in cell), []).append(a)
    return Cell(cell, tuple(map(tuple, classes.values())))


def _point(game: KernelGame, step: int, state: int, a: int, b: int) -> tuple[Fraction, ...]:
    """r, u and, but in the last step, P."""
    r, u = (game.at(table, step)[state][a][b] for table in (game.r, game.u))
    if step + 1 == game.horizon:
        return r, u
    shares = probabilities(game.at(game.P, step)[state][a][b])
    return r, u, *(shares.get(t, Fraction(0)) for t in range(game.states))


def _in_line(*points: tuple[Fraction, ...]) -> bool:
    """Whether they are, by the first entry, which differs between the least and the largest."""
    first, last = min(points), max(points)
    run = last[0] - first[0]
    return all(
        (v - v0) * run == (v1 - v0) * (point[0] - first[0])
        for point in points
        for v, v0, v1 in zip(point, first, last, strict=True)
    )


def expectation(row: Row, values: Mapping[int, arb]) -> arb:
    """The mean of the values under a distribution of states."""
    pairs = zip(row.states, row.numerators, strict=True)
    return sum((values[t] * n for t, n in pairs), arb(0)) / row.denominator


def between(value: Enclosure) -> arb:
    """A ball around an enclosure."""
    return ball(value.lower).union(ball(value.upper))


def probability(value: arb) -> Enclosure:
    """The ball's ends, cut to [0, 1]."""
    wide = enclosure(value)
    low, high = max(wide.lower, Fraction(0)), min(wide.upper, Fraction(1))
    return Enclosure(low, high)
