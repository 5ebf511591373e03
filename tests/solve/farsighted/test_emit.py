"""Roots of a cover are raised until the rounded parameters prove them, and no further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from exactqse.solve.farsighted import emit
from exactqse.solve.farsighted.emit import ECONOMIES, Goal
from exactqse.solve.farsighted.parameters import Parameters

UNIT = 1 / 16


@dataclass
class Jump:
    """G = top - lam, with the top of what is chosen: 1 up to lam = 1.1, from there on 2."""

    chosen_at: list[float]

    def evaluate(self, lam: Any, fixed: Parameters | None = None) -> Any:
        if fixed is None:
            self.chosen_at += lam.ravel().tolist()
        tops = np.where(lam > 1.1, 2.0, 1.0) if fixed is None else fixed.value
        return tops - lam, np.full(lam.shape, -1.0), Parameters(lam > 1.1, tops)


@pytest.fixture
def rounded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three parts, the last without policies, whose parameters are not shortened."""
    part: Any = emit._Rounded.__new__(emit._Rounded)
    monkeypatch.setattr(part, "_short", lambda *given: given[-1], raising=False)
    part.goal, part.economy = Goal(3.0, UNIT, 1e-9), ECONOMIES[-1]
    part.model = type("Scale", (), {"scale": 1.0})
    part.empty = np.array([False, False, True])
    return part


def test_a_known_root_keeps_its_parameters(rounded: Any) -> None:
    known = np.array([[1.0, 1.05, np.nan]])
    stage = Jump([])
    roots, parameters, proved = rounded._raise(stage, known + 4 * UNIT, known)
    assert roots[0].tolist() == [1.25, 1.25, 0.0]
    assert parameters.value[0, 0, :2].tolist() == [1.0, 1.0]
    assert proved.tolist() == [True, True, True]
    assert stage.chosen_at == [1.0, 1.05, 0.0]


def test_what_is_not_proved_is_raised_with_other_parameters(rounded: Any) -> None:
    known = np.array([[1.0, 1.2, 0.0]])
    roots, parameters, proved = rounded._raise(Jump([]), known + 4 * UNIT, known)
    assert roots[0, 0] == 1.25
    assert 2 < roots[0, 1] < 3
    assert parameters.value[0, 0, :2].tolist() == [1.0, 2.0]
    assert proved.tolist() == [True, True, True]


def test_without_known_roots_parameters_are_those_of_the_roots(rounded: Any) -> None:
    roots, _, _ = rounded._raise(Jump([]), np.array([[1.25, 1.05, 0.0]]))
    assert 2 < roots[0, 0] < 3
    assert roots[0, 1] == 1.0625
