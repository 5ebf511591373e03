"""What the data say of the leader's side: u + P W for any W, and how far that may be off.

The two estimators bound the error for all W in [l, l + C]^S at once: it is affine in W, so the
corners decide, and there are 2^S of them (proofs/leader-widths.md). Both hold with probability
>= 1 - delta for every t at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.myopic.records import Records
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


class LeaderEstimate(Protocol):
    """An estimate of u_h + P_h W."""

    def mean(self, h: int, W: Floats) -> Floats:
        """The estimate for W (S,), shape (S, A, B)."""

    def width(self, h: int, W: Floats) -> Floats:
        """A bound of its error at the proven scale, shape (S, A, B); infinite where not seen."""


@dataclass(frozen=True)
class Counted:
    """Empirical means.

    With L = 2 log(2 H S A B/delta) + log(1 + n), at a pair of n visits, the error is at most

        sqrt(v L (n + 1))/n  +  (span(W)/2) sqrt((L + 2 S log 2)(n + 1))/n,

    one part for the rewards, of variance proxy v, and one for the transitions.
    """

    records: Records
    setting: Setting
    delta: float

    def mean(self, h: int, W: Floats) -> Floats:
        """Means of u + W(s'); 0 where nothing was seen."""
        visits = np.maximum(self.records.n[h], 1)
        total = self.records.reward[h]
        if h + 1 < self.setting.horizon:
            total = total + self.records.after[h] @ W
        result: Floats = total / visits
        return result

    def width(self, h: int, W: Floats) -> Floats:
        """The bounds of mixtures for all n at once, unions over pairs and the sets of states."""
        n = self.records.n[h]
        seen = np.maximum(n, 1)
        logs = 2 * np.log(2 * n.size * self.setting.horizon / self.delta) + np.log1p(seen)
        bound = np.sqrt(reward_proxy(self.setting) * logs * (seen + 1)) / seen
        if h + 1 < self.setting.horizon:
            logs = logs + 2 * self.setting.states * np.log(2)
            bound = bound + np.ptp(W) / 2 * np.sqrt(logs * (seen + 1)) / seen
        result: Floats = np.where(n > 0, bound, np.inf)
        return result


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

    def mean(self, h: int, W: Floats) -> Floats:
        """phi.w with w = Lambda^-1 sum phi (u + W(s'))."""
        total = self.records.reward[h]
        if h + 1 < self.setting.horizon:
            total = total + self.records.after[h] @ W
        phi = self._rows()
        w = np.linalg.solve(self._gram(h), phi.T @ total.ravel())
        result: Floats = self.features @ w
        return result

    def width(self, h: int, W: Floats) -> Floats:
        """The self-normalised bound, a union over steps and corners; the same for every W."""
        del W
        gram = self._gram(h)
        phi = self._rows()
        length = np.sqrt(np.einsum("pd,dp->p", phi, np.linalg.solve(gram, phi.T)))
        logs = 2 * (np.log(self.setting.horizon / self.delta) + self.setting.states * np.log(2))
        volume = np.linalg.slogdet(gram).logabsdet
        beta = np.sqrt(variance_proxy(self.setting, h) * (logs + volume)) + self.norm
        result: Floats = (beta * length).reshape(self.features.shape[:-1])
        return result

    def _rows(self) -> Floats:
        return self.features.reshape(-1, self.features.shape[-1])

    def _gram(self, h: int) -> Floats:
        phi = self._rows()
        result: Floats = np.eye(phi.shape[1]) + (phi * self.records.n[h].ravel()[:, None]).T @ phi
        return result


def reward_proxy(setting: Setting) -> float:
    """The variance proxy of one observed reward: (range/2)^2 by Hoeffding's lemma, or sd^2."""
    low, high = setting.u_bounds
    drawn = setting.noise.kind == "bernoulli"
    return ((high - low) / 2) ** 2 if drawn else setting.noise.sd**2


def variance_proxy(setting: Setting, h: int) -> float:
    """That of one observed u + W(s'), W in a cube of side C, of whatever is left after step h."""
    low, high = setting.u_bounds
    C = (setting.horizon - h - 1) * (high - low)
    if setting.noise.kind == "bernoulli":
        return ((C + high - low) / 2) ** 2
    return (C / 2) ** 2 + setting.noise.sd**2
