"""Many offline trials: those of run_offline, kept one by one, the same in processes, summed up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from trial_learners import Uninterested

import exactqse
from exactqse import run_offline
from exactqse.errors import DatasetError, FileError, InputError, LearnerError
from exactqse.games import dense
from exactqse.learn import Announcement
from exactqse.learn.myopic import MLEOVI, MLEPVI, LinearModel
from exactqse.simulate import Dataset, Noise, Random, draw_dataset
from exactqse.trials import (
    OfflineRecord,
    OfflineTrial,
    Rate,
    run_many_offline,
    run_on_datasets,
    suboptimality_slope,
    summarise_offline,
)

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 12, checker="flint")
PLUG_IN = MLEPVI(LinearModel(width_scale=0.0), name="plug-in")
LEARNERS = (Uninterested(), PLUG_IN)
SIZES = (20, 200)
NOISE = Noise("bernoulli")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.json")}


def many(learners: Any = LEARNERS, **changed: Any) -> tuple[OfflineTrial, ...]:
    options = {"behaviour": Random(count=3), "noise": NOISE, "optimum": SOLUTION, **changed}
    return run_many_offline(GAME, learners, SIZES, 3, **options)


def drawn(size: int, seed: int, **changed: Any) -> Dataset:
    options = {"behaviour": Random(count=3), "noise": NOISE, **changed}
    return draw_dataset(GAME, episodes=size, seed=seed, **options)


def test_each_trial_is_that_of_run_offline(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))

    found = many(folder=tmp_path / "a" / "b", progress=progress)
    expected = [
        run_offline(drawn(size, seed), learner, game=GAME, seed=seed, optimum=SOLUTION)
        for learner in LEARNERS
        for size in SIZES
        for seed in range(3)
    ]
    assert [trial.record for trial in found] == expected
    assert {"data", "learner", "values", "evidence"} == set(found[0].seconds)
    assert seen == [(i, 12) for i in range(1, 13)]
    assert len(contents(tmp_path / "a" / "b")) == 12


def test_data_from_files_give_the_same_records(tmp_path: Path) -> None:
    data = [drawn(size, seed) for size in SIZES for seed in range(3)]
    found = run_on_datasets(GAME, LEARNERS, data, optimum=SOLUTION, folder=tmp_path)
    assert [trial.record for trial in found] == [trial.record for trial in many()]
    kept = contents(tmp_path)
    run_on_datasets(GAME, LEARNERS, data, optimum=SOLUTION, folder=tmp_path)
    assert contents(tmp_path) == kept
    assert len(kept) == 12


@dataclass
class Counting:
    """Learns the uniform policy, and counts how often it is asked."""

    name: str = "counting"
    _asked: int = 0
    _fails_at: int = 99

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        self._asked += 1
        if self._asked > self._fails_at:
            raise ValueError("enough")
        return Uninterested().learn(dataset, random)


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    with pytest.raises(LearnerError, match="learner counting: learn raised ValueError: enough"):
        many([Uninterested(), Counting(_fails_at=4)], folder=tmp_path)
    kept = contents(tmp_path)
    assert len(kept) == 5  # two datasets of both learners, and one of the first
    again = Counting()
    found = many([Uninterested(), again], folder=tmp_path)
    assert again._asked == 8  # two times for each of the other four
    whole = contents(tmp_path)
    assert len(whole) == 12
    assert kept.items() <= whole.items()
    many([Uninterested(), again], folder=tmp_path)
    assert again._asked == 8
    assert [trial.record for trial in found] == [
        trial.record for trial in many([Uninterested(), Counting()])
    ]


def test_processes_write_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first, second = many(folder=one), many(folder=two, workers=2)
    assert contents(one) == contents(two)
    assert [trial.record for trial in first] == [trial.record for trial in second]


def test_a_folder_that_stays_empty_is_removed(tmp_path: Path) -> None:
    with pytest.raises(LearnerError, match="enough"):
        many([Counting(_fails_at=0)], folder=tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(LearnerError, match=r"mle-ovi: has no method learn; .* use run_online"):
        many([MLEOVI()], folder=tmp_path)
    assert tmp_path.is_dir()  # it was there before


def test_the_file_of_another_trial_is_refused(tmp_path: Path) -> None:
    many(LEARNERS[:1], folder=tmp_path)
    first, second = sorted(tmp_path.glob("*.json"))[:2]
    second.write_bytes(first.read_bytes())
    with pytest.raises(FileError, match="is the record of another trial; name another folder"):
        many(LEARNERS[:1], folder=tmp_path)


def test_bad_arguments_are_refused(tmp_path: Path) -> None:
    for changed, where in (
        ({"learners": []}, "learners"),
        ({"sizes": []}, "sizes: there is nothing to run"),
        ({"sizes": [5, 5]}, "sizes: the same comes twice"),
        ({"sizes": [0]}, "sizes"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": [1, 1]}, "seeds: the same comes twice"),
        ({"workers": 0}, "workers"),
        ({"behaviour": "wild"}, "behaviour"),
        ({"sizes": [2], "behaviour": Random(count=3)}, "episodes: 2 are too few for 3 policies"),
    ):
        given: dict[str, Any] = {"learners": LEARNERS, "sizes": SIZES, "seeds": 1, **changed}
        with pytest.raises(InputError, match=where):
            run_many_offline(GAME, optimum=SOLUTION, folder=tmp_path / "x", **given)
    assert list(tmp_path.iterdir()) == []
    data = drawn(20, 0)
    for second, what in (
        (drawn(20, 0), "datasets: the same comes twice"),
        (drawn(20, 1, behaviour="uniform"), r"datasets\[1\]: differs from the first in its beh"),
        (drawn(20, 1, noise=Noise()), r"datasets\[1\]: differs from the first in its noise"),
    ):
        with pytest.raises(InputError, match=what):
            run_on_datasets(GAME, LEARNERS, [data, second], optimum=SOLUTION)
    other = GAME.with_(eta=3)
    with pytest.raises(DatasetError, match="was drawn from the game"):
        run_on_datasets(other, LEARNERS, [data])


def records(held: dict[int, int], seeds: int, *, delta: str = "0.05") -> list[OfflineRecord]:
    """Records in which pessimism held in so many datasets of each size."""
    (trial,) = run_on_datasets(GAME, LEARNERS[:1], [drawn(20, 0)], optimum=SOLUTION)
    return [
        replace(
            trial.record,
            episodes=size,
            drawn_with=seed,
            parameters={"part": {"delta": delta}},
            pessimism="yes" if seed < count else "no",
        )
        for size, count in held.items()
        for seed in range(seeds)
    ]


def test_a_summary_adds_up() -> None:
    found = [trial.record for trial in many([MLEPVI()])]
    summary = summarise_offline(found[::-1])
    assert [size.episodes for size in summary.sizes] == list(SIZES)
    assert [size.seeds for size in summary.sizes] == [(0, 1, 2)] * 2
    assert summary.slope == suboptimality_slope(found)
    assert summary.slope is not None
    gaps = [record.suboptimality for record in found[:3]]
    assert summary.sizes[0].suboptimality.lower == sum(g.lower for g in gaps) / 3
    assert summary.sizes[0].suboptimality.upper == sum(g.upper for g in gaps) / 3
    assert summary.sizes[0].quantiles[1] == sorted(float(g.mid) for g in gaps)[1]
    held = [record.pessimism for record in found]
    assert summary.total("pessimism") == Rate(held.count("yes"), held.count("no"), 0, 0)
    assert summary.sizes[1].pessimism.yes == held[3:].count("yes")
    assert (summary.delta, summary.behaviour) == (0.05, str(Random(count=3)))


def test_sizes_that_cannot_be_compared_have_no_slope() -> None:
    found = [trial.record for trial in many(LEARNERS[:1])]
    assert summarise_offline(found).slope is not None
    for some in (found[:3], found[1:]):
        summary = summarise_offline(some)
        assert summary.slope is None
    assert not summarise_offline(found[1:]).same_seeds
    with pytest.raises(InputError, match="differ in behaviour"):
        summarise_offline([found[0], replace(found[1], behaviour="another")])


@pytest.mark.parametrize(
    ("held", "answer"),
    [
        ({10: 10, 20: 10}, "yes"),
        ({10: 8, 20: 8, 40: 8}, "yes"),  # 24 of 30, were they independent, would be too few
        ({10: 10, 20: 7, 40: 10}, "no"),
    ],
)
def test_a_claim_is_tested_at_each_size(held: dict[int, int], answer: str) -> None:
    """The level of each test is 5% over the number of sizes."""
    summary = summarise_offline(records(held, 10))
    assert summary.stands("pessimism") == answer
    refuted = [binom.cdf(count, 10, 0.95) < 0.05 / len(held) for count in held.values()]
    assert any(refuted) == (answer == "no")
    assert summary.stands("coverage") == "unclaimed"
    assert binom.cdf(24, 30, 0.95) < 0.05


def test_without_a_delta_nothing_is_tested() -> None:
    found = records({10: 0}, 3)
    assert summarise_offline(found).stands("pessimism") == "no"
    bare = [replace(record, parameters={}) for record in found]
    assert summarise_offline(bare).stands("pessimism") == "unclaimed"
    assert summarise_offline(bare).delta is None


def test_what_is_right_is_seldom_refuted_however_sizes_depend_on_each_other() -> None:
    """The probability that some size refutes is at most the sum of its tests'."""
    level = Fraction(95, 100)
    for sizes in (1, 3, 5):
        error = 0.05 / sizes
        refuting = [
            k for k in range(11) if Rate(k, 10 - k, 0, 0).at_least(0.95, error=error) == "no"
        ]
        chance = float(binom.cdf(max(refuting), 10, float(level)))
        assert 0 < chance * sizes <= 0.05
