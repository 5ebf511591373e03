"""The best joint majorants on many simplices at once, in float64 (proofs/joint-majorant.md).

On a simplex with corners k the sum over b of the majorants M_b, Up with a parameter s_b or Down
with kappa_b, is largest at a corner. Both majorants are convex in their parameters, so the smallest
such largest sum,

    min over parameters of max over k of C_k,   C_k = sum_b M_b(X_kb, Y_kb),

is a convex problem (proofs/best-majorants.md). It is solved from its dual: weights tau on the
corners determine the parameters (ln kappa_b is the tau-mean of X + ln(-Y); s_b is the root of a
convex function), and tau moves towards the corners where C_k is large. Any parameters are valid;
these are only good.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactqse.kernel.certificate import UP, Majorant

Floats: TypeAlias = NDArray[np.float64]
Booleans: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.intp]

_STEP = 3.0  # of the weights: tau_k is multiplied by exp(_STEP C_k / max |C - aim|), up to a factor
_NEWTON_STEPS = 2
_EXPONENT = 300.0
_FLOOR = 0.1  # weight of a corner, at least, when the edge to halve is chosen


@dataclass(frozen=True)
class Majorants:
    """Parameters on n simplices with K corners, for m follower actions.

    Attributes:
        worst: the largest sum at a corner, (n,).
        size: the sum over b of the majorants' absolute values at that corner, (n,).
        parameter: s where not ``down``, ln kappa where ``down``, (n, m).
        down: which majorant, (n, m).
        tau: the dual weights, (n, K).
    """

    worst: Floats
    size: Floats
    parameter: Floats
    down: Booleans
    tau: Floats

    def part(self, rows: Booleans | Integers) -> Majorants:
        """Some of the simplices."""
        return Majorants(*(getattr(self, name)[rows] for name in self.__match_args__))


def initial(X: Floats, Y: Floats) -> tuple[Floats, Floats]:
    """A start: equal weights (n, K), and s (n, m) near the mean of Y where it is positive."""
    tau = np.full(X.shape[:2], 1 / X.shape[1])
    return tau, _positive(Y.mean(axis=1), Y)


def _positive(s: Floats, Y: Floats) -> Floats:
    least: Floats = 0.05 * np.abs(Y).max(axis=1) + 1e-300
    return np.maximum(s, least)


def tighten(
    X: Floats, Y: Floats, aim: Floats, tau: Floats, s: Floats, iterations: int
) -> Majorants:
    """Good parameters for X = x - shift and Y = y - lambda at the corners, (n, K, m).

    ``aim``, (n,), is the largest sum that would do: steps are as long as C_k is far from it.
    """
    down = np.asarray(np.less(Y, 0).all(axis=1))
    L = X + np.log(np.where(down[:, None], -Y, 1.0))
    s = _positive(s, Y)
    tau = (tau + _FLOOR) / (tau + _FLOOR).sum(axis=1, keepdims=True)  # none is beyond recovery
    best: Majorants | None = None
    for _ in range(iterations):
        log_kappa = np.einsum("nk,nkm->nm", tau, L)
        s = _newton(X, Y, tau, s)
        parameter = np.where(down, log_kappa, s)
        M = values(X, Y, parameter, down)
        C = M.sum(axis=2)
        worst = C.max(axis=1)
        at = np.take_along_axis(M, C.argmax(axis=1)[:, None, None], 1)[:, 0]
        found = Majorants(worst, np.abs(at).sum(axis=1), parameter, down, tau)
        best = found if best is None else _better(best, found)
        scale = np.abs(C - aim[:, None]).max(axis=1, keepdims=True) + 1e-300
        tau = tau * np.exp(_STEP * (C - worst[:, None]) / scale)
        tau = tau / tau.sum(axis=1, keepdims=True)
    if best is None:
        raise ValueError("at least one iteration")
    return best


def _better(a: Majorants, b: Majorants) -> Majorants:
    take = b.worst < a.worst
    parts = []
    for name in a.__match_args__:
        first, second = getattr(a, name), getattr(b, name)
        parts.append(np.where(take if first.ndim == 1 else take[:, None], second, first))
    return Majorants(*parts)


def _newton(X: Floats, Y: Floats, tau: Floats, s: Floats) -> Floats:
    """Steps in ln s to the root of sum_k tau_k e^{X + Y/s} (1 - Y/s)."""
    top = np.einsum("nk,nkm->nm", tau, X)
    for _ in range(_NEWTON_STEPS):
        ratio = Y / s[:, None]
        weights = tau[:, :, None] * np.exp(np.minimum(X - top[:, None] + ratio - 1, 50.0))
        gap = (weights * (1 - ratio)).sum(axis=1)
        slope = (weights * ratio**2).sum(axis=1)
        s = s * np.exp(np.clip(-gap / np.maximum(slope, 1e-300), -1, 1))
    return s


def values(X: Floats, Y: Floats, parameter: Floats, down: Booleans) -> Floats:
    """M_b at the corners, (n, K, m)."""
    which = down[:, None]
    P = parameter[:, None]
    lowered = np.where(which, -Y, 1.0)
    log_kappa = np.where(which, P, 0.0)
    falling = -np.exp(log_kappa) * (1 + X + np.log(np.maximum(lowered, 1e-300)) - log_kappa)
    s = np.where(which, 1.0, P)
    rising = s * np.exp(np.minimum(X + np.where(which, 0.0, Y) / s - 1, _EXPONENT))
    return np.where(which, falling, rising)


def edge_to_halve(X: Floats, Y: Floats, found: Majorants) -> tuple[Integers, Integers]:
    """The edge (i, j) along which the sum of the majorants is most convex, weighted by tau.

    The gap between the mean over corners and the value at the mean is sum_ij tau_i tau_j times
    the curvature along (i, j), to second order: halving that edge lowers the bound most.
    """
    i, j = np.triu_indices(X.shape[1], 1)
    middle_X, middle_Y = (X[:, i] + X[:, j]) / 2, (Y[:, i] + Y[:, j]) / 2
    C = values(X, Y, found.parameter, found.down).sum(axis=2)
    middle = values(middle_X, middle_Y, found.parameter, found.down).sum(axis=2)
    tau = np.maximum(found.tau, _FLOOR)
    edge = ((C[:, i] + C[:, j] - 2 * middle) * tau[:, i] * tau[:, j]).argmax(axis=1)
    return i[edge], j[edge]


def rise(X: Floats, Y: Floats, found: Majorants, aim: Floats) -> Floats:
    """One Newton step of lambda, (n,), from the largest sum at a corner down to the aim.

    dM_b/dlambda is -M_b/s for Up and -kappa/(lambda - y) for Dn, and M_b is convex in lambda, so
    that the parameters at hand do not reach the aim before.
    """
    M = values(X, Y, found.parameter, found.down)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        s = np.where(found.down, 1.0, found.parameter)[:, None]
        fall = np.where(found.down[:, None], np.exp(found.parameter)[:, None] / -Y, M / s)
        excess = M.sum(axis=2) - aim[:, None]
        steps = np.where(excess > 0, excess / fall.sum(axis=2), 0.0).max(axis=1)
    return np.where(np.isnan(steps), np.inf, steps)


def explicit(majorant: Majorant) -> tuple[str, Fraction]:
    """Tag and parameter. A tangent only hints at the best one, and any is a majorant's."""
    return (UP, Fraction(1)) if isinstance(majorant, int) else majorant
