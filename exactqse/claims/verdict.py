"""What ball arithmetic says of two sides, and how precision is raised until it says something.

``holds`` and ``violated`` are proofs for the instance. Two sides that are equal are told apart by
no precision: then enclosures that overlap and are narrow prove equality *to N digits*, and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from flint import arb, fmpq

from exactqse.arithmetic.balls import exact_fraction, precision

Number: TypeAlias = Any  # arb, or fmpq or int where it is exact
Pairs = Iterable[tuple[Number, Number]]
Sides = Callable[[int], Pairs]  # at a number of bits, which is the working precision then
Relation = Literal["<=", "="]


class Outcome(StrEnum):
    """What is known of an instance.

    HOLDS: the relation is proved. AGREES: |lhs - rhs| <= 10^-digits max(1, |rhs|) is proved, and
    the two sides were not told apart. VIOLATED: the opposite is proved. UNDECIDED: nothing is.
    """

    HOLDS = "holds"
    AGREES = "agrees"
    VIOLATED = "violated"
    UNDECIDED = "undecided"

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the claim."""
        return self in {Outcome.HOLDS, Outcome.AGREES}


_KINDS = (arb, fmpq, int)
_KNOWN = 30  # bits of a ratio that is worth looking at
_ORDER = (Outcome.HOLDS, Outcome.AGREES, Outcome.UNDECIDED, Outcome.VIOLATED)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one that speaks most against a claim; HOLDS if there are none."""
    return max(outcomes, key=_ORDER.index, default=Outcome.HOLDS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one instance.

    Attributes:
        outcome: of all pairs of sides together, the worst.
        bits: the precision at which it was found.
        ratio: about lhs/rhs, the largest over the pairs with rhs > 0; -inf where there is none.
    """

    outcome: Outcome
    bits: int
    ratio: float


def compare(lhs: Number, relation: Relation, rhs: Number, digits: int | None) -> Outcome:
    """What two enclosures at the working precision say; None takes no agreement for an answer."""
    for side in (lhs, rhs):
        if not isinstance(side, _KINDS):
            what = f"a side is of type {type(side).__name__}, neither arb nor fmpq nor int"
            raise TypeError(what)  # a float would be compared, and prove nothing
    if not isinstance(lhs, arb) and not isinstance(rhs, arb):
        true = bool(lhs == rhs) if relation == "=" else lhs <= rhs
        return Outcome.HOLDS if true else Outcome.VIOLATED
    if relation == "<=" and lhs <= rhs:
        return Outcome.HOLDS
    if lhs > rhs or (relation == "=" and lhs < rhs):
        return Outcome.VIOLATED
    if digits is not None and _agree(arb(lhs), arb(rhs), digits):
        return Outcome.AGREES
    return Outcome.UNDECIDED


def _agree(lhs: arb, rhs: arb, digits: int) -> bool:
    """Whether |lhs - rhs| <= 10^-digits max(1, |rhs|) for all numbers enclosed."""
    tolerance = arb(10) ** -digits
    floor = abs(rhs).lower()
    return bool(abs(lhs - rhs) <= (tolerance * floor if floor > 1 else tolerance))


def decide(
    sides: Sides, relation: Relation, *, bits: int = 128, limit: int = 4096, digits: int = 100
) -> Verdict:
    """Evaluate the two sides at doubling precisions until something is proved.

    Args:
        sides: pairs of enclosures, all of which have to be related.
        relation: "<=" or "=".
        bits: the first precision.
        limit: no precision beyond this one is tried.
        digits: of agreement to be content with: at once for "=", which nothing can decide, and at
            the last precision for "<=".
    """
    while True:
        last = 2 * bits > limit
        with precision(bits):
            pairs = list(sides(bits))
            content = digits if last or relation == "=" else None
            outcome = worst([compare(lhs, relation, rhs, content) for lhs, rhs in pairs])
            if last or outcome is not Outcome.UNDECIDED:
                return Verdict(outcome, bits, largest_ratio(pairs))
        bits *= 2


def largest_ratio(pairs: Pairs) -> float:
    """About the largest lhs/rhs over the pairs with rhs > 0, where it is known well; else -inf."""
    quotients = [arb(lhs) / rhs for lhs, rhs in pairs if rhs > 0]
    known = [float(x.mid()) for x in quotients if x.rel_accuracy_bits() > _KNOWN]
    return max(known, default=-math.inf)


def certified_ratio(sides: Sides, bits: int) -> Fraction | None:
    """A lower bound of the largest lhs/rhs over the pairs with rhs > 0; None if there is none."""
    with precision(bits):
        bounds = [(arb(lhs) / rhs).lower() for lhs, rhs in sides(bits) if rhs > 0]
        finite = [exact_fraction(bound) for bound in bounds if bound.is_finite()]
    return max(finite, default=None)
