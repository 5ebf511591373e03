"""Counterexamples made simple by Hypothesis, where it is installed (``exactqse[testing]``).

An instance is a function of coordinates in [0, 1], so Hypothesis shrinks these: towards 0, on a
grid of sixteenths. Every step is judged in ball arithmetic; what comes out violates the claim, too.
"""

from __future__ import annotations

from typing import TypeVar

from exactqse.claims.claim import Claim
from exactqse.claims.draws import Draw
from exactqse.claims.refuting import judge
from exactqse.claims.targeting import no_trace
from exactqse.claims.verdict import Outcome

T = TypeVar("T")
_TRIES = 400  # instances that are judged
_GRID = tuple(n / 16 for n in range(17))


def shrunk(claim: Claim[T], coordinates: tuple[float, ...]) -> tuple[float, ...]:
    """Coordinates of a simpler instance that violates the claim; the same ones if none is found.

    Without Hypothesis, or where violations are too rare for it, the coordinates stay as they are.
    """
    try:
        from hypothesis import HealthCheck, find, settings  # noqa: PLC0415 - an extra
        from hypothesis import strategies as st  # noqa: PLC0415
        from hypothesis.errors import NoSuchExample  # noqa: PLC0415
    except ImportError:
        return coordinates
    # one choice each, or else Hypothesis would take the coordinate as it is for the simpler one
    near = [st.sampled_from((*_GRID, x)) for x in coordinates]

    def violates(found: tuple[float, ...]) -> bool:
        return judge(claim, claim.build(Draw(found))).outcome is Outcome.VIOLATED

    options = settings(
        max_examples=_TRIES,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    try:
        with no_trace():
            return find(st.tuples(*near), violates, settings=options)
    except NoSuchExample:
        return coordinates
