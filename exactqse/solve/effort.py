"""What a search may take, what it took, and how it stands while it runs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from types import FrameType

from exactqse.kernel.certificate import FarsightedNode

_LEAST = 1e-6  # seconds that are left at least
_FEW = 64  # parts of a budget: none is smaller than this share of it


@dataclass
class Budget:
    """Counts nodes and watches the clock; once it is spent it stays spent.

    Attributes:
        seconds: wall time from construction; None for no limit.
        nodes: parts of the search that may be examined; None for no limit.
        interrupted: whether someone asked the search to end now.
        whole: the budget that this one is a part of.
        aside: whether its nodes are of another kind, and do not count there.
    """

    seconds: float | None = None
    nodes: int | None = None
    interrupted: bool = False
    whole: Budget | None = None
    aside: bool = False
    used: int = 0
    start: float = field(default_factory=time.monotonic)

    def part(self, nodes: int, *, shares: int) -> Budget:
        """At most so many nodes, and one of so many equal shares of what is left of this one.

        A share is not so small that the budget would be spent in very many parts.
        """
        if self.nodes is not None:
            share = -((self.used - self.nodes) // shares)
            nodes = min(nodes, max(share, self.nodes // _FEW))
        return Budget(self._seconds(shares), nodes, whole=self)

    def beside(self, nodes: int | None, *, shares: int) -> Budget:
        """A share of the time that is left, for nodes of another kind, which do not count here."""
        return Budget(self._seconds(shares), nodes, whole=self, aside=True)

    def _seconds(self, shares: int) -> float | None:
        if self.seconds is None:
            return None
        left = self.start + self.seconds - time.monotonic()
        return max(left / shares, self.seconds / _FEW)

    def spend(self, nodes: int) -> None:
        """Count nodes that were examined."""
        self.used += nodes
        if self.whole is not None and not self.aside:
            self.whole.spend(nodes)

    @property
    def spent(self) -> bool:
        """Whether the search has to end now."""
        own = self.interrupted or self._out_of_nodes or self._out_of_time
        return own or (self.whole is not None and self.whole.spent)

    @property
    def reason(self) -> str:
        """Why the search had to end, in words; empty when it did not have to."""
        if self.interrupted:
            return "it was interrupted"
        if self._out_of_nodes:
            return f"the limit of {self.nodes} nodes was reached"
        if self._out_of_time:
            return f"the limit of {self.seconds:g} s was reached"
        return ""

    @property
    def seconds_left(self) -> float | None:
        """Of its own limit, never quite nothing; None for no limit."""
        if self.seconds is None:
            return None
        return max(self.start + self.seconds - time.monotonic(), _LEAST)

    @property
    def _out_of_nodes(self) -> bool:
        return self.nodes is not None and self.used >= self.nodes

    @property
    def _out_of_time(self) -> bool:
        return self.seconds is not None and time.monotonic() - self.start >= self.seconds


@contextmanager
def interruptible(budget: Budget) -> Iterator[None]:
    """Within the block the first Ctrl-C only spends the budget; the next is a KeyboardInterrupt.

    That holds in the main thread, and where Ctrl-C would raise KeyboardInterrupt; elsewhere
    nothing is installed, so that a caller's own handling of the signal stays as it is.
    """
    default = signal.default_int_handler

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, default)
        budget.interrupted = True

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not default:
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, default)


@dataclass(frozen=True)
class Effort:
    """What a solve took.

    Attributes:
        nodes: (step, state) pairs of the certificate.
        precision: fractional bits of the arithmetic.
        work: how much was searched, in ``unit``.
        unit: what ``work`` counts, in words.
        stopped: why the search ended before its aim, empty when it did not.
        interrupted: whether Ctrl-C is why.
        met: other policies that the search met, worth as much up to the gap as far as it knows, as
            nodes.
    """

    nodes: int
    precision: int
    work: int
    unit: str
    stopped: str = ""
    interrupted: bool = False
    met: tuple[tuple[FarsightedNode, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Standing:
    """How a running solve stands. Nothing in it is certified yet.

    A search passes over the (step, state) pairs backward, with more effort each time, and has
    bounds of J* from the end of the first pass on: an open pair says nothing of J* by itself.

    Attributes:
        done, nodes: the pairs that this pass has bounded, and all of them.
        lower, upper: bounds of J*, as of the last pass; None before.
        open_parts: the parts at hand that are neither closed nor divided.
        checking: whether the search is over and a checker is at work.
    """

    done: int
    nodes: int
    lower: Fraction | None = None
    upper: Fraction | None = None
    open_parts: int = 0
    checking: bool = False


Watcher = Callable[[Standing], None]
Progress = Callable[[int, int], None]  # of work that is only counted: (done, in all)


def counting(watch: Watcher | None, *, checked: bool = False) -> Progress | None:
    """From counts to standings; with ``checked``, a checker is at work once all is done."""
    if watch is None:
        return None
    return lambda done, count: watch(Standing(done, count, checking=checked and done == count))
