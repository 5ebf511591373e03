from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from flint import arb

from exactqse.claims import Claim, Coverage, CoverageMutant, Draw, Mutant, Outcome, replay, run
from exactqse.errors import ClaimError, InputError, PrecisionError


def test_a_finding_tells_what_was_done(toy: Claim[Fraction]) -> None:
    told: list[tuple[str, int, int]] = []
    found = run(toy, seed=4, progress=lambda *step: told.append(step))
    assert found.outcome is Outcome.HOLDS
    assert found.good
    assert (found.instances, found.counts) == (50, {Outcome.HOLDS: 50})
    assert told == [("T1", i, 50) for i in range(1, 51)]
    assert found.ratio is not None
    assert 1 - Fraction(1, 10**9) < found.ratio <= 1
    assert found.worst is not None
    x = toy.build(Draw(found.worst.coordinates))
    assert abs(x - 1) < Fraction(1, 10**4)
    assert found.worst.document == {"x": str(x)}
    assert (found.mutations, found.against) == ((), ())


def test_a_seed_gives_the_same_again(toy: Claim[Fraction]) -> None:
    first, again, other = (run(toy, seed=seed, mutants=True) for seed in (4, 4, 5))
    assert replace(first, seconds=0.0) == replace(again, seconds=0.0)
    assert first.mutations != other.mutations


def test_a_false_claim_is_violated(toy: Claim[Fraction]) -> None:
    found = run(toy.mutated(toy.mutants[0]))
    assert found.outcome is Outcome.VIOLATED
    assert not found.good
    assert 2 <= len(found.against) <= 5
    assert found.against[0].coordinates == (0.125,)  # x = 5/8, the simplest: 15/8 > 1 + 25/64
    for example in found.against:
        assert replay(toy, example.coordinates).document == example.document
        assert example.outcome is Outcome.VIOLATED


def test_a_search_finds_what_chance_does_not(toy: Claim[Fraction]) -> None:
    def nearly(x: Fraction, bits: int) -> Any:
        ((lhs, rhs),) = toy.sides(x, bits)
        return [(lhs, rhs - arb(1) / 10**7)]

    found = run(replace(toy, sides=nearly, instances=20))
    assert found.outcome is Outcome.VIOLATED
    assert found.counts == {Outcome.HOLDS: 20, Outcome.VIOLATED: 1}
    assert len(found.against) == 2  # what is too rare for Hypothesis stays as it was
    assert found.against[0].document == found.against[1].document


def test_a_mutant_that_stands_is_told(toy: Claim[Fraction]) -> None:
    lame = Mutant[Fraction](name="lame", what="nothing")
    found = run(replace(toy, mutants=(lame, *toy.mutants)), mutants=True)
    assert found.outcome is Outcome.HOLDS
    assert not found.good
    assert [(m.name, m.refuted) for m in found.mutations] == [("lame", False), ("constant", True)]
    assert found.mutations[1].example is not None


def test_more_is_done_when_it_is_deep(toy: Claim[Fraction]) -> None:
    found = run(toy, deep=True)
    assert found.instances == 500
    assert found.evaluations == 2000
    assert len(found.mutations) == 1


def test_what_cannot_be_enclosed_is_undecided(toy: Claim[Fraction]) -> None:
    def wide(x: Fraction, bits: int) -> Any:
        del x, bits
        raise PrecisionError("too wide")

    found = run(replace(toy, sides=wide, searches=0))
    assert found.outcome is Outcome.UNDECIDED
    assert found.counts == {Outcome.UNDECIDED: 50}
    unsure = run(replace(toy, sides=lambda *_: [(arb(0, 1), arb(0, 1))], searches=0))
    assert unsure.outcome is Outcome.UNDECIDED


def test_a_function_that_fails_is_told_with_the_claim(toy: Claim[Fraction]) -> None:
    def broken(x: Fraction, bits: int) -> Any:
        return x / (bits - bits)

    with pytest.raises(ClaimError, match="T1: its functions fail: ZeroDivisionError"):
        run(replace(toy, sides=broken))
    with pytest.raises(ClaimError, match=r"T1: .*: TypeError: a side is of type float"):
        run(replace(toy, sides=lambda *_: [(1.0, 2.0)]))
    with pytest.raises(ClaimError, match=r"T1: .*: TypeError: .*JSON"):
        run(replace(toy, document=lambda x: {"x": x}))
    with pytest.raises(InputError, match=r"seed: -1 is not an integer"):
        run(toy, seed=-1)


def test_a_probability_is_tested() -> None:
    claim = Coverage(
        id="P1",
        title="coins",
        statement="heads often",
        latex="p",
        source="none",
        level=Fraction(1, 2),
        trial=lambda rng: bool(rng.random() < 0.9),
        mutants=(
            CoverageMutant(name="tails", what="rare", trial=lambda rng: bool(rng.random() < 0.1)),
        ),
        trials=300,
    )
    found = run(claim, mutants=True)
    assert found.outcome is Outcome.HOLDS
    assert found.test is not None
    assert found.p_values is not None
    assert found.test.trials == found.instances < 300
    assert found.p_values[1] < 0.001
    assert found.good
    close = replace(claim, level=Fraction(9, 10), trials=30, mutants=())
    assert run(close).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relation": "<"}, "T1: the relation '<' is not"),
        ({"id": "T 1"}, "not made of letters"),
        ({"title": ""}, "title is '', not a text"),
        ({"sides": None}, "sides is not a function"),
        ({"instances": 0}, "instances is 0, not an integer of at least 1"),
        ({"bits": True}, "bits is True"),
    ],
)
def test_bad_claims_are_refused(toy: Claim[Fraction], change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClaimError, match=message):
        replace(toy, **change)


def test_two_mutants_have_two_names(toy: Claim[Fraction]) -> None:
    with pytest.raises(ClaimError, match="two mutants have one name"):
        replace(toy, mutants=toy.mutants * 2)
