"""Exact linear programs: duality, and bad advice from the floats."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.solve import linear
from exactqse.solve.linear import Optimum, maximise

few = settings(max_examples=60, deadline=None)
Program = tuple[list[Fraction], list[list[Fraction]], list[Fraction]]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Bounded programs, many of them degenerate, some with coefficients nearly alike."""
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    near = st.sampled_from((Fraction(0), Fraction(1, 10**40), Fraction(-1, 10**40)))
    entries = st.builds(lambda v, e: v + e, st.integers(-3, 3).map(Fraction), near)
    c = [draw(entries) for _ in range(n)]
    A = [[draw(entries) for _ in range(n)] for _ in range(m)] + [[Fraction(1)] * n]
    b = [Fraction(draw(st.integers(0, 2))) for _ in range(m)] + [Fraction(draw(st.integers(0, 2)))]
    return c, A, b


def dot(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    return sum((v * w for v, w in zip(first, second, strict=True)), Fraction(0))


def prove(program: Program, found: Optimum) -> None:
    c, A, b = program
    assert min(found.z) >= 0
    assert min(found.w) >= 0
    assert all(dot(row, found.z) <= bound for row, bound in zip(A, b, strict=True))
    assert all(dot(column, found.w) >= v for column, v in zip(zip(*A, strict=True), c, strict=True))
    assert dot(c, found.z) == dot(b, found.w) == found.value


@few
@given(programs())
def test_optima_prove_themselves(program: Program) -> None:
    prove(program, maximise(*program))


@pytest.mark.parametrize("advice", [[], [0], [0, 0], [0, 1], [1, 2], [4, 3], [0, 3], [2, 0]])
def test_bad_advice_is_overruled(monkeypatch: pytest.MonkeyPatch, advice: list[int]) -> None:
    """Max 3 z0 + 2 z1 + z2 with z0 + z1 + z2 <= 2 and z0 - z1 <= 1; columns 3 and 4 are slacks."""
    c = [Fraction(v) for v in (3, 2, 1)]
    A = [[Fraction(v) for v in row] for row in ((1, 1, 1), (1, -1, 0))]
    b = [Fraction(2), Fraction(1)]
    monkeypatch.setattr(linear, "_guess", lambda *_: list(advice))
    found = maximise(c, A, b)
    prove((c, A, b), found)
    assert found.value == Fraction(11, 2)
    assert found.z == (Fraction(3, 2), Fraction(1, 2), 0)


def test_cycling_does_not_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beale's program, on which the rule of the largest coefficient cycles."""
    c = [Fraction(v) for v in ("3/4", "-150", "1/50", "-6")]
    rows = (("1/4", "-60", "-1/25", "9"), ("1/2", "-90", "-1/50", "3"), ("0", "0", "1", "0"))
    A = [[Fraction(v) for v in row] for row in rows]
    b = [Fraction(0), Fraction(0), Fraction(1)]
    monkeypatch.setattr(linear, "_guess", lambda *_: [])
    found = maximise(c, A, b)
    prove((c, A, b), found)
    assert found.value == Fraction(1, 20)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    maximise([Fraction(1)], [[Fraction(1)]], [Fraction(1)])
    assert capfd.readouterr() == ("", "")
