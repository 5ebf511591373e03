"""A progress bar on the error stream, for work that turns out to be long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from exactqse.errors import approximate, between
from exactqse.report.text import counted

if TYPE_CHECKING:
    from exactqse.solve import Standing

DELAY = 2.0  # seconds of silence before the bar is drawn


@contextmanager
def working(
    console: Console, title: str, *, delay: float = DELAY
) -> Iterator[Callable[[Standing], None]]:
    """Draw a bar after ``delay`` seconds, and wipe it at the end; on a terminal only.

    Yields:
        A callback that takes how the work stands. While a checker is at work, the bar has no end.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(title, total=None, count="")

    def step(standing: Standing) -> None:
        bar.update(
            task,
            description="checking" if standing.checking else title,
            completed=standing.done,
            count=standing_text(standing),
        )
        bar.tasks[0].total = None if standing.checking else standing.nodes

    timer = Timer(delay, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield step
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def standing_text(standing: Standing) -> str:
    """Such as "3 of 40, 1,024 parts open; J* in [2.31, 2.95], gap 0.64"; nothing is certified yet.

    A pass over the nodes bounds J* when it is complete; the bounds are those of the last one.
    """
    text = f"{standing.done:,} of {standing.nodes:,}"
    if standing.open_parts:
        text += f", {counted(standing.open_parts, 'part')} open"
    if standing.lower is not None and standing.upper is not None:
        bounds = between(standing.lower, standing.upper)
        text += f"; J* in {bounds}, gap {approximate(standing.upper - standing.lower)}"
    return text
