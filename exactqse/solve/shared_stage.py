"""A good policy of a stage whose leader sees less than the action: local ascent from many starts.

The value of alpha, one distribution for each cell of the partition, is

    V(alpha) = sum_b e^{q_b} w_b / sum_b e^{q_b},   (q_b, w_b) = alpha_{c(b)} . (x_b, y_b),

not concave in general. Ascent multiplies probabilities by the exponential of the gradient
sum_{b in c} nu_b ((w_b - V) x_b + y_b); Newton's method on the support then gives the last digits.
What is found is a lower bound of the stage's value, whatever its quality.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.intp]

_STARTS = 2000
_KEPT = 48
_STEPS = 200
_POLISHING_STEPS = 30
_SUPPORT = 1e-9


def cell_of(cells: tuple[tuple[int, ...], ...]) -> Integers:
    """The cell of each follower action, (B,)."""
    pairs = sorted((b, c) for c, cell in enumerate(cells) for b in cell)
    return np.array([c for _, c in pairs], dtype=np.intp)


def stage_value(alpha: Floats, x: Floats, y: Floats, cell: Integers) -> Floats:
    """V(alpha) of many alpha (n, C, A) at one stage, x and y (B, A)."""
    return _quotient(*_means(alpha, x, y, cell))[0]


def _means(alpha: Floats, x: Floats, y: Floats, cell: Integers) -> tuple[Floats, Floats]:
    by_b = alpha[:, cell]
    return np.einsum("nba,ba->nb", by_b, x), np.einsum("nba,ba->nb", by_b, y)


def _quotient(q: Floats, w: Floats) -> tuple[Floats, Floats]:
    weights = np.exp(q - q.max(axis=1, keepdims=True))
    nu = weights / weights.sum(axis=1, keepdims=True)
    return (nu * w).sum(axis=1), nu


def best_shared(
    x: Floats, y: Floats, cell: Integers, random: np.random.Generator
) -> tuple[Floats, float]:
    """(alpha (C, A), V(alpha)) of the best that was found at one stage, x and y (B, A)."""
    count, actions = int(cell.max()) + 1, x.shape[1]
    alpha = random.dirichlet(np.full(actions, 0.3), size=(_STARTS, count))
    alpha = np.concatenate([alpha, pure(count, actions)])
    value = stage_value(alpha, x, y, cell)
    alpha = alpha[np.argsort(-value)[:_KEPT]]
    alpha, value = _ascend(alpha, x, y, cell)
    best = alpha[value.argmax()]
    return polish(best, x, y, cell)


def best_pure(x: Floats, y: Floats, cell: Integers) -> tuple[Floats, float]:
    """The same among the commitments to one action whatever is seen, without any search."""
    alpha = pure(int(cell.max()) + 1, x.shape[1])
    value = stage_value(alpha, x, y, cell)
    return alpha[value.argmax()], float(value.max())


def pure(count: int, actions: int) -> Floats:
    """The commitments to one action whatever is seen, (A, C, A)."""
    return np.broadcast_to(np.eye(actions)[:, None], (actions, count, actions))


def _ascend(alpha: Floats, x: Floats, y: Floats, cell: Integers) -> tuple[Floats, Floats]:
    value = stage_value(alpha, x, y, cell)
    step = np.full(len(alpha), 1.0)
    member = np.eye(int(cell.max()) + 1)[cell]  # (B, C)
    for _ in range(_STEPS):
        q, w = _means(alpha, x, y, cell)
        V, nu = _quotient(q, w)
        push = np.einsum("nb,ba->nba", nu * (w - V[:, None]), x) + nu[:, :, None] * y
        gradient = np.einsum("nba,bc->nca", push, member)
        logs = np.log(np.maximum(alpha, 1e-300)) + step[:, None, None] * gradient
        moved = np.exp(logs - logs.max(axis=2, keepdims=True))
        moved /= moved.sum(axis=2, keepdims=True)
        new = stage_value(moved, x, y, cell)
        better = new >= value
        alpha = np.where(better[:, None, None], moved, alpha)
        value = np.where(better, new, value)
        step *= np.where(better, 1.5, 0.4)
    return alpha, value


def polish(alpha: Floats, x: Floats, y: Floats, cell: Integers) -> tuple[Floats, float]:
    """Newton's method on N - V Z over the support of each cell; (alpha, V(alpha)), no worse."""
    value = float(stage_value(alpha[None], x, y, cell)[0])
    alpha = _without_dust(alpha)
    value = max(value, float(stage_value(alpha[None], x, y, cell)[0]))
    for _ in range(_POLISHING_STEPS):
        moved = np.stack(
            [_newton_step(alpha[c], x[cell == c], y[cell == c], value) for c in range(len(alpha))]
        )
        new = float(stage_value(moved[None], x, y, cell)[0])
        if not new > value:
            break
        alpha, value = moved, new
    return alpha, float(stage_value(alpha[None], x, y, cell)[0])


def ascend_cell(alpha: Floats, x: Floats, y: Floats, value: float) -> Floats:
    """A distribution (A,) of one cell, x and y (m, A), with sum_b e^{q_b} (w_b - value) no less."""

    def gain(point: Floats) -> float:
        q, w = x @ point, y @ point - value
        return float((np.exp(q - top) * w).sum())

    top = float((x @ alpha).max())
    for _ in range(_POLISHING_STEPS):
        moved = _newton_step(alpha, x, y, value)
        if not gain(moved) > gain(alpha):
            break
        alpha = moved
    return alpha


def _without_dust(alpha: Floats) -> Floats:
    kept = np.where(alpha < _SUPPORT, 0.0, alpha)
    total: Floats = kept.sum(axis=1, keepdims=True)
    return kept / total


def _newton_step(alpha: Floats, x: Floats, y: Floats, value: float) -> Floats:
    """One step for one cell, shortened to stay in the simplex."""
    support = np.flatnonzero(alpha)
    if len(support) == 1:
        return alpha
    q, w = x @ alpha, y @ alpha - value
    weights = np.exp(q - q.max())
    xs, ys = x[:, support], y[:, support]
    gradient = (weights * w) @ xs + weights @ ys
    cross = (weights[:, None] * xs).T @ ys
    hessian = (weights * w)[None] * xs.T @ xs + cross + cross.T
    size = len(support)
    system = np.zeros((size + 1, size + 1))
    system[:size, :size] = hessian
    system[size, :size] = system[:size, size] = 1.0
    direction = np.linalg.lstsq(system, np.append(-gradient, 0.0), rcond=None)[0][:size]
    shrinking = direction < 0
    ratios = -alpha[support][shrinking] / direction[shrinking]
    length = min(1.0, 0.999 * float(ratios.min(initial=np.inf)))
    moved = alpha.copy()
    moved[support] = np.maximum(alpha[support] + length * direction, 0.0)
    total = float(moved.sum())
    return moved / total
