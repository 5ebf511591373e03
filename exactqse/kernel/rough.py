"""Rough bounds of sums of majorants, which tell what corners need no closer look.

They are rounded to q bits, and hold with chords of 2^t and log2 in place of exp and log
(proofs/rough-bounds.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import NamedTuple, Self

from exactqse.kernel.certificate import MAX_PRECISION
from exactqse.kernel.elementary import MAX_EXPONENT, Elementary
from exactqse.kernel.interval import Interval

BITS = 40  # at most
BEYOND = 1 << 2 * MAX_PRECISION  # more than any sum of majorants: nothing is known
Columns = Sequence[Sequence[Interval]]  # [b][a]
Weights = tuple[int, ...]  # of the leader's actions
Term = tuple[bool, int, int, int]  # whether it is an "up"; its parameter, the inverse, a constant


class Part(NamedTuple):
    """A part of the simplex: its corners' weights, and at them a lower x and an upper y - lam."""

    weights: list[Weights]  # [corner]
    x: list[list[int]]  # [member][corner]
    gain: list[list[int]]

    def halves(self, i: int, j: int) -> "list[Part]":
        """With the corner between i and j in place of i, and in place of j."""
        weights = middle(self.weights[i], self.weights[j])
        x = [column[i] + column[j] >> 1 for column in self.x]
        gain = [column[i] + column[j] + 1 >> 1 for column in self.gain]
        return [
            Part(
                [*self.weights[:k], weights, *self.weights[k + 1 :]],
                [[*c[:k], v, *c[k + 1 :]] for c, v in zip(self.x, x, strict=True)],
                [[*c[:k], v, *c[k + 1 :]] for c, v in zip(self.gain, gain, strict=True)],
            )
            for k in (i, j)
        ]


def middle(c: Weights, d: Weights) -> Weights:
    """(c + d) / 2, in lowest terms: the weights sum to a power of 2."""
    n, m = sum(c), sum(d)
    mixed = [v * m + w * n for v, w in zip(c, d, strict=True)]
    common = gcd(*mixed)
    return tuple([w // common for w in mixed])


@lru_cache(maxsize=64)
def units(count: int) -> list[Weights]:
    """The weights of pure actions."""
    return [tuple(int(a == c) for a in range(count)) for c in range(count)]


@dataclass(frozen=True, slots=True)
class Rough:
    """A stage's columns [b][a] in units of 2^-q: x rounded down, y - lam rounded up.

    At a corner x may be ``most`` more than that.
    """

    elementary: Elementary
    p: int
    q: int
    x: list[list[int]]
    gain: list[list[int]]
    most: int
    leans: bool

    @classmethod
    def of(
        cls,
        elementary: Elementary,
        p: int,
        x: Columns,
        y: Columns,
        lam: int,
        depth: int,
        *,
        leans: bool,
    ) -> Self:
        """From columns at p bits, and the lower end of lam; trees are not deeper than ``depth``."""
        q = min(p, BITS)
        width = max([high - low for column in x for low, high in column], default=0)
        xs = [[v[0] >> p - q for v in column] for column in x]
        gains = [[-(lam - v[1] >> p - q) for v in column] for column in y]
        return cls(elementary, p, q, xs, gains, (width >> p - q) + depth + 2, leans)

    def simplex(self, cell: Sequence[int]) -> Part:
        """The whole of it, for these b."""
        x, gain = [self.x[b] for b in cell], [self.gain[b] for b in cell]
        return Part(units(len(x[0])), x, gain)

    def term(self, parameter: tuple[int, int], shift: int, *, rises: bool) -> Term:
        """What a majorant is made of at every corner; ``shift`` is taken from x."""
        (above, below), q, drop = parameter, self.q, self.p - self.q
        size, inverse = -((-above << q) // below), (below << q) // above
        if rises:
            return True, size, inverse, self.most - (shift >> drop) - (1 << q)
        log = self.elementary.log_below(inverse, q) if inverse else -BEYOND
        return False, size, inverse, (1 << q) + (-shift >> drop) + log

    def bounds(self, terms: Sequence[Term], part: Part) -> list[int]:
        """At each corner no less than the sum of the majorants, at p bits."""
        found = map(self._bound, terms, part.x, part.gain)
        return [sum(row) << self.p - self.q for row in zip(*found)]

    def _bound(self, term: Term, x: Sequence[int], gain: Sequence[int]) -> list[int]:
        """The same of one majorant, in units of 2^-q."""
        (rises, size, inverse, constant), q, pairs = term, self.q, zip(x, gain, strict=True)
        if rises:
            z = [v + (g * (inverse + (g > 0)) >> q) + constant for v, g in pairs]
            if max(z) >> q >= MAX_EXPONENT:
                return [BEYOND] * len(z)
            exp = self.elementary.exp_above
            return [(size * exp(n, q) >> q) + 1 for n in z]
        if max(gain) >= 0:
            return [BEYOND] * len(x)
        log = self.elementary.log_below
        inner = [v + log(-g, q) + constant for v, g in pairs]
        return [-(n * (size - (n > 0)) >> q) for n in inner]
