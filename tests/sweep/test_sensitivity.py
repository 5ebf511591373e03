from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.errors import InputError
from exactqse.evaluate import evaluate, evaluate_symbolic
from exactqse.games import dense, get
from exactqse.model import Game
from exactqse.solve import solve
from exactqse.sweep import Sensitivities, sensitivities
from exactqse.testing import covered_games, games

COMMITMENT = get("conitzer-sandholm-2006")
PARTITIONS = games(
    max_states=2,
    max_horizon=2,
    gammas=st.just(Fraction(0)),
    etas=st.sampled_from([Fraction(1), Fraction(3)]),
    observes="any",
    wide=False,
)


def indices(game: Game) -> list[tuple[int, int, int, int]]:
    return list(product(*map(range, game.shape)))


def at(table: object, index: tuple[int, ...]) -> Enclosure:
    for i in index:
        table = table[i]  # type: ignore[index]
    assert isinstance(table, Enclosure)
    return table


def test_a_pure_commitment_has_the_derivative_of_its_closed_form() -> None:
    """J* = (2 e^eta + 4)/(1 + e^eta) near eta = 1: dJ*/deta = -2 e^eta/(1 + e^eta)^2."""
    found = sensitivities(solve(COMMITMENT.with_(observes="nothing")))
    assert found.isolated
    with precision(200):
        e = arb(1).exp()
        truth = enclosure(-2 * e / (1 + e) ** 2)
        nu = enclosure(e / (1 + e))
    assert found.eta.lower <= truth.lower <= truth.upper <= found.eta.upper
    assert found.eta.width < Fraction(1, 10**5)
    assert found.u[0][0][0][0].overlaps(nu)
    assert found.u[0][0][1] == (Enclosure(Fraction(0), Fraction(0)),) * 2


def test_a_mixed_prescription_has_the_derivative_of_its_closed_form() -> None:
    """W = 2 + t/eta, t = eta e^(1 - ... ): at eta = 1, by implicit differentiation below.

    After b = 1 she mixes: w = W + 1/eta, q = eta (4 - w). The root of
    G = e^eta (2 - W) + e^(4 eta - eta W - 1)/eta gives W, and dW/deta = -G_eta/G_W.
    """
    found = sensitivities(solve(COMMITMENT, 40))
    with precision(300):
        W = ball(found.isolation.solution.value.lower).union(
            ball(found.isolation.solution.value.upper)
        )
        first, second = arb(1).exp(), (3 - W).exp()
        along = first * (2 - W) + second * (4 - W) - second
        truth = enclosure(along / (first + second))
    assert found.isolated
    assert found.eta.overlaps(truth)
    assert max(found.eta.width, truth.width) < Fraction(1, 10**38)


@pytest.mark.parametrize("seed", range(4))
def test_eta_agrees_with_sympy_at_a_pure_optimum(seed: int) -> None:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=seed, eta="1/10")
    solution = solve(game, 30)
    found = sensitivities(solution)
    assert found.isolation.radius == 0  # the certified policy is the optimum itself
    forms = evaluate_symbolic(game, solution.policy, symbolic_eta=True)
    slope = forms.J.diff(forms.eta).subs(forms.eta, forms.eta_value).evalf(40)
    assert found.isolated
    assert abs(float(slope - found.eta.mid.numerator / slope.func(found.eta.mid.denominator))) < (
        1e-28
    )


@settings(max_examples=40, deadline=None)
@given(covered_games(max_states=2, max_horizon=2, wide=False), st.data())
def test_u_is_within_the_bounds_of_convexity(game: Game, data: st.DataObject) -> None:
    """J* is convex in u: certified differences bound both one-sided derivatives."""
    index = data.draw(st.sampled_from(indices(game)))
    check_convex(game, index, sensitivities(solve(game, 20)), {"digits": 20})


@settings(max_examples=10, deadline=None)
@given(PARTITIONS, st.data())
def test_so_it_is_for_every_partition(game: Game, data: st.DataObject) -> None:
    index = data.draw(st.sampled_from(indices(game)))
    check_convex(game, index, sensitivities(solve(game, gap="1e-6")), {"gap": "1e-6"})


def check_convex(
    game: Game, index: tuple[int, int, int, int], found: Sensitivities, how: dict[str, object]
) -> None:
    here = found.isolation.solution
    for t in (Fraction(1, 100), Fraction(-1, 100)):
        there = solve(raised(game, "u", index, t), **how)  # type: ignore[arg-type]
        lowest = (there.lower - here.upper) / t
        highest = (there.upper - here.lower) / t
        if t > 0:  # the difference quotient is at least the right derivative
            assert at(found.u, index).lower <= highest
        else:
            assert at(found.u, index).upper >= highest
        assert lowest != highest or here.upper == here.lower


def raised(game: Game, name: str, index: tuple[int, int, int, int], by: Fraction) -> Game:
    h, s, a, b = index
    table = [
        [
            [
                [x + by * ((g, t, i, j) == (h, s, a, b)) for j, x in enumerate(row)]
                for i, row in enumerate(state)
            ]
            for t, state in enumerate(game.at(getattr(game, name), g))
        ]
        for g in range(game.horizon)
    ]
    tables = {"u": game.u, "r": game.r, name: table}
    return Game.from_arrays(
        [
            [
                [
                    [
                        dict(
                            zip(
                                row.states,
                                (Fraction(n, row.denominator) for n in row.numerators),
                                strict=True,
                            )
                        )
                        for row in by_b
                    ]
                    for by_b in state
                ]
                for state in step
            ]
            for step in game.P
        ],
        tables["u"],
        tables["r"],
        rho={
            t: Fraction(n, game.rho.denominator)
            for t, n in zip(game.rho.states, game.rho.numerators, strict=True)
        },
        horizon=game.horizon,
        eta=game.eta or "inf",
        gamma=game.gamma,
        observes=game.observes,
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["u", "r"])
def test_central_differences_agree(seed: int, name: str) -> None:
    game = dense(states=2, leader_actions=3, follower_actions=2, horizon=2, seed=seed, eta=3)
    found = sensitivities(solve(game, 40))
    assert found.isolated
    t = Fraction(1, 10**10)
    for index in indices(game)[::3]:
        up, down = (solve(raised(game, name, index, x), 40) for x in (t, -t))
        difference = (up.value.mid - down.value.mid) / (2 * t)
        assert abs(difference - at(getattr(found, name), index).mid) < Fraction(1, 10**18)


@pytest.mark.parametrize("seed", range(3))
def test_a_central_difference_in_eta_agrees(seed: int) -> None:
    game = dense(states=2, leader_actions=3, follower_actions=2, horizon=2, seed=seed, eta=3)
    found = sensitivities(solve(game, 40))
    t = Fraction(1, 10**10)
    up, down = (solve(game.with_(eta=3 + x), 40) for x in (t, -t))
    difference = (up.value.mid - down.value.mid) / (2 * t)
    assert abs(difference - found.eta.mid) < Fraction(1, 10**18)


def total(values: list[Enclosure]) -> Enclosure:
    zero = Fraction(0)
    return Enclosure(sum((x.lower for x in values), zero), sum((x.upper for x in values), zero))


@settings(max_examples=40, deadline=None)
@given(covered_games(max_horizon=2, wide=False))
def test_identities_hold_within_the_enclosures(game: Game) -> None:
    """Every step's du sum to 1; a constant added to r changes nothing; J depends on eta r."""
    found = sensitivities(solve(game, 20))
    for h in range(game.horizon):
        entries = [index for index in indices(game) if index[0] == h]
        assert 1 in total([at(found.u, index) for index in entries])
        assert 0 in total([at(found.r, index) for index in entries])
    assert game.eta is not None
    scaled = []
    for h, s, a, b in indices(game):
        r, slope = game.at(game.r, h)[s][a][b], found.r[h][s][a][b]
        ends = sorted((r * slope.lower, r * slope.upper))
        scaled.append(Enclosure(*ends))
    eta = Enclosure(game.eta * found.eta.lower, game.eta * found.eta.upper)
    assert total(scaled).overlaps(eta)


def test_a_kink_is_enclosed_from_both_sides() -> None:
    """J* = max(u_0, u_1): its derivatives in u_0 are 0 from the left and 1 from the right."""
    found = sensitivities(solve(Game.from_arrays(None, [[[1], [1]]], [[[0], [1]]]), 10))
    assert not found.isolated
    assert 0 in found.u[0][0][0][0]
    assert 1 in found.u[0][0][0][0]
    assert 0 in found.eta


def test_alike_actions_leave_eta_sharp() -> None:
    u, r = [[[2, 4], [1, 3], [1, 3]]], [[[1, 0], [0, 1], [0, 1]]]
    found = sensitivities(solve(Game.from_arrays(None, u, r), 30))
    single = sensitivities(solve(COMMITMENT, 30))
    assert not found.isolated
    assert found.eta.overlaps(single.eta)
    assert found.eta.width < Fraction(1, 10**28)
    assert 0 in found.u[0][0][1][1]
    assert found.u[0][0][1][1].upper >= single.u[0][0][1][1].lower


def test_places_that_no_optimum_reaches_do_not_matter() -> None:
    P = [[[{1: 1}], [{2: 1}]], [[{1: 1}], [{1: 1}]], [[{2: 1}], [{2: 1}]]]
    u = [[[0], [0]], [[2], [1]], [[3], [1]]]
    found = sensitivities(solve(Game.from_arrays(P, u, [[[0], [0]]] * 3, horizon=2), 10))
    nothing, sure = (Enclosure(Fraction(x), Fraction(x)) for x in (0, 1))
    assert found.u[1] == (
        ((nothing,), (nothing,)),
        ((nothing,), (nothing,)),
        ((sure,), (nothing,)),
    )


def test_du_is_the_exact_difference_of_a_linear_function() -> None:
    """At a pure optimum J(policy; u) is linear in u with these slopes."""
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=1, eta="1/10")
    solution = solve(game, 30)
    found = sensitivities(solution)
    assert found.isolation.radius == 0
    here = evaluate(game, solution.policy, 30).J
    for index in indices(game):
        there = evaluate(raised(game, "u", index, Fraction(1)), solution.policy, 30).J
        difference = Enclosure(there.lower - here.upper, there.upper - here.lower)
        assert at(found.u, index).overlaps(difference)
        assert at(found.u, index).width < Fraction(1, 10**25)


def test_what_is_not_certified_is_refused() -> None:
    with pytest.raises(InputError, match="solution: is not certified"):
        sensitivities(solve(COMMITMENT, 5, checker=None))
