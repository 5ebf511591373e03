"""The operators against an evaluation of their own: rational sums, and arb's exp at more bits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball, exact_fraction, precision
from exactqse.kernel.certificate import Certificate, Distribution
from exactqse.kernel.elementary import INTEGER, Elementary
from exactqse.kernel.game import expectation
from exactqse.kernel.interval import Interval, enclose, ends
from exactqse.kernel.operators import (
    by_response,
    continuation,
    expected,
    exponent,
    mixture,
    policy_value,
)
from exactqse.model import Game
from exactqse.model.rows import make_row
from exactqse.testing import games

bits = st.sampled_from((16, 53, 100, 300))
Values = list[Fraction]
Ends = tuple[Fraction, Fraction]


def truth(
    game: Game,
    step: int,
    state: int,
    policy: tuple[Distribution, ...],
    p: int,
    *,
    after: Values,
    soft: Values,
) -> tuple[Ends, Ends]:
    """Ends of the value W of a prescription, and of v = eta V, times 2^p."""
    xs, ys = [], []
    for b, by_b in enumerate(policy):
        x = y = Fraction(0)
        for a, probability in by_b:
            x += probability * logit(game, step, state, (a, b), soft)
            y += probability * payoff(game, step, state, (a, b), after)
        xs.append(x)
        ys.append(y)
    with precision(p + 400):
        weights = [ball(x - max(xs)).exp() for x in xs]
        total = sum((w * ball(y) for w, y in zip(weights, ys, strict=True)), arb(0))
        weight = sum(weights, arb(0))
        value, log = total / weight, weight.log() + ball(max(xs))
        return limits(value, p), limits(log, p)


def limits(value: arb, p: int) -> Ends:
    return exact_fraction(value.lower()) * 2**p, exact_fraction(value.upper()) * 2**p


def mean(game: Game, step: int, state: int, actions: tuple[int, int], values: Values) -> Fraction:
    a, b = actions
    row = game.at(game.P, step)[state][a][b]
    pairs = zip(row.states, row.numerators, strict=True)
    return sum((Fraction(n, row.denominator) * values[t] for t, n in pairs if values), Fraction(0))


def payoff(game: Game, step: int, state: int, actions: tuple[int, int], after: Values) -> Fraction:
    a, b = actions
    return game.at(game.u, step)[state][a][b] + mean(game, step, state, actions, after)


def logit(game: Game, step: int, state: int, actions: tuple[int, int], soft: Values) -> Fraction:
    """eta (r + gamma P V), for soft = eta V."""
    a, b = actions
    assert game.eta is not None
    reward = game.eta * game.at(game.r, step)[state][a][b]
    return reward + game.gamma * mean(game, step, state, actions, soft)


@given(st.data(), bits)
def test_policy_value_is_true_and_narrow(data: st.DataObject, p: int) -> None:
    game = data.draw(games(wide=False, observes="action", etas=st.sampled_from((1, 5))))
    step = data.draw(st.integers(0, game.horizon - 1))
    state = data.draw(st.integers(0, game.states - 1))
    policy = []
    for _ in range(game.follower_actions):
        weights = data.draw(
            st.lists(
                st.integers(0, 3), min_size=game.leader_actions, max_size=game.leader_actions
            ).filter(any)
        )
        policy.append(tuple((a, Fraction(w, sum(weights))) for a, w in enumerate(weights) if w))
    numbers = st.fractions(min_value=-9, max_value=9, max_denominator=99)
    last = data.draw(st.booleans())
    after = [] if last else [data.draw(numbers) for _ in range(game.states)]
    soft = [] if last else [data.draw(numbers) for _ in range(game.states)]
    boxes = [enclose(x.numerator, x.denominator, p) for x in after]
    logs = [enclose(x.numerator, x.denominator, p) for x in soft]
    later, soon = (ends(dict(enumerate(each))) for each in (boxes, logs))
    value, log = policy_value(
        game, step, state, policy, [[each] * len(policy) for each in (later, soon)], p, INTEGER
    )
    true_value, true_log = truth(game, step, state, tuple(policy), p, after=after, soft=soft)
    assert value[0] <= true_value[0]
    assert true_value[1] <= value[1]
    assert value[1] - value[0] <= 1000
    if game.gamma:
        assert log[0] <= true_log[0]
        assert true_log[1] <= log[1]
        assert log[1] - log[0] <= 100
    else:
        assert log == (0, 0)
    for a in range(game.leader_actions):
        for b in range(game.follower_actions):
            row = game.at(game.P, step)[state][a][b]
            u, r = (game.at(table, step)[state][a][b] for table in (game.u, game.r))
            y = payoff(game, step, state, (a, b), after) * 2**p
            assert encloses(continuation(u, row, later, p), y, 3)
            assert encloses(exponent(game, r, row, ends({}), p), game.eta * r * 2**p, 1)
            x = logit(game, step, state, (a, b), soft) * 2**p
            assert encloses(exponent(game, r, row, soon, p), x, 4)


def encloses(found: Interval, value: Fraction, width: int) -> bool:
    return found[0] <= value <= found[1] <= found[0] + width


def test_wide_exponents_are_enclosed() -> None:
    # The exponents are next to 0, on the two sides that widen their intervals most: [0, 12] and
    # [-12, 0] units for twelve rewards each. The value is 1/2 but for e^{2^-90}.
    p = 40
    tiny = Fraction(1, 2**90)
    for sign in (1, -1):
        r = [[[sign * tiny, -sign * tiny]] * 12]
        game = Game.from_arrays(None, [[[1, 0]] * 12], r, eta=1)
        uniform = tuple((a, Fraction(1, 12)) for a in range(12))
        lo, hi = policy_value(game, 0, 0, (uniform, uniform), [[ends({})] * 2] * 2, p, INTEGER)[0]
        assert lo < 2 ** (p - 1) < hi


def test_no_exponent_is_far_above_zero() -> None:
    """So that exp of rewards far apart needs no more memory than p asks for."""
    seen: list[int] = []

    class Noted(Elementary):
        def exp(self, x: Interval, p: int) -> Interval:
            seen.append(x[1])
            return super().exp(x, p)

    uniform, p = ((0, Fraction(1)),), 32
    for far in (-999, 999):
        game = Game.from_arrays([[[[1]] * 2]], [[[1, 0]]], [[[0, far]]], rho=0, horizon=1, eta=1)
        policy_value(game, 0, 0, (uniform, uniform), [[ends({})] * 2] * 2, p, Noted())
    assert len(seen) == 4
    assert max(seen) <= 1 << p
    assert min(seen) < -(998 << p)


def test_by_response(deep: tuple[Game, Certificate]) -> None:
    game = Game.from_arrays(None, [[[0] * 3]], [[[0] * 3]], observes=[[0, 2], [1]])
    first, second = ((0, Fraction(1)),), ((1, Fraction(1)),)
    assert by_response(game, (first, second)) == [first, second, first]
    assert by_response(deep[0], (first, second)) == [first, second]
    for policy in ((first,), (first, second, first)):
        with pytest.raises(ValueError, match="zip"):
            by_response(game, policy)


def test_wide_continuations_are_enclosed(deep: tuple[Game, Certificate]) -> None:
    game, _ = deep
    p = 40
    boxes: list[Interval] = [(-(3 << p), 2 << p), (1 << p, (1 << p) + 7)]
    u, row = game.at(game.u, 0)[1][2][1], game.at(game.P, 0)[1][2][1]
    low, high = continuation(u, row, ends(dict(enumerate(boxes))), p)
    found = [
        payoff(game, 0, 1, (2, 1), [Fraction(x, 1 << p), Fraction(y, 1 << p)]) * 2**p
        for x in boxes[0]
        for y in boxes[1]
    ]
    assert low <= min(found) < low + 2
    assert max(found) <= high
    assert high - 2 < min(found) + (5 << p) <= high  # the values count as wide as the widest


def test_adding_to_the_rewards(deep: tuple[Game, Certificate]) -> None:
    game, found = deep
    p = 80
    node = found.nodes[0]

    def moved(table: object, by: Fraction) -> object:
        if isinstance(table, tuple):
            return tuple(moved(x, by) for x in table)
        return table + by

    def value(u: object, r: object) -> Interval:
        other = Game.from_arrays(None, u, r, eta=game.eta, horizon=game.horizon)
        return policy_value(other, 0, node.state, node.policy, [[ends({})] * 2] * 2, p, INTEGER)[0]

    plain = value(game.u, game.r)
    for by in (Fraction(-1000), Fraction(1000), Fraction(7, 3)):
        shifted = value(game.u, moved(game.r, by))
        assert max(shifted[0], plain[0]) <= min(shifted[1], plain[1])
        assert shifted[1] - shifted[0] <= 100
        raised = value(moved(game.u, by), game.r)
        offset = enclose(by.numerator, by.denominator, p)
        assert raised[0] <= plain[1] + offset[1]
        assert plain[0] + offset[0] <= raised[1]


@given(
    st.lists(st.tuples(st.integers(-99, 99), st.integers(0, 9)), min_size=1, max_size=4),
    st.data(),
)
def test_mixture(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    weights = [data.draw(st.integers(1, 5)) for _ in pairs]
    rows = tuple((a, Fraction(w, sum(weights))) for a, w in enumerate(weights))
    boxes = [(low, low + width) for low, width in pairs]
    lo, hi = mixture(rows, boxes)
    means = [sum(q * box[end] for (_, q), box in zip(rows, boxes, strict=True)) for end in (0, 1)]
    assert means[0] - len(pairs) < lo <= means[0]
    assert means[1] <= hi < means[1] + len(pairs)


def test_mixture_needs_one_value_a_pair() -> None:
    with pytest.raises(ValueError, match="zip"):
        mixture(((0, Fraction(1)),), [(0, 1), (0, 1)])


def test_at_infinite_eta_x_is_what_the_follower_compares() -> None:
    game = Game.from_arrays(None, [[[0, 1]]], [[["1/3", 1]]], eta="inf", gamma="1/2")
    assert exponent(game, Fraction(1, 3), game.rho, ends({}), 53) == enclose(1, 3, 53)
    found = exponent(game, Fraction(1), game.rho, ends({0: (6, 9)}), 53)
    assert found == (3 + (1 << 53), 5 + (1 << 53))


def test_a_myopic_follower_does_not_look_at_the_values_to_come() -> None:
    game = Game.from_arrays(None, [[[0, 1]]], [[["1/3", 1]]], horizon=2)
    row = game.P[0][0][0][0]
    assert exponent(game, Fraction(1, 3), row, ends({0: (7, 7)}), 53) == enclose(1, 3, 53)
    half = game.with_(gamma="1/2")
    low, high = exponent(half, Fraction(1), row, ends({0: (6, 9)}), 53)
    assert (low, high) == (3 + (1 << 53), 5 + (1 << 53))


def test_expectations_are_exact() -> None:
    row = make_row({0: Fraction(1, 6), 2: Fraction(5, 6)}, 3, "row")
    assert expectation(row, {0: Fraction(1, 7), 2: Fraction(3)}) == Fraction(1, 42) + Fraction(5, 2)
    with pytest.raises(KeyError):
        expectation(row, {0: Fraction(1)})


@given(st.data(), st.fractions(0, 3, max_denominator=50))
def test_a_multiple_of_a_mean_is_enclosed(data: st.DataObject, factor: Fraction) -> None:
    shares = data.draw(st.lists(st.integers(1, 99), min_size=1, max_size=4))
    row = make_row({t: Fraction(n, sum(shares)) for t, n in enumerate(shares)}, 9, "here")
    lows = [data.draw(st.integers(-(10**6), 10**6)) for _ in shares]
    widths = [data.draw(st.integers(0, 5)) for _ in shares]
    values = ends({t: (low, low + w) for t, (low, w) in enumerate(zip(lows, widths, strict=True))})
    low, high = expected(row, values, factor.as_integer_ratio())
    highs = [a + w for a, w in zip(lows, widths, strict=True)]
    least, most = (
        factor * expectation(row, dict(enumerate(map(Fraction, z)))) for z in (lows, highs)
    )
    assert least - 1 < low <= least
    assert most <= high < least + factor * max(widths) + 2


def test_the_least_remainder_of_a_mean_counts() -> None:
    """(0 + 1) / 2, and a third of it, lie between 0 and 1."""
    row = make_row({0: Fraction(1, 2), 1: Fraction(1, 2)}, 2, "row")
    values = ends({0: (0, 0), 1: (1, 1)})
    assert expected(row, values) == (0, 1)
    assert expected(row, values, (1, 3)) == (0, 1)
