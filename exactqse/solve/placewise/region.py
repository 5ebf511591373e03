"""One region of a place: what its choices give there, and the bounds lam + G e^{-v} that hold."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.envelope import Pieces, heights
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.placewise.answers import Answers, Site
from exactqse.solve.placewise.columns import Column, column
from exactqse.solve.placewise.reasons import reason
from exactqse.solve.placewise.ties import (
    Blame,
    Choices,
    Lone,
    Offers,
    blame,
    choices_of,
    lone_of,
    offers_of,
)
from exactqse.solve.placewise.together import Table

GRAIN = 2.0**30  # ends are whole numbers of its parts: the checker knows them exactly
Spans = tuple[Floats, Floats, Floats, Floats]


@dataclass(eq=False)
class Region:
    """A leaf of a place's divisions.

    Attributes:
        box: for each next place that was divided, the interval of its v.
        corners: for each follower action, the simplex of its mixtures (A, A).
        lam: at which bounds are made, descending.
        cuts: v, from the reference, at which pieces are divided that lie above their chords.
        marks: v at which all are: there boxes of the place before begin or end.
        seen: the versions of the next places that it was proved over; None if it was not yet.
        known: what was found before, of it or of what it is half of.
        low, high: the range of v; low > high where no policy is.
    """

    box: dict[int, tuple[float, float]]
    corners: dict[int, Floats]
    lam: Floats
    cuts: Floats
    marks: Floats
    seen: tuple[int, ...] | None = None
    low: float = np.inf
    high: float = -np.inf
    lines: list[Polyline] = field(default_factory=list)
    known: Answers | None = None
    root: float = np.inf
    found: Answers = field(init=False)
    pieces: Pieces = field(init=False)
    _columns: list[Column] = field(init=False, default_factory=list)
    _reach: tuple[Floats, Floats] | None = field(init=False, default=None)
    _lone: list[Lone] = field(init=False, default_factory=list)
    _table: Table | None = field(init=False, default=None)
    _spans: tuple[Answers, Pieces, Spans] | None = field(init=False, default=None)

    def meet(self, site: Site, lines: list[Polyline], versions: tuple[int, ...]) -> None:
        """See what the next places offer now."""
        self.seen, self.lines, self._columns = versions, lines, []
        ends = [line.v[[0, -1]] for line in lines]
        least, most = np.array(ends).reshape(-1, 2).T
        x, P = self._exponents(site)
        self.low = float(np.logaddexp.reduce((x + P @ least).min(1)))
        self.high = float(np.logaddexp.reduce((x + P @ most).max(1)))

    def reach(self, site: Site, t: int, v: Floats, end: int) -> Floats:
        """The least (end 0) or the largest (-1) of its v if next place t has these values, each."""
        x, P = self._exponents(site)
        ends = np.array([line.v[end] for line in self.lines])
        others = x + P @ ends - P[..., t] * ends[t]
        found = others[..., None] + P[..., t, None] * v
        reached: Floats = np.logaddexp.reduce(found.max(1) if end else found.min(1))
        return reached

    def _exponents(self, site: Site) -> tuple[Floats, Floats]:
        """x (B, A) and gamma P (B, A, T) at the corners, made once."""
        if self._reach is None:
            rows = [(of @ site.x[b], of @ site.P[b]) for b, of in self.corners.items()]
            x, P = (np.array(tables) for tables in zip(*rows, strict=True))
            self._reach = x, site.gamma * P
        return self._reach

    def columns(self, site: Site) -> list[Column]:
        """What each action offers, where the next places are free."""
        if not self._columns:
            self._columns = [
                column(
                    site.x[b],
                    site.u[b],
                    site.P[b],
                    site.gamma,
                    self.corners[b],
                    self.lines,
                    shares=site.sharing(b),
                )
                for b in range(len(site.x))
            ]
        return self._columns

    def sees(self, lines: list[Polyline]) -> bool:
        """Whether it was proved over just this."""
        pairs = zip(self.lines, lines, strict=True)
        return self.seen is not None and all(a.same(b) for a, b in pairs)

    def bound_at(self, v: float) -> float:
        """The least bound at a v (from the reference) of its range; a stale range may be short."""
        k = min(max(int(np.searchsorted(self.pieces.ends, v)) - 1, 0), len(self.pieces.of) - 1)
        i = self.pieces.of[k]
        return float(self.found.lam[i] + self.found.G[i] * np.exp(-v))

    def needed(self) -> Floats:
        """The lam of pieces, and those beside them."""
        of = np.unique(self.pieces.of)
        near = np.unique(np.concatenate([of - 1, of, of + 1]))
        lam: Floats = self.found.lam[near[(near >= 0) & (near < len(self.found.lam))]]
        return lam

    def spans(self) -> Spans:
        """(d, K) at both ends of each piece, d from the reference."""
        kept = self._spans
        if kept is None or kept[0] is not self.found or kept[1] is not self.pieces:
            of, start, end = self.pieces.of, self.pieces.ends[:-1], self.pieces.ends[1:]
            rows = heights(start, end, self.found.lam[of], self.found.G[of])
            kept = self._spans = self.found, self.pieces, (start, end, *rows)
        return kept[2]

    def show(self, spans: Spans) -> None:
        """Keep what its pieces show."""
        self._spans = self.found, self.pieces, spans

    def offers(self, site: Site, ties: list[int]) -> tuple[list[Offers], Choices]:
        """What each action offers with each choice of a vertex at each of these places."""
        choices = choices_of(ties, self.lines)
        return offers_of(self._alone(site, ties), choices, site.gamma), choices

    def table(self, site: Site, ties: list[int]) -> Table:
        """What each action offers without these places; if all are tied it is made once."""
        if len(ties) < len(self.lines):
            return Table.of_actions(self._alone(site, ties))
        if self._table is None:
            self._table = Table.of_actions(self._alone(site, ties))
        return self._table

    def _alone(self, site: Site, ties: list[int]) -> list[Lone]:
        if len(ties) < len(self.lines):
            return lone_of(site, self.corners, self.lines, ties)
        if not self._lone:
            self._lone = lone_of(site, self.corners, self.lines, ties)
        return self._lone

    def blame(self, site: Site, k: int, close: float) -> Blame:
        """Of the k-th bound, which is tied, or where actions share a mixture."""
        found, ties = self.found, np.flatnonzero(self.found.tied[k]).tolist()
        offers, worth = self.offers(site, ties), (float(found.G[k]), float(found.lam[k]))
        if site.shares:
            return reason(site.cells, *offers, *worth, close)
        return blame(*offers, *worth, close)
