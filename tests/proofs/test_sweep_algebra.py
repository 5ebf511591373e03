"""The steps of localisation.md, near-optimal-values.md, one-optimal-policy.md, and others."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from random import Random

import mpmath
import pytest
import sympy as sp

z, d, v, eta = sp.symbols("z d v eta", real=True)
s, x = sp.symbols("s x", positive=True)


def zero(expression: sp.Expr) -> bool:
    return bool(sp.simplify(sp.expand(expression)) == 0)


# ---- localisation.md ----


def test_slab_identity() -> None:
    """e^z d = s e^c t e^(1-t) with c = z + d/s - 1 and t = d/s."""
    t = d / s
    assert zero(sp.exp(z) * d - s * sp.exp(z + d / s - 1) * t * sp.exp(1 - t))
    assert zero((z + d / s - 1) + 1 - t - z)


def test_the_bounds_of_v_minus_log() -> None:
    """v - ln(1 + v) >= v^2/(2 (1 + v)) above 0, >= v^2/2 below, by their slopes."""
    above = v - sp.log(1 + v) - v**2 / (2 * (1 + v))
    assert above.subs(v, 0) == 0
    assert zero(sp.diff(above, v) - v**2 / (2 * (1 + v) ** 2))
    below = v - sp.log(1 + v) - v**2 / 2
    assert below.subs(v, 0) == 0
    assert zero(sp.diff(below, v) + v**2 / (1 + v))  # negative: it falls to 0 as v rises to 0
    loss = sp.symbols("l", positive=True)
    root = loss + sp.sqrt(loss**2 + 2 * loss)
    assert zero(root**2 / (2 * (1 + root)) - loss)


def test_the_gradient_and_hessian_of_a_cell() -> None:
    """Two responses, three actions, the first taking what the others leave."""
    Z, Y = (sp.Matrix(2, 3, sp.symbols(f"{name}:6", real=True)) for name in "zy")
    value, p, q = sp.symbols("W p q", real=True)
    alpha = sp.Matrix([1 - p - q, p, q])
    S = sum(sp.exp((Z[b, :] * alpha)[0]) * ((Y[b, :] * alpha)[0] - value) for b in range(2))
    for (j, first), (k, second) in product(((1, p), (2, q)), repeat=2):
        gradient = hessian = sp.Integer(0)
        for b in range(2):
            e, m = sp.exp((Z[b, :] * alpha)[0]), (Y[b, :] * alpha)[0] - value
            zj, zk, yj, yk = (T[b, i] - T[b, 0] for T in (Z, Y) for i in (j, k))
            gradient += e * (m * zj + yj)
            hessian += e * (m * zj * zk + zj * yk + yj * zk)
        assert zero(sp.diff(S, first) - gradient)
        assert zero(sp.diff(S, first, second) - hessian)


def test_a_lone_response_has_a_linear_condition() -> None:
    """S'/e^q is linear in the weight with slope dz dy."""
    z0, z1, y0, y1, value, p = sp.symbols("z0 z1 y0 y1 W p", real=True)
    q, w = z0 + p * (z1 - z0), y0 + p * (y1 - y0)
    slope = sp.diff(sp.exp(q) * (w - value), p) / sp.exp(q)
    assert zero(sp.diff(slope, p) - (z1 - z0) * (y1 - y0))


# ---- sensitivities.md ----


def two_steps() -> tuple[sp.Expr, dict[str, list[sp.Expr]], dict[str, sp.Expr]]:
    """J of a fixed policy of two steps, one action: b = 1 leads to state 1, else to state 0."""
    r, u = sp.symbols("r:6", real=True), sp.symbols("u:6", real=True)
    nu: list[sp.Expr] = []
    for place in range(3):  # step 0; step 1 in state 0, in state 1
        weights = [sp.exp(eta * r[2 * place + b]) for b in range(2)]
        nu += [weight / sum(weights) for weight in weights]
    W = [sum(nu[2 * place + b] * u[2 * place + b] for b in range(2)) for place in (1, 2)]
    gains = [u[b] + W[b] for b in range(2)]
    first = sum(nu[b] * gains[b] for b in range(2))
    reach = [sp.Integer(1), nu[0], nu[1]]
    means = [*gains, *u[2:]]
    values = [first, *W]
    flows = [reach[i // 2] * nu[i] for i in range(6)]
    slopes = [flows[i] * (means[i] - values[i // 2]) for i in range(6)]
    return first, {"r": list(r), "u": list(u), "nu": nu}, {"flows": flows, "slopes": slopes}


def test_slopes_of_a_stage() -> None:
    J, names, found = two_steps()
    for i in range(6):
        assert zero(sp.diff(J, names["u"][i]) - found["flows"][i])
        assert zero(sp.together(sp.diff(J, names["r"][i]) - eta * found["slopes"][i]))
    total = sum(slope * r for slope, r in zip(found["slopes"], names["r"], strict=True))
    numbers = {r: sp.Rational(i * i - 3, 4) for i, r in enumerate(names["r"])}
    numbers |= {u: sp.Rational(7 - 2 * i, 3) for i, u in enumerate(names["u"])}
    difference = (sp.diff(J, eta) - total).subs(numbers).subs(eta, sp.Rational(3, 2))
    assert abs(difference.evalf(60)) < sp.Float(10) ** -50


# ---- temperature-limits.md ----


@pytest.mark.parametrize("count", [1, 3])
def test_uniform_limit(count: int) -> None:
    """nu tends to 1/B as eta falls to 0, within e^(-2 eta R) and e^(2 eta R)."""
    rewards = [sp.Rational(i * i, 3) - 1 for i in range(count)]
    weights = [sp.exp(x * r) for r in rewards]
    R = max(map(abs, rewards))
    for weight in weights:
        nu = weight / sum(weights)
        assert sp.limit(nu, x, 0, "+") == sp.Rational(1, count)
        for at in (sp.Rational(1, 100), sp.Integer(2)):
            ratio = (nu * count).subs(x, at)
            assert sp.exp(-2 * at * R).evalf(30) <= ratio.evalf(30) <= sp.exp(2 * at * R).evalf(30)


# ---- near-optimal-values.md ----


def test_values_rise_with_exponents() -> None:
    """d ln sum_b e^{x_b} / dx_b is a response, which is positive, and x_b rises with v'."""
    x = sp.symbols("x0:3", real=True)
    soft = sp.log(sum(sp.exp(y) for y in x))
    for y in x:
        slope = sp.simplify(sp.diff(soft, y))
        assert slope.is_positive
    assert sp.simplify(sum(sp.diff(soft, y) for y in x) - 1) == 0
    gamma, p, v = sp.symbols("gamma p v", positive=True)
    assert sp.diff(eta + gamma * p * v, v).is_positive


# ---- one-optimal-policy.md ----


def test_slopes_of_a_farsighted_game() -> None:
    """Lemma 1 and the Theorem, for two steps of two actions each and one state at the first."""
    gamma, P = sp.symbols("gamma P0:4", real=True)[0], sp.symbols("P0:4", real=True)
    names = {n: sp.symbols(f"{n}:12", real=True) for n in ("r", "u")}
    p = sp.symbols("p:6", real=True)  # the weight of a = 1 at place i after b: p[2 i + b]

    def stage(i: int, v: list[sp.Expr], W: list[sp.Expr]) -> dict[str, list[sp.Expr]]:
        found: dict[str, list[sp.Expr]] = {"X": [], "Y": [], "x": [], "y": []}
        for b in range(2):
            for a in range(2):
                to = P[2 * a + b]
                k = 4 * i + 2 * b + a
                found["X"].append(eta * names["r"][k] + gamma * (to * v[1] + (1 - to) * v[0]))
                found["Y"].append(names["u"][k] + to * W[1] + (1 - to) * W[0])
            for low, high in ("xX", "yY"):
                first, second = found[high][-2:]
                found[low].append((1 - p[2 * i + b]) * first + p[2 * i + b] * second)
        Z = sum(sp.exp(x) for x in found["x"])
        found["nu"] = [sp.exp(x) / Z for x in found["x"]]
        found["v"] = [sp.log(Z)]
        found["W"] = [sum(n * w for n, w in zip(found["nu"], found["y"], strict=True))]
        return found

    nothing = [sp.Integer(0)] * 2
    late = [stage(i, nothing, nothing) for i in (1, 2)]
    stages = [stage(0, [s["v"][0] for s in late], [s["W"][0] for s in late]), *late]
    D, M, push = [sp.Integer(1), *nothing], [sp.Integer(0), *nothing], {}
    for i, place in enumerate(stages):
        for b in range(2):
            nu, gain = place["nu"][b], place["y"][b] - place["W"][0]
            push[i, b] = D[i] * nu * gain + M[i] * nu
            for a, t in product(range(2), range(2)) if i == 0 else ():
                weight = p[b] if a else 1 - p[b]
                to = weight * (P[2 * a + b] if t else 1 - P[2 * a + b])
                D[1 + t] += nu * to
                M[1 + t] += gamma * push[i, b] * to
    symbols = [eta, gamma, *P, *names["r"], *names["u"], *p]
    slopes, total = {}, sp.Integer(0)
    for i, b in product(range(3), range(2)):
        place, k, q = stages[i], 2 * b, 4 * i + 2 * b
        dx, dy = (place[n][k + 1] - place[n][k] for n in "XY")
        flow = D[i] * place["nu"][b]
        slopes[p[2 * i + b]] = push[i, b] * dx + flow * dy
        slopes[names["r"][q + 1]] = eta * p[2 * i + b] * push[i, b]
        slopes[names["u"][q + 1]] = p[2 * i + b] * flow
        low, high = names["r"][q : q + 2]
        total += push[i, b] * (low + p[2 * i + b] * (high - low))
    slopes[eta] = total
    together = [stages[0]["W"][0], *slopes.values()]
    function = sp.lambdify(symbols, together, "mpmath", cse=True)
    with mpmath.workdps(60):
        at = [mpmath.mpf(1 + k * k % 7) / (8 + k % 3) for k in range(len(symbols))]
        values, h = function(*at)[1:], mpmath.mpf(10) ** -20
        for symbol, value in zip(slopes, values, strict=True):
            k = symbols.index(symbol)
            above, below = (function(*at[:k], at[k] + t, *at[k + 1 :])[0] for t in (h, -h))
            assert abs((above - below) / (2 * h) - value) < mpmath.mpf(10) ** -35
            assert abs(value) > mpmath.mpf(10) ** -4


def test_a_cap_of_the_value() -> None:
    """Lemma 3: an identity, and t e^(1 - t) <= 1 with equality at t = 1."""
    a, b, y0, y1, lam = sp.symbols("a b y0 y1 lam", real=True)
    Z = sp.exp(a) + sp.exp(b)
    W = (sp.exp(a) * y0 + sp.exp(b) * y1) / Z
    assert zero(W - lam - (sp.exp(a) * (y0 - lam) + sp.exp(b) * (y1 - lam)) / Z)
    t = x * sp.exp(1 - x)
    assert t.subs(x, 1) == 1
    assert zero(sp.diff(t, x) - (1 - x) * sp.exp(1 - x))


# ---- strong-optima.md ----


@pytest.mark.parametrize("seed", range(60))
def test_policies_that_lead_to_optimal_values(seed: int) -> None:
    """Lemma 2, for all policies of extreme mixtures: two steps, states and actions, few numbers."""
    draw = Random(seed)
    places = [(0, 0), (1, 0), (1, 1)]
    x, u = ({p: [[draw.randint(0, 2) for _ in "ab"] for _ in "ab"] for p in places} for _ in "xu")
    goes = [[draw.randint(0, 1) for _ in "ab"] for _ in "ab"]  # from (0, 0), [b][a]

    def mean(p: Fraction, row: Sequence[Fraction]) -> Fraction:
        return (1 - p) * row[0] + p * row[1]

    def y(place: tuple[int, int], b: int, after: Sequence[Fraction]) -> list[Fraction]:
        later = [after[goes[b][a]] if place == (0, 0) else 0 for a in (0, 1)]
        return [Fraction(u[place][b][a] + later[a]) for a in (0, 1)]

    def answers(
        place: tuple[int, int], p: Fraction, after: Sequence[Fraction]
    ) -> dict[int, Fraction]:
        """The best responses, with what they bring her."""
        X = [mean(p, x[place][b]) for b in (0, 1)]
        return {b: mean(p, y(place, b, after)) for b in (0, 1) if X[b] == max(X)}

    extreme = {}
    for place in places:
        low, high = (x[place][0][a] - x[place][1][a] for a in (0, 1))
        between = {Fraction(low, low - high)} if low * high < 0 else set()
        extreme[place] = sorted({Fraction(0), Fraction(1)} | between)

    def best(place: tuple[int, int], after: Sequence[Fraction]) -> Fraction:
        return max(max(answers(place, p, after).values()) for p in extreme[place])

    later = [best(place, []) for place in places[1:]]
    J = best((0, 0), later)
    optimal = 0
    for first, *rest in product(*(extreme[place] for place in places)):
        W = [max(answers(place, p, []).values()) for place, p in zip(places[1:], rest, strict=True)]
        worth = answers((0, 0), first, W)
        if max(worth.values()) < J:
            continue
        optimal += 1
        for b in (b for b, value in worth.items() if value == J):
            assert answers((0, 0), first, later)[b] == J  # the mixture is in F_b
            for a in (0, 1):
                reached = first if a else 1 - first
                assert not reached or W[goes[b][a]] == later[goes[b][a]]
    assert optimal


def test_means_over_orbits() -> None:
    """Lemma 2 of exchanges.md, actions 0 and 1 in one orbit: all weights, and constant ones."""
    x, alpha = sp.symbols("x:3"), sp.symbols("alpha:3")
    mean = [(x[0] + x[1]) / 2, (x[0] + x[1]) / 2, x[2]]
    averaged = [(alpha[0] + alpha[1]) / 2, (alpha[0] + alpha[1]) / 2, alpha[2]]
    given = sum(a * m for a, m in zip(alpha, mean, strict=True))
    constant = sum(a * v for a, v in zip(averaged, x, strict=True))
    assert sp.expand(given - constant) == 0
    same = {alpha[1]: alpha[0]}
    stays = sum(a * v for a, v in zip(alpha, x, strict=True))
    assert sp.expand((given - stays).subs(same)) == 0
    assert sp.expand(given - stays) != 0


def test_a_threat_that_is_moved_costs_nothing() -> None:
    """The Lemma of threats.md, at one place of three cells, for moves of every length."""
    assert sum(map(moves_that_cost_nothing, range(200))) > 1000


def moves_that_cost_nothing(seed: int) -> int:
    """How many there are at a drawn place; all are looked at."""
    draw = Random(seed)
    x, y = ([[Fraction(draw.randint(0, 4)) for _ in "abc"] for _ in "tcd"] for _ in "xy")
    weights = [[draw.randint(0, 2) for _ in "abc"] for _ in "tcd"]
    alpha = [[Fraction(w, sum(row)) for w in row] if any(row) else [1, 0, 0] for row in weights]

    def worth(rows: Sequence[Sequence[Fraction]]) -> tuple[Fraction, Fraction]:
        X, Y = (
            [sum((p * v for p, v in zip(*pair, strict=True)), Fraction(0)) for pair in pairs]
            for pairs in (zip(rows, x, strict=True), zip(rows, y, strict=True))
        )
        return max(zip(X, Y, strict=True))

    V, W = worth(alpha)
    moved = 0
    for c in range(3):
        home = (sum(map(operator.mul, alpha[c], x[c])), sum(map(operator.mul, alpha[c], y[c])))
        if home == (V, W):  # it may hold the target
            continue
        low = [a for a in range(3) if x[c][a] < V]
        for a in low:
            for e in (Fraction(1, 1000), Fraction(1, 2), Fraction(1)):
                near = [(1 - e) * p + e * (k == a) for k, p in enumerate(alpha[c])]
                after = worth([near if k == c else row for k, row in enumerate(alpha)])
                assert after[0] == V
                assert after[1] >= W
                moved += near != alpha[c]
        for a in range(3 if len(low) == 3 else 0):
            pure = [Fraction(k == a) for k in range(3)]
            assert worth([pure if k == c else row for k, row in enumerate(alpha)]) == (V, W)
            moved += 1
    return moved
