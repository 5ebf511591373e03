"""coqc accepts what exactqse coq writes, and refuses it once tampered with."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from exactqse.coq import coq_file, run_coq
from exactqse.games import get
from exactqse.kernel.certificate import Certificate
from exactqse.model import Game
from exactqse.solve import solve

REALS = {  # proofs/coq/axioms.txt: what Coq's real numbers rest on
    line
    for line in (Path(__file__).parents[2] / "proofs/coq/axioms.txt").read_text().splitlines()
    if line
}


@pytest.fixture(scope="module")
def solved() -> tuple[Game, Certificate]:
    game = get("conitzer-sandholm-2006")
    return game, solve(game, 10).certificate


def test_the_2x2_commitment_game_is_accepted(
    solved: tuple[Game, Certificate], theories: Path, tmp_path: Path
) -> None:
    game, found = solved
    path = tmp_path / "commitment.v"
    path.write_text(coq_file(game, found))
    outcome = run_coq(path, theories=theories)
    assert (outcome.accepted, outcome.message) == (True, "")
    assert set(outcome.axioms) == REALS
    assert found.upper - found.lower <= Fraction(1, 10**10)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_tampered_bounds_fail_at_qed(
    solved: tuple[Game, Certificate], theories: Path, tmp_path: Path, side: str
) -> None:
    game, found = solved
    by = Fraction(1, 10**10) * (1 if side == "lower" else -1)
    tampered = replace(found, **{side: getattr(found, side) + by})
    path = tmp_path / "tampered.v"
    path.write_text(coq_file(game, tampered))
    outcome = run_coq(path, theories=theories)
    assert not outcome.accepted
    assert "accepted game claim = true" in " ".join(outcome.message.split())


def test_a_text_that_states_more_than_its_claim_fails(
    solved: tuple[Game, Certificate], theories: Path, tmp_path: Path
) -> None:
    game, found = solved
    text = coq_file(game, found)
    stated = f"Q2R ({found.upper.numerator} # {found.upper.denominator}))%R"
    assert stated in text
    path = tmp_path / "more.v"
    path.write_text(text.replace(stated, "Q2R (5 # 2))%R"))
    assert not run_coq(path, theories=theories).accepted
