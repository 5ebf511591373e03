"""Where a function that falls through 0 has its root, by secants."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(eq=False)
class Bracket:
    """What is known of the root.

    Attributes:
        left, right: (lam, value) with a value above 0, and with one that is not.
    """

    left: tuple[float, float] | None = None
    right: tuple[float, float] | None = None
    last: int = 0
    reach: float = 1.0

    def next(self, lam: float, value: float) -> float:
        """What to try after lam, where the value is this."""
        side = 1 if value > 0 else -1
        again, self.last = side == self.last, side
        if side > 0:
            self.left = lam, value
        else:
            self.right = lam, value
        if self.left is None or self.right is None:
            self.reach *= 2
            return lam + self.reach * (value if isfinite(value) else 1.0)
        if again and side > 0:  # an end that stays counts for less (Illinois)
            self.right = self.right[0], self.right[1] / 2
        elif again:
            self.left = self.left[0], self.left[1] / 2
        (a, f), (b, g) = self.left, self.right
        return a + (b - a) * (f / (f - g) if isfinite(f - g) else 0.5)
