"""A real number known to lie between two rationals, and how to print only what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from exactqse.errors import InputError, PrecisionError, of_kind

_RATIONAL = (int, Fraction)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """lower <= x <= upper. Comparisons that the enclosure does not decide raise PrecisionError."""

    lower: Fraction
    upper: Fraction

    def __post_init__(self) -> None:
        for end, value in (("lower", self.lower), ("upper", self.upper)):
            of_kind(value, Fraction, "a Fraction", where=end)
        if self.lower > self.upper:
            raise InputError(f"empty enclosure: {_rational(self.lower)} > {_rational(self.upper)}")

    @property
    def width(self) -> Fraction:
        """upper - lower."""
        return self.upper - self.lower

    @property
    def mid(self) -> Fraction:
        """The midpoint."""
        return (self.lower + self.upper) / 2

    def __float__(self) -> float:
        return float(self.mid)

    def __contains__(self, value: Fraction | int) -> bool:
        of_kind(value, _RATIONAL, "an int or a Fraction", where="value")
        return self.lower <= value <= self.upper

    def overlaps(self, other: Enclosure) -> bool:
        """Whether some number lies in both."""
        of_kind(other, Enclosure, "an Enclosure", where="other")
        return self.lower <= other.upper and other.lower <= self.upper

    def at_least(self, value: Fraction | int) -> bool:
        """Whether x >= value. Raises PrecisionError when that is undecided."""
        of_kind(value, _RATIONAL, "an int or a Fraction", where="value")
        if self.lower >= value:
            return True
        if self.upper < value:
            return False
        remedy = "ask for more digits"
        what = f"x >= {_rational(Fraction(value))} is undecided by {self}"
        raise PrecisionError(what, remedy=remedy)

    def __repr__(self) -> str:
        ends = (
            f"Fraction({_digits(x.numerator)}, {_digits(x.denominator)})"
            for x in (self.lower, self.upper)
        )
        return "Enclosure(lower={}, upper={})".format(*ends)

    def __str__(self) -> str:
        """Decimal digits common to both ends, then the last digits of each end: ``1.414[2, 3]``.

        The ends are rounded outward to two digits beyond the width, so that the text is itself
        true.
        """
        if self.width == 0 and _terminates(self.lower):
            return _decimal(self.lower, _places(self.lower))
        places = _places_of_width(self.width)
        scale = 10**places
        low = self.lower.numerator * scale // self.lower.denominator
        high = -(-self.upper.numerator * scale // self.upper.denominator)
        a, b = _decimal(Fraction(low, scale), places), _decimal(Fraction(high, scale), places)
        common = 0
        while len(a) == len(b) and common < len(a) and a[common] == b[common]:
            common += 1
        if "." not in a[:common]:  # the integer parts differ: print both whole
            return f"[{a}, {b}]"
        return f"{a[:common]}[{a[common:]}, {b[common:]}]"


def _places_of_width(width: Fraction) -> int:
    """Decimal places at which a number this wide shows one or two uncertain digits."""
    if width == 0:
        return 20
    return len(_digits(-(-width.denominator // width.numerator) - 1))  # least with 10^-places <= it


def _terminates(value: Fraction) -> bool:
    return _places(value) <= 60


def _places(value: Fraction) -> int:
    """The decimal places of a terminating decimal; 61 when there are more than 60 or no end."""
    for places in range(61):
        if 10**places % value.denominator == 0:
            return places
    return 61


def _decimal(value: Fraction, places: int) -> str:
    scaled = abs(value.numerator) * 10**places // value.denominator
    text = _digits(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{text[:-places]}.{text[-places:]}" if places else text)


def _rational(value: Fraction) -> str:
    below = "" if value.denominator == 1 else f"/{_digits(value.denominator)}"
    return _digits(value.numerator) + below


def _digits(n: int) -> str:
    """The integer in decimal, however long: str(int) stops at 4,300 digits."""
    return str(Decimal(n))
