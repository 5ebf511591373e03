"""Upper hulls of points that are far apart, next to each other, or the same; bounds by them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exactqse.solve.frontiers.envelope import pieces
from exactqse.solve.frontiers.hulls import upper_hull

Point = tuple[float, float]


@st.composite
def points(draw: st.DrawFn) -> list[Point]:
    """Some on a grid, and neighbours of these by one unit in the last place."""
    value = st.integers(-20, 20).map(lambda n: n / 10)
    found = draw(st.lists(st.tuples(value, value), min_size=1, max_size=12))
    near = draw(st.lists(st.sampled_from(found), max_size=6))
    return found + [
        (float(np.nextafter(x, 9.0)), draw(st.sampled_from([y, y - 1e-15]))) for x, y in near
    ]


def above(hull: list[Point], x: float) -> Fraction:
    """The hull's height at x, exactly; at its ends beyond them."""
    x = min(max(x, hull[0][0]), hull[-1][0])
    for (a, first), (b, last) in pairwise(hull):
        if a <= x <= b:
            share = (Fraction(x) - Fraction(a)) / (Fraction(b) - Fraction(a))
            return Fraction(first) + share * (Fraction(last) - Fraction(first))
    return Fraction(hull[0][1])


@given(points())
def test_no_point_is_above(some: list[Point]) -> None:
    x, y = np.array(some).T
    kept = upper_hull(x, y)
    hull = [(float(x[k]), float(y[k])) for k in kept]
    assert max(abs(hull[0][0] - min(x)), abs(hull[-1][0] - max(x))) <= 1e-15
    assert [a for a, _ in hull] == sorted({a for a, _ in hull})
    for a, height in some:
        assert Fraction(height) <= above(hull, a) + Fraction(1, 10**14)


def test_of_points_that_are_one_as_shares_of_the_range_one_stays() -> None:
    found = 0
    for x in np.linspace(5.1, 5.9, 101):
        v = np.array([3.2, x, np.nextafter(x, 9.0), 6.0])
        found += v[1] / (6.0 - 3.2) == v[2] / (6.0 - 3.2)
        assert upper_hull(v, np.array([1.0, 1.5, 1.5, 1.0])).tolist() in ([0, 1, 2, 3], [0, 2, 3])
    assert found > 9


def test_a_bound_that_is_none_hides_no_other() -> None:
    lam = np.array([3.0, 2.0, 1.0, 0.0])
    G = np.array([-0.5, 0.1, 0.8, 1.7])
    interval, none = (-1.0, 1.0), np.zeros(0)
    plain = pieces(lam, G, interval, none, 1e-9)
    more = pieces(np.append(lam, -1.0), np.append(G, np.inf), interval, none, 1e-9)
    assert more.of.tolist() == plain.of.tolist()
    assert more.ends.tolist() == plain.ends.tolist()
