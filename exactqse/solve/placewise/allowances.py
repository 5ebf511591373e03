"""How high the next places may show, so that bounds of a place grow no further than they may.

A bound grows where a majorant does, at a corner of a mixture, with what is picked of the next
places: solved for the height of one of them, at every v where it shows something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.frontiers.stage import directions
from exactqse.solve.placewise.answers import Answers, Site
from exactqse.solve.placewise.cells import total
from exactqse.solve.placewise.columns import Column, Parameters, majorants
from exactqse.solve.placewise.mixtures import Cell
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.region import Region
from exactqse.solve.placewise.ties import Offers, choices_of, lone_of, offers_of

_STEPS = 3  # in which tied places may show more: each leaves less to spare


@dataclass(frozen=True, eq=False)
class Marks:
    """Every v at which a piece of a place begins or ends, twice.

    What it shows may jump there, so there is what pieces on the left show, and on the ``right``.

    Attributes:
        v: (M,), ascending; from the reference.
        right: (M,), the second of each two.
    """

    v: Floats
    right: Booleans

    def within(self, low: float, high: float) -> Booleans:
        """Which are seen from inside of an interval."""
        above = (self.v > low) | ((self.v == low) & self.right)
        below = (self.v < high) | ((self.v == high) & ~self.right)
        found: Booleans = above & below if low < high else self.v == low
        return found


def marks_of(place: Place) -> Marks:
    """Those of a place."""
    v = np.unique(np.concatenate([region.pieces.ends for region in place.regions()]))
    return Marks(np.repeat(v, 2), np.tile([False, True], len(v)))


def tell(
    place: Place, region: Region, found: Answers, slack: Floats, limits: dict[int, Floats]
) -> None:
    """The next places how high they may show: G may grow by ``slack`` (L,)."""
    for t, child in enumerate(place.after):
        marks, reference = marks_of(child), child.site.reference
        low, high = region.box.get(t, (-np.inf, np.inf))
        inside = marks.within(low - reference, high - reference)
        line = region.lines[t]
        v, back = np.unique(marks.v[inside] + reference, return_inverse=True)
        shown = np.interp(v, line.v, line.w)
        room = np.full(len(v), np.inf)
        free = ~found.tied.any(1)
        for k in np.flatnonzero(free):
            for curve in _curves(place.site, region, found, int(k), float(slack[k]), t, v, shown):
                room = np.minimum(room, curve)
        if not free.all():
            some = found.some(np.flatnonzero(~free))
            room = np.minimum(
                room, tied_room(place.site, region, some, slack[~free], (t, v, shown))
            )
        held = limits.setdefault(id(child), np.full(len(marks.v), np.inf))
        held[inside] = np.minimum(held[inside], room[back])


def _curves(
    site: Site,
    region: Region,
    found: Answers,
    k: int,
    slack: float,
    t: int,
    v: Floats,
    shown: Floats,
) -> Iterator[Floats]:
    """What next place t may show at v so that the k-th bound grows by ``slack`` at most."""
    lam = float(found.lam[k])
    columns = region.columns(site)
    actions = [b for b in range(len(site.x)) if columns[b].P.any()]
    for cell in site.cells:
        reached = [columns[b].P[:, t].any() for b in cell]
        if not any(reached):
            continue
        each = [_Majorant.of_action(columns[b], found.majorants[b], k, lam) for b in cell]
        came = [one.came for one in each]
        sums = sum(came[1:], came[0])
        spare = (sums.max() - sums) / len(cell) + slack / len(actions)
        for i in np.flatnonzero(reached):
            yield from _corners(site, region, (cell[i], t), each[i], came[i] + spare, v, shown)


def tied_room(
    site: Site, region: Region, found: Answers, slack: Floats, shown: tuple[int, Floats, Floats]
) -> Floats:
    """What tied place t may show at each v; ``shown`` is t, v and what it shows there."""
    t, v, height = shown
    if not found.tied[0, t]:
        return height
    lines = list(region.lines)
    lines[t] = Polyline(v, height, np.arange(len(v)))
    ties = np.flatnonzero(found.tied[0]).tolist()
    choices = choices_of(ties, lines)
    offers = offers_of(lone_of(site, region.corners, lines, ties), choices, site.gamma)
    reached = [offer.P[..., ties.index(t)] for offer in offers]
    most_G = (found.G + slack / len(ties))[:, None]
    sums = _Sums(site.cells, offers, reached, found, most_G)
    more = np.zeros((len(found.lam), len(choices.v)))
    for _ in range(_STEPS):
        more = sums.further(more)
    at = np.searchsorted(v, choices.v[:, ties.index(t)])
    room = np.full(len(v), np.inf)
    np.minimum.at(room, at, more.min(0))
    most: Floats = height + room
    return most


@dataclass(frozen=True, eq=False)
class _Sums:
    """The sums of the majorants of tied bounds, and what they may come to, (L, 1).

    ``reached`` are each action's probabilities of the place that may show more.
    """

    cells: Sequence[Cell]
    offers: list[Offers]
    reached: list[Floats]
    found: Answers
    most: Floats

    def further(self, more: Floats) -> Floats:
        """How much more (L, Q) the place may show than ``more``, which it may, and that.

        Each action's majorant may grow by a share of what is left.
        """
        lam, shares = self.found.lam, sum(bool(P.any()) for P in self.reached)
        rows = [*zip(self.offers, self.reached, self.found.majorants, strict=True)]
        totals = [
            majorants(offer.x, offer.y + more.reshape(*more.shape, *[1] * P.ndim) * P, of, lam)
            for offer, P, of in rows
        ]
        left = np.maximum(self.most - total(self.cells, totals), 0) / shares
        steps = np.full(more.shape, np.inf)
        for each, (offer, P, of) in zip(totals, rows, strict=True):
            if P.any():
                most = each + left.reshape(*left.shape, *[1] * (each.ndim - 2))
                room = _highest(offer, of, lam, most) - offer.y
                room = np.where(P > 0, room / P, np.inf).reshape(*more.shape, -1)
                steps = np.minimum(steps, room.min(2) - more)
        further: Floats = more + np.maximum(steps, 0)
        return further


def _highest(offer: Offers, of: Parameters, lam: Floats, most: Floats) -> Floats:
    """The y (L, Q, m), or (L, Q, A, m), at which an action's majorant comes to ``most``."""
    down, size, level = (z.reshape(-1, *[1] * most.ndim) for z in (*of, lam))
    falling = np.exp(-most[..., None] / size - 1 - offer.x)
    rising = offer.x - 1 - np.log(most[..., None] / size)
    found: Floats = level - size * np.where(down, falling, rising)
    return found


@dataclass(frozen=True)
class _Majorant:
    """What is "down" or "up" at lam, its parameter, and the vertices that it is taken at."""

    lam: float
    down: bool
    parameter: float
    of: Column

    @classmethod
    def of_action(cls, of: Column, majorants: Parameters, k: int, lam: float) -> _Majorant:
        """The k-th of one follower action."""
        return cls(lam, bool(majorants[0][k]), float(majorants[1][k]), of)

    @property
    def came(self) -> Floats:
        """The most that it comes to at each corner (A,); (1,), where mixtures are not shared."""
        s, x, y = self.parameter, self.of.x, self.of.y
        if self.down:
            found = -s * (1 + x + np.log((self.lam - y) / s))
        else:
            found = s * np.exp(x + (y - self.lam) / s - 1)
        most: Floats = found.max(-1, keepdims=found.ndim == 1)
        return most

    def highest(self, z: Floats, most: float) -> Floats:
        """The y at which it comes to ``most``, where the exponent is z."""
        s = self.parameter
        falling: Floats = self.lam - s * np.exp(-most / s - 1 - z)
        rising: Floats = self.lam + s * (np.log(most / s) + 1 - z)
        return falling if self.down else rising


def _corners(
    site: Site,
    region: Region,
    which: tuple[int, int],
    majorant: _Majorant,
    most: Floats,
    v: Floats,
    shown: Floats,
) -> Iterator[Floats]:
    """At each corner of b's mixtures, where the majorant may come to ``most`` (A,) or (1,).

    Places that follow beside t have equal shares.
    """
    (b, t), of = which, majorant.of
    x, u = of.corners @ site.x[b], of.corners @ site.u[b]
    for a, (P, high) in enumerate(zip(of.P, np.broadcast_to(most, len(of.P)), strict=True)):
        if P[t] <= 0:
            continue
        others = [i for i in np.flatnonzero(P) if i != t]
        X, W = np.zeros(1), np.zeros(1)
        if others:
            lines = [region.lines[int(i)] for i in others]
            picked = [*zip(others, lines, directions(lines).T, strict=True)]
            X = sum(P[i] * line.v[at] for i, line, at in picked)
            W = sum(P[i] * line.w[at] for i, line, at in picked)
        y = majorant.highest(x[a] + site.gamma * (P[t] * v[:, None] + X), float(high))
        curve = ((y - u[a] - W) / P[t]).min(1)
        yield shown + (curve - shown) / (1 + len(others))
