from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import (
    FlintElementary,
    ball,
    dyadic,
    enclosure,
    exact_fraction,
    fixed,
    precision,
)
from exactqse.kernel.elementary import INTEGER

FLINT = FlintElementary()
bits = st.sampled_from((16, 24, 53, 100, 333, 1100))


def test_the_callers_precision_is_restored() -> None:
    before = ctx.prec
    with precision(before + 100):
        assert ctx.prec == before + 100
        with precision(20):
            assert ctx.prec == 20
        assert ctx.prec == before + 100
    assert ctx.prec == before


def fail_inside(bits_: int) -> None:
    with precision(bits_):
        raise KeyError


def test_the_callers_precision_is_restored_after_an_error() -> None:
    before = ctx.prec
    with pytest.raises(KeyError):
        fail_inside(77)
    assert ctx.prec == before


@given(st.fractions(), bits)
def test_balls_contain_their_number(value: Fraction, p: int) -> None:
    with precision(p):
        found = enclosure(ball(value))
    assert value in found
    assert found.width <= abs(value) * Fraction(1, 2 ** (p - 2))


@given(st.integers(), st.integers(-200, 200))
def test_dyadic_and_exact_fraction(mantissa: int, exponent: int) -> None:
    with precision(max(mantissa.bit_length(), 2)):
        assert exact_fraction(dyadic(mantissa, exponent)) == mantissa * Fraction(2) ** exponent


def test_a_ball_with_a_radius_has_no_exact_value() -> None:
    with precision(53):
        third = ball(Fraction(1, 3))
    with pytest.raises(ValueError, match=r".+"):
        exact_fraction(third)


@given(st.integers(), st.integers(-100, 20), st.integers(0, 120))
def test_fixed_is_the_tightest_of_an_exact_ball(mantissa: int, exponent: int, p: int) -> None:
    with precision(max(mantissa.bit_length(), 2)):
        lo, hi = fixed(dyadic(mantissa, exponent), p)
    value = mantissa * Fraction(2) ** (exponent + p)
    assert (lo, hi) == (floor(value), ceil(value))


@given(st.fractions(), bits)
def test_fixed_contains_the_ball(value: Fraction, p: int) -> None:
    with precision(p):
        x = ball(value)
        lo, hi = fixed(x, p)
        ends = enclosure(x)
    assert lo <= ends.lower * 2**p
    assert ends.upper * 2**p <= hi


@given(st.integers(-80, 40), st.integers(0, 2**1200), st.integers(0, 2**1202), bits)
def test_exp_agrees_with_the_kernel(whole: int, part: int, width: int, p: int) -> None:
    lo = (whole << p) + (part >> (1200 - p))
    x = lo, lo + (width >> (1200 - p))
    mine, kernel = FLINT.exp(x, p), INTEGER.exp(x, p)
    assert mine[0] <= kernel[1]
    assert kernel[0] <= mine[1]
    assert abs(mine[0] - kernel[0]) <= 2
    d = Fraction(x[1] - x[0], 2**p)
    assert abs(mine[1] - kernel[1]) <= 2 * (1 + 2 * d) + 1


@given(st.integers(1, 2**200), st.integers(1, 2**200), st.integers(0, 2**60), bits)
def test_log_agrees_with_the_kernel(low: int, below: int, width: int, p: int) -> None:
    mine, kernel = (
        FLINT.log((low, low + width), below, p),
        INTEGER.log((low, low + width), below, p),
    )
    assert mine[0] <= kernel[1]
    assert kernel[0] <= mine[1]
    assert abs(mine[0] - kernel[0]) <= 2
    assert abs(mine[1] - kernel[1]) <= 2


def test_exp_far_below_zero() -> None:
    assert FLINT.exp((-(10**4000), -(10**3999)), 53) == (0, 1)
    lo, hi = FLINT.exp((-(10**400), 1 << 53), 53)
    assert lo == 0
    assert Fraction(hi, 2**53) < Fraction(2718281828459046, 10**15)


def test_names() -> None:
    assert FLINT.name == "flint"
    assert isinstance(ball(Fraction(1, 3)), arb)
