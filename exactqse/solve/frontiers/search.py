"""Frontiers of all places, backward; where a solution uses them, they are made finer.

At a value lam the best choice of a place maximises sum_b e^{x_b} (y_b - lam) = G, so that

    W <= lam + G(lam) e^{-v}

for all choices, with equality at the best one (proofs/frontiers.md). Over the achieved frontiers of
the next step the best choices are memories; over the proved ones the least of the bounds, made of
chords and tangents, is the claim of the place. The two differ to second order in the distance of
neighbouring lam, near those that are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np

from exactqse.kernel.certificate import Part
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.frontiers.bounds import Rule, bound
from exactqse.solve.frontiers.coarse import coarse_places
from exactqse.solve.frontiers.envelope import pieces
from exactqse.solve.frontiers.hulls import polyline
from exactqse.solve.frontiers.place import Side, finer
from exactqse.solve.frontiers.stage import Stage

_ROUNDS = 24
_STALLED = 0.9  # of the gap that is left after a few rounds
_FEW = 5
_SHARE = 0.1  # of the gap that errors not worth a finer frontier may take in all
_TREES = 0.02  # of the gap that is left, for the trees of one place
_CLOSE = 0.02  # of the gap
_LEAST = 1e-9  # of the scale of values
_GRID = 18  # of values among which a root is bracketed
_BRACKETS = 12
_NEWTON = 20
_CHORD = 1.5 * 2.0**-29  # what Coq's chords of the logarithm lose, relatively; others lose nothing

Report = Callable[[int], None]  # of how many places a round is done with


class Search:
    """Achieved and proved frontiers, and the values of the first step.

    Attributes:
        places: [h][n].
        after: [h][n], the places of the next step that may follow.
        close: what of y - lam float64 and the checker may not tell apart.
        lower, upper: bounds of the value, in float64.
    """

    def __init__(self, model: Model, gap: float, caution: float = 1.0) -> None:
        self.model, self.gap = model, gap
        self.close = caution * max(_CLOSE * gap, _LEAST * model.scale)
        self.after = [
            [np.flatnonzero(row.any((0, 1))) for row in layer.P] for layer in model.layers
        ]
        self.places = coarse_places(model, self.close)
        self.lower, self.upper = -np.inf, np.inf
        self.planted = False

    def plant(self, part: Part) -> None:
        """Begin with what an earlier search came to: the lam of a part's claims, and their ends.

        Of claims that are not divided: pieces of a region are for fewer policies.
        """
        self.planted = True
        claims: Iterator[Any] = iter(part.claims[len(self.places[0]) :])
        for place in (place for row in self.places[1:] for place in row):
            claim = next(claims)
            pieces = () if claim.divisions else claim.pieces
            known = [float(piece.upper) for piece in pieces]
            place.lam = np.unique(np.concatenate([place.lam, known]))[::-1]
            ends = [float(piece.end) * self.model.eta for piece in pieces if piece.end is not None]
            place.cuts = np.unique(ends)

    def run(self, aim: float, budget: Budget, report: Report) -> None:
        """Rounds of refinement until upper - lower <= aim, or no gain, or the budget is spent."""
        gaps: list[float] = []
        whole = self.places
        while True:
            if not self.backward(budget, report):
                self.places = whole
                return
            whole = [[copy(place) for place in row] for row in self.places]  # before it is refined
            if gaps or not self.planted:  # what is planted was examined before
                budget.spend(sum(len(place.lam) for row in self.places for place in row))
            gaps.append(self.upper - self.lower)
            if gaps[-1] <= aim or budget.spent or len(gaps) > _ROUNDS:
                return
            if len(gaps) > 2 * _FEW and gaps[-1] > _STALLED * gaps[-1 - _FEW]:
                return
            if not self.refine():
                return

    def backward(self, budget: Budget, report: Report) -> bool:
        """Both frontiers of every place; False if the budget ended first, after another round."""
        done = 0
        for h in reversed(range(1, len(self.places))):
            for n in range(len(self.places[h])):
                if budget.spent and self.upper < np.inf:
                    return False
                self._frontier(h, n)
                done += 1
                report(done)
        roots = np.array([self._root(n) for n in range(len(self.places[0]))])
        self.lower, self.upper = (float(value) for value in self.model.rho @ roots)
        report(done + len(roots))
        return True

    def _stages(self, h: int, n: int) -> list[Stage]:
        """The stages of a place over the achieved and the proved frontiers of the next step."""
        layer, model, after = self.model.layers[h], self.model, self.after[h][n]
        x = model.eta * layer.r[n]
        P = layer.P[n][..., after]
        reference = self.places[h][n].reference
        stages = []
        for k in range(2 if after.size else 1):
            lines = [self.places[h + 1][t].side(k).line for t in after]
            stage = Stage(x, layer.u[n], P, model.gamma, model.cells, lines, reference)
            stages.append(stage)
        return stages if after.size else stages * 2

    def _frontier(self, h: int, n: int) -> None:
        place = self.places[h][n]
        below, above = self._stages(h, n)
        reached = below.respond(place.lam)
        v, W = reached.values()
        line = polyline(v + place.reference, W, np.arange(len(v)))
        found = reached if above is below else above.respond(place.lam)
        place.shown = bound(above, place.lam, found, self.rule)
        G = place.shown.G + _CHORD * np.abs(place.shown.G)
        low, high = place.low - place.reference, place.high - place.reference
        cuts = place.cuts - place.reference
        place.pieces = pieces(place.lam, G, (low, high), cuts, self._worth)
        d, K, of = place.pieces.points(place.lam, G)
        proved = polyline(d + place.reference, K, of)
        place.sides = Side(below, reached, line), Side(above, found, proved)

    @property
    def radius(self) -> float:
        """Half the widest range of v."""
        return max((place.high - place.low) / 2 for row in self.places for place in row)

    @property
    def rule(self) -> Rule:
        """How exact bounds need to be now."""
        left = self.upper - self.lower
        left = max(left, self.gap) if np.isfinite(left) else self.model.scale
        return Rule(self.close, _TREES * left)

    @property
    def _worth(self) -> float:
        """What a place may be wrong by without any part of it being made finer."""
        return _SHARE * self.gap / len(self.places)

    def _root(self, n: int) -> tuple[float, float]:
        """The lam with G = 0, achieved and proved.

        What is best just below a root is the solution. Just above it what has the least e^v may
        be best: there G is below 0 for all, and nearest to 0 for what has least weight.
        """
        place = self.places[0][n]
        roots, sides = [], []
        for k, stage in enumerate(self._stages(0, n)):
            low, high = float(stage.Y.min()), float(stage.Y.max())
            for _ in range(_BRACKETS):
                lam = np.linspace(low, high, _GRID)
                found = stage.respond(lam)
                G = (np.exp(found.x) * (found.y - lam[:, None])).sum(-1)
                below = np.flatnonzero(G <= 0)
                at = int(below[0]) if below.size else _GRID - 1
                low, high = float(lam[max(at - 1, 0)]), float(lam[at])
            roots.append(self._proved_root(stage, high) if k else high)
            found = stage.respond(np.array([low]))
            sides.append(Side(stage, found, polyline(np.zeros(1), np.zeros(1), np.zeros(1, int))))
        place.sides = sides[0], sides[1]
        place.lam = np.array(roots)
        return float(sides[0].found.values()[1][0]), roots[1]

    def _proved_root(self, stage: Stage, lam: float) -> float:
        """A lam at which the bound is at most about 0.

        The bound falls by about e^v for a unit of lam, but only if the v that was found is that of
        the best choice: so Newton's steps stay inside a bracket, which is halved in between.
        """
        excess = self._excess(stage, lam)
        high = max(lam, float(stage.Y.max()) + 2 * self.close)
        for turn in range(_NEWTON):
            if excess <= _TREES * self.gap or high - lam <= _TREES * self.gap:
                break
            tried = (lam + high) / 2 if turn % 2 else min(lam + excess, high - (high - lam) / 8)
            value = self._excess(stage, tried)
            if value <= 0:
                high = tried
            else:
                lam, excess = tried, value
        return lam if excess <= _TREES * self.gap else high

    def _excess(self, stage: Stage, lam: float) -> float:
        """The bound at lam, in units of e^v."""
        at = np.array([lam])
        found = stage.respond(at)
        v, _ = found.values()
        return float(bound(stage, at, found, self.rule).G[0] * np.exp(-v[0]))

    def refine(self) -> bool:
        """Finer frontiers where they are used and matter; False where that is nowhere."""
        changed = False
        achieved, proved = self._used(0), self._used(1)
        for h in range(1, len(self.places)):
            counts = [sum(int((w > 0).sum()) for w in used[h]) for used in (achieved, proved)]
            worth = [self._worth / max(count, 1) for count in counts]
            for n, place in enumerate(self.places[h]):
                mark = place.rough(0, achieved[h][n], worth[0])
                mark |= place.rough(1, proved[h][n], worth[1])
                cuts = place.bulging(proved[h][n], worth[1])
                changed |= bool(mark.any() or cuts.size)
                place.cuts = np.unique(np.concatenate([place.cuts, cuts]))
                place.lam = finer(place.lam, mark, place.jumps(mark, 2 * self.close))
        return changed

    def _used(self, k: int) -> list[list[Floats]]:
        """What the vertices of each frontier of a side are worth to the leader at step 0."""
        used = [[np.zeros(len(place.side(k).line.v)) for place in row] for row in self.places]
        for n, share in enumerate(self.model.rho):
            used[0][n][0] = share
        for h, row in enumerate(self.places[:-1]):
            for n, place in enumerate(row):
                side = place.side(k)
                worth = np.zeros(len(side.found.x))
                np.add.at(worth, side.line.tag, used[h][n])
                ks = np.flatnonzero(worth)
                shares, w = side.shares(ks), side.found.w[ks]
                shares *= worth[ks, None, None]
                for j, t in enumerate(self.after[h][n]):
                    for at, weight in ((side.found.d[ks], 1 - w), (side.found.e[ks], w)):
                        np.add.at(used[h + 1][t], side.stage.pick[at, j], shares[..., j] * weight)
        return used
