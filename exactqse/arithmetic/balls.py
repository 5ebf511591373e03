"""The border to python-flint: exact numbers in, exact ends out, its global precision guarded.

``arb`` has one global working precision; nothing outside a ``with precision(bits)`` block may rely on it.
Floats never cross this border: ``arb(0.1)`` would take the float for what it is, silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from flint import arb, ctx, fmpq

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.kernel.elementary import MAX_EXPONENT
from exactqse.kernel.interval import Interval


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work at this many bits inside the block, and restore the caller's precision after it."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def ball(value: Fraction) -> arb:
    """A ball around a rational number, at the working precision."""
    return arb(fmpq(value.numerator, value.denominator))


def dyadic(mantissa: int, exponent: int) -> arb:
    """The exact ball mantissa 2^exponent."""
    return arb((mantissa, exponent))


def exact_fraction(value: arb) -> Fraction:
    """The value of an exact ball. Raises ValueError when it has a radius."""
    mantissa, exponent = value.man_exp()
    power = int(exponent)
    if power >= 0:
        return Fraction(int(mantissa) << power)
    return Fraction(int(mantissa), 1 << -power)


def enclosure(value: arb) -> Enclosure:
    """The ball's two ends as exact rationals."""
    return Enclosure(exact_fraction(value.lower()), exact_fraction(value.upper()))


def fixed(value: arb, p: int) -> Interval:
    """An interval at p bits around a ball."""
    return _floor(value.lower(), p), -_floor(-value.upper(), p)


def _floor(value: arb, p: int) -> int:
    mantissa, exponent = value.man_exp()
    shift = int(exponent) + p
    return int(mantissa) << shift if shift >= 0 else int(mantissa) >> -shift


class FlintElementary:
    """exp and log by arb, to stand in for the kernel's own in ``check``: faster, and independent."""

    name = "flint"

    def exp(self, x: Interval, p: int) -> Interval:
        """An enclosure of exp on x."""
        if x[0] >> p < -p and x[1] >> p < -p:
            return 0, 1
        whole = min(max(x[1] >> p, 0), MAX_EXPONENT + 2)
        with precision(p + 3 * whole // 2 + 24):
            lo, hi = fixed(arb((x[0], -p), (x[1] - x[0], -p)).exp(), p)
        return max(lo, 0), hi

    def log(self, numerator: Interval, denominator: int, p: int) -> Interval:
        """An enclosure of ln(numerator / denominator), both of them positive integers."""
        with precision(p + 64):
            below = (arb(numerator[0]) / denominator).log()
            above = ((arb(numerator[1]) - numerator[0]) / numerator[0]).upper()
            return fixed(below, p)[0], fixed(below + above, p)[1]
