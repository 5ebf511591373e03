"""A progress bar on the error stream, for work that turns out to be long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

DELAY = 2.0  # seconds of silence before the bar is drawn


@contextmanager
def working(
    console: Console, title: str, *, finish: str = "", delay: float = DELAY
) -> Iterator[Callable[[int, int], None]]:
    """Draw a bar after ``delay`` seconds, and wipe it at the end; on a terminal only.

    Yields:
        A callback (done, in all). When all is done the title turns to ``finish``, for what is left.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(title, total=None)

    def step(done: int, total: int) -> None:
        if done < total or not finish:
            bar.update(task, completed=done, total=total, description=title)
        else:
            bar.update(task, completed=done, total=total, description=finish)

    timer = Timer(delay, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield step
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
