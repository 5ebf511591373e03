"""Rows of different lengths, one after the other in one array: what is wanted of each, in one call.

Entries of a row follow each other, and rows by their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from exactqse.solve.farsighted.model import Booleans, Floats, Integers

_FINE = 1e-100  # ranges above it need no scale
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Rows:
    """R rows; `largest` is of such as have entries.

    Attributes:
        lengths, starts: (R,).
        of: (N,), the row of each entry.
    """

    lengths: Integers
    starts: Integers
    of: Integers

    @classmethod
    def of_lengths(cls, lengths: Sequence[int] | Integers) -> Rows:
        """Rows as long as that."""
        sizes = np.asarray(lengths, dtype=np.intp)
        return cls(sizes, np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes))

    def largest(self, values: Floats) -> Integers:
        """The first entry of each row at which the values (N,) are largest (R,)."""
        top = np.fmax.reduceat(values, self.starts)
        hit = np.flatnonzero(values == top[self.of])
        found: Integers = self.starts.copy()  # where none is a number
        rows = self.of[hit][::-1]
        found[rows] = hit[::-1]
        return found

    def split(self, values: NDArray[Number]) -> list[NDArray[Number]]:
        """The rows of values (N, ...)."""
        ends = (self.starts + self.lengths).tolist()
        return [values[a:b] for a, b in zip(self.starts.tolist(), ends, strict=True)]


def product(of: Integers, rows: Rows) -> tuple[Rows, Integers]:
    """For each of some entries all those of the row that it names; which these are."""
    found = Rows.of_lengths(rows.lengths[of])
    shift = rows.starts[of] - found.starts
    return found, np.arange(len(found.of)) + shift[found.of]


def hulls(of: Integers, x: Floats, y: Floats) -> Integers:
    """The vertices of the least concave function above the points of each row, by ascending x.

    As `frontiers.hulls.upper_hull`: points of which none is above the line from the one before to
    the one after leave all at once, until there are none. ``of`` (N,) need not be in order.
    """
    at: Integers = np.lexsort((y, x, of))
    if not len(at):
        return at
    row, right, up = of[at], x[at], y[at]
    last = np.append((row[1:] != row[:-1]) | (right[1:] != right[:-1]), True)  # the highest at an x
    at, row, right, up = at[last], row[last], right[last], up[last]
    right, up = _shares(row, right), _shares(row, up)
    while True:
        dx, dy = right[1:] - right[:-1], up[1:] - up[:-1]
        above = dy[:-1] * dx[1:] > dy[1:] * dx[:-1]
        keep: Booleans = np.ones(len(at), dtype=bool)
        keep[1:-1] = above | (row[2:] != row[:-2])
        if keep.all():
            return at
        at, row, right, up = at[keep], row[keep], right[keep], up[keep]


def _shares(row: Integers, z: Floats) -> Floats:
    """As shares of a row's range, if it is such that products of differences vanish or overflow."""
    start = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
    span = np.maximum.reduceat(z, start) - np.minimum.reduceat(z, start)
    fine = ((span > _FINE) & (span < 1 / _FINE)) | (span == 0)
    if fine.all():
        return z
    size = np.where(fine, 1.0, span)
    shares: Floats = z / np.repeat(size, np.diff(np.append(start, len(z))))
    return shares
