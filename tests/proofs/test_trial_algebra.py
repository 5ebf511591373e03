"""Steps of the pages on trials, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from exactqse.kernel.numbers import parse_rational
from exactqse.trials.slopes import decade

NUMBERS = st.fractions(-5, 5, max_denominator=9)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.fractions(0, 1)), min_size=2, max_size=6))
def test_slope_is_monotone_in_its_ends(rows: list[tuple[Fraction, Fraction, Fraction]]) -> None:
    """Any y between a and b has its least-squares slope between the two sums; x = 0, 1, 2, ..."""
    n = len(rows)
    mean = Fraction(n - 1, 2)
    total = sum((i - mean) ** 2 for i in range(n))
    w = [(i - mean) / total for i in range(n)]
    ends = [(min(p, q), max(p, q), t) for p, q, t in rows]
    y = [a + t * (b - a) for a, b, t in ends]
    up, down = [max(x, Fraction(0)) for x in w], [max(-x, Fraction(0)) for x in w]
    least = sum(u * a - d * b for u, d, (a, b, _) in zip(up, down, ends, strict=True))
    most = sum(u * b - d * a for u, d, (a, b, _) in zip(up, down, ends, strict=True))
    mean_y = sum(y) / n
    slope = sum((i - mean) * (y[i] - mean_y) for i in range(n)) / total
    assert sum(x * z for x, z in zip(w, y, strict=True)) == slope
    assert least <= slope <= most


def test_gauge_moves_every_value_by_a_constant() -> None:
    """Lemma 2 at one state: with e = c, Q and V move by c and nu stays."""
    eta, c = sp.Integer(2), sp.Rational(3, 7)
    Q = [sp.Rational(1, 3), sp.Integer(2)]

    def response(values: list[sp.Expr]) -> tuple[sp.Expr, list[sp.Expr]]:
        weights = [sp.exp(eta * q) for q in values]
        return sp.log(sum(weights)) / eta, [w / sum(weights) for w in weights]

    V, nu = response(Q)
    moved, same = response([q + c for q in Q])
    assert sp.simplify(sp.expand_log(sp.powsimp(sp.exp(eta * (moved - V - c))), force=True)) == 1
    assert [sp.simplify(a - b) for a, b in zip(nu, same, strict=True)] == [0, 0]


def test_two_cells_leave_no_room_but_a_constant() -> None:
    """Lemma 1: the equations d(a, b) = d(a', b') across cells have constants as solutions only."""
    d = sp.symbols("d:2:3")  # d[a * 3 + b], cells {0, 2} and {1}
    across = [(b, other) for b in (0, 2) for other in (1,)]
    equations = [d[a * 3 + b] - d[x * 3 + o] for b, o in across for a in range(2) for x in range(2)]
    solution = sp.solve(equations, d, dict=True)[0]
    assert {solution.get(x, x) for x in d} == {d[-1]}


def test_a_decade_is_one() -> None:
    assert (decade(20_000)[0], decade(20_000)[-1], len(decade(20_000))) == (2_000, 20_000, 20)
    assert decade(5) == (1, 2, 3, 4, 5)
    assert parse_rational("1/10") * 20_000 == decade(20_000)[0]
