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
_FIRST_STEPS = 2  # for s, before the weights move: steep exponents start far off
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
    return tau, np.maximum(Y.mean(axis=1), _least(np.abs(Y).max(axis=1)))


def _least(size: Floats) -> Floats:
    """The least s to start from, for the largest |Y|."""
    least: Floats = 0.05 * size + 1e-300
    return least


def tighten(
    X: Floats, Y: Floats, aim: Floats, tau: Floats, s: Floats, iterations: int
) -> Majorants:
    """Good parameters for X = x - shift and Y = y - lambda at the corners, (n, K, m).

    ``aim``, (n,), is the largest sum that would do: steps are as long as C_k is far from it. An
    iteration takes one exponential an entry: those of C_k serve the next step for s too. In the
    first, each kappa is its least e^X (-Y), with which Dn < 0 at every corner. Inside, simplices
    are the last axis, along which numpy is fast.
    """
    X, Y = (np.ascontiguousarray(table.transpose(1, 2, 0)) for table in (X, Y))  # (K, m, n)
    down = np.asarray(np.less(Y, 0).all(axis=0))
    L = X + np.log(np.where(down, -Y, 1.0))
    s = np.maximum(s.T, _least(np.abs(Y).max(axis=0)))
    tau = np.ascontiguousarray(tau.T) + _FLOOR  # none is beyond recovery
    tau /= tau.sum(axis=0)
    rows = np.arange(len(aim))
    found: list[Floats] = []  # worst (n,), size (n,), parameter (m, n), tau (K, n)
    for iteration in range(-_FIRST_STEPS, iterations):
        log_kappa = L.min(axis=0) if iteration < 0 else (tau[:, None] * L).sum(axis=0)
        ratio = Y / s
        E = np.exp(np.minimum(X + ratio - 1, _EXPONENT))
        M = np.where(down, -np.exp(log_kappa) * (1 + L - log_kappa), s * E)
        C = M.sum(axis=1)
        k = C.argmax(axis=0)
        worst, size = C[k, rows], np.abs(M[k, :, rows]).sum(axis=1)
        new = [worst, size, np.where(down, log_kappa, s), tau]
        if found:
            take = worst < found[0]
            found = [np.where(take, a, b) for a, b in zip(new, found, strict=True)]
        else:
            found = new
        if iteration >= 0:
            scale = np.abs(C - aim).max(axis=0) + 1e-300
            tau = tau * np.exp(_STEP * (C - worst) / scale)
            tau = tau / tau.sum(axis=0)
        s = _newton(tau[:, None] * E, ratio, s)
    worst, size, parameter, tau = found
    return Majorants(worst, size, parameter.T.copy(), down.T.copy(), tau.T.copy())


def _newton(weights: Floats, ratio: Floats, s: Floats) -> Floats:
    """A step in ln s to the root of sum_k weights_k (1 - Y_k/s), weights_k ~ tau_k e^{X + Y/s}."""
    gap = (weights * (1 - ratio)).sum(axis=0)
    slope = (weights * ratio**2).sum(axis=0)
    moved: Floats = s * np.exp(np.clip(-gap / np.maximum(slope, 1e-300), -1, 1))
    return moved


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
