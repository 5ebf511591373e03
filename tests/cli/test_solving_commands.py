from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from exactqse import Certificate, Game, Policy, check
from exactqse.games import get, matrix_game
from exactqse.kernel.numbers import format_rational
from exactqse.solve import solve

Run = Callable[..., Any]
Change = Callable[[dict[str, Any]], None]
GAME = "conitzer-sandholm-2006"


def certificate(tmp_path: Path, change: Change | None = None) -> Path:
    path = tmp_path / "certificate.json"
    solve(get(GAME), 15).certificate.save(path)
    if change is not None:
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))
    return path


def test_solve_prints_the_enclosure_and_that_it_is_certified(run: Run) -> None:
    result = run("solve", GAME)
    assert result.code == 0
    assert result.err == ""
    assert result.out.splitlines()[0] == f"J* = {solve(get(GAME), 15).value}"
    assert result.out.splitlines()[1].startswith("certified: lower <= J(policy) <= J* <= upper")


def test_solve_prints_the_policy_by_name(run: Run) -> None:
    out = run("solve", "selten-chmura-2008-3").out
    rows = [line.split() for line in out.splitlines()]
    assert ["0", "0", "Left", "Up"] in rows
    assert any(row[:2] == ["Right", "Up"] and row[3] == "Down" for row in rows if len(row) > 3)


@pytest.mark.parametrize("digits", [1, 30, 300])
def test_solve_json_is_the_solution(run: Run, digits: int) -> None:
    game = get(GAME)
    document = json.loads(run("solve", GAME, "--digits", digits, "--json").out)
    expected = solve(game, digits)
    assert document["lower"] == format_rational(expected.lower)
    assert document["upper"] == format_rational(expected.upper)
    assert document["certified"] is True
    assert document["verdict"]["outcome"] == "accepted"
    assert document["game"]["hash"] == game.hash
    assert Policy.from_arrays(document["policy"], game=game) == expected.policy


def test_solve_writes_a_certificate_and_a_policy_that_hold(run: Run, tmp_path: Path) -> None:
    game = get("patrol-4")
    out, policy = tmp_path / "c.json", tmp_path / "p.json"
    result = run("solve", "patrol-4", "--out", out, "--policy", policy)
    assert result.code == 0
    claim = Certificate.load(out)
    assert check(game, claim)
    assert Policy.load(policy, game=game) == solve(game, 15).policy
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.json", "p.json"]


def test_solve_with_the_flint_checker_names_it(run: Run) -> None:
    document = json.loads(run("solve", GAME, "--checker", "flint", "--json").out)
    assert document["verdict"]["arithmetic"] == "flint"


def test_solve_says_how_many_rows_it_left_out(run: Run) -> None:
    short, whole = run("solve", "patrol-4"), run("solve", "patrol-4", "--all")
    assert "more rows: --all shows them" in short.out
    assert "more row" not in whole.out
    assert len(whole.out.splitlines()) > len(short.out.splitlines())


def test_options_change_the_game(run: Run) -> None:
    document = json.loads(run("solve", GAME, "--eta", "7/2", "--json").out)
    assert document["game"]["hash"] == get(GAME).with_(eta="7/2").hash


def test_check_accepts_and_repeats_the_bounds(run: Run, tmp_path: Path) -> None:
    path = certificate(tmp_path)
    result = run("check", GAME, path)
    assert result.code == 0
    assert result.out.startswith("certified: ")
    assert f"J* = {solve(get(GAME), 15).value}" in result.out


@pytest.mark.parametrize("arithmetic", ["kernel", "flint"])
def test_check_json_is_the_verdict(run: Run, tmp_path: Path, arithmetic: str) -> None:
    path = certificate(tmp_path)
    result = run("check", GAME, path, "--arithmetic", arithmetic, "--precision", 120, "--json")
    document = json.loads(result.out)
    claim = Certificate.load(path)
    assert document["certified"] is True
    assert document["verdict"] == {
        "outcome": "accepted",
        "lower": format_rational(claim.lower),
        "upper": format_rational(claim.upper),
        "reason": check(get(GAME), claim).reason,
        "precision": 120,
        "arithmetic": arithmetic,
        "leader": "markov",
    }


BEST_RESPONSE = ("--eta", "inf", "--observes", "nothing")


def test_a_best_response_is_solved_exactly_and_shown_with_the_weak_value(run: Run) -> None:
    result = run("solve", GAME, *BEST_RESPONSE)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "J* = 3.5"
    assert lines[1].startswith("certified: lower <= J(policy) <= J* <= upper")
    assert lines[3] == (
        "ties broken against the leader: 3.5, a supremum, not attained (exact, without certificate)"
    )
    document = json.loads(run("solve", GAME, *BEST_RESPONSE, "--json").out)
    assert document["lower"] == document["upper"] == "7/2"
    assert document["certified"] is True
    assert document["policy"] == [[[["1/2", "1/2"], ["1/2", "1/2"]]]]
    assert document["weak"] == {"value": "7/2", "attained": False}


def test_a_weak_value_below_the_strong_one_that_is_attained(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    matrix_game([[1, 0]], [[0, 0]], eta="inf").save(path)
    result = run("solve", path)
    assert result.out.splitlines()[0] == "J* = 1"
    assert "ties broken against the leader: 0, attained (exact" in result.out
    document = json.loads(run("solve", path, "--json").out)
    assert (document["lower"], document["weak"]) == ("1", {"value": "0", "attained": True})


def test_a_farsighted_best_response_is_shown_with_what_its_policy_is_worth(run: Run) -> None:
    words = ("solve", GAME, *BEST_RESPONSE, "--gamma", "1/2")
    (said,) = [x for x in run(*words).out.splitlines() if x.startswith("ties broken against")]
    assert "this policy is worth ~3.5 (without certificate)" in said
    document = json.loads(run(*words, "--json").out)
    at_least = Fraction(document["weak"]["at_least"])
    assert Fraction(7, 2) - Fraction(1, 1000) <= at_least <= Fraction(document["upper"])


def test_a_tie_that_is_forced_on_a_farsighted_follower(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    matrix_game([[1, 0]], [[0, 0]], eta="inf").with_(gamma=1).save(path)
    document = json.loads(run("solve", path, "--json").out)
    assert (document["lower"], document["weak"]) == ("1", {"at_least": "0"})


def test_only_a_best_response_breaks_ties(run: Run) -> None:
    assert "ties" not in run("solve", GAME).out
    assert json.loads(run("solve", GAME, "--json").out)["weak"] is None


@pytest.mark.parametrize("arithmetic", ["kernel", "flint"])
def test_a_best_response_is_checked_from_its_file(
    run: Run, tmp_path: Path, arithmetic: str
) -> None:
    path = tmp_path / "c.json"
    assert run("solve", GAME, *BEST_RESPONSE, "--out", path).code == 0
    result = run("check", GAME, path, *BEST_RESPONSE, "--arithmetic", arithmetic)
    assert result.code == 0
    assert result.out.startswith("certified: ")
    assert "J* = 3.5" in result.out
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"upper": "3"}))
    result = run("check", GAME, path, *BEST_RESPONSE)
    assert result.code == 1
    assert result.out.startswith("rejected: upper is less than the mean of step 0, by at least 0.5")
    assert run("check", GAME, path).code == 2


@pytest.mark.parametrize(("threshold", "answer"), [("7/2", "yes"), ("3.50000000001", "no")])
def test_decide_on_a_best_response(run: Run, threshold: str, answer: str) -> None:
    result = run("decide", GAME, *BEST_RESPONSE, "--at-least", threshold)
    assert result.code == (0 if answer == "yes" else 1)
    assert result.out.startswith(f"{answer}: J* ")
    assert "certified: " in result.out


def claim_too_much(document: dict[str, Any]) -> None:
    document["lower"] = format_rational(Fraction(document["upper"]) + 1)


def claim_too_little(document: dict[str, Any]) -> None:
    document["upper"] = format_rational(Fraction(document["lower"]) - 1)


def lower_a_node(document: dict[str, Any]) -> None:
    node = document["nodes"][0]
    node["upper"] = format_rational(Fraction(node["upper"]) - Fraction(1, 100))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (claim_too_much, "lower exceeds J(policy), by at least 1"),
        (claim_too_little, "upper is less than the mean of step 0, by at least 1"),
        (lower_a_node, "upper bound at step 0, state 0: the majorants' sum exceeds 0"),
    ],
)
def test_a_false_claim_is_rejected_with_its_reason(
    run: Run, tmp_path: Path, change: Change, reason: str
) -> None:
    path = certificate(tmp_path, change)
    result = run("check", GAME, path)
    assert result.code == 1
    assert result.out.startswith(f"rejected: {reason}")
    assert "certified" not in result.out
    assert "J* =" not in result.out
    document = json.loads(run("check", GAME, path, "--json").out)
    assert document["certified"] is False
    assert document["verdict"]["lower"] is None
    assert document["verdict"]["reason"].startswith(reason)


def test_too_few_bits_are_inconclusive(run: Run, tmp_path: Path) -> None:
    path = certificate(tmp_path)
    result = run("check", GAME, path, "--precision", 20)
    assert result.code == 1
    assert result.out.startswith("inconclusive: ")
    assert "raise the precision" in result.out


def test_another_games_certificate_is_an_error(run: Run, tmp_path: Path) -> None:
    path = certificate(tmp_path)
    result = run("check", "ochs-1995-4", path)
    assert (result.code, result.out) == (2, "")
    assert "certificate is of the game" in result.err


def test_the_same_tables_with_another_eta_are_another_game(run: Run, tmp_path: Path) -> None:
    assert run("check", GAME, certificate(tmp_path), "--eta", 2).code == 2


def test_a_malformed_certificate_is_an_error(run: Run, tmp_path: Path) -> None:
    path = certificate(tmp_path, lambda document: document.pop("lower"))
    result = run("check", GAME, path)
    assert (result.code, result.out) == (2, "")
    assert "field 'lower' is missing" in result.err


@pytest.mark.parametrize(
    ("threshold", "answer", "code"), [("2.5", "yes", 0), ("3", "no", 1), ("5/2", "yes", 0)]
)
def test_decide_answers_with_its_exit_code(
    run: Run, threshold: str, answer: str, code: int
) -> None:
    result = run("decide", GAME, "--at-least", threshold)
    assert result.code == code
    assert result.out.startswith(f"{answer}: J* ")
    result = run("decide", GAME, "--at-least", threshold, "--json")
    document = json.loads(result.out)
    assert result.code == code
    assert document["answer"] == answer
    assert document["at_least"] == format_rational(Fraction(threshold))
    assert document["certified"] is True
    lower, upper = Fraction(document["lower"]), Fraction(document["upper"])
    assert lower >= Fraction(threshold) if answer == "yes" else upper < Fraction(threshold)


def test_decide_gives_up_at_the_limit(run: Run) -> None:
    middle = format_rational(solve(get(GAME), 30).value.mid)
    result = run("decide", GAME, "--at-least", middle, "--max-digits", 10)
    assert result.code == 1
    assert result.out.startswith("undecided: ")
    assert "10 digits" in result.out


def test_decide_gives_up_after_a_time(run: Run) -> None:
    options = ("--observes", "nothing", "--at-least", "-10", "--time-limit", "0.000001")
    result = run("decide", "patrol-4", *options)
    assert result.code == 1
    assert result.out.startswith("undecided: -10 lies within the bounds so far: the limit of 1e-06")
    assert json.loads(run("decide", "patrol-4", *options, "--json").out)["stopped"]
    refused = run("decide", "patrol-4", "--at-least", "-10", "--time-limit", "0")
    assert (refused.code, refused.out) == (2, "")
    assert "time_limit: 0.0 is not a positive number" in refused.err


def test_decide_needs_an_exact_number(run: Run) -> None:
    result = run("decide", GAME, "--at-least", "about 3")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: --at-least: 'about 3' is not a rational number")


def test_a_leader_who_sees_nothing_is_solved_to_six_digits(run: Run) -> None:
    result = run("solve", GAME, "--observes", "nothing", "--json")
    assert result.code == 0
    document = json.loads(result.out)
    assert document["digits"] == 6
    assert document["certified"] is True


def test_a_gap_that_was_not_reached_is_said(run: Run) -> None:
    options = ("--observes", "nothing", "--digits", "14", "--time-limit", "0.000001")
    result = run("solve", "patrol-4", *options)
    assert result.code == 0
    assert "wider than asked for: the limit of 1e-06 s was reached" in result.out


def test_a_leader_who_remembers(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "game.json", tmp_path / "cert.json.gz"
    Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]], horizon=2, gamma="1/2").save(
        path
    )
    result = run("solve", str(path), "--history", "--gap", "0.01", "--out", str(out))
    assert result.code == 0
    assert "the leader remembers" in result.out
    assert run("check", str(path), str(out)).code == 0
    refused = run("solve", str(path), "--history", "--policy", str(tmp_path / "p.json"))
    assert refused.code == 2
    assert "has no table of a policy" in refused.err
    document = json.loads(run("solve", str(path), "--history", "--gap", "0.01", "--json").out)
    assert document["certified"] is True
    assert document["policy"] is None


def test_a_leader_who_remembers_against_best_responses(run: Run, tmp_path: Path) -> None:
    out, what = tmp_path / "cert.json", ("random-dense", "--eta", "inf", "--gamma", "1/2")
    words = ("solve", *what, "--history", "--time-limit", "20")
    result = run(*words, "--gap", "0.01", "--out", str(out))
    assert result.code == 0, result.err
    assert "J* over leaders who remember, by the kernel checker" in result.out
    assert "the leader remembers: what she plays is in the certificate" in result.out
    checked = run("check", *what, str(out))
    assert checked.code == 0
    assert checked.out.startswith("certified: lower <= J(policy) <= J* <= upper, J* over leaders")
    flint = run("check", *what, str(out), "--arithmetic", "flint")
    assert flint.code == 0
    assert run(*words, "--gap", "0.001", "--resume", str(out), "--out", str(out)).code == 0
    document = json.loads(out.read_text())
    document["upper"] = str(Fraction(document["upper"]) - 1)
    out.write_text(json.dumps(document))
    refused = run("check", *what, str(out))
    assert refused.code == 1
    assert "rejected: upper is less than the bound of cover[0], by at least " in refused.out
    coq = run("coq", *what, str(out), "--out", str(tmp_path / "x.v"))
    assert coq.code == 2
