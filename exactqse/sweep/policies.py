"""Boxes of policies that hold every optimal one, for a farsighted follower.

Policies are boxes of weights, by place and cell. A box is narrowed by what every optimal policy
obeys: the follower's values are in the ranges of near-optimal ones, J is at least their level, and
no weight is on an action from which moving it away surely gains. Boxes are divided until each is
excluded or lies in a *home*: a box around the certified policy where J is concave, so that at most
one optimal policy is in it (proofs/one-optimal-policy.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from heapq import heappop, heappush
from itertools import product

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.sweep.adjoint import Balls, Limits, Place, Range, Reach, Stage, Weights
from exactqse.sweep.boxes import (
    UNIT,
    ZERO,
    Box,
    around,
    heaviest,
    hull,
    meet,
    on_simplex,
    support_of,
)
from exactqse.sweep.curvature import concave, newton
from exactqse.sweep.isolate import alike, between
from exactqse.sweep.near import NearOptimal, ValueRange

VISITS = 50_000  # of (step, state, a, b) in boxes: a few seconds
_CHECK = 16
_POINT = 2.0**-60  # boxes with radii of no more are not divided, nor sought any narrower
_ROUNDS = 10
_LESS = 0.7  # another round, if the box shrank by this factor
_RADII = tuple(Fraction(1, 2**n) for n in range(2, 41))
_INNER = Fraction(7, 8)  # boxes are cut limits the home: beyond its edge by no rounding
Key = tuple[Place, int]  # a place and a cell


@dataclass(frozen=True)
class PolicyBox:
    """A box of policies, with the values and derivatives that the optimal ones in it may have."""

    weights: Weights
    stages: dict[Place, Stage]
    reaches: dict[Place, Reach]
    limits: Limits


@dataclass(frozen=True)
class Home:
    """All with weights in ``outer``, and the optimal ones among them in ``inner``."""

    outer: Weights
    cuts: dict[Key, list[tuple[arb, arb]]]
    inner: PolicyBox


@dataclass(frozen=True)
class Found:
    """Boxes that hold every optimal policy; ``unique`` if there is exactly one."""

    unique: bool
    boxes: list[PolicyBox]


class Search:
    """The search of one game, at the working precision."""

    def __init__(self, near: NearOptimal) -> None:
        self.game = game = near.solution.game
        self.balls, self.level = Balls(game), ball(near.level)
        self.entries = len(game.places) * game.leader_actions * game.follower_actions
        given = near.solution.policy.probabilities
        self.classes: dict[Key, tuple[tuple[int, ...], ...]] = {}
        self.exact: dict[Key, list[Fraction]] = {}
        for (h, s), (c, cell) in product(game.places, enumerate(game.observes)):
            key, row = ((h, s), c), given[h][s][cell[0]]
            self.classes[key] = alike(game, h, s, cell).classes
            self.exact[key] = [Fraction(0)] * len(row)
            for first, *others in self.classes[key]:
                self.exact[key][first] = sum((row[a] for a in others), row[first])
        self.own = {key: [ball(p) for p in row] for key, row in self.exact.items()}
        lam = self._multipliers()
        self.groups = [self._limits(group.values, lam) for group in near.groups]
        self.everywhere = self._limits(near.values, lam)

    def _limits(self, values: Sequence[ValueRange], lam: Range) -> Limits:
        eta = ball(self.game.eta or Fraction(0))
        return Limits({(x.step, x.state): eta * between(x.value) for x in values}, {}, lam)

    def _multipliers(self) -> Range:
        """y_b less dJ/dx_b over D nu_b, of the certified policy."""
        stages = self.balls.backward(self.own, Limits()) or {}
        reaches = self.balls.forward(self.own, stages)
        return {p: (stages[p].W - reaches[p].lean).mid() for p in self.game.places}

    def _whole(self, key: Key) -> Box:
        """All weights: of actions that are alike the first stands for all."""
        firsts = {first for first, *_ in self.classes[key]}
        return [UNIT if a in firsts else ZERO for a in range(self.game.leader_actions)]

    def run(self) -> Found:
        """Divide until all boxes left hold one optimum at most, or so many were looked at."""
        home = self._home()
        whole = {key: self._whole(key) for key in self.own}
        waiting: list[tuple[float, int, PolicyBox]] = []
        points = [home.inner] if home else []
        looked, check = 0, _CHECK
        todo: list[tuple[Weights, Limits]] = [(whole, limits) for limits in self.groups]
        while True:
            for weights, limits in todo:
                looked += 1
                box = self.narrow(weights, limits)
                if box is None or (home and is_inside(box.weights, home.outer)):
                    continue
                if (size := widest(box)[0]) > _POINT:
                    heappush(waiting, (-size, looked, box))
                else:
                    points.append(box)
            spent = not waiting or looked * self.entries >= VISITS
            if looked >= check or spent:
                check = 2 * looked
                left = [*points, *(box for _, _, box in waiting)]
                one = self._one(left)
                if one and (spent or radius(one.weights) < _POINT):
                    return Found(unique=True, boxes=[one])
                if spent:
                    return Found(unique=False, boxes=left)
            box = heappop(waiting)[-1]
            todo = [(part, box.limits) for part in self._divided(box, home)]

    def narrow(self, weights: Weights, limits: Limits) -> PolicyBox | None:
        """A box around all optimal policies in this one; None if there are none."""
        for _ in range(_ROUNDS):
            box = self._round(weights, limits)
            if box is None:
                return None
            before, weights, limits = radius(weights), box.weights, box.limits
            if not radius(weights) < _LESS * before:
                break
        return box

    def _round(self, weights: Weights, limits: Limits) -> PolicyBox | None:
        """One round: values, derivatives, what they leave of each cell, and the least W."""
        stages = self.balls.backward(weights, limits)
        if stages is None:
            return None
        reaches = self.balls.forward(weights, stages)
        first = [reaches[0, s].D * stages[0, s].W.upper() for s in self.game.rho.states]
        loss = (sum(first, ZERO) - self.level).upper()
        if loss < 0:
            return None
        floor = {
            place: (stages[place].W.upper() - loss / reach.D.lower()).lower()
            for place, reach in reaches.items()
            if reach.D > 0
        }
        narrowed = {}
        for (place, c), box in weights.items():
            kept = self._cell(place, c, box, stages[place], reaches[place])
            if kept is None:
                return None
            narrowed[place, c] = kept
        limits = replace(limits, floor={**limits.floor, **floor})
        return PolicyBox(narrowed, stages, reaches, limits)

    def _cell(self, place: Place, c: int, box: Box, stage: Stage, reach: Reach) -> Box | None:
        """The weights of one cell, by the value and by first order."""
        own = self.own[place, c]
        if reach.D.is_zero():  # where no policy of the box comes, the certified one's will do
            return own if all(w.overlaps(p) for w, p in zip(box, own, strict=True)) else None
        members = self.game.observes[c]
        kept: Box | None = box
        if len(members) == 1 and len(support_of(box)) > 1:
            kept = self._by_value(members[0], box, stage)
        if kept is None:
            return None
        exact = self.exact[place, c]
        actions = range(len(box))
        worse = {
            a
            for a in support_of(kept)
            if (reach.D > 0 or exact[a] == 0)
            and any(self.balls.difference(c, stage, reach, a, i) < 0 for i in actions if i != a)
        }
        if not worse:
            return kept
        if any(kept[a] > 0 for a in worse):
            return None
        return on_simplex([ZERO if a in worse else w for a, w in enumerate(kept)])

    def _by_value(self, b: int, box: Box, stage: Stage) -> Box | None:
        """The box of b alone by e^{x_b} = e^v - sum of the others, and x_b linear in it."""
        others = sum((x.exp() for d, x in enumerate(stage.x) if d != b), ZERO)
        rest = stage.v.exp() - others
        if not rest.upper() > 0:
            return None
        least = rest.lower().log() if rest.lower() > 0 else stage.x[b].lower()
        most = rest.upper().log()
        if most < least:
            return None
        x, values = least.lower().union(most.upper()), stage.X[b]
        support = support_of(box)
        base = heaviest(box, support)
        kept = list(box)
        for j in support:
            turn = values[j] - values[base]
            if j == base or turn.contains(0):
                continue
            among = (kept[k] * (values[k] - values[base]) for k in support if k not in {j, base})
            weight = (x - values[base] - sum(among, ZERO)) / turn
            if not weight.overlaps(kept[j]):
                return None
            kept[j] = meet(kept[j], weight)
        return on_simplex(kept)

    def _home(self) -> Home | None:
        """The largest box tried around the certified policy where Newton's method finds its way."""
        for r in _RADII:
            outer: dict[Key, Box] = {}
            cuts: dict[Key, list[tuple[arb, arb]]] = {}
            for key, row in self.exact.items():
                pairs = zip(row, self._whole(key), strict=True)
                outer[key] = [around(p, r) if w.rad() else ZERO for p, w in pairs]
                cuts[key] = [(ball(p - r * _INNER), ball(p + r * _INNER)) for p in row]
            inner = self.narrow(outer, self.everywhere)
            if inner is None:
                return None
            sharp = newton(self.balls, inner.weights)
            if 2 * radius(sharp) <= radius(inner.weights) and concave(self.balls, inner.weights):
                return Home(outer, cuts, inner)
        return None

    def _one(self, boxes: Sequence[PolicyBox]) -> PolicyBox | None:
        """A box around the one optimal policy of all these boxes; None if there may be more.

        By Newton's method it is as narrow as the precision allows.
        """
        weights: Weights = {
            key: [hull(column) for column in zip(*(box.weights[key] for box in boxes), strict=True)]
            for key in self.own
        }
        if not concave(self.balls, weights):
            return None
        while True:
            before, weights = radius(weights), newton(self.balls, weights)
            if not radius(weights) < before / 2:
                return self.narrow(weights, self.everywhere)

    def _divided(self, box: PolicyBox, home: Home | None) -> Iterator[Weights]:
        """Two halves of the widest range of weights; or cut at the home's edge."""
        _, key, a = widest(box)
        whole = box.weights[key]
        low, high = whole[a].lower(), whole[a].upper()
        at, least = whole[a].mid(), (high - low) / 64  # no slivers, of rounding or otherwise
        for cut in home.cuts[key][a] if home else ():
            if low + least < cut < high - least:
                at = cut
        for part in (low.union(at), at.union(high)):
            half = on_simplex([part if i == a else w for i, w in enumerate(whole)])
            if half is not None:
                yield {**box.weights, key: half}


def radius(weights: Weights) -> float:
    """The sum of all radii."""
    return sum(float(w.rad()) for box in weights.values() for w in box)


def is_inside(weights: Weights, outer: Weights) -> bool:
    """Whether the first box lies in the second."""
    return all(
        whole.contains(w)
        for key, box in weights.items()
        for w, whole in zip(box, outer[key], strict=True)
    )


def widest(box: PolicyBox) -> tuple[float, Key, int]:
    """The largest radius of a weight, with its place, cell and action."""
    return max(
        (float(w.rad()), key, a) for key, row in box.weights.items() for a, w in enumerate(row)
    )
