"""The border to python-flint: exact numbers in, exact ends out, its global precision guarded.

``arb`` has one global working precision; nothing outside a ``with precision(bits)`` block may rely
on it. Floats never cross this border: ``arb(0.1)`` would take the float for what it is, silently.
What is trusted of arb is listed in proofs/flint-stand-in.md.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from flint import arb, ctx, fmpq

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.interval import Interval


class WorkingPrecision:
    """What :func:`precision` returns; a class, since a generator costs more than an exp."""

    __slots__ = ("before", "bits")

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before = ctx.prec
        ctx.prec = self.bits

    def __exit__(self, *_: object) -> None:
        ctx.prec = self.before


def precision(bits: int) -> WorkingPrecision:
    """Work at this many bits inside the ``with`` block; restore the caller's precision after."""
    return WorkingPrecision(bits)


def ball(value: Fraction) -> arb:
    """A ball around a rational number, at the working precision."""
    return arb(fmpq(value.numerator, value.denominator))


def dyadic(mantissa: int, exponent: int) -> arb:
    """The ball mantissa 2^exponent, exact when the mantissa fits the working precision."""
    return arb(mantissa) * _power(exponent)


@lru_cache(maxsize=256)
def _power(exponent: int) -> arb:
    """The exact ball 2^exponent, remembered: making one from a pair is slow."""
    return arb((1, exponent))


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
    """An interval at p bits around a ball: of two integers in a row where one floor is certain."""
    scaled = value * _power(p)
    floor = scaled.floor().unique_fmpz()
    if floor is None:
        return _floor(value.lower(), p), -_floor(-value.upper(), p)
    n = int(floor)
    return n, n if scaled.is_integer() else n + 1


def _floor(value: arb, p: int) -> int:
    mantissa, exponent = value.man_exp()
    shift = int(exponent) + p
    return int(mantissa) << shift if shift >= 0 else int(mantissa) >> -shift


def exp_fixed(n: int, p: int) -> int:
    """About 2^p e^(n / 2^p) at the working precision: a value to search with, no enclosure."""
    return _floor((arb(n) * _power(-p)).exp().mid(), p)


class FlintElementary(Elementary):
    """exp and log by arb, to stand in for the kernel's own: faster, and independent."""

    name = "flint"

    def exp(self, x: Interval, p: int) -> Interval:
        """An enclosure of exp on x."""
        whole, width = x[1] >> p, x[1] - x[0]
        if not any(x):
            return 1 << p, 1 << p
        if whole < -p:
            return 0, 1
        bits = max(x[0].bit_length(), p) + (
            3 * min(whole, MAX_EXPONENT + 2) // 2 if whole > 0 else 0
        )
        before, ctx.prec = ctx.prec, bits + 24  # a with block takes as long as an exp
        try:
            lo, hi = fixed((arb(x[0]) * _power(-p)).exp(), p)
        finally:
            ctx.prec = before
        if width >> p:
            return max(lo, 0), self.exp((x[1], x[1]), p)[1]
        return max(lo, 0), hi - (-hi * 2 * width >> p)

    def log(self, numerator: Interval, denominator: int, p: int) -> Interval:
        """An enclosure of ln(numerator / denominator), both of them positive integers."""
        before, ctx.prec = ctx.prec, p + 40
        try:
            lo, hi = fixed((arb(numerator[0]) / denominator).log(), p)
        finally:
            ctx.prec = before
        return lo, hi - (-((numerator[1] - numerator[0]) << p) // numerator[0])
