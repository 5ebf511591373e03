"""Solutions that are handed out while a search goes on, so that little is lost if it is killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from exactqse.kernel.certificate import Certificate
from exactqse.solve.effort import Effort

SECONDS = 30.0  # between two of them
SHARE = 4.0  # and so many times as long as it takes to write and to check one


@dataclass
class Outlet:
    """Takes what a search has, now and then: ``take`` checks it and hands it out."""

    take: Callable[[Certificate, Effort], None]
    last: float = field(default_factory=time.monotonic)
    pause: float = 0.0

    def is_due(self) -> bool:
        """Whether the last one is long ago."""
        return time.monotonic() - self.last >= max(SECONDS, self.pause)

    def offer(self, found: Certificate, effort: Effort) -> None:
        """Hand it out, if it is time for that."""
        if not self.is_due():
            return
        begin = time.monotonic()
        self.take(found, effort)
        self.rest(time.monotonic() - begin)

    def rest(self, seconds: float) -> None:
        """The next one may come so many times later; ``seconds`` is what one takes."""
        self.last, self.pause = time.monotonic(), SHARE * seconds


def merged(found: Certificate, known: Certificate) -> Certificate:
    """Of two certificates of a game for gamma > 0 the better proof and the better policy."""
    proof = found if found.upper < known.upper else known
    play = found if found.lower >= known.lower else known
    precision = max(found.precision, known.precision)
    return replace(proof, precision=precision, lower=play.lower, nodes=play.nodes)
