from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import exactqse
from exactqse.games import get
from exactqse.trials import OnlineRecord, run_online, summarise

Run = Callable[..., Any]
GAME = "conitzer-sandholm-2006"
TWO = "trial_learners:UniformLeader, trial_learners:guessing"


def test_a_table_of_learners(run: Run) -> None:
    result = run("learn", GAME, "--learner", TWO, "--episodes", 100, "--seeds", 3)
    assert (result.code, result.err) == (0, "")
    assert "regret after 100 episodes, mean of 3 seeds" in result.out
    assert "6.714[3, 4]" in result.out  # 100 (2.567143 - 5/2)
    assert "J* = 2.5671432904[09, 10], accepted by the flint checker" in result.out
    assert "uniform leader: J* <= upper in 3 of 3 runs, 95% [0.29, 1.00]" in result.out
    assert "uniform leader: its claim to cover 0.9 of runs stands" in result.out
    assert "first action: J* <= upper in 0 of 3 runs, 95% [0.00, 0.71]" in result.out
    row = next(line for line in result.out.splitlines() if "first action " in line)
    assert "-" in row.split()
    assert "-: not claimed" in result.out


def test_json_is_what_the_records_say(run: Run, tmp_path: Path) -> None:
    picture, folder = tmp_path / "regret.svg", tmp_path / "kept"
    words = ("learn", GAME, "--learner", TWO, "--episodes", 40, "--seeds", 2, "--json")
    files = ("--picture", picture, "--out", folder)
    printed = json.loads(run(*words, *files, "--noise", "bernoulli").out)
    assert printed.pop("written") == {
        "trials": str(folder),
        "picture": str(picture),
        "data": str(tmp_path / "regret.json"),
    }
    assert len(printed.pop("milliseconds")) == 2
    assert printed == json.loads((tmp_path / "regret.json").read_text())
    assert picture.read_bytes().startswith(b"<?xml")
    records = [OnlineRecord.load(file) for file in sorted(folder.glob("uniform-leader-*.json"))]
    assert len(records) == 2
    assert printed["noise"] == "bernoulli"
    assert printed["verdict"]["outcome"] == "accepted"
    found, shown = summarise(records), printed["learners"][0]
    assert shown["regret"]["lower"] == str(found.regret.lower)
    assert shown["claims"]["optimism"]["yes"] == 2
    assert shown["curve"]["mean"][-1] == shown["regret"]
    assert printed["learners"][1]["claims"]["optimism"]["no"] == 2


def test_trials_that_are_kept_are_not_done_again(run: Run, tmp_path: Path) -> None:
    words = ("learn", GAME, "--learner", TWO, "--episodes", 30, "--out", tmp_path, "--json")
    run(*words, "--seeds", 1)
    file = next(tmp_path.glob("uniform-leader-*-0.json"))
    before = file.stat().st_mtime_ns
    assert len(json.loads(run(*words, "--seeds", 2).out)["learners"][0]["seeds"]) == 2
    assert file.stat().st_mtime_ns == before
    assert len(list(tmp_path.glob("*.json"))) == 4


def test_the_gap_of_the_optimum_is_chosen(run: Run) -> None:
    words = ("learn", GAME, "--observes", "nothing", "--learner", TWO, "--episodes", 10)
    document = json.loads(run(*words, "--seeds", 1, "--gap", "1/100", "--json").out)
    optimum = document["optimum"]
    width = exactqse.Enclosure(*map(_fraction, (optimum["lower"], optimum["upper"]))).width
    assert 0 < width <= _fraction("1/100")
    game = get(GAME).with_(observes="nothing")
    assert document["game"]["hash"] == game.hash


def _fraction(text: str) -> Any:
    return exactqse.kernel.numbers.parse_rational(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--learner", "absent"), "learner: 'absent' is no learner"),
        (("--learner", "absent:x"), "learner: 'absent:x' is not there"),
        (("--learner", "trial_learners:absent"), "is not there"),
        (("--learner", "trial_learners:FiniteMLE"), "cannot be made without arguments"),
        (("--learner", "json:JSONDecoder"), "learner JSONDecoder: has no name"),
        (("--learner", TWO, "--noise", "loud"), "noise.kind: 'loud' is not one of"),
        (("--learner", TWO, "--noise", "gaussian:x"), "--noise: 'gaussian:x' is no noise"),
        (("--learner", TWO, "--episodes", 0), "episodes: 0 is not an integer >= 1"),
        (("--learner", TWO, "--seeds", 0), "seeds: 0 is not an integer >= 1"),
        (("--learner", TWO, "--picture", "x.txt"), "picture: x.txt does not end in"),
        (("--learner", TWO, "--picture", "absent/x.png"), "its folder does not exist"),
        (("--learner", TWO, "--out", __file__), "is no folder"),
    ],
)
def test_bad_input_is_one_line(run: Run, words: tuple[object, ...], said: str) -> None:
    result = run("learn", GAME, *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert said in result.err
    assert result.err.count("\n") == 1


FAR, BEST = ("--gamma", "1/2"), ("--eta", "inf")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*FAR, "--learner", "mle-ovi"), "linear learners are for a myopic quantal follower"),
        ((*FAR, "--learner", "uniform"), "linear learners are for a myopic quantal follower"),
        ((*FAR, "--learner", "mle-golf"), "learner: mle-golf is for a myopic quantal follower; us"),
        ((*BEST, "--learner", "plug-in"), "not for a best-responding follower; use OMLE or PMLE"),
        ((*BEST, "--learner", "omle"), "a best-responding follower (eta infinite) has no likeli"),
        ((*BEST, "--learner", "mle-golf"), "use omle, where eta is finite"),
        (("--learner", "mle-ovi,uniform,mle-ovi"), "--learner: 'mle-ovi' comes twice; name each"),
        (("--learner", "trial_learners:Uninterested"), "uninterested: has no method start; an off"),
        (("--learner", TWO, "--episodes", 0), "episodes: 0 is not an integer >= 1"),
        (("--learner", TWO, "--seeds", 0), "seeds: 0 is not an integer >= 1"),
        (("--learner", TWO, "--workers", 0), "workers: 0 is not an integer >= 1"),
    ],
)
def test_what_cannot_be_run_is_refused_before_the_game_is_solved(
    run: Run, words: tuple[object, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exactqse, "solve", lambda *_, **__: pytest.fail("it was solved"))
    result = run("learn", GAME, *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert said in result.err
    assert result.err.count("\n") == 1


def test_a_failing_learner_is_one_line_with_its_place(run: Run) -> None:
    result = run("learn", "inspection-3-of-8", "--learner", "trial_learners:guessing")
    assert result.code == 2
    assert result.err.startswith("error: learner first action, episode 0: announced a policy of s")


def test_a_folder_is_not_left_empty_by_a_failure(run: Run, tmp_path: Path) -> None:
    words = ("learn", "inspection-3-of-8", "--learner", "trial_learners:guessing")
    assert run(*words, "--out", tmp_path / "new" / "kept").code == 2
    assert list(tmp_path.iterdir()) == []
    refused = run("learn", GAME, "--learner", TWO, "--out", f"{__file__}/kept")
    assert (refused.code, refused.err.count("is no folder")) == (2, 1)


def test_the_command_line_and_the_library_agree(run: Run) -> None:
    words = ("learn", GAME, "--learner", "trial_learners:UniformLeader", "--episodes", 25)
    document = json.loads(run(*words, "--seeds", 1, "--json").out)
    learner: Any = exactqse.learn.registry.find("trial_learners:UniformLeader", game=None)
    record = run_online(get(GAME), learner, 25, 0)
    assert document["learners"][0]["regret"]["upper"] == str(record.final_regret.upper)


def test_an_interrupted_search_for_the_optimum_ends_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    solution = exactqse.solve(get(GAME), 5)
    stopped = replace(solution, effort=replace(solution.effort, interrupted=True))
    monkeypatch.setattr(exactqse, "solve", lambda *_, **__: stopped)
    result = run("learn", GAME, "--learner", TWO, "--out", tmp_path / "kept")
    assert (result.code, result.out) == (130, "")
    assert not (tmp_path / "kept").exists()
