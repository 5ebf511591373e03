from __future__ import annotations

import json
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import exactqse
from exactqse.claims import builtin, replay, selected
from exactqse.claims.verdict import certified_ratio
from exactqse.errors import InputError
from exactqse.report import draw_claims
from exactqse.report.claims import rounded_down

Run = Callable[..., Any]
MINE = """
from exactqse.arithmetic.balls import ball
from exactqse.claims import Claim

MINE = Claim(
    id="MINE",
    title="squares",
    statement="{factor} x is at most 1 + x^2",
    latex="{factor} x",
    source="school",
    relation="<=",
    sides=lambda x, bits: [({factor} * ball(x), 1 + ball(x) * ball(x))],
    build=lambda draw: draw.real(0, 5),
    document=lambda x: {{"x": str(x)}},
    instances=20,
    searches=100,
)
"""


def mine(tmp_path: Path, factor: int) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE.format(factor=factor))
    return path


def test_claims_are_listed_and_shown(run: Run) -> None:
    for words in (("claims",), ("claims", "list")):
        listed = run(*words)
        assert listed.code == 0
        assert "C13e" in listed.out
    shown = run("claims", "show", "C3").out.splitlines()
    assert shown[0] == "C3: Total variation of responses"
    assert "mutant gauge, to be refuted: max |D| in place of max D - min D" in shown
    document = json.loads(run("claims", "show", "C3", "--json").out)
    assert document["claims"][0]["latex"] == next(c for c in builtin() if c.id == "C3").latex
    assert len(json.loads(run("claims", "list", "--json").out)["claims"]) == len(builtin())


def test_a_run_prints_a_table(run: Run) -> None:
    result = run("claims", "run", "C3", "C2a", "--mutants")
    assert (result.code, result.err) == (0, "")
    assert "holds (to 100 digits: 1,000)" in result.out
    assert "0.99999" in result.out
    assert "4 mutants tried, 4 refuted" in result.out
    assert "2 claims hold on every instance tried" in result.out


def test_a_run_as_json_is_the_data_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    words = ("claims", "run", "C12", "--seed", 3, "--json", "--out", path)
    printed = json.loads(run(*words).out)
    assert printed == json.loads(path.read_text())
    bound = next(f for f in printed["findings"] if f["claim"]["id"] == "C12b")
    assert bound["verdict"] == "holds"
    assert bound["instances"] == {"holds": 1000}
    (claim,) = selected(builtin(), ["C12b"])
    coordinates = [float(x) for x in bound["worst"]["coordinates"]]
    again = replay(claim, coordinates)
    assert again.document == bound["worst"]["instance"]
    instance = claim.build(exactqse.claims.Draw(coordinates))
    assert str(certified_ratio(claim.of(instance), 2 * claim.bits)) == bound["ratio"]


def test_ratios_are_drawn(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ratios.svg"
    assert run("claims", "run", "C12", "--picture", path).code == 0
    text = path.read_text()
    assert "C12c" in text
    assert "certified from below" in text
    with pytest.raises(InputError, match="there is no ratio to draw"):
        draw_claims([], path)


def test_what_cannot_be_drawn_is_said_and_the_table_is_printed(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "ratios.svg"
    text = mine(tmp_path, 2).read_text()
    path = tmp_path / "negative.py"  # no rhs is positive, so that there is no ratio
    path.write_text(text.replace("(2 * ball(x), 1 + ball(x) * ball(x))", "(ball(-2), ball(-1))"))
    result = run("claims", "run", "MINE", "--from", path, "--picture", picture)
    assert result.code == 0
    assert "1 claim holds" in result.out
    assert f"there is no ratio to draw: {picture} is not written" in result.out
    assert not picture.exists()


def test_instances_are_saved_and_games_can_be_solved(run: Run, tmp_path: Path) -> None:
    tmp_path = tmp_path / "new"
    result = run("claims", "run", "C11a", "--save", tmp_path)
    assert f"3 files written to {tmp_path}" in result.out
    names = sorted(path.name for path in tmp_path.iterdir())
    games = ["C11a-worst-first.game.json", "C11a-worst-second.game.json"]
    assert names == [*games, "C11a-worst.json"]
    assert run("evaluate", tmp_path / games[0], "uniform").code == 0
    saved = json.loads((tmp_path / "C11a-worst.json").read_text())
    assert (saved["claim"], saved["seed"]) == ("C11a", 0)


def test_a_claim_of_ones_own(run: Run, tmp_path: Path) -> None:
    good = run("claims", "run", "MINE", "--from", mine(tmp_path, 2))
    assert good.code == 0
    bad = run("claims", "run", "MINE", "--from", mine(tmp_path, 3), "--save", tmp_path)
    assert bad.code == 1
    assert "MINE: violated" in bad.out
    assert "violated at {'x': '" in bad.out
    saved = json.loads((tmp_path / "MINE-against-0.json").read_text())
    x = Fraction(saved["instance"]["x"])
    assert 3 * x > 1 + x * x


def test_what_is_undecided_is_no_success(run: Run, tmp_path: Path) -> None:
    path = mine(tmp_path, 2)
    unsure = path.read_text().replace("searches=100", "searches=0, digits=500, limit=128")
    path.write_text(
        unsure.replace("draw.real(0, 5)", "draw.real(1, 1)").replace(
            "2 *", "ball(2).sqrt() * ball(2).sqrt() *"
        )
    )
    result = run("claims", "run", "MINE", "--from", path)
    assert result.code == 1
    assert "undecided (20)" in result.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "C99"), "C99: no claim has this id"),
        (("show", "c3"), "c3: no claim has this id; did you mean C3?"),
        (("show", "c2"), "c2: no claim has this id; did you mean C2?"),
        (("run", "C2a", "C14a", "--picture", "x.svg"), "--picture: none of these claims is an ine"),
        (("run", "C3", "--seed", -1), "seed: -1 is not an integer of at least 0"),
        (("run", "C3", "--from", "absent.py"), "absent.py: there is no such file"),
        (("run", "C3", "--picture", "ratios.gif"), "picture: ratios.gif does not end in"),
        (("run", "C3", "--save", __file__), "is no folder; name a folder"),
        (("run", "C3", "--save", "absent/x"), "absent/x: its folder does not exist; make it first"),
        (("run", "C3", "--save", "/proc/new"), "/proc/new: cannot be made ("),
        (("run", "C3", "--out", "absent/data.json"), "its folder does not exist"),
    ],
)
def test_bad_input_is_one_line(run: Run, words: tuple[object, ...], message: str) -> None:
    result = run("claims", *words)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_failing_function_is_bad_input(run: Run, tmp_path: Path) -> None:
    path = mine(tmp_path, 2)
    path.write_text(path.read_text().replace("ball(x))]", "ball(x) + 1 // 0)]"))
    result = run("claims", "run", "MINE", "--from", path)
    assert result.code == 2
    assert result.err.startswith("error: MINE: its functions fail: ZeroDivisionError")


@pytest.mark.parametrize(
    "value", [Fraction(2, 3), Fraction(1), Fraction(1, 10**9), Fraction(10**9)]
)
def test_ratios_are_rounded_down(value: Fraction) -> None:
    shown = Fraction(rounded_down(value))
    assert shown <= value
    assert value - shown <= max(Fraction(1, 10**6), value / 10**6)


def test_an_interrupted_run_prints_what_it_has(run: Run, tmp_path: Path) -> None:
    path = mine(tmp_path, 2)
    late = """
import os, signal
from dataclasses import replace

def interrupted(draw):
    os.kill(os.getpid(), signal.SIGINT)
    return draw.real(0, 5)

LATE = replace(MINE, id="MINEb", build=interrupted)
"""
    path.write_text(path.read_text() + late)
    before = signal.getsignal(signal.SIGINT)
    result = run("claims", "run", "MINE", "--from", path)
    assert result.code == 130
    assert "1 claim holds" in result.out
    assert "MINEb" not in result.out
    assert signal.getsignal(signal.SIGINT) is before
