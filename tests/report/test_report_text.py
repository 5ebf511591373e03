from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic import Enclosure
from exactqse.report.text import cell, coarse, counted, mixture, printable, short

rationals = st.fractions(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(0), "0"),
        (Fraction(-3), "-3"),
        (Fraction(1, 2), "0.5"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-22, 7), "-22/7"),
        (Fraction(10**6), "1000000"),
        (Fraction(2**30 + 1, 2**31), "~0.5"),
        (Fraction(123456, 10**12 + 1), "~1.235e-7"),
        (Fraction(1, 10**12), "~1e-12"),
        (Fraction(99999, 10**13), "~1e-8"),
        (Fraction(-(10**20), 3), "~-3.333e19"),
        (Fraction(10**4000 + 1, 7), "~1.429e3999"),
    ],
)
def test_short_numbers(value: Fraction, expected: str) -> None:
    assert short(value) == expected


@given(rationals)
def test_a_short_number_is_exact_or_marked(value: Fraction) -> None:
    text = short(value)
    if text.startswith("~"):
        close = max(Fraction(1, 10**6), abs(value) / 1000)
        assert abs(Fraction(text[1:]) - value) <= close
    else:
        assert Fraction(text) == value


@given(rationals, rationals, st.integers(0, 12))
def test_coarse_enclosures_contain_the_fine_ones(a: Fraction, b: Fraction, places: int) -> None:
    fine = Enclosure(min(a, b), max(a, b))
    result = coarse(fine, places)
    assert result.lower <= fine.lower
    assert fine.upper <= result.upper
    assert result.width <= fine.width + Fraction(2, 10**places)


def test_an_exact_decimal_stays_exact() -> None:
    assert str(coarse(Enclosure(Fraction(1, 2), Fraction(1, 2)), 0)) == "0.5"
    assert str(coarse(Enclosure(Fraction(1, 3), Fraction(1, 3)), 3)) == "0.33[3, 4]"


def test_mixtures() -> None:
    assert mixture([("Up", Fraction(1)), ("Down", Fraction(0))]) == "Up"
    assert mixture([("Up", Fraction(1, 4)), ("Down", Fraction(3, 4))]) == "Up 0.25, Down 0.75"
    third, two = Fraction(1, 3), Fraction(2, 3)
    assert mixture([("a", third), ("b", two), ("c", Fraction(0))]) == "a 1/3, b 2/3"


def test_what_a_terminal_would_act_on_is_escaped() -> None:
    assert printable("a\nb\x1b[0m\té") == "a\\nb\\x1b[0m\\té"
    assert cell("[bold]x[/bold]\n").plain == "[bold]x[/bold]\\n"


def test_counts() -> None:
    assert [counted(n, "row") for n in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
