"""One place: all that its choices give, when transitions draw from the next step's frontiers.

For a direction the vertex that suits it best is picked at every next state t, whatever the
leader's action; D directions tell all picks apart. With (v_t, W_t) the picks of direction d,

    X[b, a, d] = eta r + gamma sum_t P_t v_t,    Y[b, a, d] = u + sum_t P_t W_t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline, best_on, upper_hull

_COARSE = 64  # about so many mixtures of a shared cell are tried at first
_ZOOMS = 4
_CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class Response:
    """What is best at L values of lam: sum_b e^{x_b} (y_b - lam) is largest.

    (L, B) unless said otherwise; with weight w the second of two ends is taken: mixture (L, B, A)
    and direction.

    Attributes:
        x, y: what is achieved for each b.
        first, second: mixtures.
        d, e: directions.
        w: weight of (second, e).
    """

    x: Floats
    y: Floats
    first: Floats
    second: Floats
    d: Integers
    e: Integers
    w: Floats

    def values(self) -> tuple[Floats, Floats]:
        """v = ln sum_b e^{x_b} and W = sum_b e^{x_b - v} y_b, (L,)."""
        top = self.x.max(-1, keepdims=True)
        weights = np.exp(self.x - top)
        total = weights.sum(-1)
        return top[:, 0] + np.log(total), (weights * self.y).sum(-1) / total


class Stage:
    """The columns of a place."""

    def __init__(
        self,
        x: Floats,
        u: Floats,
        P: Floats,
        gamma: float,
        cells: Sequence[Sequence[int]],
        ahead: Sequence[Polyline],
        reference: float,
    ) -> None:
        """x = eta r and u are (B, A), P is (B, A, T) over the places of ``ahead``.

        X is measured from ``reference``.
        """
        self.P, self.cells, self.ahead, self.reference = P, cells, ahead, reference
        self.pick = directions(ahead)
        v = np.array([line.v[at] for line, at in zip(ahead, self.pick.T, strict=True)])
        w = np.array([line.w[at] for line, at in zip(ahead, self.pick.T, strict=True)])
        shape = len(ahead), len(self.pick)
        self.X: Floats = x[..., None] - reference + gamma * (P @ v.reshape(shape))
        self.Y: Floats = u[..., None] + P @ w.reshape(shape)
        self.hulls = {cell[0]: self._hull(cell[0]) for cell in cells if len(cell) == 1}

    def _hull(self, b: int) -> Integers:
        """(m, 2): action and direction of the vertices for a b that is seen."""
        keep = upper_hull(self.X[b].ravel(), self.Y[b].ravel())
        return np.stack(np.unravel_index(keep, self.X[b].shape), axis=-1)

    def respond(self, lam: Floats) -> Response:
        """What is best at each lam (L,)."""
        B, A, _ = self.X.shape
        L = len(lam)
        x, y, w = (np.zeros((L, B)) for _ in range(3))
        first, second = np.zeros((L, B, A)), np.zeros((L, B, A))
        d, e = np.zeros((2, L, B), dtype=np.intp)
        unit = np.eye(A)
        for cell in self.cells:
            if len(cell) == 1:
                b = cell[0]
                a, at = self.hulls[b].T
                xs, ys = self.X[b, a, at], self.Y[b, a, at]
                i, w[:, b] = best_on(xs[None], ys[None], lam)
                j = np.minimum(i + 1, len(xs) - 1)
                first[:, b], second[:, b] = unit[a[i]], unit[a[j]]
                d[:, b], e[:, b] = at[i], at[j]
                x[:, b] = xs[i] + w[:, b] * (xs[j] - xs[i])
                y[:, b] = ys[i] + w[:, b] * (ys[j] - ys[i])
                continue
            alpha = self._shared(cell, lam)
            for b in cell:
                xs, ys = alpha @ self.X[b], alpha @ self.Y[b]
                i, w[:, b] = best_on(xs, ys, lam)
                j = np.minimum(i + 1, xs.shape[1] - 1)
                first[:, b] = second[:, b] = alpha
                d[:, b], e[:, b] = i, j
                row = np.arange(L)
                x[:, b] = xs[row, i] + w[:, b] * (xs[row, j] - xs[row, i])
                y[:, b] = ys[row, i] + w[:, b] * (ys[row, j] - ys[row, i])
        return Response(x, y, first, second, d, e, w)

    def _shared(self, cell: Sequence[int], lam: Floats) -> Floats:
        """Mixtures (L, A) with which the sum over the b of a cell is largest, as far as found."""
        A, D = self.X.shape[1:]
        L = len(lam)
        if A == 1:
            return np.ones((L, 1))
        size = max(1, _CHUNK // (D * 4 * _COARSE))
        if size < L:
            parts = [self._shared(cell, lam[k : k + size]) for k in range(0, L, size)]
            return np.concatenate(parts)
        alpha = self._best_of(
            cell,
            lam,
            np.broadcast_to(simplex_grid(A, _COARSE), (L, *simplex_grid(A, _COARSE).shape)),
        )
        steps = np.array([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0])
        width = 1.0 / max(1, round(_COARSE ** (1 / max(A - 1, 1))))
        i, j = np.triu_indices(A, 1)
        moves = np.eye(A)[i] - np.eye(A)[j]
        for _ in range(_ZOOMS * (1 if A == 2 else 2)):
            shifts = (steps[:, None, None] * moves).reshape(-1, A) * width
            tried = alpha[:, None] + shifts
            tried = np.clip(tried, 0, None)
            alpha = self._best_of(cell, lam, tried / tried.sum(-1, keepdims=True))
            width /= 4 if A == 2 else 3
        return alpha

    def _best_of(self, cell: Sequence[int], lam: Floats, tried: Floats) -> Floats:
        """The best of mixtures (L, q, A) for each lam."""
        total = np.zeros(tried.shape[:2])
        each = np.broadcast_to(lam[:, None], total.shape)
        for b in cell:
            xs, ys = tried @ self.X[b], tried @ self.Y[b]
            i, w = best_on(xs, ys, each)
            j = np.minimum(i + 1, xs.shape[-1] - 1)
            ends = [
                np.take_along_axis(z, k[..., None], -1)[..., 0] for z in (xs, ys) for k in (i, j)
            ]
            x, y = ends[0] + w * (ends[1] - ends[0]), ends[2] + w * (ends[3] - ends[2])
            total += np.exp(x) * (y - each)
        best = total.argmax(1)
        found: Floats = tried[np.arange(len(lam)), best]
        return found


def directions(ahead: Sequence[Polyline]) -> Integers:
    """(D, T): the vertices that are picked together, from the least v to the largest."""
    if not ahead:
        return np.zeros((1, 0), dtype=np.intp)
    edges = [np.diff(line.w) / np.diff(line.v) for line in ahead]
    of = np.repeat(np.arange(len(ahead)), [len(slopes) for slopes in edges])
    order = np.argsort(-np.concatenate(edges), kind="stable")
    moved = of[order][:, None] == np.arange(len(ahead))
    start = np.zeros((1, len(ahead)), dtype=np.intp)
    return np.concatenate([start, np.cumsum(moved, axis=0)])


def simplex_grid(A: int, count: int) -> Floats:
    """About ``count`` mixtures of A actions, pure ones among them."""
    n = 1
    while _compositions(n + 1, A) <= count + 1:
        n += 1
    rows: list[list[int]] = [[]]
    for _ in range(A - 1):
        rows = [[*row, k] for row in rows for k in range(n + 1 - sum(row))]
    return np.array([[*row, n - sum(row)] for row in rows]) / n


def _compositions(n: int, A: int) -> int:
    total = 1
    for k in range(1, A):
        total = total * (n + k) // k
    return total
