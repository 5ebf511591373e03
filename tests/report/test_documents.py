from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from exactqse import Game, Policy
from exactqse.arithmetic import Enclosure
from exactqse.evaluate import evaluate
from exactqse.games import get
from exactqse.kernel.check import check
from exactqse.model.graph import describe_graph
from exactqse.report import (
    check_document,
    check_lines,
    decision_document,
    evaluation_document,
    game_document,
    show_document,
    solution_document,
    solution_lines,
    to_json,
    verdict_line,
    weak_document,
    weak_lines,
)
from exactqse.report.documents import Document, exact_table
from exactqse.solve import decide, solve, solve_weak

GAME = get("inspection-3-of-8")


def documents() -> list[Document]:
    solution = solve(GAME, 5)
    return [
        game_document(GAME),
        show_document(GAME, describe_graph(GAME)),
        solution_document(solution),
        check_document(GAME, check(GAME, solution.certificate)),
        decision_document(decide(GAME, Fraction(0))),
        evaluation_document(GAME, evaluate(GAME, Policy.uniform(GAME), 5)),
        weak_document(solve_weak(GAME.with_(eta="inf"))),
    ]


def numbers(value: Any) -> list[object]:
    """Every leaf of a JSON value that is no string, bool or null."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in numbers(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in numbers(part)]
    return [] if value is None or isinstance(value, str | bool) else [value]


def test_documents_have_no_floats_and_stable_text() -> None:
    for document in documents():
        text = to_json(document)
        assert all(isinstance(leaf, int) for leaf in numbers(json.loads(text)))
        assert text == to_json(dict(reversed(document.items())))
        assert "\n" not in text


def test_exact_tables() -> None:
    third = Fraction(1, 3)
    assert exact_table(((third, Fraction(2)), ())) == [["1/3", "2"], []]
    assert exact_table(Enclosure(third, Fraction(1))) == {"lower": "1/3", "upper": "1"}
    game = Game.from_arrays([[[["1/3", "2/3"]]]] * 2, [[[0]]] * 2, [[[0]]] * 2, rho=1)
    assert exact_table(game.P) == [[[[{"0": "1/3", "1": "2/3"}]], [[{"0": "1/3", "1": "2/3"}]]]]
    assert exact_table(game.rho) == {"1": "1"}


def test_an_infinite_temperature_and_a_partition() -> None:
    game = GAME.with_(eta="inf", observes="nothing")
    document = game_document(game)
    assert (document["eta"], document["observes"]) == ("inf", [[0, 1]])


def test_what_was_not_asked_is_not_shown() -> None:
    assert weak_document(None) is None
    assert not list(weak_lines(None))


@pytest.mark.parametrize("outcome", ["rejected", "inconclusive"])
def test_nothing_is_certified_unless_accepted(outcome: Any) -> None:
    solution = solve(GAME, 5)
    assert solution.verdict is not None
    verdict = replace(solution.verdict, outcome=outcome, lower=None, upper=None, reason="why")
    for verdict_or_none in (verdict, None):
        doubtful = replace(solution, verdict=verdict_or_none)
        assert solution_document(doubtful)["certified"] is False
        assert not any("certified" in line.plain for line in solution_lines(doubtful))
    assert check_document(GAME, verdict)["certified"] is False
    assert verdict_line(verdict).plain.startswith(f"{outcome}: why")
    assert not any("J* =" in line.plain for line in check_lines(verdict))
    assert solution_document(solution)["certified"] is True
    assert verdict_line(solution.verdict).plain.startswith("certified: ")
