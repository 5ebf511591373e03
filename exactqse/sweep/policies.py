"""Boxes of policies that hold every optimal one, for a farsighted follower.

Policies are boxes of weights, by place and cell. A box is narrowed by what every optimal policy
obeys: the follower's values are in the ranges of near-optimal ones, J is at least their level, and
no weight is on an action from which moving it away surely gains. Boxes are divided until each is
excluded or lies in a *home*: a box around the certified policy where J is concave, so that at most
one optimal policy is in it (proofs/one-optimal-policy.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.sweep.adjoint import Balls, Place, Reach, Stage, Weights, Within, support_of
from exactqse.sweep.boxes import ONE, ZERO, Box, heaviest, meet
from exactqse.sweep.curvature import concave, newton
from exactqse.sweep.isolate import between
from exactqse.sweep.near import NearOptimal

BOXES = 2000
_ROUNDS = 10
_LESS = 0.7  # another round, if the box shrank by this factor
_RADII = tuple(Fraction(1, 2**n) for n in range(2, 41, 2))
_INNER = Fraction(7, 8)  # boxes are cut within the home: beyond its edge by no rounding
_UNIT = ZERO.union(ONE)


@dataclass(frozen=True)
class PolicyBox:
    """A box of policies, with the values and derivatives that the optimal ones in it may have."""

    weights: Weights
    stages: dict[Place, Stage]
    reaches: dict[Place, Reach]


@dataclass(frozen=True)
class Home:
    """All with weights in ``outer``; the optimal ones, at most one, are in ``inner``."""

    outer: Weights
    cuts: dict[tuple[Place, int], list[tuple[arb, arb]]]
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
        given = near.solution.policy.probabilities
        self.exact = {
            ((h, s), c): given[h][s][cell[0]]
            for h, s in game.places
            for c, cell in enumerate(game.observes)
        }
        self.own = {key: [ball(p) for p in row] for key, row in self.exact.items()}
        eta = ball(game.eta or Fraction(0))
        self.groups, (self.everywhere,) = (
            [{(x.step, x.state): eta * between(x.value) for x in values} for values in several]
            for several in ([group.values for group in near.groups], [near.values])
        )

    def run(self, boxes: int = BOXES) -> Found:
        """Divide until every box is excluded or at home, or so many were looked at."""
        home = self._home()
        whole = {key: [_UNIT] * len(box) for key, box in self.own.items()}
        waiting: list[tuple[float, int, PolicyBox, Within]] = []
        todo, looked = [(whole, within) for within in self.groups], 0
        while todo:
            for weights, within in todo:
                looked += 1
                box = self.narrow(weights, within)
                if box is not None and not (home and is_inside(box.weights, home.outer)):
                    heappush(waiting, (-widest(box, home)[0], looked, box, within))
            todo = []
            if waiting and looked < boxes:
                _, _, box, within = heappop(waiting)
                todo = [(part, within) for part in self._divided(box, home)]
        if home is None:
            return Found(unique=False, boxes=[box for _, _, box, _ in waiting])
        left = [box for _, _, box, _ in waiting]
        if left:
            return Found(unique=False, boxes=[home.inner, *left])
        return Found(unique=True, boxes=[self._sharp(home.inner)])

    def narrow(self, weights: Weights, within: Within) -> PolicyBox | None:
        """A box around all optimal policies in this one; None if there are none."""
        for _ in range(_ROUNDS):
            stages = self.balls.backward(weights, within)
            if stages is None:
                return None
            reaches = self.balls.forward(weights, stages)
            first = (reaches[p].D * stages[p].W for p in self.game.places if p[0] == 0)
            if sum(first, ZERO) < self.level:
                return None
            narrowed = {}
            for (place, c), box in weights.items():
                kept = self._cell(place, c, box, stages[place], reaches[place])
                if kept is None:
                    return None
                narrowed[place, c] = kept
            before, weights = radius(weights), narrowed
            if not radius(weights) < _LESS * before:
                break
        return PolicyBox(weights, stages, reaches)

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
            and any(
                self.balls.difference(place, c, stage, reach, a, i) < 0 for i in actions if i != a
            )
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
        """The largest box tried around the certified policy that holds one optimum at most."""
        for r in _RADII:
            outer, cuts = {}, {}
            for key, row in self.exact.items():
                outer[key] = [ball(max(p - r, Fraction(0))).union(ball(min(p + r, Fraction(1)))) for p in row]
                cuts[key] = [(ball(p - r * _INNER), ball(p + r * _INNER)) for p in row]
            inner = self.narrow(outer, self.everywhere)
            if inner is None:
                return None
            if concave(self.balls, inner.weights, inner.reaches):
                return Home(outer, cuts, inner)
        return None

    def _sharp(self, box: PolicyBox) -> PolicyBox:
        """The box of one optimal policy, by Newton's method as narrow as the precision allows."""
        weights = box.weights
        while True:
            before, weights = radius(weights), newton(self.balls, weights, box.reaches)
            if not radius(weights) < before / 2:
                break
        return self.narrow(weights, self.everywhere) or box

    def _divided(self, box: PolicyBox, home: Home | None) -> Iterator[Weights]:
        """Two halves of the widest range of weights; or cut at the home's edge."""
        _, key, a = widest(box, home)
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


def widest(box: PolicyBox, home: Home | None) -> tuple[float, tuple[Place, int], int]:
    """The largest radius of a weight that is not at home, with its place, cell and action."""
    found = [
        (float(w.rad()), key, a)
        for key, weights in box.weights.items()
        for a, w in enumerate(weights)
        if not (home and home.outer[key][a].contains(w))
    ]
    return max(found)


def on_simplex(box: Box) -> Box | None:
    """The box where weights are in [0, 1] and sum to 1; None if it is empty there."""
    if not all(w.overlaps(_UNIT) for w in box):
        return None
    kept = [w if w.is_zero() else meet(w, _UNIT) for w in box]
    for a in support_of(kept):
        rest = 1 - sum((w for i, w in enumerate(kept) if i != a), ZERO)
        if not rest.overlaps(kept[a]):
            return None
        kept[a] = meet(kept[a], rest)
    return kept if support_of(kept) else None
