"""The refinement in integers: against the search in balls, and from bad starts."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse import Game, check
from exactqse.arithmetic.balls import exp_fixed, precision
from exactqse.games import get
from exactqse.solve.prescription import plan_bits, solve_prescription
from exactqse.solve.stage_balls import refine
from exactqse.solve.stage_fixed import Stage, polish, worth
from exactqse.testing import covered_games


@settings(max_examples=60)
@given(game=covered_games(max_states=2, max_horizon=2), digits=st.sampled_from([1, 8, 30]))
def test_the_search_in_balls_finds_the_same(game: Game, digits: int) -> None:
    quick, _ = solve_prescription(game, digits)
    searched, effort = solve_prescription(game, digits, trust_floats=False)
    assert effort.work == effort.nodes
    assert check(game, quick)
    assert check(game, searched)
    assert abs(quick.upper - searched.upper) * 10**digits <= 1


@pytest.mark.parametrize("name", ["security-5", "inspection-3-of-8", "patrol-4", "random-dense"])
def test_ties_are_settled_without_a_search(name: str) -> None:
    _, effort = solve_prescription(get(name), 50)
    assert effort.work == 0


@st.composite
def stages(draw: st.DrawFn) -> Stage:
    """One state's stage at 12 digits, on a grid with ties, flat or steep."""
    responses, actions = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    scale = draw(st.sampled_from([1, 1, 100]))

    def table(factor: int) -> list[list[int]]:
        row = st.lists(st.integers(-4, 4), min_size=actions, max_size=actions)
        rows = draw(st.lists(row, min_size=responses, max_size=responses))
        return [[n * factor << 100 for n in values] for values in rows]

    return Stage(table(scale), table(1), p=100, margin=44, size=3)


@settings(max_examples=150)
@given(stage=stages(), start=st.floats(-5, 5), data=st.data())
def test_bad_starts_are_mended_or_refused(stage: Stage, start: float, data: st.DataObject) -> None:
    mixes = []
    for x, y in zip(stage.x, stage.y, strict=True):
        actions = range(len(x))
        edges = [(i, j) for i in actions for j in actions if x[i] < x[j] and y[i] > y[j]]
        mixes.append(data.draw(st.sampled_from([(a, a) for a in actions] + edges)))
    with precision(132):
        leaf = polish(stage, start, mixes)
        if leaf is None:
            return
        searched = refine(stage, start, None)
        assert abs(leaf.upper - searched.upper) <= Fraction(2, 1 << 44)
        value = worth(stage, leaf, [[0] * len(by_b) for by_b in leaf.policy])
    assert leaf.upper - Fraction(value, 1 << 100) <= Fraction(3, 1 << 44)


def test_steps_as_long_as_the_slope_do_not_settle() -> None:
    # Far below the root e^q rules Z, and every step is s = 2e-6: short, but not because it is near.
    one = 1 << 80
    x, y = [[0, 10**6 * one], [500000 * one] * 2], [[one, -one], [-one, -one]]
    stage = Stage(x, y, p=80, margin=6, size=1)
    with precision(112):
        assert polish(stage, -0.5, [(0, 1), (0, 0)]) is None
        assert abs(refine(stage, -0.5, [(0, 1), (0, 0)]).upper) <= Fraction(2, 1 << 6)


def test_a_start_that_is_not_a_number_is_refused() -> None:
    stage = Stage([[0]], [[0]], p=100, margin=44, size=3)
    assert polish(stage, float("nan"), [(0, 0)]) is None


def test_gaps_lower_the_worth() -> None:
    stage = Stage([[0], [0]], [[4 << 100], [2 << 100]], p=100, margin=44, size=3)
    with precision(132):
        leaf = polish(stage, 3.0, [(0, 0), (0, 0)])
        assert leaf is not None
        assert worth(stage, leaf, [[0], [0]]) == 3 << 100
        assert worth(stage, leaf, [[2 << 100], [0]]) == 2 << 100


def test_the_bits_cover_the_payoffs() -> None:
    game = Game.from_arrays(None, [[["-7/2"]]], [[[5]]], eta="3/2", horizon=2)
    bits = plan_bits(game, 3)
    assert bits.size == (4 * 2).bit_length()  # |u| < 4, twice
    assert bits.margin == (1000 * 8).bit_length() + 1
    assert bits.p == bits.margin + 4 + (3 * 3 * 6 // 2 + 1).bit_length() + 4 + 32


@pytest.mark.parametrize("n", [0, -1, 3 << 60, -(10**30), -(1 << 200)])
def test_exp_fixed_is_near(n: int) -> None:
    with precision(150):
        value = exp_fixed(n, 64)
    with precision(400):
        exact = exp_fixed(n << 100, 164)
    assert abs((value << 100) - exact) <= 2 << 100
