"""The algebra of the proof pages by sympy, and their inequalities by the code itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb

from exactqse.arithmetic.balls import FlintElementary, exact_fraction, precision
from exactqse.kernel.certificate import DOWN, UP, Certificate, Leaf, Node
from exactqse.kernel.check import check
from exactqse.kernel.elementary import (
    _LN2,
    INTEGER,
    _ln2_block,
    _log_guess,
    exp_above,
    exp_point,
    ln2,
    log_below,
    log_ratio,
)
from exactqse.kernel.interval import divide, enclose, multiply, scale
from exactqse.model import Game

lam, q, w, t, d, eta = sp.symbols("lambda q w t d eta", real=True)
s, kappa, T, E, unit = sp.symbols("s kappa T E u", positive=True)
TRUE_BITS = 4096  # bits of the reference values


def zero(expression: sp.Expr) -> bool:
    """Whether sympy simplifies the expression to 0."""
    return bool(sp.simplify(sp.expand(expression)) == 0)


class Cases:
    """A fixed sequence of integers for every seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.count = 0

    def getrandbits(self, bits: int) -> int:
        """0 <= n < 2^bits."""
        self.count += 1
        digest = hashlib.shake_256(f"{self.seed} {self.count}".encode()).digest(bits // 8 + 1)
        return int.from_bytes(digest, "big") >> (8 - bits % 8)

    def randrange(self, low: int, high: int) -> int:
        """Low <= n < high."""
        return low + self.getrandbits((high - low).bit_length() + 32) % (high - low)


def ends(value: arb) -> tuple[Fraction, Fraction]:
    return exact_fraction(value.lower()), exact_fraction(value.upper())


def encloses(interval: tuple[int, int], value: arb, p: int) -> bool:
    """Whether the interval at p bits holds all of the (narrow) ball."""
    low, high = ends(value)
    scaled = low * 2**p, high * 2**p
    return bool(interval[0] <= scaled[0] and scaled[1] <= interval[1])


# ---- joint-majorant.md ----

TARGET = sp.exp(q) * (w - lam)
MAJORANT_UP = s * sp.exp(q + (w - lam) / s - 1)
MAJORANT_DN = -kappa * (1 + q + sp.log((lam - w) / kappa))


def test_majorants_touch() -> None:
    gap = sp.symbols("c", positive=True)
    touching = (
        (MAJORANT_UP, {w: lam + gap, s: gap}),
        (MAJORANT_DN, {w: lam - gap, kappa: sp.exp(q) * gap}),
    )
    for majorant, point in touching:
        difference = majorant - TARGET
        for quantity in (difference, difference.diff(q), difference.diff(w)):
            assert zero(sp.expand_log(quantity.subs(point, simultaneous=True), force=True))


def test_majorants_are_convex() -> None:
    hessian = sp.hessian(MAJORANT_UP, (q, w)) / MAJORANT_UP
    assert sp.simplify(hessian - sp.Matrix([[1, 1 / s], [1 / s, 1 / s**2]])) == sp.zeros(2)
    assert zero(MAJORANT_DN.diff(q, 2))
    assert zero(MAJORANT_DN.diff(q, w))
    assert zero(MAJORANT_DN.diff(w, 2) - kappa / (lam - w) ** 2)


def test_best_majorants() -> None:
    """Second derivatives in the parameters, the stationary points, and a quadratic's gap."""
    X, Y, t = sp.symbols("X Y t", real=True)
    s, kappa, n = sp.symbols("s kappa n", positive=True)
    up = s * sp.exp(X - 1 + Y / s)
    assert sp.simplify(sp.diff(up, s, 2) - sp.exp(X - 1 + Y / s) * Y**2 / s**3) == 0
    assert sp.simplify(sp.diff(up, s) - sp.exp(X - 1 + Y / s) * (1 - Y / s)) == 0
    down = -kappa * (1 + X + sp.log(n / kappa))
    assert sp.simplify(sp.diff(down, kappa, 2) - 1 / kappa) == 0
    assert sp.simplify(sp.diff(down, kappa).subs(kappa, n * sp.exp(X))) == 0
    i, j, h = sp.symbols("i j h", real=True)
    gap = t * h * i**2 + (1 - t) * h * j**2 - h * (t * i + (1 - t) * j) ** 2
    assert sp.expand(gap - t * (1 - t) * h * (i - j) ** 2) == 0
    assert sp.expand(h * i**2 + h * j**2 - 2 * h * ((i + j) / 2) ** 2 - h * (i - j) ** 2 / 2) == 0


def test_majorants_are_majorants() -> None:
    """e^(t-1) - t and kappa (e^v - 1 - v) are least, and zero, at t = 1 and v = 0."""
    for gap, root in ((sp.exp(t - 1) - t, 1), (sp.exp(t) - 1 - t, 0)):
        assert sp.solveset(gap.diff(t), t, sp.S.Reals) == sp.FiniteSet(root)
        assert gap.subs(t, root) == 0
        assert gap.diff(t, 2).is_positive
    ratio = (w - lam) / s
    assert zero(MAJORANT_UP - TARGET - s * sp.exp(q) * (sp.exp(ratio - 1) - ratio))
    v = q + sp.log((lam - w) / kappa)
    assert zero(MAJORANT_DN - TARGET - kappa * (sp.exp(v) - 1 - v))


def test_majorants_increase_in_w() -> None:
    assert zero(MAJORANT_UP.diff(w) - MAJORANT_UP / s)
    assert zero(MAJORANT_DN.diff(w) - kappa / (lam - w))


def test_shift_scales_the_majorants() -> None:
    sigma = sp.symbols("sigma", real=True)
    factor = sp.exp(-sigma)
    assert zero(MAJORANT_UP.subs(q, q - sigma) - factor * MAJORANT_UP)
    moved = MAJORANT_DN.subs({q: q - sigma, kappa: factor * kappa}, simultaneous=True)
    assert zero(sp.expand_log(moved - factor * MAJORANT_DN, force=True))


def test_up_is_largest_at_its_point_along_an_edge() -> None:
    """With s = -dy/dx the exponent of Up is constant along the edge: nothing is lost."""
    q0, w0, dx = sp.symbols("q0 w0 dx", real=True)
    along = MAJORANT_UP.subs({q: q0 + t * dx, w: w0 - t * s * dx}, simultaneous=True)
    assert zero(along.diff(t))


# ---- farsighted-bound.md ----


def test_what_leans_is_bounded() -> None:
    """Lemma 1: e^q on |q| <= D, and ln(T + q) - theta q on |q| <= delta; the theorem's tangent."""
    rng = Cases(7)
    for _ in range(200):
        most = Fraction(rng.randrange(1, 300), 100)
        near = most * Fraction(rng.randrange(-10, 11), 10)
        with precision(300):
            slack = (_ball(most).exp() - _ball(1 + most)) - (_ball(near).exp() - _ball(1 + near))
            assert slack >= 0 or abs(near) == most
        gap, theta = most * Fraction(rng.randrange(11, 30), 10), Fraction(rng.randrange(0, 11), 10)
        theta /= gap
        with precision(300):
            inner = _ball(gap + near).log() - _ball(theta * near)
            end = _ball(gap - most).log() + _ball(theta * most)
            assert inner >= end or near == -most
    assert zero(sp.series(sp.exp(t) - 1 - t, t, 0, 5).removeO() - t**2 / 2 - t**3 / 6 - t**4 / 24)
    tangent = sp.exp(-s) * (1 - (t - s))
    assert tangent.subs(t, s) == sp.exp(-s)
    assert zero(tangent.diff(t).subs(t, s) + sp.exp(-s))


def test_lines_above_a_frontier() -> None:
    """Lemma 2 of frontiers.md: e^v (W - lam) is the sum; and how far a falling line bulges."""
    x, y = sp.symbols("x:3", real=True), sp.symbols("y:3", real=True)
    total = sum(sp.exp(one) for one in x)
    value = sum(sp.exp(one) * gain for one, gain in zip(x, y, strict=True)) / total
    terms = sum(sp.exp(one) * (gain - lam) for one, gain in zip(x, y, strict=True))
    assert zero(total * (value - lam) - terms)
    assert zero(terms.diff(lam) + total)
    P, Q, first, second = sp.symbols("P Q v0 v1", positive=True)  # pi_a P_at of two actions
    mean = (P * first + Q * second) / (P + Q)
    assert zero(P * first + Q * second - (P + Q) * mean)
    bulge = -sp.exp(-t) + (sp.exp(-t - d / 2) + sp.exp(-t + d / 2)) / 2  # of -e^{-v}, at the middle
    assert zero(sp.series(bulge, d, 0, 4).removeO() - sp.exp(-t) * d**2 / 8)


def test_a_free_places_own_value_cancels() -> None:
    """With sigma = gamma s, g = gamma P - sigma P / s has no part of the place."""
    gamma, P = sp.symbols("gamma P", positive=True)
    assert zero((gamma * P - t * P / s).subs(t, gamma * s))


def _ball(x: Fraction) -> arb:
    return arb(x.numerator) / x.denominator


# ---- dinkelbach.md, two-actions.md, propagation.md ----


def test_newton_step() -> None:
    N, Z, Zstar, W = sp.symbols("N Z Zstar W", positive=True)
    value = N - lam * Z
    assert zero(lam - value / value.diff(lam) - N / Z)
    bound = W - (lam + (W - lam) * Zstar / Z)
    assert zero(bound - (1 - Zstar / Z) * (W - lam))


def test_edge_maximiser() -> None:
    xi, yi = sp.symbols("x_i y_i", real=True)
    along = xi + (yi - w) / s + sp.log(w - lam)
    assert sp.solve(along.diff(w), w) == [lam + s]
    assert zero(along.diff(w, 2) + 1 / (w - lam) ** 2)
    dx, fall = sp.symbols("dx f", positive=True)
    weight = (yi - w) / fall
    edge = s - fall / dx
    assert zero((xi + weight * dx - (xi + (yi - w) / s)).subs(dx, sp.solve(edge, dx)[0]))
    assert zero(yi - weight * fall - w)


def test_edge_maximiser_in_units_of_r() -> None:
    xi, yi, rise, run = sp.symbols("x_i y_i dy dr", real=True, nonzero=True)
    objective = eta * (xi + (w - yi) * run / rise) + sp.log(w - lam)
    assert sp.solve(objective.diff(w), w) == [lam - rise / (run * eta)]


def test_log_concave_above_and_below() -> None:
    for gap in (w - lam, lam - w):
        assert zero(sp.hessian(q + sp.log(gap), (q, w))[1, 1] + 1 / gap**2)


def test_stage_map_is_an_average() -> None:
    """The weights of V in T_alpha sum to 1: adding a constant adds it."""
    q1, q2, a, p1, p2, c = sp.symbols("q1 q2 a p1 p2 c", real=True)
    V = sp.symbols("V1 V2", real=True)

    def stage(values: tuple[sp.Expr, ...]) -> sp.Expr:
        means = [p * values[0] + (1 - p) * values[1] for p in (p1, p2)]
        ws = [a * means[0] + (1 - a) * means[1], means[1]]
        es = [sp.exp(q1), sp.exp(q2)]
        return sum(e * y for e, y in zip(es, ws, strict=True)) / sum(es)

    assert zero(stage((V[0] + c, V[1] + c)) - stage(V) - c)
    assert zero(stage(V).diff(V[0]) + stage(V).diff(V[1]) - 1)


def test_limit_is_not_the_best_response() -> None:
    es = [sp.exp(eta * 0), sp.exp(eta * 0)]
    assert sp.limit((es[0] * 1 + es[1] * 0) / sum(es), eta, sp.oo) == sp.Rational(1, 2)


# ---- strong-stackelberg.md, weak-stackelberg.md ----


def test_multipliers_bound_a_target() -> None:
    """What the multipliers add to Y_0, sorted by cells, is a mean of each cell's bracket."""
    cells = ((0, 2), (1,))
    weights = sp.symbols("alpha0:2", nonnegative=True)
    alpha = [(weight, 1 - weight) for weight in weights]
    x, y = (sp.MatrixSymbol(name, 3, 2).as_explicit() for name in "xy")
    mu = sp.symbols("mu0:3", nonnegative=True)
    home = {b: c for c, cell in enumerate(cells) for b in cell}
    X = [sum(p * x[b, a] for a, p in enumerate(alpha[home[b]])) for b in range(3)]
    Y = sum(p * y[0, a] for a, p in enumerate(alpha[0]))

    def bracket(c: int, a: int) -> sp.Expr:
        own = y[0, a] + sum(mu) * x[0, a] if 0 in cells[c] else 0
        return own - sum(mu[b] * x[b, a] for b in cells[c])

    added = sum(mu[b] * (X[0] - X[b]) for b in range(3))
    means = [sum(p * bracket(c, a) for a, p in enumerate(alpha[c])) for c in (0, 1)]
    assert zero(Y + added - sum(means))
    assert all(zero(bracket(c, a).diff(mu[0])) for c in (0, 1) for a in (0, 1))


def test_promises_are_bounded() -> None:
    """What is added to Y_0 + sigma (X_0 - m) - c dv is a mean of brackets and n's price of V."""
    cells = ((0, 2), (1,))
    shares = sp.symbols("alpha0:2", nonnegative=True)
    alpha = [(share, 1 - share) for share in shares]
    x, y = (sp.MatrixSymbol(name, 3, 2).as_explicit() for name in "xy")
    n, sigma, m, lean, rho = sp.symbols("n sigma m lean rho", real=True)
    mu = (sp.Integer(0), *sp.symbols("mu1:3", nonnegative=True))
    home = {b: c for c, cell in enumerate(cells) for b in cell}
    X = [sum(p * x[b, a] for a, p in enumerate(alpha[home[b]])) for b in range(3)]
    Y = sum(p * y[0, a] for a, p in enumerate(alpha[0]))
    weights = [sigma + n + sum(mu), -mu[1], -mu[2]]

    def bracket(c: int, a: int) -> sp.Expr:
        own = y[0, a] - lean if 0 in cells[c] else 0
        return own + sum(weights[b] * (x[b, a] - m) for b in cells[c])

    left = Y + sigma * (X[0] - m) - lean
    added = sum(mu[b] * (X[0] - X[b]) for b in (1, 2)) + n * (X[0] - m)
    means = [sum(p * bracket(c, a) for a, p in enumerate(alpha[c])) for c in (0, 1)]
    assert zero(left + added - sum(means))
    prices = [n * d + abs(n) * rho for d in (-rho, rho)]
    assert {sp.expand(price.subs({n: -2, rho: 3})) for price in prices} == {0, 12}


def test_lines_bound_a_target() -> None:
    """Y_0 + sigma X_0 with the prices of X_1 and X_2 is a mean of brackets, V' and W' inside.

    b = 0 has a continuation of its own, d above the least V'; threats are at the least.
    """
    cells = ((0, 2), (1,))
    shares = sp.symbols("alpha0:2", nonnegative=True)
    alpha = [(share, 1 - share) for share in shares]
    x, u, P = (sp.MatrixSymbol(name, 3, 2).as_explicit() for name in "xuP")  # x: V' the least
    sigma, gamma, least, above, W = sp.symbols("sigma gamma v d W", real=True)
    mu = sp.symbols("mu1:3", nonnegative=True)
    home = {b: c for c, cell in enumerate(cells) for b in cell}
    means = [sum(p * x[b, a] for a, p in enumerate(alpha[home[b]])) for b in range(3)]
    X = means[0] + sum(p * gamma * P[0, a] * above for a, p in enumerate(alpha[0]))
    Y = sum(p * (u[0, a] + P[0, a] * W) for a, p in enumerate(alpha[0]))
    weights = [sigma + sum(mu), -mu[0], -mu[1]]
    n = gamma * weights[0]

    def bracket(c: int, a: int) -> sp.Expr:
        price = W + n * (least + above) - n * least  # what the support of the lines is above
        own = u[0, a] + P[0, a] * price if 0 in cells[c] else 0
        return own + sum(weights[b] * x[b, a] for b in cells[c])

    left = Y + sigma * X + sum(m * (X - means[b]) for m, b in zip(mu, (1, 2), strict=True))
    right = [sum(p * bracket(c, a) for a, p in enumerate(alpha[c])) for c in (0, 1)]
    assert zero(left - sum(right))


def test_lines_between_two_lines() -> None:
    """The mean of two lines is the line of the mean slope."""
    V, value, n, m, o, K, L = sp.symbols("V W n m o K L", real=True)
    share = (n - m) / (o - m)
    mean = (1 - share) * (K - value - m * V) + share * (L - value - o * V)
    assert zero(mean - (K + (n - m) * (L - K) / (o - m) - value - n * V))


def test_blends_miss_linearly() -> None:
    """Along a segment Y is affine: V - s (V - Y+) at s, so a minimum of such is at least that."""
    y0, y1, p0, p1 = sp.symbols("y0 y1 p0 p1", real=True)
    part = sp.symbols("s", nonnegative=True)

    def value(weight: sp.Expr) -> sp.Expr:
        return (1 - weight) * y0 + weight * y1

    V, inner = value(p0), value(p1)
    assert zero(value((1 - part) * p0 + part * p1) - (V - part * (V - inner)))


# ---- stage-value.md, evaluation.md ----


def test_quotient_is_shift_invariant() -> None:
    q1, q2, w1, w2, sigma = sp.symbols("q1 q2 w1 w2 sigma", real=True)

    def quotient(move: sp.Expr) -> sp.Expr:
        e1, e2 = sp.exp(q1 - move), sp.exp(q2 - move)
        return (e1 * w1 + e2 * w2) / (e1 + e2)

    assert zero(quotient(sigma) - quotient(sp.Integer(0)))


def test_soft_value_shift() -> None:
    Q1, Q2, m = sp.symbols("Q1 Q2 m", real=True)
    temperature = sp.symbols("eta", positive=True)
    e1, e2 = (sp.exp(temperature * (Q - m)) for Q in (Q1, Q2))
    V = m + sp.log(e1 + e2) / temperature
    assert zero(sp.exp(temperature * V) - sp.exp(temperature * Q1) - sp.exp(temperature * Q2))
    assert zero(sp.exp(temperature * (Q1 - V)) - e1 / (e1 + e2))


# ---- exp.md, ln2.md, log.md ----


def test_ln2_series() -> None:
    third = sp.Rational(1, 3)
    assert zero(sp.log((1 + third) / (1 - third)) - sp.log(2))
    assert zero(sp.atanh(t).diff(t) - 1 / (1 - t**2))
    tail = sp.summation(sp.Rational(1, 9) ** t, (t, 0, sp.oo)) / 3
    assert tail == sp.Rational(3, 8)
    assert 3**2 > 2**3  # 3 > 2^(3/2), which bounds the number of terms


def test_squaring_error() -> None:
    assert zero(((T + E) ** 2 - T**2) / unit - (2 * T + E) * E / unit)


def test_taylor_error() -> None:
    """d < 2 is kept by d -> 1 + d a/i with a < 1/2; the tail is geometric with ratio 1/4."""
    assert 1 + 2 * sp.Rational(1, 2) == 2
    assert sp.summation(2 * sp.Rational(1, 4) ** t, (t, 1, sp.oo)) == sp.Rational(2, 3)
    assert sp.log(2) / 2 + sp.Rational(1, 2**25) < sp.Rational(1, 2)
    assert sp.exp(1) < 3


def test_chord_of_exp() -> None:
    """e^d <= 1 + (e-1) d <= 1 + 2d on [0, 1]: convex, equal to the chord at both ends."""
    chord = 1 + (sp.E - 1) * d
    assert sp.exp(d).diff(d, 2).is_positive
    assert chord.subs(d, 0) == 1
    assert zero(chord.subs(d, 1) - sp.E)
    assert sp.E - 1 < 2


def test_log_inequalities() -> None:
    """t/(1+t) <= ln(1+t) <= t on t > -1: both gaps are 0 and least at 0."""
    r = sp.symbols("r", positive=True)  # r = 1 + t
    upper, lower = (r - 1) - sp.log(r), sp.log(r) - (r - 1) / r
    for gap, slope in ((upper, (r - 1) / r), (lower, (r - 1) / r**2)):
        assert gap.subs(r, 1) == 0
        assert zero(gap.diff(r) - slope)


def test_guess_bound() -> None:
    third = sp.Rational(1, 3)
    assert 2 * third * (1 + (third + third**2 / 5) * third**2) < sp.Rational(694, 1000)
    assert sp.log(2) < sp.Rational(694, 1000)
    v = sp.symbols("v", real=True)
    ratio = (2 * (sp.exp(v) - 1) / (1 + sp.exp(v))).rewrite(sp.exp)
    assert zero(ratio - (2 * sp.tanh(v / 2)).rewrite(sp.exp))
    slope = (v - 2 * sp.tanh(v / 2)).diff(v)
    assert zero(slope - sp.tanh(v / 2) ** 2)


@pytest.mark.parametrize("bits", [1, 2, 3, 24, 255, 256, 257, 511, 512, 1000, 3000])
def test_ln2_bound(bits: int) -> None:
    with precision(TRUE_BITS):
        low, high = ends(arb.const_log2())
    found = ln2(bits)
    assert found <= low * 2**bits
    assert high * 2**bits <= found + 2
    block = 256 * (bits // 256 + 2)
    assert 257 <= block - bits <= 512
    assert _ln2_block(block) <= low * 2**block
    assert high * 2**block - _ln2_block(block) < block + 1


@pytest.mark.parametrize("p", [0, 1, 2, 16, 24, 53, 64, 200, 333])
def test_exp_encloses(p: int) -> None:
    rng = Cases(p)
    one = 1 << p
    cases = [0, 1, -1, one, -one, -one - 1, -p * one, -p * one - 1, -(p + 1) * one]
    cases += [rng.randrange(-(p + 2) * one, 700 * one) for _ in range(60)]
    cases += [rng.randrange(-2 * one, 2 * one) for _ in range(60)]
    with precision(TRUE_BITS):
        for n in cases:
            low, high = exp_point(n, p)
            assert encloses((low, high), arb((n, -p)).exp(), p), n
            assert low >= 0
            if n >= 0:
                assert low >= one, n
            if n >= -one and p >= 2:
                assert 4 * low >= one, n
            for width in (0, 1, one - 1, one, 3 * one):
                wide = INTEGER.exp((n, n + width), p)
                assert encloses(wide, arb((n, -p)).exp(), p), (n, width)
                assert encloses(wide, arb((n + width, -p)).exp(), p), (n, width)


@pytest.mark.parametrize("p", [16, 17, 24, 53, 64, 333])
def test_log_encloses(p: int) -> None:
    rng = Cases(p)
    pairs = [(1, 1), (1, 2), (2, 1), (3, 4), (10**300, 1), (1, 10**300), (2**64, 2**64 - 1)]
    pairs += [(rng.getrandbits(70) + 1, rng.getrandbits(60) + 1) for _ in range(60)]
    pairs += [(n := rng.getrandbits(200) + 9, n + rng.randrange(-8, 9)) for _ in range(60)]
    for above, below in pairs:
        # exact zero is the one value that no ball around the quotient could decide
        with precision(TRUE_BITS):
            value = arb(0) if above == below else (arb(above) / below).log()
            assert encloses(log_ratio(above, below, p), value, p), (above, below)
            wide = INTEGER.log((above, above + above // 3), below, p)
            far = (arb(above + above // 3) / below).log() if above + above // 3 != below else arb(0)
            assert encloses(wide, value, p)
            assert encloses(wide, far, p)


@pytest.mark.parametrize("w_bits", [8, 16, 17, 24, 25, 33, 61, 128, 1000])
def test_guess_is_bounded(w_bits: int) -> None:
    rng = Cases(w_bits)
    half = 1 << (w_bits - 1)
    for z in [half, half + 1, 2 * half, 4 * half - 1] + [
        half + rng.randrange(0, 3 * half) for _ in range(60)
    ]:
        assert 1000 * _log_guess(z, w_bits) < 694 * 2 * half


@pytest.mark.parametrize("q", [6, 16, 40, 77])
def test_a_table_of_powers_bounds_both(q: int) -> None:
    """At random, and around every step of the table, from far below 1 to far above."""
    rng = Cases(q)
    steps = [(i * _LN2 << q) // (64 << 32) for i in range(-64 * q - 64, 64 * 5)]
    for x in [step + d for step in steps for d in (-1, 0, 1)] + [
        rng.randrange(-2 * q << q, 50 << q) for _ in range(100)
    ]:
        with precision(TRUE_BITS):
            exact = (arb(x) * arb(2) ** -q).exp() * arb(2) ** q
            assert exact <= exp_above(x, q)
            n = int(exact.mid().floor().unique_fmpz())
            if n > 0:
                assert log_below(n, q) <= (arb(n) * arb(2) ** -q).log() * arb(2) ** q


def test_stand_in_overlaps() -> None:
    rng = Cases(7)
    flint = FlintElementary()
    for _ in range(200):
        p = (16, 53, 200)[rng.randrange(0, 3)]
        n = rng.randrange(-(p + 3) << p, 40 << p)
        x = n, n + (0, 1, 5, 1 << p)[rng.randrange(0, 4)]
        above = rng.getrandbits(p + 20) + 1
        ratio = above, above + rng.randrange(0, 9)
        denominator = rng.getrandbits(p) + 1
        for first, second in (
            (INTEGER.exp(x, p), flint.exp(x, p)),
            (INTEGER.log(ratio, denominator, p), flint.log(ratio, denominator, p)),
        ):
            assert first[0] <= second[1]
            assert second[0] <= first[1]
    with precision(TRUE_BITS):
        assert encloses(flint.exp((-3, 70), 6), arb((70, -6)).exp(), 6)
        assert encloses(flint.exp((-3, 70), 6), arb((-3, -6)).exp(), 6)


# ---- fixed-point.md ----


def test_outward_rounding() -> None:
    rng = Cases(1)
    for _ in range(300):
        p = rng.randrange(0, 12)
        x, y = (Fraction(rng.randrange(-99, 99), rng.randrange(1, 30)) for _ in range(2))
        pad = rng.randrange(0, 4)
        X, Y = ((i[0] - pad, i[1]) for i in (_around(x, p), _around(y, p)))
        n, m = rng.randrange(-9, 9), rng.randrange(1, 9)
        assert _holds(X, x, p)
        assert _holds(scale(X, n, m), x * n / m, p)
        assert _holds(multiply(X, Y, p), x * y, p)
        if Y[0] > 0:
            assert _holds(divide(X, Y, p), x / y, p)


def _around(x: Fraction, p: int) -> tuple[int, int]:
    return enclose(3 * x.numerator, 3 * x.denominator, p)


def _holds(interval: tuple[int, int], x: Fraction, p: int) -> bool:
    return bool(interval[0] <= x * 2**p <= interval[1])


# ---- reachability.md, certificate-soundness.md ----


def test_reachable_is_the_support() -> None:
    P = [[[{1: 1}, {0: "1/2", 2: "1/2"}]], [[{1: 1}, {1: 1}]], [[{2: 1}, {0: 1}]], [[{3: 1}] * 2]]
    table = [[[0, 0]] for _ in range(4)]
    game = Game.from_arrays(P, table, table, horizon=3)
    assert game.reachable == ((0,), (0, 1, 2), (0, 1, 2))


def _commitment(upper: Fraction, lower: Fraction) -> tuple[Game, Certificate]:
    """One stage with y = 2 < upper everywhere; every majorant is Dn at the right kappa."""
    game = Game.from_arrays(None, [[[2, 2], [2, 2]]], [[[1, 0], [0, 1]]])
    pure = (((0, Fraction(1)),), ((1, Fraction(1)),))
    kappa = (upper - 2) if upper > 2 else Fraction(1)
    leaf = Leaf(((DOWN, kappa / 8),) if upper > 2 else ((UP, kappa),))
    node = Node(0, 0, upper, 0, pure, ((leaf,), (leaf,)))
    return game, Certificate(game.hash, 64, lower, upper, (node,))


@pytest.mark.parametrize("lower", [Fraction(-7), Fraction(2) - Fraction(1, 2**50)])
@pytest.mark.parametrize("upper", [Fraction(3), Fraction(2) + Fraction(1, 2**20)])
def test_accepted_is_true(upper: Fraction, lower: Fraction) -> None:
    """u = 2 everywhere, so J = J* = 2 for every policy."""
    verdict = check(*_commitment(upper, lower))
    assert verdict.outcome == "accepted"
    assert (verdict.lower, verdict.upper) == (lower, upper)
    assert lower <= 2 <= upper


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (Fraction(2) - Fraction(1, 2**20), Fraction(0)),
        (Fraction(3), Fraction(2) + Fraction(1, 2**20)),
    ],
)
def test_false_is_not_accepted(upper: Fraction, lower: Fraction) -> None:
    assert check(*_commitment(upper, lower)).outcome == "rejected"


def test_upper_below_the_nodes_is_not_accepted() -> None:
    """upper = 5/2 is true, but nodes that prove 3 do not prove it."""
    game, certificate = _commitment(Fraction(3), Fraction(0))
    assert check(game, replace(certificate, upper=Fraction(5, 2))).outcome == "rejected"
