"""solve for leaders who remember, and for those who do not on trees."""

from __future__ import annotations

import signal
from fractions import Fraction

import pytest

from exactqse import Game, check, decide, solve
from exactqse.errors import InputError, NotCoveredError
from exactqse.games import get
from exactqse.games.families import dense
from exactqse.kernel.certificate import Certificate
from exactqse.solve import Standing

GAP = Fraction(1, 1000)


def game(horizon: int = 2) -> Game:
    found = dense(states=2, leader_actions=2, follower_actions=2, horizon=horizon, seed=1, eta=3)
    return found.with_(gamma="9/10")


def test_who_remembers_is_worth_no_less() -> None:
    markov = solve(game(), gap=GAP)
    history = solve(game(), gap=GAP, leader="history")
    assert markov.certified
    assert history.certified
    assert markov.certificate.kind == "farsighted"
    assert history.certificate.kind == "history"
    assert history.upper >= markov.lower
    again = Certificate.from_bytes(history.certificate.to_bytes())
    assert check(game(), again)
    assert check(game(), again).leader == "history"
    assert markov.verdict is not None
    assert markov.verdict.leader == "markov"


def test_what_she_plays_is_no_table() -> None:
    solution = solve(game(), gap=GAP, leader="history")
    assert solution.remembers
    with pytest.raises(NotCoveredError, match="has no table of a policy"):
        _ = solution.policy


def test_memory_brings_a_myopic_follower_nothing() -> None:
    commitment = get("conitzer-sandholm-2006")
    first, second = solve(commitment, 20), solve(commitment, 20, leader="history")
    assert first.certificate == second.certificate
    assert not second.remembers


def test_on_a_tree_the_frontiers_do() -> None:
    """One path of three steps: no value ties two others together."""
    chain = Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]], horizon=3, gamma="9/10")
    solution = solve(chain, gap="1e-2")
    assert solution.certified
    assert solution.lower <= solve(chain, gap="1e-2", leader="history").upper


def test_only_these_leaders() -> None:
    for leader in ("Markov", None, 1, ["history"]):
        with pytest.raises(InputError, match="is not 'markov' or 'history'") as caught:
            solve(game(), leader=leader)  # type: ignore[arg-type]
        assert caught.value.where == "leader"


def test_limits_end_with_a_certified_gap() -> None:
    solution = solve(game(3), gap="1e-6", node_limit=1)
    assert solution.certified
    assert not solution.reached
    assert "limit of 1 nodes" in solution.reason


def test_a_search_is_gone_on_with_by_the_same_leader_only() -> None:
    found = solve(game(), gap=GAP).certificate
    again = solve(game(), gap=GAP, resume=found)
    assert again.certified
    assert again.lower >= found.lower
    assert again.upper <= found.upper
    with pytest.raises(InputError, match="that of a Markov leader"):
        solve(game(), gap=GAP, leader="history", resume=found)


def test_decide_with_a_farsighted_follower() -> None:
    solution = solve(game(), gap=GAP)
    assert decide(game(), solution.lower - 1).answer == "yes"
    assert decide(game(), solution.upper + 1).answer == "no"
    assert decide(game(), solution.upper + 1).digits == 1  # the first digit of a search tells


def test_what_was_interrupted_is_certified_and_says_so() -> None:
    calls: list[Standing] = []

    def watch(standing: Standing) -> None:
        calls.append(standing)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)

    solution = solve(game(3), gap="1e-9", node_limit=100_000, progress=watch)
    assert solution.certified
    assert solution.effort.interrupted
    assert "it was interrupted" in solution.reason
    assert calls[0].open_parts > 0
