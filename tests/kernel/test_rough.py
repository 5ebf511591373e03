"""Rough bounds: above what they bound, and not by much; leaving corners out changes no bound."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, floor
from random import Random
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactqse.kernel import elementary
from exactqse.kernel.certificate import CHORD, DOWN, UP, Leaf, Split, Tree
from exactqse.kernel.elementary import INTEGER, MAX_EXPONENT, Elementary, exp_above, log_below
from exactqse.kernel.interval import Interval
from exactqse.kernel.stage import BEYOND, COARSE, FailureError, Free, Stage

MP = mpmath.mp.clone()
MP.dps = 60
bits = st.integers(6, 64)


def test_the_table_is_just_above_the_powers_of_two() -> None:
    assert len(elementary._POWERS) == 65
    for i, found in enumerate(elementary._POWERS):
        exact = MP.mpf(2) ** (32 + MP.mpf(i) / 64)
        assert exact < found <= exact + 1
    assert all(low < high for low, high in pairwise(elementary._POWERS))


def test_the_constants_are_rounded_down() -> None:
    for found, exact in ((elementary._LN2, MP.log(2)), (elementary._LOG2E, 1 / MP.log(2))):
        assert found <= exact * 2**32 < found + 1


@given(bits, st.integers(-40, 40), st.integers(0, 2**64))
def test_exp_above(q: int, whole: int, part: int) -> None:
    x = (whole << q) + part % (1 << q)
    exact = MP.exp(MP.mpf(x) / 2**q) * 2**q
    found = exp_above(x, q)
    assert exact <= found
    assert found <= exact * (MP.mpf("1.0225") + MP.mpf(2) ** (1 - q)) + 2


@pytest.mark.parametrize("q", [6, 7, 16, 40])
def test_exp_above_where_one_unit_is_all(q: int) -> None:
    """Around 2^q e^(x/2^q) = 1, where the power of two is shifted out."""
    for k in range(-128, 129):
        x = int((k - 64 * q) * (1 << q) * MP.log(2) / 64)
        exact = MP.exp(MP.mpf(x) / 2**q) * 2**q
        found = exp_above(x, q)
        assert exact <= found <= exact * 2 + 2


@pytest.mark.parametrize("q", [16, 40, 64, 128])
@pytest.mark.parametrize("whole", [-128, -9, -1, 0, 1, 100, MAX_EXPONENT])
def test_exp_above_just_after_a_step_of_the_table(q: int, whole: int) -> None:
    """Where an error of one unit in 1 / ln 2 would take the step before, which is below."""
    for i in (0, 1, 13, 63):
        step = int(MP.log(2) * (whole * 64 + i) / 64 * 2**q)
        for j in range(8, min(q, 40)):
            x = step + (1 << q - j)
            exact = MP.exp(MP.mpf(x) / 2**q) * 2**q
            assert exact <= exp_above(x, q) <= exact * MP.mpf("1.0225") + 2


@pytest.mark.parametrize("q", [16, 40, 64, 128])
def test_log_below_at_the_steps_of_the_table(q: int) -> None:
    """Where all that is lost are the roundings of the table and of ln 2."""
    for k in (32, 33, 39, 40, 63, 64, 65, 128, 9999):
        for i in (0, 1, 13, 63):
            n = elementary._POWERS[i] << k - 32
            exact = MP.log(MP.mpf(n) / 2**q) * 2**q
            lost = (abs(k - q) + 3) * MP.mpf(2) ** (q - 32) + 1
            assert exact - lost <= log_below(n, q) <= exact


@given(bits, st.integers(1, 2**80))
def test_log_below(q: int, n: int) -> None:
    exact = MP.log(MP.mpf(n) / 2**q) * 2**q
    found = log_below(n, q)
    assert found <= exact <= found + MP.mpf("0.0221") * 2**q + 2


def test_rough_bounds_at_the_ends_of_the_table() -> None:
    """Where a step of the table begins, and just before it."""
    q = 40
    for i in range(-130, 131):
        x = int(MP.log(2) * i / 64 * 2**q)
        for n in (x - 1, x, x + 1, x + 2):
            exact = MP.exp(MP.mpf(n) / 2**q) * 2**q
            assert exact <= exp_above(n, q) <= exact * MP.mpf("1.0225")
            at = int(exact)
            log = MP.log(MP.mpf(at) / 2**q) * 2**q
            assert log - MP.mpf("0.0221") * 2**q <= log_below(at, q) <= log


@given(st.tuples(st.integers(), st.integers(0, 9)), st.tuples(st.integers(), st.integers(0, 9)))
def test_a_corner_is_the_tightest(x: Interval, y: Interval) -> None:
    x, y = (x[0], x[0] + x[1]), (y[0], y[0] + y[1])
    stage = Stage("here", 8, INTEGER, [[x, y]], [[y, x]], [[{}, {}]])
    for weights in ((1, 1), (3, 1), (0, 1)):
        first, second = Fraction(weights[0], sum(weights)), Fraction(weights[1], sum(weights))
        (found, other), _ = stage._corner((0,), weights)[1][0]
        for (low, high), (v, w) in ((found, (x, y)), (other, (y, x))):
            assert 0 <= first * v[0] + second * w[0] - low < 1
            assert 0 <= high - first * v[1] - second * w[1] < 1
    _, rows = stage._middle((0,), *stage._simplex())
    assert rows[0] == stage._corner((0,), (1, 1))[1][0], "halves are means"


def know_nothing(
    _stage: Stage, _members: object, part: list[object], _lam: Interval, _shift: int
) -> list[int]:
    """In place of ``Stage._rough``: every corner is looked at."""
    return [BEYOND] * len(part)


class Counted(Elementary):
    """The kernel's, counting exps."""

    def __init__(self) -> None:
        self.exps = 0

    def exp(self, x: Interval, p: int) -> Interval:
        self.exps += 1
        return super().exp(x, p)


def drawn_stage(draw: Random, p: int) -> tuple[Stage, list[tuple[int, ...]], list[Tree], Interval]:
    """Columns, a partition, trees, lam; payoffs of any size."""
    A, B = draw.choice([1, 2, 3, 4]), draw.choice([1, 2, 3])
    scale = draw.choice([1, 1, 1, 1000, Fraction(1, 10**6)])

    def interval(size: Fraction | int) -> Interval:
        n = int(Fraction(draw.randint(-3000, 3000), 1000) * size * (1 << p))
        return n, n + draw.randint(0, 3)

    x = [[interval(1) for _ in range(A)] for _ in range(B)]
    y = [[interval(scale) for _ in range(A)] for _ in range(B)]
    cells = [tuple(range(B))] if draw.random() < 0.5 else [(b,) for b in range(B)]

    def tree(cell: tuple[int, ...], depth: int) -> Tree:
        if A > 1 and depth and draw.random() < 0.6:
            i, j = draw.sample(range(A), 2)
            return (Split(i, j), *tree(cell, depth - 1), *tree(cell, depth - 1))
        majorants: list[Any] = [
            draw.randrange(A)
            if draw.random() < 0.3
            else (draw.choice([UP, DOWN, CHORD]), scale * Fraction(draw.randint(1, 300), 100))
            for _ in cell
        ]
        return (Leaf(tuple(majorants), draw.choice([0, 0, 0, 1, -2])),)

    lam = interval(scale)[0] + draw.choice([0, 0, int(4 * scale * (1 << p))])
    none: list[list[dict[int, tuple[int, int]]]] = [[{} for _ in range(A)] for _ in range(B)]
    stage = Stage("here", p, INTEGER, x, y, none, reference=draw.randint(-2, 2) << p)
    return stage, cells, [tree(cell, 3) for cell in cells], (lam, lam + draw.randint(0, 3))


@pytest.mark.parametrize("p", [16, 40, 41, 99, 223])
def test_leaving_corners_out_changes_no_bound(p: int, monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = Stage._rough
    same = refused = fewer = 0
    for seed in range(400):
        stage, cells, trees, value = drawn_stage(Random(1000 * p + seed), p)
        found: list[Any] = []
        counts = Counted(), Counted()
        for arithmetic, rough in zip(counts, (as_it_is, know_nothing), strict=True):
            monkeypatch.setattr(Stage, "_rough", rough)
            try:
                bound, spots = replace(stage, elementary=arithmetic).bound(cells, trees, value)
                found.append((bound[1], bound[0]))
                assert len(spots) == len(cells)
            except FailureError as failure:
                found.append(failure.outcome)
        if isinstance(found[0], str):
            assert isinstance(found[1], str)  # it may be of another corner, which comes first
            refused += 1
            continue
        assert found[0][0] == found[1][0]
        assert found[0][1] <= found[1][1]  # of the lower ends one may be left out
        assert found[0][0] - found[0][1] <= found[1][0] - found[1][1] + (1 << 10)
        same += 1
        fewer += counts[0].exps < counts[1].exps
    assert same > 60
    assert refused > 60
    assert fewer > 20


def exactly(stage: Stage, b: int, a: int, tag: str, s: Fraction, lam: int, shift: int) -> Any:
    """A majorant at a pure action, the largest for the ends of x and y."""
    one = MP.mpf(1 << stage.p)
    s_ = MP.mpf(s.numerator) / s.denominator
    gain = (stage.y[b][a][1] - lam) / one
    x = (stage.x[b][a][tag == UP] - (shift << stage.p)) / one
    if tag == UP:
        return s_ * MP.exp(x + gain / s_ - 1)
    return -s_ * (1 + x + MP.log(-gain / s_))


@given(
    st.sampled_from([UP, DOWN]),
    st.fractions(Fraction(1, 10**4), 10**4, max_denominator=10**6),
    st.integers(-(2**62), 2**62),
    st.integers(-(2**62), 2**62),
    st.integers(-9, 9),
    st.sampled_from([20, 40, 60, 100]),
)
def test_a_rough_bound_of_two_like_majorants(
    tag: str, s: Fraction, x: int, y: int, shift: int, p: int
) -> None:
    """It is above the majorants; and by at most 3% of e^z, or 0.05 kappa, and rounding."""
    x, y = (3 * n << p >> 62 for n in (x, y))
    if tag == DOWN:
        y = -abs(y) - (1 << p >> 10) - 1
    stage = Stage("here", p, INTEGER, [[(x, x + 1)]], [[(y - 1, y)]], [[{}]])
    member = (0, Stage._up if tag == UP else Stage._down, s.as_integer_ratio())
    exact = 2 * exactly(stage, 0, 0, tag, s, 0, shift) * 2**p
    (found,) = stage._rough([member] * 2, stage._simplex(), (0, 0), shift << p)
    if found >= BEYOND:  # too small a gap for the few bits, or too large an exponent
        assert p == 20 if tag == DOWN else y > 0
        return
    assert exact <= found
    size = abs(exact) if tag == UP else 2 * MP.mpf(s.numerator) / s.denominator * 2**p
    if p >= 40 and MP.mpf(y) / 2**p / s < 20:
        assert found - exact <= size * MP.mpf("0.06") + 10**6 * (1 + size / 2**p)


@pytest.mark.parametrize("s", [Fraction(1, 2), Fraction(1, 3), Fraction(3, 7), Fraction(5)])
@pytest.mark.parametrize("tag", [UP, DOWN])
def test_a_rough_bound_holds_at_the_steps_of_the_table(tag: str, s: Fraction) -> None:
    """Where the table loses least, so that every other rounding of it counts."""
    p = 16
    one = 1 << p
    member = (0, Stage._up if tag == UP else Stage._down, s.as_integer_ratio())
    tried = 0
    steps = product(range(60), range(2)) if tag == UP else product(range(-3, 4), range(-2, 4))
    for k, near in steps:
        if tag == UP:  # z next to 5 + k / 64 of ln 2, at gaps that s does not divide
            z, gaps = floor((k + 320) * MP.log(2) / 64 * one) + near, (-5, -1, 1, 7, 40000)
            cases = [(z + one + ceil(Fraction(gap) / s), -gap) for gap in gaps]
            cases += [(x - 1, y) for x, y in cases]
        else:  # the gap next to 2^k kappa, the bracket next to 0 or far from it
            gap = ceil(s * Fraction(2) ** k * one) + near
            brackets = (-100 * one, -3, -2, -1, 0, 1, 2, 3, 100 * one)
            cases = [(n - one - floor(k * MP.log(2) * one), -gap) for n in brackets]
        for x, y in cases:
            stage = Stage("here", p, INTEGER, [[(x, x)]], [[(y, y)]], [[{}]])
            exact = 2 * exactly(stage, 0, 0, tag, s, 0, 0) * one
            (found,) = stage._rough([member] * 2, stage._simplex(), (0, 0), 0)
            assert exact <= found
            tried += found < BEYOND
    assert tried > 300


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=6),
    st.fractions(Fraction(1, 9), 9, max_denominator=9),
)
def test_of_a_lone_rising_majorant_the_largest_alone_are_enclosed(
    points: list[tuple[int, int]], s: Fraction
) -> None:
    """Those with the largest s x + y, by the upper ends: at the others 0 is above nothing else."""
    x, y = ([(n - 1, n) for n in column] for column in zip(*points, strict=True))
    stage = Stage("here", 16, INTEGER, [x], [y], [[{}] * len(points)])
    member = 0, Stage._up, s.as_integer_ratio()
    found = stage._rough([member], stage._simplex(), (0, 0), 0)
    heights = [s * n + m for n, m in points]
    assert found == [BEYOND if height == max(heights) else 0 for height in heights]
    lows = [stage.joint([member], c, (0, 0), 0, (0, 0))[0][0] for c in stage._simplex()]
    assert min(lows) > 0


@pytest.mark.parametrize("tag", [UP, DOWN])
def test_a_rough_bound_holds_for_every_lam(tag: str) -> None:
    """lam from 1 to 2 at y = 0: both majorants are the largest at the lower end."""
    p = 40
    stage = Stage("here", p, INTEGER, [[(0, 0)]], [[(0, 0)]], [[{}]])
    member = (0, Stage._up if tag == UP else Stage._down, (1, 1))
    (found,) = stage._rough([member] * 2, stage._simplex(), (1 << p, 2 << p), 0)
    assert 2 * exactly(stage, 0, 0, tag, Fraction(1), 1 << p, 0) * 2**p <= found < BEYOND


def test_a_rough_bound_is_of_the_lower_end_of_a_wide_exponent_where_it_falls() -> None:
    """-(1 + x + ln(T / kappa)) at x = -1 and T = kappa = 1, not at x = 1."""
    p = 40
    one = 1 << p
    stage = Stage("here", p, INTEGER, [[(-one, one)]], [[(-one, -one)]], [[{}]])
    (found,) = stage._rough([(0, Stage._down, (1, 1))], stage._simplex(), (0, 0), 0)
    assert 0 <= found < one >> 3


def test_a_rough_bound_holds_where_a_parameter_is_larger_than_one_over_the_unit() -> None:
    """s = 3 2^p, whose inverse is rounded down to 0 units, and y - lam = 5 2^p."""
    p = 40
    y = 5 << 2 * p
    stage = Stage("here", p, INTEGER, [[(0, 0)]], [[(y, y)]], [[{}]])
    members = [(0, Stage._up, (3 << p, 1))] * 2
    (found,) = stage._rough(members, stage._simplex(), (0, 0), 0)
    assert 2 * exactly(stage, 0, 0, UP, Fraction(3 << p), 0, 0) * 2**p <= found


@pytest.mark.parametrize("p", [16, 64, COARSE - 1, COARSE, COARSE + 1, 3000])
@pytest.mark.parametrize("tag", [UP, DOWN])
def test_a_rough_bound_is_near_at_any_precision(tag: str, p: int) -> None:
    """Of two members together, with a reference that is no integer."""
    third, shift = (1 << p) // 3, (5 << p) // 7
    x, y = [[(third, third + 1)], [(-third, 2 - third)]], [[(-third, 1 - third)]] * 2
    stage = Stage("here", p, INTEGER, x, y, [[{}]] * 2, reference=shift)
    members = [(b, Stage._up if tag == UP else Stage._down, (5, 6)) for b in (0, 1)]
    corners = stage._simplex()
    (low, high), _ = stage.joint(members, corners[0], (third, third + 2), shift, (0, 0))
    (found,) = stage._rough(members, corners, (third, third + 2), shift)
    assert low <= high <= found + 16
    assert (1 << p) * Fraction(-1, 10**6) <= found - low <= (1 << p) // 16 + 64


def test_nothing_is_known_roughly_beyond_the_limits() -> None:
    """Where a majorant is refused, and where a parameter is too large for the few bits."""
    p = COARSE + 20
    top, small = MAX_EXPONENT + 1 << p, 1 << 20  # 1 is taken from x
    for x, y, form, parameter, known in (
        (top, 0, Stage._up, 1, False),
        (top - small, 0, Stage._up, 1, True),
        (0, 0, Stage._down, 1, False),
        (0, 1, Stage._down, 1, False),
        (0, -small, Stage._down, 1, True),
        (0, -(1 << p), Stage._down, 1 << COARSE, True),
        (0, -(1 << p), Stage._down, 1 << COARSE + 1, False),
    ):
        stage = Stage("here", p, INTEGER, [[(x, x)]], [[(y, y)]], [[{}]])
        (found,) = stage._rough([(0, form, (parameter, 1))] * 2, stage._simplex(), (0, 0), 0)
        assert (found < BEYOND) == known


def test_one_member_of_which_nothing_is_known_is_enough() -> None:
    """However far below 0 the others are."""
    p = 64
    far = MAX_EXPONENT + 9 << p
    x, y = [[(far, far)], [(far, far)]], [[(0, 0)], [(-1 << p, -1 << p)]]
    stage = Stage("here", p, INTEGER, x, y, [[{}]] * 2)
    up, down = (0, Stage._up, (1, 1)), (1, Stage._down, (1 << 60, 1))
    (alone,) = stage._rough([down], stage._simplex(), (0, 0), 0)
    (both,) = stage._rough([up, down], stage._simplex(), (0, 0), 0)
    assert alone < -(1 << 130)
    assert both > BEYOND >> 1


def test_a_sum_is_refused_where_its_rough_bound_is_not_known() -> None:
    p = 64
    top = MAX_EXPONENT + 1 << p
    for x, y, form in ((top, 0, Stage._up), (0, 0, Stage._down), (0, 1, Stage._down)):
        stage = Stage("here", p, INTEGER, [[(x, x)]], [[(y, y)]], [[{}]])
        (corner,) = stage._simplex()
        with pytest.raises(FailureError, match="majorant at here, leaf 7, corner 9"):
            stage.joint([(0, form, (1, 1))], corner, (0, 0), 0, (7, 9))


@pytest.mark.parametrize("leans", [False, True])
def test_no_corner_is_passed_over_where_something_leans(*, leans: bool) -> None:
    """One that is far below may be above elsewhere in the box."""
    p = 32
    counted = Counted()
    slopes: list[dict[int, tuple[int, int]]] = [{}, {0: (0, 9 << p)} if leans else {}, {}]
    y = [(0, 0), (-4 << p, -4 << p), (-5 << p, -5 << p)]
    stage = Stage("here", p, counted, [[(0, 0)] * 3], [y], [slopes], {0: 1 << p})
    found = [*stage._corners((0,), (Leaf(((UP, Fraction(1)),)),), (0, 0), stage._simplex())]
    assert [corner for _, _, (_, corner) in found] == ([0, 1, 2] if leans else [0])


def test_half_way_between_what_leans_and_what_does_not() -> None:
    """It leans half as much, from whichever side."""
    zero: list[list[Interval]] = [[(0, 0), (0, 0)]]
    for row in ([{}, {0: (6, -4)}], [{0: (6, -4)}, {}]):
        stage = Stage("here", 32, INTEGER, zero, zero, [row], {0: 1})
        corners = stage._simplex()
        assert [rows[0][1] for _, rows in corners] == row
        _, rows = stage._middle((0,), *corners)
        assert rows[0][1] == {0: (3, -2)}


def test_tags_name_their_majorants() -> None:
    """Where something is free too, "down" is not "chord"."""
    zero: list[list[Interval]] = [[(0, 0)]]
    free = Free(zero, [[{}]], (1, 1), zero, lambda _b, _sigma: [(0, 0)])
    stage = Stage("here", 32, INTEGER, zero, zero, [[{}]], {0: 1}, free)
    part = stage._simplex()
    for tag, form in ((UP, Stage._up), (DOWN, Stage._down), (CHORD, Stage._chord)):
        found = stage._majorant((tag, Fraction(2, 3)), part, 0, (0, 0))
        assert found == (0, form, (2, 3))


def test_corners_that_are_worse_are_not_looked_at() -> None:
    """One exponential for three actions, whatever their order."""
    p = 200
    values = [(n << p, n << p) for n in (1, 5, 2)]
    for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        counted = Counted()
        y = [[values[k] for k in order]]
        stage = Stage("here", p, counted, [[(0, 0)] * 3], y, [[{}] * 3])
        _, spots = stage.bound([(0,)], [(Leaf(((UP, Fraction(1)),)),)], (0, 0))
        assert counted.exps == 1
        assert spots == [(0, order.index(1))]
