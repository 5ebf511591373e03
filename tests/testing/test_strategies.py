"""The shipped strategies: they draw what they say, cover the model's corners, and shrink."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from exactqse import Certificate, Game, Policy, check
from exactqse.testing import (
    covered_games,
    distributions,
    games,
    partitions,
    payoffs,
    policies,
    solved_games,
)

RELAXED = settings(deadline=None, max_examples=50)  # deadlines depend on the machine
SEARCH = settings(
    max_examples=2000,
    phases=[Phase.generate, Phase.shrink],
    derandomize=True,
    database=None,
)
SMALL = games(max_states=2, max_leader_actions=2, max_horizon=2)


def drawn(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> Any:
    """Any example; hypothesis raises NoSuchExample when there is none."""
    return find(strategy, condition, settings=settings(SEARCH, phases=[Phase.generate]))


def simplest(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> Any:
    """The example that hypothesis shrinks to."""
    return find(strategy, condition, settings=SEARCH)


@RELAXED
@given(games())
def test_games_are_games_of_the_stated_sizes(game: Game) -> None:
    assert all(1 <= size <= 3 for size in game.shape)
    assert Game.from_kernel(game) == game


@RELAXED
@given(st.data())
def test_policies_fit_their_game(data: st.DataObject) -> None:
    game = data.draw(games())
    policy = data.draw(policies(game))
    assert policy.validated(game) == policy


@RELAXED
@given(covered_games(max_states=2, max_horizon=2))
def test_covered_games_are_covered(game: Game) -> None:
    assert game.gamma == 0
    assert game.eta is not None
    assert game.observes_action


@settings(RELAXED, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(solved_games())
def test_certificates_are_accepted(pair: tuple[Game, Certificate]) -> None:
    game, certificate = pair
    verdict = check(game, certificate)
    assert verdict.outcome == "accepted"
    assert verdict.lower == certificate.lower
    assert certificate.upper - certificate.lower <= Fraction(1, 10**6)


@RELAXED
@given(games(observes="nothing", gammas=st.just(Fraction(1, 7)), etas=st.just(None)))
def test_options_are_kept(game: Game) -> None:
    assert game.observes == (tuple(range(game.follower_actions)),)
    assert (game.gamma, game.eta) == (Fraction(1, 7), None)


@RELAXED
@given(partitions(4))
def test_partitions_are_partitions(cells: tuple[tuple[int, ...], ...]) -> None:
    assert sorted(b for cell in cells for b in cell) == [0, 1, 2, 3]


@RELAXED
@given(st.integers(1, 5).flatmap(distributions))
def test_distributions_sum_to_one(row: tuple[Fraction, ...]) -> None:
    assert sum(row) == 1
    assert all(p >= 0 for p in row)


@RELAXED
@given(payoffs(wide=False))
def test_narrow_payoffs_are_narrow(value: Fraction) -> None:
    assert abs(value) <= 20
    assert value.denominator <= 10


def test_corners_are_drawn() -> None:
    drawn(SMALL, lambda game: game.eta is None)
    drawn(SMALL, lambda game: game.gamma == 1)
    drawn(SMALL, lambda game: len(game.P) > 1)
    drawn(SMALL, lambda game: game.horizon > 1 and len(game.u) == 1 != len(game.r))
    drawn(SMALL, lambda game: 1 < len(game.observes) < game.follower_actions)
    drawn(payoffs(), lambda value: abs(value) > 1000)
    drawn(payoffs(), lambda value: 0 < abs(value) < Fraction(1, 1000))
    drawn(distributions(3), lambda row: row[1] == 1)
    drawn(distributions(3), lambda row: 0 in row and row[0] not in {0, 1})
    drawn(distributions(3), lambda row: min(row) > 0)


def test_games_shrink_to_the_plainest() -> None:
    game = simplest(games(), lambda _: True)
    assert game == Game.from_arrays([[[[1]]]], [[[0]]], [[[0]]])


def test_games_shrink_to_what_the_condition_needs() -> None:
    game = simplest(games(), lambda game: game.leader_actions == 2 and game.u[0][0][1][0] > 1)
    assert game.shape == (1, 1, 2, 1)
    assert game.u == ((((0,), (2,)),),)
    assert game.r == ((((0,), (0,)),),)


def test_policies_shrink_to_action_zero() -> None:
    game = Game.from_arrays(None, [[[0, 0], [0, 0]]], [[[0, 0], [0, 0]]], observes="nothing")
    policy = simplest(policies(game), lambda _: True)
    assert policy == Policy(((((Fraction(1), Fraction(0)),) * 2,),))
    mixed = simplest(policies(game), lambda policy: 0 not in policy.probabilities[0][0][0])
    assert mixed == Policy.uniform(game)
