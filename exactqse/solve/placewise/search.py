"""Upper bounds on a tree, place by place: divided where the best solution uses what is not tight.

A place's choices are divided into regions, by the values of the next places and by mixtures; each
region has bounds of its own. In each round regions are divided where the best solution gives
something away, and all that sees it, up to the first step, is proved again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from exactqse.kernel.certificate import Part
from exactqse.kernel.game import KernelGame
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.incumbent import Evaluated, ascended, best_policy, evaluate
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.frontiers.coarse import coarse_places
from exactqse.solve.frontiers.place import Place as Coarse
from exactqse.solve.placewise.answers import Site
from exactqse.solve.placewise.cuts import mark
from exactqse.solve.placewise.losses import Act, Bend, Lost, Used, losses
from exactqse.solve.placewise.place import Cut, Node, Place
from exactqse.solve.placewise.planting import planted
from exactqse.solve.placewise.region import Region
from exactqse.solve.placewise.renewal import NEW, renew
from exactqse.solve.placewise.thinning import thin

_CLOSE = 0.02  # of the gap
_LEAST = 1e-9  # of the scale of values
_WORTH = 0.1  # of the gap, for all places: errors below it are no errors
_SHARE = 0.1
_FINE = 0.1
_EDGE = 0.1  # of an interval: no cut is nearer to its ends
_GRAIN = 2.0**24  # cuts are whole numbers of its parts: the checker knows them exactly
_COARSE = 2.0**10  # the same for references
_DENSER = 3
_FAR = 1000.0
_FEW = 30  # places
_PATIENCE = 50  # rounds
_STALLED = 0.9  # of the gap that is left after these
_ONCE = 10.0  # losses that matter: for so much bounds are made finer as soon as they are used
_FIRST = 8  # round with a search for policies that begins with the solution
_EXPLAINED = 0.5  # of the gap, by losses: there is no such search then
_SOON = 3  # rounds to the next one, after a gain
_LATER = 0.25  # of the rounds so far, to the next one
_AGAIN = 8  # divisions of a place in one round
_AS_MUCH = 0.1

Report = Callable[[int], None]


class Search:
    """The places [h][n], the bounds so far, and the best policy."""

    def __init__(self, model: Model, gap: float, caution: float = 1.0) -> None:
        self.model, self.gap = model, gap
        self.close = caution * max(_CLOSE * gap, _LEAST * model.scale)
        self.worth = _WORTH * gap / sum(model.sizes)
        self.places: list[list[Place]] = []
        coarse = coarse_places(model, self.close)
        for h in reversed(range(len(model.layers))):
            row = [self._place(h, n, coarse[h][n]) for n in range(model.sizes[h])]
            self._renew([(place, place.root) for place in row])
            self.places.insert(0, row)
        self.policy: Evaluated = best_policy(model)
        self.upper = np.inf
        self.matters = self.worth
        self.used: dict[int, Used] = {}  # of each place, what the best solution used last
        self.improving = _FIRST
        self.rounds = 0

    @property
    def lower(self) -> float:
        """The value of the best policy, in float64."""
        return float(self.policy.worth(self.model)[0])

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """Of v at the places after the first step."""
        return [place.reach for row in self.places[1:] for place in row] or [(0.0, 0.0)]

    def _place(self, h: int, n: int, coarse: Coarse) -> Place:
        layer, model = self.model.layers[h], self.model
        follows = np.flatnonzero(layer.P[n].any((0, 1)))
        P = layer.P[n][..., follows]
        reference = float(np.round(coarse.reference * _COARSE) / _COARSE)
        x = model.eta * layer.r[n] - reference
        shared = [t for t in range(len(follows)) if (P[:, :, t].any(1)).sum() > 1]
        site = Site(x, layer.u[n], P, model.gamma, reference, shared, model.cells)
        after = [self.places[0][t] for t in follows]
        B, A = layer.u[n].shape
        corners = dict.fromkeys(range(B), np.eye(A))
        none = np.zeros(0)
        return Place(h, n, site, after, Node(Region({}, corners, _denser(coarse.lam), none, none)))

    def _renew(self, leaves: Sequence[tuple[Place, Node]]) -> None:
        renew(leaves, self.close, self.worth)

    def run(self, aim: float, budget: Budget, report: Report) -> None:
        """Rounds until upper - lower <= aim, or no loss is found or no gain, or to the budget.

        To half of it, where the gap is far from the aim then: boxes of few values may do better.
        """
        gaps = list[float]()
        half = budget.part(budget.nodes or sys.maxsize, shares=2)
        while True:
            self.settle()
            used, acts, lost = self._walk()
            self._play(used, lost)
            report(self.rounds)
            gaps.append(self.upper - self.lower)
            if gaps[-1] <= aim:
                self.settle()  # over what the walk made finer, which may cut pieces elsewhere
            if self.upper - self.lower <= aim or budget.spent or not acts:
                return
            if gaps[-1] > _FAR * aim and half.spent and sum(self.model.sizes) <= _FEW:
                return
            if len(gaps) > _PATIENCE and gaps[-1] > _STALLED * gaps[-1 - _PATIENCE]:
                return
            self._act(acts, half)

    def plant(self, game: KernelGame, known: Part) -> None:
        """Begin with the divisions, lam and ends of a part that an earlier search came to."""
        claims = dict(zip(game.places, known.claims, strict=True))
        for place in (place for row in reversed(self.places) for place in row):
            claim: Any = claims[place.h, game.reachable[place.h][place.n]]
            place.root = planted(game, place, claim)
            self._renew([(place, leaf) for leaf in place.leaves()])

    def settle(self, *, chosen: bool = False) -> None:
        """Prove all again, the last steps first, as the checker will see it."""
        for row in reversed(self.places):
            leaves = [(place, leaf) for place in row for leaf in place.leaves()]
            stale = [pair for pair in leaves if chosen or pair[1].held.seen != pair[0].versions]
            renew(stale, self.close, self.worth, chosen=chosen)
        self.upper = sum(
            float(share) * _highest(place).held.root
            for share, place in zip(self.model.rho, self.places[0], strict=True)
        )

    def thin(self, spare: float) -> None:
        """Keep the pieces that are needed where the upper bound may rise by ``spare``, or all."""
        regions = [r for row in self.places for place in row for r in place.regions()]
        known = [(region.lam, region.found, getattr(region, "pieces", None)) for region in regions]
        before = self.upper
        thin(self.places, spare, self.close)
        self.settle(chosen=True)
        if not self.upper <= before + 2 * spare:
            for region, (lam, found, pieces) in zip(regions, known, strict=True):
                region.lam, region.found = lam, found
                if pieces is not None:
                    region.pieces = pieces
            self.settle(chosen=True)

    def _walk(self) -> tuple[list[Used], list[Act], float]:
        """From the first step on: what the best solution uses, what is lost there, and how much."""
        self.rounds += 1
        used: list[Used] = []
        acts: list[Act] = []
        bends: list[Bend] = []
        here = [
            Used(place, _highest(place), np.nan, float(share))
            for share, place in zip(self.model.rho, self.places[0], strict=True)
        ]
        while here:
            found = self._losses(here)
            used += here
            here = [after for one in found for after in one.below]
            acts += [act for one in found for act in one.acts]
            bends += [one.bend for one in found if one.bend is not None]
        self.used = {id(one.place): one for one in used}
        lost = sum(act.loss for act in acts) + sum(bend.loss for bend in bends)
        return used, acts + self._explained(acts, bends), lost

    def _losses(self, some: Sequence[Used]) -> list[Lost]:
        """Of places of a step, once each has more lam around v if that matters.

        One may use another region then.
        """
        found = [losses(here, self.matters) for here in some]
        again = list[int]()
        for k, here in enumerate(some):
            few = [act for act in found[k].acts if act.leaf is here.leaf and len(act.lam)]
            if few and few[0].loss >= _ONCE * self.matters:
                self._finer(few[0])
                again.append(k)
        self._renew([(some[k].place, some[k].leaf) for k in again])
        for k in again:
            some[k].leaf = some[k].place.best_at(some[k].v)[1]
            found[k] = losses(some[k], self.matters)
        return found

    def _explained(self, acts: Sequence[Act], bends: Sequence[Bend]) -> list[Act]:
        """What may be done about bends, of those that may matter beside all else."""
        found: list[Act] = []
        most = max((act.loss for act in acts), default=0.0)
        for bend in sorted(bends, key=lambda bend: -bend.loss):
            if bend.loss < _SHARE * most:
                break
            found += bend.acts(self.close)
            most = max((most, *(act.loss for act in found)))
        return found

    def _act(self, acts: list[Act], budget: Budget) -> None:
        """Finer bounds wherever they matter, and the divisions that promise most."""
        divisions = sorted((act for act in acts if act.divides), key=lambda act: -act.loss)
        least = _SHARE * max(act.loss for act in acts)
        self.matters = max(self.worth, _FINE * least)
        for act in acts:
            region = act.leaf.region
            if act.divides or act.loss < self.matters or region is None:
                continue
            budget.spend(1)
            self._finer(act)
        touched = set[int]()
        for act in divisions:
            if act.loss < least or id(act.leaf) in touched:
                continue
            touched.add(id(act.leaf))
            budget.spend(1)
            self._divide(act)
            if act.place.site.shares and act.leaf.sides is not None:
                self._renew([(act.place, side) for side in act.leaf.sides])
                self._further(act, budget)

    def _further(self, act: Act, budget: Budget) -> None:
        """Divide what the best solution uses of this place then, while it loses as much.

        Where actions share a mixture many divisions are needed, of simplices and of values.
        """
        here = self.used[id(act.place)]
        for _ in range(_AGAIN):
            leaf = act.place.best_at(here.v)[1] if act.place.h else _highest(act.place)
            again = Used(act.place, leaf, here.v, here.share)
            (found,) = self._losses([again])
            acts = found.acts + (found.bend.acts(self.close) if found.bend else [])
            mine = [each for each in acts if each.divides and each.leaf is again.leaf]
            worst = max(mine, key=lambda each: each.loss, default=None)
            if worst is None or worst.loss < _AS_MUCH * act.loss or budget.spent:
                return
            budget.spend(1)
            self._divide(worst)
            self._renew([(act.place, side) for side in worst.leaf.sides or ()])

    def _finer(self, act: Act) -> None:
        region = act.leaf.held
        region.lam = np.unique(np.concatenate([region.lam, act.lam]))[::-1]
        region.cuts = np.unique(np.concatenate([region.cuts, act.cuts]))
        region.seen = NEW

    def _divide(self, act: Act) -> None:
        place, leaf = act.place, act.leaf
        region = leaf.region
        if region is None:
            return
        parts = self._halves(place, region, act)
        if parts is None:
            return
        cut, halves = parts
        leaf.cut, leaf.sides, leaf.region = cut, (Node(halves[0]), Node(halves[1])), None

    def _halves(self, place: Place, region: Region, act: Act) -> tuple[Cut, list[Region]] | None:
        lam = region.needed() if place.h else region.lam

        def like(box: dict[int, tuple[float, float]], corners: dict[int, Floats]) -> Region:
            return Region(
                box, corners, lam, region.cuts, region.marks, root=region.root, known=region.known
            )

        if act.t < 0:
            cut = Cut(cell=place.site.cell_of(act.b), edge=act.edge)
            return cut, [like(*side) for side in cut.sides(region.box, region.corners)]
        line = region.lines[act.t]
        low, high = float(line.v[0]), float(line.v[-1])
        v = min(max(act.at, low + _EDGE * (high - low)), high - _EDGE * (high - low))
        v = float(np.round(v * _GRAIN) / _GRAIN)
        if not low < v < high:
            return None
        self._mark(place.after[act.t], v)
        cut = Cut(t=act.t, at=v)
        return cut, [like(*side) for side in cut.sides(region.box, region.corners)]

    def _mark(self, place: Place, v: float) -> None:
        """Let pieces end at v, so that none is wider than a box that it is seen through."""
        mark(place.regions(), v - place.site.reference)
        place.changed()

    def _play(self, used: list[Used], lost: float) -> None:
        """Keep the mixtures of the best solution, or policies that ascend from there, if better.

        A gap that is much more than what is ``lost`` is the policy's.
        """
        pi = [p[:1].copy() for p in self.policy.pi]
        for here in used:
            alpha = here.alpha
            if alpha is not None:
                pi[here.place.h][0, here.place.n] = alpha
        self._keep(evaluate(self.model, pi))
        if self.rounds >= self.improving and lost < _EXPLAINED * (self.upper - self.lower):
            gained = self._keep(ascended(self.model, pi).first)
            wait = _SOON if gained else max(_SOON, int(_LATER * self.rounds))
            self.improving = self.rounds + wait

    def _keep(self, policy: Evaluated) -> bool:
        """Whether it is better than the best so far."""
        if better := bool(policy.worth(self.model)[0] > self.lower):
            self.policy = policy
        return better


def _highest(place: Place) -> Node:
    return max(place.leaves(), key=lambda leaf: leaf.held.root)


def _denser(lam: Floats) -> Floats:
    """Two more between each two."""
    steps = np.arange(_DENSER) / _DENSER
    found = (lam[:-1, None] + steps * np.diff(lam)[:, None]).ravel()
    return np.append(found, lam[-1])
