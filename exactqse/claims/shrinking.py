"""Counterexamples made simple by Hypothesis, where it is installed (``exactqse[testing]``).

An instance is a function of coordinates in [0, 1], so Hypothesis shrinks these: towards 0, towards
short decimals. Every step is judged in ball arithmetic; what comes out violates the claim, too.
"""

from __future__ import annotations

from typing import TypeVar

from exactqse.claims.claim import Claim
from exactqse.claims.draws import Draw
from exactqse.claims.refuting import judge
from exactqse.claims.verdict import Outcome

T = TypeVar("T")
_TRIES = 400  # instances that are judged


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
    grid = st.integers(0, 16).map(lambda n: n / 16)
    near = [st.one_of(grid, st.just(x)) for x in coordinates]

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
        return find(st.tuples(*near), violates, settings=options)
    except NoSuchExample:
        return coordinates
