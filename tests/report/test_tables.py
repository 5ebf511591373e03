from __future__ import annotations

from fractions import Fraction
from io import StringIO

from rich.console import Console, RenderableType

from exactqse import Game, Policy
from exactqse.evaluate import evaluate
from exactqse.games import get
from exactqse.model.graph import describe_graph
from exactqse.report import (
    decision_lines,
    evaluation_notes,
    game_summary,
    graph_lines,
    policy_notes,
    policy_table,
    response_table,
    reward_tables,
    state_table,
)
from exactqse.report.solutions import ROWS, policy_rows
from exactqse.solve import decide, solve


def rendered(*blocks: RenderableType) -> str:
    console = Console(file=StringIO(), width=80, markup=False, highlight=False, no_color=True)
    with console.capture() as capture:
        for block in blocks:
            console.print(block)
    return capture.get()


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_answers_that_agree_share_a_row() -> None:
    u = [[[2, 2, 0], [0, 0, 2]]]
    game = Game.from_arrays(None, u, [[[0] * 3] * 2], names={"follower_actions": ["x", "y", "z"]})
    rows = list(policy_rows(game, solve(game, 5)))
    assert rows == [(0, 0, "x, y", "0"), (0, 0, "z", "1")]


def test_one_answer_to_anything() -> None:
    game = Game.from_arrays(None, [[[2, 2], [0, 0]]], [[[0, 0]] * 2])
    assert [row[2] for row in policy_rows(game, solve(game, 5))] == ["anything"]


def test_the_policy_table_is_cut_and_says_so() -> None:
    game = get("patrol-4")
    solution = solve(game, 5)
    total = len(list(policy_rows(game, solution)))
    notes = rendered(*policy_notes(game, solution))
    assert f"{total - ROWS} more rows: --all shows them" in notes
    assert "more rows" not in rendered(*policy_notes(game, solution, everything=True))
    whole = rendered(policy_table(game, solution, everything=True))
    assert whole.count("strike 4") > rendered(policy_table(game, solution)).count("strike 4")


def test_only_reachable_states_are_in_the_tables() -> None:
    game = get("inspection-3-of-8")
    evaluation = evaluate(game, Policy.uniform(game), 5)
    first = [row for row in cells(rendered(state_table(game, evaluation))) if row[:1] == ["0"]]
    assert [row[1:3] for row in first] == [["3", "left"]]
    responses = rendered(response_table(game, evaluation, everything=True))
    assert sum("violate" in line for line in responses.splitlines()) == 33
    assert "more responses" in rendered(*evaluation_notes(game))
    assert "more responses" not in rendered(*evaluation_notes(game, everything=True))


def test_the_summary_names_the_special_cases() -> None:
    game = get("security-5")
    assert "0 (myopic)" in rendered(game_summary(game))
    other = game.with_(eta="inf", gamma=Fraction(1, 3), observes=[[0, 2], [1, 3, 4]])
    text = rendered(game_summary(other))
    assert "infinity (best response)" in text
    assert "1/3" in text
    assert "attack 1, attack 3 | attack 2, attack 4, attack 5" in text
    assert "nothing" in rendered(game_summary(game.with_(observes="nothing")))


def test_a_tree_is_called_a_tree() -> None:
    P = [[[{1: "1/2", 2: "1/2"}]], [[{1: 1}]], [[{2: 1}]], [[{3: 1}]]]
    zeros = [[[0]]] * 4
    game = Game.from_arrays(P, zeros, zeros, horizon=3)
    lines = [line.plain for line in graph_lines(game, describe_graph(game))]
    assert lines[0] == "graph: 5 of 12 nodes (step, state) reachable, 4 moves"
    assert lines[1] == "  layers: 1, 2, 2"
    assert lines[2].startswith("  never reached, skipped: step 0: 1, 2, 3; step 1: 0, 3; ")
    assert lines[3] == "  shape: a tree, no two paths merge"


def test_rewards_of_games_with_several_steps() -> None:
    u = [[[["1/3", 1]]], [[[2, 3]]]]
    game = Game.from_arrays(None, u, u)
    rows = cells(rendered(*reward_tables(game)))
    assert ["0", "0", "0", "0", "1/3", "1/3", "0"] in rows
    assert ["1", "0", "0", "0", "2", "2"] in rows


def test_a_wide_matrix_is_listed() -> None:
    wide = [[list(range(9))] * 2]
    rows = cells(rendered(*reward_tables(Game.from_arrays(None, wide, wide))))
    assert ["8", "8", "8"] in rows


def test_decisions_in_words() -> None:
    game = get("conitzer-sandholm-2006")
    sentences = [next(decision_lines(decide(game, Fraction(x)))).plain for x in (2, 3)]
    assert sentences == ["yes: J* >= 2", "no: J* < 3"]
