from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exactqse
from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.errors import InputError, KindError, NumberError
from exactqse.games import dense, get
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import Solution, solve
from exactqse.sweep import eta_grid, sweep
from exactqse.sweep.along_eta import _between
from exactqse.testing import covered_games

COMMITMENT = get("conitzer-sandholm-2006")
BLIND = COMMITMENT.with_(observes="nothing")


def pure_value(eta: Fraction) -> Any:
    """(2 e^eta + 4)/(1 + e^eta): the commitment to action 0, which is best for small eta."""
    with precision(200):
        e = ball(eta).exp()
        return enclosure((2 * e + 4) / (1 + e))


def test_the_closed_form_of_the_commitment_game_along_eta() -> None:
    found = sweep(BLIND, ["0.01", Fraction(1, 3), 1, "inf"])
    assert [point.eta for point in found.points] == [Fraction(1, 100), Fraction(1, 3), 1, None]
    for point in found.points[:-1]:
        assert point.eta is not None
        assert point.value.overlaps(pure_value(point.eta))
        assert point.value.width <= Fraction(1, 10**6)
        assert point.support == ((0,),)
        assert point.proved
    assert found.points[-1].value == found.limits.infinity
    assert found.points[-1].value.lower == found.points[-1].value.upper == Fraction(7, 2)
    assert found.changes == ()
    assert found.places == ((0, 0, (0, 1)),)


def test_a_change_is_bracketed_around_its_closed_form() -> None:
    """After b = 1 she begins to mix where W + 1/eta falls below 4: 2 eta = 1 + e^-eta."""
    found = sweep(COMMITMENT, [Fraction(1, 2), 1, 2], width="1e-9")
    first, second = found.changes
    assert (first.before, first.after) == (((0,), (0,)), ((0,), (0, 1)))
    assert (second.before, second.after) == (((0,), (0, 1)), ((1,), (0, 1)))
    assert (first.places, second.places) == ((1,), (0,))
    for change in found.changes:
        assert change.proved
        assert change.reason == ""
        assert change.lower < change.upper <= change.lower * (1 + found.width)
    with precision(100):
        low, high = (2 * ball(eta) - 1 - (-ball(eta)).exp() for eta in (first.lower, first.upper))
        assert low < 0 < high


def test_every_point_rests_on_an_accepted_certificate() -> None:
    found = sweep(COMMITMENT, [1, 5], 12)
    for point in found.points:
        assert isinstance(point.solution, Solution)
        game = replace(COMMITMENT, eta=point.eta)
        verdict = check(game, point.solution.certificate)
        assert verdict.outcome == "accepted"
        assert (verdict.lower, verdict.upper) == (point.value.lower, point.value.upper)
        assert point.value.width <= Fraction(1, 10**12)


def test_a_jump_between_two_optima_is_narrowed_as_far_as_they_are_told_apart() -> None:
    """She leaves the pure commitment at once, for a mixture: near there both are optimal."""
    found = sweep(BLIND, [1, 2], gap="1e-3", width="1e-12")
    (change,) = found.changes
    assert change.proved
    assert change.reason.startswith("at eta = ")
    assert change.reason.endswith("the support is not decided within the gap")
    assert change.upper > change.lower * (1 + found.width)
    assert 1 < change.lower < Fraction(10692, 10000) < change.upper < 2


def test_alike_sites_give_brackets_that_are_not_proved() -> None:
    found = sweep(get("security-5"), [Fraction(1, 10), Fraction(1, 2)], 10, width="1/10")
    assert found.changes
    assert not any(change.proved for change in found.changes)
    assert all(change.reason == "" for change in found.changes)


def test_the_games_own_eta_plays_no_part() -> None:
    one, two = (sweep(COMMITMENT.with_(eta=eta), [3], 8) for eta in (1, "inf"))
    assert one.points[0].value == two.points[0].value


def test_values_are_sorted_and_taken_once() -> None:
    found = sweep(COMMITMENT, ["inf", 2, "1/2", 2.0, float("inf")], 5, width=10)
    assert [point.eta for point in found.points] == [Fraction(1, 2), 2, None]


def test_one_action_never_changes() -> None:
    game = Game.from_arrays(None, [[[1, 0]]], [[[0, 1]]])
    assert sweep(game, [1, 100], 5).changes == ()


def test_progress_counts_every_equilibrium() -> None:
    calls: list[tuple[int, int]] = []
    sweep(COMMITMENT, [Fraction(1, 2), 2, "inf"], 8, progress=lambda *call: calls.append(call))
    assert [done for done, _ in calls] == list(range(1, len(calls) + 1))
    assert len(calls) > 10
    assert all(done <= total for done, total in calls)


@settings(max_examples=15, deadline=None)
@given(covered_games(max_states=2, max_horizon=2, wide=False))
def test_points_are_the_solutions_and_changes_lie_between_them(game: Game) -> None:
    found = sweep(game, [1, 4], 12, width=Fraction(1, 20))
    for point in found.points:
        assert point.value.overlaps(solve(replace(game, eta=point.eta), 20).value)
    first, last = found.points
    assert bool(found.changes) == (first.support != last.support)
    if found.changes:
        ends = [(change.lower, change.upper) for change in found.changes]
        assert all(1 <= low < high <= 4 for low, high in ends)
        assert ends == sorted(ends)
        assert found.changes[0].before == first.support
        assert found.changes[-1].after == last.support
        for change, following in pairwise(found.changes):
            assert change.after == following.before
            assert change.upper <= following.lower


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"etas": []}, InputError, "etas: is empty"),
        ({"etas": "1,2"}, KindError, "etas: '1,2' is not a list of numbers"),
        ({"etas": 3}, KindError, "etas: 3 is not a list of numbers"),
        ({"etas": [1, 0]}, InputError, r"etas\[1\]: 0 is not positive"),
        ({"etas": [-1]}, InputError, r"etas\[0\]: -1 is not positive"),
        ({"etas": ["x"]}, NumberError, r"etas\[0\]"),
        ({"etas": [float("nan")]}, NumberError, r"etas\[0\]: nan is not a finite number"),
        ({"width": 0}, InputError, "width: 0 is not at least"),
        ({"width": -1}, InputError, "width: -1 is not at least"),
        ({"digits": 0}, InputError, "digits: 0 is not an integer"),
        ({"digits": 5, "gap": 1}, InputError, "gap: says the same as digits"),
        ({"time_limit": 0}, InputError, "time_limit: 0 is not a positive number"),
        ({"progress": 3}, KindError, "progress: 3 is not a function"),
        ({"game": None}, KindError, "game: expected a game"),
    ],
)
def test_bad_input_is_named(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    given = {"game": COMMITMENT, "etas": [1], **arguments}
    with pytest.raises(error, match=text):
        sweep(**given)


def test_farsighted_followers_are_certified_at_each_eta_and_nothing_is_proved_between() -> None:
    game = BLIND.with_(gamma="1/2")  # one step: the same equilibria as with gamma = 0
    found = sweep(game, ["1/10", 1, 4, "inf"], gap="1/100")
    myopic = sweep(BLIND, ["1/10", 1, 4])
    for point, other in zip(found.points, myopic.points, strict=False):
        assert point.eta is not None
        assert check(game.with_(eta=point.eta), point.solution.certificate).outcome == "accepted"
        assert point.value.overlaps(other.value)
        assert point.value.width <= Fraction(1, 100)
        assert not point.proved
    (change,) = found.changes
    assert (change.lower, change.upper, change.proved) == (1, 4, False)
    assert (change.before, change.after) == (((0,),), ((0, 1),))
    assert change.reason == "brackets are narrowed for gamma = 0 only"
    assert found.points[-1].value == found.limits.strong.value
    assert Fraction(7, 2) in found.limits.infinity
    assert found.limits.infinity.width <= Fraction(1, 100)


@given(
    st.fractions(min_value=Fraction(1, 10**6), max_value=10**6),
    st.fractions(min_value=Fraction(1, 10**20), max_value=100),
)
def test_the_middle_of_a_bracket_is_in_its_middle(low: Fraction, by: Fraction) -> None:
    high = low * (1 + by)
    middle = _between(low, high)
    assert low < middle < high
    assert (middle / low) ** 4 > high / low
    assert (high / middle) ** 4 > high / low


def test_grids_include_their_ends_exactly() -> None:
    third = Fraction(1, 3)
    assert eta_grid(1, 2, 5) == [1, Fraction(5, 4), Fraction(3, 2), Fraction(7, 4), 2]
    assert eta_grid("0.1", 10, 3, log=True) == [Fraction(1, 10), 1, 10]
    grid = eta_grid(third, 1000, 7, log=True)
    assert (grid[0], grid[-1], len(grid)) == (third, 1000, 7)
    ratios = [float(b / a) for a, b in pairwise(grid)]
    assert ratios == pytest.approx([3000 ** (1 / 6)] * 6, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((2, 1, 3), "grid: 0 < start < stop does not hold for '2' and '1'"),
        ((0, 1, 3), "grid: 0 < start < stop does not hold"),
        ((1, 2, 1), "points: 1 is not an integer in 2..10000"),
        ((1, 2, 2.5), "points: 2.5 is not an integer"),
        (("x", 2, 3), "start"),
    ],
)
def test_grids_that_cannot_be_are_named(arguments: tuple[Any, ...], text: str) -> None:
    with pytest.raises(InputError, match=text):
        eta_grid(*arguments)


def test_nothing_is_monotone_in_eta() -> None:
    """J* falls, then rises, with certified bounds that are apart."""
    low, middle, high = (p.value for p in sweep(COMMITMENT, ["0.1", 1, 10], 8, width=100).points)
    assert low.lower > middle.upper
    assert middle.upper < high.lower


def test_the_public_names_are_these() -> None:
    assert exactqse.sweep is sweep
    assert exactqse.eta_grid is eta_grid
    game = dense(states=1, leader_actions=2, follower_actions=2, horizon=1, seed=0, eta=1)
    found = exactqse.sensitivities(exactqse.solve(game))
    assert isinstance(found.isolation, exactqse.Isolation)
    assert isinstance(found, exactqse.Sensitivities)
