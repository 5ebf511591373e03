"""Corners of the parts of a simplex, means over them, and majorants tangent at one of them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball, exact_fraction, precision
from exactqse.kernel.certificate import CHORD, DOWN, UP, Leaf, Majorant, Split, Tree
from exactqse.kernel.elementary import INTEGER, MAX_EXPONENT
from exactqse.kernel.interval import Interval, enclose, mixed
from exactqse.kernel.stage import FailureError, Slopes, Stage, _middle, _mixed_slopes

P = 64
ONE = 1 << P
HALF = Fraction(1, 2)
VALUES = st.fractions(-3, 3, max_denominator=20)
splits = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=9)


def shares(weights: tuple[int, ...]) -> list[Fraction]:
    return [Fraction(w, sum(weights)) for w in weights]


@st.composite
def corners(draw: st.DrawFn) -> tuple[int, ...]:
    """A corner of some part of the simplex over three actions."""
    part = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    for i, j in draw(splits):
        part[i] = _middle(part[i], part[j])
    return draw(st.sampled_from(part))


def test_middles_by_hand() -> None:
    assert _middle((1, 0, 0), (0, 0, 1)) == (1, 0, 1)
    assert _middle((1, 0, 1), (0, 1, 0)) == (1, 2, 1)
    assert _middle((1, 1, 0), (1, 0, 1)) == (2, 1, 1)
    assert _middle((1, 3, 0), (3, 1, 0)) == (1, 1, 0)
    assert _middle((5, 3), (5, 3)) == (5, 3)


@given(corners(), corners())
def test_a_middle_is_half_way_in_lowest_terms(c: tuple[int, ...], d: tuple[int, ...]) -> None:
    middle = _middle(c, d)
    assert shares(middle) == [(x + y) / 2 for x, y in zip(shares(c), shares(d), strict=True)]
    assert sum(middle).bit_count() == 1
    assert any(w % 2 for w in middle)


@given(corners(), st.lists(st.tuples(VALUES, st.integers(0, 5)), min_size=3, max_size=3))
def test_a_mean_is_the_tightest(c: tuple[int, ...], drawn: list[tuple[Fraction, int]]) -> None:
    column = [(int(x * 50), int(x * 50) + width) for x, width in drawn]
    low, high = mixed(c, column)
    means = [sum(w * v[end] for w, v in zip(shares(c), column, strict=True)) for end in (0, 1)]
    assert means[0] - 1 < low <= means[0]
    assert means[1] <= high < means[1] + 1


@given(
    corners(),
    st.lists(
        st.dictionaries(
            st.integers(0, 3), st.tuples(st.integers(-99, 99), st.integers(-99, 99)), max_size=4
        ),
        min_size=3,
        max_size=3,
    ),
)
def test_mean_slopes_are_less_than_a_unit_off(c: tuple[int, ...], column: list[Slopes]) -> None:
    mixed = _mixed_slopes(c, column)
    for j in range(4):
        for k in (0, 1):
            rows = zip(shares(c), column, strict=True)
            mean = sum(w * row.get(j, (0, 0))[k] for w, row in rows)
            assert abs(mixed.get(j, (0, 0))[k] - mean) < 1


def test_corners_and_columns_of_other_lengths_are_refused() -> None:
    one, none = (0, 0), (0, 1)
    for weights in ((1, 0), (1, 0, 0, 0)):
        for use in (
            lambda w: _middle(w, (1, 0, 0)),
            lambda w: _middle((1, 0, 0), w),
            lambda w: mixed(w, [one, none, one]),
            lambda w: _mixed_slopes(w, [{}, {1: one}, {}]),
        ):
            with pytest.raises(ValueError, match="zip"):
                use(weights)


def fixed(value: Fraction) -> Interval:
    return enclose(value.numerator, value.denominator, P)


def stage(x: list[Fraction], y: list[Fraction]) -> Stage:
    """One follower action; no places to lean on."""
    return Stage("here", P, INTEGER, [[*map(fixed, x)]], [[*map(fixed, y)]], [[{} for _ in x]])


def bound(s: Stage, tree: Tree, lam: Fraction) -> tuple[Interval, list[tuple[int, int]]]:
    return s.bound([(0,)], [tree], fixed(lam))


def term(x: Fraction, y: Fraction, lam: Fraction) -> Interval:
    """e^x (y - lam) at P bits."""
    with precision(3 * P):
        value: arb = ball(x).exp() * ball(y - lam) * ball(Fraction(ONE))
        return int(exact_fraction(value.lower()) // 1), -int(-exact_fraction(value.upper()) // 1)


@given(st.lists(VALUES, min_size=2, max_size=2), st.lists(VALUES, min_size=2, max_size=2), VALUES)
def test_a_tangent_majorant_touches_at_its_corner(
    x: list[Fraction], y: list[Fraction], lam: Fraction
) -> None:
    """On a simplex that is its corner alone, all that is left is e^x (y - lam)."""
    for a in (0, 1):
        if y[a] == lam:  # then nothing touches: see below
            continue
        (low, high), spots = bound(stage(x[a : a + 1], y[a : a + 1]), (Leaf((0,)),), lam)
        below, above = term(x[a], y[a], lam)
        assert spots == [(0, 0)]
        assert below - 1000 < low <= below
        assert above <= high < above + 1000


@pytest.mark.parametrize("corner", [0, 1, 2])
@pytest.mark.parametrize(
    ("lam", "tag"), [(Fraction(-2), UP), (Fraction(2), DOWN), (Fraction(7, 4), DOWN)]
)
def test_a_tangent_majorant_has_this_parameter(corner: int, lam: Fraction, tag: str) -> None:
    """s = y - lam, or kappa = (lam - y) e^x, at that corner of the leaf: here a midpoint at 1."""
    x = [Fraction(1), Fraction(-1, 2), Fraction(1, 4)]
    y = [Fraction(1), HALF, Fraction(3, 2)]
    s = stage(x, y)
    at_1 = (Fraction(3, 8), Fraction(5, 4))  # the middle of corners 0 and 2 is there after halving
    own = [((x[0] + x[2]) / 2, (y[0] + y[2]) / 2), (x[1], y[1]), (x[2], y[2])][corner]
    assert at_1 != own
    weight, _ = INTEGER.exp(fixed(own[0]), P)
    parameter = own[1] - lam if tag == UP else (lam - own[1]) * Fraction(weight, ONE)
    other = Leaf(((UP, HALF),)) if tag == UP else Leaf(((DOWN, HALF),))
    found, at = bound(s, (Split(0, 2), Leaf((corner,)), other), lam)
    expected, there = bound(s, (Split(0, 2), Leaf(((tag, parameter),)), other), lam)
    assert at == there
    assert all(abs(i - j) < 1000 for i, j in zip(found, expected, strict=True))


def test_a_tangent_at_a_value_that_is_the_bound_is_refused_where_it_touches() -> None:
    """kappa = 0, of which the least unit is made; "down" needs y < lam all the same."""
    with pytest.raises(FailureError, match="corner 0, follower action 0: down has no y < upper"):
        bound(stage([Fraction(0)], [HALF]), (Leaf((0,)),), HALF)


def test_a_tangent_at_a_huge_exponent_is_some_majorant() -> None:
    huge = Fraction(2 * MAX_EXPONENT)
    (low, high), _ = bound(stage([huge], [Fraction(0)]), (Leaf((0,)),), Fraction(1))
    assert low <= high < -MAX_EXPONENT * ONE  # kappa = 1 at lam - y = 1
    endless = Fraction(2**80)  # of which exp would not fit into memory
    (low, high), _ = bound(stage([endless], [Fraction(0)]), (Leaf((0,)),), Fraction(1))
    assert -(endless + 2) * ONE < low <= high < -endless * ONE


@pytest.mark.parametrize(
    ("majorant", "outcome", "reason"),
    [
        ((UP, Fraction(1)), "rejected", "its exponent exceeds 16384"),
        ((UP, Fraction(4)), "rejected", "its exponent exceeds 16384"),
        (0, "rejected", "its exponent exceeds 16384"),
    ],
)
def test_exponents_are_limited(majorant: Majorant, outcome: str, reason: str) -> None:
    s = stage([Fraction(MAX_EXPONENT + 2)], [Fraction(2)])
    with pytest.raises(FailureError, match=reason) as caught:
        bound(s, (Leaf((majorant,)),), Fraction(1))
    assert caught.value.outcome == outcome
    assert str(caught.value).startswith("majorant at here, leaf 0, corner 0, follower action 0: ")


@given(VALUES, VALUES)
def test_without_free_places_a_chord_is_a_down(x: Fraction, y: Fraction) -> None:
    s, kappa = stage([x], [y]), Fraction(2, 3)
    chord, down = (bound(s, (Leaf(((tag, kappa),)),), y + 1) for tag in (CHORD, DOWN))
    assert chord == down


def test_a_shifted_leaf_counts_as_its_sign() -> None:
    s = stage([Fraction(3)], [Fraction(0)])
    kappa = Fraction(1)
    assert bound(s, (Leaf(((DOWN, kappa),), 2),), Fraction(1))[0] == (0, 0)
    with pytest.raises(
        FailureError, match="the majorants' sum at here, leaf 0, corner 0 exceeds 0"
    ) as caught:
        bound(s, (Leaf(((DOWN, kappa),), 9),), Fraction(1))
    assert caught.value.outcome == "rejected"


def test_halves_come_in_the_order_of_their_corners() -> None:
    """The first half keeps corner j, the second corner i: y falls from 3 to 0."""
    s = stage([Fraction(0)] * 2, [Fraction(3), Fraction(0)])
    leaf = Leaf(((UP, Fraction(1)),))
    for tree, at in (
        ((Split(0, 1), leaf, leaf), (1, 0)),
        ((Split(1, 0), leaf, leaf), (0, 0)),
        ((Split(0, 1), leaf, Split(0, 1), leaf, leaf), (2, 0)),
    ):
        assert bound(s, tree, Fraction(-1))[1] == [at]


def test_splitting_with_tangents_closes_in_on_the_true_maximum() -> None:
    """e^x (y - lam) along an edge, with more and more halves: bounds fall towards it."""
    x, y, lam = [Fraction(2), Fraction(0)], [Fraction(-1), Fraction(2)], Fraction(0)
    s = stage(x, y)
    found = []
    tree: Tree = (Leaf((1,)),)
    for _ in range(6):
        found.append(bound(s, tree, lam)[0][1])
        tree = (Split(0, 1), *tree, *tree)
    best = max(term(2 * t, 2 - 3 * t, lam)[1] for t in (Fraction(n, 64) for n in range(65)))
    assert all(later <= earlier for earlier, later in pairwise(found))
    assert best <= found[-1] < best + ONE // 50
