"""Instances as functions of coordinates in [0, 1]: drawn at random, searched, and replayed alike.

A claim's builder asks a :class:`Draw` for numbers. Fresh draws take coordinates from a generator
and remember them; the same coordinates give the same instance, and moving them moves the instance,
which is what an adversarial search needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

from numpy.random import Generator

from exactqse.errors import InputError, shown

T = TypeVar("T")

_BLOCK = 32  # coordinates taken from a generator at once
_CORNER = 1 / 16  # the share of fresh coordinates moved to 0, and to 1
_MIDDLE = 0.5  # what stands for coordinates that were not given
_WEIGHTS = 1 << 20  # resolution of a distribution's weights


class Draw:
    """Numbers for one instance, all of them exact.

    Args:
        coordinates: numbers in [0, 1], used first, in their order.
        rng: where further ones come from; without it they are 1/2. A few of these are moved to 0
            or 1, so that extreme instances are common.
        more: in place of ``rng``, gives the next coordinate.
    """

    __slots__ = ("_fresh", "_more", "_rng", "_waiting", "used")

    def __init__(
        self,
        coordinates: Sequence[float] = (),
        rng: Generator | None = None,
        *,
        more: Callable[[], float] | None = None,
    ) -> None:
        self.used: list[float] = []
        self._waiting = list(coordinates)[::-1]
        self._fresh: list[float] = []
        self._rng = rng
        self._more = more

    def unit(self) -> float:
        """The next coordinate, in [0, 1]."""
        value = self._waiting.pop() if self._waiting else self._next()
        self.used.append(value)
        return value

    def _next(self) -> float:
        if self._more is not None:
            return self._more()
        if self._rng is None:
            return _MIDDLE
        if not self._fresh:
            self._fresh = self._rng.random(_BLOCK).tolist()
        moved = (self._fresh.pop() - _CORNER) / (1 - 2 * _CORNER)
        return min(max(moved, 0.0), 1.0)

    def real(self, low: float, high: float) -> Fraction:
        """A number in [low, high], exactly the float that it is."""
        return Fraction(low + (high - low) * self.unit())

    def scale(self, low: float, high: float) -> Fraction:
        """A positive number whose logarithm is spread evenly over that of [low, high]."""
        return Fraction(low * (high / low) ** self.unit())

    def whole(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return min(low + math.floor((high - low + 1) * self.unit()), high)

    def choice(self, options: Sequence[T]) -> T:
        """One of the options."""
        if not options:
            raise InputError("there is nothing to choose from", where="Draw.choice")
        return options[self.whole(0, len(options) - 1)]

    def reals(self, count: int, low: float, high: float) -> tuple[Fraction, ...]:
        """That many numbers in [low, high]."""
        return tuple(self.real(low, high) for _ in range(count))

    def simplex(self, size: int) -> tuple[Fraction, ...]:
        """A distribution over 0..size-1, summing to exactly 1; some entries may be 0."""
        weights = [self._weight() for _ in range(size)]
        total = sum(weights)
        if not total:
            return (Fraction(1, size),) * size
        return tuple(Fraction(w, total) for w in weights)

    def _weight(self) -> int:
        """Exponential, so that normalised weights are spread evenly over the simplex."""
        return round(-_WEIGHTS * math.log1p(-self.unit() * (1 - 2.0**-20)))


def checked_coordinates(values: object) -> tuple[float, ...]:
    """The coordinates as floats. Raises InputError unless all are numbers in [0, 1]."""
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise InputError(f"{shown(values)} is not a list of numbers", where="coordinates")
    for i, value in enumerate(values):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= 1:
            what = f"{shown(value)} is not a number in [0, 1]"
            raise InputError(what, where=f"coordinates[{i}]")
    return tuple(map(float, values))
