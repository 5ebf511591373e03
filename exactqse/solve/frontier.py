"""The open parts of a search, those first that hold the bound up most.

A part's urgency is how far lambda would have to rise for its best majorants to close it. Taking the
largest first makes the bound fall as fast as it can, so that a search may be stopped at any time.
When parts come to fill the memory, those that are nearly closed come first instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from exactqse.solve.majorants import Booleans, Floats, Integers

_LEVELS = 2.0  # of urgency for each factor of 2: parts of one level are taken in any order
_LOWEST, _HIGHEST = -1000, 1000
_MOST = 1 << 26  # numbers held before memory counts more than the order


@dataclass(frozen=True)
class Parts:
    """Open parts: identity, stage, corners' X, Y (n, K, m) and alpha (n, K, A), warm starts."""

    key: Integers
    stage: Integers
    X: Floats
    Y: Floats
    corner: Floats
    tau: Floats
    s: Floats
    urgency: Floats

    def take(self, rows: Booleans | Integers | slice) -> Parts:
        """Some of the parts."""
        return Parts(*(getattr(self, name)[rows] for name in self.__match_args__))

    def __len__(self) -> int:
        return len(self.key)


def merged(several: list[Parts]) -> Parts:
    """All of them in one."""
    if len(several) == 1:
        return several[0]
    names = Parts.__match_args__
    return Parts(*(np.concatenate([getattr(x, name) for x in several]) for name in names))


class Frontier:
    """Parts by level of urgency."""

    def __init__(self) -> None:
        self._levels: dict[int, list[Parts]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, parts: Parts) -> None:
        """Add parts."""
        with np.errstate(divide="ignore"):
            level = np.log2(parts.urgency) * _LEVELS
        level = np.clip(np.floor(level), _LOWEST, _HIGHEST).astype(np.intp)
        for value in np.unique(level):
            self._levels.setdefault(int(value), []).append(parts.take(level == value))
        self._size += len(parts)

    def pop(self, most: int) -> Parts:
        """Take at most so many parts, the first in order; there has to be one."""
        full = self._size * self._numbers > _MOST
        taken: list[Parts] = []
        room = most
        while room and self._levels:
            value = min(self._levels) if full else max(self._levels)
            parts = self._levels[value].pop()
            taken.append(parts.take(slice(room)))
            if len(parts) > room:
                self._levels[value].append(parts.take(slice(room, None)))
            if not self._levels[value]:
                del self._levels[value]
            room -= len(taken[-1])
        found = merged(taken)
        self._size -= len(found)
        return found

    @property
    def _numbers(self) -> int:
        """How many numbers a part holds, about."""
        parts = next(iter(self._levels.values()))[0]
        return int(2 * parts.X[0].size + parts.corner[0].size)

    def drain(self) -> Parts | None:
        """Take all parts, if there are any."""
        parts = [p for level in self._levels.values() for p in level]
        self._levels, self._size = {}, 0
        return merged(parts) if parts else None

    def drop(self, stages: Iterable[int]) -> None:
        """Forget the parts of some stages."""
        gone = list(stages)
        parts = self.drain()
        if parts is not None:
            self.push(parts.take(~np.isin(parts.stage, gone)))
