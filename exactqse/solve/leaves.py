"""Leaves as they are written down: parameters of few bits, and the best leaf of a single member."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from exactqse.kernel.certificate import DOWN, UP, Leaf
from exactqse.solve.majorants import Booleans, Floats, Integers, Majorants, values

MAX_LOG2 = 4000  # of a parameter: beyond it files and integers would only be long
MANTISSAS = (10, 20, 51)  # bits of a parameter, the fewest that do
_TINY = 1e-9  # s of a majorant that only has to be small


@dataclass(frozen=True)
class Closed:
    """What is written down of a part that was closed."""

    down: Booleans
    mantissa: Integers
    exponent: Integers
    shift: int


def rounded(bounds: Majorants, scale: Floats, bits: int) -> tuple[Integers, Integers, Floats]:
    """(mantissa, exponent, parameter): positive parameters with few bits.

    kappa is stated e^scale times larger than at the scale of ``bounds``; s is not scaled.
    """
    shifted = bounds.parameter + np.where(bounds.down, scale[:, None], 0.0)
    logs = np.where(bounds.down, shifted, np.log(np.where(bounds.down, 1.0, bounds.parameter)))
    log2 = np.clip(logs / np.log(2), -MAX_LOG2, MAX_LOG2)
    exponent = np.floor(log2)
    mantissa = np.rint(np.exp2(log2 - exponent + bits))
    exponent = exponent - bits
    stated = np.log(mantissa) + exponent * np.log(2)
    parameter = np.where(bounds.down, stated - scale[:, None], np.exp(np.minimum(stated, 700.0)))
    return mantissa.astype(np.intp), exponent.astype(np.intp), parameter


def leaf(closed: Closed, unit: int = 0) -> Leaf:
    """The leaf with its parameters in units of 2^unit."""
    rows = zip(
        closed.down.tolist(), closed.mantissa.tolist(), closed.exponent.tolist(), strict=True
    )
    return Leaf(
        tuple((DOWN if down else UP, dyadic(m, e + unit)) for down, m, e in rows), closed.shift
    )


def best_single(x: Floats, y: Floats) -> Floats:
    """The alpha (A,) that maximises e^q w in a cell with one member; x = eta r, y = U - lambda.

    The maximiser is a point, or inside a falling edge at w = -dy/dx (proofs/two-actions.md).
    """
    alpha = np.zeros(len(x))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = x + np.log(np.abs(y))
        dx, dy = x[None] - x[:, None], y[None] - y[:, None]
        w = -dy / dx
        inside = (dx > 0) & (dy < 0) & (w < y[:, None]) & (w > y[None])
        q = x[:, None] + (y[:, None] - w) / w
        edges = np.where(inside, q + np.log(w), -np.inf)
    points = np.where(y > 0, logs, -np.inf)
    if edges.max() > points.max():
        i, j = divmod(int(edges.argmax()), len(x))
        alpha[j] = (y[i] - w[i, j]) / (y[i] - y[j])
        alpha[i] = 1 - alpha[j]
    else:
        alpha[points.argmax() if y.max() > 0 else logs.argmin()] = 1
    return alpha


def single_leaf(x: Floats, y: Floats, margin: float, unit: int = 0) -> tuple[Leaf, float]:
    """The leaf of a cell with one member, and its bound; x = eta r - shift, y = U - lambda, (A,).

    y and the bound are in units of 2^unit. The majorant that touches e^q w at its maximiser is the
    best.
    """
    alpha = best_single(x, y)
    q, parameter = float(alpha @ x), float(alpha @ y)
    down = bool((y < 0).all())
    if down:
        parameter = q + float(np.log(-parameter))
    elif parameter <= 0:
        parameter = _TINY * (1 + float(np.abs(y).max()))
    found = Majorants(
        *(np.zeros(1), np.zeros(1)), np.array([[parameter]]), np.array([[down]]), np.ones((1, 1))
    )
    mantissa, exponent, stated = rounded(found, np.zeros(1), MANTISSAS[-1])
    M = values(x[None, :, None], y[None, :, None], stated, found.down)
    closed = leaf(Closed(found.down[0], mantissa[0], exponent[0], 0), unit)
    return closed, float((M + margin * np.abs(M)).max())


@lru_cache(maxsize=1 << 14)  # leaves take few bits, so the same parameters come again
def dyadic(mantissa: int, exponent: int) -> Fraction:
    """mantissa 2^exponent."""
    if exponent >= 0:
        return Fraction(mantissa << exponent)
    return Fraction(mantissa, 1 << -exponent)
