"""Values of eta between two ends, evenly spaced on a linear or on a logarithmic scale."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from exactqse.errors import InputError, of_kind, shown
from exactqse.model.arrays import exact

MAX_POINTS = 10_000
_EXACT, _SHOWN = Context(prec=40), Context(prec=6)


def eta_grid(
    start: Fraction | float | str, stop: Fraction | float | str, points: int, *, log: bool = False
) -> list[Fraction]:
    """``points`` values from start to stop, both included exactly.

    On the logarithmic scale those between are rounded to six significant digits.

    Raises:
        InputError: not 0 < start < stop, or points no integer in 2..10,000.
    """
    of_kind(log, bool, "True or False", where="log")
    start, stop = exact(start, "start"), exact(stop, "stop")
    if not 0 < start < stop:
        what = f"0 < start < stop does not hold for {shown(str(start))} and {shown(str(stop))}"
        raise InputError(what, where="grid")
    if isinstance(points, bool) or not isinstance(points, int) or not 2 <= points <= MAX_POINTS:
        raise InputError(f"{shown(points)} is not an integer in 2..{MAX_POINTS}", where="points")
    shares = [Fraction(i, points - 1) for i in range(1, points - 1)]
    if log:
        first, ratio = _decimal(start), _EXACT.divide(_decimal(stop), _decimal(start))
        powers = (_EXACT.power(ratio, _decimal(share)) for share in shares)
        inner = [Fraction(_SHOWN.multiply(first, power)) for power in powers]
    else:
        inner = [start + share * (stop - start) for share in shares]
    return [start, *(eta for eta in inner if start < eta < stop), stop]


def _decimal(value: Fraction) -> Decimal:
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
