"""Tables that explain targets nearly as well as every table of their class does.

For targets y = u_h + W(s_{h+1}) between a and b, ybar their mean over the n visits of (s,a,b),

    D(U) = sum over (s,a,b) of n kl( (ybar - a)/(b - a), (U - a)/(b - a) ),

kl(p, q) = p log(p/q) + (1 - p) log((1 - p)/(1 - q)); with Gaussian noise, whose targets have no
bounds, sum n (ybar - U)^2/(2 sigma^2). The true U stays below min D + log(k/delta) over a class of
k tables with probability >= 1 - delta, at all times (proofs/comparison-sets.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Divergence = Callable[[Floats], Floats]  # from tables (N, S, A, B), one for each W, to D (N,)
_ROUNDING = 1e-9  # of sums of logarithms, relative: far above float64's, and outward
_EDGE = 1e-12  # of shares of the range


def comparable(
    n: Floats, mean: Floats, U: Floats, divergence: Divergence, *, radius: float, tolerance: float
) -> Booleans:
    """Whether each U explains the targets of each W as well as that, shape (k, N).

    Args:
        n: visits, shape (S, A, B).
        mean: ybar for each W, shape (N, S, A, B).
        U: the class, shape (k, S, A, B).
        divergence: D, as :func:`divergence_of` makes it.
        radius: log(k/delta) + ...
        tolerance: how far the true table may be from the nearest member of the class.
    """
    seen = n > 0
    least = np.full(len(mean), np.inf)
    for table in U:
        least = np.minimum(least, divergence(np.where(seen, table, mean)))
    rows = []
    for table in U:
        nearest = np.clip(mean, table - tolerance, table + tolerance)
        rows.append(divergence(np.where(seen, nearest, mean)))
    return np.array(rows) <= least + radius + _ROUNDING * (1 + least)


def divergence_of(
    n: Floats, mean: Floats, W: Floats, setting: Setting, variance: Floats
) -> Divergence:
    """D for targets with these values W (N, S) of next states, and variance proxies (N,)."""
    if setting.noise.kind == "gaussian":
        return partial(_normal, n, mean, variance)
    low, high = setting.u_bounds
    least, size = low + W.min(axis=1), (high - low) + np.ptp(W, axis=1)
    shape = (-1, 1, 1, 1)
    return partial(
        _bounded, n, mean, least.reshape(shape), np.where(size > 0, size, 1.0).reshape(shape)
    )


def _normal(n: Floats, mean: Floats, variance: Floats, tables: Floats) -> Floats:
    """Sum n (ybar - U)^2/(2 sigma^2)."""
    result: Floats = np.einsum("sab,nsab->n", n, np.square(mean - tables)) / (2 * variance)
    return result


def _bounded(n: Floats, mean: Floats, least: Floats, size: Floats, tables: Floats) -> Floats:
    """The sum of n kl; infinite where a table is outside of the bounds of the targets."""
    from scipy.special import rel_entr  # noqa: PLC0415 - slow to import

    p, q = np.clip((mean - least) / size, 0, 1), (tables - least) / size
    outside = np.abs(q - 0.5) > 0.5 + _EDGE
    q = np.clip(q, 0, 1)
    each = np.where(outside, np.inf, rel_entr(p, q) + rel_entr(1 - p, 1 - q))
    result: Floats = np.where(n > 0, n * np.where(n > 0, each, 0), 0).sum(axis=(1, 2, 3))
    return result
