"""The kernel's exp and log against arb at a much higher precision: true, and narrow."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import mpmath
import pytest
from flint import arb
from hypothesis import example, given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import dyadic, exact_fraction, precision
from exactqse.kernel.elementary import (
    INTEGER,
    MAX_EXPONENT,
    _ln2_block,
    _log_guess,
    exp_point,
    ln2,
    log_ratio,
)

PRECISIONS = (16, 17, 24, 31, 53, 64, 100, 113, 192, 256, 511, 777, 1100, 2048, 3500)
bits = st.sampled_from(PRECISIONS) | st.integers(16, 400)
fractions = st.integers(0, 2**64 - 1).map(lambda n: Fraction(n, 2**64))


def exp_ends(n: int, p: int) -> tuple[Fraction, Fraction]:
    """Ends of exp(n / 2^p) 2^p, relatively narrower than 2^-(p + 64)."""
    whole = n >> p
    with precision(max(n.bit_length(), p) + 2 * abs(whole) + p + 128):
        value = dyadic(n, -p).exp()
        return exact_fraction(value.lower()) * 2**p, exact_fraction(value.upper()) * 2**p


def log_ends(numerator: int, denominator: int, p: int) -> tuple[Fraction, Fraction]:
    size = max(numerator.bit_length(), denominator.bit_length())
    with precision(size + p + 128):
        value = (arb(numerator) / denominator).log()
        return exact_fraction(value.lower()) * 2**p, exact_fraction(value.upper()) * 2**p


def assert_exp(n: int, p: int) -> None:
    lo, hi = exp_point(n, p)
    below, above = exp_ends(n, p)
    assert 0 <= lo <= below
    assert above <= hi
    assert hi - lo <= 2


@given(bits, st.integers(-400, 60), fractions)
@example(53, 0, Fraction(0))
@example(16, -1, Fraction(0))
@example(16, 0, 1 - Fraction(1, 2**16))
def test_exp_point(p: int, whole: int, fraction: Fraction) -> None:
    assert_exp((whole << p) + int(fraction * 2**p), p)


@pytest.mark.parametrize("p", range(6))
def test_exp_at_few_bits(p: int) -> None:
    """The early return is not taken at whole = -p, where (0, 1) would be false for p = 1."""
    for n in range(-(p + 2) << p, 5 << p):
        assert_exp(n, p)


@pytest.mark.parametrize("p", PRECISIONS)
def test_exp_near_zero_and_near_the_early_return(p: int) -> None:
    for n in (0, 1, -1, 2, -2, 3, -3):
        assert_exp(n, p)
    for whole in (-p - 1, -p, -p + 1, -(p * 7) // 10, -(p * 7) // 10 - 1, -1, 1):
        for offset in (-1, 0, 1):
            assert_exp((whole << p) + offset, p)


@pytest.mark.parametrize("p", [16, 53, 192])
@pytest.mark.parametrize("whole", [100, 1000, 4097, MAX_EXPONENT - 1])
def test_large_arguments(p: int, whole: int) -> None:
    for offset in (0, 1, (1 << p) - 1):
        assert_exp((whole << p) + offset, p)


def steps(numerator: int, denominator: int, p: int) -> int:
    """floor of 2^p ln(numerator / denominator)."""
    return floor(log_ends(numerator, denominator, p)[0])


def powers(n: int, p: int, q: int) -> int:
    """floor of 2^q exp(n / 2^p)."""
    return floor(exp_ends(n << q, p + q)[0] / 2**p)


@given(bits, st.integers(1, 2**200) | st.integers(1, 99))
@example(16, 1)
@example(3500, 1)
def test_exp_next_to_a_multiple_of_the_unit(p: int, v: int) -> None:
    # exp(n / 2^p) 2^p is v but for v / 2^p < 2^-p/2, and n + 1 is on the other side of v: an error
    # of one unit of the working precision that were not counted would exclude the value.
    v >>= max(v.bit_length() - p // 2, 0)
    n = steps(v, 1 << p, p)
    for offset in (-1, 0, 1, 2):
        assert_exp(n + offset, p)


class FewGuardBits(int):
    """A precision that takes most of the guard bits away, since they come from its length."""

    def bit_length(self) -> int:
        return -22


@given(
    st.sampled_from((24, 25, 31, 40, 53, 64)),
    st.integers(-40, 60),
    st.integers(-2, 3),
    fractions | st.none(),
)
def test_exp_point_counts_its_errors_without_guard_bits(
    p: int, k: int, offset: int, fraction: Fraction | None
) -> None:
    # The proof holds for any number of guard bits, and next to k ln 2 the reduction counts most.
    k = max(k, -2 * p // 3)
    n = (k * ln2(p + 20) >> 20) + offset
    if fraction is not None:
        n += int(fraction * 2**p)
    lo, hi = exp_point(n, FewGuardBits(p))
    below, above = exp_ends(n, p)
    assert 0 <= lo <= below
    assert above <= hi


class NoGuardBits(int):
    """A precision that has the working one be no more than the result needs."""

    def bit_length(self) -> int:
        return -26


@pytest.mark.parametrize("p", [12, 16, 20])
@pytest.mark.parametrize("k", range(1, 13))
def test_the_lower_end_of_exp_relies_on_no_guard_bits(p: int, k: int) -> None:
    # Reduced by the lower end of ln 2, a positive argument comes out too large by up to 2k units.
    start = k * ln2(p + 20) >> 20
    for n in range(start + 1, start + 60):
        below, above = exp_ends(n, p)
        lo, hi = exp_point(n, NoGuardBits(p))
        assert 0 <= lo <= below
        assert above <= hi


@given(st.integers(16, 400), st.integers(-300, 300), fractions)
@example(53, 0, Fraction(0))
def test_log_next_to_a_multiple_of_the_unit(p: int, whole: int, fraction: Fraction) -> None:
    # ln(z / 2^q) 2^p is n but for less than 2^-99, and z + 1 is on the other side of n.
    n = (whole << p) + int(fraction * 2**p)
    q = p + 600
    z = powers(n, p, q)
    for numerator in (z, z + 1):
        lo, hi = log_ratio(numerator, 1 << q, p)
        below, above = log_ends(numerator, 1 << q, p)
        assert lo <= below
        assert above <= hi
        assert hi - lo <= 2


def test_very_negative_arguments_return_at_once() -> None:
    assert exp_point(-(10**4000), 53) == (0, 1)
    assert exp_point((-54 << 53) + 1, 53) == (0, 1)


def test_the_input_at_which_mpmath_misses_the_value() -> None:
    # Reported as mpmath issue 1181: mpmath 1.3's interval exp is not an enclosure here.
    n, p = -498320 << 43, 53  # x = -498320/1024
    low, high = exp_ends(n, p)
    assert mpmath.iv.prec == p
    interval = mpmath.iv.exp(mpmath.iv.mpf(mpmath.mpf(-498320) / 1024))
    ends = []
    for end in (interval.a, interval.b):
        sign, mantissa, exponent, _ = end._mpi_[0]
        ends.append((-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** (int(exponent) + p))
    assert not ends[0] <= low <= high <= ends[1]
    assert_exp(n, p)
    assert_exp(n << 720, p + 720)  # with enough bits for the value not to vanish
    lo, hi = exp_point(n << 720, p + 720)
    assert 0 < lo < hi


@given(bits, st.integers(-60, 40), fractions, fractions, st.sampled_from((8, 3)))
def test_exp_on_intervals(p: int, whole: int, start: Fraction, width: Fraction, most: int) -> None:
    lo = (whole << p) + int(start * 2**p)
    hi = lo + int(width * (most if most == 8 else most << p))
    low, high = INTEGER.exp((lo, hi), p)
    first, last = exp_ends(lo, p), exp_ends(hi, p)
    assert low <= first[0]
    assert last[1] <= high
    assert first[1] - low <= 2
    d = Fraction(hi - lo, 2**p)
    assert high <= (first[1] + 2) * (1 + 2 * d) + 1 if d < 1 else high - last[0] <= 2


@pytest.mark.parametrize("p", [16, 53])
def test_exp_on_intervals_of_width_one(p: int) -> None:
    one = 1 << p
    for width in (one - 1, one, one + 1, 2 * one, 5 * one):
        for lo in (-3 * one, 0, 2 * one + 1):
            low, high = INTEGER.exp((lo, lo + width), p)
            assert low <= exp_ends(lo, p)[0]
            last = exp_ends(lo + width, p)
            assert last[1] <= high
            if width >= one:
                assert high - last[0] <= 2


positive = st.integers(1, 2**300) | st.integers(1, 20)


@given(positive, positive, bits)
@example(1, 1, 16)
@example(2, 1, 53)
@example(1, 2, 53)
@example((1 << 53) - 1, 1 << 53, 53)
@example((1 << 53) + 1, 1 << 53, 53)
@example(1, 2**255, 16)
def test_log_ratio(numerator: int, denominator: int, p: int) -> None:
    lo, hi = log_ratio(numerator, denominator, p)
    below, above = log_ends(numerator, denominator, p)
    assert lo <= below
    assert above <= hi
    assert hi - lo <= 2


@pytest.mark.parametrize("p", PRECISIONS)
def test_log_at_every_precision(p: int) -> None:
    one = 1 << p
    for numerator, denominator in (
        (one, one),
        (one + 1, one),
        (one - 1, one),
        (2 * one - 1, one),
        (3, 7),
        (10**40, 3),
        (3, 10**4000),
        (10**4000 + 1, 7),
    ):
        lo, hi = log_ratio(numerator, denominator, p)
        below, above = log_ends(numerator, denominator, p)
        assert lo <= below
        assert above <= hi
        assert hi - lo <= 2


@given(positive, positive, fractions, bits)
def test_log_on_intervals(numerator: int, denominator: int, width: Fraction, p: int) -> None:
    wide = numerator + int(numerator * width * 3)
    lo, hi = INTEGER.log((numerator, wide), denominator, p)
    first, last = log_ends(numerator, denominator, p), log_ends(wide, denominator, p)
    assert lo <= first[0]
    assert last[1] <= hi
    assert first[1] - lo <= 2
    assert hi <= first[1] + 2 + Fraction(wide - numerator, numerator) * 2**p + 1


@pytest.mark.parametrize("w", [8, 16, 24, 25, 26, 40, 53, 100, 333, 1000, 3600])
def test_log_guess_is_close(w: int) -> None:
    for i in range(1, 24):
        z = (1 << w) * (16 + 2 * i) // 32
        below, above = log_ends(z, 1 << w, w)
        guess = _log_guess(z, w)
        assert abs(guess - below) < 2 ** (w // 2 + 3)
        assert abs(guess - above) < 2 ** (w // 2 + 3)


@pytest.mark.parametrize(
    "size", [*range(1, 40), 64, 255, 256, 257, 511, 512, 1000, 5000, 30000, 140000]
)
def test_ln2(size: int) -> None:
    value = ln2(size)
    with precision(size + 64):
        truth = arb.const_log2()
        low, high = exact_fraction(truth.lower()), exact_fraction(truth.upper())
    assert value <= low * 2**size
    assert high * 2**size <= value + 2


def test_a_block_lacks_at_most_two_units_of_each_term() -> None:
    for size in range(1, 200):
        with precision(size + 64):
            exact = exact_fraction(arb.const_log2().lower()) * 2**size
        terms = size // 3 + 2  # at most: each is a ninth of the one before
        assert _ln2_block(size) <= exact < _ln2_block(size) + 2 * terms + 1


def test_the_name_is_the_kernels() -> None:
    assert INTEGER.name == "kernel"


def test_the_limit_of_exponents() -> None:
    assert MAX_EXPONENT == 16384
