"""An upper bound of W_h(s) over a box of policies, at given values v of the follower.

W = lam + sum_b e^{x_b - v} (y_b - lam) for every lam, since the responses sum to 1. Where v is
known well, each b is bounded alone, over the simplex that holds its weights
(proofs/one-optimal-policy.md). A good lam is y_b less the slope dJ/dx_b over D nu_b.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite, log

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.sweep.boxes import ZERO, Box


def corners_of(box: Box, values: Sequence[arb]) -> list[arb]:
    """The values at the corners of {w >= the box's lower ends, sum w = 1}, which holds the box."""
    least = [w.lower() for w in box]
    spare = 1 - sum(least, ZERO)
    start = sum((w * v for w, v in zip(least, values, strict=True)), ZERO)
    return [start + spare * v for w, v in zip(box, values, strict=True) if not w.is_zero()]


def term(z: Sequence[arb], d: Sequence[arb]) -> arb:
    """At least the largest e^z d over the mixtures of these points (z, d).

    If no d is positive it is attained at one of them. Else e^z d <= s e^{z + d/s - 1} for any
    s > 0, which is convex.
    """
    if all(x <= 0 for x in d):
        return max((x.upper() * y.lower().exp()).upper() for x, y in zip(d, z, strict=True))
    s = ball(Fraction(scale([float(x.upper()) for x in z], [float(x.upper()) for x in d])))
    return s * (max((y + x / s).upper() for x, y in zip(d, z, strict=True)) - 1).exp()


def scale(z: Sequence[float], d: Sequence[float]) -> float:
    """The s > 0 with about the least bound: d of a point, or where two points are level."""
    pairs = [(i, j) for i in range(len(z)) for j in range(i) if (z[i] - z[j]) * (d[i] - d[j]) < 0]
    found = [*d, *((d[i] - d[j]) / (z[j] - z[i]) for i, j in pairs)]
    return min(
        [s for s in found if s > 0 and isfinite(s)] or [1.0],
        key=lambda s: log(s) + max(y + x / s for x, y in zip(d, z, strict=True)),
    )
