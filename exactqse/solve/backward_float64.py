"""Backward induction in float64, vectorised over states: fast, and not certified."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, NotCoveredError
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.game import Game
from exactqse.solve.coverage import observes_action
from exactqse.solve.stage_float64 import solve_stages

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Float64Solution:
    """An equilibrium in float64, not certified: W (H, S), policy pi (H, S, B, A), J."""

    W: Floats
    policy: Floats
    J: float


def solve_float64(game: KernelGame) -> Float64Solution:
    """Backward induction with float64 stages: O(H S A B S) for the products, then the stages.

    Raises:
        NotCoveredError: unless gamma = 0, eta is finite and the leader observes the action.
        InputError: a number of the game or of the result is beyond the range of float64.
    """
    require_game(game)
    if not observes_action(game):
        what = f"the leader observes {list(map(list, game.observes))}, less than the action"
        raise NotCoveredError(what, remedy="use exactqse.solve")
    face = game if isinstance(game, Game) else Game.from_kernel(game)
    try:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            result = _backward(face)
    except OverflowError as error:
        raise _beyond("a number of the game") from error
    if not np.isfinite(result.W).all():
        raise _beyond("a value")
    return result


def _backward(game: Game) -> Float64Solution:
    horizon, states, leader, follower = game.shape
    W = np.zeros((horizon + 1, states))
    policy = np.zeros((horizon, states, follower, leader))
    eta = float(game.eta or 0)
    x = eta * np.swapaxes(game.r_float, 2, 3)
    s, b = np.indices((states, follower))
    for h in reversed(range(horizon)):
        U = _at(game.u_float, h) + _at(game.P_float, h) @ W[h + 1]
        found = solve_stages(_at(x, h), np.ascontiguousarray(np.swapaxes(U, 1, 2)))
        W[h] = found.value
        policy[h, s, b, found.first] = 1 - found.weight
        policy[h, s, b, found.second] += found.weight
    row = game.rho
    J = sum(W[0, s] * n / row.denominator for s, n in zip(row.states, row.numerators, strict=True))
    return Float64Solution(W[:-1], policy, float(J))


def _beyond(what: str) -> InputError:
    remedy = "use exactqse.solve, which has no such limit"
    return InputError(f"{what} is beyond the range of float64", where="game", remedy=remedy)


def _at(table: Floats, step: int) -> Floats:
    entry: Floats = table[step if len(table) > 1 else 0]
    return entry
