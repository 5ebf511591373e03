"""The search's first phase: what Hypothesis finds that random starts and local moves do not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from flint import fmpq

from exactqse.claims import Claim, Draw, Found, run, tightest, tightness
from exactqse.claims.targeting import targeted
from exactqse.claims.verdict import Pairs
from exactqse.report.claims import finding_document, finding_lines

ALIKE, PEAK = 4, Fraction(5, 8)


def build(draw: Draw) -> tuple[Fraction, ...]:
    return draw.reals(ALIKE, 0, 1)


def ridge(x: tuple[Fraction, ...], bits: int) -> Pairs:
    """1, and 1 + 1000 (max x - min x) + |x_0 - 5/8|: high only where all coordinates are alike."""
    del bits
    rhs = 1 + 1000 * (max(x) - min(x)) + abs(x[0] - PEAK)
    return [(fmpq(1), fmpq(rhs.numerator, rhs.denominator))]


RIDGE: Claim[tuple[Fraction, ...]] = Claim(
    id="RIDGE",
    title="a narrow ridge",
    statement="1 is at most 1 and something",
    latex="1 \\le 1 + x",
    source="x is not negative",
    relation="<=",
    sides=ridge,
    build=build,
    document=lambda x: {"x": [str(v) for v in x]},
    instances=20,
    searches=400,
)


def search(seed: int) -> Found[tuple[Fraction, ...]]:
    return tightest(RIDGE, rng=RIDGE.generator(seed))


def met(seed: int, count: int) -> list[tuple[float, ...]]:
    seen: list[tuple[float, ...]] = []

    def value(coordinates: tuple[float, ...]) -> float:
        seen.append(coordinates)
        return -far(coordinates)

    targeted(RIDGE, value, seed=seed, evaluations=count)
    return seen


def far(coordinates: tuple[float, ...]) -> float:
    return sum(abs(x - 0.3) for x in coordinates)


@pytest.mark.parametrize("seed", range(3))
def test_a_narrow_ridge_is_found_by_hypothesis_alone(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    found = search(seed)
    assert (found.evaluations, found.targeted) == (400, 80)
    assert found.ratio is not None
    assert found.ratio > Fraction(17, 20)
    monkeypatch.setattr(tightness, "_TARGETED", 0.0)
    without = search(seed)
    assert (without.evaluations, without.targeted) == (400, 0)
    assert without.ratio is not None
    assert without.ratio < Fraction(3, 4)  # at best the corner where all are 1: 8/11


def test_a_seed_gives_the_same_again() -> None:
    assert search(3) == search(3)
    assert search(3) != search(4)
    assert met(1, 50) == met(1, 50)
    assert met(1, 50) != met(2, 50)


def test_the_target_is_climbed() -> None:
    seen = met(5, 300)
    assert len(seen) == 300
    assert all(0 <= x <= 1 for coordinates in seen for x in coordinates)
    first, last = (min(map(far, half)) for half in (seen[:150], seen[150:]))
    assert last < first / 4


def test_without_hypothesis_the_search_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    assert met(1, 50) == []
    found = run(RIDGE)
    assert (found.evaluations, found.targeted) == (400, 0)
    assert found.good
    assert "Hypothesis is not installed" in "".join(map(str, finding_lines([found])))


def test_a_run_tells_how_many_evaluations_hypothesis_chose() -> None:
    found = run(RIDGE)
    assert finding_document(found)["targeted"] == found.targeted == 80
    assert "Hypothesis" not in "".join(map(str, finding_lines([found])))


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    code = (
        "from exactqse.claims import builtin, tightest\n"
        "claim = next(c for c in builtin() if c.id == 'C3')\n"
        "assert tightest(claim, rng=claim.generator(0), evaluations=60).targeted\n"
    )  # in a process of its own, since what Hypothesis keeps of a source it keeps once
    subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], cwd=tmp_path, check=True
    )
    assert list(tmp_path.iterdir()) == []


def test_errors_of_a_claim_come_out_as_they_are() -> None:
    def broken(_: tuple[float, ...]) -> float:
        raise KeyError("broken")

    def unbuilt(_: Draw) -> Any:
        raise LookupError("unbuilt")

    with pytest.raises(KeyError, match="broken"):
        targeted(RIDGE, broken, seed=0, evaluations=10)
    claim: Claim[Any] = replace(RIDGE, build=unbuilt)
    with pytest.raises(LookupError, match="unbuilt"):
        targeted(claim, lambda _: 1.0, seed=0, evaluations=10)
    assert met(0, 0) == []
