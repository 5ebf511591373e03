"""Stage problems in float64, many at once: Dinkelbach's iteration with the two-action structure.

A stage is W = max over alpha of sum_b e^{q_b} w_b / sum_b e^{q_b}, where (q_b, w_b) = sum_a
alpha_b(a) (x_b(a), y_b(a)) and x = eta r, y = U. Newton's step on F(lambda) = sum_b max
e^{q_b} (w_b - lambda) is lambda <- N/Z at the maximiser (proofs/dinkelbach.md); the maximiser after
each b is a vertex or lies inside a falling edge of the upper hull, at w = lambda - dy/dx
(proofs/two-actions.md).
Values are compared as logarithms, so that exponents of any size neither overflow nor vanish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.intp]
Booleans: TypeAlias = NDArray[np.bool_]

_PLAIN_STEPS = 16
_WORTH_PRUNING = 500
_MAX_STEPS = 200
_TIE = 1e-9  # relative closeness at which float64 leaves a choice to exact arithmetic


@dataclass(frozen=True)
class StageSolutions:
    """N stage problems solved in float64.

    Attributes:
        value: W, shape (N,).
        first, second: the two leader actions mixed after each b, shape (N, B); equal at a vertex.
        weight: the probability of ``second``, shape (N, B).
        close: whether some choice was too close to call, shape (N,).
    """

    value: Floats
    first: Integers
    second: Integers
    weight: Floats
    close: Booleans


@dataclass(frozen=True)
class _Edges:
    """Falling hull edges i -> j, padded: shapes (N, B, E); s = -dy/dx > 0 where ``valid``.

    ``xi``, ``yi``, ``fall`` = y_i - y_j are the edge's data, 1 where not valid.
    """

    i: Integers
    j: Integers
    s: Floats
    valid: Booleans
    xi: Floats
    yi: Floats
    fall: Floats

    def part(self, stages: Integers) -> _Edges:
        """The edges of some of the stages."""
        return _Edges(*(getattr(self, name)[stages] for name in self.__match_args__))


@dataclass(frozen=True)
class _Candidates:
    """All vertices, then all edges, after each b: log-scores, q and w, shapes (N, B, A + E)."""

    scores: Floats
    q: Floats
    w: Floats

    def best(self) -> tuple[Integers, Floats, Floats]:
        """The maximisers: flat index, q and w, each (N, B)."""
        rows = self.scores.reshape(-1, self.scores.shape[2])
        flat = rows.argmax(axis=1) + np.arange(len(rows)) * rows.shape[1]
        shape = self.scores.shape[:2]
        return (
            flat,
            self.q.reshape(-1)[flat].reshape(shape),
            self.w.reshape(-1)[flat].reshape(shape),
        )


def solve_stages(x: Floats, y: Floats) -> StageSolutions:
    """Solve N stage problems, ``x`` and ``y`` of shape (N, B, A). Untrusted: a starting point."""
    edges = _hull_edges(x, y)
    value, left = _dinkelbach(x, y, edges)
    if len(left):
        value[left] = _bracketed(x[left], y[left], edges.part(left), value[left])
    candidates = _candidates(x, y, edges, value)
    flat, _, w = candidates.best()
    first, second, weight = _mixtures(edges, x.shape[2], flat, w)
    margin = _margins(candidates, flat)
    scale = 1 + np.abs(y).max(axis=(1, 2))
    at_zero = (np.abs(y.max(axis=2) - value[:, None]) < _TIE * scale[:, None]).any(axis=1)
    tie = _TIE + 1e-13 * np.abs(x - x.max(axis=(1, 2), keepdims=True)).max(axis=(1, 2))
    close = at_zero | (margin < tie[:, None]).any(axis=1)
    return StageSolutions(value, first, second, weight, close)


def _dinkelbach(x: Floats, y: Floats, edges: _Edges) -> tuple[Floats, Integers]:
    """Newton's iteration from below; the stages whose root is not near, by index."""
    value = _quotient(*_take(y.argmax(axis=2), x, y))  # any prescription's value is a lower bound
    for _ in range(_PLAIN_STEPS):
        new = _quotient(*_candidates(x, y, edges, value).best()[1:])
        moving = new > value + 4e-16 * np.abs(value)
        value = np.maximum(value, new)
        if not moving.any():
            break
    probe = value + 1e-12 * (1 + np.abs(y).max(axis=(1, 2)))
    _, q, w = _candidates(x, y, edges, probe).best()
    log_ratio, _ = _log_ratio(q, w, probe)
    return value, np.flatnonzero(~(log_ratio < 0))


def _take(action: Integers, *tables: Floats) -> list[Floats]:
    """Each table (N, B, A) at one action per (N, B)."""
    return [np.take_along_axis(table, action[..., None], 2)[..., 0] for table in tables]


def _bracketed(x: Floats, y: Floats, edges: _Edges, low: Floats) -> Floats:
    """Where steep exponentials make Newton's steps short: Newton on ln(P/M), and bisection.

    F = P - M, its positive and its negative terms. N/Z at any point is a lower bound of the root,
    a point with F < 0 an upper bound.
    """
    high = y.max(axis=(1, 2))
    point = low
    for step in range(_MAX_STEPS):
        _, q, w = _candidates(x, y, edges, point).best()
        low = np.maximum(low, np.minimum(_quotient(q, w), high))
        log_ratio, slope = _log_ratio(q, w, point)
        high = np.where(log_ratio < 0, np.minimum(high, np.maximum(point, low)), high)
        if not (high - low > 4e-16 * (np.abs(low) + np.abs(high))).any():
            break
        with np.errstate(invalid="ignore"):
            point = point + log_ratio / slope
        outside = ~((point > low) & (point < high)) | (step % 3 == 2)
        point = np.where(outside, (low + high) / 2, point)
    return low


def _quotient(q: Floats, w: Floats) -> Floats:
    weights = np.exp(q - q.max(axis=1, keepdims=True))
    value: Floats = (weights * w).sum(axis=1) / weights.sum(axis=1)
    return value


def _log_ratio(q: Floats, w: Floats, value: Floats) -> tuple[Floats, Floats]:
    """ln(P/M) and minus its derivative in lambda, Z+/P + Z-/M; infinite when P or M is empty."""
    gain = w - value[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = q + np.log(np.abs(gain))
        sums = []
        sides: tuple[Booleans, Booleans] = (np.greater(gain, 0), np.less(gain, 0))
        for side in sides:
            part = np.where(side, logs, -np.inf)
            top = np.maximum(part.max(axis=1, keepdims=True), -1e300)
            total = (top + np.log(np.exp(part - top).sum(axis=1, keepdims=True)))[:, 0]
            share = np.where(side, np.exp(part - total[:, None]), 0.0)
            slope = np.where(side & (share > 0), share / np.abs(gain), 0.0).sum(axis=1)
            sums.append((total, slope))
    (positive, rise), (negative, fall) = sums
    with np.errstate(invalid="ignore"):
        return positive - negative, rise + fall


def _hull_edges(x: Floats, y: Floats) -> _Edges:
    """The pairs i -> j with dx > 0 > dy that no third point lies above.

    On few stages the third points cost more than they save: all falling pairs are kept.
    """
    i, j = np.nonzero(~np.eye(x.shape[2], dtype=bool))
    dx, dy = x[..., j] - x[..., i], y[..., j] - y[..., i]
    valid = (dx > 0) & (dy < 0)
    for k in range(x.shape[2] if x.size >= _WORTH_PRUNING else 0):
        above = (y[..., k, None] - y[..., i]) * dx - dy * (x[..., k, None] - x[..., i])
        valid &= above <= 1e-12 * np.abs(dx * dy)
    if not valid.any():
        ones = np.ones((*x.shape[:2], 1))
        zeros = np.zeros(ones.shape, dtype=np.intp)
        return _Edges(zeros, zeros, ones, ones < 0, ones, ones, ones)
    count = int(valid.sum(axis=2).max())
    order = np.argsort(~valid, axis=2, kind="stable")[..., :count]
    valid = np.take_along_axis(valid, order, axis=2)
    i, j = i[order], j[order]

    def kept(table: Floats) -> Floats:
        return np.where(valid, table, 1.0)

    fall = kept(-np.take_along_axis(dy, order, axis=2))
    run = kept(np.take_along_axis(dx, order, axis=2))
    xi, yi = (kept(np.take_along_axis(table, i, axis=2)) for table in (x, y))
    return _Edges(i, j, fall / run, valid, xi, yi, fall)


def _candidates(x: Floats, y: Floats, edges: _Edges, value: Floats) -> _Candidates:
    """Scores q + ln(w - lambda) where some action gains, else -(q + ln(lambda - w))."""
    gain = y - value[:, None, None]
    positive = np.asarray((gain > 0).any(axis=2, keepdims=True))
    with np.errstate(divide="ignore"):
        logs = x + np.log(np.abs(gain))
    at_vertices = np.where(positive, np.where(gain > 0, logs, -np.inf), -logs)
    w = value[:, None, None] + edges.s
    drop = edges.yi - w
    inside = edges.valid & positive & (drop > 0) & (drop < edges.fall)
    q = edges.xi + drop / edges.s
    at_edges = np.where(inside, q + np.log(edges.s), -np.inf)
    return _Candidates(
        np.concatenate([at_vertices, at_edges], axis=2),
        np.concatenate([x, q], axis=2),
        np.concatenate([y, w], axis=2),
    )


def _mixtures(
    edges: _Edges, actions: int, flat: Integers, w: Floats
) -> tuple[Integers, Integers, Floats]:
    """(first, second, weight of second) of the chosen candidates, each (N, B)."""
    index = (flat % (actions + edges.s.shape[2])).reshape(w.shape)
    mixes = index >= actions
    place = np.maximum(index - actions, 0)[..., None]
    i, j, yi, fall = (
        np.take_along_axis(table, place, 2)[..., 0]
        for table in (edges.i, edges.j, edges.yi, edges.fall)
    )
    weight = np.where(mixes, (yi - w) / fall, 0.0)
    return np.where(mixes, i, index), np.where(mixes, j, index), weight


def _margins(candidates: _Candidates, flat: Integers) -> Floats:
    """How far the best score after each b is above the next, (N, B); 0 where that is NaN."""
    scores = candidates.scores.copy()
    top = scores.reshape(-1)[flat].reshape(scores.shape[:2])
    scores.reshape(-1)[flat] = -np.inf
    with np.errstate(invalid="ignore"):
        margin = top - scores.max(axis=2)
    return np.where(np.isnan(margin), 0.0, margin)
