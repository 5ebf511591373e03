from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exactqse import Game
from exactqse.games import catalogue, get
from exactqse.kernel.gamefile import game_bytes
from exactqse.model.graph import describe_graph

Run = Callable[..., Any]
NFG = """NFG 1 R "commitment" { "row" "column" } { { "T" "B" } { "L" "R" } }
2 1 1 0 4 0 3 1
"""


@pytest.fixture
def nfg(tmp_path: Path) -> Path:
    path = tmp_path / "game.nfg"
    path.write_text(NFG)
    return path


def test_show_prints_sizes_hash_graph_and_rewards(run: Run) -> None:
    game = get("patrol-4")
    out = run("show", "patrol-4").out
    assert f"hash {game.hash}" in out
    assert "graph: 20 of 24 nodes (step, state) reachable, 48 moves" in out
    assert "layers: 1, 3, 4, 4, 4, 4" in out
    assert "never reached, skipped: step 0: at 2, at 3, at 4; step 1: at 3" in out
    assert "shape: paths merge at step 2: at 1" in out
    assert "more rows: --all shows them" in out
    assert "more row" not in run("show", "patrol-4", "--all").out


def test_show_prints_a_matrix_game_as_a_matrix(run: Run) -> None:
    rows = [line.split() for line in run("show", "ochs-1995-4").out.splitlines()]
    assert ["│", "Up", "│", "4,", "0", "│", "0,", "1", "│"] in rows


def test_show_fits_eighty_columns(run: Run) -> None:
    for name in ("patrol-4", "security-5", "random-dense"):
        table = [line for line in run("show", name).out.splitlines() if "─" not in line]
        assert all(len(line) <= 80 for line in table if not line.startswith("  shape")), name


def test_show_json_is_the_whole_game(run: Run) -> None:
    game = get("inspection-3-of-8")
    document = json.loads(run("show", "inspection-3-of-8", "--json").out)
    file = json.loads(game_bytes(game))
    assert document["tables"] == {name: file[name] for name in ("rho", "P", "u", "r")}
    graph = describe_graph(game)
    assert document["graph"]["reachable"] == graph.reachable
    assert document["graph"]["unreachable"] == [list(place) for place in graph.unreachable]
    assert document["graph"]["is_tree"] is graph.is_tree


def test_games_are_listed_with_their_sources(run: Run) -> None:
    out = run("games", "list").out
    assert run("games").out == out
    for entry in catalogue():
        assert entry.name in out
        assert entry.source in out
    document = json.loads(run("games", "list", "--json").out)
    assert [game["name"] for game in document["games"]] == [entry.name for entry in catalogue()]
    assert document["games"][0]["game"]["hash"] == get(catalogue()[0].name).hash


def test_an_exported_game_is_the_shipped_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    result = run("games", "export", "security-5", "--out", path)
    assert result.code == 0
    assert path.read_bytes() == game_bytes(get("security-5"))
    assert get("security-5").hash in result.out
    assert json.loads(run("solve", path, "--json").out) == json.loads(
        run("solve", "security-5", "--json").out
    )


def test_exporting_an_unknown_game_is_an_error(run: Run, tmp_path: Path) -> None:
    result = run("games", "export", "security", "--out", tmp_path / "game.json")
    assert result.code == 2
    assert "did you mean security-5" in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("leader", [1, 2])
def test_convert_an_nfg_file(run: Run, tmp_path: Path, nfg: Path, leader: int) -> None:
    path = tmp_path / "game.json"
    options = ("--leader", leader, "--eta", "1/3", "--gamma", "0.5", "--observes", "nothing")
    document = json.loads(run("convert", nfg, "--out", path, *options, "--json").out)
    game = Game.load(path)
    tables = ([[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]])
    if leader == 2:
        tables = ([[[1, 0], [0, 1]]], [[[2, 1], [4, 3]]])
    assert [[[*map(int, row)] for row in state] for state in game.u[0]] == tables[0]
    assert [[[*map(int, row)] for row in state] for state in game.r[0]] == tables[1]
    assert document["game"]["hash"] == game.hash
    assert document["game"]["eta"] == "1/3"
    assert document["game"]["gamma"] == "1/2"
    assert document["game"]["observes"] == [[0, 1]]


def test_an_nfg_file_is_solved_directly(run: Run, nfg: Path) -> None:
    named, shipped = (
        json.loads(run("solve", game, "--json").out) for game in (nfg, "conitzer-sandholm-2006")
    )
    assert (named["lower"], named["upper"]) == (shipped["lower"], shipped["upper"])


def test_convert_without_changes_is_the_canonical_file(run: Run, tmp_path: Path) -> None:
    spelt = tmp_path / "spelt.json"
    document = json.loads(game_bytes(get("ochs-1995-4")))
    document["eta"] = "2/2"
    spelt.write_text(json.dumps(document, indent=2))
    path = tmp_path / "canonical.json"
    assert run("convert", spelt, "--out", path).code == 0
    assert path.read_bytes() == game_bytes(get("ochs-1995-4"))


def certificate_of(run: Run, nfg: Path, *options: object) -> Path:
    path = nfg.with_name("certificate.json")
    run("solve", nfg, "--out", path, *options)
    return path


@pytest.mark.parametrize("command", ["solve", "check", "evaluate", "decide", "show", "convert"])
@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ((), {"eta": "1", "leader": "player 1", "observes": "action"}),
        (("--eta", 1), {"leader": "player 1", "observes": "action"}),
        (("--leader", 2, "--observes", "action"), {"eta": "1"}),
        (("--leader", 1, "--observes", "action", "--eta", 1), {}),
    ],
)
def test_what_an_nfg_file_leaves_open_is_said(
    run: Run, nfg: Path, command: str, options: tuple[object, ...], taken: dict[str, str]
) -> None:
    more: dict[str, tuple[object, ...]] = {
        "check": (certificate_of(run, nfg, *options),),
        "evaluate": ("uniform",),
        "decide": ("--at-least", -9),
        "convert": ("--out", nfg.with_name("game.json")),
    }
    arguments = (command, nfg, *more.get(command, ()), *options)
    notes = [note for note in run(*arguments).out.splitlines() if note.startswith("assumed")]
    values = ", ".join(f"{name} = {value}" for name, value in taken.items())
    names = ", ".join(f"--{name}" for name in taken)
    assert notes == ([f"assumed: {values}; change with {names}"] if taken else [])
    assert json.loads(run(*arguments, "--json").out)["assumed"] == taken


def test_the_closed_form_of_an_nfg_file_says_what_is_assumed(run: Run, nfg: Path) -> None:
    out = run("evaluate", nfg, "uniform", "--symbolic", "--eta", 1, "--leader", 1).out
    assert out.splitlines()[-1] == "assumed: observes = action; change with --observes"


def test_other_games_leave_nothing_open(run: Run) -> None:
    result = run("solve", "ochs-1995-4")
    assert "assumed" not in result.out
    assert json.loads(run("solve", "ochs-1995-4", "--json").out)["assumed"] == {}
