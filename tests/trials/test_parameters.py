"""A learner's parameters as plain data, the same every time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import pytest
from trial_learners import UniformLeader

from exactqse.errors import LearnerError
from exactqse.games import get
from exactqse.trials.parameters import name_of, parameters_of, plain


@dataclass(frozen=True)
class Part:
    scale: float = 0.1
    _cache: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Whole:
    part: Part = field(default_factory=Part)
    delta: float = 0.05
    name: str = "whole"


def test_fields_are_named_and_caches_are_not() -> None:
    learner = Whole()
    learner.part._cache[1] = 2.0
    part = {"is": f"{Part.__module__}:Part", "scale": "0.1"}
    assert parameters_of(learner) == {"part": part, "delta": "0.05"}
    assert parameters_of(UniformLeader()) == {"chunk": "10", "delta": "0.1"}


def test_attributes_stand_for_fields() -> None:
    class Plain:
        def __init__(self) -> None:
            self.name, self.width, self._seen = "plain", Fraction(1, 3), 7

    assert parameters_of(Plain()) == {"width": "1/3"}
    assert parameters_of(object()) == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("x", "x"),
        (np.float64(0.5), "0.5"),
        (float("inf"), "inf"),
        ((1, (2.0,)), ["1", ["2.0"]]),
        ({3, 1, 2}, ["1", "2", "3"]),
        ({1: 2}, {"1": "2"}),
        (sqrt, {"is": "math:sqrt"}),
        (object(), {"is": "builtins:object"}),
        (get("ochs-1995-1"), {"game": get("ochs-1995-1").hash}),
    ],
)
def test_every_kind_is_plain_data(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert json.loads(json.dumps(plain(value))) == expected


def test_arrays_are_named_by_their_contents() -> None:
    one = np.arange(1.0, 5.0).reshape(2, 2)
    names = [plain(x) for x in (one, one.T.copy().T, one + 1e-16, one + 1, one.ravel())]
    assert names[0] == names[1] == names[2]
    assert names[0] != names[3]
    assert names[0] != names[4]
    assert names[0]["shape"] == [2, 2]


@pytest.mark.parametrize("name", ["", "a\nb", None, 3])
def test_a_name_is_a_line(name: Any) -> None:
    make: Callable[[], Any] = type("Mine", (), {"name": name})
    with pytest.raises(LearnerError, match="learner Mine: has no name"):
        name_of(make())
