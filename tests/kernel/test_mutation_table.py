"""The tables of mutation.md are about functions that the kernel has."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.kernel.survivors import explained

TEXT = (Path(__file__).parent / "mutation.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\w+) \| (`[^|]+`) \|", re.MULTILINE)
NAMED = {
    (module, name)
    for module, names in ROW.findall(TEXT)
    for name in re.findall(r"`([^`]+)`", names)
}


def is_there(module: str, function: str) -> bool:
    """Whether the kernel's module defines this function or method."""
    place = vars(import_module(f"exactqse.kernel.{module}"))
    for name in function.split("."):
        if name not in place:
            return False
        found = place[name]
        place = getattr(found, "__dict__", {})
    found = getattr(found, "fget", getattr(found, "func", found))  # of a property
    return getattr(found, "__module__", "") == f"exactqse.kernel.{module}"


@pytest.mark.parametrize(("module", "function"), sorted(NAMED))
def test_a_row_names_a_function_of_the_kernel(module: str, function: str) -> None:
    assert is_there(module, function)


def test_rows_are_read() -> None:
    assert not is_there("game", "no_such_function")
    assert not is_there("gamefile", "canonical_json")  # only used there
    assert {(module, function) for module, function, _ in explained(TEXT)} <= NAMED
    assert ("certificate", "Certificate.kind") in NAMED
    assert len(NAMED) > 50
