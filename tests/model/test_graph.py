"""The game graph: agreement with the kernel's reachability, trees, merging, unreachable places."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings

from exactqse import Game
from exactqse.games import get
from exactqse.model.graph import describe_graph, game_graph
from exactqse.testing import games

RELAXED = settings(deadline=None, max_examples=50)  # deadlines depend on the machine


def chain(rows: list[object], *, horizon: int, rho: object = None) -> Game:
    """A game whose state s moves by rows[s], whatever the actions."""
    nothing = [[[0]] for _ in rows]
    return Game.from_arrays([[[row]] for row in rows], nothing, nothing, rho=rho, horizon=horizon)


@RELAXED
@given(games(max_states=4, max_horizon=4))
def test_networkx_agrees_with_the_kernel(game: Game) -> None:
    graph, report = game_graph(game), describe_graph(game)
    layers = tuple(tuple(sorted(s for step, s in graph if step == h)) for h in range(game.horizon))
    assert layers == game.reachable
    roots = [(0, s) for s in game.rho.states]
    found = set(roots).union(*(nx.descendants(graph, root) for root in roots))
    assert found == set(graph)
    assert report.layer_sizes == tuple(len(layer) for layer in layers)
    assert report.reachable == len(graph) == sum(report.layer_sizes)
    assert report.reachable + len(report.unreachable) == game.horizon * game.states
    assert not found.intersection(report.unreachable)
    assert report.edges == graph.number_of_edges()
    assert report.is_tree == (nx.is_forest(graph) and all(d <= 1 for _, d in graph.in_degree()))


@RELAXED
@given(games(max_horizon=3))
def test_edges_are_the_moves_of_positive_probability(game: Game) -> None:
    graph = game_graph(game)
    table = game.P_float
    for (h, s), (after, t), pairs in graph.edges(data="pairs"):
        assert after == h + 1
        step = table[h if len(table) > 1 else 0][s]
        expected = [
            (a, b)
            for a in range(game.leader_actions)
            for b in range(game.follower_actions)
            if step[a][b][t] > 0
        ]
        assert list(pairs) == expected != []


def test_a_tree() -> None:
    game = chain([["1/2", "1/2", 0], [0, 0, 1], [0, 1, 0]], horizon=2)
    report = describe_graph(game)
    assert report.is_tree
    assert report.merging == ()
    assert report.layer_sizes == (1, 2)
    assert report.unreachable == ((0, 1), (0, 2), (1, 2))


def test_merging_is_named() -> None:
    game = chain([["1/2", "1/2"], [0, 1]], horizon=3)
    report = describe_graph(game)
    assert not report.is_tree
    assert report.merging == ((2, 1),)
    assert report.edges == 2 + 3
    assert report.unreachable == ((0, 1),)


def test_two_first_states_make_a_forest_until_they_meet() -> None:
    apart = chain([[1, 0], [0, 1]], horizon=3, rho=["1/3", "2/3"])
    assert describe_graph(apart).is_tree
    meeting = chain([[1, 0], [1, 0]], horizon=2, rho=["1/3", "2/3"])
    assert describe_graph(meeting).merging == ((1, 0),)


def test_one_step_has_no_edges() -> None:
    report = describe_graph(get("conitzer-sandholm-2006"))
    assert (report.edges, report.reachable, report.is_tree) == (0, 1, True)


def test_moves_of_the_last_step_lead_nowhere() -> None:
    game = chain([[0, 1], [1, 0]], horizon=1)
    assert list(game_graph(game)) == [(0, 0)]
    assert describe_graph(game).unreachable == ((0, 1),)


@pytest.mark.parametrize("name", ["inspection-3-of-8", "patrol-4"])
def test_shipped_games_merge(name: str) -> None:
    assert not describe_graph(get(name)).is_tree
