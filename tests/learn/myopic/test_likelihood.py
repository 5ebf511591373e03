"""The constrained maximum likelihood estimate, and the sets around it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binomtest

from exactqse.evaluate import evaluate_float64
from exactqse.games import dense
from exactqse.learn.myopic.likelihood import Logits, fit
from exactqse.learn.myopic.records import Records
from exactqse.learn.myopic.response import ResponseClass
from exactqse.learn.myopic.widths import Stages
from exactqse.model import Game
from exactqse.simulate import Environment, Setting

GAME = dense(states=2, leader_actions=2, follower_actions=3, horizon=1, seed=4, eta=2)


def _problems(seed: int, *, separated: bool) -> Logits:
    random = np.random.default_rng(seed)
    features = random.normal(size=(3, 5, 3, 4))
    counts = random.integers(0, 9, size=(3, 5, 3)).astype(float)
    if separated:
        counts[:, :, 1:] = 0
    return Logits(features, counts, 1.5, -1.0, 2.0)


@pytest.mark.parametrize("kind", ["mixed", "separated"])
@pytest.mark.parametrize("seed", range(4))
def test_the_estimate_is_a_minimiser_up_to_its_gap(seed: int, kind: str) -> None:
    problems = _problems(seed, separated=kind == "separated")
    found = fit(problems, np.zeros((3, 4)))
    loss = problems.loss(found.theta)
    assert ((found.theta >= -1) & (found.theta <= 2)).all()
    assert (found.gap < 1e-5).all()
    for n in range(3):

        def one(theta: np.ndarray, n: int = n) -> float:
            every = found.theta.copy()
            every[n] = theta
            return float(problems.loss(every)[n])

        other = minimize(one, np.full(4, 0.5), method="L-BFGS-B", bounds=[(-1, 2)] * 4)
        assert loss[n] - found.gap[n] <= other.fun + 1e-9
        assert other.fun <= loss[n] + 1e-6


def test_slopes_are_those_of_the_loss() -> None:
    problems = _problems(7, separated=False)
    theta = np.random.default_rng(0).uniform(-1, 2, size=(3, 4))
    gradient, sigma = problems.slopes(theta)
    step = 1e-5
    for j in range(4):
        move = np.eye(4)[j] * step
        up, down = (problems.loss(theta + sign * move) for sign in (1, -1))
        assert np.allclose((up - down) / (2 * step), gradient[:, j], rtol=1e-6, atol=1e-6)
        ahead, behind = (problems.slopes(theta + sign * move)[0] for sign in (1, -1))
        assert np.allclose((ahead - behind) / (2 * step), problems.eta**2 * sigma[:, j], rtol=1e-5)


def _seen(game: Game, seed: int, episodes: int) -> tuple[Setting, Records]:
    environment, random = Environment(game), np.random.default_rng(seed)
    records = Records(environment.setting)
    shape = (game.horizon, game.states, game.follower_actions)
    for _ in range(4):
        policy = random.dirichlet(np.full(game.leader_actions, 0.4), size=shape)
        records.add(environment.play(policy, episodes, random))
    return environment.setting, records


def _excess(game: Game, seed: int, episodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """L(theta*) - L(theta) over beta, and |theta* - theta|^2 over R^2; the widths' failures."""
    setting, records = _seen(game, seed, episodes)
    kind = ResponseClass(setting, None, 0.05)
    found = kind.estimate(records, scale=1.0)
    problems = kind.problems(records)
    truth = np.broadcast_to(game.r_float, (game.horizon, *game.r_float.shape[1:]))
    truth = truth.reshape(found.theta.shape)
    likelihood = (problems.loss(truth) - problems.loss(found.theta)) / found.beta.ravel()
    d = truth.shape[1]
    metric = np.linalg.inv(found.kernel.reshape(-1, d, d))
    apart = truth - found.theta
    ellipsoid = np.einsum("nd,nde,ne->n", apart, metric, apart) / found.radius.ravel() ** 2
    random = np.random.default_rng(seed)
    stages = Stages.of(found, 0, float(setting.eta or 0))
    shape = (game.states, 20, game.follower_actions)
    alpha = random.dirichlet(np.full(game.leader_actions, 0.3), size=shape)
    U = random.random(size=(game.states, game.leader_actions, game.follower_actions))
    value, width = stages.values(alpha, U)
    exact, _ = Stages(game.r_float[0], stages.kernel, 0 * stages.radius, 0, stages.eta).values(
        alpha, U
    )
    assert (width <= np.ptp(U, axis=(1, 2))[:, None] * stages.largest_effect()[:, None]).all()
    return likelihood, ellipsoid, np.abs(value - exact) - width


@pytest.mark.parametrize("episodes", [1, 20, 3000])
def test_the_truth_is_in_every_set(episodes: int) -> None:
    runs = [_excess(GAME, seed, episodes) for seed in range(60)]
    missed = sum(bool((likelihood > 1).any()) for likelihood, _, _ in runs)
    assert binomtest(missed, len(runs), 0.05, alternative="greater").pvalue > 1e-3
    for likelihood, ellipsoid, error in runs:
        if (likelihood <= 1).all():  # the other two follow, with no further chance of failure
            assert (ellipsoid <= 1).all()
            assert (error <= 1e-12).all()


def test_sets_are_not_so_wide_that_they_say_nothing() -> None:
    likelihood, ellipsoid, _ = zip(*(_excess(GAME, seed, 3000) for seed in range(20)), strict=True)
    assert np.max(likelihood) > 1 / 30
    assert np.max(ellipsoid) > 1 / 400


def test_widths_fall_with_the_episodes() -> None:
    alpha = np.full((2, 1, 3, 2), 0.5)
    U = np.random.default_rng(0).random(size=(2, 2, 3))
    widths = []
    for episodes in (10, 1000, 100_000):
        setting, records = _seen(GAME, 0, episodes)
        found = ResponseClass(setting, None, 0.05).estimate(records, scale=1.0)
        widths.append(Stages.of(found, 0, 2.0).values(alpha, U)[1].max())
    assert widths[0] > 2 * widths[1]
    assert widths[1] > 5 * widths[2]  # about 1/sqrt(n) once it is local


def test_pooled_features_estimate_one_theta_for_all_states() -> None:
    states, leader, follower, d = 3, 2, 2, 3
    random = np.random.default_rng(5)
    phi = random.integers(-4, 5, size=(states, leader, follower, d)) / 8
    theta = np.array([0.5, -0.75, 0.25])
    r = phi @ theta
    game = Game.from_arrays(None, r.tolist(), r.tolist(), rho=[0.25, 0.25, 0.5], eta=4)
    setting, records = _seen(game, 3, 50_000)
    setting = Setting(**{**vars(setting), "r_bounds": (-1.0, 1.0)})
    found = ResponseClass(setting, phi, 0.05).estimate(records, scale=1.0)
    assert found.theta.shape == (1, d)
    assert np.abs(found.theta - theta).max() < 0.05
    exact = evaluate_float64(game, records.policies[0]).nu[0]
    alpha = records.policies[0, 0][:, None]
    U = random.random(size=(states, leader, follower))
    value, width = Stages.of(found, 0, 4.0).values(alpha, U)
    truth = np.einsum("sb,sba,sab->s", exact, alpha[:, 0], U)
    assert (np.abs(value[:, 0] - truth) <= width[:, 0]).all()
    assert (width < 0.2).all()


@pytest.mark.parametrize("scale", [1.0, 0.2])
def test_nothing_seen_leaves_the_whole_box(scale: float) -> None:
    """R^2/lambda = 5 d (high - low)^2, whatever the scale of R."""
    setting = Setting.of(GAME)
    low, high = setting.r_bounds
    found = ResponseClass(setting, None, 0.05).estimate(Records(setting), scale=scale)
    farthest = found.radius[0] ** 2 * np.einsum("sabab->sab", found.kernel[0]).T
    assert farthest == pytest.approx(np.full((3, 2, 2), 5 * 6 * (high - low) ** 2))


def test_the_scale_multiplies_the_radius_where_much_was_seen() -> None:
    setting, records = _seen(GAME, 0, 100_000)
    alpha = np.full((2, 1, 3, 2), 0.5)
    U = np.random.default_rng(0).random(size=(2, 2, 3))
    whole, half, none = (
        Stages.of(ResponseClass(setting, None, 0.05).estimate(records, scale=scale), 0, 2.0)
        .values(alpha, U)[1]
        .max()
        for scale in (1.0, 0.5, 0.0)
    )
    assert half == pytest.approx(whole / 2, rel=0.1)
    assert none == 0
