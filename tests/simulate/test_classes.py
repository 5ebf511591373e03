"""Classes of games and of tables: they hold the truth, and what differs is what may."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from exactqse.errors import InputError, NotCoveredError
from exactqse.evaluate import evaluate_float64
from exactqse.games import dense, sparse
from exactqse.model import Game, Policy
from exactqse.simulate import Setting
from exactqse.simulate.classes import (
    optimal_tables,
    perturbed_models,
    policy_tables,
    response_tables,
)
from exactqse.solve import solve, solve_float64

SIZES = {"states": 3, "leader_actions": 2, "follower_actions": 2, "horizon": 2}
GAME = dense(**SIZES, seed=1, eta=3)


def test_the_truth_is_among_them_anywhere() -> None:
    places = {perturbed_models(GAME, 4, seed=seed).index(GAME) for seed in range(20)}
    assert places == {0, 1, 2, 3}


def test_models_share_what_is_known() -> None:
    game = GAME.with_(gamma="1/3", observes="nothing")
    for model in perturbed_models(game, 5, seed=2):
        known = Setting.of(model)
        for name in ("horizon", "rho", "eta", "gamma", "observes"):
            assert getattr(known, name) == getattr(Setting.of(game), name)
        assert model.shape == game.shape


@pytest.mark.parametrize("spread", [Fraction(1, 10), Fraction(1)])
def test_models_are_as_far_as_asked_for(spread: Fraction) -> None:
    models = perturbed_models(GAME, 5, seed=3, spread=spread)
    others = [model for model in models if model is not GAME]
    low, high = GAME.u_float.min(), GAME.u_float.max()
    for model in others:
        change = np.abs(model.u_float - GAME.u_float).max()
        assert 0.5 * spread * (high - low) < change <= spread * (high - low) + 1e-12
        assert low <= model.u_float.min()
        assert model.u_float.max() <= high
        assert 0 < np.abs(model.P_float - GAME.P_float).sum(-1).max() <= 2 * spread
    assert len(others) == 4


@pytest.mark.parametrize("vary", [("P",), ("u",), ("r",), ("u", "r")])
def test_only_what_may_vary_does(vary: tuple[str, ...]) -> None:
    for model in perturbed_models(GAME, 4, seed=4, vary=vary):
        differ = {name for name in ("P", "u", "r") if getattr(model, name) != getattr(GAME, name)}
        assert differ == (set() if model is GAME else set(vary))


def test_moves_go_where_those_of_the_truth_go() -> None:
    game = sparse(**(SIZES | {"states": 6}), seed=2, successors=2)
    for model in perturbed_models(game, 4, seed=5):
        assert np.array_equal(model.P_float > 0, game.P_float > 0)


def test_same_seed_same_class() -> None:
    first, second, other = (perturbed_models(GAME, 4, seed=seed) for seed in (6, 6, 7))
    assert [m.hash for m in first] == [m.hash for m in second]
    assert {m.hash for m in first} & {m.hash for m in other} == {GAME.hash}


@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_optimal_tables_hold_the_bellman_equation(observes: str) -> None:
    game = GAME.with_(observes=observes)
    models = perturbed_models(game, 3, seed=8)
    tables = optimal_tables(models)
    assert [table.shape for table in tables] == [(3, 3, 2, 2)] * 2
    true = [table[models.index(game)] for table in tables]
    assert np.array_equal(true[1], game.u_float[1])
    W = solve_float64(game).W[1] if observes == "action" else None
    if W is not None:
        assert true[0] == pytest.approx(game.u_float[0] + game.P_float[0] @ W, abs=1e-12)
    policy = solve(game, gap=Fraction(1, 10**6)).policy
    assert true[0] == pytest.approx(evaluate_float64(game, policy).U[0], abs=1e-5)


def test_policy_tables_hold_the_values_of_every_model_and_policy() -> None:
    models = perturbed_models(GAME, 3, seed=9)
    policies = [Policy.uniform(GAME).as_array(), solve_float64(GAME).policy]
    tables = policy_tables(models, policies)
    assert [len(table) for table in tables] == [6, 3]
    for model in models:
        for policy in policies:
            U = evaluate_float64(model, policy).U
            assert all(any(np.array_equal(U[h], x) for x in tables[h]) for h in range(2))


def test_response_tables_are_different_rewards() -> None:
    models = perturbed_models(GAME, 4, seed=10, vary=("u",))
    assert [len(table) for table in response_tables(models)] == [1, 1]
    still = Game.from_arrays(None, [[[0, 1]]], [[[0, 1]]], horizon=3)
    assert [table.shape for table in response_tables([still])] == [(1, 1, 1, 2)] * 3


@pytest.mark.parametrize(
    ("count", "options", "message"),
    [
        (0, {}, "count: there must be at least one"),
        (2, {"seed": -1}, "seed: -1 is negative"),
        (2, {"spread": 0}, "spread: 0 is not in"),
        (2, {"spread": 2}, "spread: 2 is not in"),
        (2, {"vary": ()}, "vary: "),
        (2, {"vary": ("eta",)}, "vary: "),
    ],
)
def test_arguments_out_of_range(count: int, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        perturbed_models(GAME, count, **({"seed": 0} | options))  # type: ignore[arg-type]


def test_models_that_come_out_alike_are_refused() -> None:
    flat = Game.from_arrays(None, [[[1, 1]]], [[[1, 1]]])
    with pytest.raises(InputError, match="two games of the class are the same"):
        perturbed_models(flat, 2, seed=0)


def test_tables_of_nothing_and_of_other_followers() -> None:
    with pytest.raises(InputError, match="the class is empty"):
        response_tables([])
    for changes in ({"gamma": 1}, {"eta": "inf"}):
        with pytest.raises(NotCoveredError, match="farsighted or a best-responding"):
            optimal_tables([GAME.with_(**changes)])  # type: ignore[arg-type]
