"""Simplices of mixtures that parts of the cover are restricted to, and where to halve them.

Given a value v of the follower the claim of a place proves the concave hull, at e^v, of what its
mixtures give. Where the best mixture jumps that is a chord, which only a division of the mixtures
between its ends brings down (proofs/farsighted-bound.md, Divided mixtures).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers, Model

_INSIDE = (0.25, 0.5, 0.75)  # of an edge, where the loss of its chord is looked at


class Simplices:
    """Tables of simplices, (places, cells, corners, A), that parts name by number; 0 is whole."""

    def __init__(self, model: Model) -> None:
        A = model.layers[0].u.shape[2]
        self.model, self.cells, self.size = model, len(model.cells), 1
        self.corners = np.empty((64, sum(model.sizes), self.cells, A, A))
        self.corners[0] = np.eye(A)
        self.ends = np.cumsum([0, *model.sizes])
        self.edges = np.transpose(np.triu_indices(A, 1))  # (edges, 2)

    def steps(self, some: Integers) -> list[Floats]:
        """Per step (n, C, corners, A, N)."""
        found = np.moveaxis(self.corners[some], 0, -1)
        return [found[a:b] for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]

    def spots(self, losses: Sequence[Floats]) -> tuple[Floats, Integers]:
        """The largest loss per step (n, C, edges, N) of each part, and where: an index, (N,)."""
        sharp, bent = np.concatenate([z.reshape(2, -1, z.shape[-1]) for z in losses], axis=1)
        loss = sharp + bent
        spot = loss.argmax(0)
        here = spot, np.arange(len(spot))
        return loss[here], spot, sharp[here] >= bent[here]

    def where(self, spot: Integers) -> tuple[Integers, Integers, Integers]:
        """Place, cell and edge of an index."""
        place, cell, edge = np.unravel_index(
            spot, (self.corners.shape[1], self.cells, len(self.edges))
        )
        return place, cell, edge

    def halve(self, some: Integers, spot: Integers) -> Integers:
        """Numbers of both halves (2, N): first those with the middle for the edge's first end."""
        place, cell, edge = self.where(spot)
        count = len(some)
        while self.size + 2 * count > len(self.corners):
            self.corners = np.concatenate([self.corners, np.empty_like(self.corners)])
        numbers = self.size + np.arange(2 * count).reshape(2, count)
        self.size += 2 * count
        i, j = self.edges[edge].T
        old = self.corners[some]
        n = np.arange(count)
        middle = (old[n, place, cell, i] + old[n, place, cell, j]) / 2
        for number, k in zip(numbers, (i, j), strict=True):
            self.corners[number] = old
            self.corners[number, place, cell, k] = middle
        return numbers

    def keep(self, numbers: Integers) -> Integers:
        """Forget the others of the last halving, of which these are some; the new numbers."""
        raise NotImplementedError


def losses(model: Model, x: Floats, y: Floats, lam: Floats) -> Floats:
    """What chords over edges are above the mixtures between, (n, C, edges, N), per sum of cells.

    Exponents and values (n, B, corners, N) are linear in the mixture; ``lam`` is (n, N).
    """
    i, j = np.triu_indices(x.shape[2], 1)

    def worth(share: float) -> Floats:
        a, b = ((1 - share) * z[:, :, i] + share * z[:, :, j] for z in (x, y))
        value = np.exp(np.minimum(a, 600.0)) * (b - lam[:, None, None])
        return np.stack([value[:, list(cell)].sum(1) for cell in model.cells], axis=1)

    ends = np.minimum(worth(0.0), worth(1.0))
    lost: Floats = np.max([ends - worth(share) for share in _INSIDE], axis=0)
    return np.maximum(np.where(np.isfinite(lost), lost, 0.0), 0.0)


def bent(edge, A, leaves):
    excess, first, pick = edge
    i, j = np.triu_indices(A, 1)
    if leaves > 1: return np.zeros((*excess.shape[:2], len(i), excess.shape[2]))
    index = np.zeros((A, A), np.intp)
    index[i, j] = index[j, i] = np.arange(len(i))
    at = index[first, pick][:, :, None]
    found = np.zeros((*excess.shape[:2], len(i), excess.shape[2]))
    np.put_along_axis(found, at, np.where(first != pick, np.nan_to_num(excess), 0.0)[:, :, None], 2)
    return found
