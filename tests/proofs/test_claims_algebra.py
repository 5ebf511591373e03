"""The steps of the pages that the claims cite."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import sympy as sp

from exactqse.claims.sequential import capital
from exactqse.games import get
from exactqse.model import Policy

x, y, p, s, m, eta, L = sp.symbols("x y p s m eta L", positive=True)


def zero(expression: sp.Expr) -> bool:
    return bool(sp.simplify(sp.expand(expression)) == 0)


# ---- gibbs.md ----


def test_gibbs_gap() -> None:
    """eta (V - mu.q - Ent/eta) = KL(mu, nu), symbolically, for two and three actions."""
    for count in (2, 3):
        q = sp.symbols(f"q:{count}", real=True)
        mu = sp.symbols(f"mu:{count}", positive=True)
        V = sp.log(sum(sp.exp(eta * y) for y in q)) / eta
        log_nu = [eta * (y - V) for y in q]
        divergence = sum(w * (sp.log(w) - y) for w, y in zip(mu, log_nu, strict=True))
        gap = eta * V - sum(w * (eta * y - sp.log(w)) for w, y in zip(mu, q, strict=True))
        # equal on distributions: the coefficient of eta V is 1 - sum mu
        assert zero(divergence - gap - eta * V * (sum(mu) - 1))


def test_pinsker_function() -> None:
    k = x * sp.log(x / s) + (1 - x) * sp.log((1 - x) / (1 - s))
    assert k.subs(x, s) == 0
    assert zero(sp.diff(k, x).subs(x, s))
    assert zero(sp.diff(k, x, 2) - 1 / (x * (1 - x)))


# ---- response-bounds.md ----


def test_sharp_divergence() -> None:
    """The maximiser over p, its value, the second derivative in x, and the limit 1/8."""
    k = sp.log(1 - p + p * sp.exp(x)) - p * x
    best = 1 / x - 1 / (sp.exp(x) - 1)
    f = sp.log((sp.exp(x) - 1) / x) - 1 + x / (sp.exp(x) - 1)
    weight = sp.simplify(1 - best + best * sp.exp(x))
    assert zero(weight - (sp.exp(x) - 1) / x)
    assert zero(sp.diff(k, p).subs(p, best))
    assert zero(sp.log(weight) - best * x - f)
    share = p * sp.exp(x) / (1 - p + p * sp.exp(x))
    assert zero(sp.diff(k, x, 2) - share * (1 - share))
    assert sp.series(f, x, 0, 3).removeO().coeff(x, 2) == sp.Rational(1, 8)


def test_sharp_total_variation() -> None:
    g = p * sp.exp(x) / (1 - p + p * sp.exp(x)) - p
    best = 1 / (1 + sp.exp(x / 2))
    assert zero(sp.diff(g, p) - (sp.exp(x) / (1 - p + p * sp.exp(x)) ** 2 - 1))
    for value in (sp.Rational(1, 3), sp.Integer(4)):
        at = g.subs(p, best).subs(x, value) - sp.tanh(value / 4)
        slope = sp.diff(g, p).subs(p, best).subs(x, value)
        assert abs(at.evalf(60)) < sp.Float(10) ** -50
        assert abs(slope.evalf(60)) < sp.Float(10) ** -50


def test_first_order_is_sharp_for_rare_actions() -> None:
    distance = 2 * p * (1 - p) * (sp.exp(x) - 1) / (1 - p + p * sp.exp(x))
    top = (1 - p) * x
    bound = (sp.exp(top) - 1) / top * 2 * p * (1 - p) * x
    assert sp.limit(sp.simplify(distance / bound), p, 0) == 1


# ---- hellinger.md ----


def test_sharp_hellinger() -> None:
    """E l^2 against 2 g(-L)^2 Hel^2 as the action with l = -L gets rare."""
    other = sp.log((1 - p * sp.exp(-L)) / (1 - p))
    squares = p * L**2 + (1 - p) * other**2
    twice = p * (1 - sp.exp(-L / 2)) ** 2 + (1 - p) * (1 - sp.exp(other / 2)) ** 2
    bound = (L / (1 - sp.exp(-L / 2))) ** 2 * twice
    for value in (sp.Rational(1, 2), sp.Integer(3)):
        ratio = (squares / bound).subs(L, value).subs(p, sp.Rational(1, 10**12))
        assert abs(ratio.evalf(60) - 1) < sp.Float(10) ** -8


def test_the_value_bound_is_sharp_for_large_advantages() -> None:
    left = p * (1 - p) / (2 * (1 - sp.sqrt(1 - p)))
    assert sp.limit(left, p, 0) == 1


def test_the_three_value_bounds_are_in_order() -> None:
    B = sp.symbols("B", positive=True)
    assert zero(8 * (1 / eta + B / 2) ** 2 - 2 * (2 / eta + B) ** 2)
    assert zero(8 * (1 / eta + B) ** 2 - 2 * (2 / eta + B) ** 2 - 2 * B * (4 / eta + 3 * B))


def test_the_linear_value_bound() -> None:
    """k' without log(1 + e^2y) - log 2 - y, and the two ends, in E = e^y."""
    E = sp.symbols("E", positive=True)
    slope = 2 * E**2 * (1 - 1 / E) / (1 + E**2) + (2 + y) / E - 2
    assert zero(slope - (2 * (1 - E) + y * (1 + E**2)) / (E * (1 + E**2)))
    k = (2 - sp.log(2) + sp.log(1 + sp.exp(2 * y))) * (1 - sp.exp(-y)) - 2 * y
    rest = (sp.log(1 + sp.exp(2 * y)) - sp.log(2) - y) * sp.exp(-y)
    assert zero(sp.diff(k, y) - slope.subs(E, sp.exp(y)) - rest)
    assert k.subs(y, 0) == 0
    M = sp.symbols("M", positive=True)
    quotient = (2 - sp.log(2) + M) / (1 + M)
    assert zero(sp.diff(quotient, M) * (1 + M) ** 2 - (sp.log(2) - 1))
    change = sp.log(1 + x) / 2 - sp.log(1 - x) / 2  # half the difference of the two l
    hellinger = 1 - (sp.sqrt(1 + x) + sp.sqrt(1 - x)) / 2
    assert sp.limit(change**2 / hellinger, x, 0) == 8


# ---- performance-difference.md ----


def test_odds_of_means() -> None:
    """The steps of the Lemma of plug-in.md."""
    c, w, R, t = sp.symbols("c w R t", positive=True)

    def f(c: sp.Expr, w: sp.Expr) -> sp.Expr:
        return c * w * R / (R - (1 - c) * w)

    assert zero(f(c, w) / (R - f(c, w)) - c * w / (R - w))
    assert zero(f(1 / c, f(c, w)) - w)
    assert zero(f(x, f(c, w)) - f(c * x, w))
    assert zero(sp.diff(f(c, w), w, 2) - 2 * c * (1 - c) * R**2 / (R - (1 - c) * w) ** 3)
    assert zero(w - f(c, w) - (1 - c) / (1 / w + c / (R - w)))
    assert zero(f(1 / c, w) - R * w / (w + c * (R - w)))
    logistic = 1 / (1 + sp.exp(-t - s)) - 1 / (1 + sp.exp(-t + s))
    assert zero((logistic - sp.sinh(s) / (sp.cosh(t) + sp.cosh(s))).rewrite(sp.exp))
    assert zero((sp.sinh(s) / (1 + sp.cosh(s)) - sp.tanh(s / 2)).rewrite(sp.exp))


def test_performance_difference_of_one_step() -> None:
    """W~ - W = <U~, pi x (nu~ - nu)> + <U~ - U, pi x nu>, two actions each."""
    U, T = (sp.symbols(f"{name}:4") for name in ("U", "T"))
    nu, other = sp.symbols("n:2"), sp.symbols("o:2")
    pi = sp.symbols("pi:4")
    pairs = list(product(range(2), repeat=2))
    left = sum(pi[2 * b + a] * (other[b] * T[2 * a + b] - nu[b] * U[2 * a + b]) for a, b in pairs)
    response = sum(pi[2 * b + a] * T[2 * a + b] * (other[b] - nu[b]) for a, b in pairs)
    bellman = sum(pi[2 * b + a] * nu[b] * (T[2 * a + b] - U[2 * a + b]) for a, b in pairs)
    assert zero(left - response - bellman)


def test_errors_of_products() -> None:
    P, P2, V, V2 = sp.symbols("P P2 V V2")
    assert zero((P2 * V2 - P * V) - ((P2 - P) * V2 + P * (V2 - V)))


# ---- stage-sensitivity.md ----


def test_sensitivity_is_attained() -> None:
    """nu_2 = 1/(1 + e^(eta c)) moves by tanh(eta c / 2) when r moves by (-c, c)."""
    c = sp.symbols("c", positive=True)
    odds = sp.exp(-eta * c)
    before, after = odds / (1 + odds), odds * sp.exp(2 * eta * c) / (1 + odds * sp.exp(2 * eta * c))
    change = (after - before - sp.tanh(eta * c / 2)).rewrite(sp.exp)
    assert zero(sp.together(change))


# ---- elliptical-potential.md ----


@pytest.mark.parametrize("d", [1, 2, 3])
def test_rank_one_determinant(d: int) -> None:
    phi = sp.Matrix(sp.symbols(f"f:{d}"))
    diagonal = sp.diag(*sp.symbols(f"l:{d}", positive=True))
    ratio = (diagonal + phi * phi.T).det() / diagonal.det()
    assert zero(ratio - 1 - (phi.T * diagonal.inv() * phi)[0])


def test_orthonormal_features_attain_the_potential() -> None:
    d = sp.symbols("d", positive=True)
    assert zero(d / sp.log(2) * sp.log(1 + d / d) - d)


# ---- conditional-logit.md ----


def test_likelihood_derivatives() -> None:
    """Gradient, Hessian and remainder of one sample, three actions, two dimensions."""
    theta = sp.Matrix(sp.symbols("t:2", real=True))
    phi = sp.Matrix(3, 2, sp.symbols("f:6", real=True))
    utilities = phi * theta
    Z = sum(sp.exp(eta * y) for y in utilities)
    nu = [sp.exp(eta * y) / Z for y in utilities]
    loss = sp.log(Z) - eta * utilities[1]
    mean = [sum(nu[b] * phi[b, k] for b in range(3)) for k in range(2)]
    for k in range(2):
        assert zero(sp.diff(loss, theta[k]) + eta * (phi[1, k] - mean[k]))
    for j, k in product(range(2), repeat=2):
        square = sum(nu[b] * phi[b, j] * phi[b, k] for b in range(3))
        second = sp.diff(loss, theta[j], theta[k])
        assert zero(sp.together(second - eta**2 * (square - mean[j] * mean[k])))


def test_self_concordance_is_sharp_for_rare_actions() -> None:
    after = p * sp.exp(x) / (1 - p + p * sp.exp(x))
    assert sp.limit(after * (1 - after) / (p * (1 - p)), p, 0) == sp.exp(x)


# ---- finite-likelihood-sets.md, sequential-tests.md ----


def test_likelihood_ratios_have_mean_one() -> None:
    truth, other = sp.symbols("a:3", positive=True), sp.symbols("b:3", positive=True)
    ratio = sum(t * (o / t) for t, o in zip(truth, other, strict=True))
    assert zero(ratio - sum(other))
    overlap = sum(sp.sqrt(t * o) for t, o in zip(truth, other, strict=True))
    root = sum(t * sp.sqrt(o / t) for t, o in zip(truth, other, strict=True))
    assert zero(sp.expand_power_base(root - overlap, force=True))


def test_bets_are_fair() -> None:
    """At the level itself the mean capital after n trials is 1; below it, less."""
    level, n = Fraction(7, 10), 6
    for mean, side, sign in (
        (level, "above", 0),
        (level, "below", 0),
        (Fraction(1, 2), "above", -1),
        (Fraction(9, 10), "below", -1),
    ):
        total = Fraction(0)
        for outcomes in product((0, 1), repeat=n):
            wins = sum(outcomes)
            chance = mean**wins * (1 - mean) ** (n - wins)
            total += chance * capital(wins, n - wins, level=level, side=side)
        assert total <= 1
        assert (1 - total < Fraction(1, 10**30)) == (sign == 0)


# ---- temperature-rates.md ----


def test_shares_of_worse_responses() -> None:
    others = sp.symbols("B", positive=True)
    worst = others * sp.exp(-eta * m)
    assert zero(worst / (1 + worst) - others / (others + sp.exp(eta * m)))
    assert zero(sp.diff(x / (1 + x), x) - 1 / (1 + x) ** 2)


def test_uniform_rate_is_sharp() -> None:
    nu = sp.exp(eta * x) / (1 + sp.exp(eta * x))
    ratio = (nu - sp.Rational(1, 2)) / sp.tanh(eta * x / 4)
    assert sp.limit(ratio.rewrite(sp.exp), x, 0, "+") == 1


# ---- leaders.md ----


def test_policies_of_a_coarser_partition() -> None:
    game = get("patrol-4")
    blind = game.with_(observes="nothing")
    policy = Policy.uniform(blind)
    assert policy.validated(game.with_(observes="action")) == policy
