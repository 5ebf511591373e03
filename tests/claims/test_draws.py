from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse.claims import Draw
from exactqse.claims.draws import checked_coordinates
from exactqse.errors import InputError

units = st.lists(st.floats(0, 1), max_size=30)


def sample(draw: Draw) -> tuple[object, ...]:
    return (
        draw.real(-2, 3),
        draw.scale(0.01, 100),
        draw.whole(2, 5),
        draw.choice("abc"),
        draw.simplex(4),
        draw.reals(2, 0, 1),
    )


@given(units)
def test_every_coordinate_gives_numbers_in_range(coordinates: list[float]) -> None:
    real, scale, whole, choice, simplex, _ = sample(Draw(coordinates))
    assert isinstance(real, Fraction)
    assert -2 <= real <= 3
    assert isinstance(scale, Fraction)
    assert Fraction(99, 10000) < scale < 101
    assert whole in range(2, 6)
    assert choice in "abc"
    assert isinstance(simplex, tuple)
    assert sum(simplex) == 1
    assert min(simplex) >= 0


def test_a_draw_is_replayed_by_what_it_used() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        first = Draw(rng=rng)
        found = sample(first)
        again = Draw(first.used)
        assert sample(again) == found
        assert again.used == first.used


def test_fresh_coordinates_are_often_at_the_ends() -> None:
    draw = Draw(rng=np.random.default_rng(0))
    found = [draw.unit() for _ in range(4000)]
    assert 0.04 < found.count(0.0) / len(found) < 0.09
    assert 0.04 < found.count(1.0) / len(found) < 0.09
    assert all(0 <= x <= 1 for x in found)
    assert abs(sum(found) / len(found) - 0.5) < 0.03


def test_missing_coordinates_are_in_the_middle() -> None:
    draw = Draw((0.25,))
    assert [draw.unit(), draw.unit()] == [0.25, 0.5]


def test_bad_coordinates_are_refused() -> None:
    assert checked_coordinates([0, 0.5, 1]) == (0.0, 0.5, 1.0)
    for value, where in (("ab", "coordinates:"), ([2], r"coordinates\[0\]"), ([0, True], r"\[1\]")):
        with pytest.raises(InputError, match=where):
            checked_coordinates(value)
    with pytest.raises(InputError, match="nothing to choose from"):
        Draw().choice(())
