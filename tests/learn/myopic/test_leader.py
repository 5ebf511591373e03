"""The leader's own estimates and their widths."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from exactqse.games import dense
from exactqse.learn.myopic.leader import Counted, LeaderEstimate, Ridge
from exactqse.learn.myopic.records import Records
from exactqse.model import Policy
from exactqse.simulate import Environment, Noise

GAME = dense(states=3, leader_actions=2, follower_actions=2, horizon=3, seed=8, eta=1)
NOISES = [Noise(), Noise("bernoulli"), Noise("gaussian", 0.3)]


def _estimate(kind: str, noise: Noise, seed: int, episodes: int) -> LeaderEstimate:
    environment = Environment(GAME, noise)
    records = Records(environment.setting)
    policy = Policy.uniform(GAME).as_array()
    records.add(environment.play(policy, episodes, np.random.default_rng(seed)))
    if kind == "counted":
        return Counted(records, environment.setting, 0.1, 1.0)
    phi = np.eye(12).reshape(3, 2, 2, 12)
    return Ridge(records, environment.setting, 0.1, phi, norm=12**0.5 * 3, scale=1.0)


@pytest.mark.parametrize("noise", NOISES, ids=str)
@pytest.mark.parametrize("kind", ["counted", "ridge"])
@pytest.mark.parametrize("episodes", [3, 3000])
def test_errors_stay_below_widths_for_all_values_at_once(
    kind: str, noise: Noise, episodes: int
) -> None:
    missed, runs, slack = 0, 40, np.inf
    low, high = (float(GAME.u_float.min()), float(GAME.u_float.max()))
    for seed in range(runs):
        found = _estimate(kind, noise, seed, episodes)
        corners = np.array(np.meshgrid(*[[0, 1]] * 3)).reshape(3, -1).T
        failed = False
        for h in range(3):
            left = 2 - h
            for corner in corners:
                W = left * (low + (high - low) * corner)
                truth = GAME.u_float[h] + (GAME.P_float[h] @ W if left else 0)
                for sign in (1.0, -1.0):
                    error, width = sign * (truth - found.mean(h, W)), found.width(h, W, sign)
                    failed |= bool((error > width + 1e-9).any())
                    slack = min(slack, float((width / np.maximum(error, 1e-9)).min()))
        missed += failed
    assert binomtest(missed, runs, 0.1, alternative="greater").pvalue > 1e-3
    if episodes == 3000 and kind == "counted" and noise.kind == "bernoulli":
        assert slack < 10  # the widths are not vacuous


def test_unseen_pairs_are_infinitely_wide_when_counted() -> None:
    environment = Environment(GAME)
    found = Counted(Records(environment.setting), environment.setting, 0.1, 1.0)
    assert np.isinf([found.width(0, np.ones(3), sign) for sign in (1.0, -1.0)]).all()
    assert (found.mean(0, np.ones(3)) == 0).all()


def test_a_scale_narrows_widths_and_few_observations_keep_theirs() -> None:
    environment = Environment(GAME, Noise("bernoulli"))
    records = Records(environment.setting)
    policy = Policy.uniform(GAME).as_array()
    records.add(environment.play(policy, 400, np.random.default_rng(3)))
    W = np.array([0.0, 1.0, 0.3])
    proven, half = (
        Counted(records, environment.setting, 0.1, scale).width(0, W, 1.0) for scale in (1.0, 0.5)
    )
    n = records.n[0]
    many, few = n > 8, (n > 0) & (n <= 2)
    assert many.any()
    assert (half[many] < 0.75 * proven[many]).all()
    assert (half[few] == proven[few]).all()
