from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner

import exactqse
from exactqse.cli import app, main
from exactqse.games import get
from exactqse.learn.registry import ONLINE

Run = Callable[..., Any]
GAME = "conitzer-sandholm-2006"
SCRIPT = Path(sys.executable).with_name("exactqse")
THREE = 'NFG 1 R "three" { "a" "b" "c" } { 1 1 1 } 1 2 3'


def refused(result: Any, text: str) -> None:
    """Exit code 2, nothing on the output, one line that says why."""
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert result.err.endswith("\n")
    assert "Traceback" not in result.err
    assert text in result.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("solve", "ochs-1995-5"), "did you mean ochs-1995-"),
        (("solve", "ochs"), "did you mean ochs-1995-1 or ochs-1995-4 or ochs-1995-9?"),
        (("solve", "zzzzzzzz"), "is neither a file nor a shipped game; `exactqse games` lists"),
        (("show", "a" * 5000), "is neither a file nor a shipped game"),
        (("show", "a\0b"), "is neither a file nor a shipped game"),
        (("show", "two\nlines"), "two\\nlines: is neither a file"),
        (("show", "."), "cannot be read"),
        (("show", "absent.nfg"), "absent.nfg: is neither a file nor a shipped game"),
        (("solve", GAME, "--eta", "0"), "eta: 0 is not positive"),
        (("solve", GAME, "--eta", "1e999999999"), "too large an exponent"),
        (("solve", GAME, "--eta", "nan"), "is not a rational number"),
        (("solve", GAME, "--gamma", "2"), "gamma: 2 is not in [0, 1]"),
        (("solve", GAME, "--observes", "0|0,1"), "is not a partition"),
        (("solve", GAME, "--observes", "all"), "'all' is not action, nothing, or a partition"),
        (("solve", GAME, "--leader", "2"), "--leader: says who leads in an .nfg file"),
        (("solve", GAME, "--digits", "0"), "digits: 0 is not an integer in 1..1000"),
        (("decide", GAME, "--at-least", "1", "--max-digits", "0"), "max_digits"),
        (("evaluate", GAME, "uniform", "--digits", "1001"), "digits"),
        (("evaluate", GAME, "absent.json"), "absent.json: cannot be read"),
        (("check", GAME, "absent.json"), "absent.json: cannot be read"),
        (("solve", GAME, "--out", "absent/c.json"), "its folder does not exist"),
        (("solve", GAME, "--out", "."), "is a folder"),
        (("solve", GAME, "--digits", "5", "--gap", "0.1"), "--gap: says the same as --digits"),
        (("solve", GAME, "--gap", "tiny"), "--gap: 'tiny' is not a rational number"),
        (("solve", GAME, "--gap", "0"), "gap: "),
        (("solve", GAME, "--gap", "-1"), "gap: "),
        (("solve", GAME, "--time-limit", "0"), "time_limit: 0.0 is not a positive number"),
        (("solve", GAME, "--time-limit", "nan"), "time_limit: nan is not a positive number"),
        (("solve", GAME, "--node-limit", "-3"), "node_limit: -3 is not a positive number"),
        (("solve", GAME, "--resume", "absent.json"), "absent.json: cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_code_two(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(run(*arguments), text)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extra", [(), ("--json",)])
@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("three.nfg", THREE, "3 players"),
        ("game.efg", 'EFG 2 R "extensive" { "a" "b" }', "is an extensive game"),
        ("game.json", "{", "is not valid JSON"),
        ("game.json", '{"format": 1, "format": 2}', "duplicate key 'format'"),
        ("game.json", "[" * 100_000, "is nested too deeply"),
        ("game.json", "[NaN]", "NaN is not a number"),
        ("game.json", "[]", "is not a JSON object"),
    ],
)
def test_bad_files_are_one_line_and_code_two(
    run: Run, tmp_path: Path, name: str, content: str, text: str, extra: tuple[str, ...]
) -> None:
    path = tmp_path / name
    path.write_text(content)
    refused(run("solve", path, *extra), text)


def test_the_leader_of_an_nfg_file_is_one_or_two(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_text('NFG 1 R "" { "a" "b" } { 1 1 } 1 2')
    refused(run("show", path, "--leader", "3"), "--leader: 3 is not a player")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("solve",), "missing argument 'GAME'; see exactqse solve --help"),
        (("unknown",), "no such command 'unknown'; see exactqse --help"),
        (("solv", GAME), "no such command 'solv'. Did you mean 'solve'?"),
        (("games", "lst"), "no such command 'lst'. Did you mean 'list'?"),
        (("--unknown",), "no such option: --unknown"),
        (("solve", GAME, "--unknown"), "no such option: --unknown; see exactqse solve --help"),
        (("solve", GAME, "--digit", "3"), "--digits"),
        (("solve", GAME, "--digits"), "--digits"),
        (("solve", GAME, "--digits", "many"), "invalid value for '--digits': "),
        (("solve", GAME, "--node-limit", "1.5"), "invalid value for '--node-limit': "),
        (("solve", GAME, "--time-limit", "long"), "invalid value for '--time-limit': "),
        (("solve", GAME, "--checker", "trust"), "is not one of 'kernel', 'flint'; see"),
        (("solve", GAME, "two\nlines"), "extra argument"),
        (("decide", GAME), "missing option '--at-least'; see exactqse decide --help"),
        (("check", GAME), "missing argument 'CERT'"),
        (("games", "export"), "missing argument 'NAME'"),
    ],
)
def test_wrong_usage_is_one_line_and_code_two(
    run: Run, arguments: tuple[str, ...], text: str
) -> None:
    refused(run(*arguments), text)


def test_help_and_version(run: Run) -> None:
    assert run("--version").out == f"exactqse {exactqse.__version__}\n"
    for command in ("solve", "check", "evaluate", "decide", "show", "convert", "games"):
        result = run(command, "--help")
        assert result.code == 0
        assert command in result.out
    assert run().out == run("--help").out
    assert run().code == 0
    runner = CliRunner()
    assert runner.invoke(app, ["--help"]).exit_code == 0


def helped(run: Run, command: str) -> str:
    return " ".join(run(command, "--help").out.replace("│", "").split())


@pytest.mark.parametrize(
    ("command", "default"), [("solve", "15;"), ("learn", "solve's"), ("draw", "8"), ("sweep", "1")]
)
def test_defaults_that_depend_are_told(run: Run, command: str, default: str) -> None:
    """Unescaped, rich takes [default: ...] for markup, and drops it."""
    assert f"[default: {default}" in helped(run, command)


def test_the_help_names_every_learner(run: Run) -> None:
    assert f"{', '.join(ONLINE)}; or module:attribute" in helped(run, "learn")


def test_the_input_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    get(GAME).save(path)
    before = path.read_bytes()
    refused(run("solve", path, "--out", path), "would be overwritten")
    refused(run("solve", path, "--policy", path), "would be overwritten")
    both = tmp_path / "both.json"
    refused(run("solve", path, "--out", both, "--policy", both), "would be overwritten")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_solve_is_code_130_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_args: object, **_options: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(exactqse, "solve", interrupt)
    result = run("solve", GAME, "--out", tmp_path / "c.json")
    assert result.code == 130
    assert result.out == ""
    assert "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    path = tmp_path / "c.json"
    path.write_text("old")

    def fail(*_args: object) -> NoReturn:
        raise failure

    monkeypatch.setattr("exactqse.writing.Path.replace", fail)
    result = run("solve", GAME, "--out", path)
    assert (result.code, result.out) == (2 if isinstance(failure, OSError) else 130, "")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_integers_of_any_length_are_printed_and_the_limit_is_restored(
    run: Run, tmp_path: Path
) -> None:
    game = get("random-dense")
    path = tmp_path / "game.json"
    document = tmp_path / "big.json"
    game.save(path)
    data = json.loads(path.read_text())
    data["u"] = [[[[f"1/{10**1500 + 7 * i}" for i in range(3)]] * 3] * 4]
    data["eta"] = "inf"
    document.write_text(json.dumps(data))
    limit = sys.get_int_max_str_digits()
    result = run("evaluate", document, "uniform", "--json")
    assert result.code == 0
    assert max(len(x) for x in json.loads(result.out)["J"].values()) > limit
    assert sys.get_int_max_str_digits() == limit


def test_names_cannot_command_the_terminal(run: Run, tmp_path: Path) -> None:
    names = {"leader_actions": ["[red]up[/red]", "\x1b[31mdown"]}
    game = exactqse.Game.from_arrays(None, [[[1], [2]]], [[[0], [0]]], names=names)
    path = tmp_path / "game.json"
    game.save(path)
    out = run("show", path).out
    assert "[red]up[/red]" in out
    assert "\x1b" not in out
    assert "\\x1b[31mdown" in out
    assert "\\x1b[31mdown" in run("solve", path).out


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["exactqse", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("exactqse ")


async def script(*arguments: object) -> tuple[int | None, str, str]:
    """Run the installed script in a process of its own."""
    words = [str(argument) for argument in arguments]
    process = await asyncio.create_subprocess_exec(SCRIPT, *words, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def test_what_is_wrong_in_a_file_is_told_with_its_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("games", "export", GAME, "--out", "game.json")
    run("solve", GAME, "--out", "c.json", "--policy", "p.json")
    files = {name: Path(name).read_text() for name in ("game.json", "c.json", "p.json")}
    Path("game.json").write_text(files["game.json"].replace('"eta":"1"', '"eta":"0"'))
    refused(run("show", "game.json"), "error: game.json: eta: 0 is not positive")
    Path("c.json").write_text(files["c.json"].replace('"precision":', '"precision":-'))
    refused(run("check", GAME, "c.json"), "error: c.json: precision: ")
    Path("p.json").write_text(files["p.json"].replace('"1"', '"-1"'))
    refused(run("evaluate", GAME, "p.json"), "error: p.json: pi[0][0][0]: ")


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_that_goes_away_is_no_negative_verdict(more: tuple[str, ...]) -> None:
    async def unread() -> tuple[int | None, bytes]:
        reading, writing = os.pipe()
        os.close(reading)
        words = (SCRIPT, "decide", GAME, "--at-least", "2", *more)
        process = await asyncio.create_subprocess_exec(*words, stdout=writing, stderr=PIPE)
        os.close(writing)
        _, err = await process.communicate()
        return process.returncode, err

    assert asyncio.run(unread()) == (141, b"")


def test_the_installed_script(tmp_path: Path) -> None:
    certificate = tmp_path / "c.json"
    code, out, err = asyncio.run(script("solve", GAME, "--out", certificate, "--json"))
    assert (code, err) == (0, "")
    assert json.loads(out)["certified"] is True
    code, out, err = asyncio.run(script("check", "ochs-1995-4", certificate))
    assert (code, out) == (2, "")
    assert err.startswith("error: game: certificate is of the game")
