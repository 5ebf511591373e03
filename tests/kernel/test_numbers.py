from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse.errors import NumberError
from exactqse.kernel.numbers import (
    MAX_BITS,
    MAX_DIGITS,
    MAX_EXPONENT,
    format_rational,
    limited,
    parse_rational,
)

GOOD = {
    "0": Fraction(0),
    "-0": Fraction(0),
    "+12": Fraction(12),
    "007": Fraction(7),
    "-1/3": Fraction(-1, 3),
    "+2/4": Fraction(1, 2),
    "0.1": Fraction(1, 10),
    ".5": Fraction(1, 2),
    "5.": Fraction(5),
    "-2.5e-3": Fraction(-1, 400),
    "1E+2": Fraction(100),
    "1e2000": Fraction(10**2000),
    "1e-2000": Fraction(1, 10**2000),
    "1e002000": Fraction(10**2000),
}
BAD = [
    *("", " ", "1 ", " 1", "1\n", "+", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1/", "/2"),
    *("1/-2", "1/+2", "1//2", "1/2/3", "1/2e3", "1.5/2", "1/ 2", "1_000", "0x10", "1,5", "1.2.3"),
    *(
        "nan",
        "NaN",
        "inf",
        "Infinity",
        "-inf",
        "\u0661",
        "\uff11",
        "1/\u0662",
        "\u00b2",
        "1e\u0663",
    ),
    *("\u22121", "1j", "True", "1e5.0", "1e 5", "0b1", "1\x00"),
]


@pytest.mark.parametrize(("text", "value"), GOOD.items())
def test_the_grammar_means_what_it_says(text: str, value: Fraction) -> None:
    assert parse_rational(text) == value


@pytest.mark.parametrize("text", BAD)
def test_everything_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(NumberError, match="is not a rational number") as caught:
        parse_rational(text, "u[0]")
    assert caught.value.where == "u[0]"
    assert repr(text) in str(caught.value)
    assert caught.value.remedy == 'write an exact number such as "1/3", "0.1" or "2"'


@pytest.mark.parametrize("text", ["1/0", "-0/0", "+5/000"])
def test_zero_denominators(text: str) -> None:
    with pytest.raises(NumberError, match="divides by zero") as caught:
        parse_rational(text, "eta")
    assert caught.value.where == "eta"


@pytest.mark.parametrize(
    "text", ["1e2001", "1e-2001", "1e999999999", "1e-999999999999", "0.5E+1000000", "1e0000001"]
)
def test_large_exponents(text: str) -> None:
    with pytest.raises(NumberError, match="has too large an exponent") as caught:
        parse_rational(text, "eta")
    assert caught.value.where == "eta"
    assert str(MAX_EXPONENT) in caught.value.remedy


def test_errors_without_a_place_name_none() -> None:
    for text in ("x", "1/0", "1e9999", "9" * 5000, "2" + "0" * MAX_DIGITS):
        with pytest.raises(NumberError) as caught:
            parse_rational(text)
        assert caught.value.where == ""
    with pytest.raises(NumberError) as caught:
        limited(Fraction(10**MAX_DIGITS * 2))
    assert caught.value.where == ""


@pytest.mark.parametrize("text", ["x" * 99, "1." + "7" * 60 + "e9999"])
def test_messages_quote_the_beginning_of_a_long_text(text: str) -> None:
    with pytest.raises(NumberError) as caught:
        parse_rational(text)
    assert caught.value.what.startswith(f"{text[:40]!r} ")


def test_six_characters_of_exponent_are_read() -> None:
    assert parse_rational("1e+02000") == 10**2000


def test_long_texts() -> None:
    assert parse_rational("9" * MAX_DIGITS) == 10**MAX_DIGITS - 1
    assert parse_rational("0" * 16 + "9" * MAX_DIGITS) == 10**MAX_DIGITS - 1
    with pytest.raises(NumberError, match=f"a number of {MAX_DIGITS + 17} characters") as caught:
        parse_rational("0" * (MAX_DIGITS + 17), "eta")
    assert caught.value.where == "eta"
    assert str(MAX_DIGITS) in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "2" + "0" * MAX_DIGITS,
        "-" + "7" * (MAX_DIGITS - 10) + "e2000",
        "-0." + "7" * (MAX_DIGITS - 10) + "e-2000",
        "." + "7" * (MAX_DIGITS // 2 + 10),
        "1" * 2114 + "/1" + "0" * 1900,
        f"{1 << (MAX_BITS - 1)}",
    ],
)
def test_large_values(text: str) -> None:
    with pytest.raises(NumberError, match=r"a number of \d+ bits in lowest terms") as caught:
        parse_rational(text, "eta")
    assert caught.value.where == "eta"
    assert str(MAX_BITS) in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "." + "7" * (MAX_DIGITS // 2 - 10),
        f"-{'9' * 1999}/1{'0' * 2000}",
        f"1/{(1 << (MAX_BITS - 2)) - 1}",
    ],
)
def test_whatever_is_read_can_be_written_and_read_again(text: str) -> None:
    value = parse_rational(text)
    assert parse_rational(format_rational(value)) == value


@given(st.fractions())
def test_round_trip(value: Fraction) -> None:
    text = format_rational(value)
    assert parse_rational(text) == value
    assert ("/" in text) == (value.denominator != 1)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_decimals_are_exact(value: object) -> None:
    assert parse_rational(str(value)) == Fraction(str(value))
