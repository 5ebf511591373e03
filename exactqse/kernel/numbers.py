"""Exact rational numbers as text: one grammar, stated limits, no floats (proofs/game-file.md).

An optional sign, then an integer ("12"), a fraction ("1/3"), or a decimal with an optional exponent
("0.1", "-2.5e-3"). The limits see to it that no short text asks for a huge number, and that every
number that is read has a canonical text that can be read again.
"""

import re
from fractions import Fraction

from exactqse.errors import NumberError

MAX_DIGITS = 4000
MAX_EXPONENT = 2000
MAX_BITS = 13289  # of 10^MAX_DIGITS - 1 over 1

_NUMBER = re.compile(r"[+-]?(?:\d+/(\d+)|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?)", re.ASCII)


def parse_rational(text: str, where: str = "") -> Fraction:
    """The exact value of ``text``.

    Raises:
        NumberError: not in the grammar, a zero denominator, or beyond the limits.
    """
    if len(text) > MAX_DIGITS + 16:
        what = f"a number of {len(text)} characters"
        raise NumberError(what, where=where, remedy=f"use at most {MAX_DIGITS} digits")
    if not (match := _NUMBER.fullmatch(text)):
        remedy = 'write an exact number such as "1/3", "0.1" or "2"'
        raise NumberError(f"{text[:40]!r} is not a rational number", where=where, remedy=remedy)
    below, exponent = match.groups()
    if below and not int(below):
        raise NumberError(f"{text!r} divides by zero", where=where)
    if exponent and (len(exponent) > 6 or abs(int(exponent)) > MAX_EXPONENT):
        remedy = f"keep exponents within {MAX_EXPONENT}"
        raise NumberError(f"{text[:40]!r} has too large an exponent", where=where, remedy=remedy)
    return limited(Fraction(text), where)


def limited(value: Fraction, where: str = "") -> Fraction:
    """``value``, unless it is beyond ``MAX_BITS``: then NumberError."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    if bits > MAX_BITS:
        remedy = f"keep numerator and denominator within {MAX_BITS} bits together"
        raise NumberError(f"a number of {bits} bits in lowest terms", where=where, remedy=remedy)
    return value


def format_rational(value: Fraction) -> str:
    """The canonical text of ``value``: lowest terms, "n" or "n/d". NumberError if too long."""
    return str(Fraction(limited(value)))  # of an int or a bool, too


def is_plain(value: object, kind: type) -> bool:
    """Whether it is of this very type; a Fraction must be of ints: NumPy's would overflow."""
    ints = type(value) is not Fraction or {*map(type, value.as_integer_ratio())} == {int}
    return type(value) is kind and ints
