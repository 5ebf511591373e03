from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import exactqse
from exactqse.games import get
from exactqse.trials import OfflineRecord, summarise_offline

Run = Callable[..., Any]
GAME = "conitzer-sandholm-2006"
TWO = "mle-pvi,plug-in"
SMALL = ("--sizes", "100,1000", "--seeds", 3, "--noise", "bernoulli")


def test_a_table_of_learners(run: Run) -> None:
    learners = f"{TWO}, trial_learners:Uninterested"
    result = run("learn-offline", GAME, "--learner", learners, *SMALL, "--behaviour", "random")
    assert (result.code, result.err) == (0, "")
    rows = [line.split() for line in result.out.splitlines()]
    assert ["mle-pvi", "100"] in [row[:2] for row in rows]
    uniform = next(row for row in rows if row[0:1] == ["uninterested"])
    assert uniform[1:] == ["100", "0.067[1,", "2]", "-", "-"]  # 2.567143 - 5/2
    said = result.out
    assert "learnt from data of the behaviour random(count=8, concentration=1.0), bernoulli" in said
    assert "J* = 2.5671432904[09, 10], accepted by the flint checker" in said
    assert "mle-pvi: slope of the suboptimality -0." in said
    held = "mle-pvi: lower <= J(policy) in 6 of 6 datasets; that it is so in 0.95 of them is not"
    assert held in said
    assert "plug-in: lower <= J(policy) in" in said
    assert "uninterested: slope of the suboptimality 0.00 [0.00, 0.00]" in said
    assert "mean of 3 datasets" in said


def test_json_is_what_the_records_say(run: Run, tmp_path: Path) -> None:
    picture, folder = tmp_path / "gap.svg", tmp_path / "kept"
    words = ("learn-offline", GAME, "--learner", TWO, *SMALL, "--json")
    printed = json.loads(run(*words, "--picture", picture, "--out", folder).out)
    assert printed.pop("written") == {
        "trials": str(folder),
        "picture": str(picture),
        "data": str(tmp_path / "gap.json"),
    }
    assert [set(spent) for spent in printed.pop("milliseconds")][1] >= {"learner", "values"}
    assert printed == json.loads((tmp_path / "gap.json").read_text())
    text = picture.read_text()
    assert text.startswith("<?xml")
    assert "certified suboptimality" in text
    assert "episodes K of the data" in text
    records = [OfflineRecord.load(file) for file in folder.glob("plug-in-*.json")]
    found, shown = summarise_offline(records), printed["learners"][1]
    assert (printed["behaviour"], printed["noise"]) == ("uniform", "bernoulli")
    assert len(records) == 6
    last = shown["sizes"][1]
    assert (last["episodes"], last["seeds"]) == (1000, ["0", "1", "2"])
    assert last["suboptimality"]["lower"] == str(found.sizes[1].suboptimality.lower)
    assert shown["claims"]["pessimism"]["yes"] == found.total("pessimism").yes
    assert shown["stands"]["pessimism"] == found.stands("pessimism")
    assert shown["delta"] == "0.05"


def test_trials_that_are_kept_are_not_done_again(run: Run, tmp_path: Path) -> None:
    words = ("learn-offline", GAME, "--learner", TWO, "--sizes", "50", "--out", tmp_path)
    run(*words, "--seeds", 1)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.json")}
    assert run(*words, "--seeds", 2).code == 0
    assert len(list(tmp_path.glob("*.json"))) == 2 * len(before) == 4
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())


def test_a_file_that_was_drawn_gives_what_the_command_draws(run: Run, tmp_path: Path) -> None:
    files: list[object] = []
    for seed in range(2):
        files += ["--data", tmp_path / f"{seed}.json.gz"]
        drawn = ("--episodes", 80, "--seed", seed, "--noise", "bernoulli", "--out", files[-1])
        assert run("draw", GAME, *drawn).code == 0
    words = ("learn-offline", GAME, "--learner", TWO, "--json")
    own = ("--sizes", "80", "--seeds", 2, "--noise", "bernoulli")
    first, second = (json.loads(run(*words, *more).out) for more in (files, own))
    assert first["learners"] == second["learners"]
    one = run("learn-offline", GAME, "--learner", TWO, *files[:2])
    assert "mle-pvi: no slope: one size" in one.out
    assert "in 1 of 1 dataset; that it is so in 0.95 of them is not refuted" in one.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--learner", "absent"), "learner: 'absent' is no learner"),
        (("--learner", "mle-ovi"), "mle-ovi learns from no dataset; use exactqse learn"),
        (("--learner", "trial_learners:UniformLeader"), "has no method learn"),
        (("--learner", TWO, "--sizes", "10,x"), "--sizes: 'x' is no size; use numbers of episodes"),
        (("--learner", TWO, "--sizes", "10,10"), "sizes: the same comes twice"),
        (("--learner", TWO, "--sizes", ""), "--sizes: '' is no size"),
        (("--learner", TWO, "--sizes", "999999999"), "sizes: 999999999 is more than 33554432"),
        (("--learner", TWO, "--seeds", 0), "seeds: 0 is not an integer >= 1"),
        (("--learner", TWO, "--noise", "loud"), "noise.kind: 'loud' is not one of"),
        (("--learner", TWO, "--epsilon", "0.1"), "--epsilon: means nothing for the behaviour unif"),
        (("--learner", TWO, "--behaviour", "random", "--sizes", "4"), "4 are too few for 8 polic"),
        (("--learner", TWO, "--picture", "x.txt"), "picture: x.txt does not end in"),
        (("--learner", TWO, "--out", __file__), "is no folder"),
        (("--learner", TWO, "--data", "absent.json"), "absent.json: "),
        (("--learner", TWO, "--data", "x.json", "--seeds", 3), "--seeds: means nothing for data"),
        (("--learner", TWO, "--data", "x.json", "--behaviour", "narrow"), "--behaviour: means no"),
        (("--learner", TWO, "--data", "x.json", "--picture", "x.pdf"), "x.json: would be overwri"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    run: Run,
    words: tuple[object, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    out = () if "--out" in words else ("--out", "kept")
    result = run("learn-offline", GAME, *words, *out)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert said in result.err
    assert result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


FAR, BEST = ("--gamma", "1/2"), ("--eta", "inf")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*FAR, "--learner", "mle-pvi"), "linear learners are for a myopic quantal follower"),
        ((*FAR, "--learner", "pmle,plug-in"), "linear learners are for a myopic quantal follower"),
        ((*FAR, "--learner", "mle-bcp"), "learner: mle-bcp is for a myopic quantal follower; use"),
        ((*BEST, "--learner", "mle-pvi-0.2"), "not for a best-responding follower; use OMLE or PM"),
        ((*BEST, "--learner", "pmle"), "a best-responding follower (eta infinite) has no likelih"),
        (("--learner", "plug-in, plug-in"), "--learner: 'plug-in' comes twice; name each learner"),
        (("--learner", "trial_learners:UniformLeader"), "has no method learn; an online learner"),
        (("--learner", TWO, "--sizes", "0"), "sizes: 0 is not an integer >= 1"),
        (("--learner", TWO, "--sizes", "10,10"), "sizes: the same comes twice"),
        (("--learner", TWO, "--sizes", "999999999"), "sizes: 999999999 is more than 33554432"),
        (("--learner", TWO, "--seeds", 0), "seeds: 0 is not an integer >= 1"),
        (("--learner", TWO, "--workers", 0), "workers: 0 is not an integer >= 1"),
    ],
)
def test_what_cannot_be_run_is_refused_before_the_game_is_solved(
    run: Run, words: tuple[object, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exactqse, "solve", lambda *_, **__: pytest.fail("it was solved"))
    result = run("learn-offline", GAME, *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert said in result.err
    assert result.err.count("\n") == 1


def test_data_of_two_kinds_are_refused_before_the_game_is_solved(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[object] = []
    for behaviour in ("uniform", "narrow"):
        files += ["--data", tmp_path / f"{behaviour}.json"]
        run("draw", GAME, "--episodes", 10, "--behaviour", behaviour, "--out", files[-1])
    monkeypatch.setattr(exactqse, "solve", lambda *_, **__: pytest.fail("it was solved"))
    result = run("learn-offline", GAME, "--learner", TWO, *files)
    assert (result.code, result.out) == (2, "")
    assert "datasets[1]: differs from the first in its behaviour" in result.err
    assert result.err.count("\n") == 1


def test_data_of_another_game_are_refused(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    run("draw", GAME, "--episodes", 10, "--out", data)
    result = run("learn-offline", GAME, "--eta", 2, "--learner", TWO, "--data", data)
    assert (result.code, result.out) == (2, "")
    assert "was drawn from the game" in result.err
    assert result.err.count("\n") == 1


def test_an_interrupted_search_for_the_optimum_ends_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    solution = exactqse.solve(get(GAME), 5)
    stopped = replace(solution, effort=replace(solution.effort, interrupted=True))
    monkeypatch.setattr(exactqse, "solve", lambda *_, **__: stopped)
    result = run("learn-offline", GAME, "--learner", TWO, "--out", tmp_path / "kept")
    assert (result.code, result.out) == (130, "")
    assert not (tmp_path / "kept").exists()
