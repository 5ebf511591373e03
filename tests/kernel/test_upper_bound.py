"""The parts of the upper bound, one at a time, against exact sums and arb at more bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball, exact_fraction, precision
from exactqse.kernel.certificate import DOWN, UP, Certificate, Leaf, Majorant, Node, Split, Tree
from exactqse.kernel.check import (
    _check_node,
    _FailureError,
    _majorant,
    _Point,
    _point,
    _tree_bound,
)
from exactqse.kernel.elementary import INTEGER, MAX_EXPONENT
from exactqse.kernel.interval import Interval
from exactqse.model import Game

ONE = Fraction(1)
NODE = Node(3, 5, ONE, 0, (), ())
PLACE = (NODE, 1, 2, 4)
WHERE = "majorant at step 3, state 5, leaf 1, corner 2, follower action 4: "


@dataclass(eq=False)
class Told:
    """Says of exp what it was told, in turn; or the exponent itself, when it was told nothing."""

    answers: list[Interval] = field(default_factory=list)
    name: str = "told"

    def exp(self, x: Interval, p: int) -> Interval:
        del p
        return self.answers.pop(0) if self.answers else x

    def log(self, numerator: Interval, denominator: int, p: int) -> Interval:
        raise AssertionError(numerator, denominator, p)


def value_at(majorant: Majorant, z: Fraction, d: Fraction, p: int) -> tuple[Fraction, Fraction]:
    """Ends of the majorant's value, times 2^p."""
    tag, parameter = majorant
    with precision(p + 300):
        if tag == UP:
            value = ball(parameter) * ball(z + d / parameter - 1).exp()
        else:
            value = -ball(parameter) * (1 + ball(z) + ball(-d / parameter).log())
        scaled = value * arb(2) ** p
        return exact_fraction(scaled.lower()), exact_fraction(scaled.upper())


numbers = st.fractions(min_value=-9, max_value=9, max_denominator=99)
widths = st.integers(0, 2) | st.integers(0, 10**5)


@given(
    st.sampled_from((UP, DOWN)),
    st.fractions(min_value=Fraction(1, 9), max_value=9, max_denominator=99),
    st.tuples(numbers, numbers),
    st.tuples(widths, widths),
    st.sampled_from((24, 53, 100)),
)
def test_a_majorant_is_enclosed(
    tag: str,
    parameter: Fraction,
    point: tuple[Fraction, Fraction],
    width: tuple[int, int],
    p: int,
) -> None:
    z, d = (int(x * 2**p) for x in point)
    if tag == DOWN:
        d = -abs(d) - width[1] - 1
    box = (z, z + width[0]), (d, d + width[1])
    lo, hi = _majorant((tag, parameter), box, p, INTEGER, PLACE)
    ends = [Fraction(end, 2**p) for interval in box for end in interval]
    below, above = ends[0], ends[1]
    if tag == DOWN:  # it decreases in z, and increases in d
        below, above = above, below
    low = value_at((tag, parameter), below, ends[2], p)
    high = value_at((tag, parameter), above, ends[3], p)
    assert lo <= low[0]
    assert high[1] <= hi
    if max(width) <= 2:
        size = 1 + abs(high[1]) / 2**p / parameter
        slope = parameter * size if tag == UP else parameter + parameter / abs(ends[3])
        assert hi - high[1] <= 20 * (size + slope + parameter)
        assert low[0] - lo <= 20 * (size + slope + parameter)


@pytest.mark.parametrize(
    ("d", "outcome", "what"),
    [
        ((0, 0), "rejected", "down needs y < upper"),
        ((0, 1), "rejected", "down needs y < upper"),
        ((5, 9), "rejected", "down needs y < upper"),
        ((-1, 0), "inconclusive", "y < upper is undecided; raise the precision"),
        ((-1, 1), "inconclusive", "y < upper is undecided; raise the precision"),
    ],
)
def test_down_needs_a_negative_difference(d: Interval, outcome: str, what: str) -> None:
    with pytest.raises(_FailureError) as caught:
        _majorant((DOWN, ONE), ((0, 0), d), 64, INTEGER, PLACE)
    assert caught.value.outcome == outcome
    assert str(caught.value) == WHERE + what


def test_down_takes_the_smallest_difference() -> None:
    lo, hi = _majorant((DOWN, ONE), ((0, 0), (-2, -1)), 64, INTEGER, PLACE)
    assert (lo >> 64, hi >> 64) == (42, 43)  # 63 ln 2 - 1 and 64 ln 2 - 1


@pytest.mark.parametrize(
    ("ends", "outcome", "what"),
    [
        ((0, 0), "rejected", "its exponent exceeds 16384"),
        ((1, 9), "rejected", "its exponent exceeds 16384"),
        ((-1, 0), "inconclusive", "its exponent may exceed 16384"),
        ((-1, 5), "inconclusive", "its exponent may exceed 16384"),
    ],
)
def test_exponents_have_a_limit(ends: Interval, outcome: str, what: str) -> None:
    p = 40
    z = ((MAX_EXPONENT + 1) << p) + ends[0], ((MAX_EXPONENT + 1) << p) + ends[1]
    with pytest.raises(_FailureError) as caught:
        _majorant((UP, ONE), (z, (0, 0)), p, INTEGER, PLACE)
    assert caught.value.outcome == outcome
    assert str(caught.value) == WHERE + what


def test_the_largest_exponent() -> None:
    p = 40
    z = ((MAX_EXPONENT + 1) << p) - 1
    assert _majorant((UP, ONE), ((z, z), (0, 0)), p, Told(), PLACE) == (z - (1 << p),) * 2


@given(st.data())
def test_a_point_is_enclosed(deep: tuple[Game, Certificate], data: st.DataObject) -> None:
    game, found = deep
    p = data.draw(st.sampled_from((16, 53)))
    node = data.draw(st.sampled_from(found.nodes))
    a, b = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 1))
    low = data.draw(st.integers(-(2**p), 2**p))
    value = low, low + data.draw(st.integers(0, 99))
    after = [(x, x + data.draw(st.integers(0, 99))) for x in (low - 5, 3 * low)]
    row = game.at(game.P, node.step)[node.state][a][b]
    reward = game.at(game.u, node.step)[node.state][a][b] * 2**p
    means = [
        reward
        + sum(
            Fraction(n * after[t][end], row.denominator)
            for t, n in zip(row.states, row.numerators, strict=True)
        )
        for end in (0, 1)
    ]
    z, d = _point(game, node, (a, b), value, after, p)
    assert game.eta is not None
    exact = (game.eta * game.at(game.r, node.step)[node.state][a][b] - node.shift) * 2**p
    assert z[0] <= exact <= z[1] <= z[0] + 1
    assert means[0] - value[1] - 2 < d[0] <= means[0] - value[1]
    assert means[1] - value[0] <= d[1] < means[1] - value[0] + 2


def plain(size: int) -> Leaf:
    return Leaf(((UP, ONE),) * size)


def leaves(tree: Iterator[Split | Leaf], part: list[list[Fraction]]) -> Iterator[list[Fraction]]:
    """The sums at the corners of each leaf, where the majorant of z and d is z + d - 1."""
    entry = next(tree)
    if not isinstance(entry, Split):
        yield [sum(x - 1 for x in corner) for corner in part]
        return
    i, j = entry.i, entry.j
    middle = [(x + y) / 2 for x, y in zip(part[i], part[j], strict=True)]
    for end in (i, j):
        yield from leaves(tree, [middle if k == end else part[k] for k in range(len(part))])


@st.composite
def trees(draw: st.DrawFn, actions: int, size: int) -> Tree:
    """A tree of at most 3 levels whose majorants are up with s = 1."""

    def grow(depth: int) -> Tree:
        if actions == 1 or depth == 3 or draw(st.booleans()):
            return (plain(size),)
        i, j = draw(st.permutations(range(actions)))[:2]
        return (Split(i, j), *grow(depth + 1), *grow(depth + 1))

    return grow(0)


@given(st.data(), st.integers(1, 3), st.integers(1, 2))
def test_the_largest_corner_of_a_tree(data: st.DataObject, actions: int, size: int) -> None:
    ends = st.tuples(st.integers(-9, 9), st.integers(0, 5))
    # multiples of 2^3 units, so that three halvings are exact
    unit = 8
    p = 3
    boxes = [
        [[data.draw(ends) for _ in range(2)] for _ in range(size)] for _ in range(actions)
    ]  # [a][b]: z, d
    corners: list[list[_Point]] = [
        [tuple((unit * low, unit * (low + width)) for low, width in pair) for pair in by_b]
        for by_b in boxes
    ]
    tree = data.draw(trees(actions, size))
    cell = tuple(range(size))
    bound, (leaf, corner) = _tree_bound(NODE, cell, tree, corners, p, Told())
    sums = [
        list(leaves(iter(tree), [[Fraction(z[end] + d[end], 8) for z, d in c] for c in corners]))
        for end in (0, 1)
    ]
    lows, highs = sums
    assert bound[0] == max(x for at in lows for x in at) * 8
    assert bound[1] == max(x for at in highs for x in at) * 8
    assert lows[leaf][corner] * 8 == bound[0]


def test_a_majorant_of_a_tree_names_its_place() -> None:
    tree: Tree = (Split(0, 1), plain(2), Leaf(((UP, ONE), (DOWN, ONE))))
    corners: list[list[_Point]] = [[((0, 0), (-8, -8)), ((0, 0), (-8, -8))]] * 2
    corners[1] = [((0, 0), (-8, -8)), ((0, 0), (8, 8))]
    with pytest.raises(_FailureError) as caught:
        _tree_bound(NODE, (2, 7), tree, corners, 3, INTEGER)
    where = "step 3, state 5, leaf 1, corner 1, follower action 7"
    assert str(caught.value) == f"majorant at {where}: down needs y < upper"


def test_a_tree_fits_its_cell() -> None:
    corners: list[list[_Point]] = [[((0, 0), (0, 0))] * 2]
    for size in (1, 3):
        with pytest.raises(ValueError, match="zip"):
            _tree_bound(NODE, (0, 1), (plain(size),), corners, 3, Told())


def shifted_sum(shift: int, *answers: Interval) -> Interval:
    """The bound of a leaf at two corners, three follower actions each, where exp says this."""
    corners: list[list[_Point]] = [[((0, 0), (0, 0))] * 3] * 2
    tree = (Leaf(((UP, ONE),) * 3, shift),)
    told = Told([*answers] * 2) if answers else Told()
    return _tree_bound(NODE, (2, 4, 7), tree, corners, 16, told)[0]


@given(st.integers(-9, 9))
def test_a_shift_is_added_to_the_nodes(shift: int) -> None:
    corners: list[list[_Point]] = [[((3 << 16, 5 << 16), (-99 << 16, -98 << 16))]]
    tree = (Leaf(((UP, ONE),), shift),)
    asked = []

    class Asked(Told):
        def exp(self, x: Interval, p: int) -> Interval:
            asked.append((x[0] >> p, x[1] >> p))
            return -1, 0

    bound, place = _tree_bound(NODE, (0,), tree, corners, 16, Asked())
    assert asked == [(3 - shift - 99 - 1, 5 - shift - 98 - 1)]
    assert bound == ((-1, 0) if shift == 0 else (0, 0))
    assert place == (0, 0)


def test_a_shifted_leaf_proves_a_bound_of_zero() -> None:
    below = ((-9, -8), (-1, -1), (3, 4))
    assert shifted_sum(0, *below) == (-7, -5)
    for shift in (1, -1, 40):
        assert shifted_sum(shift, *below) == (0, 0)
        assert shifted_sum(shift, (-4, -4), (1, 1), (3, 3)) == (0, 0)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (((-4, -4), (1, 1), (4, 4)), "rejected"),
        (((0, 0), (5, 9), (-4, -4)), "rejected"),
        (((-4, -4), (1, 1), (3, 4)), "inconclusive"),
        (((-9, 9), (0, 0), (0, 0)), "inconclusive"),
    ],
)
def test_a_shifted_leaf_above_zero_proves_nothing(
    answers: tuple[Interval, ...], outcome: str
) -> None:
    for shift in (1, -7):
        with pytest.raises(_FailureError) as caught:
            shifted_sum(shift, *answers)
        assert caught.value.outcome == outcome
        where = "step 3, state 5, leaf 0, corner 0, follower action 7"
        assert str(caught.value) == (f"majorant at {where}: the majorants' sum is not at most 0")


def sum_of(*answers: Interval) -> None:
    """Check a node whose two cells have one leaf with one corner, where exp says this."""
    game = Game.from_arrays(None, [[[0, 0]]], [[[0, 0]]], eta=1)
    row = ((0, ONE),)
    node = Node(0, 0, ONE, 0, (row, row), ((plain(1),), (plain(1),)))
    _check_node(game, node, [], 16, Told(list(answers)))


def test_sums_of_at_most_zero_pass() -> None:
    for answers in (
        ((0, 0), (0, 0)),
        ((-7, -2), (2, 2)),
        ((5, 6), (-6, -6)),
        ((-9, -8), (-9, -8)),
    ):
        sum_of(*answers)


def test_a_positive_sum_is_rejected() -> None:
    for answers in (((1, 1), (0, 0)), ((-3, 0), (4, 4)), ((1, 9), (0, 0))):
        with pytest.raises(_FailureError) as caught:
            sum_of(*answers)
        assert caught.value.outcome == "rejected"
        assert str(caught.value) == (
            "upper bound at step 0, state 0: the majorants sum to at least 0.00001525 > 0"
            " at (leaf, corner) [(0, 0), (0, 0)] of the cells [[0], [1]]"
        )


def test_a_sum_that_may_be_positive_is_inconclusive() -> None:
    for answers in (((-1, 1), (0, 0)), ((-3, 3), (2, -2)), ((-8, -7), (7, 8))):
        with pytest.raises(_FailureError) as caught:
            sum_of(*answers)
        assert caught.value.outcome == "inconclusive"
        assert str(caught.value) == (
            "upper bound at step 0, state 0: the sum of the majorants is in"
            " [-0.00001526, 0.00001526]; raise the precision"
        )
