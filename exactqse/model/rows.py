"""Distributions over states, of probabilities or whole weights (proofs/game-file.md)."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

from exactqse.errors import GameError, approximate
from exactqse.kernel.game import Ints, Row


def make_row(probabilities: dict[int, Fraction], size: int, where: str) -> Row:
    """The row with these probabilities of the states 0..size-1.

    Raises:
        GameError: a state out of range, a negative probability, or a sum that is not exactly 1.
    """
    for state, p in probabilities.items():
        if not 0 <= state < size:
            raise GameError(f"state {state} is not one of 0..{size - 1}", where=where)
        if p < 0:
            raise GameError(f"probability {p} of state {state} is negative", where=where)
    states = tuple(sorted(state for state, p in probabilities.items() if p))
    denominator = lcm(*(probabilities[s].denominator for s in states))
    numerators = tuple((probabilities[s] * denominator).numerator for s in states)
    return reduced_row(denominator, states, numerators, where)


def reduced_row(denominator: int, states: Ints, numerators: Ints, where: str) -> Row:
    """The row in lowest terms. Raises GameError unless the numerators sum to the denominator."""
    if (total := sum(numerators)) != denominator:
        excess = Fraction(total - denominator, denominator)
        what = f"probabilities sum to 1 {'+' if excess > 0 else '-'} {approximate(abs(excess))}"
        raise GameError(what, where=where, remedy="make them sum to exactly 1, or ask to normalise")
    divisor = gcd(denominator, *numerators)
    return Row(denominator // divisor, states, tuple(n // divisor for n in numerators))


def probabilities(row: Row) -> dict[int, Fraction]:
    """Of the states that have any."""
    pairs = zip(row.states, row.numerators, strict=True)
    return {t: Fraction(n, row.denominator) for t, n in pairs}
