from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import exactqse
from exactqse.arithmetic import Enclosure
from exactqse.errors import InputError
from exactqse.games import dense, get
from exactqse.report import draw_sweep, isolation_lines, pictures
from exactqse.sweep import sensitivities, sweep

Run = Callable[..., Any]
GAME = "conitzer-sandholm-2006"
MAGIC = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n", "svg": b"<?xml"}


def test_a_table_with_supports_changes_and_limits(run: Run) -> None:
    result = run("sweep", GAME, "--observes", "nothing", "--eta", "0.1,1,10,inf")
    assert result.code == 0
    assert "2.53788[28, 38]" in result.out
    lines = result.out.splitlines()
    assert [line for line in lines if line.startswith("support changes for some eta in [1.06")]
    assert "  step 0, state 0, after 0, 1: 0 -> 0, 1" in lines
    assert "limit as eta falls to 0: 3 (he answers uniformly)" in lines
    assert "limit as eta grows: 7/2 (the strong and the weak Stackelberg value)" in lines


def test_points_that_stay_wide_are_said(run: Run) -> None:
    game = ("sweep", "patrol-4", "--observes", "nothing", "--eta", "1")
    out = run(*game, "--digits", 9, "--time-limit", "0.001").out
    assert "wider than asked for at 1 point: --json says why" in out


def test_a_farsighted_follower(run: Run) -> None:
    out = run("sweep", GAME, "--observes", "nothing", "--gamma", "1/2", "--eta", "1,4,inf").out
    lines = out.splitlines()
    assert "support of the computed policy changes for some eta in [1, 4]" in lines
    assert "  not narrowed further: brackets are narrowed for gamma = 0 only" in lines
    (last,) = [line for line in lines if line.startswith("as eta grows, limits lie in ")]
    assert last.endswith(
        "from a commitment's worst case to the bound of the strong Stackelberg value"
    )


def test_the_data_file_is_the_json(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    words = ("sweep", GAME, "--from", "1/2", "--to", "2", "--points", 3, "--digits", 9, "--json")
    printed = json.loads(run(*words, "--out", path).out)
    written = json.loads(path.read_text())
    assert printed.pop("written") == {"data": str(path), "picture": None}
    assert printed == written
    found = sweep(get(GAME), ["1/2", "5/4", 2], 9)
    ends = [(point["lower"], point["upper"]) for point in written["points"]]
    assert ends == [(str(p.value.lower), str(p.value.upper)) for p in found.points]
    assert [point["eta"] for point in written["points"]] == ["1/2", "5/4", "2"]
    assert [point["support"] for point in written["points"]] == [
        [list(actions) for actions in p.support] for p in found.points
    ]
    assert [(c["lower"], c["upper"]) for c in written["changes"]] == [
        (str(c.lower), str(c.upper)) for c in found.changes
    ]
    assert written["limits"]["zero"] == "3"
    assert "eta" not in written["game"]


@pytest.mark.parametrize("kind", ["pdf", "png", "svg"])
def test_a_picture_is_written(run: Run, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"sweep.{kind}"
    result = run("sweep", GAME, "--from", "0.1", "--to", "10", "--log", "--picture", path)
    assert (result.code, result.err) == (0, "")
    assert path.read_bytes().startswith(MAGIC[kind])
    assert f"picture written to {path}" in result.out


def test_a_picture_has_its_axes_labelled(tmp_path: Path) -> None:
    path = tmp_path / "sweep.svg"
    draw_sweep(sweep(get(GAME), [1, 100, "inf"], 5, width=1), path)
    text = path.read_text()
    for label in ("inverse temperature", "leader's optimal value", "enclosure", "support changes"):
        assert label in text


def test_a_picture_of_infinity_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no finite eta to draw"):
        draw_sweep(sweep(get(GAME), ["inf"]), tmp_path / "sweep.png")
    game = exactqse.Game.from_arrays(None, [[["1e400"]]], [[[0]]])
    with pytest.raises(InputError, match="beyond the range of float64"):
        draw_sweep(sweep(game, [1], 5), tmp_path / "sweep.png")


def test_without_matplotlib_one_line_says_how_to_install_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(pictures, "import_module", absent)
    result = run("sweep", GAME, "--eta", "1", "--picture", tmp_path / "sweep.png")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: picture: matplotlib is not installed; "
        'install it with: pip install "exactqse[pictures]"\n'
    )
    assert list(tmp_path.iterdir()) == []
    assert run("sweep", GAME, "--eta", "1", "--out", tmp_path / "data.json").code == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("sweep", GAME), "sweep: no eta is given; give --eta 0.1,1,10,inf or --from 0.1 --to 10"),
        (("sweep", GAME, "--from", "1"), "grid: --from needs --to"),
        (("sweep", GAME, "--from", "2", "--to", "1"), "0 < start < stop does not hold"),
        (("sweep", GAME, "--from", "1", "--to", "2", "--points", "1"), "points: 1 is not"),
        (("sweep", GAME, "--from", "1", "--to", "2", "--points", "0"), "points: 0 is not"),
        (("sweep", GAME, "--eta", "1", "--points", "0"), "--points: means nothing without a grid"),
        (("sweep", GAME, "--eta", "1", "--log"), "--log: means nothing without a grid"),
        (("sweep", GAME, "--eta", "1,x"), "--eta: 'x' is not a rational number"),
        (("sweep", GAME, "--eta", "1,"), "--eta"),
        (("sweep", GAME, "--eta", "-1"), "is not positive"),
        (("sweep", GAME, "--eta", "1", "--width", "0"), "width: 0 is not at least 10^-30"),
        (("sweep", GAME, "--eta", "1", "--picture", "a.jpg"), "does not end in .pdf, .png, .svg"),
        (("sweep", GAME, "--eta", "1", "--out", "absent/a.json"), "its folder does not exist"),
        (
            ("sweep", GAME, "--eta", "1", "--out", "a.svg", "--picture", "a.svg"),
            "would be overwritten",
        ),
        (("sensitivities", GAME, "--digits", "0"), "digits: 0 is not an integer"),
    ],
)
def test_bad_input_is_one_line_and_code_two(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert text in result.err
    assert list(tmp_path.iterdir()) == []


def test_sensitivities_as_tables_and_as_json(run: Run) -> None:
    found = sensitivities(exactqse.solve(get(GAME), 20))
    result = run("sensitivities", GAME, "--digits", 20)
    assert result.code == 0
    lines = result.out.splitlines()
    assert f"dJ*/deta = {found.eta}" in lines
    assert "isolated: exactly one policy is optimal from every step and state on" in lines
    document = json.loads(run("sensitivities", GAME, "--digits", 20, "--json").out)
    assert document["certified"] is True
    assert document["isolation"]["verdict"] == "isolated"
    assert document["sensitivities"]["differentiable"] is True
    for name in ("u", "r"):
        entry = document["sensitivities"][name][0][0][1][1]
        assert (
            Enclosure(Fraction(entry["lower"]), Fraction(entry["upper"]))
            == (getattr(found, name)[0][0][1][1])
        )


def test_a_farsighted_follower_has_ranges_besides(run: Run) -> None:
    words = "sensitivities", GAME, "--gamma", "1/2", "--observes", "nothing"
    result = run(*words)
    assert result.code == 0
    assert (
        "isolated: exactly one policy is optimal, at the steps and states that it reaches"
        in result.out.splitlines()
    )
    document = json.loads(run(*words, "--json").out)
    found = sensitivities(exactqse.solve(get(GAME).with_(observes="nothing"), 20))
    eta = document["sensitivities"]["eta"]
    assert Enclosure(Fraction(eta["lower"]), Fraction(eta["upper"])).overlaps(found.eta)
    assert document["sensitivities"]["differentiable"] is True
    assert document["isolation"]["verdict"] == "isolated"
    assert document["certified"] is True
    assert "met" not in document["effort"]
    near = document["near_optimal"]
    told = re.search(r"with J >= ([0-9.]+),", result.out)
    assert told is not None
    level = Fraction(near["level"])
    assert level < Fraction(told[1]) < level + Fraction(1, 10**9)  # true of a larger one, too
    assert Fraction(near["level"]) == Fraction(document["lower"])
    assert near["parts"] == sum(group["parts"] for group in near["groups"])
    assert near["values"] == near["groups"][0]["values"]


def test_an_undecided_farsighted_optimum_is_said(run: Run, tmp_path: Path) -> None:
    """Two actions that differ at nothing but a tie: state 1 is left or not, all the same."""
    path = tmp_path / "tie.json"
    P = [[[{1: 1}], [{2: 1}]], [[{1: 1}], [{1: 1}]], [[{2: 1}], [{2: 1}]]]
    u, r = [[[1], [1]], [[0], [-1]], [[0], [-1]]], [[[0], [0]]] * 3
    exactqse.Game.from_arrays(P, u, r, horizon=2, rho=0, eta=1, gamma=1).save(path)
    result = run("sensitivities", path)
    assert result.code == 0
    assert "undecided: other policies may be optimal" in result.out
    assert "more digits may decide it" in result.out
    assert "J* may have kinks" in result.out


def test_ties_are_said(run: Run) -> None:
    """In the last step it does not matter where she goes."""
    result = run("sensitivities", "patrol-4")
    assert result.code == 0
    assert "multiple: several policies are optimal" in result.out
    assert "within the gap too: clockwise at step 5, state at 1, after wait" in result.out
    assert "both one-sided derivatives of J* in eta lie in -2.34606" in result.out
    assert "more rows: --all shows them" in result.out
    everything = run("sensitivities", "patrol-4", "--all").out
    assert "--all" not in everything


def test_an_nfg_file_is_swept_with_its_assumptions(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_text('NFG 1 R "" { "a" "b" } { 2 2 } 2 1 1 0 4 0 3 1')
    document = json.loads(run("sweep", path, "--eta", "1", "--json").out)
    assert document["assumed"] == {"leader": "player 1", "observes": "action"}


def test_the_only_optimum_of_a_best_responding_follower(run: Run) -> None:
    words = ("sensitivities", GAME, "--eta", "inf", "--observes", "nothing")
    lines = run(*words).out.splitlines()
    assert "isolated: exactly one policy is optimal from every step and state on" in lines
    assert "where optimal policies lead, the same is played for all of them" in lines
    document = json.loads(run(*words, "--json").out)
    assert document["sensitivities"] is None
    assert document["isolation"]["verdict"] == "isolated"
    assert document["isolation"]["others"] == []
    half = {"lower": "1/2", "upper": "1/2"}
    assert document["isolation"]["played"] == [
        {"step": 0, "state": 0, "follower_action": 1, "weights": [half, half]}
    ]


def test_two_optima_of_a_best_responding_follower(run: Run, tmp_path: Path) -> None:
    """He answers with what she plays, and both are worth 1."""
    same = [[[1, 0], [0, 1]]]
    game = exactqse.Game.from_arrays(None, same, same, eta="inf", observes="nothing")
    path = tmp_path / "game.json"
    game.save(path)
    out = run("sensitivities", path).out
    assert "multiple: several policies are optimal\n" in out
    assert (
        "what is played where optimal policies lead may differ, first at step 0, state 0\n" in out
    )
    assert "within the gap too: a policy with J = 1, whose probabilities differ by up to 1\n" in out
    (other,) = json.loads(run("sensitivities", path, "--json").out)["isolation"]["others"]
    assert (other["value"], other["distance"], other["group"]) == (
        {"lower": "1", "upper": "1"},
        "1",
        None,
    )


def test_what_is_played_is_undecided_where_bounds_differ() -> None:
    game = get("random-dense").with_(eta="inf", gamma=0, observes="nothing")
    found = exactqse.isolation(exactqse.solve(game, node_limit=1))
    text = [str(line) for line in isolation_lines(game, found)]
    assert text[0] == "undecided: other policies may be optimal"
    assert "what is played where optimal policies lead is undecided" in text


def test_values_of_near_optimal_policies_against_best_responses(run: Run, tmp_path: Path) -> None:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=1, eta=1)
    path = tmp_path / "game.json"
    game.with_(gamma="1/2", eta="inf").save(path)
    lines = run("sensitivities", path).out.splitlines()
    assert sum(line.startswith("the follower's values, of every policy") for line in lines) == 1
    assert "J* is differentiated for finite eta only" in lines
    assert "multiple: several policies are optimal" in lines
    moves = (
        "after answers that are worth less to him her mixtures may move, first at step 0, state 1"
    )
    assert moves in lines
    document = json.loads(run("sensitivities", path, "--json").out)
    assert document["sensitivities"] is None
    assert document["isolation"]["verdict"] == "multiple"
    values = document["near_optimal"]["values"]
    assert [(x["step"], x["state"]) for x in values] == [(1, 0), (1, 1)]
