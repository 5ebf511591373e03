"""Numbers, names and mixtures as short text. What is shortened says so, or stays true."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from rich.text import Text

from exactqse.arithmetic import Enclosure

_WIDTH = 10  # characters of an exact number in a table
_PLACES = 6  # decimal places of a shortened number


def printable(text: str) -> str:
    """``text`` on one line: what a terminal would act on is written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cell(text: str, style: str = "") -> Text:
    """Text as it is, without rich's markup, folded rather than cut where it is too long."""
    return Text(printable(text), style=style, overflow="fold")


def short(value: Fraction) -> str:
    """An exact number where it is short, else ~ and its first decimals."""
    decimal = _decimal(value)
    exact = str(value)
    if decimal is not None and len(decimal) <= max(len(exact), _PLACES + 2):
        return decimal
    if len(exact) <= _WIDTH:
        return exact
    scaled = Fraction(round(value * 10**_PLACES), 10**_PLACES)
    if scaled and abs(value) < 10 ** (_WIDTH - 1):
        return "~" + str(_decimal(scaled))
    return f"~{_scientific(value)}"


def _scientific(value: Fraction) -> str:
    """Four significant digits, for a number of any size."""
    above, below = abs(value.numerator), value.denominator
    power = len(str(above)) - len(str(below))
    if above * 10 ** max(-power, 0) < below * 10 ** max(power, 0):
        power -= 1
    digits = round(abs(value) / Fraction(10) ** (power - 3))
    if digits == 10**4:
        digits, power = 10**3, power + 1
    mantissa = f"{digits // 1000}.{digits % 1000:03}".rstrip("0").rstrip(".")
    return f"{'-' if value < 0 else ''}{mantissa}e{power}"


def _decimal(value: Fraction) -> str | None:
    """The number as a decimal of at most six places; None when it has more."""
    scaled = value * 10**_PLACES
    if scaled.denominator != 1:
        return None
    whole, part = divmod(abs(scaled.numerator), 10**_PLACES)
    tail = f"{part:0{_PLACES}}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if tail else ''}{tail}"


def coarse(value: Enclosure, places: int) -> Enclosure:
    """The enclosure with its ends rounded outward to decimal places, unless it is already wider."""
    scale = 10**places
    if value.width * scale >= 1 or (value.width == 0 and _decimal(value.lower) is not None):
        return value
    low = value.lower.numerator * scale // value.lower.denominator
    high = -(-value.upper.numerator * scale // value.upper.denominator)
    return Enclosure(Fraction(low, scale), Fraction(high, scale))


def mixture(parts: Iterable[tuple[str, Fraction]]) -> str:
    """Names with their probabilities: "Up" when it is certain, else "Up 0.25, Down 0.75"."""
    positive = [(printable(name), p) for name, p in parts if p]
    if len(positive) == 1:
        return positive[0][0]
    return ", ".join(f"{name} {short(p)}" for name, p in positive)


def counted(count: int, noun: str) -> str:
    """Such as "1 state", "2 states", "1,200 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
