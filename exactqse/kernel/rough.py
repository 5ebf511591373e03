"""Rough bounds of sums of majorants, which tell what corners need no closer look.

They are rounded to q bits, and hold with chords of 2^t and log2 in place of exp and log
(proofs/rough-bounds.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from operator import add
from typing import NamedTuple, Self

from exactqse.kernel.certificate import MAX_PRECISION
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.interval import Interval

BITS = 40  # at most
BEYOND = 1 << 2 * MAX_PRECISION  # more than any sum of majorants: nothing is known
Columns = Sequence[Sequence[Interval]]  # [b][a]
Weights = tuple[int, ...]  # of the leader's actions
Term = tuple[bool, int, int, int]  # whether it is an "up"; its parameter, the inverse, a constant


class Corner(NamedTuple):
    """A corner: the least x and the largest y - lam of each member of the cell."""

    weights: Weights
    x: Sequence[int]
    gain: Sequence[int]
    falls: list[int | None]  # x + ln(lam - y) at least, once asked for


def middle(c: Corner, d: Corner) -> Corner:
    """The corner half way; its weights are in lowest terms, and sum to a power of 2."""
    n, m = sum(c.weights), sum(d.weights)
    mixed = [v * m + w * n for v, w in zip(c.weights, d.weights, strict=True)]
    common = gcd(*mixed)
    weights = tuple([w // common for w in mixed])
    x = [v + w >> 1 for v, w in zip(c.x, d.x, strict=True)]
    gain = [v + w + 1 >> 1 for v, w in zip(c.gain, d.gain, strict=True)]
    return Corner(weights, x, gain, [None] * len(x))


@lru_cache(maxsize=64)
def units(count: int) -> list[Weights]:
    """The weights of pure actions."""
    return [tuple(int(a == c) for a in range(count)) for c in range(count)]


@dataclass(frozen=True, slots=True)
class Rough:
    """A stage's columns [b][a] in units of 2^-q: x rounded down, y - lam rounded up.

    ``most`` is by how much more x may be at a corner.
    """

    elementary: Elementary
    p: int
    q: int
    x: list[list[int]]
    gain: list[list[int]]
    most: int

    @classmethod
    def of(cls, elementary: Elementary, p: int, x: Columns, y: Columns, lam: int, depth: int) -> Self:
        """From columns at p bits, and the lower end of lam; trees are not deeper than ``depth``."""
        q = min(p, BITS)
        width = max([high - low for column in x for low, high in column], default=0)
        xs = [[v[0] >> p - q for v in column] for column in x]
        gains = [[-(lam - v[1] >> p - q) for v in column] for column in y]
        return cls(elementary, p, q, xs, gains, (width >> p - q) + depth + 2)

    def corners(self, cell: Sequence[int]) -> list[Corner]:
        """Those of the whole simplex."""
        x, gain = ([columns[b] for b in cell] for columns in (self.x, self.gain))
        rows = zip(units(len(x[0])), zip(*x, strict=True), zip(*gain, strict=True), strict=True)
        return [Corner(*row, [None] * len(x)) for row in rows]

    def term(self, parameter: tuple[int, int], shift: int, *, rises: bool) -> Term:
        """What a majorant is made of at every corner; ``shift`` is taken from x."""
        (above, below), q, drop = parameter, self.q, self.p - self.q
        size, inverse = -((-above << q) // below), (below << q) // above
        if rises:
            return True, size, inverse, self.most - (shift >> drop) - (1 << q)
        log = self.elementary.log_below(inverse, q) if inverse else -BEYOND
        return False, size, inverse, (1 << q) + (-shift >> drop) + log

    def bounds(self, terms: Sequence[Term], part: Sequence[Corner]) -> list[int]:
        """At each corner no less than the sum of the majorants, at p bits."""
        q, exp = self.q, self.elementary.exp_above
        totals = [0] * len(part)
        xs, gains = (
            zip(*[c.x for c in part], strict=True),
            zip(*[c.gain for c in part], strict=True),
        )
        for i, ((rises, size, inverse, constant), x, gain) in enumerate(
            zip(terms, xs, gains, strict=True)
        ):
            if rises:
                z = [
                    v + (g * (inverse + (g > 0)) >> q) + constant
                    for v, g in zip(x, gain, strict=True)
                ]
                found = (
                    [(size * exp(n, q) >> q) + 1 for n in z]
                    if max(z) >> q < MAX_EXPONENT
                    else [BEYOND] * len(z)
                )
            else:
                logs = [self._falls(corner, i) for corner in part]
                found = [-((n + constant) * (size - (n + constant > 0)) >> q) for n in logs]
            totals = list(map(add, totals, found))
        return [total << self.p - q for total in totals]

    def _falls(self, corner: Corner, i: int) -> int:
        """The least x + ln(lam - y) of the i-th member."""
        n = corner.falls[i]
        if n is None:
            gap = -corner.gain[i]
            n = corner.x[i] + self.elementary.log_below(gap, self.q) if gap > 0 else -BEYOND
            corner.falls[i] = n
        return n
