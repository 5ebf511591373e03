"""The environment draws what the game says, and tells nothing else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare

from exactqse.errors import InputError, PolicyError
from exactqse.evaluate.float64 import evaluate_float64
from exactqse.games import dense
from exactqse.model import Game, Policy
from exactqse.simulate import Environment, Noise, Setting

GAME = dense(states=3, leader_actions=2, follower_actions=3, horizon=3, seed=5, eta=2)
PLAYED = 40_000


@pytest.mark.parametrize("gamma", [0, "1/2"])
def test_frequencies_are_those_of_the_game(gamma: int | str) -> None:
    game = GAME.with_(gamma=gamma)
    policy = np.random.default_rng(1).dirichlet(np.ones(2), size=(3, 3, 3))
    seen = Environment(game).play(policy, PLAYED, np.random.default_rng(2))
    nu = evaluate_float64(game, policy).nu
    for h in range(3):
        for s in range(3):
            here = seen.s[:, h] == s
            pairs = np.bincount(seen.b[here, h] * 2 + seen.a[here, h], minlength=6)
            expected = (nu[h, s][:, None] * policy[h, s]).ravel() * here.sum()
            assert chisquare(pairs, expected).pvalue > 1e-4
    after = seen.s[(seen.s[:, 0] == 1) & (seen.a[:, 0] == 1) & (seen.b[:, 0] == 2), 1]
    expected = game.P_float[0, 1, 1, 2] * len(after)
    assert chisquare(np.bincount(after, minlength=3), expected).pvalue > 1e-4


def test_rewards_without_noise_are_the_table() -> None:
    seen = Environment(GAME).play(Policy.uniform(GAME).as_array(), 100, np.random.default_rng(0))
    for h in range(3):
        table = GAME.u_float[h][seen.s[:, h], seen.a[:, h], seen.b[:, h]]
        assert np.array_equal(seen.u[:, h], table)


@pytest.mark.parametrize("noise", [Noise("bernoulli"), Noise("gaussian", 0.5)])
def test_noise_has_the_mean_of_the_table(noise: Noise) -> None:
    game = Game.from_arrays(None, [[[1, 3], [2, "5/2"]]], [[[0, 0], [0, 0]]])
    policy = Policy.uniform(game).as_array()
    seen = Environment(game, noise).play(policy, PLAYED, np.random.default_rng(3))
    for a in range(2):
        for b in range(2):
            got = seen.u[(seen.a[:, 0] == a) & (seen.b[:, 0] == b), 0]
            assert abs(got.mean() - game.u_float[0, 0, a, b]) < 5 / np.sqrt(len(got))
    if noise.kind == "bernoulli":
        assert set(np.unique(seen.u)) == {1.0, 3.0}
    else:
        assert len(np.unique(seen.u)) == seen.u.size


def test_same_generator_same_bytes() -> None:
    policy = Policy.uniform(GAME).as_array()
    first, second = (
        Environment(GAME, Noise("bernoulli")).play(policy, 50, np.random.default_rng(7))
        for _ in range(2)
    )
    for name in ("s", "b", "a", "u"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()
        with pytest.raises(ValueError, match="read-only"):
            getattr(first, name)[0, 0] = 0


def test_no_action_of_probability_zero_is_played() -> None:
    game = Game.from_arrays(None, [[[1, 3], [2, 4]]], [[[0, 9], [0, 9]]], eta="inf")
    policy = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    seen = Environment(game).play(policy, 1000, np.random.default_rng(0))
    assert set(seen.b.ravel()) == {1}
    assert set(seen.a.ravel()) == {1}


@pytest.mark.parametrize("hidden", ["P", "u", "r", "game"])
def test_a_setting_hides_what_must_be_learnt(hidden: str) -> None:
    setting, unknown = Setting.of(GAME), "colour"
    with pytest.raises(AttributeError, match=f"may not know {hidden}"):
        getattr(setting, hidden)
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        getattr(setting, unknown)


def test_bounds_hold_the_exact_rewards() -> None:
    game = Game.from_arrays(None, [[["1/3", "2/3"]]], [[["-1/7", "1/10"]]])
    setting = Setting.of(game)
    for (low, high), table in ((setting.u_bounds, game.u), (setting.r_bounds, game.r)):
        row = table[0][0][0]
        assert Fraction(low) <= row[0] < row[1] <= Fraction(high)
        assert Fraction(low) != row[0]


def test_an_invalid_policy_is_refused() -> None:
    with pytest.raises(PolicyError, match="sum to 1 only within"):
        Environment(GAME).play(np.full((3, 3, 3, 2), 0.4), 1, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("kind", "sd"), [("loud", 0.0), ("gaussian", 0.0), ("none", 1.0), ("none", -1.0)]
)
def test_noise_that_is_none(kind: str, sd: float) -> None:
    with pytest.raises(InputError, match="noise"):
        Noise(kind, sd)  # type: ignore[arg-type]
