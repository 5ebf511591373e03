"""Every fault of a learner is one error that names it, the episode, the step and the state."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import pytest
from trial_learners import Fixed

import exactqse
from exactqse import Policy, run_online
from exactqse.errors import LearnerError
from exactqse.games import dense
from exactqse.learn import Announcement, Belief, LikelihoodSet, ModelSet, ResponseSet
from exactqse.simulate import Episodes, Setting
from exactqse.simulate.setting import HiddenError

GAME = dense(states=3, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 8, checker="flint")
UNIFORM = Policy.uniform(GAME).as_array()
ALONE: Any = UNIFORM[0]


def failure(learner: Any, game: exactqse.Game = GAME, episodes: int = 9) -> LearnerError:
    solution = SOLUTION if game is GAME else exactqse.solve(game, 3, checker="flint")
    with pytest.raises(LearnerError, match=f"learner {learner.name}") as caught:
        run_online(game, learner, episodes, 0, optimum=solution)
    return caught.value


def changed(value: Any, place: Any = (1, 2, 0)) -> Any:
    policy = UNIFORM.copy()
    policy[place] = value
    return policy


@pytest.mark.parametrize(
    ("policy", "what", "place"),
    [
        (changed([np.nan, 1]), "NaN or infinite", (1, 2)),
        (changed([np.inf, 0]), "NaN or infinite", (1, 2)),
        (changed([-1e-12, 1]), "negative", (1, 2)),
        (changed([0.5, 0.6]), "do not sum to 1", (1, 2)),
        (changed([0.5, 0.5 + 2e-9]), "do not sum to 1", (1, 2)),
        (ALONE, r"shape \(3, 2, 2\), not \(2, 3, 2, 2\)", (None, None)),
        (UNIFORM.astype(int), "int64, not an array of float64", (None, None)),
        (UNIFORM.tolist(), "a policy of list", (None, None)),
    ],
)
def test_a_policy_that_is_none(policy: Any, what: str, place: tuple[int, int]) -> None:
    error = failure(Fixed(policy))
    assert (error.episode, error.step, error.state) == (0, *place)
    with pytest.raises(LearnerError, match=what):
        raise error


def test_a_sum_within_the_tolerance_is_normalised() -> None:
    record = run_online(GAME, Fixed(changed([0.5, 0.5 + 5e-10])), 2, 0, optimum=SOLUTION)
    even = run_online(GAME, Fixed(UNIFORM), 2, 0, optimum=SOLUTION)
    assert 0 < abs(float(record.final_regret.mid - even.final_regret.mid)) < 1e-9


def test_rows_that_she_cannot_tell_apart_are_equal() -> None:
    blind = GAME.with_(observes="nothing")
    error = failure(Fixed(changed([0.25, 0.75], (1, 2, 1))), blind)
    assert (error.step, error.state) == (1, 2)
    assert "rows that differ on the cell [0, 1]" in str(error)


TABLE = np.zeros((2, 3, 2, 2))
RADIUS = np.ones((2, 3))


@pytest.mark.parametrize(
    ("belief", "what"),
    [
        (Belief(upper=float("nan")), "claims nan as upper bound"),
        (Belief(lower=float("-inf")), "claims -inf as lower bound"),
        (Belief(upper="1"), "claims '1' as upper bound"),  # type: ignore[arg-type]
        (Belief(upper=True), "claims True as upper bound"),
        (None, "believes NoneType"),
        (Belief(sets=[]), "not in a tuple"),  # type: ignore[arg-type]
        (Belief(sets=({},)), "claims a dict, which is no confidence set"),  # type: ignore[arg-type]
        (Belief(sets=(LikelihoodSet(TABLE[0], RADIUS),)), "centre of a LikelihoodSet of shape"),
        (Belief(sets=(LikelihoodSet(TABLE * np.nan, RADIUS),)), "NaN or infinite"),
        (Belief(sets=(LikelihoodSet(TABLE, RADIUS * np.inf),)), "NaN or infinite"),
        (Belief(sets=(LikelihoodSet(TABLE, -RADIUS),)), "claims a negative radius"),
        (Belief(sets=(ResponseSet((TABLE,)),)), "not a tuple of 2 tables"),
        (Belief(sets=(ResponseSet((TABLE[0], TABLE)),)), "step 0 of a ResponseSet of shape"),
        (Belief(sets=(ModelSet({"a"}),)), "not a frozenset of hashes"),  # type: ignore[arg-type]
    ],
)
def test_a_claim_that_is_none(belief: Any, what: str) -> None:
    error = failure(Fixed(UNIFORM, belief))
    assert what in str(error)
    assert error.episode == 0


@pytest.mark.parametrize("chunk", [0, -1, True, 1.0])
def test_a_number_of_episodes_that_is_none(chunk: Any) -> None:
    assert f"announced {chunk!r} episodes" in str(failure(Fixed(UNIFORM, chunk=chunk)))


@dataclass
class Scripted:
    """A learner and its own session, which does as it is told in the sixth episode."""

    start_: Callable[[Setting], None] = lambda _: None
    observe_: Callable[[Episodes], None] = lambda _: None
    announce_: Callable[[], Any] = lambda: Announcement(UNIFORM)
    name: str = "scripted"
    played: int = 0

    def start(self, setting: Setting, random: np.random.Generator) -> Scripted:
        del random
        self.start_(setting)
        return Scripted(observe_=self.observe_, announce_=self.announce_)

    def announce(self) -> Any:
        return self.announce_() if self.played == 5 else Announcement(UNIFORM)

    def observe(self, episodes: Episodes) -> None:
        if self.played == 5:
            self.observe_(episodes)
        self.played += 1


def test_an_exception_is_chained() -> None:
    error = failure(Scripted(announce_=lambda: 1 / 0))
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert str(error) == (
        "learner scripted, episode 5: announce raised ZeroDivisionError: division by zero"
    )
    assert "announced NoneType, not an Announcement" in str(
        failure(Scripted(announce_=lambda: None))
    )


@pytest.mark.parametrize("name", ["policy", "s", "b", "a", "u"])
def test_what_a_learner_is_given_is_read_only(name: str) -> None:
    def write(episodes: Episodes) -> None:
        getattr(episodes, name)[0] = 0

    def unlock(episodes: Episodes) -> None:
        getattr(episodes, name).setflags(write=True)

    error = failure(Scripted(observe_=write))
    assert error.episode == 5
    assert "not its own to write to: copy it" in str(error)
    assert "observe raised ValueError" in str(failure(Scripted(observe_=unlock)))


@pytest.mark.parametrize("hidden", ["P", "u", "r", "game"])
def test_a_learner_that_asks_for_what_is_hidden(hidden: str) -> None:
    def ask(setting: Setting) -> None:
        getattr(setting, hidden)

    def ask_quietly(setting: Setting) -> None:
        getattr(setting, hidden, None)

    loud = failure(Scripted(start_=ask))
    assert isinstance(loud.__cause__, HiddenError)
    assert f"may not know {hidden}" in str(loud)
    assert f"start asked the setting for {hidden}" in str(failure(Scripted(start_=ask_quietly)))


@dataclass
class Remembering:
    """Its claim counts the sessions that it ever started."""

    name: str = "remembering"
    _starts: Any = field(default_factory=count)

    def start(self, setting: Setting, random: np.random.Generator) -> Any:
        del random
        bound = setting.u_bounds[1] * setting.horizon + next(self._starts)
        return Fixed(UNIFORM, Belief(upper=bound)).start(setting, np.random.default_rng())


@dataclass(frozen=True)
class Unseeded:
    """It draws from a generator of its own making, from the fourth episode on."""

    name: str = "unseeded"

    def start(self, setting: Setting, random: np.random.Generator) -> Any:
        del setting, random

        def announce() -> Announcement:
            return Announcement(np.random.default_rng().dirichlet(np.ones(2), size=(2, 3, 2)))

        class Late(Scripted):
            def announce(self) -> Any:
                return announce() if self.played >= 3 else Announcement(UNIFORM)

        return Late()


@pytest.mark.parametrize(("learner", "episode"), [(Remembering(), 0), (Unseeded(), 3)])
def test_a_learner_has_to_repeat_itself(learner: Any, episode: int) -> None:
    error = failure(learner)
    assert error.episode == episode
    assert "announces something else when started again" in str(error)


def test_a_set_that_is_changed_after_it_was_announced_changes_nothing() -> None:
    centre = np.zeros((2, 3, 2, 2))

    class Reusing(Scripted):
        def start(self, setting: Setting, random: np.random.Generator) -> Any:
            del setting, random
            return Reusing()

        def announce(self) -> Any:
            centre[:] = self.played
            return Announcement(UNIFORM, Belief(sets=(LikelihoodSet(centre, RADIUS * 99),)))

    assert run_online(GAME, Reusing(), 9, 0, optimum=SOLUTION).coverage == "yes"


def test_a_learner_needs_a_name() -> None:
    with pytest.raises(LearnerError, match="learner Fixed: has no name"):
        run_online(GAME, Fixed(UNIFORM, name=""), 1, 0, optimum=SOLUTION)


def test_an_error_passes_between_processes() -> None:
    error = failure(Fixed(changed([0.5, 0.6])))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert (str(again), again.learner, again.state) == (str(error), "fixed", 2)
