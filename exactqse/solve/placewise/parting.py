"""Regions divided once more, so that the checker looks at fewer vertices of what they are tied to.

A piece that is tied to a place is bounded at each vertex that the place shows in the region's box.
In half of the box there are half as many, and the follower's values are others: pieces that lie
where none is are left out. All bounds hold in the halves as they are (proofs/place-covers.md,
Ties).
"""

from __future__ import annotations

from copy import copy

import numpy as np

from exactqse.solve.frontiers.envelope import Pieces
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.placewise.answers import Site
from exactqse.solve.placewise.place import Cut, Node, Place
from exactqse.solve.placewise.region import GRAIN, Region

_MORE = 100  # vertices, each for one piece: what another region costs the checker


def part_regions(place: Place) -> None:
    """Divide the regions of a place at vertices of tied places, as long as it saves work."""
    left = place.leaves()
    while left:
        leaf = left.pop()
        found = max(_divisions(place.site, leaf.held), default=(0.0, 0, 0), key=lambda one: one[0])
        saved, t, m = found
        if saved > _MORE:
            leaf.cut, leaf.sides = _divided(place.site, leaf.held, t, m)
            leaf.region = None
            left += leaf.sides
    place.changed()


def _divisions(site: Site, region: Region) -> list[tuple[float, int, int]]:
    """For each tied place the best vertex to divide at, and how many fewer bounds there are."""
    ends, found = region.pieces.ends, []
    ties = np.flatnonzero(region.found.tied[region.pieces.of].any(0))
    many = int(np.prod([len(region.lines[t].v) for t in ties]))
    if (len(ends) - 1) * many < 2 * _MORE:
        return []
    for t in ties.tolist():
        v = region.lines[t].v
        lows, highs = (region.reach(site, t, v, end) for end in (0, -1))
        left = np.searchsorted(ends[:-1], highs)  # pieces that begin below
        right = len(ends) - 1 - np.searchsorted(ends[1:], lows, side="right")
        k = np.arange(len(v))
        work = (left * (k + 1) + right * (len(v) - k)) * (many / len(v))
        if len(v) > 2:
            m = 1 + int(work[1:-1].argmin())
            found.append((float((len(ends) - 1) * many - work[m]), t, m))
    return found


def _divided(site: Site, region: Region, t: int, m: int) -> tuple[Cut, tuple[Node, Node]]:
    line = region.lines[t]
    at = float(np.round(line.v[m] * GRAIN) / GRAIN)
    cut = Cut(t=t, at=at)
    halves = []
    for (box, _), some in zip(
        cut.sides(region.box, region.corners), (slice(m + 1), slice(m, None)), strict=True
    ):
        half = copy(region)
        half.box, half.lines = box, list(region.lines)
        half.lines[t] = Polyline(line.v[some], line.w[some], line.tag[some])
        half.meet(site, half.lines, region.seen or ())
        half.pieces = _within(region.pieces, half.low, half.high)
        halves.append(Node(half))
    return cut, (halves[0], halves[1])


def _within(pieces: Pieces, low: float, high: float) -> Pieces:
    """Those of an interval."""
    ends = pieces.ends
    first = min(int(np.searchsorted(ends[1:], low, side="right")), len(pieces.of) - 1)
    last = max(int(np.searchsorted(ends[:-1], high)), first + 1)
    return Pieces(pieces.of[first:last], ends[first : last + 1])
