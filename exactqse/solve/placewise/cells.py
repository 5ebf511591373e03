"""Bounds where several follower actions share a mixture, as the leader sees less than the action.

The majorants of a cell are summed before the largest is taken, over the corners of its simplex:
at each of these every member picks points of the next places that suit it best, and tied places
show one vertex to all (proofs/place-covers.md). So the loss is second order in a region's size,
where no member's value passes lam in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.placewise.answers import Answers, answers_of, joined
from exactqse.solve.placewise.columns import Parameters, either, majorants, touching
from exactqse.solve.placewise.mixtures import Cell, best_of
from exactqse.solve.placewise.ties import Choices, Offers

_LARGE = 1 << 22  # numbers at a time
_TRIED = 9  # mixtures for each choice of vertices, at most about
_TURNS = (0.25, 0.125, 0.0625)  # towards what is most
_STEEPER = 4.0  # exponents (y - lam) / s stay below it where no majorant touches


def total(cells: Sequence[Cell], every: Sequence[Floats]) -> Floats:
    """The sums (L, Q) of each action's majorants: (L, Q), or (L, Q, A) where it shares."""
    parts = [sum((every[b] for b in cell[1:]), every[cell[0]]) for cell in cells]
    for k, cell in enumerate(cells):
        if len(cell) > 1:  # over few corners, many choices
            parts[k] = reduce(np.maximum, np.moveaxis(parts[k], -1, 0))
    return sum(parts[1:], parts[0])


@dataclass(frozen=True, eq=False)
class _Bound:
    """G (L,), the majorants, and (x, y) where they are most (B, 2, L)."""

    G: Floats
    parameters: tuple[Parameters, ...]
    point: Floats


def shared(
    cells: Sequence[Cell],
    offers: list[Offers],
    choices: Choices,
    lam: Floats,
    close: float,
    known: tuple[Parameters, ...] | None,
) -> Answers:
    """The bounds at the lam, with majorants that touch where the best choice is, or near it.

    Or with ``known`` ones, where these prove less.
    """
    size = sum(offer.x.size for offer in offers) * _TRIED
    if len(lam) > 1 and len(lam) * size > _LARGE:
        half = len(lam) // 2
        parts = (
            shared(cells, offers, choices, lam[some], close, _rows(known, some))
            for some in (slice(half), slice(half, None))
        )
        return joined(*parts)
    best = best_of(cells, offers, choices, lam)
    point = best.point
    found = _bound(cells, offers, touching_at(cells, offers, point, lam, close), lam)
    G, parameters, away = found.G, found.parameters, found.point
    for turn in _TURNS[:1] if known is not None and len(lam) > 1 else _TURNS:
        point = point + turn * (away - point)
        touch = _bound(cells, offers, touching_at(cells, offers, point, lam, close), lam)
        G, parameters = _less(G, parameters, touch)
        away = touch.point
    if known is not None:
        G, parameters = _less(G, parameters, _bound(cells, offers, known, lam))
    return answers_of(lam, G, best.replies, parameters, choices.ties)


def _rows(known: tuple[Parameters, ...] | None, some: slice) -> tuple[Parameters, ...] | None:
    return known and tuple((down[some], value[some]) for down, value in known)


def _less(
    G: Floats, parameters: tuple[Parameters, ...], other: _Bound
) -> tuple[Floats, tuple[Parameters, ...]]:
    """The lesser, for each lam."""
    less = other.G < G
    pairs = zip(parameters, other.parameters, strict=True)
    return np.where(less, other.G, G), tuple(either(less, q, p) for p, q in pairs)


def touching_at(
    cells: Sequence[Cell], offers: list[Offers], point: Floats, lam: Floats, close: float
) -> tuple[Parameters, ...]:
    """Of "up" or "down" that touch e^x (y - lam) at ``point``, where some do.

    In a cell of several members the mixture need not suit each: one that is worth less than 0
    there, but not everywhere, has no majorant that touches.
    """
    found: list[Parameters] = []
    alone = {cell[0] for cell in cells if len(cell) == 1}
    for b, (offer, (x, y)) in enumerate(zip(offers, point, strict=True)):
        top = float(offer.y.max())
        down, value = touching(top, x, y, lam, close)
        if b not in alone:
            value = np.where(down, value, np.maximum(value, (top - lam) / _STEEPER))
        found.append((down, value))
    return tuple(found)


def _bound(
    cells: Sequence[Cell], offers: list[Offers], parameters: tuple[Parameters, ...], lam: Floats
) -> _Bound:
    pairs = zip(offers, parameters, strict=True)
    every = [majorants(offer.x, offer.y, of, lam) for offer, of in pairs]
    sums = total(cells, every)
    worst, row = sums.argmax(1), np.arange(len(lam))
    point = np.empty((len(offers), 2, len(lam)))
    for cell in cells:
        several = len(cell) > 1
        k = sum(every[b][row, worst] for b in cell).argmax(-1) if several else None
        for b in cell:
            at = worst if k is None else (worst, k)
            point[b] = _highest(offers[b].x[at], offers[b].y[at], lam)
    return _Bound(sums[row, worst], parameters, point)


def _highest(x: Floats, y: Floats, lam: Floats) -> tuple[Floats, Floats]:
    """The vertex of each row at which e^x (y - lam) is largest."""
    k = (np.exp(x) * (y - lam[:, None])).argmax(1)
    row = np.arange(len(lam))
    return x[row, k], y[row, k]
