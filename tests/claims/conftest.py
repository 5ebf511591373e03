from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from exactqse.arithmetic.balls import ball
from exactqse.claims import Claim, Draw, Mutant
from exactqse.claims.verdict import Pairs


def square(x: Fraction, bits: int, *, factor: int = 2) -> Pairs:
    """2x and 1 + x^2."""
    del bits
    return [(factor * ball(x), 1 + ball(x) * ball(x))]


@pytest.fixture
def toy() -> Claim[Fraction]:
    """A true inequality, sharp at 1, with a mutant."""

    def build(draw: Draw) -> Fraction:
        return draw.real(0, 5)

    def document(x: Fraction) -> dict[str, Any]:
        return {"x": str(x)}

    def tripled(x: Fraction, bits: int) -> Pairs:
        return square(x, bits, factor=3)

    return Claim(
        id="T1",
        title="squares",
        statement="2x is at most 1 + x^2",
        latex="2x \\le 1 + x^2",
        source="a square is not negative",
        relation="<=",
        sides=square,
        build=build,
        document=document,
        instances=50,
        searches=200,
        mutants=(Mutant(name="constant", what="3x", sides=tripled),),
    )


def documents(claim: Claim[Any], vectors: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    return [dict(claim.document(claim.build(Draw(vector)))) for vector in vectors]
