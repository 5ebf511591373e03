"""The search's first phase: Hypothesis targets the ratio, where it is installed.

Hypothesis draws coordinates on a grid, with a taste for ends and for coordinates that are alike,
and climbs from the best of them, one coordinate at a time. The seed fixes what it does, whatever
else is loaded, and it leaves no file behind. Without it (``exactqse[testing]``) there is no such
phase, and what is found says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from exactqse.claims.claim import Claim
from exactqse.claims.draws import Draw

T = TypeVar("T")
CEILING = 1e9  # ratios beyond it are all alike
_GRID = 1024  # steps from 0 to 1
_BASE = 1 << 80  # of the grid: now and then Hypothesis draws constants of loaded sources instead,
# which would make the draws depend on these; none of them is near such a number


def targeted(
    claim: Claim[T],
    value: Callable[[tuple[float, ...]], float],
    *,
    seed: int,
    evaluations: int,
) -> None:
    """Evaluate so many coordinates at most, towards large values; none without Hypothesis.

    Args:
        claim: what builds instances, and so says how many coordinates there are.
        value: of coordinates; it keeps what is worth keeping. What it raises is raised here.
        seed: of Hypothesis's random choices.
        evaluations: of ``value``.
    """
    try:
        import hypothesis  # noqa: PLC0415 - an extra
        from hypothesis import strategies as st  # noqa: PLC0415
    except ImportError:
        return
    if evaluations < 1:
        return
    failed: list[Exception] = []

    @st.composite
    def coordinates(pick: Any) -> tuple[float, ...]:
        grid = st.integers(_BASE, _BASE + _GRID)
        draw = Draw(more=lambda: (pick(grid) - _BASE) / _GRID)
        try:
            claim.build(draw)
        except Exception as error:  # noqa: BLE001 - raised below, without Hypothesis's remarks
            failed.append(error)
        return tuple(draw.used)

    @hypothesis.settings(
        max_examples=evaluations,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.target),
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.seed(seed)
    @hypothesis.given(coordinates())
    def climb(found: tuple[float, ...]) -> None:
        if failed:
            return
        try:
            ratio = value(found)
        except Exception as error:  # noqa: BLE001 - the same
            failed.append(error)
            return
        if math.isfinite(ratio):
            hypothesis.target(min(max(ratio, -CEILING), CEILING))

    with no_trace():
        climb()
    if failed:
        raise failed[0]


@contextmanager
def no_trace() -> Iterator[None]:
    """Within the block what Hypothesis keeps of sources on disk goes to a temporary folder."""
    from hypothesis.configuration import set_hypothesis_home_dir  # noqa: PLC0415 - an extra

    with TemporaryDirectory(prefix="exactqse") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)  # its default
