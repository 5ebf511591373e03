from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import InputError, PolicyError
from exactqse.evaluate import evaluate, evaluate_float64
from exactqse.kernel.game import KernelGame
from exactqse.model import Game, Policy

few = settings(max_examples=40, deadline=None)
TOLERANCE = Fraction(1, 10**9)
FIELDS = ("V", "Q", "nu", "U", "W", "J")


def single(r: list[Any], u: list[Any], **options: Any) -> Game:
    return Game.from_arrays(None, [[u]], [[r]], **options)


@few
@given(st.data())
def test_within_1e_9_of_the_enclosures(finite_cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(finite_cases)
    exact, rounded = evaluate(game, policy), evaluate_float64(game, policy)
    for name in FIELDS:
        values = np.asarray(getattr(rounded, name))
        table = np.array(getattr(exact, name), dtype=object)
        assert values.shape == table.shape
        for x, value in zip(table.ravel(), values.ravel().tolist(), strict=True):
            assert x.lower - TOLERANCE <= Fraction(value) <= x.upper + TOLERANCE, name


@few
@given(st.data())
def test_best_response_where_no_two_actions_nearly_tie(
    best_response_cases: Any, data: st.DataObject
) -> None:
    game, policy = data.draw(best_response_cases)
    exact, rounded = evaluate(game, policy), evaluate_float64(game, policy)
    assert np.allclose(rounded.V, np.array(exact.V, dtype=float), rtol=0, atol=1e-9)
    assert ((rounded.nu == 0) | (rounded.nu == 1)).all()
    assert (rounded.nu.sum(axis=-1) == 1).all()
    tied = any(
        sum(x.lower == V.lower for x in Q) > 1
        for step in zip(exact.V, exact.Q, strict=True)
        for V, Q in zip(*step, strict=True)
    )
    assert tied or np.array_equal(rounded.nu, np.array(exact.nu, dtype=float))


@few
@given(st.data())
def test_J_is_the_reward_along_all_paths(cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(cases)
    result, pi = evaluate_float64(game, policy), policy.as_array()
    P, u = game.P_float, game.u_float
    mass = np.zeros(game.states)
    for s, n in zip(game.rho.states, game.rho.numerators, strict=True):
        mass[s] = n / game.rho.denominator
    total = 0.0
    for h in range(game.horizon):
        step = np.zeros(game.states)
        rows, gain = P[h if len(P) > 1 else 0], u[h if len(u) > 1 else 0]
        for s, a, b in product(*map(range, game.shape[1:])):
            chance = mass[s] * result.nu[h, s, b] * pi[h, s, b, a]
            total += chance * gain[s, a, b]
            step += chance * rows[s, a, b]
        mass = step
    assert abs(total - result.J) < 1e-9


@few
@given(st.data())
def test_an_array_is_as_good_as_a_policy(cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(cases)
    plain = KernelGame(**{name: getattr(game, name) for name in KernelGame.__match_args__})
    one, two = evaluate_float64(game, policy), evaluate_float64(plain, policy.as_array())
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in FIELDS)


def test_ties_favour_the_leader_then_the_lowest_index() -> None:
    game = single([1, 1, 1, 0], [0, 1, 1, 9], eta=float("inf"))
    result = evaluate_float64(game, Policy.uniform(game))
    assert result.nu[0, 0].tolist() == [0, 1, 0, 0]
    assert result.J == 1


@pytest.mark.parametrize("gamma", [0, "1/2", 1])
@pytest.mark.parametrize(("reward", "eta"), [(10**6, 10**3), (-(10**9), 10**6), (10**200, 10**200)])
def test_extreme_exponents(reward: int, eta: int, gamma: Any) -> None:
    game = single([reward, 0], [1, 2], horizon=3, eta=eta, gamma=gamma)
    result = evaluate_float64(game, Policy.uniform(game))
    best = 0 if reward > 0 else 1
    assert result.nu[0, 0].tolist() == [1 - best, best]
    assert 3 * (1 + best) == result.J


@pytest.mark.parametrize(
    ("reward", "eta"), [(10**400, 1), (1, Fraction(1, 10**400)), (1, 10**400), (10**308, 1)]
)
def test_beyond_float64(reward: int, eta: Any) -> None:
    game = single([reward, 0], [1, 2], horizon=3, eta=eta, gamma=1)
    with pytest.raises(InputError, match="range of float64"):
        evaluate_float64(game, Policy.uniform(game))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 0], [0, 1]], "tell apart"),
        ([[0.5, 0.4], [0.5, 0.4]], r"policy\[0\]\[0\]\[0\]: probabilities sum to 1 only within"),
        ([[1.5, -0.5], [1.5, -0.5]], "negative"),
        ([[float("nan"), 1], [float("nan"), 1]], "not finite"),
        ([[1], [1]], "shape"),
    ],
)
def test_arrays_that_are_no_policy(rows: list[list[float]], message: str) -> None:
    game = Game.from_arrays(None, [[[0, 0], [0, 0]]], [[[0, 0], [0, 0]]], observes="nothing")
    with pytest.raises(PolicyError, match=message):
        evaluate_float64(game, np.array([[rows]]))


def test_things_that_are_no_policy() -> None:
    game, other = single([1, 0], [1, 0]), single([1, 0, 0], [1, 0, 0])
    for bad in (None, [[[[1], [1]]]], np.array([[[["1"], ["1"]]]]), Policy.uniform(other)):
        with pytest.raises(PolicyError):
            evaluate_float64(game, bad)
