"""Confidence sets of finite classes by their likelihood: proofs/finite-likelihood-sets.md."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
_ROUNDING = 1e-9  # of a sum of logarithms, relative: far above float64's, and outward


def likelihood_set(losses: Floats, radius: float, *, where: str) -> Booleans:
    """{ m : L_m <= min L + radius }, as a mask. L = minus the log-likelihood.

    With radius = log(n/delta), n the size of the class, the truth is in all these sets, whatever
    the number of episodes, with probability >= 1 - delta (Ville's inequality for the likelihood
    ratio, proofs/finite-likelihood-sets.md).

    Raises:
        InputError: what was seen is impossible under every member of the class.
    """
    least = losses.min()
    if not math.isfinite(least):
        what = "what was seen is impossible under every one of them"
        raise InputError(what, where=where, remedy="the class lacks the truth; give a larger one")
    return np.asarray(losses <= least + radius + _ROUNDING * (1 + abs(least)))


def likelihood_radius(size: int, delta: float, width_scale: float) -> float:
    """width_scale log(size / delta): proofs/finite-likelihood-sets.md, Theorem 1."""
    return width_scale * math.log(size / delta)


def response_losses(rewards: Floats, pi: Floats, eta: float, counts: Floats) -> Floats:
    """Minus the log-likelihood of a step's responses to one announced policy, gamma = 0, (n,).

    - sum_{s,b} counts(s,b) log nu(b|s),   nu(b|s) prop. to exp(eta sum_a pi(a|s,b) r(s,a,b)).

    Args:
        rewards: r, (n, S, A, B).
        pi: (S, B, A).
        eta: the inverse temperature.
        counts: (S, B).
    """
    result: Floats = -np.einsum("sb,nsb->n", counts, _log_responses(rewards, pi, eta))
    return result


def responses(rewards: Floats, pi: Floats, eta: float) -> Floats:
    """nu(b|s) for each of the rewards (n, S, A, B) and a step's policy (S, B, A): (n, S, B)."""
    return np.asarray(np.exp(_log_responses(rewards, pi, eta)))


def _log_responses(rewards: Floats, pi: Floats, eta: float) -> Floats:
    q = eta * np.einsum("sba,nsab->nsb", pi, rewards)
    q -= q.max(axis=-1, keepdims=True)
    result: Floats = q - np.log(np.exp(q).sum(axis=-1, keepdims=True))
    return result
