"""Upper bounds of e^z d over mixtures of points."""

from __future__ import annotations

from random import Random

import pytest
from flint import arb

from exactqse.arithmetic.balls import precision
from exactqse.sweep.caps import term


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_term_is_at_least_every_mixture_in_every_digit(sign: int) -> None:
    draw = Random(sign)
    for _ in range(200):
        with precision(53):
            z = [arb(draw.random()), arb(draw.random())]
            d = [sign * (value * -1).exp() for value in z]  # e^z |d| = 1, within rounding
            found = term(z, d)
        with precision(200):
            for k in range(9):
                w = arb(k) / 8
                x, y = (w * p + (1 - w) * q for p, q in (z, d))
                value = x.exp() * y.upper() if sign > 0 else x.exp() * y
                assert not found.upper() < value.lower()


def test_of_points_that_are_as_good_the_higher_end_counts() -> None:
    ends = []
    draw = Random(0)
    with precision(53):
        for _ in range(200):
            z = [arb(draw.random()), arb(draw.random())]
            d = [-(-value).exp() for value in z]
            highest = [(x.upper() * y.exp()).upper() for x, y in zip(d, z, strict=True)]
            found = term(z, d).upper()
            assert all(not found < value for value in highest)
            ends.append(highest[0] < highest[1])
    assert any(ends)
    assert not all(ends)
