"""What the data say of the leader's side: u + P W for any W, and how far that may be off.

The two estimators bound the error for all W at once, by unions over sets of states, or over the
corners of a cube that holds W (proofs/leader-widths.md). At scale 1 both hold with probability >= 1
- delta for every t at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.myopic.chernoff import divergence_bound, farthest_mean
from exactqse.learn.myopic.records import Records
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
_FEW = 8  # observations, below which a scale counts for less


class LeaderEstimate(Protocol):
    """An estimate of u_h + P_h W."""

    def mean(self, h: int, W: Floats) -> Floats:
        """The estimate for W (S,), shape (S, A, B)."""

    def width(self, h: int, W: Floats, sign: float) -> Floats:
        """How far the truth may be above (sign = 1) or below (sign = -1), shape (S, A, B).

        Infinite where nothing was seen, if it is not bounded there.
        """


@dataclass(frozen=True)
class Counted:
    """Empirical means.

    Rewards that are drawn within their range, and indicators of sets of states, have means within
    the bounds of chernoff.py; under Gaussian noise of variance v rewards are within

        sqrt(v (2 log(2 H S A B/delta) + log(1 + n)) (n + 1))/n

    of their mean. With the states sorted by W, (P - P-hat) W is the sum over k of (W_(k) -
    W_(k+1)) (P - P-hat)(T_k), T_k the set of the k best ones.

    A scale multiplies widths, or, where they come from a bound of a divergence, that bound by its
    square: the same thing once there are many observations. Of n < 8 a width keeps more of itself,
    min(1, scale^2 8/n): few unlucky draws would end the trials of a pair for ever.
    """

    records: Records
    setting: Setting
    delta: float
    scale: float

    def mean(self, h: int, W: Floats) -> Floats:
        """Means of u + W(s'); 0 where nothing was seen."""
        visits = np.maximum(self.records.n[h], 1)
        total = self.records.reward[h]
        if h + 1 < self.setting.horizon:
            total = total + self.records.after[h] @ W
        result: Floats = total / visits
        return result

    def width(self, h: int, W: Floats, sign: float) -> Floats:
        """Bounds for all n at once, unions over pairs and over sets of states."""
        bound = self._of_rewards(h, sign)
        if h + 1 < self.setting.horizon and np.ptp(W) > 0:
            bound = bound + self._of_transitions(h, W, sign)
        result: Floats = np.where(self.records.n[h] > 0, bound, np.inf)
        return result

    def _of_rewards(self, h: int, sign: float) -> Floats:
        n, total = self.records.n[h], self.records.reward[h]
        low, high = self.setting.u_bounds
        if self.setting.noise.kind != "bernoulli":
            seen = np.maximum(n, 1)
            squared = (2 * self._logs() + np.log1p(seen)) * (seen + 1)
            bound: Floats = self.scale * self.setting.noise.sd * np.sqrt(squared) / seen
            return bound
        if high == low:
            return np.zeros_like(n)
        share = np.clip((total - n * low) / (high - low), 0, n)
        return (high - low) * self._towards(share, n, self._logs(), sign)

    def _of_transitions(self, h: int, W: Floats, sign: float) -> Floats:
        sets = 2 ** (self.setting.states - 1) - 1  # a set and its complement have one bound
        order = np.argsort(-W, kind="stable")
        inside = self.records.after[h][..., order].cumsum(axis=-1)[..., :-1]
        n = np.broadcast_to(self.records.n[h][..., None], inside.shape)
        errors = self._towards(inside, n, self._logs() + float(np.log(sets)), sign)
        result: Floats = errors @ -np.diff(W[order])
        return result

    def _logs(self) -> float:
        """log(2 H S A B/delta): half of delta for rewards, half for transitions."""
        return float(np.log(2 * self.records.n.size / self.delta))

    def _towards(self, total: Floats, n: Floats, logs: float, sign: float) -> Floats:
        """How far the mean may be above (sign = 1) or below (sign = -1) what was seen."""
        share = np.minimum(1, self.scale**2 * np.maximum(1, _FEW / np.maximum(n, 1)))
        bound = share * divergence_bound(total, n, logs)
        return np.abs(farthest_mean(total, n, bound, sign) - total / np.maximum(n, 1))


@dataclass(frozen=True)
class Ridge:
    """Least squares on features: |error| <= beta |phi| in the norm of Lambda^-1.

    u_h and P_h(s' | .) are linear in phi; Lambda_h = I + sum phi phi^T, and beta = norm + sqrt(v (2
    log(2^S H/delta) + log det Lambda_h)), where norm >= |w| for u + P W = phi.w.
    """

    records: Records
    setting: Setting
    delta: float
    features: Floats
    norm: float
    scale: float

    def mean(self, h: int, W: Floats) -> Floats:
        """phi.w with w = Lambda^-1 sum phi (u + W(s'))."""
        total = self.records.reward[h]
        if h + 1 < self.setting.horizon:
            total = total + self.records.after[h] @ W
        phi = self._rows()
        w = np.linalg.solve(self._gram(h), phi.T @ total.ravel())
        result: Floats = self.features @ w
        return result

    def width(self, h: int, W: Floats, sign: float) -> Floats:
        """The self-normalised bound, a union over steps and corners; the same for every W."""
        del W, sign
        gram = self._gram(h)
        phi = self._rows()
        length = np.sqrt(np.einsum("pd,dp->p", phi, np.linalg.solve(gram, phi.T)))
        logs = 2 * (np.log(self.setting.horizon / self.delta) + self.setting.states * np.log(2))
        volume = np.linalg.slogdet(gram).logabsdet
        beta = np.sqrt(variance_proxy(self.setting, h) * (logs + volume)) + self.norm
        result: Floats = (self.scale * beta * length).reshape(self.features.shape[:-1])
        return result

    def _rows(self) -> Floats:
        return self.features.reshape(-1, self.features.shape[-1])

    def _gram(self, h: int) -> Floats:
        phi = self._rows()
        result: Floats = np.eye(phi.shape[1]) + (phi * self.records.n[h].ravel()[:, None]).T @ phi
        return result


def variance_proxy(setting: Setting, h: int) -> float:
    """That of one observed u + W(s'), W in a cube of side C, of whatever is left after step h."""
    low, high = setting.u_bounds
    C = (setting.horizon - h - 1) * (high - low)
    if setting.noise.kind == "bernoulli":
        return ((C + high - low) / 2) ** 2
    return (C / 2) ** 2 + setting.noise.sd**2
