"""Exact numbers that stay short enough for a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from exactqse.kernel.certificate import Distribution

LONG = (
    6500  # bits of a probability that is not rounded: a certificate's numbers may be twice as long
)
_BITS = 1 << 12  # of one that is


def nearest(value: Fraction, bits: int) -> Fraction:
    """The nearest multiple of 2^-bits."""
    return Fraction(round(value * (1 << bits)), 1 << bits)


def above(value: Fraction, bits: int) -> Fraction:
    """The least multiple of 2^-bits that is at least the value."""
    return -Fraction(-value * (1 << bits) // 1, 1 << bits)


def mixture(weights: Mapping[int, Fraction]) -> Distribution:
    """Weights that sum to 1; rounded where they are long, the largest takes what that leaves."""
    kept = {key: p for key, p in sorted(weights.items()) if p}
    if any(p.denominator.bit_length() > LONG for p in kept.values()):
        top = max(kept, key=kept.__getitem__)
        kept = {key: nearest(p, _BITS) for key, p in kept.items()}
        kept[top] += 1 - sum(kept.values())
    return tuple((key, p) for key, p in kept.items() if p)
