"""How much a wrong response may change the leader's value of a prescription.

Let theta lie in the ellipsoid of response.py around its estimate, and let alpha be a
prescription at s, nu the estimated response to it, and G the matrix of the products of phi^alpha_b
and phi^alpha_b' in (Sigma' + lambda I)^-1. Then

    | sum_b (nu*_b - nu_b) U_b |  <=  span(U) min( tanh(k/4), (eta xi/2) (e^{k/2} - 1)/(k/2) ),
    | sum_b (nu*_b - nu_b) U_b |  <=  eta R sqrt(g.G g) + span(U) chi(k) (eta xi)^2,
    g_b = nu_b (U_b - sum nu U),   chi(k) = (e^k - k - 1)/k^2,
    xi^2 = R^2 ( sum_b nu_b G_bb - nu.G nu ),
    k = min( c, eta R max_{b,b'} sqrt(G_bb + G_b'b' - 2 G_bb') )

(proofs/response-width.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.myopic.response import Response, above_tangent

Floats = NDArray[np.float64]
_STEEP = 300.0  # e^300: the other bound is the smaller one long before


@dataclass(frozen=True)
class Stages:
    """The stage problems of one step under the estimated response.

    Attributes:
        reward: the estimated r, shape (S, A, B).
        kernel: shape (S, A, B, A, B).
        radius: R, shape (S,).
        cap: c.
        eta: the inverse temperature.
    """

    reward: Floats
    kernel: Floats
    radius: Floats
    cap: float
    eta: float

    @classmethod
    def of(cls, response: Response, h: int, eta: float) -> Stages:
        """Those of step h."""
        states = len(response.reward[h])
        radius = np.broadcast_to(response.radius[h], (states,))
        return cls(response.reward[h], response.kernel[h], radius, response.cap, eta)

    def values(self, alpha: Floats, U: Floats) -> tuple[Floats, Floats]:
        """The value of prescriptions under the estimated response, and the width of that value.

        Args:
            alpha: shape (S, K, B, A).
            U: the leader's values of pairs, shape (S, A, B).

        Returns:
            both of shape (S, K).
        """
        nu = self.response(alpha)
        gain = np.einsum("skba,sab->skb", alpha, U)
        value = np.einsum("skb,skb->sk", nu, gain)
        if not self.radius.any():
            return value, np.zeros_like(value)
        G = self._gram(alpha)
        own = np.einsum("skbb->skb", G)
        spread = (nu * own).sum(axis=-1) - np.einsum("skb,skbc,skc->sk", nu, G, nu)
        apart = (own[..., :, None] + own[..., None, :] - 2 * G).max(axis=(-2, -1))
        span = np.ptp(gain, axis=-1)
        slope = nu * (gain - value[..., None])
        size = np.sqrt(np.maximum(np.einsum("skb,skbc,skc->sk", slope, G, slope), 0))
        second = self._second(spread, apart)
        local = self.eta * self.radius[:, None] * size + span * second
        return value, np.minimum(span * self._effect(spread, apart), local)

    def response(self, alpha: Floats) -> Floats:
        """The estimated nu of prescriptions (S, K, B, A), shape (S, K, B)."""
        q = self.eta * np.einsum("skba,sab->skb", alpha, self.reward)
        nu = np.exp(q - q.max(axis=-1, keepdims=True))
        result: Floats = nu / nu.sum(axis=-1, keepdims=True)
        return result

    def largest_effect(self) -> Floats:
        """A bound over all prescriptions of the width over span(U), shape (S,).

        |phi^alpha_b - phi^alpha_b'| is convex in alpha, so pairs of actions decide, and the spread
        is at most half of its largest square.
        """
        states, leader, follower = self.reward.shape
        K = self.kernel.reshape(states, leader * follower, leader * follower)
        own = np.einsum("spp->sp", K)
        apart = own[:, :, None] + own[:, None, :] - 2 * K
        b = np.arange(leader * follower) % follower
        largest = np.where(b[:, None] != b, apart, 0.0).max(axis=(1, 2))
        return self._effect(largest[:, None] / 2, largest[:, None])[:, 0]

    def _gram(self, alpha: Floats) -> Floats:
        """G, shape (S, K, B, B)."""
        states, count, follower, leader = alpha.shape
        rows = np.zeros((states, count, follower, leader, follower))
        for b in range(follower):
            rows[..., b, :, b] = alpha[..., b, :]
        flat = rows.reshape(states, count * follower, leader * follower)
        K = self.kernel.reshape(states, leader * follower, leader * follower)
        half = (flat @ K).reshape(states, count, follower, leader * follower)
        full = rows.reshape(states, count, follower, leader * follower)
        result: Floats = half @ np.swapaxes(full, -1, -2)
        return result

    def _second(self, spread: Floats, apart: Floats) -> Floats:
        """chi(k) (eta xi)^2, from xi^2/R^2 and the largest distance squared."""
        squared = (self.eta * self.radius[:, None]) ** 2 * np.maximum(spread, 0)
        return above_tangent(self._steepness(apart), squared)

    def _steepness(self, apart: Floats) -> Floats:
        """k."""
        far = self.eta * self.radius[:, None] * np.sqrt(np.maximum(apart, 0))
        return np.minimum(self.cap, far)

    def _effect(self, spread: Floats, apart: Floats) -> Floats:
        """The minimum in the formula above, from xi^2/R^2 and the largest distance squared."""
        k = self._steepness(apart)
        xi = self.radius[:, None] * np.sqrt(np.maximum(spread, 0))
        half = np.clip(k / 2, 1e-300, _STEEP)
        first = self.eta * xi / 2 * np.expm1(half) / half
        first = np.where(k / 2 > _STEEP, np.inf, first)
        return np.minimum(np.tanh(k / 4), first)
