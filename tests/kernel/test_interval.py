from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from exactqse.kernel.interval import (
    Interval,
    divide,
    enclose,
    multiply,
    scale,
)

integers = st.integers(-(2**70), 2**70) | st.integers(-5, 5)
positive = st.integers(1, 2**70) | st.integers(1, 5)
bits = st.sampled_from((0, 1, 5, 16, 53, 64))
intervals = st.tuples(integers, integers).map(lambda x: (min(x), max(x)))


def real(n: int, p: int) -> Fraction:
    return Fraction(n, 1 << p)


def tightest(values: list[Fraction], p: int) -> Interval:
    scaled = [v * 2**p for v in values]
    return floor(min(scaled)), ceil(max(scaled))


@given(integers, positive, bits)
def test_enclose_is_the_tightest_interval(n: int, d: int, p: int) -> None:
    assert enclose(n, d, p) == tightest([Fraction(n, d)], p)


@given(intervals, integers, positive)
def test_scale_is_the_tightest_interval(x: Interval, n: int, d: int) -> None:
    ends = [Fraction(end * n, d) for end in x]
    assert scale(x, n, d) == tightest(ends, 0)


@given(intervals, intervals, bits)
def test_multiply_is_the_tightest_interval(x: Interval, y: Interval, p: int) -> None:
    ends = [real(a, p) * real(b, p) for a in x for b in y]
    assert multiply(x, y, p) == tightest(ends, p)


@given(intervals, st.tuples(positive, positive), bits)
def test_divide_is_the_tightest_interval(x: Interval, y: tuple[int, int], p: int) -> None:
    y = min(y), max(y)
    ends = [Fraction(a, b) for a in x for b in y]
    assert divide(x, y, p) == tightest(ends, p)


@given(intervals, intervals, st.integers(0, 8), st.integers(0, 8), bits)
def test_inner_points_are_contained(x: Interval, y: Interval, i: int, j: int, p: int) -> None:
    a = real(x[0], p) + (real(x[1], p) - real(x[0], p)) * Fraction(i, 8)
    b = real(y[0], p) + (real(y[1], p) - real(y[0], p)) * Fraction(j, 8)
    product = multiply(x, y, p)
    assert real(product[0], p) <= a * b <= real(product[1], p)
    if y[0] > 0:
        quotient = divide(x, y, p)
        assert real(quotient[0], p) <= a / b <= real(quotient[1], p)


def test_next_to_zero_they_are_the_tightest_intervals() -> None:
    """All intervals with ends in -3..3, where one unit decides by which end is divided."""
    ends = range(-3, 4)
    intervals = [(low, high) for low, high in product(ends, ends) if low <= high]
    for x, y, p in product(intervals, intervals, (0, 2)):
        products = [real(a, p) * real(b, p) for a in x for b in y]
        assert multiply(x, y, p) == tightest(products, p)
        if y[0] > 0:
            assert divide(x, y, p) == tightest([Fraction(a, b) for a in x for b in y], p)
    for x, n, d in product(intervals, ends, range(1, 5)):
        assert scale(x, n, d) == tightest([Fraction(end * n, d) for end in x], 0)
