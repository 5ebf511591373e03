from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse import Game, Policy, evaluate
from exactqse.arithmetic import Enclosure
from exactqse.errors import PrecisionError

numbers = st.fractions(min_value=-1000, max_value=1000)
pairs = st.tuples(numbers, numbers).map(sorted)


def test_fields() -> None:
    x = Enclosure(Fraction(1), Fraction(3, 2))
    assert x.width == Fraction(1, 2)
    assert x.mid == Fraction(5, 4)
    assert float(x) == 1.25
    assert Fraction(1) in x
    assert Fraction(3, 2) in x
    assert 1 in x
    assert Fraction(99, 100) not in x
    assert 2 not in x


def test_empty() -> None:
    with pytest.raises(ValueError, match="empty enclosure: 2 > 1"):
        Enclosure(Fraction(2), Fraction(1))


@given(pairs, pairs)
def test_overlap_means_a_common_number(a: list[Fraction], b: list[Fraction]) -> None:
    x, y = Enclosure(*a), Enclosure(*b)
    common = max(x.lower, y.lower)
    assert x.overlaps(y) == y.overlaps(x) == (common in x and common in y)


def test_at_least_has_three_answers() -> None:
    x = Enclosure(Fraction(1), Fraction(2))
    assert x.at_least(1)
    assert not x.at_least(3)
    with pytest.raises(PrecisionError, match="x >= 2 is undecided") as caught:
        x.at_least(2)
    assert caught.value.remedy == "ask for more digits"


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (Fraction(1, 4), Fraction(1, 4), "0.25"),
        (Fraction(-7), Fraction(-7), "-7"),
        (Fraction(0), Fraction(0), "0"),
        (Fraction(-1, 2), Fraction(1, 2), "[-0.5, 0.5]"),
        (Fraction(9), Fraction(11), "[9.0, 11.0]"),
        (Fraction(14142, 10**4), Fraction(14143, 10**4), "1.414[2, 3]"),
        (Fraction(-14143, 10**4), Fraction(-14142, 10**4), "-1.414[3, 2]"),
    ],
)
def test_text(lower: Fraction, upper: Fraction, text: str) -> None:
    assert str(Enclosure(lower, upper)) == text


def ends_of(text: str) -> tuple[Fraction, Fraction]:
    match = re.fullmatch(r"(-?[0-9.]*)\[([-0-9.]+), ([-0-9.]+)\]", text)
    if match is None:
        return Fraction(text), Fraction(text)
    ends = sorted(Fraction(Decimal(match[1] + tail)) for tail in (match[2], match[3]))
    return ends[0], ends[1]


@given(pairs, st.integers(0, 30))
def test_the_text_is_true(ends: list[Fraction], power: int) -> None:
    x = Enclosure(ends[0], ends[0] + (ends[1] - ends[0]) / 10**power)
    low, high = ends_of(str(x))
    assert low <= x.lower
    assert x.upper <= high
    assert high - low <= 3 * x.width or x.width < Fraction(1, 10**19)


@pytest.mark.parametrize("power", [5000, -5000])
def test_numbers_of_any_length_are_written(power: int) -> None:
    third = Fraction(10) ** power / 3
    x = Enclosure(third, 2 * third)
    low, high = ends_of(str(x))
    assert low <= x.lower
    assert x.upper <= high
    assert repr(x).startswith("Enclosure(lower=Fraction(1")
    with pytest.raises(PrecisionError, match="is undecided by"):
        x.at_least(third * 3 / 2)
    with pytest.raises(ValueError, match="empty enclosure"):
        Enclosure(x.upper, x.lower)


def test_an_exact_evaluation_of_any_length_is_written() -> None:
    u = [[[f"1/{10**1500 + 7 * a}"] for a in range(4)]]
    game = Game.from_arrays(None, u, u, eta="inf")
    J = evaluate(game, Policy.uniform(game)).J
    assert J.upper.denominator > 10**5000
    assert str(J).startswith("0.000")
    assert repr(J) == repr(replace(J))


def test_representation() -> None:
    x = Enclosure(Fraction(-1, 3), Fraction(2))
    assert repr(x) == "Enclosure(lower=Fraction(-1, 3), upper=Fraction(2, 1))"
