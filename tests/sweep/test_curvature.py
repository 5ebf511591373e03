"""Derivatives of J over boxes of policies, and bounds of W, against differences and samples."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import arb, arb_mat
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.evaluate import evaluate
from exactqse.games import dense
from exactqse.model import Game, Policy
from exactqse.sweep.adjoint import Balls, Limits, Weights
from exactqse.sweep.boxes import ZERO, mean
from exactqse.sweep.caps import corners_of, term
from exactqse.sweep.curvature import (
    Coordinate,
    concave,
    gradient,
    negative_definite,
    newton,
    second_order,
)

STEP = Fraction(1, 10**12)


@pytest.fixture(autouse=True)
def _bits() -> Iterator[None]:
    with precision(300):
        yield


def game_of(observes: object) -> Game:
    game = dense(states=2, leader_actions=2, follower_actions=3, horizon=3, seed=4, eta=2)
    return game.with_(gamma="3/4", observes=observes)


def point(game: Game, seed: int = 0) -> dict[tuple[tuple[int, int], int], list[Fraction]]:
    random = np.random.default_rng(seed)
    found = {}
    for place, c in product(game.places, range(len(game.observes))):
        p = Fraction(int(random.integers(1, 100)), 100)
        found[place, c] = [p, 1 - p]
    return found


def moved(
    weights: dict[tuple[tuple[int, int], int], list[Fraction]], k: Coordinate, by: Fraction
) -> dict[tuple[tuple[int, int], int], list[Fraction]]:
    row = list(weights[k.place, k.cell])
    row[k.a], row[k.base] = row[k.a] + by, row[k.base] - by
    return {**weights, (k.place, k.cell): row}


def balls_of(weights: dict[tuple[tuple[int, int], int], list[Fraction]]) -> Weights:
    return {key: [ball(p) for p in row] for key, row in weights.items()}


def worth(game: Game, weights: dict[tuple[tuple[int, int], int], list[Fraction]]) -> Fraction:
    cell_of = {b: c for c, cell in enumerate(game.observes) for b in cell}
    horizon, states, _, follower = game.shape
    uniform = [Fraction(1, 2)] * 2
    table = [
        [
            [weights.get(((h, s), cell_of[b]), uniform) for b in range(follower)]
            for s in range(states)
        ]
        for h in range(horizon)
    ]
    return evaluate(game, Policy.from_arrays(table, game=game), 80).J.mid


@pytest.mark.parametrize("observes", ["action", "nothing", [[0, 2], [1]]])
def test_first_and_second_derivatives_agree_with_differences(observes: object) -> None:
    game, weights = game_of(observes), point(game_of(observes))
    along = [Coordinate(place, c, 1, 0) for place, c in weights]
    balls = Balls(game)
    second = second_order(balls, balls_of(weights))
    slopes = gradient(balls, second.stages, second.reaches, along)
    table = second.hessian(along)
    for i, k in enumerate(along[::2]):
        up, down = (moved(weights, k, x) for x in (STEP, -STEP))
        quotient = (worth(game, up) - worth(game, down)) / (2 * STEP)
        assert abs(float(slopes[2 * i] - ball(quotient))) < 1e-20
        ends = [second_order(balls, balls_of(x)) for x in (up, down)]
        above, below = (gradient(balls, x.stages, x.reaches, along) for x in ends)
        for j, (a, b) in enumerate(zip(above, below, strict=True)):
            assert abs(float(table[2 * i, j] - (a - b) / ball(2 * STEP))) < 1e-20
    assert max(abs(float(table[i, j])) for i in range(3) for j in range(3)) > 1e-3


def test_derivatives_over_a_box_hold_those_of_its_policies() -> None:
    game = game_of("action")
    balls, center = Balls(game), point(game, 1)
    along = [Coordinate(place, c, 1, 0) for place, c in center]
    width = Fraction(1, 50)
    box = {
        key: [
            ball(max(p - width, Fraction(0))).union(ball(min(p + width, Fraction(1)))) for p in row
        ]
        for key, row in center.items()
    }
    wide = second_order(balls, box)
    slopes, table = gradient(balls, wide.stages, wide.reaches, along), wide.hessian(along)
    random = np.random.default_rng(2)
    for _ in range(5):
        inner = {}
        for key, row in center.items():
            shift = width * int(random.integers(-100, 101)) / 100
            p = min(max(row[0] + shift, Fraction(0)), Fraction(1))
            inner[key] = [p, 1 - p]
        at = second_order(balls, balls_of(inner))
        pairs = zip(gradient(balls, at.stages, at.reaches, along), slopes, strict=True)
        assert all(whole.contains(x) for x, whole in pairs)
        exact = at.hessian(along)
        size = range(len(along))
        assert all(table[i, j].contains(exact[i, j]) for i, j in product(size, size))


def test_values_out_of_the_limits_leave_no_policy() -> None:
    game = game_of("nothing")
    balls, weights = Balls(game), balls_of(point(game))
    stages = balls.backward(weights, Limits())
    assert stages is not None
    v = stages[1, 0].v
    assert balls.backward(weights, Limits(v={(1, 0): v})) is not None
    assert balls.backward(weights, Limits(v={(1, 0): v + ball(STEP)})) is None
    lam = dict.fromkeys(game.places, ZERO)
    floor = {(1, 0): stages[1, 0].W - ball(STEP)}
    assert balls.backward(weights, Limits(lam=lam, floor=floor)) is not None
    floor = {(1, 0): stages[1, 0].W + ball(STEP)}
    assert balls.backward(weights, Limits(lam=lam, floor=floor)) is None


@pytest.mark.parametrize("lam", ["-1", "1/3", "2"])
def test_any_lam_gives_a_cap(lam: str) -> None:
    game = game_of("action")
    balls, weights = Balls(game), point(game, 3)
    box = {key: [ZERO.union(arb(1))] * 2 for key in weights}
    exactly = balls.backward(balls_of(weights), Limits())
    assert exactly is not None
    limits = Limits(
        {p: s.v for p, s in exactly.items()}, {}, dict.fromkeys(game.places, ball(Fraction(lam)))
    )
    stages = balls.backward(box, limits)
    assert stages is not None
    assert all(stages[p].W.upper() >= s.W.lower() for p, s in exactly.items())


weights_of_three = st.lists(st.integers(1, 50), min_size=3, max_size=3)
points = st.lists(
    st.tuples(st.fractions(-3, 3, max_denominator=20), st.fractions(-3, 3, max_denominator=20)),
    min_size=3,
    max_size=3,
)


@given(points, weights_of_three, st.integers(0, 10))
def test_a_term_is_bounded_over_its_simplex(
    pairs: list[tuple[Fraction, Fraction]], counts: list[int], less: int
) -> None:
    with precision(100):
        shares = [ball(Fraction(n, sum(counts))) for n in counts]
        box = [(w * less / 10).union(arb(1)) for w in shares]
        z, d = ([ball(pair[k]) for pair in pairs] for k in (0, 1))
        bound = term(corners_of(box, z), corners_of(box, d))
        support = range(3)
        value = mean(shares, z, support).exp() * mean(shares, d, support)
        assert not value > bound


def test_a_term_is_sharp_at_its_largest() -> None:
    z, d = [ball(Fraction(x)) for x in (1, 0)], [ball(Fraction(x)) for x in (1, 3)]
    whole = [ZERO.union(arb(1))] * 2
    bound = term(corners_of(whole, z), corners_of(whole, d))  # e^(1 - t) (1 + 2 t), t = 1/2
    assert abs(float(bound - 2 * ball(Fraction(1, 2)).exp())) < 1e-7
    pure = term(corners_of(whole, z), [x - 4 for x in corners_of(whole, d)])
    assert abs(float(pure + 1)) < 1e-7


def table_of(entries: list[list[str]], width: str = "0") -> arb_mat:
    low, high = -ball(Fraction(width)), ball(Fraction(width))
    return arb_mat([[ball(Fraction(x)) + low.union(high) for x in row] for row in entries])


@pytest.mark.parametrize(
    ("entries", "width", "answer"),
    [
        ([["-1"]], "0", True),
        ([["0"]], "0", False),
        ([["-1"]], "1", False),
        ([["-1"]], "99/100", True),
        ([["-2", "1"], ["1", "-2"]], "1/5", True),
        ([["-2", "1"], ["1", "-2"]], "1", False),
        ([["-1", "2"], ["2", "-1"]], "0", False),
        ([["-1", "1"], ["1", "-1"]], "0", False),
        ([["-1000000", "0"], ["0", "-1/1000000"]], "1/2000000", True),
        ([["-1000000", "0"], ["0", "-1/1000000"]], "1/500000", False),
    ],
)
def test_signs_of_hessians(entries: list[list[str]], width: str, *, answer: bool) -> None:
    assert negative_definite(table_of(entries, width)) is answer


def test_newton_leaves_a_box_that_may_hold_its_maximiser_at_the_border() -> None:
    """W = e^p (1 - 3 p)/(e^p + 1) + 2/(e^p + 1) is concave and falls from p = 0 on."""
    u, r = [[[1, 2], [-2, 2]]], [[[0, 0], [1, 0]]]
    game = Game.from_arrays(None, u, r, eta=1, gamma=1)
    balls, key = Balls(game), ((0, 0), 0)

    def box(low: str, high: str) -> Weights:
        p = ball(Fraction(low)).union(ball(Fraction(high)))
        return {key: [1 - p, p], ((0, 0), 1): [arb(1), ZERO]}

    touching, apart = box("0", "1/8"), box("1/100", "1/8")
    assert newton(balls, touching) is touching
    with pytest.raises(ValueError, match="empty"):  # no slope vanishes in it
        newton(balls, apart)


def test_every_row_counts() -> None:
    """[[-1, 9/10], [9/10, -1/2]] is within, and has a positive eigenvalue."""
    wide = ZERO.union(ball(Fraction(9, 10))).union(-ball(Fraction(9, 10)))
    lean = ball(Fraction(-7, 2)).union(ball(Fraction(-1, 2)))
    assert not negative_definite(arb_mat([[-1, wide], [wide, lean]]))
    assert not negative_definite(arb_mat([[lean, wide], [wide, -1]]))
    assert negative_definite(arb_mat([[-1, wide / 3], [wide / 3, lean]]))


def test_two_alike_actions_are_never_concave() -> None:
    row = [[1, 0], [1, 0]]
    game = Game.from_arrays(None, [row], [row], horizon=2, eta=1, gamma=1, observes="nothing")
    weights = {(place, 0): [ball(Fraction(1, 2))] * 2 for place in game.places}
    assert not concave(Balls(game), weights)
    pure = {key: [arb(1), ZERO] for key in weights}
    assert concave(Balls(game), pure)
    assert enclosure(pure[(0, 0), 0][0]).width == 0
