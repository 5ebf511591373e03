"""Bounds of a mean of numbers in [0, 1], for every number of observations at once.

With s the sum of n observations, f = n - s and p-hat = s/n, the mean p has with probability >= 1 -
delta, for all n at once,

    n kl(p-hat, p)  <=  log(1/delta) + log( p-hat^s (1 - p-hat)^f B(1/2, 1/2)/B(s + 1/2, f + 1/2) ),

B Euler's beta function (proofs/chernoff-mixture.md); p lies between two roots, found by bisection.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_HALVINGS = 45


def divergence_bound(total: Floats, n: Floats, logs: float) -> Floats:
    """The right side above.

    Args:
        total: s, in [0, n].
        n: how many observations.
        logs: log(1/delta).
    """
    from scipy.special import betaln, xlogy  # noqa: PLC0415 - slow to import

    f = n - total
    best = xlogy(total, _mean(total, n)) + xlogy(f, _mean(f, n))
    result: Floats = logs + best + betaln(0.5, 0.5) - betaln(total + 0.5, f + 0.5)
    return result


def farthest_mean(total: Floats, n: Floats, bound: Floats, sign: float) -> Floats:
    """The largest (sign = 1) or least (-1) p with n kl(p-hat, p) <= bound, a little outside."""
    from scipy.special import xlog1py, xlogy  # noqa: PLC0415 - slow to import

    f = n - total
    seen = _mean(total, n)
    best = xlogy(total, seen) + xlogy(f, 1 - seen)
    inside, outside = seen, np.full(seen.shape, 1.0 if sign > 0 else 0.0)
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        refuted = best - xlogy(total, middle) - xlog1py(f, -middle) > bound
        inside, outside = np.where(refuted, inside, middle), np.where(refuted, middle, outside)
    return outside


def _mean(total: Floats, n: Floats) -> Floats:
    result: Floats = total / np.maximum(n, 1)
    return result
