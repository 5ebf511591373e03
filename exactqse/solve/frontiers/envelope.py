"""The least of bounds lam + G e^{-d}, piece by piece, as the checker makes points of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import upper_hull

WIDEST = 2.0  # of pieces that fall: a wider one's tangent is no bound worth having
LEVEL = 0.01  # a piece that rises less above its chord is not divided


@dataclass(frozen=True, eq=False)
class Pieces:
    """Consecutive pieces of an interval: which bound holds on each, (m,), and the m + 1 ends."""

    of: Integers
    ends: Floats

    def rise(self, G: Floats) -> Floats:
        """How far the bounds lie above their chords, at most about; 0 where they are convex."""
        middle = (self.ends[1:] + self.ends[:-1]) / 2
        return np.maximum(-G[self.of], 0) * np.exp(-middle) * np.diff(self.ends) ** 2 / 8

    def points(self, lam: Floats, G: Floats) -> tuple[Floats, Floats, Integers]:
        """(d, K) at the ends of each: on the chord where G >= 0, else on the tangent midway."""
        rows = heights(self.ends[:-1], self.ends[1:], lam[self.of], G[self.of])
        d = np.concatenate([self.ends[:-1], self.ends[1:]])
        return d, np.concatenate(rows), np.concatenate([self.of, self.of])


def heights(start: Floats, end: Floats, lam: Floats, G: Floats) -> tuple[Floats, Floats]:
    """What each bound lam + G e^{-d} shows at both ends, as in `Pieces.points`."""
    middle = (start + end) / 2
    rows = []
    for d in (start, end):
        bent = np.exp(-middle) * (1 - (d - middle))
        rows.append(lam + G * np.where(G >= 0, np.exp(-d), bent))
    return rows[0], rows[1]


def pieces(
    lam: Floats, G: Floats, interval: tuple[float, float], cuts: Floats, worth: float
) -> Pieces:
    """The least bounds on the interval; divided at cuts where they lie above their chords.

    A G that is not finite bounds nothing.

    Lines in z = e^{-d}: the lower left hull of the points (G, lam), where d = -ln z ascends with G.
    """
    low, high = interval
    proved = np.flatnonzero(np.isfinite(G)) if np.isfinite(G).any() else np.arange(len(G))
    of = proved[upper_hull(G[proved], -lam[proved])]
    z = -np.diff(lam[of]) / np.diff(G[of])
    ends = np.append(-np.log(np.maximum(z, 1e-300)), np.inf)
    ends = np.clip(np.maximum.accumulate(ends), low, high)
    some = ends > np.concatenate([[low], ends[:-1]])
    if not some.any():
        some[-1] = True
    found = _narrowed(Pieces(of[some], np.concatenate([[low], ends[some]])), G, worth)
    k = np.clip(np.searchsorted(found.ends, cuts) - 1, 0, len(found.of) - 1)
    inside = (found.ends[k] < cuts) & (cuts < found.ends[k + 1])
    inside &= found.rise(G)[k] > LEVEL * worth
    every = np.concatenate([found.ends[1:], cuts[inside]])
    order = np.argsort(every, kind="stable")
    of = np.concatenate([found.of, found.of[k[inside]]])[order]
    return Pieces(of, np.concatenate([[low], every[order]]))


def _narrowed(found: Pieces, G: Floats, worth: float) -> Pieces:
    """Without pieces so wide that their tangents rise above lam.

    At the right end the tangent is lam + |G| e^{-middle} (width / 2 - 1).
    """
    width = np.diff(found.ends)
    middle = (found.ends[1:] + found.ends[:-1]) / 2
    above = np.maximum(-G[found.of], 0) * np.exp(-middle) * (width / WIDEST - 1)
    parts = np.where(above > LEVEL * worth, np.ceil(width / WIDEST), 1).astype(np.intp)
    if (parts == 1).all():
        return found
    rows = zip(found.ends[:-1], found.ends[1:], parts + 1, strict=True)
    inner = [np.linspace(left, right, count)[1:] for left, right, count in rows]
    return Pieces(np.repeat(found.of, parts), np.concatenate([found.ends[:1], *inner]))
