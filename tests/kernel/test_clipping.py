"""What is left of a frontier in a box: every point of it that is in the box, and no lower."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from exactqse.kernel.farsighted import Frontier, Region

BARE = Frontier(0, (0, 0), 0, 0, 0, {}, free=False, points=[])


def within(regions: list[Region], low: int, high: int) -> Frontier | None:
    whole = BARE.by(regions)
    assert whole is not None
    return whole.within(({0: low}, {0: high}, {}))


def height(span: tuple[int, int, int, int], v: int) -> Fraction:
    start, end, first, last = span
    return first + Fraction((last - first) * (v - start), max(end - start, 1))


def test_a_region_that_meets_the_box_in_one_point_is_met() -> None:
    for low, high, at, worth in ((8, 20, 8, 1), (-3, 0, 0, 5)):
        left = within([[(0, 8, 5, 1)]], low, high)
        assert left is not None
        assert (left.v, left.radius, left.points) == ((at, at), 0, [(0, worth)])


def test_both_neighbours_hold_a_point_at_which_a_box_begins_and_ends() -> None:
    left = within([[(0, 4, 0, 7), (4, 9, 3, 0)]], 4, 4)
    assert left is not None
    assert left.points == [(0, 7)]


def test_pieces_that_meet_a_box_in_one_point_are_left_out_beside_others() -> None:
    region = [(0, 4, 0, 9), (4, 9, 3, 0), (9, 12, 7, 7)]
    left = within([region], 4, 9)
    assert left is not None
    assert left.regions == [[(4, 9, 3, 0)]]


def test_a_region_of_one_value_is_in_the_box_or_not() -> None:
    for low, high, points in ((3, 6, [(-1, 2), (0, 3), (1, 1)]), (0, 4, [(0, 2)]), (5, 6, None)):
        left = within([[(4, 4, 2, 2)], [(5, 9, 3, -5)]], low, high)
        assert left is not None
        assert left.points == (points or [(0, 3), (1, 1)])


@pytest.mark.parametrize("box", [(3, 9), (3, 10), (2, 9), (-5, 50)])
def test_a_box_of_all_of_it_leaves_it_as_it_is(box: tuple[int, int]) -> None:
    """With what is known without regions, too: its clipped regions would be none."""
    strong = replace(BARE, v=(3, 9), points=[(0, 5)])
    assert strong.within(({0: box[0]}, {0: box[1]}, {})) is strong
    assert strong.within(({1: 4}, {1: 5}, {})) is strong


def test_a_box_between_two_regions_holds_nothing() -> None:
    assert within([[(0, 3, 1, 1)], [(6, 9, 1, 1)]], 4, 5) is None


@pytest.mark.parametrize("seed", range(50))
def test_no_line_is_lower_in_the_box(seed: int) -> None:
    draw = Random(seed)
    regions: list[Region] = []
    for _ in range(draw.randint(1, 3)):
        ends = sorted(draw.sample(range(30), draw.randint(2, 4)))
        heights = [(draw.randint(-9, 9), draw.randint(-9, 9)) for _ in ends[1:]]
        regions.append([(*x, *y) for x, y in zip(pairwise(ends), heights, strict=True)])
    low, high = sorted(draw.sample(range(-2, 32), 2))
    left = within(regions, low, high)
    spans = [span for region in left.regions for span in region] if left else []
    for v in range(low, high + 1):
        old = [height(s, v) for region in regions for s in region if s[0] <= v <= s[1]]
        new = [height(s, v) for s in spans if s[0] <= v <= s[1]]
        in_point = [r for r in regions if v in (r[0][0], r[-1][1])]
        assert bool(new) == bool(old)
        if old and not in_point and low < v < high:  # at ends a neighbour may be left out
            assert max(new) >= max(old)
    if left:
        assert all(abs(d) <= left.radius for d, _ in left.points)
        assert low <= left.v[0]
        assert left.v[1] <= high
