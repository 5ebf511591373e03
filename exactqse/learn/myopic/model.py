"""The linear model of a game that MLE-OVI, MLE-PVI and the baselines share, with its parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, NotCoveredError, shown
from exactqse.learn.myopic.leader import Counted, LeaderEstimate, Ridge
from exactqse.learn.myopic.records import Records
from exactqse.learn.myopic.response import Response, ResponseClass
from exactqse.learn.myopic.value_iteration import Estimates
from exactqse.learn.protocol import LikelihoodSet
from exactqse.simulate.noise import is_real
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LinearModel:
    """r_h, and with features u_h and P_h too, are linear in phi; tabular without features.

    Attributes:
        width_scale: what the proven widths are multiplied by; 1 keeps every guarantee, 0 leaves
            the plug-in estimate. It does not change the confidence sets that are claimed.
        response_scale: the same for the response alone; by default width_scale.
        delta: the probability with which the confidence sets may fail, all of them together.
        features: phi(s, a, b) in R^d, nested tuples or an array of shape (S, A, B, d), the same at
            every step; theta lies in the box of the follower's reward bounds. None: one-hot.
        norm: a bound of |w|, u_h + P_h W = phi.w for every 0 <= W <= what is left; only with
            features. By default sqrt(d) times the largest value.

    Raises:
        InputError: a parameter out of range.
    """

    width_scale: float = 1.0
    delta: float = 0.05
    features: tuple[tuple[tuple[tuple[float, ...], ...], ...], ...] | None = None
    norm: float | None = None
    response_scale: float | None = None

    def __post_init__(self) -> None:
        _require_real(self.width_scale, "width_scale", 0.0, np.inf)
        if self.response_scale is not None:
            _require_real(self.response_scale, "response_scale", 0.0, np.inf)
        _require_real(self.delta, "delta", 0.0, 1.0, strict=True)
        if self.norm is not None:
            _require_real(self.norm, "norm", 0.0, np.inf)

    def checked(self, setting: Setting) -> LinearModel:
        """This model, once it can serve the setting.

        Raises:
            NotCoveredError: gamma > 0 or an infinite eta.
            InputError: features of another shape.
        """
        if setting.gamma or setting.eta is None:
            case = "a farsighted follower" if setting.gamma else "a best-responding follower"
            what = f"linear learners are for a myopic quantal follower, not for {case}"
            raise NotCoveredError(what, remedy="use OMLE or PMLE over a finite class of games")
        phi = self._phi()
        _, states, follower, leader = setting.shape
        if phi is not None and (phi.ndim != 4 or phi.shape[:3] != (states, leader, follower)):
            what = f"have shape {phi.shape}, not ({states}, {leader}, {follower}, d)"
            raise InputError(what, where="features")
        return self

    def estimates(
        self, setting: Setting, records: Records, start: Floats | None = None
    ) -> Estimates:
        """What the records say, half of delta for each side."""
        response = ResponseClass(setting, self._phi(), self.delta / 2)
        scale = self.width_scale if self.response_scale is None else self.response_scale
        return Estimates(
            setting,
            self._leader(setting, records),
            response.estimate(records, scale=scale, start=start),
            self.width_scale,
        )

    def likelihood_set(self, setting: Setting, response: Response) -> LikelihoodSet:
        """The confidence set of the response, as claimed."""
        pooled = self.features is not None
        beta = response.beta[:, None] if pooled else response.beta
        radius = np.broadcast_to(beta, (setting.horizon, setting.states)).copy()
        return LikelihoodSet(response.reward, radius, pooled=pooled)

    def _phi(self) -> Floats | None:
        return None if self.features is None else np.array(self.features, dtype=np.float64)

    def _leader(self, setting: Setting, records: Records) -> LeaderEstimate:
        phi = self._phi()
        if phi is None:
            return Counted(records, setting, self.delta / 2, self.width_scale)
        norm = self.norm
        if norm is None:
            largest = max(abs(bound) for bound in setting.u_bounds)
            norm = float(np.sqrt(phi.shape[-1]) * setting.horizon * largest)
        return Ridge(records, setting, self.delta / 2, phi, norm, self.width_scale)


def _require_real(
    value: float, where: str, low: float, high: float, *, strict: bool = False
) -> None:
    inside = is_real(value) and (low < value < high if strict else low <= value < high)
    if not inside:
        raise InputError(f"{shown(value)} is not in {low:g}..{high:g}", where=where)


TABULAR = LinearModel()
