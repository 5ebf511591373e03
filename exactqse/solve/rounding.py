"""From float64 to the short exact numbers of a certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import frexp, ldexp

from exactqse.kernel.certificate import Distribution
from exactqse.kernel.game import KernelGame

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


def rounded(mixture: Iterable[float]) -> Distribution:
    """A mixture of all actions, as ``distribution`` rounds it."""
    return distribution(dict(enumerate(mixture)))


def fractional_bits(game: KernelGame, gap: Fraction, scale: float) -> int:
    """Of the gap, and as many again for sums, exponentials and divisions of values up to scale."""
    size = int(scale + 1).bit_length()
    gap = min(gap, Fraction(scale))  # of values smaller than the gap no more may be lost
    return max(64, int(1 / gap).bit_length() + 48) + 3 * size + game.horizon.bit_length()


def slack(p: int, scale: float) -> Fraction:
    """What a checker's arithmetic with p fractional bits may lose of values up to scale."""
    return Fraction(1 << 20 + 2 * int(scale + 1).bit_length(), 1 << p)
