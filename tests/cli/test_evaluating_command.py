from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from exactqse import Policy
from exactqse.arithmetic import Enclosure
from exactqse.evaluate import evaluate
from exactqse.games import get
from exactqse.kernel.numbers import format_rational
from exactqse.solve import solve

Run = Callable[..., Any]
GAME = "selten-chmura-2008-1"


def ends(enclosure: Enclosure) -> dict[str, str]:
    return {"lower": format_rational(enclosure.lower), "upper": format_rational(enclosure.upper)}


def test_the_uniform_policy_json_is_the_evaluation(run: Run) -> None:
    game = get("patrol-4").with_(gamma="1/2")
    result = run("evaluate", "patrol-4", "uniform", "--gamma", "1/2", "--digits", 20, "--json")
    document = json.loads(result.out)
    expected = evaluate(game, Policy.uniform(game), 20)
    assert result.code == 0
    assert document["J"] == ends(expected.J)
    for name in ("V", "W"):
        values = [[ends(x) for x in layer] for layer in getattr(expected, name)]
        assert document[name] == values
    for name in ("Q", "nu"):
        rows = [[[ends(x) for x in row] for row in layer] for layer in getattr(expected, name)]
        assert document[name] == rows
    assert document["U"][5][3][2][4] == ends(expected.U[5][3][2][4])


def test_tables_are_printed_and_nothing_is_called_certified(run: Run) -> None:
    out = run("evaluate", GAME, "uniform").out
    assert out.startswith("J = 5.0494412418376")
    assert "leader's value W" in out
    assert "probability nu" in out
    assert "certified" not in out


def test_the_solved_policy_has_the_certified_value(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    run("solve", GAME, "--policy", path)
    document = json.loads(run("evaluate", GAME, path, "--digits", 25, "--json").out)
    solution = solve(get(GAME), 15)
    assert solution.lower <= Fraction(document["J"]["upper"])
    assert Fraction(document["J"]["lower"]) <= solution.upper


@pytest.mark.parametrize("observes", ["nothing", "action", "0,1", "1 | 0"])
def test_every_observation_is_evaluated(run: Run, observes: str) -> None:
    result = run("evaluate", GAME, "uniform", "--observes", observes, "--json")
    cells = {"nothing": [[0, 1]], "0,1": [[0, 1]]}.get(observes, [[0], [1]])
    assert json.loads(result.out)["game"]["observes"] == cells


def test_a_best_response_is_exact(run: Run) -> None:
    out = run("evaluate", "ochs-1995-4", "uniform", "--eta", "inf").out
    assert out.splitlines()[:2] == [
        "J = 2",
        "exact; the value of this policy, not of an equilibrium",
    ]


def test_a_closed_form_with_latex(run: Run) -> None:
    out = run("evaluate", GAME, "uniform", "--symbolic").out
    assert "J = (19*exp(17/2)/2 + 5*exp(13))/(exp(17/2) + exp(13))" in out.splitlines()
    assert any(line.startswith(r"LaTeX: \frac{") for line in out.splitlines())
    document = json.loads(run("evaluate", GAME, "uniform", "--symbolic", "--json").out)
    assert set(document["symbolic"]) == {"J", "latex"}


def test_a_policy_of_another_shape_is_an_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    Policy.uniform(get("patrol-4")).save(path)
    result = run("evaluate", GAME, path)
    assert (result.code, result.out) == (2, "")
    assert "must have the shape [1][1][b][a]" in result.err


def test_a_policy_that_sees_too_much_is_an_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    run("solve", GAME, "--policy", path)
    result = run("evaluate", GAME, path, "--observes", "nothing")
    assert result.code == 2
    assert "that she cannot tell apart" in result.err
