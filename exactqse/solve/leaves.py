"""Leaves as they are written down: parameters of few bits, and the best leaf of a single member."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

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


def single_leaf(x: Floats, y: Floats, margin: float, unit: int = 0) -> tuple[Leaf, float]:
    """The leaf of a cell with one member, and its bound; x = eta r - shift, y = U - lambda, (A,).

    y and the bound are in units of 2^unit.

    The maximiser of e^q w is a point, or inside a falling edge at w = -dy/dx
    (proofs/two-actions.md); the majorant that touches there is the best.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = x + np.log(np.abs(y))
        dx, dy = x[None] - x[:, None], y[None] - y[:, None]
        w = -dy / dx
        inside = (dx > 0) & (dy < 0) & (w < y[:, None]) & (w > y[None])
        q = x[:, None] + (y[:, None] - w) / w
        edges = np.where(inside, q + np.log(w), -np.inf)
    points = np.where(y > 0, logs, -np.inf)
    if points.max() > -np.inf:
        down = False
        s = y[points.argmax()] if points.max() >= edges.max() else w.flat[edges.argmax()]
        parameter = float(s)
    else:
        down = bool((y < 0).all())
        parameter = float(logs.min()) if down else _TINY * (1 + float(np.abs(y).max()))
    found = Majorants(
        *(np.zeros(1), np.zeros(1)), np.array([[parameter]]), np.array([[down]]), np.ones((1, 1))
    )
    mantissa, exponent, stated = rounded(found, np.zeros(1), MANTISSAS[-1])
    M = values(x[None, :, None], y[None, :, None], stated, found.down)
    closed = leaf(Closed(found.down[0], mantissa[0], exponent[0], 0), unit)
    return closed, float((M + margin * np.abs(M)).max())


def dyadic(mantissa: int, exponent: int) -> Fraction:
    """mantissa 2^exponent."""
    if exponent >= 0:
        return Fraction(mantissa << exponent)
    return Fraction(mantissa, 1 << -exponent)
