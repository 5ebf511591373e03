"""Frontiers of all places, backward; where a solution uses them, they are made finer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import Floats, Integers, Model
from exactqse.solve.frontiers.bounds import Bound, bound
from exactqse.solve.frontiers.hulls import Polyline, polyline, upper_hull
from exactqse.solve.frontiers.stage import Response, Stage

_START = 16
_ROUNDS = 14
_WORTH = 0.01  # of the gap
_CHORD = 2.0**-26 / 8 * 1.5  # what the checker's chords of the logarithm lose, relatively


@dataclass(eq=False)
class Place:
    """(h, n): its frontiers at some lam, descending.

    Attributes:
        lam: (L,)
        cuts: v at which pieces are divided that lie above a chord.
        low, high: the range of v.
        inner, outer: stages over achieved and over proved frontiers, and what is best there.
        shown: the bounds of the outer stage.
        kept, ends: the lam whose bound is the least somewhere, and where it ends, by ascending v.
    """

    lam: Floats
    low: float
    high: float
    cuts: Floats
    inner: Stage | None = None
    outer: Stage | None = None
    reached: Response | None = None
    found: Response | None = None
    shown: Bound | None = None
    root: tuple[float, float] = (0.0, 0.0)
    kept: Integers | None = None
    ends: Floats | None = None
    achieved: Polyline | None = None
    proved: Polyline | None = None

    @property
    def reaching(self) -> tuple[Stage, Response]:
        """What the achieved frontier was made of."""
        assert self.inner is not None and self.reached is not None
        return self.inner, self.reached

    @property
    def reference(self) -> float:
        """The middle of its range."""
        return (self.low + self.high) / 2


class Search:
    """Inner and outer frontiers, and the values of the first step."""

    def __init__(self, model: Model, gap: float) -> None:
        self.model, self.gap = model, gap
        H = len(model.layers)
        self.after = [
            [np.flatnonzero(row.any((0, 1))) for row in layer.P] for layer in model.layers
        ]
        low, high = self._ranges()
        least, most = self._values()
        self.places: list[list[Place]] = []
        for h in range(H):
            size = float((most[h] - least[h]).max())
            unit = 2.0 ** np.ceil(np.log2(max(size, 1e-12 * model.scale, 1e-300)) - 3)
            row = []
            for n in range(len(least[h])):
                start = np.floor(least[h][n] / unit - 12) * unit
                stop = np.ceil(most[h][n] / unit + 12) * unit
                lam = np.arange(stop, start - unit / 2, -unit)
                row.append(Place(lam, float(low[h][n]), float(high[h][n]), np.zeros(0)))
            self.places.append(row)
        self.upper = self.lower = np.inf

    def _ranges(self) -> tuple[list[Floats], list[Floats]]:
        """The range of v, as the checker finds it."""
        model = self.model
        ends: list[list[Floats]] = [[], []]
        for layer in reversed(model.layers):
            for row, sign in zip(ends, (-1, 1), strict=True):
                x = model.eta * layer.r
                if row:
                    x = x + model.gamma * (layer.P @ row[-1])
                x = x.min(-1) if sign < 0 else x.max(-1)
                top = x.max(-1, keepdims=True)
                row.append((top + np.log(np.exp(x - top).sum(-1, keepdims=True)))[:, 0])
        return ends[0][::-1], ends[1][::-1]

    def _values(self) -> tuple[list[Floats], list[Floats]]:
        """The range of W."""
        ends: list[list[Floats]] = [[], []]
        for layer in reversed(self.model.layers):
            for row, best in zip(ends, (np.min, np.max), strict=True):
                y = layer.u + layer.P @ row[-1] if row else layer.u
                row.append(best(y, axis=(1, 2)))
        return ends[0][::-1], ends[1][::-1]

    def run(self, aim: float, budget: Budget) -> None:
        """Rounds of refinement until upper - lower <= aim, or no gain, or the budget is spent."""
        before = np.inf
        for number in range(_ROUNDS):
            self.backward()
            budget.spend(sum(len(p.lam) for row in self.places for p in row))
            gap = self.upper - self.lower
            if gap <= aim or budget.spent or (number > 5 and gap > 0.7 * before):
                return
            before = gap
            self.refine()

    def stopped(self, budget: Budget) -> str:
        """Why the search ended before its aim, in words."""
        if budget.spent:
            return budget.reason
        return "finer frontiers do not bring the bounds closer together"

    def backward(self) -> None:
        """Both frontiers of every place."""
        for h in reversed(range(1, len(self.places))):
            for n in range(len(self.places[h])):
                self._frontier(h, n)
        for n in range(len(self.places[0])):
            self._root(n)
        self.lower, self.upper = (
            float(self.model.rho @ np.array([place.root[k] for place in self.places[0]])) for k in (0, 1)
        )

    def stage(self, h: int, n: int, *, outer: bool) -> Stage:
        """The stage of a place over the frontiers of the next step."""
        layer, model = self.model.layers[h], self.model
        after = self.after[h][n]
        lines = [
            line
            for t in after
            if (line := getattr(self.places[h + 1][t], "proved" if outer else "achieved"))
        ]
        x = model.eta * layer.r[n]
        reference = self.places[h][n].reference
        P = layer.P[n][..., after]
        return Stage(x, layer.u[n], P, model.gamma, model.cells, lines, reference)

    def _frontier(self, h: int, n: int) -> None:
        place = self.places[h][n]
        place.inner = self.stage(h, n, outer=False)
        place.reached = place.inner.respond(place.lam)
        v, W = place.reached.values()
        tag = np.arange(len(v))[:, None]
        place.achieved = polyline(v + place.reference, W, tag)
        place.outer = place.inner
        place.found = place.reached
        if self.after[h][n].size:
            place.outer = self.stage(h, n, outer=True)
            place.found = place.outer.respond(place.lam)
        v, _ = place.found.values()
        tolerance = 0.02 * self.gap * np.exp(v)
        place.shown = bound(place.outer, place.lam, place.found, tolerance)
        G = place.shown.G
        G = G + _CHORD * np.abs(G)
        low, high = place.low - place.reference, place.high - place.reference
        kept, ends = envelope(place.lam, G, low, high)
        cuts = place.cuts - place.reference
        place.kept, place.ends = divided(kept, ends, G, low, cuts, _WORTH * self.gap)
        place.proved = _points(place, G)

    def _root(self, n: int) -> None:
        """Roots of the inner and of the outer G, at lam."""
        place = self.places[0][n]
        place.inner, place.outer = (self.stage(0, n, outer=k) for k in (False, True))
        values = []
        for stage in (place.inner, place.outer):
            low, high = place.lam[-1], place.lam[0]
            for _ in range(12):
                lam = np.linspace(low, high, 18)
                G = self.excess(stage, lam)
                k = int(np.flatnonzero(G <= 0)[0]) if (G <= 0).any() else 17
                low, high = lam[max(k - 1, 0)], lam[k]
            values.append(float(high))
        place.reached = place.inner.respond(np.array(values[:1]))
        place.found = place.outer.respond(np.array(values[1:]))
        place.root = values[0], values[1]

    def excess(self, stage: Stage, lam: Floats) -> Floats:
        """G at some lam of the first step."""
        found = stage.respond(lam)
        v, _ = found.values()
        return bound(stage, lam, found, 0.02 * self.gap * np.exp(v)).G

    def refine(self) -> None:
        """Divide the intervals of lam beside those that are used."""
        marks = [[np.zeros(len(p.lam), bool) for p in row] for row in self.places]
        cuts: list[list[list[Floats]]] = [[[] for _ in row] for row in self.places]
        for outer in (False, True):
            used = [[np.zeros(len(p.lam), bool) for p in row] for row in self.places]
            for h, row in enumerate(self.places[:-1]):
                for n, place in enumerate(row):
                    found = place.found if outer else place.reached
                    stage = place.outer if outer else place.inner
                    ks = np.flatnonzero(used[h][n]) if h else np.array([0])
                    for k, t in zip(stage.pick.T, self.after[h][n], strict=True):
                        at = found.d[ks]
                        ends = np.concatenate([k[at].ravel(), k[found.e[ks]][found.w[ks] > 0]])
                        line = self.places[h + 1][t]
                        line = line.proved if outer else line.achieved
                        used[h + 1][t][line.tag[ends].ravel()] = True
                        if outer:
                            cuts[h + 1][t].append(line.v[ends])
            for h in range(1, len(self.places)):
                for n in range(len(marks[h])):
                    marks[h][n] |= used[h][n]
        for row, some, at in zip(self.places[1:], marks[1:], cuts[1:], strict=True):
            for place, mark, v in zip(row, some, at, strict=True):
                if v:
                    place.cuts = np.unique(np.concatenate([place.cuts, _cuts(place, np.concatenate(v))]))
                place.lam = _finer(place.lam, mark)


def _finer(lam: Floats, mark: np.ndarray) -> Floats:
    beside = mark[1:] | mark[:-1]
    width = np.diff(lam)
    beside &= -width > 1e-9 * (1 + np.abs(lam[1:]))
    new = [lam[:-1][beside] + share * width[beside] for share in (0.25, 0.5, 0.75)]
    return np.sort(np.concatenate([lam, *new]))[::-1]


def _cuts(place: Place, v: Floats) -> Floats:
    """Where to divide the pieces that end at some v: closer and closer to it."""
    ends = np.concatenate([[place.low - place.reference], place.ends])
    v = np.unique(v) - place.reference
    k = np.abs(ends[:, None] - v).argmin(0)
    before, after = ends[np.maximum(k - 1, 0)], ends[np.minimum(k + 1, len(ends) - 1)]
    new = [v + share * (end - v) for share in (0.25, 0.5) for end in (before, after)]
    return np.concatenate(new) + place.reference


def divided(
    kept: Integers, ends: Floats, G: Floats, low: float, cuts: Floats, worth: float
) -> tuple[Integers, Floats]:
    """The pieces with G < 0 divided at cuts, where their curve is ``worth`` above its chord."""
    start = np.concatenate([[low], ends[:-1]])
    rise = -G[kept] * np.exp(-(start + ends) / 2) * (ends - start) ** 2 / 8
    of = np.searchsorted(ends, cuts)
    of = np.minimum(of, len(ends) - 1)
    some = (rise[of] > worth) & (cuts > start[of]) & (cuts < ends[of])
    order = np.argsort(np.concatenate([ends, cuts[some]]), kind="stable")
    every = np.concatenate([kept, kept[of[some]]])
    return every[order], np.concatenate([ends, cuts[some]])[order]


def envelope(lam: Floats, G: Floats, low: float, high: float) -> tuple[Integers, Floats]:
    """Which curves lam + G e^{-d} are the lowest on [low, high], by ascending d; their ends.

    Lines in z = e^{-d}: the lower left hull of the points (G, lam), where d = -ln z ascends with G.
    """
    kept = upper_hull(G, -lam)
    z = -np.diff(lam[kept]) / np.diff(G[kept])
    ends = np.append(-np.log(np.maximum(z, 1e-300)), np.inf)
    ends = np.clip(np.maximum.accumulate(ends), low, high)
    start = np.concatenate([[low], ends[:-1]])
    some = ends > start
    if not some.any():
        some[-1] = True
    return kept[some], ends[some]


def _points(place: Place, G: Floats) -> Polyline:
    """The ends of the pieces: a chord where G >= 0, a tangent at the middle where it is not."""
    assert place.kept is not None and place.ends is not None
    lam, G = place.lam[place.kept], G[place.kept]
    start = np.concatenate([[place.low - place.reference], place.ends[:-1]])
    middle = (start + place.ends) / 2
    rows = []
    for d in (start, place.ends):
        bent = np.exp(-middle) * (1 - (d - middle))
        rows.append(lam + G * np.where(G >= 0, np.exp(-d), bent))
    v = np.concatenate([start, place.ends]) + place.reference
    tag = np.concatenate([place.kept, place.kept])[:, None]
    return polyline(v, np.concatenate(rows), tag)
