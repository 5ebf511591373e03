"""Offline learners whose suboptimality and claims are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import exactqse
from exactqse import Policy, run_offline
from exactqse.errors import FileError, InputError, LearnerError
from exactqse.games import dense
from exactqse.learn import Announcement, Belief, LikelihoodSet, ModelSet
from exactqse.learn.myopic import MLEOVI
from exactqse.simulate import Dataset, Environment
from exactqse.trials import OfflineRecord, Rate, rate, suboptimality_slope

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 20, checker="flint")
BEST = SOLUTION.policy.as_array()
UNIFORM = Policy.uniform(GAME).as_array()
J = exactqse.evaluate(GAME, Policy.uniform(GAME), 30).J


def drawn(episodes: int = 50) -> Dataset:
    environment = Environment(GAME)
    run = environment.play(UNIFORM, episodes, np.random.default_rng(1))
    return Dataset(environment.setting, (run,), GAME.hash, "uniform", 1, "0.1.0")


@dataclass(frozen=True, eq=False)
class Announcing:
    """Announces the same whatever the data are."""

    announcement: Announcement
    name: str = "announcing"

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        assert len(dataset) == 50
        assert random.random() < 1
        return self.announcement


def trial(learner: Any) -> OfflineRecord:
    return run_offline(drawn(), learner, game=GAME, optimum=SOLUTION)


def test_suboptimality_is_that_of_exact_arithmetic() -> None:
    assert 0 in trial(Announcing(Announcement(BEST))).suboptimality
    found = trial(Announcing(Announcement(UNIFORM))).suboptimality
    assert found.lower <= SOLUTION.lower - J.upper <= SOLUTION.upper - J.lower <= found.upper
    assert found.width < Fraction(1, 10**10)


@pytest.mark.parametrize(("lower", "answer"), [(-1e-6, "yes"), (1e-6, "no")])
def test_pessimism_is_compared_with_the_policy(lower: float, answer: str) -> None:
    belief = Belief(lower=float(J) + lower, upper=float(SOLUTION.upper) + lower)
    record = trial(Announcing(Announcement(UNIFORM, belief)))
    assert record.pessimism == answer
    assert record.optimism != answer


def test_sets_are_compared_with_the_data() -> None:
    truth = np.broadcast_to(GAME.r_float, GAME.shape).copy()
    for centre, answer in ((truth, "yes"), (-3 * truth, "no")):
        claimed = LikelihoodSet(centre, np.full((2, 2), 3.0))
        record = trial(Announcing(Announcement(UNIFORM, Belief(sets=(claimed,)))))
        assert (record.fit, record.coverage) == (answer, "yes")
    other = Belief(sets=(ModelSet(frozenset({"0" * 64})),))
    assert trial(Announcing(Announcement(UNIFORM, other))).coverage == "no"


def test_data_of_another_game_are_refused() -> None:
    learner, other = Announcing(Announcement(UNIFORM)), GAME.with_(eta=3)
    with pytest.raises(InputError, match="dataset: was drawn "):
        run_offline(drawn(), learner, game=other, optimum=SOLUTION)
    data = drawn()
    wrong = replace(data, setting=replace(data.setting, eta=3.0))
    with pytest.raises(InputError, match="is not that of"):
        run_offline(wrong, learner, game=GAME, optimum=SOLUTION)


@dataclass
class Faulty:
    """Does something that it must not."""

    fault: str
    name: str = "faulty"
    _calls: Any = field(default_factory=count)

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        del random
        if self.fault == "writes":
            dataset.runs[0].s[0] = 0
        if self.fault == "asks":
            getattr(dataset.setting, "r", None)
        upper = float(next(self._calls)) if self.fault == "remembers" else float("nan")
        return Announcement(UNIFORM, Belief(upper=upper))


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("writes", "copy it"),
        ("asks", "learn asked the setting for r"),
        ("remembers", "announces something else when asked again"),
        ("claims", "claims nan as upper bound"),
    ],
)
def test_faults_are_errors(fault: str, what: str) -> None:
    with pytest.raises(LearnerError, match=f"learner faulty: .*{what}"):
        trial(Faulty(fault))


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    files = tmp_path / "first.json", tmp_path / "second.json"
    belief = Belief(upper=9.0, lower=-1 / 3)
    for file in files:
        trial(Announcing(Announcement(UNIFORM, belief))).save(file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    record = OfflineRecord.load(files[0])
    assert record == trial(Announcing(Announcement(UNIFORM, belief)))
    for old, new in (
        ('"optimism":"yes"', '"optimism":"no"'),
        ('"suboptimality":["', '"suboptimality":["1'),
        ('"J":["', '"J":["-'),
        ('"noise":{', '"noise":{"x":1,'),
        ('"version":1', '"version":2'),
    ):
        files[1].write_text(first.decode().replace(old, new))
        assert files[1].read_bytes() != first
        with pytest.raises(FileError):
            OfflineRecord.load(files[1])


def sized(power: float, *, sizes: tuple[int, ...] = (10, 100, 1000)) -> list[OfflineRecord]:
    """Records whose suboptimality falls like a power of the number of episodes."""
    record = trial(Announcing(Announcement(UNIFORM)))
    grid = 1 << 60
    made = []
    for seed in range(4):
        for size in sizes:
            gap = Fraction(round(grid * (1 + seed) * size**power), grid)
            J = exactqse.Enclosure(record.optimum.lower - gap, record.optimum.lower - gap)
            made.append(replace(record, J=J, episodes=size, drawn_with=seed))
    return made


@pytest.mark.parametrize("power", [-0.5, -0.1])
def test_the_slope_against_the_number_of_episodes(power: float) -> None:
    found = suboptimality_slope(sized(power))
    assert found is not None
    assert found.lower == pytest.approx(power, abs=1e-6)
    assert found.interval is not None
    assert found.interval[0] <= power + 1e-6
    assert found.interval[1] >= power - 1e-6


def test_records_that_are_no_table_have_no_slope() -> None:
    records = sized(-0.5)
    for wrong in (records[1:], [*records, records[0]]):
        with pytest.raises(InputError, match="are no table of 3 sizes and 4 seeds"):
            suboptimality_slope(wrong)
    with pytest.raises(InputError, match="differ in behaviour"):
        suboptimality_slope([*records, replace(records[0], behaviour="another")])
    assert rate(records, "pessimism") == Rate(0, 0, 0, unclaimed=12)


def test_an_online_learner_is_told_where_it_belongs() -> None:
    with pytest.raises(LearnerError, match=r"mle-ovi: has no method learn; .* use run_online"):
        run_offline(drawn(), MLEOVI(), game=GAME, optimum=SOLUTION)  # type: ignore[arg-type]
