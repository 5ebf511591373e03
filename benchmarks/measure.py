"""What every benchmark uses: this process's own time, tables on the screen and in results/."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")
RESULTS = Path(__file__).parent / "results"
CONSOLE = Console(width=190)


def timed(function: Callable[[], T]) -> tuple[float, T]:
    """Seconds of this process's own work, which other processes cannot stretch; and the result."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def show(title: str, columns: list[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table and write its data to results/."""
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*map(str, row))
    CONSOLE.print(table)
    data = {"title": title, "columns": columns, "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    name = title.split(":", maxsplit=1)[0].replace(" ", "-").lower()
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1, default=str) + "\n")
