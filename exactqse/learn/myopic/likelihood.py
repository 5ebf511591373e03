"""Maximum likelihood of conditional logits under box constraints, many problems at once.

Problem n has rows i with features F_{i,b} in R^d and counts C_{i,b}; at theta in [low, high]^d

    nu_i(b) proportional to exp(eta F_{i,b}.theta),   L(theta) = - sum_{i,b} C_{i,b} log nu_i(b),
    gradient = - eta sum_i sum_b (C_{i,b} - c_i nu_i(b)) F_{i,b},   c_i = sum_b C_{i,b},
    Hessian  = eta^2 Sigma(theta),   Sigma(theta) = sum_i c_i Cov_{nu_i}[F_{i,.}]

(proofs/response-likelihood.md). Projected Newton steps in the style of Bertsekas (1982), "Projected
Newton methods for optimization problems with simple constraints": coordinates that a bound holds
back are left out of the system. How far theta is from a minimiser is measured, not assumed:

    gap(theta) = max over theta' in the box of gradient.(theta - theta')  >=  L(theta) - min L.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 60
_HALVINGS = 12
_DAMPING = 1e-9  # of the largest curvature: makes systems regular along the gauge
_GAP = 1e-6  # next to the logarithms that it is added to, nothing
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Logits:
    """N problems of R rows.

    Attributes:
        features: F, shape (N, R, B, d).
        counts: C, shape (N, R, B).
        eta: the inverse temperature.
        low, high: the box of every coordinate of theta.
    """

    features: Floats
    counts: Floats
    eta: float
    low: float
    high: float

    def loss(self, theta: Floats) -> Floats:
        """L(theta), shape (N,)."""
        z = self.eta * np.einsum("nrbd,nd->nrb", self.features, theta)
        top = z.max(axis=2, keepdims=True)
        normaliser = top + np.log(np.exp(z - top).sum(axis=2, keepdims=True))
        loss: Floats = np.einsum("nrb,nrb->n", self.counts, normaliser - z)
        return loss

    def slopes(self, theta: Floats) -> tuple[Floats, Floats]:
        """The gradient (N, d) of L and Sigma (N, d, d)."""
        nu, total = self.response(theta), self.counts.sum(axis=2)
        gradient = -self.eta * np.einsum(
            "nrb,nrbd->nd", self.counts - total[..., None] * nu, self.features
        )
        return gradient, self.spread(nu, total)

    def response(self, theta: Floats) -> Floats:
        """nu, shape (N, R, B)."""
        z = self.eta * np.einsum("nrbd,nd->nrb", self.features, theta)
        nu = np.exp(z - z.max(axis=2, keepdims=True))
        result: Floats = nu / nu.sum(axis=2, keepdims=True)
        return result

    def spread(self, nu: Floats, weight: Floats) -> Floats:
        """sum_i weight_i Cov_{nu_i}[F_{i,.}], shape (N, d, d); weight (N, R)."""
        mean = np.einsum("nrb,nrbd->nrd", nu, self.features)
        n, r, b, d = self.features.shape
        root = np.sqrt(weight[..., None] * nu)[..., None]
        rows = ((self.features - mean[:, :, None]) * root).reshape(n, r * b, d)
        result: Floats = np.swapaxes(rows, 1, 2) @ rows
        return result

    def largest_spread(self) -> Floats:
        """M with Sigma(theta) <= M for every theta, shape (N, d, d).

        Cov_nu <= (I - 1 1^T/B)/2 for every distribution nu on B actions.
        """
        actions = self.features.shape[2]
        uniform = np.full(self.counts.shape, 1 / actions)
        result: Floats = actions / 2 * self.spread(uniform, self.counts.sum(axis=2))
        return result


@dataclass(frozen=True)
class Fit:
    """What :func:`fit` found.

    Attributes:
        theta: shape (N, d), in the box.
        gap: a bound of L(theta) - min L, up to float64's rounding, shape (N,).
        gradient: of L, shape (N, d).
        sigma: Sigma(theta), shape (N, d, d).
    """

    theta: Floats
    gap: Floats
    gradient: Floats
    sigma: Floats


def fit(problems: Logits, start: Floats) -> Fit:
    """Minimise L over the box, from ``start`` (N, d) in the box."""
    theta, loss = start, problems.loss(start)
    for _ in range(_STEPS):
        gradient, sigma = problems.slopes(theta)
        gap = _gap(problems, theta, gradient)
        if (gap <= _GAP).all():
            break
        theta, loss, moved = _step(problems, theta, loss, gradient * (gap > _GAP)[:, None], sigma)
        if not moved:
            break
    gradient, sigma = problems.slopes(theta)
    return Fit(theta, _gap(problems, theta, gradient), gradient, sigma)


def _gap(problems: Logits, theta: Floats, gradient: Floats) -> Floats:
    away = np.where(gradient > 0, theta - problems.low, problems.high - theta)
    gap: Floats = (np.abs(gradient) * away).sum(axis=1)
    return gap


def _step(
    problems: Logits, theta: Floats, loss: Floats, gradient: Floats, sigma: Floats
) -> tuple[Floats, Floats, bool]:
    """One projected Newton step of every problem, halved until L does not grow.

    Problems that are solved come with a gradient of 0, and stay.
    """
    held = ((theta <= problems.low) & (gradient > 0)) | ((theta >= problems.high) & (gradient < 0))
    free = ~held
    hessian = problems.eta**2 * sigma
    diagonal = np.einsum("ndd->nd", hessian)
    damping = _DAMPING * (1 + diagonal.max(axis=1))
    system = hessian * (free[:, :, None] & free[:, None, :])
    d = theta.shape[1]
    system[:, range(d), range(d)] += np.where(free, damping[:, None], 1.0)
    direction = np.linalg.solve(system, np.where(free, gradient, 0.0)[..., None])[..., 0]
    length = np.ones(len(theta))
    for _ in range(_HALVINGS):
        new = np.clip(theta - length[:, None] * direction, problems.low, problems.high)
        found = problems.loss(new)
        worse = ~(found <= loss + _ROUNDING * np.abs(loss))
        if not worse.any():
            break
        length = np.where(worse, length / 2, length)
    new = np.where(worse[:, None], theta, new)
    return new, np.where(worse, loss, found), bool((new != theta).any())
