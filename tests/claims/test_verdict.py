from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball
from exactqse.claims import Outcome, compare, decide
from exactqse.claims.verdict import Pairs, certified_ratio, largest_ratio, worst

fractions = st.fractions(min_value=-100, max_value=100, max_denominator=1000)


@given(fractions, fractions)
def test_exact_numbers_are_decided(x: Fraction, y: Fraction) -> None:
    lhs, rhs = fmpq(x.numerator, x.denominator), fmpq(y.numerator, y.denominator)
    assert compare(lhs, "<=", rhs, None).good == (x <= y)
    assert compare(lhs, "=", rhs, None).good == (x == y)
    assert compare(2, "<=", lhs, None).good == (x >= 2)


@given(fractions, fractions)
def test_what_is_decided_is_true(x: Fraction, y: Fraction) -> None:
    found = decide(lambda _: [(ball(x).exp(), ball(y).exp())], "<=", bits=32, digits=30)
    assert found.outcome.good == (x <= y)
    assert (found.outcome is Outcome.VIOLATED) == (x > y)
    assert found.outcome is not Outcome.AGREES or x == y


def test_precision_is_raised_until_it_is_decided() -> None:
    tiny = Fraction(1, 10**60)

    def sides(_: int) -> Pairs:
        return [(arb(2).sqrt(), arb(2).sqrt() + ball(tiny))]

    found = decide(sides, "<=", bits=64)
    assert (found.outcome, found.bits) == (Outcome.HOLDS, 256)
    assert decide(sides, "<=", bits=64, limit=128).outcome is Outcome.UNDECIDED
    assert decide(sides, "<=", bits=64, limit=128, digits=30).outcome is Outcome.AGREES


def test_an_equality_is_agreed_on_never_held() -> None:
    def sides(_: int) -> Pairs:
        return [(arb(2).sqrt() * arb(3).sqrt(), arb(6).sqrt())]

    found = decide(sides, "=", bits=64)
    assert (found.outcome, found.bits) == (Outcome.AGREES, 512)

    def off(_: int) -> Pairs:
        return [(arb(2).sqrt(), arb(2).sqrt() + ball(Fraction(1, 10**90)))]

    assert decide(off, "=", bits=512).outcome is Outcome.VIOLATED


def test_agreement_is_relative_above_one_only() -> None:
    wide, narrow = arb(10**20, 10**5), arb(0, "1e-11")
    assert compare(wide, "=", arb(10**20), 10) is Outcome.AGREES
    assert compare(wide, "=", arb(10**20), 20) is Outcome.UNDECIDED
    assert compare(narrow, "=", arb(0), 10) is Outcome.AGREES
    assert compare(narrow, "=", arb(0), 12) is Outcome.UNDECIDED


def test_what_is_no_number_decides_nothing() -> None:
    nan = arb("nan")
    for relation in ("<=", "="):
        for pair in ((nan, arb(1)), (arb(1), nan), (nan, nan), (arb(0, "inf"), arb(1))):
            assert compare(pair[0], relation, pair[1], 1) is Outcome.UNDECIDED
    assert largest_ratio([(nan, arb(1))]) == float("-inf")


def test_the_worst_pair_counts() -> None:
    pairs = [(arb(0), arb(1)), (arb(3), arb(2))]
    found = decide(lambda _: pairs, "<=")
    assert (found.outcome, found.ratio) == (Outcome.VIOLATED, 1.5)
    assert worst([Outcome.HOLDS, Outcome.UNDECIDED, Outcome.AGREES]) is Outcome.UNDECIDED
    assert worst([]) is Outcome.HOLDS


@given(fractions, st.fractions(min_value=Fraction(1, 100), max_value=100, max_denominator=1000))
def test_a_certified_ratio_is_a_lower_bound(x: Fraction, y: Fraction) -> None:
    found = certified_ratio(lambda _: [(ball(x), ball(y)), (arb(5), arb(-1))], 64)
    assert found is not None
    assert found <= x / y
    assert x / y - found < Fraction(1, 10**12)
    assert certified_ratio(lambda _: [(ball(x), -ball(y))], 64) is None


@pytest.mark.parametrize("outcome", Outcome)
def test_only_two_outcomes_are_good(outcome: Outcome) -> None:
    assert outcome.good == (outcome.value in {"holds", "agrees"})
