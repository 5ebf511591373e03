"""Answers to "is it so?" that an enclosure may leave open."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from exactqse.arithmetic.enclosure import Enclosure

Answer = Literal["yes", "no", "undecided", "unclaimed"]
ANSWERS: tuple[Answer, ...] = ("yes", "no", "undecided", "unclaimed")


def at_most(value: Enclosure, bound: Fraction) -> Answer:
    """Whether x <= bound, for an x that is only known to lie in the enclosure."""
    if value.upper <= bound:
        return "yes"
    return "no" if value.lower > bound else "undecided"


def at_least(value: Enclosure, bound: Fraction) -> Answer:
    """Whether x >= bound, for an x that is only known to lie in the enclosure."""
    if value.lower >= bound:
        return "yes"
    return "no" if value.upper < bound else "undecided"


def all_of(answers: Iterable[Answer]) -> Answer:
    """Whether everything that was claimed is so: one "no" settles it, then one "undecided"."""
    found = set(answers)
    decisive: tuple[Answer, ...] = ("no", "undecided", "yes")
    return next((answer for answer in decisive if answer in found), "unclaimed")


def judged(
    upper: float | None, lower: float | None, optimum: Enclosure, J: Enclosure
) -> tuple[Answer, Answer]:
    """Optimism, J* <= upper, and pessimism, lower <= J."""
    return (
        "unclaimed" if upper is None else at_most(optimum, Fraction(upper)),
        "unclaimed" if lower is None else at_least(J, Fraction(lower)),
    )
