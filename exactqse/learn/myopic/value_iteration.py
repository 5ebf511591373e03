"""Value iteration with estimates and widths: what MLE-OVI and MLE-PVI share.

Backward from W_H = 0, with the leader's estimate U-hat, its width Gamma_1, the estimated response
and its width Gamma_2(alpha) (widths.py), at a sign sigma = +1 (optimism) or -1 (pessimism):

    U_h = clip( U-hat_h + sigma Gamma_1 ),  W_h(s) = clip( sum_b nu_b U_b + sigma Gamma_2(alpha) )

clipped to what the remaining rewards allow. If the truth lies in the confidence sets, W_h bounds
the value of the policy alpha from the side of sigma, for any alpha (proofs/optimism.md). A supremum
over alpha is claimed as the supremum of the first part plus one of the second, never as what local
ascent found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.myopic.leader import LeaderEstimate
from exactqse.learn.myopic.prescriptions import (
    ascend,
    clean_best,
    some_prescriptions,
)
from exactqse.learn.myopic.response import Response
from exactqse.learn.myopic.widths import Stages
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
_ROUNDING = 1e-9  # of the range of values; float64's own errors are far below it


@dataclass(frozen=True)
class Estimates:
    """All that planning needs.

    Attributes:
        setting: sizes, bounds, eta.
        leader: the estimate of u + P W.
        response: the estimate of the follower.
        scale: that of the leader's widths; at 0 pairs that were never seen have none either.
    """

    setting: Setting
    leader: LeaderEstimate
    response: Response
    scale: float

    def bounds(self, h: int) -> tuple[float, float]:
        """The least and the largest value that is left from step h on."""
        low, high = self.setting.u_bounds
        left = self.setting.horizon - h
        return left * low, left * high

    def pairs(self, h: int, W: Floats, sign: float) -> Floats:
        """U_h above, for sign +1, -1, or 0: no width, no clipping but to the bounds. (S, A, B)."""
        low, high = self.bounds(h)
        mean = self.leader.mean(h, W)
        if sign == 0 or self.scale == 0:
            return np.clip(mean, low, high)
        width = self.leader.width(h, W, sign)
        return np.clip(np.where(np.isinf(width), sign * np.inf, mean + sign * width), low, high)

    def stages(self, h: int) -> Stages:
        """The stage problems of step h."""
        return Stages.of(self.response, h, float(self.setting.eta or 0.0))

    def start_value(self, W: Floats) -> float:
        """sum_s rho(s) W(s)."""
        return float(np.array(self.setting.rho) @ W)

    def rounding(self) -> float:
        """How far a claimed bound is widened for float64's rounding."""
        low, high = self.bounds(0)
        return _ROUNDING * (abs(low) + abs(high))


def plan(
    estimates: Estimates, sign: float, random: np.random.Generator, previous: Floats | None = None
) -> Floats:
    """A policy (H, S, B, A) that does well at this sign; nothing is claimed of it here."""
    setting = estimates.setting
    horizon, states, follower, leader = setting.shape
    policy = np.zeros(setting.shape)
    W = np.zeros(states)
    some = some_prescriptions(setting.observes, (states, follower, leader), random)
    for h in reversed(range(horizon)):
        U, stages = estimates.pairs(h, W, sign), estimates.stages(h)
        widened = bool(sign) and stages.radius.any()
        alpha, value = clean_best(stages.eta * stages.reward, U)
        if widened or not setting.observes_action:
            starts = [some] if previous is None else [some, previous[h][:, None]]
            if setting.observes_action:
                starts.append(alpha[:, None])
            objective = _objective(stages, U, sign)
            alpha, value = ascend(objective, np.concatenate(starts, axis=1), setting.observes)
        policy[h] = alpha
        W = np.clip(value, *estimates.bounds(h))
    return policy


def _objective(stages: Stages, U: Floats, sign: float) -> Callable[[Floats], Floats]:
    def objective(alpha: Floats) -> Floats:
        value, width = stages.values(alpha, U)
        return value + sign * width

    return objective


def evaluated(estimates: Estimates, policy: Floats, sign: float) -> float:
    """A bound of the policy's value from the side of ``sign``."""
    W = np.zeros(estimates.setting.states)
    for h in reversed(range(estimates.setting.horizon)):
        U = estimates.pairs(h, W, sign)
        value, width = estimates.stages(h).values(policy[h][:, None], U)
        W = np.clip((value + sign * width)[:, 0], *estimates.bounds(h))
    return estimates.start_value(W) + sign * estimates.rounding()


def occupancy(estimates: Estimates, policy: Floats, transitions: Floats) -> Floats:
    """How often an episode is expected to visit each pair, under the estimates, (H, S, A, B).

    Args:
        estimates: for the response.
        policy: shape (H, S, B, A).
        transitions: an estimate of P_h(s' | s, a, b) for h < H - 1, shape (H - 1, S, A, B, S).
    """
    at = np.array(estimates.setting.rho)
    steps = []
    for h, alpha in enumerate(policy):
        nu = estimates.stages(h).response(alpha[:, None])[:, 0]
        steps.append(np.einsum("s,sb,sba->sab", at, nu, alpha))
        if h < len(transitions):
            at = np.einsum("sab,sabt->t", steps[-1], transitions[h])
    return np.array(steps)


def optimistic_value(estimates: Estimates) -> float:
    """An upper bound of J*: at every state the supremum over all prescriptions of both parts."""
    W = np.zeros(estimates.setting.states)
    for h in reversed(range(estimates.setting.horizon)):
        U, stages = estimates.pairs(h, W, 1.0), estimates.stages(h)
        _, clean = clean_best(stages.eta * stages.reward, U)
        span = np.ptp(U, axis=(1, 2))
        W = np.clip(clean + span * stages.largest_effect(), *estimates.bounds(h))
    return estimates.start_value(W) + estimates.rounding()
