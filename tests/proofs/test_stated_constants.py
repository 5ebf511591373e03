"""The specifications state the constants, fields and versions of the code."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from exactqse.kernel import certificate, codec, gamefile
from exactqse.kernel.certificate import Place
from exactqse.model import policy
from exactqse.simulate import datasetfile
from exactqse.trials import records

PROOFS = Path(__file__).resolve().parents[2] / "proofs"
_CONSTANT = re.compile(r"^\| `([a-z]+)\.([A-Z_]+)` \| ([0-9]+) \|$", re.MULTILINE)
_FIELD = re.compile(r"^\| `([A-Za-z_]+)` \| (.*) \|$", re.MULTILINE)


def _text(page: str) -> str:
    return (PROOFS / page).read_text(encoding="utf-8")


def _fields(page: str, heading: str) -> dict[str, str]:
    """Field to description, of the section's first table."""
    section = _text(page).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(_FIELD.findall(section))


@pytest.mark.parametrize(("page", "count"), [("game-file.md", 7), ("certificate-format.md", 5)])
def test_stated_constants(page: str, count: int) -> None:
    stated = _CONSTANT.findall(_text(page))
    assert len(stated) == count
    for module, name, value in stated:
        assert getattr(import_module(f"exactqse.kernel.{module}"), name) == int(value), name


@pytest.mark.parametrize(
    ("page", "module", "names"),
    [
        ("game-file.md", gamefile, gamefile.FIELDS),
        (
            "certificate-format.md",
            certificate,
            ("format", "version", "kind", *certificate._types("farsighted")),
        ),
        ("policy-file.md", policy, ("format", "version", "pi")),
        ("trial-record.md", records, records._FIELDS),
        ("dataset-file.md", datasetfile, datasetfile.FIELDS),
    ],
)
def test_stated_fields(page: str, module: Any, names: tuple[str, ...]) -> None:
    stated = _fields(page, "Fields")
    assert tuple(stated) == names
    assert stated["format"] == f"the string `{module.FORMAT}`"
    assert stated["version"] == f"the integer {module.VERSION}"
    assert f"Version {module.VERSION} of `{module.FORMAT}`" in _text(page)


@pytest.mark.parametrize("kind", certificate.KINDS)
def test_stated_fields_of_kinds(kind: str) -> None:
    stated = _fields("certificate-format.md", "Fields")
    covered = " and ".join(f'"{name}"' for name in certificate.COVERED)
    for_all = [n for n, what in stated.items() if not what.startswith(f"kinds {covered} only")]
    own = stated if kind in certificate.COVERED else for_all
    assert [*own] == ["format", "version", "kind", *certificate._types(kind)]
    assert f"`{kind}`" in stated["kind"]
    assert stated["kind"].count("`") == 2 * len(certificate.KINDS)
    node = _fields("certificate-format.md", f"Fields of a {kind} node")
    assert [*node] == [field.name for field in fields(certificate.KINDS[kind])]


def test_stated_fields_of_parts() -> None:
    parts = {"the setting": datasetfile.SETTING_FIELDS, "a run": datasetfile.RUN_FIELDS}
    for part, names in parts.items():
        assert tuple(_fields("dataset-file.md", f"Fields of {part}")) == names
    noise = _fields("dataset-file.md", "Fields of the setting")["noise"]
    assert re.findall("`([a-z]+)`", noise) == [*datasetfile.NOISE_FIELDS]


def test_stated_lists() -> None:
    """Every dataclass that is written as a list, with its fields in their order."""
    section = _text("certificate-format.md").split("\n## Lists\n")[1].split("\n## ")[0]
    stated = re.findall(r"^\| `(\w+)` \| `\[([a-z, ]+)\]`", section, re.MULTILINE)
    classes = {
        name: ", ".join(field.name for field in fields(value))
        for name, value in vars(certificate).items()
        if is_dataclass(value)
        and not (value is certificate.Certificate or issubclass(value, Place))
    }
    assert dict(stated) == classes
    assert len(stated) == len(classes) == 8
    up, *others = certificate.UP, certificate.DOWN, certificate.CHORD
    majorants = [f'`["{up}", s]`', *(f'`["{tag}", kappa]`' for tag in others)]
    assert ", ".join(majorants) in section


def test_the_stated_example_is_read() -> None:
    text = _text("certificate-format.md").split("\n## Example\n\n")[1].split("\n\n")[0]
    data = text.replace("<64 hexadecimal digits>", "0" * 64).encode()
    example = certificate.Certificate.from_bytes(data)
    assert example.precision == 64
    assert example.kind == "myopic"
    assert example.nodes[0].trees[1][0] == certificate.Split(0, 1)
    assert example.nodes[0].trees[1][2] == certificate.Leaf((0,), -9)
    assert len(example.to_bytes().split()) == 1


@pytest.mark.parametrize("text", ["3", "-1/3", "0.1", "1.", ".5", "2.5e-3"])
def test_stated_numbers_are_read(text: str) -> None:
    assert f'"{text}"' in _text("game-file.md")
    codec.number(text, "here")


@pytest.mark.parametrize("text", ["1/-3", "1e2/3", " 1", "1_000", "inf"])
def test_stated_non_numbers_are_refused(text: str) -> None:
    assert f'"{text}"' in _text("game-file.md")
    with pytest.raises(ValueError, match="not a rational number"):
        codec.number(text, "here")
