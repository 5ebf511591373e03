"""The scalar float64 start: against the vectorised solver and against brute force."""

from itertools import permutations
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exactqse.solve.stage_float64 import solve_stages
from exactqse.solve.stage_scalar import Mix, start

Table = list[list[float]]
Point = tuple[float, float]


@st.composite
def stages(draw: st.DrawFn) -> tuple[Table, Table]:
    """(x, y), [b][a]: ties, steep exponents and lone actions are common."""
    responses, actions = draw(st.integers(1, 4)), draw(st.integers(1, 5))

    def table(most: int) -> Table:
        small = st.integers(-3, 3).map(float)
        entry = draw(st.sampled_from([small, st.integers(-most, most).map(lambda n: n / 1000)]))
        row = st.lists(entry, min_size=actions, max_size=actions)
        return draw(st.lists(row, min_size=responses, max_size=responses))

    return table(draw(st.sampled_from([10**4, 10**6, 10**9]))), table(10**4)


def point(x: list[float], y: list[float], mix: Mix, value: float) -> Point | None:
    """(q, w) of a vertex or inside a falling edge."""
    i, j = mix
    if i == j:
        return x[i], y[i]
    if not (x[i] < x[j] and y[i] > y[j]):
        return None
    s = (y[i] - y[j]) / (x[j] - x[i])
    w = value + s
    return (x[i] + (y[i] - w) / s, w) if y[j] < w < y[i] else None


def score(at: Point, value: float) -> tuple[int, float]:
    """Increases with e^q (w - value): its sign, and that sign times the logarithm of its size."""
    q, w = at
    if w > value:
        return 1, q + log(w - value)
    return (-1, -q - log(value - w)) if w < value else (0, 0.0)


def best(x: list[float], y: list[float], value: float) -> Point:
    mixes = [*permutations(range(len(x)), 2), *((a, a) for a in range(len(x)))]
    found = [point(x, y, mix, value) for mix in mixes]
    return max((at for at in found if at is not None), key=lambda at: score(at, value))


def gain(x: Table, y: Table, value: float) -> float:
    """F at the value, over e^q of the largest exponent."""
    points = [best(*pair, value) for pair in zip(x, y, strict=True)]
    top = max(q for q, _ in points)
    return sum(exp(q - top) * (w - value) for q, w in points)


@settings(max_examples=300)
@given(tables=stages())
@example(tables=([[0, 1, 2]], [[2, 1, 0]]))
@example(tables=([[0, 1, 2], [0, 0, 0]], [[2, 1, 0], [0, 0, 0]]))
@example(tables=([[0, -100], [-50, -50]], [[1, 0], [2, 2]]))
def test_the_start_is_the_value_unless_newton_is_held_up(tables: tuple[Table, Table]) -> None:
    x, y = tables
    found = start(x, y)
    if found is None:
        return
    value = found[0]
    slack = 1e-9 * (1 + max(abs(v) for row in y for v in row))
    reference = float(solve_stages(np.array([x]), np.array([y])).value[0])
    assert value <= reference + slack
    if gain(x, y, value + slack) < 0:
        assert value == pytest.approx(reference, abs=slack)


@settings(max_examples=300)
@given(tables=stages())
def test_the_mixtures_are_maximisers(tables: tuple[Table, Table]) -> None:
    found = start(*tables)
    if found is None:
        return
    value, mixes = found
    slack = 1e-9 * (1 + max(abs(v) for row in tables[1] for v in row))
    for x, y, mix in zip(*tables, mixes, strict=True):
        ends = [(x[a], y[a]) for a in mix]  # the better one if float64 cannot see inside the edge
        at = point(x, y, mix, value) or max(ends, key=lambda end: score(end, value))
        other = best(x, y, value)
        if min(abs(at[1] - value), abs(other[1] - value)) > slack:
            (sign, size), (best_sign, best_size) = score(at, value), score(other, value)
            assert sign == best_sign
            assert size >= best_size - 1e-6 - 1e-12 * max(abs(v) for v in x)


def test_the_corners_of_ties_are_passed_over() -> None:
    # Three points on a line and a double: the mixture is that of the line's ends.
    value, mixes = start([[0, 1, 2, 1], [0, 0, 0, 0]], [[4, 3, 2, 3], [0, 0, 0, 0]]) or (inf, [])
    assert mixes[0] in {(0, 0), (0, 2)}
    assert gain([[0, 1, 2, 1], [0] * 4], [[4, 3, 2, 3], [0] * 4], value) == pytest.approx(0)


def test_steep_exponentials_do_not_settle() -> None:
    assert start([[0, 1e9], [0, 0]], [[1, 0], [-1, -1]]) is None
