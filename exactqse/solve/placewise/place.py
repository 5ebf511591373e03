"""A place: its regions, how they were divided, and what they prove together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.placewise.answers import Site
from exactqse.solve.placewise.region import Region

_DUST = 1e-9
Box = dict[int, tuple[float, float]]
Corners = dict[int, Floats]


@dataclass(frozen=True, eq=False)
class Cut:
    """A division: of the v of next place t at ``at``, or of the simplex of a cell on an edge."""

    t: int = -1
    at: float = 0.0
    cell: tuple[int, ...] = ()
    edge: tuple[int, int] = (0, 0)

    def sides(self, box: Box, corners: Corners) -> list[tuple[Box, Corners]]:
        """The two halves of a box of values and of simplices of mixtures (A, A)."""
        if not self.cell:
            low, high = box.get(self.t, (-np.inf, np.inf))
            parts = (low, self.at), (self.at, high)
            return [(box | {self.t: part}, dict(corners)) for part in parts]
        old = corners[self.cell[0]]
        halves = []
        for k in self.edge:
            new = old.copy()
            new[k] = (old[self.edge[0]] + old[self.edge[1]]) / 2
            halves.append((dict(box), corners | dict.fromkeys(self.cell, new)))
        return halves


@dataclass(eq=False)
class Node:
    """A region, or a cut and what is on its two sides."""

    region: Region | None
    cut: Cut | None = None
    sides: tuple[Node, Node] | None = None

    @property
    def held(self) -> Region:
        """Its region, where some policy may be."""
        if self.region is None:
            raise LookupError("a region without policies, or a division")
        return self.region

    def leaves(self) -> Iterator[Node]:
        """The undivided ones, in order."""
        if self.sides is None:
            yield self
            return
        for side in self.sides:
            yield from side.leaves()


@dataclass(eq=False)
class Place:
    """(h, n), over the places ``after`` that may follow.

    Attributes:
        root: its divisions.
        version: grows whenever what it proves changes.
    """

    h: int
    n: int
    site: Site
    after: list[Place]
    root: Node
    version: int = 0
    _spans: list[Any] = field(default_factory=list)

    def leaves(self) -> list[Node]:
        """Those that some policy may be in, as far as is known."""
        return [leaf for leaf in self.root.leaves() if leaf.region is not None]

    def regions(self) -> list[Region]:
        """The same as regions."""
        return [leaf.region for leaf in self.leaves() if leaf.region is not None]

    @property
    def versions(self) -> tuple[int, ...]:
        """Of the places that follow."""
        return tuple(child.version for child in self.after)

    def changed(self) -> None:
        """Some region proves something else now."""
        self.version += 1
        self._spans = []

    @property
    def spans(self) -> list[Any]:
        """Of all pieces: v at both ends, K there, and which region's they are."""
        if not self._spans:
            rows = [region.spans() for region in self.regions()]
            start, end, first, last = (np.concatenate(some) for some in zip(*rows, strict=True))
            reference = self.site.reference
            whose = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
            self._spans = [start + reference, end + reference, first, last, whose]
        return self._spans

    @property
    def reach(self) -> tuple[float, float]:
        """The range of v."""
        start, end, *_ = self.spans
        return float(start.min()), float(end.max())

    def best_at(self, d: float) -> tuple[float, Node]:
        """The largest bound at d, from the reference, and whose; of the nearest if none has d."""
        rows = []
        for leaf in self.leaves():
            ends = leaf.held.pieces.ends
            off = max(float(ends[0]) - d, d - float(ends[-1]), 0.0)
            at = min(max(d, float(ends[0])), float(ends[-1]))
            rows.append((off <= _DUST, -off, leaf.held.bound_at(at), leaf))
        here = [row for row in rows if row[0]]
        if here:
            _, _, value, leaf = max(here, key=lambda row: row[2])
        else:
            _, _, value, leaf = max(rows, key=lambda row: row[1])
        return value, leaf
