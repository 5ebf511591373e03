from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.arithmetic import Enclosure
from exactqse.errors import InputError, PolicyError, PrecisionError
from exactqse.evaluate import enclosures, evaluate
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.interval import Interval, ends
from exactqse.kernel.operators import policy_value
from exactqse.model import Game, Policy

few = settings(max_examples=40, deadline=None)


def entry(table: Any, index: tuple[int, ...]) -> Any:
    for i in index:
        table = table[i]
    return table


def within_tolerance(x: Enclosure, digits: int) -> bool:
    smallest = 0 if 0 in x else min(abs(x.lower), abs(x.upper))
    return x.width <= Fraction(1, 10**digits) * max(1, smallest)


def around(x: mpmath.mpf, places: int = 50) -> Enclosure:
    """The mpmath value, widened by far more than its rounding errors at 80 digits."""
    scale = 10 ** (places + 20)
    value = Fraction(int(mpmath.nint(x * scale)), scale)
    slack = Fraction(1, 10**places) * max(1, abs(value))
    return Enclosure(value - slack, value + slack)


def number(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


def expectation(game: Game, at: tuple[int, ...], after: dict[tuple[int, ...], Any]) -> Any:
    h, s, a, b = at
    row = game.at(game.P, h)[s][a][b]
    pairs = zip(row.numerators, row.states, strict=True)
    return sum(number(Fraction(n, row.denominator)) * after[h + 1, t] for n, t in pairs)


def reference(game: Game, policy: Policy) -> dict[str, dict[tuple[int, ...], Any]]:
    """The model's formulas as they are written, without a shift, in mpmath."""
    H, S, A, B = game.shape
    eta, gamma, pi = number(game.eta), number(game.gamma), policy.probabilities
    V: dict[tuple[int, ...], Any] = {(H, s): mpmath.mpf(0) for s in range(S)}
    W, Q, nu, U = dict(V), {}, {}, {}
    for h, s in product(reversed(range(H)), range(S)):
        u, r = game.at(game.u, h)[s], game.at(game.r, h)[s]
        for b in range(B):
            Q[h, s, b] = sum(
                number(pi[h][s][b][a])
                * (number(r[a][b]) + gamma * expectation(game, (h, s, a, b), V))
                for a in range(A)
            )
        V[h, s] = mpmath.log(sum(mpmath.exp(eta * Q[h, s, b]) for b in range(B))) / eta
        for b in range(B):
            nu[h, s, b] = mpmath.exp(eta * (Q[h, s, b] - V[h, s]))
            for a in range(A):
                U[h, s, a, b] = number(u[a][b]) + expectation(game, (h, s, a, b), W)
        W[h, s] = sum(
            nu[h, s, b] * number(pi[h][s][b][a]) * U[h, s, a, b]
            for a, b in product(range(A), range(B))
        )
    rho = zip(game.rho.numerators, game.rho.states, strict=True)
    J = sum(number(Fraction(n, game.rho.denominator)) * W[0, s] for n, s in rho)
    return {"V": V, "Q": Q, "nu": nu, "U": U, "W": W, "J": {(): J}}


def single(r: list[Any], u: list[Any], **options: Any) -> Game:
    """One state, one leader action, one follower action for each entry."""
    return Game.from_arrays(None, [[u]], [[r]], **options)


@few
@given(st.data(), st.sampled_from([1, 7, 30]))
def test_encloses_the_formulas_in_another_arithmetic(
    finite_cases: Any, data: st.DataObject, digits: int
) -> None:
    game, policy = data.draw(finite_cases)
    result = evaluate(game, policy, digits)
    with mpmath.mp.workdps(80):
        for name, table in reference(game, policy).items():
            for index, value in table.items():
                if name != "J" and index[0] == game.horizon:
                    continue
                assert entry(getattr(result, name), index).overlaps(around(value)), (name, index)


@few
@given(st.data(), st.integers(1, 60))
def test_widths_and_shapes(cases: Any, data: st.DataObject, digits: int) -> None:
    game, policy = data.draw(cases)
    H, S, A, B = game.shape
    result = evaluate(game, policy, digits)
    assert all(within_tolerance(x, digits) for x in result.numbers())
    assert len(list(result.numbers())) == 1 + H * S * (2 + 2 * B + A * B)
    for name, shape in {"V": (H, S), "W": (H, S), "Q": (H, S, B), "U": (H, S, A, B)}.items():
        last = tuple(n - 1 for n in shape)
        assert isinstance(entry(getattr(result, name), last), Enclosure)


@few
@given(st.data())
def test_two_precisions_overlap(cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(cases)
    coarse, fine = evaluate(game, policy, 5), evaluate(game, policy, 90)
    pairs = zip(coarse.numbers(), fine.numbers(), strict=True)
    assert all(x.overlaps(y) for x, y in pairs)


@few
@given(st.data())
def test_responses_are_probabilities_that_sum_to_one(cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(cases)
    for step in evaluate(game, policy).nu:
        for nu in step:
            assert sum(x.lower for x in nu) <= 1 <= sum(x.upper for x in nu)
            assert all(0 <= x.lower <= x.upper <= 1 for x in nu)


@few
@given(st.data(), st.sampled_from([40, 64, 200]))
def test_overlaps_the_kernel_for_a_finite_eta(
    finite_cases: Any, data: st.DataObject, p: int
) -> None:
    """W for every gamma, and the kernel's v = eta V where gamma > 0."""
    game, policy = data.draw(finite_cases)
    after: list[Interval] = []
    soft: list[Interval] = []
    result = evaluate(game, policy)
    for h in reversed(range(game.horizon)):
        rows = policy.probabilities[h]
        found = [
            policy_value(
                game,
                h,
                s,
                [tuple((a, x) for a, x in enumerate(row) if x) for row in rows[s]],
                [[ends(dict(enumerate(each)))] * game.follower_actions for each in (after, soft)],
                p,
                Elementary(),
            )
            for s in range(game.states)
        ]
        after, soft = [W for W, _ in found], [v for _, v in found]
        for (lo, hi), W in zip(after, result.W[h], strict=True):
            assert Enclosure(Fraction(lo, 1 << p), Fraction(hi, 1 << p)).overlaps(W)
        for (lo, hi), V in zip(soft, result.V[h], strict=True):
            both = (Fraction(end, 1 << p) / game.eta for end in (lo, hi))
            assert Enclosure(*both).overlaps(V) if game.gamma else lo == hi == 0


@few
@given(st.data())
def test_a_gauge_of_r_moves_V_alone(cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(cases)
    gauge = data.draw(st.fractions(-3, 3, max_denominator=4))
    r = tuple(
        tuple(tuple(tuple(x + gauge for x in row) for row in state) for state in step)
        for step in game.r
    )
    moved = replace(game, r=r)
    before, after = evaluate(game, policy), evaluate(moved, policy)
    assert before.J.overlaps(after.J)
    for h in range(game.horizon):
        shift = gauge * sum(game.gamma**k for k in range(game.horizon - h))
        for x, y in zip(before.V[h], after.V[h], strict=True):
            assert Enclosure(x.lower + shift, x.upper + shift).overlaps(y)


def test_the_discount_matters() -> None:
    P = [[[[1, 0], [0, 1]]], [[[1, 0], [0, 1]]]]
    tables = [[[0, 0]], [[3, 3]]], [[[0, 0]], [[3, 3]]]
    values = []
    for gamma in ("0", "1/2"):
        game = Game.from_arrays(P, *tables, horizon=2, gamma=gamma)
        values.append(evaluate(game, Policy.uniform(game)).J)
    assert Fraction(3, 2) in values[0]
    assert values[1].lower > 2


def test_nobody_chooses() -> None:
    game = single(["1/3"], ["2/7"], horizon=4, gamma="1/2", eta=2)
    result = evaluate(game, Policy.uniform(game), 40)
    assert Fraction(8, 7) in result.J
    for h in range(4):
        assert Fraction(1, 3) * sum(Fraction(1, 2**k) for k in range(4 - h)) in result.V[h][0]
        assert 1 in result.nu[h][0][0]


def test_a_constant_follower_reward_gives_the_uniform_response() -> None:
    game = single([5, 5, 5], [0, 1, 5], horizon=3, gamma=1, eta="7/2")
    result = evaluate(game, Policy.uniform(game))
    assert all(Fraction(1, 3) in x for step in result.nu for x in step[0])
    assert 6 in result.J


@few
@given(st.data(), st.fractions(-9, 9, max_denominator=6))
def test_a_constant_leader_reward_is_collected_every_step(
    cases: Any, data: st.DataObject, reward: Fraction
) -> None:
    game, policy = data.draw(cases)
    _, S, A, B = game.shape
    constant = replace(game, u=((((reward,) * B,) * A,) * S,))
    assert game.horizon * reward in evaluate(constant, policy).J


def test_one_leader_action_and_no_discounting_is_pure_log_sum_exp() -> None:
    game = single([0, 1], [0, 0], horizon=3, gamma=1, eta=2)
    result = evaluate(game, Policy.uniform(game), 40)
    with mpmath.mp.workdps(80):
        soft = mpmath.log(1 + mpmath.exp(2)) / 2
        for h in range(3):
            assert result.V[h][0].overlaps(around((3 - h) * soft))


@few
@given(st.data())
def test_best_response_is_exact_and_maximal(best_response_cases: Any, data: st.DataObject) -> None:
    game, policy = data.draw(best_response_cases)
    result = evaluate(game, policy, 1)
    assert all(x.width == 0 for x in result.numbers())
    for h, s in product(range(game.horizon), range(game.states)):
        Q = [x.lower for x in result.Q[h][s]]
        gains = [
            sum(p * U[b].lower for p, U in zip(pi, result.U[h][s], strict=True))
            for b, pi in enumerate(policy.probabilities[h][s])
        ]
        played = [b for b, x in enumerate(result.nu[h][s]) if x.lower == 1]
        tied = [b for b, q in enumerate(Q) if q == max(Q)]
        favoured = max(gains[b] for b in tied)
        assert played == [min(b for b in tied if gains[b] == favoured)]
        assert result.V[h][s].lower == max(Q)
        assert result.W[h][s].lower == favoured


@few
@given(st.data())
def test_best_response_is_the_limit_where_it_is_unique(
    best_response_cases: Any, data: st.DataObject
) -> None:
    game, policy = data.draw(best_response_cases)
    exact, sharp = evaluate(game, policy), evaluate(game.with_(eta=10**40), policy)
    for x, y in zip(exact.V[0], sharp.V[0], strict=True):
        assert abs(x.mid - y.mid) < Fraction(1, 10**6)
    unique = all(
        sum(x.lower == V.lower for x in Q) == 1
        for step in zip(exact.V, exact.Q, strict=True)
        for V, Q in zip(*step, strict=True)
    )
    assert not unique or abs(exact.J.mid - sharp.J.mid) < Fraction(1, 10**6)


def test_ties_favour_the_leader_then_the_lowest_index() -> None:
    game = single([1, 1, 1, 0], [0, 1, 1, 9], eta=float("inf"))
    result = evaluate(game, Policy.uniform(game))
    assert [x.lower for x in result.nu[0][0]] == [0, 1, 0, 0]
    assert Enclosure(Fraction(1), Fraction(1)) == result.J


def test_a_tie_that_floats_would_miss() -> None:
    game = Game.from_arrays(
        None, [[[0, 1], [0, 1], [0, 1]]], [[["0.1", "0.6"], ["0.2", 0], ["0.3", 0]]], eta="inf"
    )
    result = evaluate(game, Policy.uniform(game))
    assert [x.lower for x in result.nu[0][0]] == [0, 1]


@pytest.mark.parametrize("gamma", [0, "1/2", 1])
@pytest.mark.parametrize(("reward", "eta"), [(10**6, 10**3), (-(10**9), 10**6), (10**400, 1)])
def test_extreme_exponents(reward: int, eta: int, gamma: Any) -> None:
    game = single([reward, 0, reward], [1, 2, 4], horizon=3, eta=eta, gamma=gamma)
    result = evaluate(game, Policy.uniform(game), 30)
    assert all(within_tolerance(x, 30) for x in result.numbers())
    loser = 1 if reward > 0 else 0
    assert 0 < result.nu[0][0][loser].upper < Fraction(1, 10**30)
    assert result.nu[0][0][loser].lower >= 0
    expected = Fraction(15, 2) if reward > 0 else 6
    assert expected - Fraction(1, 10**25) < result.J.lower
    assert result.J.upper < expected + Fraction(1, 10**25)


def test_a_nearly_indifferent_follower() -> None:
    game = single([1, 0], [1, 0], horizon=2, eta=Fraction(1, 10**300), gamma=1)
    result = evaluate(game, Policy.uniform(game), 40)
    assert all(within_tolerance(x, 40) for x in result.numbers())
    assert result.J.overlaps(Enclosure(Fraction(1), 1 + Fraction(1, 10**299)))


def test_a_thousand_digits() -> None:
    game = single([1, 0], [1, 0], eta=1)
    J = evaluate(game, Policy.uniform(game), 1000).J
    assert within_tolerance(J, 1000)
    with mpmath.mp.workdps(1100):
        assert J.overlaps(around(1 / (1 + mpmath.exp(-1)), 1080))


def test_the_precision_is_raised_until_the_widths_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    game = single(["-4/3", -1, "-5/3"], ["1/5", 0, "1/7"], horizon=3, gamma="1/3")
    policy = Policy.uniform(game)
    for guard in range(24, 1, -1):
        monkeypatch.setattr(enclosures, "guard_bits", lambda *_, bits=guard: bits)
        assert all(within_tolerance(x, 30) for x in evaluate(game, policy, 30).numbers())
    monkeypatch.setattr(enclosures, "ATTEMPTS", 1)
    with pytest.raises(PrecisionError, match="wider than"):
        evaluate(game, policy, 30)


def test_the_precision_of_flint_is_restored() -> None:
    before = ctx.prec
    game = single([1, 0], [1, 0])
    evaluate(game, Policy.uniform(game), 200)
    assert ctx.prec == before


@pytest.mark.parametrize("digits", [0, -3, 1001, 2.0, True, "30"])
def test_digits_out_of_range(digits: Any) -> None:
    game = single([1, 0], [1, 0])
    with pytest.raises(InputError, match="digits"):
        evaluate(game, Policy.uniform(game), digits)


def test_policies_that_are_none() -> None:
    game, other = single([1, 0], [1, 0]), single([1, 0, 0], [1, 0, 0])
    half = Policy((((((Fraction(1, 2),),) * 2),),))
    for bad in (None, [[[[1], [1]]]], Policy.uniform(other), half):
        with pytest.raises(PolicyError):
            evaluate(game, bad)


def test_a_policy_that_sees_more_than_the_leader() -> None:
    tables = [[[0, 0], [0, 0]]], [[[0, 0], [0, 0]]]
    seeing = Game.from_arrays(None, *tables)
    policy = Policy.from_arrays([[[[1, 0], [0, 1]]]], game=seeing)
    with pytest.raises(PolicyError, match="tell apart"):
        evaluate(seeing.with_(observes="nothing"), policy)
