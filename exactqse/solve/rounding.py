"""From float64 to the short exact numbers of a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import frexp, ldexp

from exactqse.kernel.certificate import Distribution

_BITS = 26
_WEIGHT_BITS = 60


def short(value: float, bits: int = _BITS) -> Fraction:
    """The value to so many significant bits."""
    mantissa, exponent = frexp(value)
    return Fraction(round(ldexp(mantissa, bits))) * Fraction(2) ** (exponent - bits)


def distribution(weights: Mapping[int, float]) -> Distribution:
    """Weights of 2^-60; the largest takes what rounding leaves."""
    parts = {key: round(float(p) * 2**_WEIGHT_BITS) for key, p in sorted(weights.items())}
    top = max(parts, key=parts.__getitem__)
    parts[top] += 2**_WEIGHT_BITS - sum(parts.values())
    return tuple((key, Fraction(n, 2**_WEIGHT_BITS)) for key, n in parts.items() if n)
