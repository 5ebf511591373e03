"""A good prescription for every state at once: candidates, then local ascent.

The objective may be any function of the prescription, such as a value plus a width, which the
stage solvers do not know. Moves go from alpha_c towards an action, by steps of several sizes at
once; they span all directions of the simplex, so no grid leaves a floor of regret. What is found is
a lower bound of the supremum, whatever its quality.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from exactqse.solve.shared_stage import cell_of
from exactqse.solve.stage_float64 import solve_stages

Floats = NDArray[np.float64]
Objective = Callable[[Floats], Floats]  # (S, K, B, A) -> (S, K)
Cells = tuple[tuple[int, ...], ...]

_STEPS = 0.5 ** np.array([0, 1, 2, 4, 6, 9, 12, 16])
_ROUNDS = 40
_KEPT = 2
_ENOUGH = 1e-10
_MOST_PURE = 81
_MIXED = 32


def pure_prescriptions(cells: Cells, leader: int, follower: int) -> Floats:
    """Prescriptions of one action for each cell, at most 81 of them, shape (K, B, A)."""
    choices = np.array(list(islice(product(range(leader), repeat=len(cells)), _MOST_PURE)))
    alpha: Floats = np.eye(leader)[choices[:, cell_of(cells)]]
    return alpha.reshape(-1, follower, leader)


def clean_best(q: Floats, U: Floats) -> tuple[Floats, Floats]:
    """What maximises sum_b nu_b U_b with exponents q, for a leader who sees the action.

    Args:
        q: eta times the follower's reward, shape (S, A, B).
        U: the leader's values, shape (S, A, B).

    Returns:
        alpha (S, B, A) and its values (S,); no leader who sees less gets more.
    """
    x, y = (np.ascontiguousarray(np.swapaxes(table, 1, 2)) for table in (q, U))
    states, follower, leader = x.shape
    found = solve_stages(x, y)
    alpha = np.zeros((states, follower, leader))
    s, b = np.indices((states, follower))
    alpha[s, b, found.first] = 1 - found.weight
    alpha[s, b, found.second] += found.weight
    return alpha, found.value


def some_prescriptions(
    cells: Cells, shape: tuple[int, int, int], random: np.random.Generator
) -> Floats:
    """Where ascent may start without knowing better, constant within cells, shape (S, K, B, A).

    Args:
        cells: the partition of B.
        shape: (S, B, A).
        random: where mixed prescriptions come from.
    """
    states, follower, leader = shape
    pure = pure_prescriptions(cells, leader, follower)
    mixed = random.dirichlet(np.full(leader, 0.5), size=(states, _MIXED, len(cells)))
    known = np.broadcast_to(pure, (states, *pure.shape))
    return np.concatenate([known, mixed[:, :, cell_of(cells)]], axis=1)


def ascend(objective: Objective, candidates: Floats, cells: Cells) -> tuple[Floats, Floats]:
    """Local ascent from the best of some candidates, state by state.

    Args:
        objective: values of prescriptions (S, K, B, A), shape (S, K).
        candidates: shape (S, K, B, A), constant within cells.
        cells: the partition of B that she sees.

    Returns:
        alpha (S, B, A) and its objective (S,).
    """
    values = objective(candidates)
    order = np.argsort(-values, axis=1, kind="stable")[:, :_KEPT]
    alpha = np.take_along_axis(candidates, order[:, :, None, None], axis=1)
    best = np.take_along_axis(values, order, axis=1)
    for _ in range(_ROUNDS):
        moved = _moves(alpha, cells)
        states, kept, moves, follower, leader = moved.shape
        found = objective(moved.reshape(states, kept * moves, follower, leader))
        found = found.reshape(states, kept, moves)
        pick = found.argmax(axis=2)[:, :, None]
        top = np.take_along_axis(found, pick, axis=2)[:, :, 0]
        better = top > best + _ENOUGH
        if not better.any():
            break
        chosen = np.take_along_axis(moved, pick[..., None, None], axis=2)[:, :, 0]
        alpha = np.where(better[:, :, None, None], chosen, alpha)
        best = np.where(better, top, best)
    states = np.arange(len(alpha))
    place = best.argmax(axis=1)
    return alpha[states, place], best[states, place]


def _moves(alpha: Floats, cells: Cells) -> Floats:
    """Every prescription one move away, shape (S, K, moves, B, A)."""
    states, kept, follower, leader = alpha.shape
    member = np.zeros((len(cells), follower))
    for c, cell in enumerate(cells):
        member[c, list(cell)] = 1
    step = _STEPS[None, :, None, None, None] * member[:, None, None, :, None]
    towards = np.eye(leader)[None, None, :, None, :]
    moved = (1 - step) * alpha[:, :, None, None, None] + step * towards
    shape = (states, kept, len(cells) * len(_STEPS) * leader, follower, leader)
    result: Floats = moved.reshape(shape)
    return result
