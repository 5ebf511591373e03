"""The two streams: results on the output, progress and errors on the other."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from exactqse.report import printable, to_json
from exactqse.report.documents import Document


def error_console() -> Console:
    """The error stream, for progress bars."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def show(*blocks: RenderableType) -> None:
    """Print renderables on the output; plain lines are not wrapped."""
    console = Console(markup=False, highlight=False, emoji=False)
    for block in blocks:
        console.print(block, soft_wrap=isinstance(block, Text))


def emit(document: Document) -> None:
    """Print one JSON document on the output."""
    sys.stdout.write(to_json(document) + "\n")


def complain(error: Exception) -> None:
    """Print an error as one line on the error stream."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    sys.stderr.write(f"error: {printable(text)}\n")


def complain_of_usage(error: Any) -> None:
    """Print typer's complaint of wrong usage as one line, with where to read on."""
    text = " ".join(error.format_message().split()).rstrip(".")
    command = "exactqse" if error.ctx is None else error.ctx.command_path
    remedy = "" if text.endswith("?") else f"; see {command} --help"
    sys.stderr.write(f"error: {printable(text[:1].lower() + text[1:])}{remedy}\n")
