"""Ties: one vertex of each tied place is taken, in all ways, and nothing else is let go."""

from __future__ import annotations

from exactqse.kernel.farsighted import Frontier, _each

Known = tuple[int, int]  # v and W


def claim(j: int, middle: int, *points: tuple[int, int]) -> Frontier:
    ends = middle + points[0][0], middle + points[-1][0]
    return Frontier(j, ends, middle, points[-1][0], 7 + j, {9: 5}, free=True, points=[*points])


def known(f: Frontier) -> Known:
    """The only v that is left, and what is known of W there."""
    assert (f.radius, f.own, f.free, f.others) == (0, 0, False, {9: 5})
    ((d, height),) = f.points
    assert d == 0
    return f.middle, height


AFTER = {
    0: claim(3, 100, (-9, 1), (2, 8), (9, 4)),
    1: claim(4, -50, (-3, 6), (3, 6)),
    2: claim(5, 20, (-4, 1), (0, 2), (4, -1)),
    3: claim(6, 0, (-1, 3), (1, 5)),
}
THERE = {0: [(91, 1), (102, 8), (109, 4)], 2: [(16, 1), (20, 2), (24, -1)], 3: [(-1, 3), (1, 5)]}


def test_vertices_are_taken_in_all_ways() -> None:
    found = [*_each(AFTER, (0, 2, 3))]
    assert all(list(after) == [0, 1, 2, 3] and after[1] is AFTER[1] for after in found)
    assert [after[t].j for after in found[:1] for t in after] == [3, 4, 5, 6]
    taken = [tuple(known(after[t]) for t in (0, 2, 3)) for after in found]
    every = [(x, y, z) for x in THERE[0] for y in THERE[2] for z in THERE[3]]
    assert sorted(taken) == sorted(every)


def test_no_tie_takes_all_as_they_are() -> None:
    (after,) = _each(AFTER, ())
    assert [*after.items()] == [*AFTER.items()]
