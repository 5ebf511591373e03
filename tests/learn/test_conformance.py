"""Every learner that has a name passes the suite that a user's learner can inherit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from exactqse import Game
from exactqse.games import dense
from exactqse.learn.registry import ONLINE, find
from exactqse.testing import LearnerConformance

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
TESTS = sorted(name for name in dir(LearnerConformance) if name.startswith("test_"))


def suite(name: str) -> LearnerConformance:
    """Few episodes of one game: what is tried is the protocol, not what is learnt."""

    class Suite(LearnerConformance):
        episodes = 8

        def make(self) -> Any:
            return find(name, game=GAME)

        def games(self) -> Sequence[Game]:
            return [GAME]

    return Suite()


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("name", sorted(ONLINE))
def test_a_registered_learner_conforms(name: str, test: str) -> None:
    tried = suite(name)
    assert tried.make().name.lower() == name
    getattr(tried, test)()
