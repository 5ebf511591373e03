"""Simplices of mixtures that parts of the cover are restricted to, and where to halve them.

At given values of the follower the claim of a place proves the concave hull of what its mixtures
give. Where the best mixture jumps that is a chord above every mixture between, which no division of
values brings down; only one of the mixtures does (proofs/farsighted-bound.md, Divided mixtures).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from exactqse.kernel.certificate import Split
from exactqse.solve.farsighted.forms import Sensitivity
from exactqse.solve.farsighted.model import Booleans, Floats, Integers, Model

if TYPE_CHECKING:
    from exactqse.solve.farsighted.bound import Stage

_INSIDE = (0.25, 0.5, 0.75)  # of an edge, where a chord over it is compared
_EXPONENT = 600.0
_ROOM = 64


class Simplices:
    """Tables of simplices, (places, C, corners, A), of which parts have the numbers; 0: all whole.

    A *spot* is the index of a place, a cell and an edge of its simplex.
    """

    def __init__(self, model: Model) -> None:
        actions, self.cells = model.layers[0].u.shape[2], len(model.cells)
        self.corners = np.zeros((_ROOM, sum(model.sizes), self.cells, actions, actions))
        self.corners[0] = np.eye(actions)
        self.size = 1
        self.ends = np.cumsum([0, *model.sizes])
        self.edges = _edges(actions)

    def steps(self, some: Integers) -> list[Floats]:
        """The tables ``some`` (N,), per step (n, C, corners, A, N)."""
        found = np.moveaxis(self.corners[some], 0, -1)
        return [found[a:b] for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]

    def worst(self, losses: Sequence[Floats]) -> tuple[Floats, Integers, Booleans]:
        """The largest loss of each part, its spot, and whether it is sharp, (N,).

        Of losses per step (2, n, C, edges, N), as of ``edge_losses``.
        """
        count = losses[0].shape[-1]
        if not len(self.edges):
            none = np.zeros(count)
            return none, np.zeros(count, dtype=np.intp), none > 0
        flat = np.concatenate([z.reshape(2, -1, count) for z in losses], axis=1)
        flat = np.where(np.isfinite(flat), flat, 0.0)
        spot = flat.sum(0).argmax(0)
        sharp, bent = flat[:, spot, np.arange(count)]
        return sharp + bent, spot, sharp >= bent

    def where(self, spot: Integers | int) -> tuple[Integers, Integers, Integers]:
        """Place, cell and edge."""
        shape = self.corners.shape[1], self.cells, len(self.edges)
        place, cell, edge = np.unravel_index(spot, shape)
        return place, cell, edge

    def split(self, spot: int) -> tuple[int, int, Split]:
        """Place, cell and edge for a certificate."""
        place, cell, edge = map(int, self.where(spot))
        i, j = map(int, self.edges[edge])
        return place, cell, Split(i, j)

    def spot(self, place: int, cell: int, edge: Split) -> int:
        """The other way round, in whichever order the edge names its ends."""
        ends = sorted((edge.i, edge.j))
        number = self.edges.tolist().index(ends)
        return int((place * self.cells + cell) * len(self.edges) + number)

    def halve(self, some: Integers, spot: Integers) -> Integers:
        """Both halves of each at its spot, (2, N): first with the middle for the edge's i."""
        place, cell, edge = self.where(spot)
        count, n = len(some), np.arange(len(some))
        while self.size + 2 * count > len(self.corners):
            self.corners = np.concatenate([self.corners, np.zeros_like(self.corners)])
        numbers = self.size + np.arange(2 * count).reshape(2, count)
        self.size += 2 * count
        old, (i, j) = self.corners[some], self.edges[edge].T
        middle = (old[n, place, cell, i] + old[n, place, cell, j]) / 2
        for half, k in zip(numbers, (i, j), strict=True):
            self.corners[half] = old
            self.corners[half, place, cell, k] = middle
        return numbers

    def keep(self, halves: Integers, better: Booleans) -> Integers:
        """Forgets what the last halving made but for these; new numbers, (2, kept)."""
        kept, first = halves[:, better], int(halves.min(initial=self.size))
        numbers = first + np.arange(kept.size).reshape(kept.shape)
        self.corners[numbers] = self.corners[kept]
        self.size = first + kept.size
        return numbers


def _edges(actions: int) -> Integers:
    """Pairs i < j, (edges, 2)."""
    found: Integers = np.transpose(np.triu_indices(actions, 1))
    return found


def edge_losses(
    model: Model, stage: Stage, lam: Floats | None, change: Sensitivity | None
) -> Floats:
    """What a cell's part of G loses between the corners of its simplex, (2, n, C, edges, N).

    First *sharp*: how much the mixtures between two corners, at the middles of all values, are
    below the lower of both. That much is lost where values need a mixture of both, at lam (n, N);
    None where none do, as in step 0. Then *bent*: what the slopes of the two corners that decide
    cost for being different, where ``change`` is of this stage, which has one leaf; else None.
    """
    x, y = stage.x[:, :, 0], stage.y[:, :, 0]
    i, j = _edges(x.shape[2]).T
    bent = np.zeros((len(x), len(model.cells), len(i), x.shape[-1]))
    if change is not None and len(i):
        number = np.zeros((x.shape[2], x.shape[2]), dtype=np.intp)
        number[i, j] = number[j, i] = np.arange(len(i))
        ends = number[change.ends][:, :, None]
        excess = np.where(change.ends[0] != change.ends[1], change.excess, 0.0)
        np.put_along_axis(bent, ends, excess[:, :, None], 2)
    if lam is None:
        return np.stack([np.zeros_like(bent), bent])

    def worth(share: float) -> Floats:
        a, b = ((1 - share) * z[:, :, i] + share * z[:, :, j] for z in (x, y))
        value = np.exp(np.minimum(a, _EXPONENT)) * (b - lam[:, None, None])
        return np.stack([value[:, list(cell)].sum(1) for cell in model.cells], axis=1)

    ends = np.minimum(worth(0.0), worth(1.0))
    lost = np.max([ends - worth(share) for share in _INSIDE], axis=0)
    return np.stack([np.maximum(lost, 0.0), bent])
