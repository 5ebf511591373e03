"""From numpy arrays, nested lists and plain numbers to the exact tables of a game.

An exact number is an int, a Fraction, a string ("1/3", "0.1"), or a float, which means the dyadic
rational that it is, no more and no less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from exactqse.errors import GameError, KindError, NumberError, shown
from exactqse.kernel.game import Payoffs, Row, Transitions
from exactqse.kernel.numbers import limited, parse_rational
from exactqse.model.rows import make_row, reduced_row

T = TypeVar("T")
_MAX_AXES = 5


def exact(value: object, where: str = "") -> Fraction:
    """The exact value of a number of any of the kinds above.

    Raises:
        NumberError: NaN, an infinity, a bool, a string outside the grammar, or another type.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return parse_rational(value, where)
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        remedy = "use int, float, Fraction or a string"
        raise NumberError(f"{shown(value)} is not a number", where=where, remedy=remedy)
    if isinstance(value, float) and not math.isfinite(value):
        raise NumberError(f"{value} is not a finite number", where=where)
    return limited(Fraction(value), where)


def whole(value: object, where: str) -> int:
    """An integer, numpy's or Python's. Raises KindError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise KindError(f"{shown(value)} is not an integer", where=where)
    return int(value)


def listed(value: object, where: str) -> list[Any]:
    """One level of a table as a list. Raises GameError when it is not a sequence."""
    if isinstance(value, np.ndarray):
        return list(value)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise GameError(f"expected a list, found {type(value).__name__}", where=where)
    return list(value)


def depth(value: object) -> int:
    """How many axes a table has, measured along its first entries."""
    if isinstance(value, np.ndarray):
        return value.ndim
    if isinstance(value, Mapping):
        return 1
    axes = 0
    while not isinstance(value, str | np.ndarray | Mapping) and isinstance(value, Sequence):
        axes += 1
        if not value or axes > _MAX_AXES:
            return axes
        value = value[0]
    return axes + (depth(value) if isinstance(value, np.ndarray | Mapping) else 0)


def payoffs(value: object, label: str) -> Payoffs:
    """Rewards of shape (S, A, B) or (H, S, A, B) as exact [1 or H][S][A][B]."""
    axes = depth(value)
    if axes not in {3, 4}:
        raise GameError(f"has {axes} axes, not 3 (S, A, B) or 4 (H, S, A, B)", where=label)
    table: Payoffs = _nested([value] if axes == 3 else value, 4, exact, label)
    return table


def transitions(value: object, states: int, *, normalise: bool) -> Transitions:
    """Rows of shape (S, A, B, S) or (H, S, A, B, S) as exact [1 or H][S][A][B] rows.

    The last axis may be sparse, an object from next state to probability.
    """
    axes = depth(value)
    if axes not in {4, 5}:
        what = f"has {axes} axes, not 4 (S, A, B, S) or 5 (H, S, A, B, S)"
        raise GameError(what, where="P")

    def entry(row: object, where: str) -> Row:
        return distribution(row, states, where, normalise=normalise)

    table: Transitions = _nested([value] if axes == 4 else value, 4, entry, "P")
    return table


def require_sizes(table: Sequence[Any], sizes: Sequence[int], where: str) -> None:
    """Raise GameError, with the place, unless every step of [h][s][a][b] has these sizes."""
    parts = [(step, f"{where}[{h}]") for h, step in enumerate(table)]
    for size, entries in zip(sizes, ("states", "leader actions", "follower actions"), strict=True):
        for part, place in parts:
            if len(part) != size:
                what = f"has {len(part)} {entries}, not {size}"
                remedy = "S, A and B are counted along the first entries of u"
                raise GameError(what, where=place, remedy=remedy)
        parts = [(x, f"{place}[{i}]") for part, place in parts for i, x in enumerate(part)]


def distribution(value: object, states: int, where: str, *, normalise: bool) -> Row:
    """One row: a list of S probabilities, or a mapping from state to probability.

    Raises:
        GameError: wrong length, negative entries, a sum that is not 1 (0 with normalise).
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return _float_row(value, states, where, normalise=normalise)
    if isinstance(value, Mapping):
        pairs = {_state(s, states, where): exact(p, f"{where}[{s}]") for s, p in value.items()}
    else:
        entries = listed(value, where)
        if len(entries) != states:
            raise GameError(f"has {len(entries)} probabilities, not {states}", where=where)
        pairs = {s: exact(p, f"{where}[{s}]") for s, p in enumerate(entries)}
    if normalise:
        if any(p < 0 for p in pairs.values()) or not (total := sum(pairs.values())):
            raise GameError("cannot be normalised: negative or zero mass", where=where)
        pairs = {s: p / total for s, p in pairs.items()}
    return make_row(pairs, states, where)


def _state(key: object, states: int, where: str) -> int:
    if isinstance(key, bool) or not isinstance(key, int | np.integer):
        raise GameError(f"{shown(key)} is not a state index", where=where)
    if not 0 <= key < states:
        raise GameError(f"state {shown(key)} is not one of 0..{states - 1}", where=where)
    return int(key)


def _float_row(row: np.ndarray, states: int, where: str, *, normalise: bool) -> Row:
    """A float row without a Fraction per entry: integers over one power of two."""
    if row.shape != (states,):
        raise GameError(f"has shape {row.shape}, not ({states},)", where=where)
    wide = row.astype(np.float64) if row.dtype.itemsize <= 8 else row
    if wide.dtype != np.float64:
        raise GameError(f"has the type {row.dtype}, wider than float64", where=where)
    if not np.isfinite(wide).all() or (wide < 0).any():
        bad = int(np.argmax(~(np.isfinite(wide) & (wide >= 0))))
        raise GameError(f"probability {wide[bad]} of state {bad}", where=where)
    support = np.flatnonzero(wide).tolist()
    ratios = [wide[s].item().as_integer_ratio() for s in support]
    scale = max((d for _, d in ratios), default=1)
    numerators = tuple(n * (scale // d) for n, d in ratios)
    if normalise and not (scale := sum(numerators)):
        raise GameError("cannot be normalised: zero mass", where=where)
    return reduced_row(scale, tuple(support), numerators, where)


def _nested(value: object, axes: int, entry: Callable[[Any, str], T], where: str) -> Any:
    if axes == 0:
        return entry(value, where)
    parts = listed(value, where)
    return tuple(_nested(x, axes - 1, entry, f"{where}[{i}]") for i, x in enumerate(parts))
