"""The steps of finite-likelihood-sets.md, value-sets.md, comparison-sets.md and chains.md."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from exactqse.evaluate import evaluate_float64
from exactqse.games import dense
from exactqse.model import Policy
from exactqse.solve import solve_float64


def test_likelihood_ratios_are_martingales() -> None:
    p, q = (sp.symbols(f"{name}:3", positive=True) for name in "pq")
    ratio = sum(x * (y / x) for x, y in zip(p, q, strict=True))
    assert sp.simplify(ratio - sum(q)) == 0
    root = sum(x * sp.sqrt(y / x) for x, y in zip(p, q, strict=True))
    hellinger = 1 - sum(sp.sqrt(x * y) for x, y in zip(p, q, strict=True))
    assert sp.simplify(root - (1 - hellinger)) == 0
    x = sp.symbols("x", positive=True)
    slope = sp.diff(-sp.log(1 - x) - x, x)  # 0 at 0, and rises: -ln(1 - x) >= x on [0, 1)
    assert sp.simplify(slope - x / (1 - x)) == 0


def test_mixture_over_a_normal_law() -> None:
    x, S = sp.symbols("x S", real=True)
    n = sp.symbols("n", positive=True)
    weight = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    mixture = sp.integrate(sp.exp(x * S - x**2 * n / 2) * weight, (x, -sp.oo, sp.oo))
    stated = sp.exp(S**2 / (2 * (1 + n))) / sp.sqrt(1 + n)
    assert sp.simplify(sp.log(mixture / stated).expand(force=True)) == 0


def test_comparison_of_two_tables() -> None:
    """comparison-sets.md, Theorem 1: the logarithms of both factors, and the mean of the first."""
    m, v, z = sp.symbols("m v z", positive=True)

    def kl(p: sp.Expr, q: sp.Expr) -> sp.Expr:
        return p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q))

    factor = z * sp.log(v / m) + (1 - z) * sp.log((1 - v) / (1 - m))
    for at in ((0.2, 0.7, 0.4), (0.5, 0.1, 0.9)):
        values = dict(zip((m, v, z), map(sp.Rational, map(str, at)), strict=True))
        assert sp.N((kl(z, m) - kl(z, v) - factor).subs(values), 30) == pytest.approx(0, abs=1e-25)
    assert sp.simplify(m * (v / m) + (1 - m) * (1 - v) / (1 - m)) == 1
    y, mu, V = sp.symbols("y mu V", real=True)
    variance = sp.symbols("variance", positive=True)
    slope = (V - mu) / variance
    log = slope * (y - mu) - slope**2 * variance / 2
    assert sp.simplify(log - ((y - mu) ** 2 - (y - V) ** 2) / (2 * variance)) == 0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_bounded_variable_is_as_hoeffding_says(share: float) -> None:
    x = np.linspace(0.1, 30, 300)
    x = np.concatenate([-x, x])
    logs = np.logaddexp(np.log(share) + x * (1 - share), np.log(1 - share) - x * share)
    assert (logs <= x**2 / 8).all()
    assert (logs > 0.99 * x**2 / 8).any() == (share == 0.5)  # sharp for a fair coin only


@pytest.mark.parametrize("seed", range(3))
def test_performance_difference(seed: int) -> None:
    game = dense(states=3, leader_actions=2, follower_actions=2, horizon=3, seed=seed, eta=3)
    best = solve_float64(game)
    optimal = evaluate_float64(game, best.policy)
    policy = Policy.uniform(game).as_array()
    played = evaluate_float64(game, policy)
    reached, total = np.full(3, 1 / 3), 0.0
    for h in range(3):
        joint = np.einsum("s,sb,sba->sab", reached, played.nu[h], policy[h])
        total += reached @ best.W[h] - (joint * optimal.U[h]).sum()
        reached = np.einsum("sab,sabt->t", joint, game.P_float[h])
    assert abs(total - (best.J - played.J)) < 1e-12
    assert total > 1e-3
