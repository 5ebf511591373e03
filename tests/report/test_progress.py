from __future__ import annotations

from io import StringIO
from threading import Event

import pytest
from rich.console import Console

from exactqse.report import working


class Screen(StringIO):
    """A stream that tells when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.touched = Event()

    def write(self, text: str) -> int:
        self.touched.set()
        return super().write(text)


def test_quick_work_draws_nothing() -> None:
    screen = Screen()
    with working(Console(file=screen, force_terminal=True), "solving", delay=3600) as step:
        step(1, 2)
    assert screen.getvalue() == ""


def test_long_work_draws_a_bar_and_then_what_is_left() -> None:
    screen = Screen()
    console = Console(file=screen, force_terminal=True, width=80)
    with working(console, "solving", finish="checking", delay=0) as step:
        step(1, 2)
        assert screen.touched.wait(60)
        step(2, 2)
    text = screen.getvalue()
    assert "solving" in text
    assert "checking" in text


def test_nothing_is_drawn_where_no_one_looks() -> None:
    screen = Screen()
    with working(Console(file=screen, force_terminal=False), "solving", delay=0) as step:
        step(2, 2)
    assert screen.getvalue() == ""


def test_errors_pass_through() -> None:
    with (
        pytest.raises(RuntimeError, match="inside"),
        working(Console(file=Screen(), force_terminal=True), "solving", delay=3600),
    ):
        raise RuntimeError("inside")
