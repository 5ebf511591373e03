"""MLE-OVI, MLE-PVI and the baselines against the truth."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from exactqse import evaluate_float64, run_offline, solve
from exactqse.errors import InputError, NotCoveredError
from exactqse.games import dense, get
from exactqse.learn.baselines import (
    BestResponseLeader,
    EpsilonGreedy,
    ExploreThenCommit,
    PlugIn,
    UniformLeader,
)
from exactqse.learn.myopic import MLEOVI, MLEPVI, LinearModel
from exactqse.learn.myopic.records import Records
from exactqse.learn.myopic.value_iteration import occupancy
from exactqse.learn.protocol import Announcement, OnlineLearner
from exactqse.model import Game, Policy
from exactqse.simulate import Dataset, Environment, Noise, Setting

BERNOULLI = Noise("bernoulli")
DENSE = dense(states=3, leader_actions=2, follower_actions=2, horizon=3, seed=1, eta=3)
ONLINE: list[OnlineLearner] = [
    MLEOVI(LinearModel(width_scale=0.2)),
    PlugIn(),
    BestResponseLeader(),
    EpsilonGreedy(),
    ExploreThenCommit(200),
    UniformLeader(),
]


def _run(
    game: Game, learner: OnlineLearner, episodes: int, seed: int = 0
) -> list[tuple[Announcement, int]]:
    environment = Environment(game, BERNOULLI)
    own, world = np.random.default_rng(seed).spawn(2)
    session = learner.start(environment.setting, own)
    made, left = [], episodes
    while left:
        announced = session.announce()
        played = min(left, announced.episodes)
        made.append((announced, played))
        session.observe(environment.play(announced.policy, played, world))
        left -= played
    return made


def _regret(game: Game, made: list[tuple[Announcement, int]]) -> float:
    best = float(solve(game, gap="1e-6").lower)
    return sum(
        played * (best - evaluate_float64(game, announced.policy).J) for announced, played in made
    )


@pytest.mark.parametrize(
    "game",
    [
        DENSE,
        get("conitzer-sandholm-2006"),
        get("conitzer-sandholm-2006").with_(observes="nothing"),
        dense(states=2, leader_actions=3, follower_actions=3, horizon=2, seed=3, eta=2).with_(
            observes=[[0, 1], [2]]
        ),
    ],
    ids=["dense", "commitment", "commitment-blind", "partition"],
)
def test_proven_widths_are_optimistic_and_pessimistic(game: Game) -> None:
    best = solve(game, gap="1e-6")
    made = _run(game, MLEOVI(), 3000)
    regret, widths = Fraction(0), Fraction(0)
    for announced, played in made:
        belief = announced.belief
        assert belief.upper is not None
        assert belief.lower is not None
        value = evaluate_float64(game, announced.policy).J
        assert Fraction(belief.upper) >= best.upper
        assert belief.lower <= value
        regret += played * (best.upper - Fraction(value))
        widths += played * (Fraction(belief.upper) - Fraction(belief.lower))
    assert widths >= regret


def test_features_that_are_one_hot_bracket_the_truth_too() -> None:
    game = get("conitzer-sandholm-2006")
    phi = tuple(np.eye(4).reshape(1, 2, 2, 4).tolist())
    best = solve(game, gap="1e-6")
    learner = MLEOVI(LinearModel(features=phi))
    for announced, _ in _run(game, learner, 20_000):
        assert (announced.belief.upper or 0) >= best.upper
        value = evaluate_float64(game, announced.policy).J
        assert (announced.belief.lower or 0) <= value
    assert (announced.belief.upper or 0) - (announced.belief.lower or 0) < 4  # of a range of 3


def test_optimism_beats_a_uniform_leader_and_slows_down() -> None:
    made = _run(DENSE, ONLINE[0], 8000)
    early, late = made[: len(made) // 2], made[-3:]
    regret = _regret(DENSE, made)
    assert regret < _regret(DENSE, _run(DENSE, UniformLeader(), 8000)) / 4
    per_episode = [_regret(DENSE, part) / sum(k for _, k in part) for part in (early, late)]
    assert per_episode[1] < per_episode[0] / 2


@pytest.mark.parametrize("learner", ONLINE, ids=lambda learner: learner.name)
@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_same_seed_same_policies(learner: OnlineLearner, observes: str) -> None:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=2, eta=2).with_(
        observes=observes
    )
    first, second, other = (_run(game, learner, 300, seed) for seed in (1, 1, 2))
    assert [a.policy.tobytes() for a, _ in first] == [a.policy.tobytes() for a, _ in second]
    for announced, _ in first:
        Policy.from_arrays(announced.policy, game=game, normalise=True)
    if learner.name in {"mle-ovi", "explore-then-commit", "epsilon-greedy"}:
        assert [a.policy.tobytes() for a, _ in first] != [a.policy.tobytes() for a, _ in other]


def test_a_leader_who_assumes_a_best_response_keeps_losing() -> None:
    game = get("conitzer-sandholm-2006")
    wrong, right = (
        _regret(game, [(_run(game, learner, 8000)[-1][0], 1)])
        for learner in (BestResponseLeader(), ExploreThenCommit(4000))
    )
    assert wrong > 5 * right > 0


def _dataset(game: Game, policies: list[np.ndarray], episodes: int, seed: int) -> Dataset:
    environment, random = Environment(game, BERNOULLI), np.random.default_rng(seed)
    runs = tuple(environment.play(policy, episodes, random) for policy in policies)
    return Dataset(environment.setting, runs, game.hash, "test", seed, "0")


def _covering(game: Game, count: int) -> list[np.ndarray]:
    shape = (game.horizon, game.states, game.follower_actions)
    random = np.random.default_rng(0)
    return [random.dirichlet(np.full(game.leader_actions, 0.5), size=shape) for _ in range(count)]


def test_pessimism_holds_and_more_data_are_better() -> None:
    values = []
    best = float(solve(DENSE, gap="1e-6").lower)
    for episodes in (20, 200, 5000):
        made = MLEPVI().learn(
            _dataset(DENSE, _covering(DENSE, 16), episodes, 0), np.random.default_rng(0)
        )
        value = evaluate_float64(DENSE, made.policy).J
        assert made.belief.lower is not None
        assert made.belief.lower <= value
        values.append(best - value)
    assert values[2] < values[0] / 2
    assert values[2] < 0.1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"width_scale": -1.0}, "width_scale"),
        ({"delta": 0.0}, "delta"),
        ({"delta": 1}, "delta"),
        ({"norm": float("nan")}, "norm"),
    ],
)
def test_parameters_out_of_range(change: dict[str, float], where: str) -> None:
    with pytest.raises(InputError, match=where):
        LinearModel(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize("growth", [1.0, 2.5, float("nan"), "fast"])
def test_growth_out_of_range(growth: float) -> None:
    with pytest.raises(InputError, match="growth"):
        MLEOVI(growth=growth)


def test_other_followers_and_features_of_another_shape_are_refused() -> None:
    random = np.random.default_rng(0)
    for game, case in (
        (DENSE.with_(gamma="1/2"), "farsighted"),
        (DENSE.with_(eta="inf"), "best-responding"),
    ):
        with pytest.raises(NotCoveredError, match=case):
            MLEOVI().start(Setting.of(game), random)
    with pytest.raises(InputError, match="features: have shape"):
        MLEOVI(LinearModel(features=((((1.0,),),),))).start(Setting.of(DENSE), random)


def test_pessimism_beats_the_plug_in_learner_where_coverage_is_narrow() -> None:
    """One action is known to be worth 3/4; seven worth 1/4 were tried about once each."""
    u = [[["3/4"]], *[[["1/4"]]] * 7]
    game = Game.from_arrays(None, [[row[0] for row in u]], [[row[0] for row in u]])
    game = Game.from_arrays(
        None, [[*game.u[0][0], (0,), (1,)]], [[*game.r[0][0], (0,), (1,)]], eta=1
    )  # two more actions, never tried, so that 0 and 1 are rewards
    policy = np.array([[[[400.0, *[1.0] * 7, 0.0, 0.0]]]]) / 407
    optimum = solve(game)
    found: dict[float, list[Fraction]] = {1.0: [], 0.0: []}
    for seed in range(20):
        data = _dataset(game, [policy], 400, seed)
        for scale, worth in found.items():
            record = run_offline(
                data, MLEPVI(LinearModel(width_scale=scale)), game=game, optimum=optimum
            )
            worth.append(record.suboptimality.upper)
            if scale == 1.0:
                assert record.pessimism == "yes"
    pessimistic, plug_in = (sum(worth, Fraction(0)) / 20 for worth in found.values())
    assert pessimistic < plug_in / 1.5


def test_occupancy_is_how_often_pairs_are_visited() -> None:
    environment, random = Environment(DENSE), np.random.default_rng(0)
    records = Records(environment.setting)
    policy = random.dirichlet(np.ones(2), size=(3, 3, 2))
    records.add(environment.play(policy, 60_000, random))
    estimates = LinearModel().estimates(environment.setting, records)
    expected = occupancy(estimates, policy, records.transitions())
    assert np.allclose(expected.sum(axis=(1, 2, 3)), 1)
    assert np.abs(expected - records.n / 60_000).max() < 0.01
