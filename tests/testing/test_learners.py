"""Assertions for a user's tests, and the conformance suite: both fail where they should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import pytest
from trial_learners import Fixed, UniformLeader

import exactqse
from exactqse import Policy
from exactqse.errors import LearnerError, NotCoveredError
from exactqse.games import dense
from exactqse.learn import Announcement, Belief
from exactqse.simulate import Dataset, Environment, Setting
from exactqse.testing import (
    LearnerConformance,
    assert_regret,
    assert_regret_slope,
    assert_suboptimality,
)

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 20, checker="flint")
BEST = SOLUTION.policy.as_array()
UNIFORM = Policy.uniform(GAME).as_array()
TRIED: dict[str, Any] = {"episodes": 100, "seeds": 2, "optimum": SOLUTION}


def test_a_slope_that_is_small_enough_passes() -> None:
    summary = assert_regret_slope(GAME, Fixed(UNIFORM), at_most=1.001, **TRIED)
    assert summary.slope is not None
    assert summary.slope.upper == pytest.approx(1)


@pytest.mark.parametrize(("seeds", "kind"), [(2, "95%"), (1, "one seed")])
def test_a_slope_that_is_too_large_fails_with_the_numbers(seeds: int, kind: str) -> None:
    numbers = rf"learner fixed, 100 episodes, {seeds} seeds: slope .* 1\.0000\.\.1\.0000, {kind}"
    with pytest.raises(AssertionError, match=numbers):
        assert_regret_slope(GAME, Fixed(UNIFORM), at_most=0.6, **{**TRIED, "seeds": seeds})


def test_no_regret_has_no_slope() -> None:
    with pytest.raises(AssertionError, match="is not bounded away from 0: no slope"):
        assert_regret_slope(GAME, Fixed(BEST), at_most=0.6, **TRIED)


def test_regret_is_compared_with_its_bound() -> None:
    assert assert_regret(GAME, Fixed(BEST), at_most="1e-9", **TRIED).regret.lower == 0
    J = exactqse.evaluate(GAME, Policy.uniform(GAME), 30).J
    exact = 100 * (SOLUTION.lower - J.lower)
    assert_regret(GAME, Fixed(UNIFORM), at_most=exact + 1, **TRIED)
    with pytest.raises(AssertionError, match=r"regret \[.*\] is not at most 1$"):
        assert_regret(GAME, Fixed(UNIFORM), at_most=1, **TRIED)
    with pytest.raises(AssertionError, match=r"regret \[.*\] is not certainly at most"):
        assert_regret(GAME, Fixed(UNIFORM), at_most=exact, **TRIED)


@dataclass(frozen=True, eq=False)
class Announcing:
    policy: Any
    name: str = "announcing"

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        del dataset, random
        return Announcement(self.policy)


def test_suboptimality_is_compared_with_its_bound() -> None:
    environment = Environment(GAME)
    run = environment.play(UNIFORM, 5, np.random.default_rng(1))
    data = Dataset(environment.setting, (run,), GAME.hash, "uniform", 1, "0.1.0")
    given: dict[str, Any] = {"game": GAME, "optimum": SOLUTION}
    record = assert_suboptimality(data, Announcing(BEST), at_most=1e-9, **given)
    assert record.suboptimality.lower == 0
    who = "learner announcing, 5 episodes of uniform: suboptimality"
    with pytest.raises(AssertionError, match=f"{who} .* is not at most 1e-09"):
        assert_suboptimality(data, Announcing(UNIFORM), at_most=1e-9, **given)


class TestUniformLeader(LearnerConformance):
    """A learner that conforms passes every test of the suite."""

    def make(self) -> Any:
        return UniformLeader()


@dataclass
class Faulty:
    """A uniform leader with a fault."""

    fault: Callable[[Faulty, Setting, np.random.Generator], float] = lambda *_: 0.0
    name: str = "faulty"
    _starts: Any = field(default_factory=count)

    def start(self, setting: Setting, random: np.random.Generator) -> Any:
        policy = np.full(setting.shape, 1 / setting.leader_actions)
        return Fixed(policy, Belief(self.fault(self, setting, random))).start(setting, random)


def conformance(learner: Callable[[], Any]) -> LearnerConformance:
    class Suite(LearnerConformance):
        def make(self) -> Any:
            return learner()

    return Suite()


def failures(suite: LearnerConformance) -> list[str]:
    """The names of the tests that it fails."""
    failed = []
    for name in dir(suite):
        if name.startswith("test_"):
            try:
                getattr(suite, name)()
            except (AssertionError, LearnerError):
                failed.append(name)
    return failed


def test_the_suite_finds_nothing_in_a_learner_that_conforms() -> None:
    assert failures(conformance(Faulty)) == []


def test_the_suite_finds_what_is_shared_between_learners() -> None:
    starts = count()

    def fault(*_: object) -> float:
        return float(next(starts) // 2)  # the same when it is started again

    assert failures(conformance(lambda: Faulty(fault))) == [
        "test_it_does_not_foresee_the_end",
        "test_its_sessions_share_nothing",
        "test_the_same_seed_gives_the_same_record",
    ]


def test_the_suite_finds_sessions_that_share() -> None:
    class Turns:
        """One memory for all sessions, wiped at each start."""

        name = "turns"

        def __init__(self) -> None:
            self.seen = 0.0

        def start(self, setting: Setting, random: np.random.Generator) -> Any:
            del random
            self.seen, self.policy = 0.0, np.full(setting.shape, 1 / setting.leader_actions)
            return self

        def announce(self) -> Announcement:
            return Announcement(self.policy, Belief(upper=self.seen))

        def observe(self, episodes: Any) -> None:
            self.seen += len(episodes)

    assert failures(conformance(Turns)) == ["test_its_sessions_share_nothing"]


def test_the_suite_needs_a_game_that_is_covered() -> None:
    def refuse(_: Faulty, setting: Setting, __: np.random.Generator) -> float:
        if setting.gamma or setting.states > 1:
            raise NotCoveredError("more than one state")
        return 0.0

    assert failures(conformance(lambda: Faulty(refuse))) == []

    def refuse_all(*_: object) -> float:
        raise NotCoveredError("everything")

    assert failures(conformance(lambda: Faulty(refuse_all))) == ["test_it_covers_some_game"]


def test_the_suite_asks_how_the_learner_is_made() -> None:
    with pytest.raises(NotImplementedError, match="def make"):
        LearnerConformance().test_it_covers_some_game()
