"""The time that a cover takes to write, kept back from the search."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from exactqse.errors import PrecisionError
from exactqse.solve.effort import Budget

_FIRST = 128  # parts, before a cover is written on trial
_MORE = 4  # times as many parts, before the next
_CAUTION = 1.5


@dataclass
class Reserve:
    """Ends a search while what is left of its time suffices to write the cover.

    Attributes:
        budget: of the search.
        write: writes the cover as it stands.
        exhausted: whether that is why the search ended.
    """

    budget: Budget
    write: Callable[[], object]
    exhausted: bool = False
    due: int = _FIRST
    rate: float = field(default=0.0, init=False)

    def is_short(self, parts: int) -> bool:
        """Whether writing a cover, after so many parts, has to begin now."""
        seconds = self.budget.seconds
        if seconds is None:
            return False
        if parts >= self.due:
            begin = time.monotonic()
            with suppress(PrecisionError):
                self.write()
            self.rate = (time.monotonic() - begin) / parts
            self.due = _MORE * parts
        spent = time.monotonic() - self.budget.start
        self.exhausted = spent + _CAUTION * self.rate * parts >= seconds
        return self.exhausted
