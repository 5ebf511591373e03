"""The parts that a search has examined, and parts at hand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers

_MUCH = 0.2  # of what is left to prove


@dataclass(eq=False)
class Nodes:
    """All parts that were examined, in growing arrays; the first axis is the node.

    ``table`` numbers the slopes, ``kind`` the bounder, ``mix`` the simplices of mixtures; ``bound``
    is what the part's own claims prove, ``least`` what they or those of a part around it prove;
    ``children`` are -1 where there are none. A part is halved ``at`` a value of coordinate
    ``axis``, or, from J on, at the spot ``axis`` - J of the simplices (mixtures.py).
    """

    J: int
    first: int
    size: int = 0

    def __post_init__(self) -> None:
        room = 1024
        self.lo, self.hi = np.zeros((room, self.J)), np.zeros((room, self.J))
        self.free = np.zeros((room, self.J), bool)
        self.loose, self.sharp = np.zeros((2, room), bool)
        self.table, self.kind, self.mix, self.spot = np.zeros((4, room), np.intp)
        self.lam = np.zeros((room, self.J))
        self.roots = np.zeros((room, self.first))
        self.bound, self.least = np.zeros(room), np.zeros(room)
        self.children = np.full((room, 2), -1)
        self.score, self.loss = np.zeros((room, self.J)), np.zeros(room)
        self.axis = np.zeros(room, np.intp)
        self.at = np.zeros(room)

    def batch(self, some: Integers) -> Batch:
        """Some of them as a batch."""
        return Batch(*(np.moveaxis(getattr(self, f.name)[some], 0, -1) for f in fields(Batch)))

    def append(self, rows: dict[str, Floats | Booleans | Integers]) -> Integers:
        """Add nodes; their numbers."""
        count = len(rows["bound"])
        while self.size + count > len(self.bound):
            for name, value in vars(self).items():
                if isinstance(value, np.ndarray):
                    more = np.full_like(value, -1) if name == "children" else np.zeros_like(value)
                    setattr(self, name, np.concatenate([value, more]))
        numbers = np.arange(self.size, self.size + count)
        for name, value in rows.items():
            getattr(self, name)[numbers] = value
        self.size += count
        return numbers


@dataclass(eq=False)
class Batch:
    """Parts with what proves them; the batch is the last axis of every array."""

    lo: Floats
    hi: Floats
    free: Booleans
    loose: Booleans
    table: Integers
    kind: Integers
    mix: Integers
    lam: Floats
    roots: Floats
    bound: Floats

    def rows(self) -> dict[str, Floats | Booleans | Integers]:
        """The arrays with the batch first."""
        return {name: np.moveaxis(value, -1, 0) for name, value in vars(self).items()}

    def take(self, some: Integers | Booleans) -> Batch:
        """Some of them."""
        return Batch(*(value[..., some] for value in vars(self).values()))

    def improve(self, some: Integers, other: Batch, target: float) -> None:
        """Where ``other``, which is about the parts ``some``, proves more, take it.

        Finer trees have to prove much more, since they cost more.
        """
        least = np.where(
            other.kind > self.kind[some], _MUCH * np.maximum(self.bound[some] - target, 0.0), 0.0
        )
        better = np.flatnonzero(other.bound < self.bound[some] - least)
        self.put(some[better], other, better)

    def put(self, some: Integers, other: Batch, those: Integers) -> None:
        """Parts ``those`` of another batch in place of ``some``."""
        for name, value in vars(self).items():
            value[..., some] = getattr(other, name)[..., those]


@dataclass(eq=False)
class Scores:
    """What N parts lose for being as wide as they are.

    Attributes:
        score: (N, J), for the width of each value.
        loss: (N,), for that of a cell's simplex at a
        spot: (N,), where it is the most; and whether it is
        sharp: (N,), not even less where values are narrow.
    """

    score: Floats
    loss: Floats
    spot: Integers
    sharp: Booleans

    @classmethod
    def none(cls, count: int, J: int) -> Scores:
        """No part loses anything."""
        spot, sharp = np.zeros(count, np.intp), np.zeros(count, bool)
        return cls(np.zeros((count, J)), np.zeros(count), spot, sharp)

    def put(self, some: Integers, *values: Any) -> None:
        """Those of some parts."""
        for field, value in zip(fields(self), values, strict=True):
            getattr(self, field.name)[some] = value
