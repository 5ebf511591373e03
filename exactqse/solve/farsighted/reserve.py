"""The time that it takes to write a cover, kept back from the search."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from exactqse.solve.effort import Budget

_FIRST = 128  # parts, before a sample of a cover is written
_MORE = 1.5  # times as many parts, before the next
_CAUTION = 1.25


@dataclass
class Reserve:
    """Ends a search while what is left of its time suffices to write the cover.

    Attributes:
        budget: of the search.
        sample: writes some leaves of the cover as it stands: how many, and how many there are.
        exhausted: whether that is why the search ended.
    """

    budget: Budget
    sample: Callable[[], tuple[int, int]]
    exhausted: bool = False
    due: float = _FIRST
    rate: float = field(default=0.0, init=False)

    def is_short(self, parts: int) -> bool:
        """Whether writing a cover, after so many parts, has to begin now."""
        seconds = self.budget.seconds
        if seconds is None:
            return False
        if parts >= self.due:
            begin = time.monotonic()
            some, leaves = self.sample()
            self.rate = (time.monotonic() - begin) * leaves / (max(some, 1) * parts)
            self.due = _MORE * parts
        spent = time.monotonic() - self.budget.start
        self.exhausted = spent + _CAUTION * self.rate * parts >= seconds
        return self.exhausted

    @property
    def reason(self) -> str:
        """Why the search had to end, in words; empty if it is not for this."""
        return f"the limit of {self.budget.seconds:g} s was reached" if self.exhausted else ""
