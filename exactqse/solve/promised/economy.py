"""Slopes and multipliers of parts in as few digits as prove what is enough.

Any numbers are valid (proofs/farsighted-strong.md, Theorem 1), and most parts have room: theirs
become multiples of the largest unit with which the checker's own rule still proves it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from exactqse.kernel.certificate import Slope
from exactqse.solve.promised.search import Node, Proof, Search

_STEP = 2  # bits by which the next unit is finer
_BACK = 6  # by which the first of the next part is coarser
_FINEST = 16  # bits


@dataclass
class Economy:
    """Shortens what parts say, as far as their bounds stay at most ``enough``.

    ``bits`` is how much finer the last unit was than what her values are to his.
    """

    search: Search
    enough: Fraction
    bits: int = 0

    def shortened(self, node: Node) -> tuple[Proof, Fraction | None]:
        """What the certificate says of a part, and the bound that this proves."""
        proof = node.claims, node.slopes
        ratio = self.search.model.scale / self.search.policies.unit
        largest = math.frexp(ratio)[1] if 0 < ratio < math.inf else 0
        self.bits = max(self.bits - _BACK, 0)
        while self.bits <= _FINEST:
            short = _multiples(proof, Fraction(2) ** (largest - self.bits))
            proved = self.search.proved(node, *short)
            if proved is None or proved <= self.enough:
                return short, proved
            self.bits += _STEP
        return proof, node.bound


def _multiples(proof: Proof, unit: Fraction) -> Proof:
    """The nearest multiples of the unit."""
    claims, slopes = proof

    def near(value: Fraction) -> Fraction:
        return round(value / unit) * unit

    duals = tuple(tuple(tuple(map(near, row)) for row in rows) for rows in claims)
    table = tuple(
        Slope(near(slope.own), tuple((i, near(c)) for i, c in slope.others if near(c)))
        for slope in slopes
    )
    return duals, table
