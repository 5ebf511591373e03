from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from scipy.stats import chi2_contingency, chisquare, norm

import exactqse
from exactqse.errors import InputError, KindError, NotCoveredError, PolicyError
from exactqse.evaluate.float64 import evaluate_float64
from exactqse.games import dense, get
from exactqse.kernel.game import KernelGame
from exactqse.model import Game, Policy
from exactqse.simulate import Environment, LeaderEnv, Noise
from exactqse.simulate.world import World

GAME = dense(states=3, leader_actions=2, follower_actions=3, horizon=3, seed=5, eta=2).with_(
    observes=[[0, 2], [1]]
)
H, S, B, A = 3, 3, 3, 2
LEVEL = 1e-4  # of every test of hypotheses here; seeds are fixed
PLAYED = 4000


def weights(policy: Any, game: Game, h: int, s: int) -> Any:
    """The action that announces the prescription of a policy."""
    return np.concatenate([policy[h, s, cell[0]] for cell in game.observes])


def played(env: LeaderEnv, policy: Any, game: Game, episodes: int, seed: int) -> Any:
    """What is seen of some episodes: rows (h, s, b, a), and the observed rewards."""
    rows, rewards = [], []
    for episode in range(episodes):
        (h, s), _ = env.reset(seed=seed if episode == 0 else None)
        over = False
        while not over:
            seen, u, over, truncated, info = env.step(weights(policy, game, h, s))
            assert not truncated
            rows.append((h, s, info["follower_action"], info["leader_action"]))
            rewards.append(u)
            h, s = seen
        assert h == game.horizon
    return np.array(rows).reshape(episodes, game.horizon, 4), np.reshape(rewards, (episodes, -1))


@pytest.mark.parametrize("observes", ["action", "nothing", [[0, 2], [1]]])
@pytest.mark.parametrize("noise", [Noise(), Noise("bernoulli"), Noise("gaussian", 0.5)], ids=str)
def test_gymnasiums_own_checker_has_nothing_to_say(observes: Any, noise: Noise) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(LeaderEnv(GAME.with_(observes=observes), noise))


def test_it_is_made_again_by_gymnasium() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = gymnasium.make(LeaderEnv(GAME).spec)
        made.reset(seed=1)
        first = made.step(np.zeros(4))
    env = LeaderEnv(GAME)
    env.reset(seed=1)
    second = env.step(np.zeros(4))
    assert np.array_equal(first[0], second[0])
    assert first[1:4] == second[1:4]
    assert isinstance(made.unwrapped, LeaderEnv)


def test_the_spaces() -> None:
    env = LeaderEnv(GAME)
    assert env.action_space.shape == (4,)
    assert env.observation_space.nvec.tolist() == [H + 1, S]


def test_its_episodes_are_distributed_as_those_of_the_environment() -> None:
    """Two samples of (s, b, a) at each step, and of next states, chi-square at ``LEVEL``."""
    rows = np.random.default_rng(1).dirichlet(np.ones(A), size=(H, S, 2))
    policy = rows[:, :, [0, 1, 0]]
    mine, _ = played(LeaderEnv(GAME), policy, GAME, PLAYED, 1)
    theirs = Environment(GAME).play(policy, PLAYED, np.random.default_rng(2))
    for h in range(H):
        assert (mine[:, h, 0] == h).all()
        codes = (
            (mine[:, h, 1] * B + mine[:, h, 2]) * A + mine[:, h, 3],
            (theirs.s[:, h] * B + theirs.b[:, h]) * A + theirs.a[:, h],
        )
        table = np.stack([np.bincount(code, minlength=S * B * A) for code in codes])
        assert (table > 0).all()
        assert chi2_contingency(table).pvalue > LEVEL
    moves = [
        np.bincount(s[:, :-1].ravel() * S + s[:, 1:].ravel(), minlength=S * S)
        for s in (mine[..., 1], theirs.s)
    ]
    assert chi2_contingency(np.stack(moves)).pvalue > LEVEL


def test_the_follower_answers_the_prescription_of_the_step() -> None:
    policy = np.zeros((H, S, B, A))
    policy[..., 0] = 1
    rows, _ = played(LeaderEnv(GAME), policy, GAME, PLAYED, 3)
    nu = evaluate_float64(GAME, policy).nu
    for h in range(H):
        for s in range(S):
            seen = rows[rows[:, h, 1] == s, h, 2]
            assert chisquare(np.bincount(seen, minlength=B), nu[h, s] * len(seen)).pvalue > LEVEL


@pytest.mark.parametrize("noise", [Noise(), Noise("bernoulli")], ids=str)
def test_the_mean_return_of_the_uniform_policy_is_its_exact_value(noise: Noise) -> None:
    uniform = Policy.uniform(GAME)
    _, rewards = played(LeaderEnv(GAME, noise), uniform.as_array(), GAME, PLAYED, 4)
    returns = rewards.sum(axis=1)
    J = exactqse.evaluate(GAME, uniform, 10).J
    half = norm.ppf(1 - LEVEL / 2) * returns.std(ddof=1) / np.sqrt(PLAYED)
    assert returns.mean() - half <= float(J.lower)
    assert float(J.upper) <= returns.mean() + half
    assert half < 0.1


def test_same_seed_same_bytes() -> None:
    policy = Policy.uniform(GAME).as_array()
    noise = Noise("gaussian", 1.0)
    runs = [played(LeaderEnv(GAME, noise), policy, GAME, 20, seed) for seed in (7, 7, 8)]
    first, again, other = (rows.tobytes() + rewards.tobytes() for rows, rewards in runs)
    assert first == again != other


def test_weights_are_normalised_and_zeros_mean_uniform() -> None:
    env = LeaderEnv(GAME)
    cases = {
        (0.0, 0.0, 0.25, 0.75): [[0.5, 0.5], [0.25, 0.75]],
        (1.0, 1.0, 0.1, 0.0): [[0.5, 0.5], [1.0, 0.0]],
        (5e-324, 5e-324, 0.0, 1e-310): [[0.5, 0.5], [0.0, 1.0]],
    }
    for action, rows in cases.items():
        env.reset(seed=0)
        info = env.step(np.array(action))[-1]
        assert np.allclose(info["prescription"], rows, atol=1e-12)
    env.reset(seed=0)
    single = env.step(np.array([0, 0, 1, 0], dtype=np.float32))
    assert single[-1]["prescription"].tolist() == [[0.5, 0.5], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (np.zeros(3), r"action: is not an array of \(4,\) numbers"),
        (np.zeros((2, 2)), "action: is not an array"),
        (np.array(["a"] * 4), "action: is not an array"),
        (None, "action: is not an array"),
        (np.array([0, 0, 0, np.nan]), r"action: a weight is not in \[0, 1\]"),
        (np.array([0, 0, 0, -0.1]), r"action: a weight is not in \[0, 1\]"),
        (np.array([0, 0, 0, 1.1]), r"action: a weight is not in \[0, 1\]"),
    ],
)
def test_actions_that_are_none(action: Any, what: str) -> None:
    env = LeaderEnv(GAME)
    env.reset(seed=0)
    with pytest.raises(PolicyError, match=what):
        env.step(action)


def test_a_step_needs_an_episode() -> None:
    env = LeaderEnv(get("conitzer-sandholm-2006"))
    with pytest.raises(InputError, match="no episode is under way; call reset"):
        env.step(np.zeros(4))
    env.reset(seed=0)
    assert env.step(np.zeros(4))[2] is True
    with pytest.raises(InputError, match="no episode is under way"):
        env.step(np.zeros(4))


@pytest.mark.parametrize(
    ("change", "why"), [({"gamma": "1/2"}, "gamma = 1/2 > 0"), ({"eta": "inf"}, "eta = infinity")]
)
def test_a_response_that_depends_on_later_steps_is_not_covered(
    change: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotCoveredError) as caught:
        LeaderEnv(GAME.with_(**change))
    said = str(caught.value)
    assert f"not covered: {why}" in said
    assert "depends on what she plays in later steps" in said
    assert "\n" not in said


def test_games_of_one_step_are_always_covered() -> None:
    game = Game.from_arrays(None, [[[1, 3], [2, 4]]], [[[0, 9], [0, 9]]], eta="inf", gamma=1)
    env = LeaderEnv(game)
    for _ in range(20):
        env.reset()
        assert env.step(np.zeros(4))[-1]["follower_action"] == 1


def test_what_is_no_game_or_beyond_float64() -> None:
    with pytest.raises(KindError, match="game: expected a game"):
        LeaderEnv(None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="beyond the range of float64"):
        LeaderEnv(Game.from_arrays(None, [[[0]]], [[["1e400"]]]))


def public(value: Any, path: str, seen: set[int], depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything that is reached from a value by names without an underscore, and entries."""
    if id(value) in seen or depth > 6 or isinstance(value, type) or callable(value):
        return
    seen.add(id(value))
    yield path, value
    if isinstance(value, dict):
        parts = [(f"{path}[{key!r}]", part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{path}[{i}]", part) for i, part in enumerate(value)]
    elif isinstance(value, int | float | str | np.ndarray | np.random.Generator | None):
        parts = []
    else:
        names = [name for name in dir(value) if not name.startswith("_")]
        parts = [(f"{path}.{n}", getattr(value, n)) for n in names if hasattr(value, n)]
    for where, part in parts:
        yield from public(part, where, seen, depth + 1)


@pytest.mark.parametrize("wrapped", [False, True])
def test_nothing_public_holds_what_must_be_learnt(*, wrapped: bool) -> None:
    env: Any = gymnasium.make(LeaderEnv(GAME).spec) if wrapped else LeaderEnv(GAME)
    env.reset(seed=0)
    env.step(env.action_space.sample())
    reached = dict(public(env.unwrapped, "env", set()))
    assert {"env.setting.rho", "env.spec.id", "env.action_space.low"} <= set(reached)
    hidden = {*GAME.r_float.ravel().tolist(), *GAME.P_float.ravel().tolist()}
    bounds = {*env.unwrapped.setting.r_bounds}
    for where, value in reached.items():
        assert not isinstance(value, KernelGame | World | Environment), where
        numbers = value.ravel().tolist() if isinstance(value, np.ndarray) else [value]
        floats = {x for x in numbers if isinstance(x, float)}
        assert not floats & (hidden - bounds), where
    for name in ("r", "u", "P", "game"):
        assert not hasattr(env.unwrapped, name)


def test_without_gymnasium_one_line_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulate = import_module("exactqse.simulate")
    monkeypatch.delitem(import_module("sys").modules, "exactqse.simulate.leader_env")
    monkeypatch.setitem(import_module("sys").modules, "gymnasium", None)
    with pytest.raises(InputError) as caught:
        _ = simulate.LeaderEnv
    assert str(caught.value) == (
        'LeaderEnv: gymnasium is not installed; install it with: pip install "exactqse[gymnasium]"'
    )
