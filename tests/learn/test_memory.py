"""What a session keeps does not grow with the episodes, only with the policies it announced."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from exactqse.games import get
from exactqse.learn.registry import find
from exactqse.simulate import Environment, Noise

GAME = get("conitzer-sandholm-2006")
_NUMBERS = 64  # bytes, for integers that become longer


@pytest.mark.parametrize("name", ["mle-ovi", "mle-ovi-practical", "mle-golf", "omle"])
def test_episodes_of_one_policy_are_counted_not_kept(name: str) -> None:
    environment, random = Environment(GAME, Noise("bernoulli")), np.random.default_rng(0)
    session = find(name, game=GAME).start(environment.setting, np.random.default_rng(1))
    policy = session.announce().policy
    session.observe(environment.play(policy, 10, random))
    before = len(pickle.dumps(session))
    session.observe(environment.play(policy, 100_000, random))
    assert abs(len(pickle.dumps(session)) - before) <= _NUMBERS


def test_ten_times_the_episodes_cost_mle_ovi_a_few_policies() -> None:
    environment, random = Environment(GAME, Noise("bernoulli")), np.random.default_rng(0)
    session = find("mle-ovi", game=GAME).start(environment.setting, np.random.default_rng(1))
    sizes, announced, played = {}, 0, 0
    for episodes in (1000, 10_000):
        while played < episodes:
            said = session.announce()
            count = min(said.episodes, episodes - played)
            session.observe(environment.play(said.policy, count, random))
            played, announced = played + count, announced + 1
        sizes[episodes] = len(pickle.dumps(session)), announced
    (small, few), (large, many) = sizes.values()
    policy = 8 * np.prod(environment.setting.shape)  # kept twice, as an array and as a key
    responses = 8 * np.prod(environment.setting.shape[:-1])
    assert many - few < 60  # 35 when each block is 7% of all before it
    assert large - small <= (many - few) * (2 * policy + responses + _NUMBERS)
