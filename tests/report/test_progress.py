from __future__ import annotations

from fractions import Fraction
from io import StringIO
from threading import Event

import pytest
from rich.console import Console

from exactqse.report import working
from exactqse.report.progress import standing_text
from exactqse.solve import Standing


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
        step(Standing(1, 2))
    assert screen.getvalue() == ""


def test_long_work_draws_a_bar_and_then_what_is_left() -> None:
    screen = Screen()
    console = Console(file=screen, force_terminal=True, width=80)
    with working(console, "solving", delay=0) as step:
        step(Standing(1, 2))
        assert screen.touched.wait(60)
        step(Standing(2, 2, checking=True))
    text = screen.getvalue()
    assert "solving" in text
    assert "checking" in text


def test_nothing_is_drawn_where_no_one_looks() -> None:
    screen = Screen()
    with working(Console(file=screen, force_terminal=False), "solving", delay=0) as step:
        step(Standing(2, 2))
    assert screen.getvalue() == ""


def test_errors_pass_through() -> None:
    with (
        pytest.raises(RuntimeError, match="inside"),
        working(Console(file=Screen(), force_terminal=True), "solving", delay=3600),
    ):
        raise RuntimeError("inside")


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (Standing(3, 40), "3 of 40"),
        (Standing(0, 1, open_parts=1), "0 of 1, 1 part open"),
        (
            Standing(2, 9, Fraction(1, 3), Fraction(2, 3), 1024),
            "2 of 9, 1,024 parts open; J* in [0.3333, 0.6667], gap 0.3333",
        ),
    ],
)
def test_how_a_search_stands(standing: Standing, text: str) -> None:
    assert standing_text(standing) == text
