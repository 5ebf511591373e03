"""Fewer pieces that prove as much: from the first step on, what no bound needs is given up.

A bound of a place holds with all that its next places show; most of these points could lie higher
before it would be exceeded, the more so the farther they are from what the best solution uses. So
each place is told how high it may show, spends a share of that on wider pieces, and tells the next
places what is left. Then all is proved again, the last steps first: nothing rests on the shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.frontiers.envelope import Pieces
from exactqse.solve.placewise.allowances import Marks, marks_of, tell
from exactqse.solve.placewise.bounds import answer
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.region import Region

_DUST = 1e-11
_SPENT = 0.8  # of how much more a place may show: next places have room of their own


@dataclass(frozen=True, eq=False)
class Kept:
    """Pieces of a region, and how large G may be for each lam that they use.

    Attributes:
        ks: (L,), of the lam.
        G: (L,), at least what it is.
        pieces: of ``ks``.
    """

    ks: Integers
    G: Floats
    pieces: Pieces


def thin(places: list[list[Place]], spare: float, close: float) -> dict[int, Floats]:
    """Leave few pieces in every region; bounds of the first step rise by ``spare`` at most, about.

    What they prove is not found again: see `Search.thin`. ``close`` is the margin of roundings.

    Returns:
        How high each place may show at its marks, by its id.
    """
    limits: dict[int, Floats] = {}
    for h, row in enumerate(places):
        for place in row:
            if h:
                _later(place, limits.get(id(place)), limits)
            else:
                _first(place, spare, close, limits)
    return limits


def _first(place: Place, spare: float, close: float, limits: dict[int, Floats]) -> None:
    regions = place.regions()
    lam = np.array([max(region.root for region in regions) + spare])
    for region in regions:
        found = answer(place.site, region, lam, close)
        slack = np.maximum(-found.G, 0.0)
        tell(place, region, found, slack, limits)


def _later(place: Place, limit: Floats | None, limits: dict[int, Floats]) -> None:
    regions = place.regions()
    rows = [region.spans() for region in regions]
    marks = marks_of(place)
    shown = np.max([heights(row, marks) for row in rows], axis=0)
    most = np.full(len(shown), np.inf) if limit is None else np.maximum(limit, shown)
    spent = np.where(np.isfinite(shown), shown + _SPENT * (most - shown), most)
    for region in regions:
        kept = _kept(region, marks, spent, most)
        found, G = region.found, region.found.G[kept.ks]
        some = found.some(kept.ks)
        tell(place, region, some, np.maximum(kept.G - G, 0.0), limits)
        region.lam, region.found, region.pieces = some.lam, some, kept.pieces
    place.changed()


def heights(row: tuple[Floats, Floats, Floats, Floats], marks: Marks) -> Floats:
    """What a region shows at each mark, on its side; nothing where it has no piece."""
    start, end, first, last = row
    left, right = (np.searchsorted(end, marks.v, side=side) for side in ("left", "right"))
    k = np.minimum(np.where(marks.right, right, left), len(end) - 1)
    inside = marks.within(float(start[0]), float(end[-1]))
    width = np.where(end[k] > start[k], end[k] - start[k], 1.0)
    value = first[k] + (last[k] - first[k]) * (marks.v - start[k]) / width
    return np.where(inside, value, -np.inf)


def _kept(region: Region, marks: Marks, spent: Floats, most: Floats) -> Kept:
    """Pieces below ``spent``, and the G with which they are below ``most``."""
    some = _fewer(region, marks, spent)
    ks, of = np.unique(some.of, return_inverse=True)
    lam, G = region.found.lam[some.of], region.found.G[some.of]
    room = np.full(len(ks), np.inf)
    for i, (start, end) in enumerate(zip(some.ends[:-1], some.ends[1:], strict=True)):
        inside = marks.within(float(start), float(end))
        v = marks.v[inside]
        if not len(v):
            room[of[i]] = min(room[of[i]], G[i])
            continue
        height = _chords(v, start, end) if G[i] >= 0 else _tangents(v, start, end)
        high = (most[inside] - lam[i]) / np.where(height > 0, height, 1.0)
        ceiling = np.inf if G[i] >= 0 else 0.0
        # a tangent that is negative somewhere falls there with G
        most_G = float(np.where(height > 0, high, G[i]).min())
        room[of[i]] = min(room[of[i]], max(min(most_G, ceiling), G[i]))
    return Kept(ks, room, Pieces(of.astype(np.intp), some.ends))


def _fewer(region: Region, marks: Marks, allowed: Floats) -> Pieces:
    """From the left, the line that stays below what is allowed for longest."""
    ends = region.pieces.ends
    some = marks.within(float(ends[0]), float(ends[-1]))
    v, most = marks.v[some], allowed[some] + _DUST
    if len(v) % 2 or v[0] == v[-1]:  # one v, or roundings: there is nothing to save
        return region.pieces
    ks = np.unique(region.pieces.of)
    lam, G = region.found.lam[ks], region.found.G[ks]
    of: list[int] = []
    cuts, i, before, step = [v[0]], 0, -1, 1
    while i < len(v):  # each piece begins to the right of a mark, and ends to the left of another
        j, k = _farthest(v, most, lam, G, i, step)
        j -= 1 - (j - i) % 2
        step = max(j - i, 1)
        if j > i:
            of.append(int(ks[k]))
            at = -1
        else:  # the piece that is there
            at = int(np.searchsorted(ends, v[i], side="right")) - 1
            at = min(max(at, 0), len(region.pieces.of) - 1)
            j = i + 1
            if at == before:
                cuts.pop()
            else:
                of.append(int(region.pieces.of[at]))
        cuts.append(v[j])
        i, before = j + 1, at
    return Pieces(np.array(of, dtype=np.intp), np.array(cuts))


def _farthest(
    v: Floats, most: Floats, lam: Floats, G: Floats, i: int, step: int
) -> tuple[int, int]:
    """The last j so that one line from v_i to v_j stays below, and whose; (i, -1) for none.

    Sought by steps that double until one is too far, from the first ``step`` on, then by halves.
    """
    good, found, last, grows = i, -1, len(v) - 1, True
    while step and good < last:
        j = min(good + step, last)
        fits = _below(v[i : j + 1], most[i : j + 1], lam, G)
        if fits.any():
            good, found = j, int(fits.argmax())
        else:
            grows = False
        step = 2 * step if grows else step // 2
    return good, found


def _below(v: Floats, most: Floats, lam: Floats, G: Floats) -> Booleans:
    """For which lam the line over the whole of v stays below."""
    chord, bent = _chords(v, v[0], v[-1]), _tangents(v, v[0], v[-1])
    line = lam[:, None] + G[:, None] * np.where(G[:, None] >= 0, chord, bent)
    found: Booleans = np.all(line <= most[None, :], axis=1)
    return found


def _chords(v: Floats, start: float, end: float) -> Floats:
    """The chord of e^{-v} over [start, end]."""
    share = (v - start) / (end - start if end > start else 1.0)
    found: Floats = np.exp(-start) + share * (np.exp(-end) - np.exp(-start))
    return found


def _tangents(v: Floats, start: float, end: float) -> Floats:
    """The tangent of e^{-v} midway."""
    middle = (start + end) / 2
    found: Floats = np.exp(-middle) * (1 - (v - middle))
    return found
