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
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.intp]
Booleans: TypeAlias = NDArray[np.bool_]

_PLAIN_STEPS = 16
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
    """Falling hull edges i -> j, padded: shapes (N, B, E); s = -dy/dx > 0 where ``valid``."""

    i: Integers
    j: Integers
    s: Floats
    valid: Booleans


@dataclass(frozen=True)
class _Choice:
    first: Integers
    second: Integers
    weight: Floats
    q: Floats
    w: Floats
    margin: Floats  # (N, B), how far the best log-value is from the next choice


def solve_stages(x: Floats, y: Floats) -> StageSolutions:
    """Solve N stage problems, ``x`` and ``y`` of shape (N, B, A). Untrusted: a starting point."""
    edges = _hull_edges(x, y)
    value, left = _dinkelbach(x, y, edges)
    if len(left):
        part = _Edges(edges.i[left], edges.j[left], edges.s[left], edges.valid[left])
        value[left] = _bracketed(x[left], y[left], part, value[left])
    choice = _maximise(x, y, edges, value)
    scale = 1 + np.abs(y).max(axis=(1, 2))
    at_zero = (np.abs(y.max(axis=2) - value[:, None]) < _TIE * scale[:, None]).any(axis=1)
    tie = _TIE + 1e-13 * np.abs(x - x.max(axis=(1, 2), keepdims=True)).max(axis=(1, 2))
    close = at_zero | (choice.margin < tie[:, None]).any(axis=1)
    return StageSolutions(value, choice.first, choice.second, choice.weight, close)


def _dinkelbach(x: Floats, y: Floats, edges: _Edges) -> tuple[Floats, Integers]:
    """Newton's iteration from below; the stages whose root is not near, by index."""
    value = y.min(axis=(1, 2))
    for _ in range(_PLAIN_STEPS):
        new = _quotient(_maximise(x, y, edges, value))
        moving = new > value + 4e-16 * np.abs(value)
        value = np.maximum(value, new)
        if not moving.any():
            break
    probe = value + 1e-12 * (1 + np.abs(y).max(axis=(1, 2)))
    log_ratio, _ = _log_ratio(_maximise(x, y, edges, probe), probe)
    return value, np.flatnonzero(~(log_ratio < 0))


def _bracketed(x: Floats, y: Floats, edges: _Edges, low: Floats) -> Floats:
    """Where steep exponentials make Newton's steps short: Newton on ln(P/M), and bisection.

    F = P - M, its positive and its negative terms. N/Z at any point is a lower bound of the root,
    a point with F < 0 an upper bound.
    """
    high = y.max(axis=(1, 2))
    point = low
    for step in range(_MAX_STEPS):
        choice = _maximise(x, y, edges, point)
        low = np.maximum(low, np.minimum(_quotient(choice), high))
        log_ratio, slope = _log_ratio(choice, point)
        high = np.where(log_ratio < 0, np.minimum(high, np.maximum(point, low)), high)
        if not (high - low > 4e-16 * (np.abs(low) + np.abs(high))).any():
            break
        with np.errstate(invalid="ignore"):
            point = point + log_ratio / slope
        outside = ~((point > low) & (point < high)) | (step % 3 == 2)
        point = np.where(outside, (low + high) / 2, point)
    return low


def _quotient(choice: _Choice) -> Floats:
    weights = np.exp(choice.q - choice.q.max(axis=1, keepdims=True))
    value: Floats = (weights * choice.w).sum(axis=1) / weights.sum(axis=1)
    return value


def _log_ratio(choice: _Choice, value: Floats) -> tuple[Floats, Floats]:
    """ln(P/M) and minus its derivative in lambda, Z+/P + Z-/M; infinite when P or M is empty."""
    gain = choice.w - value[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = choice.q + np.log(np.abs(gain))
        sums = []
        sides: tuple[Booleans, Booleans] = (np.greater(gain, 0), np.less(gain, 0))
        for side in sides:
            part = np.where(side, logs, -np.inf)
            top = np.maximum(part.max(axis=1, keepdims=True), -1e300)
            total = (top + np.log(np.exp(part - top).sum(axis=1, keepdims=True)))[:, 0]
            share = np.where(side, np.exp(part - total[:, None]), 0.0)
            slope = np.where(side, share / np.abs(gain), 0.0).sum(axis=1)
            sums.append((total, np.nan_to_num(slope)))
    (positive, rise), (negative, fall) = sums
    with np.errstate(invalid="ignore"):
        return positive - negative, rise + fall


def _hull_edges(x: Floats, y: Floats) -> _Edges:
    """The pairs i -> j with dx > 0 > dy that no third point lies above."""
    i, j = np.nonzero(~np.eye(x.shape[2], dtype=bool))
    dx, dy = x[..., j] - x[..., i], y[..., j] - y[..., i]
    valid = (dx > 0) & (dy < 0)
    for k in range(x.shape[2]):
        above = (y[..., k, None] - y[..., i]) * dx - dy * (x[..., k, None] - x[..., i])
        valid &= above <= 1e-12 * np.abs(dx * dy)
    count = max(int(valid.sum(axis=2).max(initial=0)), 1)
    if not len(i):  # a single leader action: no pair at all
        none = np.zeros((*x.shape[:2], 1))
        return _Edges(none.astype(np.intp), none.astype(np.intp), none + 1.0, none > 0)
    order = np.argsort(~valid, axis=2, kind="stable")[..., :count]
    valid = np.take_along_axis(valid, order, axis=2)
    rise = np.take_along_axis(dy, order, axis=2)
    run = np.take_along_axis(dx, order, axis=2)
    s = np.where(valid, -rise / np.where(valid, run, 1.0), 1.0)
    return _Edges(i[order], j[order], s, valid)


def _maximise(x: Floats, y: Floats, edges: _Edges, value: Floats) -> _Choice:
    """The maximiser of e^q (w - lambda) after each b, by logarithms with the sign apart."""
    gain = y - value[:, None, None]
    positive = np.asarray((gain > 0).any(axis=2, keepdims=True))
    with np.errstate(divide="ignore"):
        logs = x + np.log(np.abs(gain))
    vertex_score = np.where(positive, np.where(gain > 0, logs, -np.inf), -logs)
    xi, yi = np.take_along_axis(x, edges.i, 2), np.take_along_axis(y, edges.i, 2)
    yj = np.take_along_axis(y, edges.j, 2)
    w = value[:, None, None] + edges.s
    weight = np.where(edges.valid, (yi - w) / np.where(edges.valid, yi - yj, 1.0), 0.0)
    inside = edges.valid & positive & (weight > 0) & (weight < 1)
    q = xi + (yi - w) / edges.s
    edge_score = np.where(inside, q + np.log(edges.s), -np.inf)
    scores = np.concatenate([vertex_score, edge_score], axis=2)
    best = scores.argmax(axis=2)[..., None]
    top = np.take_along_axis(scores, best, 2)
    np.put_along_axis(scores, best, -np.inf, 2)
    with np.errstate(invalid="ignore"):
        margin = (top - scores.max(axis=2, keepdims=True))[..., 0]
    margin = np.where(np.isnan(margin), 0.0, margin)
    actions = x.shape[2]
    vertex, edge = np.minimum(best, actions - 1), np.maximum(best - actions, 0)
    mixes = best >= actions

    def pick(at_vertex: NDArray[Any], at_edge: NDArray[Any]) -> NDArray[Any]:
        return np.where(
            mixes, np.take_along_axis(at_edge, edge, 2), np.take_along_axis(at_vertex, vertex, 2)
        )[..., 0]

    index = np.broadcast_to(np.arange(actions), x.shape)
    return _Choice(
        first=pick(index, edges.i),
        second=pick(index, edges.j),
        weight=pick(np.zeros_like(x), weight),
        q=pick(x, q),
        w=pick(y, w),
        margin=margin,
    )
