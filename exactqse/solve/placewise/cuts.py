"""Which bound is the least where, of many regions: pieces, and where these are divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.envelope import LEVEL, WIDEST, Pieces, heights
from exactqse.solve.placewise.ragged import Rows, hulls
from exactqse.solve.placewise.region import GRAIN, Region

_WIDE = 0.15  # of pieces that lie above their chords
_NEARER = _WIDE * 0.5 ** np.arange(1, 15)


def cut(regions: Sequence[Region], worth: float, *, shares: bool) -> None:
    """The pieces of each, as `frontiers.envelope.pieces`, divided at cuts and at all marks."""
    found = [region.found for region in regions]
    bounds = Rows.of_lengths([len(one.lam) for one in found])
    lam, G = (np.concatenate(rows) for rows in ([f.lam for f in found], [f.G for f in found]))
    reach = np.array([(region.low, region.high) for region in regions]).T
    some = _narrowed(_least(bounds, lam, G, *reach), G, worth)
    falls = np.minimum.reduceat(G, bounds.starts) < 0
    cuts = [
        _cuts(region, falls=fall, shares=shares)
        for region, fall in zip(regions, falls, strict=True)
    ]
    some = some.divided(cuts, np.maximum(-G, 0), LEVEL * worth).rounded()
    some = some.divided([region.marks for region in regions])
    some.spread(regions, bounds.starts)
    some.show(regions, lam, G)


def mark(regions: Sequence[Region], d: float) -> None:
    """Divide what is on both sides of d in each."""
    for region in regions:
        region.marks = np.unique(np.append(region.marks, d))
    proved = [region for region in regions if region.seen is not None]
    if proved:
        some = _Cut.of_regions(proved).divided([np.array([d])] * len(proved))
        some.spread(proved, np.zeros(len(proved), dtype=np.intp))


def _cuts(region: Region, *, falls: bool, shares: bool) -> Floats:
    grid = np.arange(region.low, region.high, _WIDE)[1:] if falls else np.zeros(0)
    # no choice has less than some v, where actions share a mixture: bounds fall steeply there
    near = region.found.v.min() - _NEARER if shares else np.zeros(0)
    return np.concatenate([region.cuts, grid, near])


@dataclass(frozen=True, eq=False)
class _Cut:
    """The pieces of R regions, one after the other.

    Attributes:
        row, of, start, end: (N,), of each piece: its region, its bound, and where it is.
        low, high: (R,).
    """

    row: Integers
    of: Integers
    start: Floats
    end: Floats
    low: Floats
    high: Floats

    @classmethod
    def of_ends(cls, row: Integers, of: Integers, end: Floats, low: Floats, high: Floats) -> _Cut:
        """Each begins where the one before ends, or at the low end."""
        first = np.append(True, row[1:] != row[:-1])
        start = np.where(first, low[row], np.append(0.0, end[:-1]))
        return cls(row, of, start, end, low, high)

    @classmethod
    def of_regions(cls, regions: Sequence[Region]) -> _Cut:
        """What they have."""
        ends = [region.pieces.ends for region in regions]
        rows = Rows.of_lengths([len(some) - 1 for some in ends])
        of = np.concatenate([region.pieces.of for region in regions])
        low, high = np.array([some[[0, -1]] for some in ends]).T
        return cls.of_ends(rows.of, of, np.concatenate([some[1:] for some in ends]), low, high)

    def divided(
        self, cuts: Sequence[Floats], falling: Floats | None = None, least: float = 0.0
    ) -> _Cut:
        """At the cuts of each region that are inside of a piece.

        With ``falling`` (-G, or 0) of each bound, of a piece that lies by more than ``least`` above
        its chord.
        """
        sizes = Rows.of_lengths([len(some) for some in cuts])
        if not len(sizes.of):
            return self
        at = np.concatenate(cuts)
        n = len(at)
        row, v = np.concatenate([sizes.of, self.row]), np.concatenate([at, self.end])
        ends = np.arange(n + len(self.end)) >= n
        order = np.lexsort((ends, v, row))
        before = np.minimum(np.cumsum(ends[order]) - ends[order], len(self.end) - 1)
        k = before[~ends[order]]
        mine, there = row[order][~ends[order]], v[order][~ends[order]]
        inside = (self.row[k] == mine) & (self.start[k] < there) & (there < self.end[k])
        if falling is not None:
            rise = falling[self.of] * np.exp(-(self.start + self.end) / 2)
            inside &= (rise * (self.end - self.start) ** 2 / 8)[k] > least
        if not inside.any():
            return self
        keep = ends[order].copy()
        keep[~keep] = inside
        piece = before[keep]
        return self.of_ends(self.row[piece], self.of[piece], v[order][keep], self.low, self.high)

    def rounded(self) -> _Cut:
        """With ends inside that are whole numbers of grains."""
        last = np.append(self.row[1:] != self.row[:-1], True)
        inner = np.round(self.end * GRAIN) / GRAIN
        inner = np.clip(inner, self.low[self.row], self.high[self.row])
        end = np.where(last, self.end, inner)
        return self.of_ends(self.row, self.of, end, self.low, self.high)

    def spread(self, regions: Sequence[Region], first: Integers) -> None:
        """To the regions, whose bounds are numbered from ``first`` on (R,)."""
        rows = Rows.of_lengths(np.bincount(self.row, minlength=len(regions)))
        of = rows.split(self.of - first[self.row])
        ends = np.insert(self.end, rows.starts, self.low)
        each = Rows.of_lengths(rows.lengths + 1).split(ends)
        for region, mine, there in zip(regions, of, each, strict=True):
            region.pieces = Pieces(mine, there)

    def show(self, regions: Sequence[Region], lam: Floats, G: Floats) -> None:
        """What the pieces show, of bounds that are numbered through."""
        first, last = heights(self.start, self.end, lam[self.of], G[self.of])
        rows = Rows.of_lengths(np.bincount(self.row, minlength=len(regions)))
        tables = [rows.split(table) for table in (self.start, self.end, first, last)]
        for region, *spans in zip(regions, *tables, strict=True):
            region.show((spans[0], spans[1], spans[2], spans[3]))


def _least(bounds: Rows, lam: Floats, G: Floats, low: Floats, high: Floats) -> _Cut:
    """The least bounds: lines in z = e^{-d}, the lower left hull of the points (G, lam).

    d = -ln z ascends with G. A G that is not finite bounds nothing.
    """
    proved = np.isfinite(G)
    none = ~np.logical_or.reduceat(proved, bounds.starts)
    ks = np.flatnonzero(proved | none[bounds.of])
    of = ks[hulls(bounds.of[ks], G[ks], -lam[ks])]
    row = bounds.of[of]
    last = np.append(row[1:] != row[:-1], True)
    z = np.append(-np.diff(lam[of]) / np.diff(G[of]), 0.0)
    end = np.where(last, np.inf, -np.log(np.maximum(z, 1e-300)))
    rows = Rows.of_lengths(np.bincount(row, minlength=len(low)))
    end = np.clip(end, low[row], high[row])
    found = _Cut.of_ends(row, of, end, low, high)
    some = end > found.start
    some[last] |= ~np.logical_or.reduceat(some, rows.starts)
    return replace(found, row=row[some], of=of[some], start=found.start[some], end=end[some])


def _narrowed(some: _Cut, G: Floats, worth: float) -> _Cut:
    """Without pieces so wide that their tangents rise above lam.

    At the right end the tangent is lam + |G| e^{-middle} (width / 2 - 1).
    """
    width, middle = some.end - some.start, (some.start + some.end) / 2
    above = np.maximum(-G[some.of], 0) * np.exp(-middle) * (width / WIDEST - 1)
    wide = above > LEVEL * worth
    if not wide.any():
        return some
    parts = Rows.of_lengths(np.where(wide, np.ceil(width / WIDEST), 1).astype(np.intp))
    of = parts.of
    step = np.arange(len(of)) - parts.starts[of] + 1
    end = some.start[of] + step * (width / parts.lengths)[of]
    end = np.where(step == parts.lengths[of], some.end[of], end)
    return some.of_ends(some.row[of], some.of[of], end, some.low, some.high)
