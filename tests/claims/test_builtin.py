"""Every claim of the package: it holds, its instances are what they say, its mutants fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exactqse.claims import Claim, Coverage, Draw, Outcome, builtin, refute, run, tightest
from exactqse.claims.refuting import judge
from exactqse.model import Game

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = [claim for claim in builtin() if isinstance(claim, Claim)]
COVERAGES = [claim for claim in builtin() if isinstance(claim, Coverage)]
SLOW = {"C9i", "C11c", "C17b", "C18b", "C18c"}  # a farsighted solve for each instance
MUTANTS = [(claim, mutant) for claim in CLAIMS for mutant in claim.mutants]
SHARP = {
    "C1c": 0.9999,
    "C2b": 0.9999,
    "C2c": 0.999999,
    "C3": 0.999999,
    "C4a": 0.999,
    "C4b": 0.9999,
    "C5a": 0.9999,
    "C5b": 0.9999,
    "C5e": 0.9999,
    "C6a": 0.9999,
    "C6c": 0.9999,
    "C12c": 1.0,
    "C13e": 0.999,
}


def named(value: Any) -> str:
    return str(getattr(value, "id", getattr(value, "name", value)))


def few(claim: Claim[Any]) -> int:
    return 1 if claim.id in SLOW else max(claim.instances // 20, 2)


def test_the_set_is_that_of_the_theory() -> None:
    ids = [claim.id for claim in builtin()]
    assert len(set(ids)) == len(ids)
    families = {int("".join(c for c in name if c.isdigit())) for name in ids}
    assert families == {*range(1, 19)}


@pytest.mark.parametrize("claim", builtin(), ids=named)
def test_a_claim_cites_a_page_that_there_is(claim: Claim[Any] | Coverage) -> None:
    assert (ROOT / claim.source).is_file()
    assert claim.mutants
    assert claim.latex.count("{") == claim.latex.count("}")


@pytest.mark.parametrize("claim", CLAIMS, ids=named)
def test_a_claim_holds_on_fresh_instances(claim: Claim[Any]) -> None:
    rng = claim.generator(12345)
    for _ in range(few(claim)):
        draw = Draw(rng=rng)
        instance = claim.build(draw)
        assert judge(claim, instance).outcome.good
        assert claim.build(Draw(draw.used)) == instance
        assert json.loads(json.dumps(claim.document(instance)))


@pytest.mark.parametrize(("claim", "mutant"), MUTANTS, ids=named)
def test_a_mutant_is_refuted(claim: Claim[Any], mutant: Any) -> None:
    found = refute(claim, mutant, rng=claim.generator(7))
    assert found is not None
    assert found.verdict.outcome is Outcome.VIOLATED
    changed = claim.mutated(mutant)
    again = changed.build(Draw(found.coordinates))
    assert judge(changed, again).outcome is Outcome.VIOLATED


@pytest.mark.parametrize("claim", COVERAGES, ids=named)
def test_coverage_holds_and_a_wrong_radius_is_caught(claim: Coverage) -> None:
    found = run(claim, mutants=True)
    assert found.outcome is Outcome.HOLDS
    assert found.test is not None
    assert found.test.successes / found.test.trials > claim.level
    assert found.mutations
    assert all(mutation.refuted for mutation in found.mutations)


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.id in SHARP], ids=named)
def test_the_search_shows_what_is_sharp(claim: Claim[Any]) -> None:
    found = tightest(claim, rng=claim.generator(1), evaluations=1500)
    assert found.ratio is not None
    assert SHARP[claim.id] * (1 - 1e-12) <= found.ratio <= 1
    assert claim.build(Draw(found.coordinates)) == found.instance


def test_the_constant_two_of_the_potential_is_not_sharp() -> None:
    claim = next(c for c in CLAIMS if c.id == "C12b")
    found = tightest(claim, rng=claim.generator(1))
    assert found.ratio is not None
    assert 0.7213 < found.ratio < 0.7214  # 1 / (2 log 2)


def test_the_constant_eight_of_the_value_bound_is_not_sharp() -> None:
    claim = next(c for c in CLAIMS if c.id == "C5c")
    found = tightest(claim, rng=claim.generator(1))
    assert found.ratio is not None
    assert 0.3488 < found.ratio < 0.34885  # 1 / (1 + log 2)^2


def test_games_of_instances_are_game_files(tmp_path: Path) -> None:
    claim = next(c for c in CLAIMS if c.id == "C7")
    instance = claim.build(Draw(rng=claim.generator(0)))
    path = tmp_path / "game.json"
    path.write_text(json.dumps(claim.document(instance)["game"]))
    assert Game.load(path).hash == instance.game.hash
