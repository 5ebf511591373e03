"""Learners by name, and by place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_learners import Fixed, UniformLeader, Uninterested, guessing

from exactqse import run_offline, run_online, solve
from exactqse.errors import InputError, KindError, NotCoveredError
from exactqse.games import get
from exactqse.learn import registry
from exactqse.learn.registry import find
from exactqse.model import Game
from exactqse.simulate import Setting, draw_dataset

GAME = get("ochs-1995-1")
OPTIMUM = solve(GAME, 9, checker="flint")


def test_a_class_a_function_and_a_learner_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find("trial_learners:UniformLeader", game=GAME) == UniformLeader()
    found = find("trial_learners:guessing", game=GAME)
    assert isinstance(found, Fixed)
    assert found.name == guessing().name
    monkeypatch.setattr("trial_learners.guessing", UniformLeader(chunk=3))
    assert find("trial_learners:guessing", game=GAME) == UniformLeader(chunk=3)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("mle-ov", "'mle-ov' is no learner; did you mean mle-ovi"),
        ("x" * 80, "is no learner; known are mle-ovi"),
        ("absent:x", r"'absent:x' is not there \(No module named 'absent'\)"),
        ("trial_learners:x", "is not there"),
        ("trial_learners:", "is not there"),
        (":x", "is not there"),
        ("trial_learners:FiniteMLE", "cannot be made without arguments"),
        ("math:pi", "cannot be made without arguments"),
        ("mle-pvi", "mle-pvi plays no episodes; use exactqse learn-offline"),
    ],
)
def test_what_is_not_there_is_said(name: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ONLINE", {"mle-ovi": "trial_learners:UniformLeader"})
    with pytest.raises(InputError, match=what):
        find(name, game=GAME)
    assert find("mle-ovi", game=GAME) == UniformLeader()


@pytest.mark.parametrize(
    ("text", "attribute", "what"),
    [
        ("raise RuntimeError('boom')", "x", "the module of 'faulty:x' raised RuntimeError: boom"),
        ("def x(:", "x", "the module of 'faulty:x' raised SyntaxError"),
        ("def x(): raise KeyError('boom')", "x", "'faulty:x' raised KeyError: 'boom'"),
    ],
)
def test_what_a_module_raises_is_said(
    text: str, attribute: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faulty.py").write_text(text + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "faulty", raising=False)
    with pytest.raises(InputError, match=what):
        find(f"faulty:{attribute}", game=GAME)


@pytest.mark.parametrize("name", sorted(registry.ONLINE))
def test_every_registered_learner_is_called_by_its_name(name: str) -> None:
    learner: Any = find(name, game=GAME)
    assert learner.name.lower() == name
    record = run_online(GAME, learner, 60, 0, optimum=OPTIMUM)
    assert record.optimism in {"yes", "unclaimed"}
    assert record.coverage in {"yes", "unclaimed"}


@pytest.mark.parametrize("name", sorted(registry.OFFLINE))
def test_every_offline_learner_is_called_by_its_name(name: str) -> None:
    learner: Any = find(name, game=GAME, offline=True)
    assert learner.name == name
    data = draw_dataset(GAME, episodes=60, seed=0)
    record = run_offline(data, learner, game=GAME, optimum=OPTIMUM)
    assert record.coverage == "yes"
    assert record.pessimism == "yes" or name == "plug-in"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("mle-ovi", "mle-ovi learns from no dataset; use exactqse learn$"),
        ("mle-pv", "'mle-pv' is no learner; did you mean mle-pvi"),
        ("trial_learners:FiniteMLE", "cannot be made without arguments"),
    ],
)
def test_an_offline_name_that_is_not_there(name: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        find(name, game=GAME, offline=True)
    assert find("trial_learners:Uninterested", game=GAME, offline=True) == Uninterested()


def test_a_class_of_values_needs_a_myopic_follower() -> None:
    for change in ({"gamma": "1/2"}, {"eta": "inf"}):
        with pytest.raises(NotCoveredError, match="mle-bcp is for a myopic quantal follower"):
            find("mle-bcp", game=GAME.with_(**change), offline=True)


def test_a_learner_that_is_found_can_be_started() -> None:
    setting = Setting(1, 1, 2, 2, (1.0,), 1.0, 0.0, ((0,), (1,)), (0.0, 1.0), (0.0, 1.0))
    session = find("trial_learners:UniformLeader", game=GAME).start(
        setting, np.random.default_rng(0)
    )
    assert session.announce().policy.shape == (1, 1, 2, 2)


def test_a_class_of_models_is_made_around_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    def around(game: Game) -> Fixed:
        return Fixed(np.zeros(game.shape), name="around")

    monkeypatch.setattr("trial_learners.guessing", around)
    assert find("trial_learners:guessing", game=GAME).policy.shape == (1, 1, 2, 2)


def test_what_a_maker_says_on_purpose_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise KindError("not this one", where="maker")

    monkeypatch.setattr("trial_learners.guessing", refuse)
    with pytest.raises(KindError, match="maker: not this one"):
        find("trial_learners:guessing", game=GAME)
