"""A place with its frontiers, and where they have to be finer.

A frontier is refined where a solution uses it, so that an error there matters: between neighbouring
lam, where the best choice jumps, and where tangents lie too high above a vertex
(proofs/frontiers.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.frontiers.bounds import Bound
from exactqse.solve.frontiers.envelope import Pieces
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.frontiers.stage import Response, Stage

_NEARER = 0.25  # of the distance to the neighbour
_JUMP = 0.5  # of v between neighbours: less is a bend
_CUT = 0.36  # the same for cuts; up to a third the tangents beside them would be too high
_NARROW = 1e-9


@dataclass(frozen=True, eq=False)
class Side:
    """A place over achieved or over proved frontiers: its stage, and what is best at each lam."""

    stage: Stage
    found: Response
    line: Polyline

    def shares(self, ks: Integers) -> Floats:
        """How likely each next state is after each b, (K, B, T)."""
        v, _ = self.found.values()
        found = self.found
        w = found.w[ks, :, None]
        alpha = (1 - w) * found.first[ks] + w * found.second[ks]
        moves = np.einsum("kba,bat->kbt", alpha, self.stage.P)
        likely: Floats = moves * np.exp(found.x[ks] - v[ks, None])[..., None]
        return likely


@dataclass(eq=False)
class Place:
    """(h, n): its frontiers.

    Attributes:
        lam: (L,) descending; at step 0 the root of either side.
        low, high: the range of v.
        cuts: v at which pieces are divided that lie above a chord.
        sides: achieved, proved.
        shown: the bounds of the proved side.
        pieces: which of them are the least where.
    """

    lam: Floats
    low: float
    high: float
    cuts: Floats
    sides: tuple[Side, Side] = field(init=False)
    shown: Bound = field(init=False)
    pieces: Pieces = field(init=False)

    @property
    def reference(self) -> float:
        """The middle of its range."""
        return (self.low + self.high) / 2

    def side(self, k: int) -> Side:
        """Over what is achieved (0), or proved (1)."""
        return self.sides[k]

    def rough(self, k: int, used: Floats, worth: float) -> Booleans:
        """Which lam (L,) are used so that finer neighbours matter, given what vertices are worth.

        Between neighbours the frontier may rise above its chord by the product of the differences
        in slope and in v, over 8.
        """
        side = self.side(k)
        v, _ = side.found.values()
        error = np.abs(np.diff(self.lam) * np.diff(v)) / 8
        error = np.maximum(np.append(error, np.inf), np.append(np.inf, error))
        total = np.zeros(len(self.lam))
        np.add.at(total, side.line.tag, used)
        rough: Booleans = total * error > worth
        return rough

    def jumps(self, mark: Booleans, close: float) -> Floats:
        """Where the best choice jumps between neighbours of which one is marked, and ``close`` by.

        A choice is worth e^v (W - lam) at every lam: so two choices are worth the same where these
        lines cross. A choice that is best between the two moves the crossing, and is found there.
        """
        found = []
        for side in self.sides:
            v, W = side.found.values()
            share = np.exp(-np.maximum(np.diff(v), 0))
            cross = (W[1:] - share * W[:-1]) / (1 - share)
            apart = (np.diff(v) > _JUMP) & (mark[1:] | mark[:-1])
            found += [
                some[apart & (self.lam[1:] < some) & (some < self.lam[:-1])]
                for some in (cross, cross + close)
            ]
        return np.concatenate(found)

    def bulging(self, used: Floats, worth: float) -> Floats:
        """Where to divide pieces whose tangents lie too high above vertices that are used."""
        line = self.side(1).line
        rise, ends = self.pieces.rise(self.shown.G), self.pieces.ends
        some = np.flatnonzero(used > 0)
        v = line.v[some] - self.reference
        k = np.abs(ends[:, None] - v).argmin(0)  # v ends piece k - 1
        new = []
        for before in (True, False):
            piece = k - 1 if before else k
            inside = (piece >= 0) & (piece < len(rise))
            piece = np.clip(piece, 0, len(rise) - 1)
            matter = inside & (used[some] * rise[piece] > worth)
            far = ends[piece] if before else ends[piece + 1]
            new.append((v + _CUT * (far - v))[matter])
        return np.concatenate(new) + self.reference


def finer(lam: Floats, mark: Booleans, more: Floats) -> Floats:
    """Nearer neighbours of those that are marked, and ``more``; beyond the last, as much again.

    Lines through neighbours at growing distances lie below what is near: one new point a side is
    enough.
    """
    width = np.diff(lam)
    wide = -width > _NARROW * (1 + np.abs(lam[1:]))
    new = [
        (lam[:-1] + _NEARER * width)[mark[:-1] & wide],
        (lam[1:] - _NEARER * width)[mark[1:] & wide],
    ]
    size = lam[0] - lam[-1]
    new += [lam[:1][mark[:1]] + size, lam[-1:][mark[-1:]] - size]
    return np.unique(np.concatenate([lam, *new, more]))[::-1]
