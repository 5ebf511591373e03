"""Searches that are limited, interrupted, killed and resumed from the command line."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exactqse import Certificate, Game, check
from exactqse.report import progress

Run = Callable[..., Any]
BLIND = ("--observes", "nothing")
EAGER = """
import sys
from exactqse.cli import main
from exactqse.solve import keeping, partition
keeping.SECONDS = keeping.SHARE = 0.0
partition._PASS = 32
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """A game of some seconds."""
    u, r = np.random.default_rng(1).integers(0, 11, (2, 10, 10)).tolist()
    path = tmp_path / "game.json"
    Game.from_arrays(None, [u], [r], eta="1/2", observes="nothing").save(path)
    return path


def width(document: dict[str, Any]) -> Fraction:
    return Fraction(document["upper"]) - Fraction(document["lower"])


def appear(path: Path) -> None:
    """Wait for the file."""
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


async def stopped(number: signal.Signals, out: Path, *arguments: object) -> tuple[int, str, str]:
    """Run the command until it has written ``out``, then send it the signal."""
    words = [str(argument) for argument in arguments]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", EAGER, *words, stdout=PIPE, stderr=PIPE
    )
    await asyncio.to_thread(appear, out)
    process.send_signal(number)
    printed, said = await process.communicate()
    return process.returncode or 0, printed.decode(), said.decode()


def test_a_killed_search_leaves_a_certificate_to_go_on_with(
    run: Run, game: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.json"
    code, printed, _ = asyncio.run(
        stopped(signal.SIGKILL, out, "solve", game, "--gap", "1e-6", "--out", out)
    )
    assert (code, printed) == (-signal.SIGKILL, "")
    known = Certificate.load(out)
    assert check(Game.load(game), known)
    assert known.upper - known.lower > Fraction(1, 10**6)
    options = ("--resume", out, "--out", out, "--node-limit", "100", "--json")
    document = json.loads(run("solve", game, *options).out)
    assert document["certified"] is True
    assert Fraction(document["lower"]) >= known.lower
    assert Fraction(document["upper"]) <= known.upper
    assert Certificate.load(out).upper == Fraction(document["upper"])


def test_ctrl_c_prints_and_writes_the_best_so_far(game: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    code, printed, said = asyncio.run(
        stopped(signal.SIGINT, out, "solve", game, "--gap", "1e-6", "--out", out, "--json")
    )
    assert (code, said) == (130, "")
    document = json.loads(printed)
    assert document["certified"] is True
    assert document["reached"] is False
    assert document["effort"]["interrupted"] is True
    known = Certificate.load(out)
    assert (str(known.lower), str(known.upper)) == (document["lower"], document["upper"])
    assert check(Game.load(game), known)


def test_limits_and_resume(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    aim = ("--gap", "1/1000", "--json")
    first = json.loads(run("solve", "patrol-4", *BLIND, *aim, "--node-limit", 9, "--out", out).out)
    rest = json.loads(run("solve", "patrol-4", *BLIND, *aim, "--resume", out).out)
    assert first["reached"] is False
    assert first["effort"]["stopped"] == "the limit of 9 nodes was reached"
    assert first["gap"] == rest["gap"] == "1/1000"
    assert first["digits"] is None
    assert rest["reached"] is True
    assert width(rest) <= Fraction(1, 1000) < width(first)


def test_what_cannot_be_resumed_is_one_line_and_code_two(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    name = "conitzer-sandholm-2006"
    run("solve", name, *BLIND, "--out", out)
    before = out.read_bytes()
    cases = [
        (("solve", name), "resume: there is no search to go on with"),
        (("solve", "ochs-1995-4", *BLIND), "game: certificate is of the game"),
        (("solve", name, *BLIND, "--policy", out), "would be overwritten"),
    ]
    for arguments, text in cases:
        result = run(*arguments, "--resume", out)
        assert (result.code, result.out) == (2, "")
        assert result.err.count("\n") == 1
        assert text in result.err
    document = json.loads(out.read_text())
    document["upper"] = document["lower"]
    out.write_text(json.dumps(document))
    result = run("solve", name, *BLIND, "--resume", out)
    assert (result.code, result.out) == (2, "")
    assert "resume: the certificate is rejected: upper is less" in result.err
    assert before != out.read_bytes()


def test_an_interrupted_decision_is_undecided(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(standing: object) -> str:
        if getattr(standing, "open_parts", 0):
            signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr(progress, "standing_text", interrupt)
    result = run("decide", "patrol-4", *BLIND, "--at-least", "-10")
    assert result.code == 130
    assert result.out.startswith("undecided")


SIGNALLED = """
import os, signal, sys
from exactqse.cli import main
from exactqse.solve import effort
spend = effort.Budget.spend
def signalled(self, nodes):
    spend(self, nodes)
    if not self.interrupted and self.whole is None:
        os.kill(os.getpid(), signal.SIGINT)
effort.Budget.spend = signalled
sys.exit(main(sys.argv[1:]))
"""
CLASSES: dict[str, dict[str, object]] = {
    "prescription": {},
    "partition": {"observes": "nothing"},
    "strong": {"eta": "inf", "observes": "nothing"},
    "farsighted": {"gamma": "9/10", "rho": [0.5, 0.5]},
    "farsighted, cells": {"gamma": "9/10", "rho": [0.5, 0.5], "observes": [[0, 2], [1]]},
    "tree": {"gamma": "9/10"},
    "history": {"gamma": "9/10", "rho": [0.5, 0.5]},
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_ends_with_a_certificate_after_ctrl_c(name: str, tmp_path: Path) -> None:
    path, out = tmp_path / "game.json", tmp_path / "c.json"
    random = np.random.default_rng(2)
    u, r = random.random((2, 2, 40 if name == "prescription" else 2, 2, 3))
    P = random.dirichlet(np.ones(u.shape[1]), size=u.shape)
    options = {"eta": 3, "normalise": True} | CLASSES[name]
    Game.from_arrays(P, u, r, **options).save(path)  # type: ignore[arg-type]
    words = [path, "--gap", "1e-12", "--json", "--out", out]
    words += ["--history"] if name == "history" else []

    async def run_it() -> tuple[int | None, bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SIGNALLED, "solve", *map(str, words)), stdout=PIPE, stderr=PIPE
        )
        printed, said = await process.communicate()
        return process.returncode, printed, said

    code, printed, said = asyncio.run(run_it())
    assert (code, said) == (130, b"")
    document = json.loads(printed)
    assert document["certified"] is True
    assert document["reached"] is False
    assert document["effort"]["stopped"] == "it was interrupted"
    known = Certificate.load(out)
    assert check(Game.load(path), known)
    assert known.lower < known.upper


@pytest.mark.parametrize("history", [False, True])
def test_limits_of_farsighted_searches_and_resume(
    run: Run, tmp_path: Path, *, history: bool
) -> None:
    out = tmp_path / "c.json"
    path = farsighted(tmp_path)
    more = ("--history",) if history else ()
    aim = (path, "--gap", "1/1000", "--json", *more)
    first = json.loads(run("solve", *aim, "--node-limit", 3, "--out", out).out)
    rest = json.loads(run("solve", *aim, "--resume", out).out)
    assert (first["reached"], rest["reached"]) == (False, True)
    assert Fraction(rest["lower"]) >= Fraction(first["lower"])
    assert Fraction(rest["upper"]) < Fraction(first["upper"])
    other = () if history else ("--history",)
    refused = run("solve", path, "--resume", out, *other)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.count("\n") == 1
    assert "resume: the certificate is that of" in refused.err
    out.write_bytes(out.read_bytes()[:-40])
    refused = run("solve", *aim, "--resume", out)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)


def farsighted(folder: Path) -> Path:
    """A game of gamma > 0 in which paths meet, which needs a search."""
    random = np.random.default_rng(4)
    u, r = random.random((2, 3, 2, 2, 2))
    P = random.dirichlet(np.ones(2), size=u.shape)
    path = folder / "game.json"
    Game.from_arrays(P, u, r, eta=3, gamma="9/10", normalise=True).save(path)
    return path


def test_a_killed_farsighted_search_leaves_a_certificate(run: Run, tmp_path: Path) -> None:
    out, path = tmp_path / "c.json", farsighted(tmp_path)
    code, printed, _ = asyncio.run(
        stopped(signal.SIGKILL, out, "solve", path, "--gap", "1e-9", "--out", out)
    )
    assert (code, printed) == (-signal.SIGKILL, "")
    known = Certificate.load(out)
    assert check(Game.load(path), known)
    options = ("--gap", "1e-9", "--resume", out, "--out", out, "--node-limit", "300", "--json")
    document = json.loads(run("solve", path, *options).out)
    assert document["certified"] is True
    assert Fraction(document["lower"]) >= known.lower
    assert Fraction(document["upper"]) < known.upper
    assert [name.name for name in tmp_path.iterdir() if ".tmp" in name.name] == []
