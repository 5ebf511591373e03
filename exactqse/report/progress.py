"""A progress bar on the error stream, for work that turns out to be long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

DELAY = 2.0  # seconds of silence before the bar is drawn


@contextmanager
def working(
    console: Console, title: str, *, finish: str = "", delay: float = DELAY
) -> Iterator[Callable[[int, int], None]]:
    """Draw a bar after ``delay`` seconds, and wipe it at the end; on a terminal only.

    Yields:
        A callback (done, in all). When all is done a bar without an end, titled ``finish``,
        stands for what is left.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(title, total=None, count="")

    rest = bar.add_task(finish, total=None, visible=False, count="")

    def step(done: int, total: int) -> None:
        over = done >= total and bool(finish)
        bar.update(task, completed=done, total=total, count=f"{done:,} of {total:,}")
        bar.update(task, visible=not over)
        bar.update(rest, visible=over)

    timer = Timer(delay, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield step
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
