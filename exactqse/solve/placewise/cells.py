"""Bounds where several follower actions share a mixture, as the leader sees less than the action.

The majorants of a cell are summed before the largest is taken, over the corners of its simplex:
at each of these every member picks points of the next places that suit it best, and tied places
show one vertex to all (proofs/place-covers.md). So the loss is second order in a region's size,
where no member's value passes lam in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import best_on
from exactqse.solve.frontiers.stage import simplex_grid
from exactqse.solve.placewise.answers import Answers, answers_of, joined
from exactqse.solve.placewise.columns import Parameters, Reply, majorants, touching
from exactqse.solve.placewise.ties import Blame, Choices, Offers

Cell = Sequence[int]
Members = list[tuple[Offers, tuple[Integers, Floats], Parameters]]  # with picks, and majorants
_COARSE = 9  # mixtures that are tried for each choice of vertices, if these are few
_FEW = 64
_LARGE = 1 << 22  # numbers at a time
_ZOOMS = 1
_STEPS = np.array([-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0])
_NEARER = 8.0
_TURNS = (0.25, 0.125, 0.0625)  # towards what is most
_STEEPER = 4.0  # exponents (y - lam) / s stay below it where no majorant touches
_MOSTLY = 0.5  # of what is lost
_HUGE = 1e300
_SAME = 1e-8  # in v


def total(cells: Sequence[Cell], every: Sequence[Floats]) -> Floats:
    """The sums (L, Q) of each action's majorants: (L, Q), or (L, Q, A) where it shares."""
    parts = [
        sum((every[b] for b in cell[1:]), every[cell[0]]).max(-1)
        if len(cell) > 1
        else every[cell[0]]
        for cell in cells
    ]
    return sum(parts[1:], parts[0])


@dataclass(frozen=True, eq=False)
class _Best:
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


@dataclass(frozen=True, eq=False)
class _Bound:
    """G (L,), the majorants, and (x, y) where they are most (B, 2, L)."""

    G: Floats
    parameters: tuple[Parameters, ...]
    point: Floats


def shared(
    cells: Sequence[Cell],
    offers: list[Offers],
    choices: Choices,
    lam: Floats,
    close: float,
    known: tuple[Parameters, ...] | None,
) -> Answers:
    """The bounds at the lam, with majorants that touch where the best choice is, or near it.

    Or with ``known`` ones, where these prove less.
    """
    size = sum(offer.x.size for offer in offers) * _COARSE
    if len(lam) > 1 and len(lam) * size > _LARGE:
        half = len(lam) // 2
        parts = (
            shared(cells, offers, choices, lam[some], close, _rows(known, some))
            for some in (slice(half), slice(half, None))
        )
        return joined(*parts)
    best = _best(cells, offers, choices, lam)
    point = best.point
    found = _bound(cells, offers, _touching(cells, offers, point, lam, close), lam)
    G, parameters, away = found.G, found.parameters, found.point
    for turn in _TURNS:
        point = point + turn * (away - point)
        touch = _bound(cells, offers, _touching(cells, offers, point, lam, close), lam)
        G, parameters = _less(G, parameters, touch)
        away = touch.point
    if known is not None:
        G, parameters = _less(G, parameters, _bound(cells, offers, known, lam))
    return answers_of(lam, G, best.replies, parameters, choices.ties)


def _rows(known: tuple[Parameters, ...] | None, some: slice) -> tuple[Parameters, ...] | None:
    return known and tuple((down[some], value[some]) for down, value in known)


def _less(
    G: Floats, parameters: tuple[Parameters, ...], other: _Bound
) -> tuple[Floats, tuple[Parameters, ...]]:
    """The lesser, for each lam."""
    less = other.G < G
    pairs = zip(parameters, other.parameters, strict=True)
    some = tuple((np.where(less, q[0], p[0]), np.where(less, q[1], p[1])) for p, q in pairs)
    return np.where(less, other.G, G), some


def _touching(
    cells: Sequence[Cell], offers: list[Offers], point: Floats, lam: Floats, close: float
) -> tuple[Parameters, ...]:
    """Of "up" or "down" that touch e^x (y - lam) at ``point``, where some do.

    In a cell of several members the mixture need not suit each: one that is worth less than 0
    there, but not everywhere, has no majorant that touches.
    """
    found: list[Parameters] = []
    alone = {cell[0] for cell in cells if len(cell) == 1}
    for b, (offer, (x, y)) in enumerate(zip(offers, point, strict=True)):
        top = float(offer.y.max())
        down, value = touching(top, x, y, lam, close)
        if b not in alone:
            value = np.where(down, value, np.maximum(value, (top - lam) / _STEEPER))
        found.append((down, value))
    return tuple(found)


def _bound(
    cells: Sequence[Cell], offers: list[Offers], parameters: tuple[Parameters, ...], lam: Floats
) -> _Bound:
    pairs = zip(offers, parameters, strict=True)
    every = [majorants(offer.x, offer.y, of, lam) for offer, of in pairs]
    sums = total(cells, every)
    worst, row = sums.argmax(1), np.arange(len(lam))
    point = np.empty((len(offers), 2, len(lam)))
    for cell in cells:
        several = len(cell) > 1
        k = sum(every[b][row, worst] for b in cell).argmax(-1) if several else None
        for b in cell:
            at = worst if k is None else (worst, k)
            point[b] = _highest(offers[b].x[at], offers[b].y[at], lam)
    return _Bound(sums[row, worst], parameters, point)


def _highest(x: Floats, y: Floats, lam: Floats) -> tuple[Floats, Floats]:
    """The vertex of each row at which e^x (y - lam) is largest."""
    k = (np.exp(x) * (y - lam[:, None])).argmax(1)
    row = np.arange(len(lam))
    return x[row, k], y[row, k]


def _best(cells: Sequence[Cell], offers: list[Offers], choices: Choices, lam: Floats) -> _Best:
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
    return _Best(at, [replies[b] for b in order], weights, [picks[b] for b in order])


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
    for _ in range(_ZOOMS * (A - 1)):
        tried = np.clip(weights[:, None] + width * moves, 0, None)
        tried /= tried.sum(-1, keepdims=True)
        worth = np.zeros(tried.shape[:2])
        each = np.broadcast_to(lam[:, None], worth.shape)
        for x, y in tables:
            xs, ys = tried @ x, tried @ y
            k, far = best_on(xs, ys, each)
            right, up = (_along(z, k, far) for z in (xs, ys))
            worth += np.exp(right) * (up - each)
        weights = tried[np.arange(len(lam)), worth.argmax(1)]
        width /= _NEARER if A == 2 else 3.0
    return weights


def _along(z: Floats, k: Integers, far: Floats) -> Floats:
    """The points that `best_on` names on polylines (..., m)."""
    after = np.minimum(k + 1, z.shape[-1] - 1)
    first, last = (np.take_along_axis(z, n[..., None], -1)[..., 0] for n in (k, after))
    found: Floats = first + far * (last - first)
    return found


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
    return Reply(_along(x, i, far), _along(y, i, far), alpha, v)


def blame(
    cells: Sequence[Cell],
    offers: list[Offers],
    choices: Choices,
    G: float,
    lam: float,
    close: float,
) -> Blame:
    """Why G is no less, as `ties.blame`; of a cell whose mixture bends the bound, an edge."""
    at_lam = np.array([lam])
    best = _best(cells, offers, choices, at_lam)
    at, point = int(best.at[0]), best.point
    parameters = _touching(cells, offers, point, at_lam, close)
    pairs = zip(offers, parameters, strict=True)
    every = [majorants(offer.x, offer.y, of, at_lam) for offer, of in pairs]
    e = np.exp(point[:, 0, 0])
    worth = e * (point[:, 1, 0] - lam)
    above = np.minimum(total(cells, every)[0] - worth.sum(), _HUGE)
    bend = max(G - float(worth.sum()), 0.0) / float(e.sum())
    moved = np.abs(choices.v - choices.v[at]).sum(1)
    other = int(np.where(above > _MOSTLY * above.max(), moved, 0.0).argmax())
    if moved[other] > _SAME and above[at] < _MOSTLY * above.max():
        return Blame(bend, _named(choices, other), 0, (0, 0))
    lost = [total([cell], every)[0, at] - worth[list(cell)].sum() for cell in cells]
    cell = cells[int(np.argmax(lost))]
    if len(cell) == 1:
        return Blame(bend, *_alone(offers, choices, best, cell[0], lam))
    reason = _Reason(best.weights[cell[0]][0], at, [every[b][0, at] for b in cell])
    rows = [(offers[b], best.picks[b], parameters[b]) for b in cell]
    return Blame(bend, reason.picks(rows, at_lam, max(lost)), cell[0], reason.edge(rows, at_lam))


def _named(choices: Choices, q: int) -> dict[int, float]:
    return dict(zip(choices.ties, choices.v[q].tolist(), strict=True))


def _alone(
    offers: list[Offers], choices: Choices, best: _Best, b: int, lam: float
) -> tuple[dict[int, float], int, tuple[int, int]]:
    """Of an action that shares no mixture: the highest value, which no majorant that falls has."""
    y, corner, at = offers[b].y, offers[b].of.corner, int(best.at[0])
    here = int(y[at].argmax())
    edge = int(corner[best.picks[b][0][0]]), int(corner[here])
    return _named(choices, int(y.max(1).argmax()) if y[at, here] < lam else at), b, edge


@dataclass(frozen=True, eq=False)
class _Reason:
    """Why a cell loses: its best mixture by weights (A,), with choice ``at``; and its majorants.

    ``every`` are those of each member, (A,).
    """

    weights: Floats
    at: int
    every: list[Floats]

    @property
    def corner(self) -> int:
        """The one to blame."""
        return int(sum(self.every[1:], self.every[0]).argmax())

    def edge(self, members: Members, lam: Floats) -> tuple[int, int]:
        """Along which the majorants bend most, with the picks that are best at the mixture."""
        i, j = np.triu_indices(len(self.weights), 1)
        bend = np.zeros(len(i))
        for offer, (k, far), of in members:
            x, y = (_along(z[self.at], k, far) for z in (offer.x, offer.y))  # (A,)
            ends = [np.concatenate([z[i], z[j], (z[i] + z[j]) / 2])[:, None] for z in (x, y)]
            first, last, middle = majorants(*ends, of, lam)[0].reshape(3, -1)
            bend += np.minimum((first + last) / 2 - middle, _HUGE)
        worst = int(bend.argmax())
        return int(i[worst]), int(j[worst])

    def picks(
        self,
        members: Members,
        lam: Floats,
        lost: float,
    ) -> dict[int, float]:
        """Values of next places that are picked there, if most is lost for these; else nothing."""
        more: list[tuple[float, dict[int, float]]] = []
        for every, (offer, (i, far), of) in zip(self.every, members, strict=True):
            x, y = (z[self.at, self.corner] for z in (offer.x, offer.y))
            kept = majorants(_along(x[None], i, far), _along(y[None], i, far), of, lam)[0]
            there = offer.of.v[majorants(x[:, None], y[:, None], of, lam)[0].argmax()]
            seen = {int(t): float(there[t]) for t in np.flatnonzero(np.isfinite(there))}
            more.append((float(every[self.corner] - kept), seen))
        if sum(loss for loss, _ in more) < _MOSTLY * lost:
            return {}
        return max(more, key=lambda pair: pair[0])[1]
