"""Rough bounds of sums of majorants, which tell what corners need no closer look.

They are rounded to q bits, and hold with chords of 2^t and log2 in place of exp and log
(proofs/rough-bounds.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import NamedTuple

from exactqse.kernel.certificate import MAX_PRECISION
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.interval import Interval

BITS = 40  # at most
BEYOND = 1 << 2 * MAX_PRECISION  # more than any sum of majorants: nothing is known
Weights = tuple[int, ...]  # of the leader's actions
Term = tuple[bool, int, int, int]  # whether it is an "up"; its parameter, the inverse, a constant


class Corner(NamedTuple):
    """A corner: the least and largest x and the largest y - lam of each member of the cell."""

    weights: Weights
    low: list[int]
    high: list[int]
    gain: list[int]
    falls: list[int | None]  # x + ln(lam - y) at least, where it was asked for


def middle(c: Corner, d: Corner) -> Corner:
    """The corner half way; its weights are in lowest terms, and sum to a power of 2."""
    n, m = sum(c.weights), sum(d.weights)
    mixed = [v * m + w * n for v, w in zip(c.weights, d.weights, strict=True)]
    common = gcd(*mixed)
    weights = tuple([w // common for w in mixed])
    low = [v + w >> 1 for v, w in zip(c.low, d.low, strict=True)]
    high = [v + w + 1 >> 1 for v, w in zip(c.high, d.high, strict=True)]
    gain = [v + w + 1 >> 1 for v, w in zip(c.gain, d.gain, strict=True)]
    return Corner(weights, low, high, gain, [None] * len(low))


@dataclass(frozen=True, slots=True)
class Rough:
    """From p bits to q, with an arithmetic."""

    elementary: Elementary
    p: int
    q: int

    def corners(
        self, x: Sequence[Sequence[Interval]], y: Sequence[Sequence[Interval]], value: Interval
    ) -> list[Corner]:
        """Those of the whole simplex, from columns [member][a] and lam."""
        drop, lam, actions = self.p - self.q, value[0], range(len(x[0]))
        return [
            Corner(
                tuple([int(c == a) for c in actions]),
                [column[a][0] >> drop for column in x],
                [-(-column[a][1] >> drop) for column in x],
                [-(lam - column[a][1] >> drop) for column in y],
                [None] * len(x),
            )
            for a in actions
        ]

    def term(self, parameter: tuple[int, int], shift: int, *, rises: bool) -> Term:
        """What a majorant is made of at every corner; ``shift`` is taken from x."""
        (above, below), q, drop = parameter, self.q, self.p - self.q
        size, inverse = -((-above << q) // below), (below << q) // above
        if rises:
            return True, size, inverse, 1 - (shift >> drop) - (1 << q)
        log = self.elementary.log_below(inverse, q) if inverse else -BEYOND
        return False, size, inverse, (1 << q) + (-shift >> drop) + log

    def bound(self, terms: Sequence[Term], corner: Corner) -> int:
        """No less than the sum of the majorants, at p bits."""
        total, q, exp = 0, self.q, self.elementary.exp_above
        for i, (rises, size, inverse, constant) in enumerate(terms):
            gain = corner.gain[i]
            if rises:
                z = corner.high[i] + (gain * (inverse + (gain > 0)) >> q) + constant
                if z >> q >= MAX_EXPONENT:
                    return BEYOND
                total += (size * exp(z, q) >> q) + 1
                continue
            inner = corner.falls[i]
            if inner is None:
                if gain >= 0:
                    return BEYOND
                inner = corner.falls[i] = corner.low[i] + self.elementary.log_below(-gain, q)
            inner += constant
            total -= inner * (size - (inner > 0)) >> q
        return total << self.p - q
