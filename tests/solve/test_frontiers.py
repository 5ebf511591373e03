"""Frontiers for leaders who remember, and for trees: drawn games, bounds of Markov policies."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import InputError, PrecisionError
from exactqse.evaluate import evaluate
from exactqse.games.families import dense
from exactqse.kernel.check import check
from exactqse.model import Game, Policy
from exactqse.solve.effort import Budget
from exactqse.solve.frontiers import is_tree, solve_history, solve_tree
from exactqse.testing import games, policies

AHEAD = {
    "gammas": st.sampled_from((Fraction(1, 2), Fraction(9, 10), Fraction(1))),
    "etas": st.sampled_from((Fraction(1, 3), Fraction(1), Fraction(5))),
}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_drawn_games_are_proved_and_bound_markov_policies(data: st.DataObject) -> None:
    game = data.draw(
        games(max_states=2, max_leader_actions=2, max_follower_actions=2, wide=False, **AHEAD)
    )
    try:
        found, effort = solve_history(game, Fraction(1, 100), Budget(seconds=3))
    except PrecisionError:
        return
    assert check(game, found).outcome == "accepted"
    assert effort.stopped or found.upper - found.lower <= Fraction(1, 100)
    policy = data.draw(policies(game))
    assert evaluate(game, policy, digits=12).J.lower <= found.upper


@pytest.mark.parametrize("seed", range(4))
def test_refinement_nests(seed: int) -> None:
    sizes = {"states": 2, "leader_actions": 2, "follower_actions": 2, "horizon": 2}
    game = dense(**sizes, seed=seed, eta=3).with_(gamma="9/10")
    wide, _ = solve_history(game, Fraction(1, 10), Budget())
    narrow, effort = solve_history(game, Fraction(1, 10**5), Budget())
    assert check(game, narrow).outcome == "accepted"
    assert wide.lower <= narrow.upper
    assert narrow.lower <= wide.upper
    assert effort.stopped or narrow.upper - narrow.lower <= Fraction(1, 10**5)
    assert narrow.upper - narrow.lower <= wide.upper - wide.lower


def path() -> Game:
    return Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]], horizon=3, gamma="9/10")


def test_a_path_is_a_tree() -> None:
    assert is_tree(path())
    found, _ = solve_tree(path(), Fraction(1, 100), Budget())
    assert found.kind == "farsighted"
    assert check(path(), found).outcome == "accepted"
    history, _ = solve_history(path(), Fraction(1, 100), Budget())
    assert found.lower <= history.upper


def test_what_is_no_tree_is_refused() -> None:
    sizes = {"states": 2, "leader_actions": 2, "follower_actions": 2, "horizon": 3}
    game = dense(**sizes, seed=0, eta=3).with_(gamma="9/10")
    assert not is_tree(game)
    with pytest.raises(InputError, match="is no tree"):
        solve_tree(game, Fraction(1, 100), Budget())


def test_shifts_and_scales_of_the_leaders_rewards() -> None:
    game = path()
    found, _ = solve_history(game, Fraction(1, 100), Budget())
    u = [[[7 + 3 * x for x in row] for row in state] for state in game.u[0]]
    moved = Game.from_arrays(None, u, game.r[0], horizon=3, gamma="9/10")
    other, _ = solve_history(moved, Fraction(3, 100), Budget())
    assert check(moved, other).outcome == "accepted"
    assert other.lower <= 21 + 3 * found.upper
    assert 21 + 3 * found.lower <= other.upper


def test_memory_matters_to_farsighted_followers_only() -> None:
    for change in ({"gamma": 0}, {"gamma": 0, "eta": "inf"}):
        with pytest.raises(InputError, match="no memory matters"):
            solve_history(path().with_(**change), Fraction(1, 100), Budget())


def test_a_leader_of_one_action_who_sees_nothing() -> None:
    game = Game.from_arrays(
        None, [[[1, 2]]], [[[0, 1]]], horizon=2, gamma="1/2", observes="nothing"
    )
    found, _ = solve_history(game, Fraction(1, 100), Budget())
    assert check(game, found).outcome == "accepted"
    assert found.lower <= evaluate(game, only(game), digits=12).J.upper


def only(game: Game) -> Policy:
    """Her only policy."""
    return Policy.from_arrays(
        [[[[1]] * game.follower_actions] * game.states] * game.horizon, game=game
    )
