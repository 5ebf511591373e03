"""Fewer pieces that prove as much: what lies below another region's pieces need not be exact.

The next place up sees the hull of all that a place's pieces show, inside boxes that end at marks.
A piece may be as wide as its line stays below the highest of all pieces at every end of a piece.
"""

from __future__ import annotations

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats
from exactqse.solve.frontiers.envelope import Pieces
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.region import Region

_DUST = 1e-11


def thinned(place: Place) -> list[Pieces]:
    """The pieces of each region, in order, as few as a greedy walk finds."""
    regions = place.regions()
    rows = [region.spans() for region in regions]
    marks = np.unique(np.concatenate([np.concatenate(row[:2]) for row in rows]))
    allowed = np.max([_heights(row, marks) for row in rows], axis=0)
    return [_fewer(region, marks, allowed) for region in regions]


def _heights(row: tuple[Floats, Floats, Floats, Floats], marks: Floats) -> Floats:
    """What a region shows at each mark, the higher of two pieces that meet there."""
    start, end, first, last = row
    found = np.full(len(marks), -np.inf)
    for side in ("left", "right"):
        k = np.clip(np.searchsorted(end, marks, side=side), 0, len(end) - 1)
        inside = (start[k] <= marks) & (marks <= end[k])
        width = np.where(end[k] > start[k], end[k] - start[k], 1.0)
        value = first[k] + (last[k] - first[k]) * (marks - start[k]) / width
        found = np.where(inside, np.maximum(found, value), found)
    return found


def _fewer(region: Region, marks: Floats, allowed: Floats) -> Pieces:
    ends = region.pieces.ends
    some = (marks >= ends[0]) & (marks <= ends[-1])
    v, most = marks[some], allowed[some] + _DUST
    ks = np.unique(region.pieces.of)
    lam, G = region.found.lam[ks], region.found.G[ks]
    of: list[int] = []
    cuts, i = [v[0]], 0
    while i + 1 < len(v):
        j, k = _farthest(v, most, lam, G, i)
        if k < 0:  # the piece that is there
            at = int(np.searchsorted(ends, v[i], side="right")) - 1
            at = min(max(at, 0), len(region.pieces.of) - 1)
            j, best = i + 1, int(region.pieces.of[at])
        else:
            best = int(ks[k])
        if of and of[-1] == best and region.found.G[best] >= 0 and k < 0:
            cuts.pop()
        else:
            of.append(best)
        cuts.append(v[j])
        i = j
    if not of:
        return region.pieces
    return Pieces(np.array(of, dtype=np.intp), np.array(cuts))


def _farthest(v: Floats, most: Floats, lam: Floats, G: Floats, i: int) -> tuple[int, int]:
    """The last j so that one line from v_i to v_j stays below, and whose; (i, -1) for none."""
    step, good, found = 1, i, -1
    while True:
        j = min(good + step, len(v) - 1)
        fits = _below(v[i : j + 1], most[i : j + 1], lam, G)
        if fits.any() and j > good:
            good, found = j, int(fits.argmax())
            step *= 2
            if good == len(v) - 1:
                return good, found
        elif step > 1:
            step //= 2
            if step > 1:
                step //= 2
        else:
            return good, found


def _below(v: Floats, most: Floats, lam: Floats, G: Floats) -> Booleans:
    """For which lam the line over the whole of v stays below."""
    start, end = v[0], v[-1]
    share = (v - start) / (end - start)
    chord = np.exp(-start) + share * (np.exp(-end) - np.exp(-start))
    middle = (start + end) / 2
    bent = np.exp(-middle) * (1 - (v - middle))
    line = lam[:, None] + G[:, None] * np.where(G[:, None] >= 0, chord, bent)
    found: Booleans = (line <= most).all(1)
    return found
