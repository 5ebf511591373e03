"""The algebra of the pages on learners."""

from __future__ import annotations

import sympy as sp

TAU, K = sp.symbols("tau k", positive=True)


def test_taylor_weights() -> None:
    """response-likelihood.md, Lemma 2: the integrals of (1 - tau) e^(-+ k tau)."""
    psi = (sp.exp(-K) + K - 1) / K**2
    chi = (sp.exp(K) - K - 1) / K**2
    for sign, weight in ((-1, psi), (1, chi)):
        integral = sp.integrate((1 - TAU) * sp.exp(sign * K * TAU), (TAU, 0, 1))
        assert sp.simplify(integral - weight) == 0
        assert sp.limit(weight, K, 0) == sp.Rational(1, 2)


def test_third_moment() -> None:
    """response-likelihood.md, Lemma 2: g'' and g''' of a log-partition are central moments."""
    x = sp.symbols("x0:3", real=True)
    q = sp.symbols("q0:3", real=True)
    weights = [sp.exp(a + TAU * b) for a, b in zip(q, x, strict=True)]
    total = sum(weights)
    mean = sum(w * b for w, b in zip(weights, x, strict=True)) / total
    for order in (2, 3):
        moment = sum(w * (b - mean) ** order for w, b in zip(weights, x, strict=True)) / total
        difference = sp.diff(sp.log(total), TAU, order) - moment
        assert sp.simplify(sp.expand(sp.together(difference))) == 0


def test_largest_change_of_a_logistic() -> None:
    """response-width.md: s(x + k) - s(x) at x = -k/2 is tanh(k/4), and stationary there."""
    x = sp.symbols("x", real=True)
    change = 1 / (1 + sp.exp(-(x + K))) - 1 / (1 + sp.exp(-x))
    there = change.subs(x, -K / 2)
    assert sp.simplify((there - sp.tanh(K / 4)).rewrite(sp.exp)) == 0
    assert sp.simplify(sp.diff(change, x).subs(x, -K / 2)) == 0


def test_path_integral() -> None:
    """response-width.md: the integral of e^(k tau/2) over [0, 1]."""
    found = sp.integrate(sp.exp(K * TAU / 2), (TAU, 0, 1))
    assert sp.simplify(found - (sp.exp(K / 2) - 1) / (K / 2)) == 0


def test_gaussian_mixture() -> None:
    """leader-widths.md, Lemma 2: the mean of exp(xZ - v x^2 (L - 1)/2) over x from N(0, 1/v)."""
    x, z = sp.symbols("x z", real=True)
    v, big = sp.symbols("v L", positive=True)
    density = sp.sqrt(v / (2 * sp.pi)) * sp.exp(-v * x**2 / 2)
    integrand = sp.exp(x * z - v * x**2 * (big - 1) / 2) * density
    mean = sp.integrate(sp.simplify(integrand), (x, -sp.oo, sp.oo))
    assert sp.simplify(mean - sp.exp(z**2 / (2 * v * big)) / sp.sqrt(big)) == 0


def test_widths_add_up() -> None:
    """optimism.md, corollary: upper - lower - (J* - J) is a sum of two nonnegative parts."""
    upper, lower, best, value = sp.symbols("upper lower best value", real=True)
    rest = (upper - lower) - (best - value)
    assert sp.expand(rest - ((upper - best) + (value - lower))) == 0


def test_beta_mixture() -> None:
    """chernoff-mixture.md: means of q^s (1-q)^f under Beta(1/2, 1/2); the mean factor is 1."""
    p, q = sp.symbols("p q", positive=True)
    assert sp.simplify(p * (q / p) + (1 - p) * (1 - q) / (1 - p)) == 1
    half = sp.Rational(1, 2)
    for s, f in ((0, 1), (2, 1), (3, 2)):
        density = q ** (s - half) * (1 - q) ** (f - half)
        substituted = density.subs(q, sp.sin(TAU) ** 2) * 2 * sp.sin(TAU) * sp.cos(TAU)
        mean = sp.integrate(sp.powsimp(sp.simplify(substituted)), (TAU, 0, sp.pi / 2)) / sp.pi
        assert (
            sp.simplify(
                mean - sp.gamma(s + half) * sp.gamma(f + half) / (sp.gamma(s + f + 1) * sp.pi)
            )
            == 0
        )


def test_normal_prior() -> None:
    """response-likelihood.md, Theorem: the traces add up to d; the least of z.m + m.K m/2."""
    curvature, precision = sp.symbols("M precision", positive=True)
    z, m = sp.symbols("z m", real=True)
    K = curvature + precision
    assert sp.simplify(curvature / K + precision / K) == 1
    best = -z / K
    assert sp.simplify(sp.diff(z * m + K * m**2 / 2, m).subs(m, best)) == 0
    assert sp.simplify((z * m + K * m**2 / 2).subs(m, best) + z**2 / K / 2) == 0


def test_variance_below_half_of_the_squares() -> None:
    """response-likelihood.md, Lemma 3: (x - y)^2/4 <= (x^2 + y^2)/2, about any centre."""
    x, y = sp.symbols("x y", real=True)
    assert sp.expand((x**2 + y**2) / 2 - (x - y) ** 2 / 4 - (x + y) ** 2 / 4) == 0
