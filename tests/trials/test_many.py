"""Many trials: kept one by one, gone on with, the same in processes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_learners import Fixed, ResponseMLE

import exactqse
from exactqse import Policy
from exactqse.errors import FileError, InputError, KindError, LearnerError
from exactqse.games import dense
from exactqse.learn import Announcement
from exactqse.learn.myopic import MLEPVI
from exactqse.trials import run_many, run_online

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 10, checker="flint")
UNIFORM = Policy.uniform(GAME).as_array()
TWO = (Fixed(UNIFORM), ResponseMLE(scale=1.0, radius=9.0))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.json")}


def test_each_trial_is_that_of_run_online(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))

    found = run_many(
        GAME, TWO, 150, [4, 7], optimum=SOLUTION, folder=tmp_path / "new", progress=progress
    )
    expected = [
        run_online(GAME, learner, 150, seed, optimum=SOLUTION) for learner in TWO for seed in (4, 7)
    ]
    assert [trial.record for trial in found] == expected
    assert {"learner", "environment", "values", "evidence"} <= set(found[0].seconds)
    assert seen[-1] == (600, 600)
    assert seen == sorted(seen)
    assert len(contents(tmp_path / "new")) == 4


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, _total: int) -> None:
        if done > 250:
            raise StopError

    with pytest.raises(StopError):
        run_many(GAME, TWO[:1], 100, 4, optimum=SOLUTION, folder=tmp_path, progress=stop)
    kept = contents(tmp_path)
    assert len(kept) == 2
    played: list[int] = []
    run_many(
        GAME,
        TWO[:1],
        100,
        4,
        optimum=SOLUTION,
        folder=tmp_path,
        progress=lambda done, _total: played.append(done),
    )
    assert len(played) == 200  # the other two only
    whole = contents(tmp_path)
    assert len(whole) == 4
    assert kept.items() <= whole.items()


def test_processes_write_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = run_many(GAME, TWO[1:], 200, 2, optimum=SOLUTION, folder=one)
    second = run_many(GAME, TWO[1:], 200, 2, optimum=SOLUTION, folder=two, workers=2)
    assert contents(one) == contents(two)
    assert [trial.record for trial in first] == [trial.record for trial in second]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import os, test_many as t
def die(done, total):
    if done == 250:
        os._exit(9)
t.run_many(t.GAME, t.TWO[:1], 100, 4, optimum=t.SOLUTION, folder={folder!r}, progress=die)
"""


def test_a_killed_run_loses_nothing_finished(tmp_path: Path) -> None:
    program = KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path))

    async def run() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        return await process.wait()

    assert asyncio.run(run()) == 9
    kept = contents(tmp_path)
    assert len(kept) == 2
    found = run_many(GAME, TWO[:1], 100, 4, optimum=SOLUTION, folder=tmp_path)
    assert len(found) == 4
    assert kept.items() <= contents(tmp_path).items()


class FailingLater:
    """Announces nothing sensible once it has been started twice."""

    name = "failing later"

    def __init__(self) -> None:
        self.starts = 0

    def start(self, setting: Any, random: np.random.Generator) -> Any:
        self.starts += 1
        return Fixed(UNIFORM if self.starts < 3 else UNIFORM * 2).start(setting, random)


def test_what_was_finished_before_a_failure_is_kept(tmp_path: Path) -> None:
    with pytest.raises(LearnerError, match="learner failing later, episode 0, step 0, state 0"):
        run_many(GAME, [FailingLater()], 9, 3, optimum=SOLUTION, folder=tmp_path)
    assert len(contents(tmp_path)) == 1


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(FileError, match="cannot be made"):
        run_many(GAME, TWO, 9, 1, optimum=SOLUTION, folder=file)
    run_many(GAME, TWO[:1], 9, 2, optimum=SOLUTION, folder=tmp_path)
    first, second = sorted(tmp_path.glob("*.json"))
    second.write_bytes(first.read_bytes())
    with pytest.raises(FileError, match="is the record of another trial"):
        run_many(GAME, TWO[:1], 9, 2, optimum=SOLUTION, folder=tmp_path)
    first.write_bytes(first.read_bytes()[:50])
    with pytest.raises(FileError, match="truncated"):
        run_many(GAME, TWO[:1], 9, 2, optimum=SOLUTION, folder=tmp_path)


def test_bad_arguments_are_refused() -> None:
    class Local:
        name = "local"

        def start(self, setting: Any, random: np.random.Generator) -> Any:
            raise NotImplementedError

        def announce(self) -> Announcement:
            raise NotImplementedError

    with pytest.raises(LearnerError, match="learner local: cannot be handed to another process"):
        run_many(GAME, [Local()], 1, 1, optimum=SOLUTION, workers=2)
    for arguments in ({"learners": []}, {"seeds": []}, {"seeds": 0}, {"workers": 0}):
        given: dict[str, Any] = {"learners": TWO, "episodes": 1, "seeds": 1, **arguments}
        with pytest.raises(InputError):
            run_many(GAME, optimum=SOLUTION, **given)


def test_learners_of_the_wrong_kind_are_told_where_they_belong() -> None:
    with pytest.raises(KindError, match="learners: expected a sequence of learners, found Fixed"):
        run_many(GAME, TWO[0], 10, 1, optimum=SOLUTION)  # type: ignore[arg-type]
    with pytest.raises(LearnerError, match=r"mle-pvi: has no method start; .* use run_offline"):
        run_many(GAME, [MLEPVI()], 10, 1, optimum=SOLUTION)  # type: ignore[list-item]
