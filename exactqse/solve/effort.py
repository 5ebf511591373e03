"""What a search may take, and what it took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Budget:
    """Counts nodes and watches the clock; once it is spent it stays spent.

    Attributes:
        seconds: wall time from construction; None for no limit.
        nodes: parts of the search that may be examined; None for no limit.
    """

    seconds: float | None = None
    nodes: int | None = None
    used: int = 0
    start: float = field(default_factory=time.monotonic)

    def spend(self, nodes: int) -> None:
        """Count nodes that were examined."""
        self.used += nodes

    @property
    def spent(self) -> bool:
        """Whether the search has to end now."""
        return self._out_of_nodes or self._out_of_time

    @property
    def reason(self) -> str:
        """Why the search had to end, in words."""
        if self._out_of_nodes:
            return f"the limit of {self.nodes} nodes was reached"
        if self._out_of_time:
            return f"the limit of {self.seconds:g} s was reached"
        return "float64 could not separate the bounds further"

    @property
    def _out_of_nodes(self) -> bool:
        return self.nodes is not None and self.used >= self.nodes

    @property
    def _out_of_time(self) -> bool:
        return self.seconds is not None and time.monotonic() - self.start >= self.seconds


@dataclass(frozen=True)
class Effort:
    """What a solve took.

    Attributes:
        nodes: (step, state) pairs of the certificate.
        precision: fractional bits of the arithmetic.
        work: how much was searched, in ``unit``.
        unit: what ``work`` counts, in words.
        stopped: why the search ended before its aim, empty when it did not.
    """

    nodes: int
    precision: int
    work: int
    unit: str
    stopped: str = ""
