"""Evaluation of a policy in float64, vectorised over states: fast, and no proof of anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, PolicyError
from exactqse.evaluate.inputs import checked_policy
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.game import Game
from exactqse.model.policy import Policy

Array = NDArray[np.float64]
TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Float64Evaluation:
    """What a policy does against its follower, in float64.

    Attributes:
        V: (H, S), the follower's value V_h(s).
        Q: (H, S, B), the follower's value of an action Q_h(s, b).
        nu: (H, S, B), his response nu_h(b | s).
        U: (H, S, A, B), the leader's value of a pair of actions U_h(s, a, b).
        W: (H, S), the leader's value W_h(s).
        J: the leader's value of the policy.
    """

    V: Array
    Q: Array
    nu: Array
    U: Array
    W: Array
    J: float


def evaluate_float64(game: KernelGame, policy: Policy | Array) -> Float64Evaluation:
    """V, Q, nu, U, W and J in float64, by the formulas of :func:`exactqse.evaluate.evaluate`.

    At eta = infinity two actions tie when their rounded Q are equal as floats; a tie that rounding
    breaks or makes is not the exact game's. :func:`exactqse.evaluate.evaluate` decides it exactly.

    Args:
        game: the game.
        policy: a Policy, or a float array of shape (H, S, B, A) whose rows are nonnegative, sum to
            1 and agree within the cells that the leader sees, all to 1e-9.

    Raises:
        PolicyError: not a policy of this game.
        InputError: a number of the game or of the result is beyond the range of float64.
    """
    require_game(game)
    face = game if isinstance(game, Game) else Game.from_kernel(game)
    if isinstance(policy, Policy):
        pi = checked_policy(game, policy).as_array()
    else:
        pi = _checked_array(game, policy)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            result = _backward(face, pi)
    except OverflowError as error:
        raise _beyond("a number of the game") from error
    parts = (result.V, result.Q, result.nu, result.U, result.W)
    if not all(np.isfinite(part).all() for part in parts):
        raise _beyond("a value")
    return result


def _backward(game: Game, pi: Array) -> Float64Evaluation:
    horizon, states, leader, follower = game.shape
    eta, gamma = None if game.eta is None else float(game.eta), float(game.gamma)
    if eta == 0.0:
        raise _beyond("eta")
    rho = np.zeros(states)
    rho[list(game.rho.states)] = [n / game.rho.denominator for n in game.rho.numerators]
    V, W = np.zeros((2, horizon + 1, states))
    Q, nu = np.empty((2, horizon, states, follower))
    U = np.empty((horizon, states, leader, follower))
    u, r = np.broadcast_to(game.u_float, U.shape), np.broadcast_to(game.r_float, U.shape)
    rows = game.P_float.reshape(len(game.P), -1, states)
    P = np.broadcast_to(rows, (horizon, *rows.shape[1:]))
    for h in reversed(range(horizon)):
        ahead = P[h] @ np.stack([V[h + 1], W[h + 1]], axis=-1)
        PV, PW = np.moveaxis(ahead.reshape(states, leader, follower, 2), -1, 0)
        U[h] = u[h] + PW
        Q[h] = np.einsum("sba,sab->sb", pi[h], r[h] + gamma * PV)
        gain = np.einsum("sba,sab->sb", pi[h], U[h])
        V[h], nu[h] = best_response(Q[h], gain) if eta is None else quantal_response(Q[h], eta)
        W[h] = np.einsum("sb,sb->s", nu[h], gain)
    return Float64Evaluation(V=V[:-1], Q=Q, nu=nu, U=U, W=W[:-1], J=float(rho @ W[0]))


def quantal_response(Q: Array, eta: float) -> tuple[Array, Array]:
    """V = m + (1/eta) log Z, nu = exp(eta (Q - m)) / Z with m = max_b Q: no exponent is positive.

    Args:
        Q: (S, B).
        eta: the inverse temperature.

    Returns:
        V (S,) and nu (S, B).
    """
    top = Q.max(axis=-1, keepdims=True)
    weights = np.exp(eta * (Q - top))
    Z = weights.sum(axis=-1, keepdims=True)
    return (top + np.log(Z) / eta)[..., 0], weights / Z


def best_response(Q: Array, gain: Array) -> tuple[Array, Array]:
    """V = max_b Q and nu the indicator of the maximal b with the largest gain, then lowest index.

    Args:
        Q: (S, B), the follower's values.
        gain: (S, B), the leader's values sum_a pi(a | s, b) U(s, a, b).

    Returns:
        V (S,) and nu (S, B).
    """
    V = Q.max(axis=-1)
    favoured = np.where(V[:, None] == Q, gain, -np.inf).argmax(axis=-1)
    return V, np.eye(Q.shape[-1])[favoured]


def _checked_array(game: KernelGame, policy: object) -> Array:
    """The array as float64. Raises PolicyError unless it is a policy of the game to TOLERANCE."""
    horizon, states, leader, follower = game.shape
    if not isinstance(policy, np.ndarray) or policy.dtype.kind not in "fiu":
        what = f"{type(policy).__name__} is neither a Policy nor an array of floats"
        raise PolicyError(what, where="policy")
    if policy.shape != (shape := (horizon, states, follower, leader)):
        raise PolicyError(f"has shape {policy.shape}, not {shape}", where="policy")
    pi = policy.astype(np.float64)
    if not np.isfinite(pi).all() or (pi < -TOLERANCE).any():
        raise PolicyError("a probability is negative or not finite", where="policy")
    totals = np.abs(pi.sum(axis=-1) - 1)
    if (totals > TOLERANCE).any():
        place = "".join(f"[{i}]" for i in np.unravel_index(totals.argmax(), totals.shape))
        what = f"probabilities sum to 1 only within {totals.max():.3g}"
        raise PolicyError(what, where=f"policy{place}", remedy=f"keep within {TOLERANCE}")
    for cell in game.observes:
        if (np.ptp(pi[:, :, list(cell)], axis=2) > TOLERANCE).any():
            what = f"rows differ on the cell {list(cell)} that she cannot tell apart"
            raise PolicyError(what, where="policy")
    return pi


def _beyond(what: str) -> InputError:
    remedy = "use exactqse.evaluate.evaluate, which has no such limit"
    return InputError(f"{what} is beyond the range of float64", where="game", remedy=remedy)
