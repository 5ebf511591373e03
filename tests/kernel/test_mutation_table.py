"""The tables of mutation.md are about functions that the kernel has."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.kernel.survivors import explained

TEXT = (Path(__file__).parent / "mutation.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\w+) \| `([\w.]+)` \| [^|]* \| [^|]* \|", re.MULTILINE)


def is_there(module: str, function: str) -> bool:
    """Whether the kernel's module defines this function or method."""
    place = vars(import_module(f"exactqse.kernel.{module}"))
    for name in function.split("."):
        if name not in place:
            return False
        found = place[name]
        place = getattr(found, "__dict__", {})
    return bool(getattr(found, "__module__", "").endswith(f".{module}"))


@pytest.mark.parametrize(("module", "function"), sorted({*ROW.findall(TEXT)}))
def test_a_row_names_a_function_of_the_kernel(module: str, function: str) -> None:
    assert is_there(module, function)


def test_rows_are_read() -> None:
    assert not is_there("game", "no_such_function")
    rows = {*ROW.findall(TEXT)}
    assert {(module, function) for module, function, _ in explained(TEXT)} <= rows
    assert len(rows) > 50
