"""The specifications state the constants, fields and versions of the code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from exactqse.kernel import certificate, gamefile
from exactqse.model import policy

PROOFS = Path(__file__).resolve().parents[2] / "proofs"
_CONSTANT = re.compile(r"^\| `([a-z]+)\.([A-Z_]+)` \| ([0-9]+) \|$", re.MULTILINE)
_FIELD = re.compile(r"^\| `([A-Za-z_]+)` \| (.*) \|$", re.MULTILINE)


def _text(page: str) -> str:
    return (PROOFS / page).read_text(encoding="utf-8")


def _fields(page: str, heading: str) -> dict[str, str]:
    """Field to description, of the section's first table."""
    section = _text(page).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(_FIELD.findall(section))


@pytest.mark.parametrize(("page", "count"), [("game-file.md", 7), ("certificate-format.md", 3)])
def test_stated_constants(page: str, count: int) -> None:
    stated = _CONSTANT.findall(_text(page))
    assert len(stated) == count
    for module, name, value in stated:
        assert getattr(import_module(f"exactqse.kernel.{module}"), name) == int(value), name


@pytest.mark.parametrize(
    ("page", "module", "fields"),
    [
        ("game-file.md", gamefile, gamefile._FIELDS),
        ("certificate-format.md", certificate, certificate._FIELDS),
        ("policy-file.md", policy, ("format", "version", "pi")),
    ],
)
def test_stated_fields(page: str, module: Any, fields: tuple[str, ...]) -> None:
    stated = _fields(page, "Fields")
    assert tuple(stated) == fields
    assert stated["format"] == f"the string `{module.FORMAT}`"
    assert stated["version"] == f"the integer {module.VERSION}"
    assert f"Version {module.VERSION} of `{module.FORMAT}`" in _text(page)


def test_stated_node_fields() -> None:
    stated = _fields("certificate-format.md", "Fields of a node")
    assert tuple(stated) == certificate._NODE_FIELDS
    assert f'`["{certificate.UP}", s]` or `["{certificate.DOWN}", kappa]`' in _text(
        "certificate-format.md"
    )
    kind = _fields("certificate-format.md", "Fields")["kind"]
    assert kind == f"the string `{certificate.KIND}`"


def test_the_stated_example_is_read() -> None:
    text = _text("certificate-format.md").split("\n## Example\n\n")[1].split("\n\n")[0]
    data = text.replace("<64 hexadecimal digits>", "0" * 64).encode()
    example = certificate.Certificate.from_bytes(data)
    assert example.precision == 64
    assert example.nodes[0].trees[1][0] == certificate.Split(0, 1)
    assert len(example.to_bytes().split()) == 1


@pytest.mark.parametrize("text", ["3", "-1/3", "0.1", "1.", ".5", "2.5e-3"])
def test_stated_numbers_are_read(text: str) -> None:
    assert f'"{text}"' in _text("game-file.md")
    gamefile.number(text, "here")


@pytest.mark.parametrize("text", ["1/-3", "1e2/3", " 1", "1_000", "inf"])
def test_stated_non_numbers_are_refused(text: str) -> None:
    assert f'"{text}"' in _text("game-file.md")
    with pytest.raises(ValueError, match="not a rational number"):
        gamefile.number(text, "here")
