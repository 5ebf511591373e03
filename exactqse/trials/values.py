"""J of announced policies, each distinct one evaluated once."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.evaluate import LeaderValues
from exactqse.kernel.game import KernelGame

Floats = NDArray[np.float64]
DIGITS = 12
_GRID = 1 << 60  # ends of enclosures are multiples of 1/_GRID, so that sums of many stay short


class Values:
    """The announced policies of one run, numbered as they come, and J of each.

    The policy that is evaluated is exact: the announced floats, each row divided by its exact sum.
    """

    def __init__(self, game: KernelGame) -> None:
        self._J = LeaderValues(game, DIGITS)
        self._known: dict[bytes, int] = {}
        self.enclosures: list[Enclosure] = []
        self.hashes: list[str] = []

    def number(self, policy: Floats) -> int:
        """The index of a policy, shape (H, S, B, A), in ``enclosures`` and ``hashes``."""
        key = hashlib.sha256(policy.astype("<f8").tobytes())
        known = self._known.get(key.digest())
        if known is None:
            known = self._known[key.digest()] = len(self.enclosures)
            self.enclosures.append(coarse(self._J.of(policy)))
            self.hashes.append(key.hexdigest())
        return known


def coarse(value: Enclosure) -> Enclosure:
    """The enclosure with its ends rounded outward to multiples of 1/_GRID."""
    low = value.lower.numerator * _GRID // value.lower.denominator
    high = -(-value.upper.numerator * _GRID // value.upper.denominator)
    return Enclosure(Fraction(low, _GRID), Fraction(high, _GRID))
