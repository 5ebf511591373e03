"""All optimal policies against a myopic follower who best responds, in exact rationals.

At (h, s), with y of the optimal values W* of step h+1, those that some b answers form a polytope,

    F_b = { alpha : X_b >= X_b' for all b',  Y_b >= W*_h(s) },     X_b = x_b.alpha_c(b), Y_b alike,

and the optimal ones the union of all F_b. Linear programs tell whether that is one point, and what
range each weight has over it (proofs/strong-optima.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import groupby

from exactqse.arithmetic import Enclosure
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import StrongNode
from exactqse.kernel.game import KernelGame
from exactqse.kernel.strong import Table, action_values, best_response
from exactqse.solve.commitment import Mixtures, full_policy
from exactqse.solve.linear import maximise
from exactqse.solve.solution import Solution
from exactqse.solve.stage_rational import ONE, ZERO, Stage
from exactqse.sweep.isolate import CellOptima, Isolation, Played
from exactqse.sweep.near import NearPolicy, distance

Place = tuple[int, int]
Point = tuple[tuple[Fraction, ...], ...]  # alpha as [c][a]
Ranges = tuple[tuple[Enclosure, ...], ...]  # of alpha, [c][a]


class Face:
    """F_b, and which of its points were met; ``given`` is an optimal alpha."""

    def __init__(self, stage: Stage, target: int, level: Fraction, given: Point) -> None:
        self.stage, self.given = stage, given
        cells, home = range(len(stage.cells)), stage.cell(target)
        theta = stage.total(home)
        self.rows = [stage.behind(target, b) for b in range(len(stage.x)) if b != target]
        self.rows += [stage.short(target, target, level)]
        for total in (stage.total(c) for c in cells if c != home):  # |z_c| = theta
            self.rows += [[v - w for v, w in zip(theta, total, strict=True)]]
            self.rows += [[w - v for v, w in zip(theta, total, strict=True)]]
        self.rows += [theta]
        self.points = [given] if is_answered(stage, target, level, given) else []

    def largest(self, weights: Sequence[Fraction]) -> Fraction:
        """The maximum of weights.z over the face, weights >= 0; 0 if the face is empty."""
        found = maximise(weights, self.rows, [ZERO] * (len(self.rows) - 1) + [ONE])
        if found.value:  # then theta = 1, as a solution can be scaled up to it
            A, z = self.stage.actions, found.z
            point = tuple(z[i : i + A] for i in range(0, len(z), A))
            self.points += [point] if point not in self.points else []
        return found.value

    @cached_property
    def is_more(self) -> bool:
        """Whether it holds another point than the given one."""
        outside = [Fraction(not p) for row in self.given for p in row]
        if any(outside) and self.largest(outside):
            return True
        return any(  # within its support there is more if one weight can be larger
            self._most(c, a) > p
            for c, row in enumerate(self.given)
            for a, p in enumerate(row)
            if 0 < p < 1
        )

    @cached_property
    def ranges(self) -> Ranges | None:
        """Of every weight; None if the face is empty."""
        if not self.is_more:
            fixed = tuple(tuple(Enclosure(p, p) for p in row) for row in self.given)
            return fixed if self.points else None
        actions = range(self.stage.actions)
        return tuple(tuple(self._range(c, a) for a in actions) for c in range(len(self.given)))

    def _range(self, c: int, a: int) -> Enclosure:
        """Of alpha_c(a), over a face that is not empty; no program where a point settles it."""
        others = [Fraction(i != a) for i in range(self.stage.actions)]
        most = ONE if self._met(c, a, ONE) else self._most(c, a)
        least = ZERO if self._met(c, a, ZERO) else 1 - self.largest(self.stage.row(c, others))
        return Enclosure(least, most)

    def _most(self, c: int, a: int) -> Fraction:
        """The largest alpha_c(a); 0 if the face is empty."""
        return self.largest(
            self.stage.row(c, [Fraction(i == a) for i in range(self.stage.actions)])
        )

    def _met(self, c: int, a: int, end: Fraction) -> bool:
        return any(point[c][a] == end for point in self.points)


class StageOptima:
    """All optimal alpha at one (h, s), of which ``given`` is one.

    Args:
        game: gamma = 0, eta = infinity.
        x, y: as [a][b], y of the optimal values of the next step.
        level: W*_h(s).
        given: attains it.

    Attributes:
        ranges: by b, for each F_b that is not empty.
        others: those met besides ``given``, and whether what is played may differ.
    """

    def __init__(self, game: KernelGame, x: Table, y: Table, level: Fraction, given: Point) -> None:
        stage = Stage.of(x, y, game.observes)
        scaled = (level - stage.top) / stage.span
        able = [b for b, values in enumerate(stage.y) if max(values) >= scaled]
        faces = {b: Face(stage, b, scaled, given) for b in able}
        self.cells = [stage.cell(b) for b in range(len(stage.y))]
        self.ranges = {b: face.ranges for b, face in faces.items() if face.ranges is not None}
        self.others = [
            (given not in face.points or point[self.cells[b]] != given[self.cells[b]], point)
            for b, face in faces.items()
            for point in face.points
            if point != given
        ]

    def weights(self, c: int) -> tuple[Enclosure, ...]:
        """[a], around alpha_c(a) over all optimal alpha; sharp."""
        columns = zip(*(ranges[c] for ranges in self.ranges.values()), strict=True)
        return tuple(
            Enclosure(min(x.lower for x in column), max(x.upper for x in column))
            for column in columns
        )

    def plays(self) -> dict[int, tuple[Enclosure, ...]]:
        """For each b that may be answered, the ranges [a] of alpha_c(b)."""
        return {b: ranges[self.cells[b]] for b, ranges in self.ranges.items()}


def strong_isolation(solution: Solution) -> Isolation:
    """The report for gamma = 0 and eta = infinity: what is not undecided is exact."""
    game, policy = solution.game, solution.policy
    optima = _optima(solution)
    places = tuple(
        _cell(found, (h, s, c), cell, policy[h][s][cell[0]])
        for (h, s), found in optima.items()
        for c, cell in enumerate(game.observes)
    )
    path = _path(game, optima)
    played = tuple(
        Played(*place, b, weights)
        for place, found in path.items()
        for b, weights in found.plays().items()
    )
    return Isolation(solution, places, (), played, _others(solution, optima, path))


def _optima(solution: Solution) -> dict[Place, StageOptima | None]:
    """By (step, state); None where W* is not known exactly, there or where it leads."""
    game = solution.game
    found: dict[Place, StageOptima | None] = {}
    bounds = values = dict.fromkeys(range(game.states), ZERO)
    for step, layer in groupby(reversed(_nodes(solution)), lambda node: node.step):
        above, below, bounds, values = bounds, values, {}, {}
        for node in layer:
            s, x = node.state, game.at(game.r, step)[node.state]
            y, least = (action_values(game, game.u, step, s, after) for after in (above, below))
            bounds[s], values[s] = node.upper, best_response(game, node.policy, x, least)[1]
            exact = y == least and bounds[s] == values[s]
            given = _point(game, node.policy)
            found[step, s] = StageOptima(game, x, y, node.upper, given) if exact else None
    return dict(sorted(found.items()))


def _nodes(solution: Solution) -> tuple[StrongNode, ...]:
    return tuple(node for node in solution.certificate.nodes if isinstance(node, StrongNode))


def _point(game: KernelGame, mixtures: Mixtures) -> Point:
    actions = range(game.leader_actions)
    return tuple(tuple(given.get(a, ZERO) for a in actions) for given in map(dict, mixtures))


def _cell(
    optima: StageOptima | None,
    where: tuple[int, int, int],
    members: tuple[int, ...],
    given: Sequence[Fraction],
) -> CellOptima:
    step, state, c = where
    weights = (Enclosure(ZERO, ONE),) * len(given) if optima is None else optima.weights(c)
    support = tuple(a for a, w in enumerate(weights) if w.upper > 0)
    one = not any(w.width for w in weights)
    return CellOptima(
        step=step,
        state=state,
        cell=members,
        weights=weights,
        support=support,
        proved=all(weights[a].lower > 0 for a in support),
        unique=one,
        several=not one and optima is not None,
        radius=max(max(p - w.lower, w.upper - p) for p, w in zip(given, weights, strict=True)),
    )


def _path(game: KernelGame, optima: Mapping[Place, StageOptima | None]) -> dict[Place, StageOptima]:
    """The places that optimal play may come to; none if an undecided one may be among them."""
    path: dict[Place, StageOptima] = {}
    layer = set(game.rho.states)
    for h in range(game.horizon):
        after: set[int] = set()
        for s in sorted(layer):
            found, rows = optima[h, s], game.at(game.P, h)[s]
            if found is None:
                return {}
            path[h, s] = found
            for b, weights in found.plays().items():
                for a, weight in enumerate(weights):
                    after.update(rows[a][b].states if weight.upper else ())
        layer = after
    return path


def _others(
    solution: Solution,
    optima: Mapping[Place, StageOptima | None],
    path: Mapping[Place, StageOptima],
) -> tuple[NearPolicy, ...]:
    """Another optimal policy, if one is known: rather one that differs in what is played."""
    game, own = solution.game, solution.policy
    met = [
        ((place in path, differs), place, point)
        for place, found in optima.items()
        if found is not None
        for differs, point in found.others
    ]
    if not met:
        return ()
    _, place, point = max(met, key=lambda other: other[0])
    mixtures = {(node.step, node.state): node.policy for node in _nodes(solution)}
    mixtures[place] = tuple(tuple((a, p) for a, p in enumerate(row) if p) for row in point)
    policy = full_policy(game, mixtures)
    value = evaluate(game, policy).J
    return (NearPolicy(policy, value, distance(game, policy, own), None),)


def is_answered(stage: Stage, target: int, level: Fraction, alpha: Point) -> bool:
    """Whether alpha is in F_b for b = target."""
    rows = [alpha[stage.cell(b)] for b in range(len(stage.x))]
    means = [_mean(row, x) for row, x in zip(rows, stage.x, strict=True)]
    return means[target] == max(means) and _mean(rows[target], stage.y[target]) >= level


def _mean(weights: Sequence[Fraction], values: Sequence[Fraction]) -> Fraction:
    return sum((w * v for w, v in zip(weights, values, strict=True)), ZERO)
