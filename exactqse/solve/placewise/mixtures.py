"""The mixture that several follower actions share: what is best for them together.

For each choice of vertices of tied places a few mixtures are tried, then finer ones near the best.
Bounds hold with any; one that is a share of the simplex off costs that share of what bends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import along, best_on
from exactqse.solve.frontiers.stage import simplex_grid
from exactqse.solve.placewise.columns import Reply
from exactqse.solve.placewise.ties import Choices, Offers

Cell = Sequence[int]
_COARSE = 9  # mixtures that are tried for each choice of vertices, if these are few
_FEW = 64
_STEPS = np.array([-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0])
_NEARER = 3.0


@dataclass(frozen=True, eq=False)
class Best:
    """What is best at each lam: which choice, a reply for each action, weights of corners (L, A).

    A cell of one member has none.
    """

    at: Integers
    replies: list[Reply]
    weights: dict[int, Floats]  # by the first member
    picks: list[tuple[Integers, Floats]]  # for each action, as `best_on` has it

    @property
    def point(self) -> Floats:
        """(B, 2, L)."""
        return np.array([(one.x, one.y) for one in self.replies])


def best_of(cells: Sequence[Cell], offers: list[Offers], choices: Choices, lam: Floats) -> Best:
    """What is best with each lam, of all choices of vertices: sum_b e^{x_b} (y_b - lam)."""
    A = len(offers[0].of.corners)
    grid = simplex_grid(A, _COARSE if len(choices.v) <= _FEW else A) if A > 1 else np.ones((1, 1))
    scores = [_scores([offers[b] for b in cell], grid, lam) for cell in cells]
    at = sum(score.max(2) for score in scores).argmax(1)
    row = np.arange(len(lam))
    replies: dict[int, Reply] = {}
    picks: dict[int, tuple[Integers, Floats]] = {}
    weights: dict[int, Floats] = {}
    for cell, score in zip(cells, scores, strict=True):
        tables = [(_at(offers[b].x, at), _at(offers[b].y, at)) for b in cell]
        if len(cell) > 1:
            start = grid[score[row, at].argmax(1)]
            weights[cell[0]] = share = _zoomed(tables, lam, start, len(grid))
            lines = [((share[:, None] @ x)[:, 0], (share[:, None] @ y)[:, 0]) for x, y in tables]
        else:
            share, lines = None, tables
        for b, (x, y) in zip(cell, lines, strict=True):
            picks[b] = best_on(x, y, lam)
            replies[b] = _reply(offers[b], choices, at, (x, y), picks[b], share)
    order = range(len(offers))
    return Best(at, [replies[b] for b in order], weights, [picks[b] for b in order])


def _at(table: Floats, at: Integers) -> Floats:
    """One choice for each lam; a view of the only one."""
    if len(table) == 1:
        found: Floats = np.broadcast_to(table[0], (len(at), *table.shape[1:]))
        return found
    return table[at]


def _scores(offers: list[Offers], grid: Floats, lam: Floats) -> Floats:
    """(L, Q, q): what a cell is worth with each choice of vertices and each mixture of the grid."""
    several = len(offers) > 1
    worth = []
    for offer in offers:
        x, y = (grid @ z if several else z[:, None] for z in (offer.x, offer.y))  # (Q, q, m)
        e = np.exp(x)
        worth.append((e * y - lam[:, None, None, None] * e).max(-1))
    found: Floats = sum(worth[1:], worth[0])
    return found


def _zoomed(tables: list[tuple[Floats, Floats]], lam: Floats, weights: Floats, size: int) -> Floats:
    """Better weights of corners (L, A) near these; x and y are (L, A, m) for each member."""
    A = weights.shape[1]
    i, j = np.triu_indices(A, 1)
    moves = (_STEPS[:, None, None] * (np.eye(A)[i] - np.eye(A)[j])).reshape(-1, A)
    width = 1.0 / max(1, round(size ** (1 / max(A - 1, 1))))
    for _ in range(A - 1):
        tried = np.clip(weights[:, None] + width * moves, 0, None)
        tried /= tried.sum(-1, keepdims=True)
        worth = np.zeros(tried.shape[:2])
        each = np.broadcast_to(lam[:, None], worth.shape)
        for x, y in tables:
            xs, ys = tried @ x, tried @ y
            k, far = best_on(xs, ys, each)
            right, up = (along(z, k, far) for z in (xs, ys))
            worth += np.exp(right) * (up - each)
        weights = tried[np.arange(len(lam)), worth.argmax(1)]
        width /= _NEARER
    return weights


def _reply(
    offer: Offers,
    choices: Choices,
    at: Integers,
    line: tuple[Floats, Floats],
    pick: tuple[Integers, Floats],
    weights: Floats | None,
) -> Reply:
    """At each lam: with the corners that the vertices are at, or these weights of them."""
    (x, y), (i, far), of = line, pick, offer.of
    j = np.minimum(i + 1, x.shape[-1] - 1)
    part = far[:, None]
    v = of.v[i] + part * (of.v[j] - of.v[i])
    if weights is None:
        alpha = (1 - part) * of.corners[of.corner[i]] + part * of.corners[of.corner[j]]
        ahead = (1 - part) * offer.P[i] + part * offer.P[j]
    else:
        alpha, ahead = weights @ of.corners, weights @ offer.P[:, 0]
    v[:, choices.ties] = np.where(ahead > 0, choices.v[at], v[:, choices.ties])
    return Reply(along(x, i, far), along(y, i, far), alpha, v)
