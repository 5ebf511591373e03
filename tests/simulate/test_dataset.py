from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from exactqse.errors import DatasetError, InputError, KindError
from exactqse.games import dense
from exactqse.kernel.gamefile import game_bytes
from exactqse.model import Game, Policy
from exactqse.model.gamefile import read_game
from exactqse.simulate import (
    Dataset,
    Episodes,
    Narrow,
    Noise,
    Perturbed,
    Random,
    Setting,
    Uniform,
    draw_dataset,
)
from exactqse.solve import solve

GAME = dense(states=3, leader_actions=3, follower_actions=3, horizon=2, seed=5, eta=2)
CELLS = GAME.with_(observes=[[0, 2], [1]])
DATA = draw_dataset(GAME, behaviour="uniform", episodes=8, seed=1)
RUN = DATA.runs[0]
BEHAVIOURS = [
    Uniform(),
    Perturbed(0.25, 3),
    Random(4, 0.5),
    Narrow(),
    Narrow(2),
]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
@pytest.mark.parametrize("game", [GAME, CELLS], ids=["action", "cells"])
def test_same_arguments_same_bytes_and_everything_is_recorded(game: Game, behaviour: Any) -> None:
    draws = [
        draw_dataset(game, behaviour=behaviour, episodes=13, seed=seed, noise=Noise("gaussian", 1))
        for seed in (7, 7, 8)
    ]
    first, again, other = (data.to_bytes() for data in draws)
    assert first == again != other
    data = draws[0]
    assert not np.isin(data.runs[0].u, draws[2].runs[0].u).any()
    assert (len(data), data.seed, data.behaviour) == (13, 7, str(behaviour))
    assert (data.game_hash, data.setting) == (game.hash, Setting.of(game, Noise("gaussian", 1)))
    sizes = [len(run) for run in data.runs]
    assert max(sizes) - min(sizes) <= 1
    assert len({run.policy.tobytes() for run in data.runs}) == len(sizes)
    data.require_game(game)


def test_names_tell_the_parameters() -> None:
    assert [str(behaviour) for behaviour in BEHAVIOURS] == [
        "uniform",
        "perturbed(epsilon=0.25, count=3)",
        "random(count=4, concentration=0.5)",
        "narrow(deterministic)",
        "narrow(never=2)",
    ]
    assert str(Perturbed(1, node_limit=9)) == "perturbed(epsilon=1.0, count=8, node_limit=9)"


def test_perturbed_policies_lie_around_the_equilibrium() -> None:
    best = solve(GAME, 5).policy.as_array()
    first, *others = Perturbed(0.25, 3).policies(GAME, np.random.default_rng(0))
    assert np.allclose(first, 0.75 * best + 0.25 / 3, atol=1e-12)
    for policy in others:
        rest = (policy - 0.75 * best) / 0.25
        assert (rest > -1e-12).all()
        assert np.allclose(rest.sum(axis=-1), 1)
        assert not np.allclose(rest, 1 / 3)


def test_a_perturbed_farsighted_equilibrium() -> None:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=1, eta=1)
    data = draw_dataset(
        game.with_(gamma="1/2"), behaviour=Perturbed(0.5, 2, node_limit=20), episodes=4, seed=0
    )
    assert len(data.runs) == 2
    sharp = game.with_(gamma="1/2", eta="inf")
    data = draw_dataset(sharp, behaviour=Perturbed(0.5, 2, node_limit=20), episodes=4, seed=0)
    assert len(data.runs) == 2


def test_random_prescriptions_are_uniform_on_the_simplex() -> None:
    """A coordinate of Dirichlet(1, 1, 1) is Beta(1, 2): P(x <= t) = 1 - (1 - t)^2."""
    game = dense(states=30, leader_actions=3, follower_actions=3, horizon=1, seed=5, eta=2)
    policies = Random(40).policies(game, np.random.default_rng(3))
    x = np.stack(policies)[..., 0].ravel()
    edges = 1 - np.sqrt(1 - np.arange(1, 10) / 10)
    counts = np.bincount(np.searchsorted(edges, x), minlength=10)
    assert chisquare(counts).pvalue > 1e-4


def test_narrow_policies_are_narrow() -> None:
    deterministic = draw_dataset(CELLS, behaviour=Narrow(), episodes=200, seed=2).runs[0]
    assert set(np.unique(deterministic.policy)) == {0.0, 1.0}
    avoiding = draw_dataset(CELLS, behaviour=Narrow(1), episodes=200, seed=2).runs[0]
    assert set(np.unique(avoiding.a)) == {0, 2}


def test_rows_agree_within_the_cells() -> None:
    for behaviour in BEHAVIOURS:
        for policy in behaviour.policies(CELLS, np.random.default_rng(0)):
            assert np.array_equal(policy[:, :, 0], policy[:, :, 2])
    policy = Random(1).policies(CELLS, np.random.default_rng(0))[0]
    assert (policy[:, :, 0] != policy[:, :, 1]).all()


def test_policies_do_not_depend_on_how_many_episodes_there_are() -> None:
    few, many = (draw_dataset(GAME, behaviour="random", episodes=k, seed=3) for k in (8, 80))
    for left, right in zip(few.runs, many.runs, strict=True):
        assert np.array_equal(left.policy, right.policy)


def test_a_behaviour_of_ones_own() -> None:
    class Twice:
        def policies(self, game: Game, _random: Any, _progress: Any) -> tuple[Any, ...]:
            return (Policy.uniform(game).as_array(),) * 2

        def __str__(self) -> str:
            return "twice"

    data = draw_dataset(GAME, behaviour=Twice(), episodes=3, seed=0)
    assert (data.behaviour, [len(run) for run in data.runs]) == ("twice", [2, 1])


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    draw_dataset(
        GAME,
        behaviour=Random(3),
        episodes=3,
        seed=0,
        progress=lambda now: told.append((now.done, now.nodes)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"behaviour": "loud"}, "behaviour: 'loud' is not one of uniform, perturbed, random"),
        ({"behaviour": 3}, "behaviour: expected a behaviour or the name of one, found int"),
        ({"behaviour": Narrow(3)}, r"never: 3 is not one of several actions 0\.\.2"),
        ({"behaviour": Random(9)}, "episodes: 8 are too few for 9 policies; draw at least 9"),
        ({"episodes": 0}, "episodes: 0 is not an integer from 1 to"),
        ({"episodes": 2**24 + 1}, "episodes: 16777217 is not an integer from 1 to 16777216"),
        ({"episodes": 2.0}, r"episodes: 2\.0 is not an integer"),
        ({"seed": -1}, "seed: -1 is not an integer"),
        ({"seed": 1 << 128}, "seed: .* is not an integer"),
        ({"seed": None}, "seed: None is not an integer"),
        ({"noise": "none"}, "noise: expected a Noise, found str"),
        ({"progress": 1}, "progress: 1 is not a function"),
        ({"game": None}, "game: expected a game, found NoneType"),
    ],
)
def test_arguments_that_cannot_be(change: dict[str, Any], what: str) -> None:
    arguments = {"game": GAME, "behaviour": "uniform", "episodes": 8, "seed": 0, **change}
    game = arguments.pop("game")
    with pytest.raises(InputError, match=what):
        draw_dataset(game, **arguments)


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: Perturbed(1.5), "epsilon: 1.5 is not in"),
        (lambda: Perturbed(float("nan")), "epsilon: nan is not in"),
        (lambda: Perturbed(epsilon=True), "epsilon: True is not in"),
        (lambda: Perturbed(0.5, 0), "count: 0 is not an integer of at least 1"),
        (lambda: Perturbed(0.5, 1, 0), "node_limit: 0 is not an integer"),
        (lambda: Random(1, 0.0), "concentration: 0.0 is not in"),
        (lambda: Narrow(-1), "never: -1 is not an index"),
    ],
)
def test_behaviours_that_cannot_be(build: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        build()


def test_data_of_another_game_are_refused() -> None:
    other = GAME.with_(eta=3)
    with pytest.raises(DatasetError) as caught:
        DATA.require_game(other)
    said = str(caught.value)
    assert GAME.hash[:16] in said
    assert other.hash[:16] in said
    with pytest.raises(DatasetError, match=r"setting\.r_bounds: is not that of the game"):
        replace(DATA, setting=replace(DATA.setting, r_bounds=(0.0, 9.0))).require_game(GAME)
    with pytest.raises(KindError, match="game: expected a game"):
        DATA.require_game("game")  # type: ignore[arg-type]
    DATA.require_game(read_game(game_bytes(GAME)))


def changed(name: str, place: tuple[int, ...], value: float) -> Episodes:
    arrays = {key: getattr(RUN, key).copy() for key in ("policy", "s", "b", "a", "u")}
    arrays[name][place] = value
    return Episodes(**arrays)


@pytest.mark.parametrize(
    ("name", "place", "value", "what"),
    [
        ("s", (2, 1), 3, r"runs\[0\]\.s\[2\]\[1\]: 3 is not in 0\.\.2"),
        ("b", (7, 0), -1, r"runs\[0\]\.b\[7\]\[0\]: -1 is not in 0\.\.2"),
        ("a", (0, 0), 9, r"runs\[0\]\.a\[0\]\[0\]: 9 is not in 0\.\.2"),
        ("u", (1, 1), np.nan, r"runs\[0\]\.u\[1\]\[1\]: nan is not a finite number"),
        ("u", (1, 1), 1e9, r"u\[1\]\[1\]: 1000000000\.0 is not within the bounds"),
        ("policy", (1, 2, 0, 1), np.nan, r"policy\[1\]\[2\]\[0\]\[1\]: nan is not a probability"),
        ("policy", (0, 0, 0, 0), -0.1, r"policy\[0\]\[0\]\[0\]\[0\]: -0\.1 is not a probability"),
        ("policy", (1, 2, 0, 1), 0.4, r"policy\[1\]\[2\]\[0\]: 1\.0666\d* is what"),
    ],
)
def test_episodes_that_no_play_leaves(
    name: str, place: tuple[int, ...], value: float, what: str
) -> None:
    with pytest.raises(DatasetError, match=what):
        replace(DATA, runs=(changed(name, place, value),))


def test_what_could_not_have_been_seen() -> None:
    game = Game.from_arrays(
        None, [[[1, 3], [2, 4]]] * 2, [[[0, 1], [1, 0]]] * 2, rho=1, observes="nothing"
    )
    noise = Noise("bernoulli")
    data = draw_dataset(game, behaviour=Narrow(0), episodes=2, seed=0, noise=noise)
    run = data.runs[0]
    cases: dict[str, dict[str, Any]] = {
        r"runs\[0\]\.s\[0\]: 0 is a first state of probability 0": {"s": run.s * 0},
        r"runs\[0\]\.a\[0\]\[0\]: 0 is an action that the announced policy never": {"a": run.a * 0},
        r"runs\[0\]\.u\[0\]\[0\]: 2\.0 is neither 1\.0 nor 4\.0": {"u": run.u * 0 + 2},
    }
    policy = run.policy.copy()
    policy[0, 0, 1] = (0.5, 0.5)
    cases[r"runs\[0\]\.policy\[0\]\[0\]: rows differ on the cell \[0, 1\]"] = {"policy": policy}
    for what, change in cases.items():
        with pytest.raises(DatasetError, match=what):
            replace(data, runs=(replace(run, **change),))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"s": RUN.s[:7]}, r"runs\[0\]\.b: needs shape \(7, 2\)"),
        ({"u": RUN.u[:, :1]}, r"runs\[0\]\.u: needs shape \(8, 2\), \(episodes, H\), of float64"),
        ({"a": RUN.a.astype(float)}, r"runs\[0\]\.a: needs shape \(8, 2\), .* of integers"),
        ({"u": RUN.s.copy()}, r"runs\[0\]\.u: needs shape"),
        ({"s": RUN.s[:0]}, r"runs\[0\]\.s: there is no episode"),
        ({"policy": RUN.policy[:1]}, r"runs\[0\]\.policy: needs shape \(2, 3, 3, 3\)"),
    ],
)
def test_shapes_that_do_not_fit(change: dict[str, Any], what: str) -> None:
    with pytest.raises(DatasetError, match=what):
        replace(DATA, runs=(replace(RUN, **change),))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"runs": ()}, "dataset.runs: is not a tuple of at least one run"),
        ({"runs": [RUN]}, "dataset.runs: is not a tuple"),
        ({"runs": (RUN, None)}, r"dataset.runs\[1\]: expected Episodes, found NoneType"),
        ({"setting": None}, "dataset.setting: expected a Setting"),
        ({"game_hash": "A" * 64}, "dataset.game_hash: 'A+' is no hash|dataset.game_hash: "),
        ({"game_hash": "a" * 63}, "dataset.game_hash: "),
        ({"behaviour": "two\nlines"}, "dataset.behaviour: .* is not a line of text"),
        ({"version": ""}, "dataset.version: '' is not a line"),
        ({"seed": True}, "dataset.seed: True is not an integer"),
        ({"seed": -1}, "dataset.seed: -1 is not an integer"),
    ],
)
def test_fields_that_cannot_be(change: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        replace(DATA, **change)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"horizon": 0}, "setting.horizon: 0 is not an integer from 1 to 1000000"),
        ({"horizon": 10**6 + 1}, "setting.horizon: "),
        ({"states": 2.0}, "setting.states: 2.0 is not an integer"),
        ({"leader_actions": True}, "setting.leader_actions: True is not an integer"),
        ({"follower_actions": -1}, "setting.follower_actions: -1"),
        ({"rho": (1.0, 0.0)}, "setting.rho: is not a tuple of 3 probabilities"),
        ({"rho": (1.0, 1.0, -1.0)}, "setting.rho: is not a tuple of 3 probabilities"),
        ({"rho": (1.0, 0.5, 0.0)}, "setting.rho: probabilities sum to 1.5, not to 1"),
        ({"rho": [1.0, 0.0, 0.0]}, "setting.rho: is not a tuple"),
        ({"eta": 0.0}, "setting.eta: 0.0 is not a positive number"),
        ({"eta": float("inf")}, "setting.eta: inf is not"),
        ({"gamma": 1.5}, "setting.gamma: 1.5 is not in"),
        ({"gamma": 10**400}, "setting.gamma: int of many|setting.gamma: 1000"),
        ({"gamma": None}, "setting.gamma: None is not in"),
        ({"observes": ((0, 1),)}, "setting.observes: is not a partition"),
        ({"observes": ((0,), (1,), (2.0,))}, "setting.observes: .* is not a tuple of tuples"),
        (
            {"observes": ((1,), (0,), (2,))},
            "setting.observes: is not a partition of the follower.s actions in ascending",
        ),
        ({"u_bounds": (1.0, 0.0)}, "setting.u_bounds: .* is not a pair"),
        ({"r_bounds": (0.0, float("nan"))}, "setting.r_bounds: .* is not a pair"),
        ({"noise": "none"}, "setting.noise: expected a Noise"),
    ],
)
def test_settings_that_cannot_be(change: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        replace(DATA.setting, **change)


def test_numbers_beyond_float64_are_an_input_error() -> None:
    game = Game.from_arrays(None, [[["1e400"]]], [[[0]]])
    with pytest.raises(InputError, match="game: a number is beyond the range of float64"):
        draw_dataset(game, episodes=1, seed=0)


def test_a_dataset_says_nothing_of_what_must_be_learnt() -> None:
    assert set(vars(DATA)) == {"setting", "runs", "game_hash", "behaviour", "seed", "version"}
    assert set(vars(RUN)) == {"policy", "s", "b", "a", "u"}
    for hidden in ("P", "u", "r"):
        assert not hasattr(DATA.setting, hidden)
        assert not hasattr(DATA, hidden)
    assert isinstance(DATA, Dataset)
