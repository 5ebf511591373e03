"""What the data say of the follower's reward: an estimate, and an ellipsoid that holds the truth.

The reward is linear, r_h(s, a, b) = phi(s, a, b).theta_h, theta_h in [low, high]^d. Without
features phi is one-hot in (a, b) with a theta of its own for every (h, s): the tabular case. With
probability >= 1 - delta, for every t at once and every h (and s), the truth has

    L(theta*) - L(theta) <= beta,   |theta* - theta|^2 in the norm of Sigma' + lambda I  <=  R^2,
    R^2 = (5/4) (beta + gap)/eta^2,   lambda = R^2 / (5 d (high - low)^2)

for the estimate theta of likelihood.py, whose distance to a minimiser is in ``gap``. Sigma' is
Sigma with row i weighted by psi(c_i), psi(c) = (e^-c + c - 1)/c^2, and c_i >= eta |(F_{i,b} -
F_{i,b'}).(theta* - theta)| for all b, b'. How beta and c_i are found:
proofs/response-likelihood.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.myopic.likelihood import Fit, Logits, fit
from exactqse.learn.myopic.records import Records
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
_SMALL = 1e-4
_STEEP = 300.0  # beyond it exponentials of float64 end; the other bound serves
_LOCALISATIONS = 4
_PRIOR = 0.25  # of (beta + gap)/eta^2: what the ridge may add to R^2


@dataclass(frozen=True)
class Response:
    """The estimated response.

    Attributes:
        reward: the estimate of r_h(s, a, b), shape (H, S, A, B), in one gauge of many.
        kernel: phi(s,a,b).(Sigma' + lambda I)^-1 phi(s,a',b'), shape (H, S, A, B, A, B).
        radius: R, shape (H,) or (H, S).
        beta: the radius of the likelihood set, the same shape.
        theta: (N, d), where the next fit starts.
        cap: c, which bounds eta times the error of any difference of his values.
    """

    reward: Floats
    kernel: Floats
    radius: Floats
    beta: Floats
    theta: Floats
    cap: float


@dataclass(frozen=True)
class ResponseClass:
    """The class of rewards that a learner believes in.

    Attributes:
        setting: eta, sizes and the bounds of theta.
        features: phi, shape (S, A, B, d); None for one-hot ones.
        delta: the probability with which the sets may fail.
    """

    setting: Setting
    features: Floats | None
    delta: float

    @property
    def pooled(self) -> bool:
        """Whether one theta serves all states of a step."""
        return self.features is not None

    def problems(self, records: Records) -> Logits:
        """The likelihoods: one problem an (h, s), or one an h where theta is shared."""
        horizon, states, follower, leader = self.setting.shape
        low, high = self.setting.r_bounds
        pi, counts = records.policies, records.responses
        if self.features is None:
            rows = np.zeros((horizon, states, len(pi), follower, leader, follower))
            for b in range(follower):
                rows[:, :, :, b, :, b] = np.moveaxis(pi[:, :, :, b], 0, 2)
            features = rows.reshape(horizon * states, len(pi), follower, leader * follower)
            by_problem = np.moveaxis(counts, 0, 2).reshape(horizon * states, len(pi), follower)
        else:
            mixed = np.einsum("phsba,sabd->hpsbd", pi, self.features)
            features = mixed.reshape(horizon, len(pi) * states, follower, self.features.shape[-1])
            by_problem = np.swapaxes(counts, 0, 1).reshape(horizon, len(pi) * states, follower)
        return Logits(features, by_problem, self._eta, low, high)

    def estimate(self, records: Records, *, scale: float, start: Floats | None = None) -> Response:
        """The constrained maximum likelihood estimate and its ellipsoid.

        ``scale`` multiplies R: beta + gap is multiplied by its square, and lambda with it, so that
        the ellipsoid holds the whole box as long as nothing was seen, whatever the scale. At 0 R is
        0.
        """
        problems = self.problems(records)
        count, _, _, d = problems.features.shape
        low, high = self.setting.r_bounds
        begin = np.full((count, d), (low + high) / 2) if start is None else start
        found = fit(problems, begin)
        beta = self._beta(problems, found)
        share = scale**2 if scale > 0 else 1.0  # without widths no matrix is used
        radius, inverse = self._ellipsoid(problems, found, share * (beta + found.gap))
        reward, kernel = self._by_pair(found.theta, inverse)
        shape = (-1,) if self.pooled else (self.setting.horizon, self.setting.states)
        return Response(
            reward,
            kernel,
            np.where(scale > 0, radius, 0).reshape(shape),
            beta.reshape(shape),
            found.theta,
            self.cap,
        )

    def _beta(self, problems: Logits, found: Fit) -> Floats:
        """A bound of L(theta*) - L(theta), shape (N,).

        From -log of the mean of e^{L(theta) - L} over a normal prior of standard deviation tau =
        (high - low)/2 around the middle of the box; L has at most the curvature eta^2 M anywhere.
        """
        count, _, _, d = problems.features.shape
        width = problems.high - problems.low
        if width == 0:
            return np.full(count, np.log(count / self.delta))
        precision = 4 / width**2
        away = found.theta - (problems.low + problems.high) / 2
        form = problems.eta**2 * problems.largest_spread() + precision * np.eye(d)
        slope = found.gradient + precision * away
        gained = np.einsum("nd,nd->n", slope, np.linalg.solve(form, slope[..., None])[..., 0])
        volume = np.linalg.slogdet(form / precision).logabsdet
        inside = (volume + precision * (away**2).sum(axis=1) - gained) / 2
        result: Floats = inside + np.log(count / self.delta)
        return result

    def _ellipsoid(self, problems: Logits, found: Fit, excess: Floats) -> tuple[Floats, Floats]:
        """R (N,) and (Sigma' + lambda I)^-1 (N, d, d), from beta + gap (N,)."""
        count, _, _, d = problems.features.shape
        squared = excess / problems.eta**2
        spread = d * (problems.high - problems.low) ** 2
        ridge = _PRIOR * squared / spread if spread > 0 else np.ones(count)
        radius = np.sqrt((1 + _PRIOR) * squared) if spread > 0 else np.zeros(count)
        nu, visits = problems.response(found.theta), problems.counts.sum(axis=2)
        far = np.full(visits.shape, self.cap)
        for _ in range(_LOCALISATIONS):
            sigma = problems.spread(nu, visits * _psi(far))
            inverse = np.linalg.inv(sigma + ridge[:, None, None] * np.eye(d))
            G = problems.features @ inverse[:, None] @ np.swapaxes(problems.features, 2, 3)
            own = np.einsum("nrbb->nrb", G)
            apart = (own[..., :, None] + own[..., None, :] - 2 * G).max(axis=(2, 3), initial=0.0)
            far = np.minimum(far, problems.eta * radius[:, None] * np.sqrt(apart))
        return radius, inverse

    @property
    def cap(self) -> float:
        """c = eta (high - low) max |phi(s, a, b) - phi(s, a', b')|_1."""
        low, high = self.setting.r_bounds
        if self.features is None:
            return 2 * self._eta * (high - low)
        states = len(self.features)
        flat = self.features.reshape(states, -1, self.features.shape[-1])
        apart = np.abs(flat[:, :, None] - flat[:, None, :]).sum(axis=-1).max()
        return float(self._eta * (high - low) * apart)

    @property
    def _eta(self) -> float:
        return float(self.setting.eta or 0.0)

    def _by_pair(self, theta: Floats, inverse: Floats) -> tuple[Floats, Floats]:
        """phi.theta (H, S, A, B) and phi.inverse.phi (H, S, A, B, A, B)."""
        horizon, states, follower, leader = self.setting.shape
        pairs = (leader, follower)
        if self.features is None:
            reward = theta.reshape(horizon, states, *pairs)
            return reward, inverse.reshape(horizon, states, *pairs, *pairs)
        phi = self.features.reshape(states, leader * follower, -1)
        reward = np.einsum("spd,hd->hsp", phi, theta)
        kernel = np.einsum("spd,hde,sqe->hspq", phi, inverse, phi, optimize=True)
        return (
            reward.reshape(horizon, states, *pairs),
            kernel.reshape(horizon, states, *pairs, *pairs),
        )


def _psi(c: Floats) -> Floats:
    """(e^-c + c - 1) / c^2, which falls from 1/2."""
    safe = np.maximum(c, _SMALL)
    return np.where(c < _SMALL, 0.5 - c / 6, (np.expm1(-safe) + safe) / safe**2)


def above_tangent(c: Floats, variance: Floats) -> Floats:
    """chi(c) variance with chi(c) = (e^c - c - 1) / c^2, which rises from 1/2."""
    safe = np.clip(c, _SMALL, _STEEP)
    chi = np.where(c < _SMALL, 0.5 + c / 3, (np.expm1(safe) - safe) / safe**2)
    return np.where(c > _STEEP, np.where(variance > 0, np.inf, 0.0), chi * variance)
