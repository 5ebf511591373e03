"""The parts of messages."""

from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse.errors import (
    GameError,
    InputError,
    KindError,
    approximate,
    at_least,
    between,
    of_file,
    of_kind,
    shown,
)


def test_approximate_has_four_digits() -> None:
    assert approximate(Fraction(1, 3)) == "0.3333"
    assert approximate(Fraction(-200)) == "-2E+2"
    assert approximate(Fraction(1, 10**30)) == "1E-30"
    assert approximate(Fraction(0)) == "0"
    assert approximate(Fraction(123456)) == "1.235E+5"
    assert approximate(Fraction(99999), ROUND_CEILING) == "1E+5"
    assert approximate(Fraction(99999), ROUND_FLOOR) == "9.999E+4"


def test_bounds_in_words() -> None:
    assert at_least(Fraction(2, 3)) == "at least 0.6666"
    assert between(Fraction(-2, 3), Fraction(-1, 3)) == "[-0.6667, -0.3333]"


@given(st.fractions(), st.fractions())
def test_bounds_are_true(a: Fraction, b: Fraction) -> None:
    assert Fraction(at_least(a).removeprefix("at least ")) <= a
    low, high = map(Fraction, between(min(a, b), max(a, b)).strip("[]").split(", "))
    assert low <= min(a, b) <= max(a, b) <= high


def test_a_shown_value_is_one_short_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert "\n" not in shown(np.zeros((9, 9)))
    assert len(shown("x" * 99)) == 60
    assert shown(10**5000) == "int of many digits"
    assert shown(Fraction(-1, 3)) == "-1/3"


def test_a_class_is_no_instance() -> None:
    of_kind(1, int, "an int", where="x")
    for value in (int, "1", None):
        with pytest.raises(KindError, match="x: expected an int, found "):
            of_kind(value, int, "an int", where="x")


@pytest.mark.parametrize(
    ("where", "message"),
    [("eta", "a.json: eta: wrong; mend"), ("", "a.json: wrong; mend"), ("a.json, line 2", None)],
)
def test_an_error_about_a_file_names_it_once(where: str, message: str | None) -> None:
    error = GameError("wrong", where=where, remedy="mend")
    with pytest.raises(GameError) as caught, of_file("a.json"):
        raise error
    assert str(caught.value) == (message or str(error))


def test_other_errors_about_a_file_stay_as_they_are() -> None:
    with pytest.raises(ValueError, match=r"^plain$") as caught, of_file("a.json"):
        raise ValueError("plain")
    assert not isinstance(caught.value, InputError)
