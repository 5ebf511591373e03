"""Rare switching: how many episodes a policy stands for before the next one is planned."""

from __future__ import annotations

from exactqse.errors import InputError, shown


def block(episodes: int, growth: float) -> int:
    """The episodes of the next block after ``episodes``, so that totals grow by the factor growth.

    There are at most about 1/(growth - 1) + log(T)/log(growth) blocks in T episodes.
    """
    return max(1, int(episodes * (growth - 1)))


def require_growth(growth: object) -> None:
    """Raise InputError unless ``growth`` is a number in (1, 2]."""
    real = isinstance(growth, int | float) and not isinstance(growth, bool)
    if not real or not 1 < growth <= 2:  # type: ignore[operator]
        raise InputError(f"{shown(growth)} is not in (1, 2]", where="growth")
