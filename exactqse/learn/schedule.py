"""Rare switching: how many episodes a policy stands for before the next one is planned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, shown
from exactqse.simulate.noise import is_real

Floats = NDArray[np.float64]
_SMALL = 8
_LEAST = 16


def block(episodes: int, growth: float) -> int:
    """The episodes of the next block after ``episodes``, so that totals grow by the factor growth.

    There are at most about 1/(growth - 1) + log(T)/log(growth) blocks in T episodes.
    """
    return max(1, int(episodes * (growth - 1)))


def until_doubled(seen: Floats, expected: Floats, most: int) -> int:
    """How many episodes until some count is expected to double, within ``most``/16 and ``most``.

    A policy that does what was rarely done is thought over before it has cost much. Small counts
    are taken for 8: their doublings would be many, and cost little.

    Args:
        seen: counts.
        expected: how much an episode adds to each, the same shape.
        most: the answer where nothing doubles earlier.
    """
    share = float((expected / np.maximum(seen, _SMALL)).max(initial=0.0))
    return max(1, most // _LEAST, int(min(float(most), 1 / share)) if share > 0 else most)


def require_growth(growth: float) -> None:
    """Raise InputError unless ``growth`` is a number in (1, 2]."""
    if not is_real(growth) or not 1 < growth <= 2:
        raise InputError(f"{shown(growth)} is not in (1, 2]", where="growth")
