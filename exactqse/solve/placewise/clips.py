"""What next places show in the boxes of regions: hulls of what they prove there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.placewise.place import Node, Place
from exactqse.solve.placewise.ragged import Rows, hulls, product

_ALL = -np.inf, np.inf


def clips(leaves: Sequence[tuple[Place, Node]]) -> list[list[Polyline | None]]:
    """For each region, what each next place shows in its box; None for nothing."""
    asked: dict[tuple[int, float, float], Place] = {}
    names = [
        [(id(child), *leaf.held.box.get(t, _ALL)) for t, child in enumerate(place.after)]
        for place, leaf in leaves
    ]
    for (place, _), row in zip(leaves, names, strict=True):
        asked |= zip(row, place.after, strict=True)
    if not asked:
        return [[] for _ in names]
    low, high = np.array([name[1:] for name in asked]).T
    found = dict(zip(asked, clipped([*asked.values()], low, high), strict=True))
    return [[found[name] for name in row] for row in names]


def clipped(places: Sequence[Place], low: Floats, high: Floats) -> list[Polyline | None]:
    """The hull of what each place proves on [low, high] (R,); None if that is empty."""
    different = {id(place): place for place in places}
    number = {name: k for k, name in enumerate(different)}
    tables = [place.spans for place in different.values()]
    which = np.array([number[id(place)] for place in places])
    rows, at = product(which, Rows.of_lengths([len(table[0]) for table in tables]))
    start, end, first, last, whose = (
        np.concatenate(some)[at] for some in zip(*tables, strict=True)
    )
    least, most = low[rows.of], high[rows.of]
    keep = (start < most) & (end > least)
    begins = np.append(True, (whose[1:] != whose[:-1]) | (rows.of[1:] != rows.of[:-1]))
    held = np.logical_or.reduceat(keep, np.flatnonzero(begins))[np.cumsum(begins) - 1]
    keep |= (start <= most) & (end >= least) & ~held  # what touches only, if that is all
    start, end, first, last = start[keep], end[keep], first[keep], last[keep]
    row = rows.of[keep]
    a, b = np.maximum(start, least[keep]), np.minimum(end, most[keep])
    slope = (last - first) / np.where(end > start, end - start, 1.0)
    v = np.concatenate([a, b])
    w = np.concatenate([first + slope * (a - start), last - slope * (end - b)])
    return _polylines(np.concatenate([row, row]), v, w, len(places))


def _polylines(row: Integers, v: Floats, w: Floats, count: int) -> list[Polyline | None]:
    """The hull of the points of each row."""
    at = hulls(row, v, w)
    rows = Rows.of_lengths(np.bincount(row[at], minlength=count))
    lines = zip(rows.split(v[at]), rows.split(w[at]), strict=True)
    return [Polyline(v, w, np.arange(len(v))) if len(v) else None for v, w in lines]
