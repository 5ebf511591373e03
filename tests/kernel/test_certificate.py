from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import CertificateError, FileError, InputError, NumberError
from exactqse.kernel.certificate import (
    DOWN,
    MAX_PRECISION,
    MIN_PRECISION,
    UP,
    Certificate,
    Leaf,
    Node,
    Split,
)
from exactqse.model import Game

HASH = "0123456789abcdef" * 4
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
LEAF = Leaf(((UP, HALF),))


def node(**changes: object) -> Node:
    fields: dict[str, Any] = {
        "step": 0,
        "state": 1,
        "upper": Fraction(7, 2),
        "shift": -3,
        "policy": (((0, THIRD), (2, 1 - THIRD)), ((1, Fraction(1)),)),
        "trees": ((LEAF,), (Split(0, 2), Leaf(((DOWN, Fraction(3)),), -7), LEAF)),
    }
    return Node(**(fields | changes))


def certificate(**changes: object) -> Certificate:
    fields: dict[str, Any] = {
        "game": HASH,
        "precision": 64,
        "lower": Fraction(-1, 3),
        "upper": Fraction(5),
        "nodes": (node(), node(step=1, state=0)),
    }
    return Certificate(**(fields | changes))


DOCUMENT: dict[str, Any] = {
    "format": "exactqse-certificate",
    "version": 1,
    "kind": "myopic",
    "game": HASH,
    "precision": 64,
    "lower": "-1/3",
    "upper": "5",
    "nodes": [
        {
            "step": step,
            "state": state,
            "upper": "7/2",
            "shift": "-3",
            "policy": [{"0": "1/3", "2": "2/3"}, {"1": "1"}],
            "trees": [[[0, ["up", "1/2"]]], [[0, 2], [-7, ["down", "3"]], [0, ["up", "1/2"]]]],
        }
        for step, state in ((0, 1), (1, 0))
    ],
}
TREE = "nodes[1].trees[1]"
CANONICAL = json.dumps(DOCUMENT, separators=(",", ":")).encode() + b"\n"


def changed(path: tuple[Any, ...], value: object) -> bytes:
    document = deepcopy(DOCUMENT)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(document).encode()


def test_canonical_bytes_and_back() -> None:
    assert certificate().to_bytes() == CANONICAL
    assert Certificate.from_bytes(CANONICAL) == certificate()


def test_save_and_load(tmp_path: Path) -> None:
    path = tmp_path / "x.qse"
    certificate().save(path)
    assert path.read_bytes() == CANONICAL
    assert Certificate.load(path) == certificate()
    assert Certificate.load(str(path)) == certificate()
    path.write_bytes(b"{")
    with pytest.raises(FileError) as caught:
        Certificate.load(path)
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lower",), "-0.2e1"),
        (("lower",), -2),
        (("nodes", 0, "shift"), -3),
        (("nodes", 0, "shift"), "-6/2"),
        (("nodes", 0, "policy", 0), {"2": "4/6", "0": "1/3"}),
        (("nodes", 0, "trees", 1, 1, 1, 1), 3),
    ],
)
def test_other_spellings(path: tuple[Any, ...], value: object) -> None:
    found = Certificate.from_bytes(changed(path, value))
    assert found == (certificate(lower=Fraction(-2)) if path == ("lower",) else certificate())


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"game": "x" * 64}, "game", "is not a SHA-256"),
        ({"game": "X" * 64}, "game", "is not a SHA-256"),
        ({"game": HASH[:-1]}, "game", "is not a SHA-256"),
        ({"game": HASH + "0"}, "game", "is not a SHA-256"),
        ({"game": HASH.upper()}, "game", "is not a SHA-256"),
        ({"precision": MIN_PRECISION - 1}, "precision", "15 bits is not in 16..65536"),
        ({"precision": MAX_PRECISION + 1}, "precision", "65537 bits is not in 16..65536"),
        ({"nodes": (node(), node())}, "nodes", "are not in ascending order"),
        ({"nodes": (node(step=1, state=0), node())}, "nodes", "are not in ascending order"),
        ({"precision": 64.0}, "certificate", "needs int and Fraction values"),
        ({"lower": -1}, "certificate", "needs int and Fraction values"),
        ({"upper": 5.0}, "certificate", "needs int and Fraction values"),
    ],
)
def test_fields_of_the_certificate(changes: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(CertificateError) as caught:
        certificate(**changes)
    assert caught.value.where == where
    assert caught.value.what.startswith(what)


def test_the_ends_of_the_precision_are_allowed() -> None:
    for bits in (MIN_PRECISION, MAX_PRECISION):
        assert certificate(precision=bits).precision == bits


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"policy": (((2, HALF), (0, HALF)),)}, "the policy's actions do not ascend"),
        ({"policy": (((1, HALF), (1, HALF)),)}, "the policy's actions do not ascend"),
        ({"policy": (((-1, HALF), (1, HALF)),)}, "the policy's actions do not ascend"),
        (
            {"policy": (((0, Fraction(0)), (1, Fraction(1))),)},
            "a probability of the policy is not positive",
        ),
        (
            {"policy": (((0, Fraction(-1)), (1, Fraction(2))),)},
            "a probability of the policy is not positive",
        ),
        ({"policy": (((0, HALF), (1, THIRD)),)}, "the policy's probabilities do not sum to 1"),
        ({"policy": (((0, HALF), (1, 2 * THIRD)),)}, "the policy's probabilities do not sum to 1"),
        ({"policy": ((),)}, "the policy's probabilities do not sum to 1"),
        ({"trees": ((Leaf((("Up", HALF),)),),)}, "unknown tag 'Up'"),
        ({"trees": ((Leaf((("x" * 99, HALF),)),),)}, f"unknown tag '{'x' * 40}' in"),
        ({"trees": ((Leaf(((UP, Fraction(0)),)),),)}, "parameter 0 of a leaf is not positive"),
        ({"trees": ((Leaf(((DOWN, -HALF),)),),)}, "parameter -1/2 of a leaf is not positive"),
        ({"trees": ((),)}, "a tree lacks 1 leaves"),
        ({"trees": ((LEAF.majorants,),)}, "a tree holds Split and Leaf entries only"),
        ({"trees": ((Split(0, 1), LEAF),)}, "a tree lacks 1 leaves"),
        ({"trees": ((LEAF, LEAF),)}, "a tree goes on after its last leaf"),
        ({"trees": ((Split(0, 1), LEAF, LEAF, LEAF),)}, "a tree goes on after its last leaf"),
        ({"trees": ((Split(1, 1), LEAF, LEAF),)}, "[1, 1] is no edge"),
        ({"trees": ((Split(-1, 1), LEAF, LEAF),)}, "[-1, 1] is no edge"),
        ({"trees": ((Leaf(LEAF.majorants, 1.0),),)}, "needs int and Fraction values"),
        ({"trees": ((Split(0, 1.0), LEAF, LEAF),)}, "needs int and Fraction values"),
        ({"trees": ((Split(0.0, 1), LEAF, LEAF),)}, "needs int and Fraction values"),
        ({"trees": ((Leaf(((UP, 1),)),),)}, "needs int and Fraction values"),
        ({"trees": ((Leaf(((UP, HALF), (DOWN, 0.5))),),)}, "needs int and Fraction values"),
        ({"policy": (((0.0, Fraction(1)),),)}, "needs int and Fraction values"),
        ({"policy": (((0, HALF), (1, 0.5)),)}, "needs int and Fraction values"),
        ({"shift": -3.0}, "needs int and Fraction values"),
        ({"upper": 3.5}, "needs int and Fraction values"),
        ({"upper": 3}, "needs int and Fraction values"),
    ],
)
def test_fields_of_a_node(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(CertificateError) as caught:
        node(**changes)
    assert caught.value.where == "node (0, 1)"
    assert caught.value.what.startswith(what)


@pytest.mark.parametrize("field", DOCUMENT)
def test_missing_fields(field: str) -> None:
    data = json.dumps({k: v for k, v in DOCUMENT.items() if k != field}).encode()
    with pytest.raises(CertificateError, match=f"field '{field}' is missing") as caught:
        Certificate.from_bytes(data, "my file")
    assert caught.value.where == "my file"


@pytest.mark.parametrize("field", DOCUMENT["nodes"][0])
def test_missing_fields_of_a_node(field: str) -> None:
    part = {k: v for k, v in DOCUMENT["nodes"][1].items() if k != field}
    with pytest.raises(CertificateError, match=f"field '{field}' is missing") as caught:
        Certificate.from_bytes(changed(("nodes", 1), part))
    assert caught.value.where == "nodes[1]"


def test_unknown_fields() -> None:
    with pytest.raises(CertificateError, match="unknown field 'x'"):
        Certificate.from_bytes(changed(("x",), 1))
    with pytest.raises(CertificateError, match=r"nodes\[0\]: unknown field 'x'"):
        Certificate.from_bytes(changed(("nodes", 0, "x"), 1))


@pytest.mark.parametrize("field", DOCUMENT)
@pytest.mark.parametrize("value", [None, True, [[]], {"x": 1}, ["x"]], ids=range(5))
def test_wrong_types(field: str, value: object) -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.from_bytes(changed((field,), value))
    assert field in f"{caught.value.where} {caught.value.what}"


@pytest.mark.parametrize("field", DOCUMENT["nodes"][0])
@pytest.mark.parametrize("value", [None, True, [[]], {"x": 1}, ["x"]], ids=range(5))
def test_wrong_types_in_a_node(field: str, value: object) -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.from_bytes(changed(("nodes", 1, field), value))
    assert caught.value.where.startswith((f"nodes[1].{field}", "node (1, 0)"))


@pytest.mark.parametrize(
    ("path", "value", "error", "where", "what"),
    [
        (("format",), "exactqse-game", CertificateError, "certificate", "format is not"),
        (("version",), 2, CertificateError, "certificate", "version is not 1"),
        (("kind",), "x", CertificateError, "certificate", "kind is not 'myopic'"),
        (("game",), 1, CertificateError, "game", "is not a string"),
        (("precision",), -1, CertificateError, "precision", "-1 is less than 0"),
        (("precision",), "64", CertificateError, "precision", "is not a number"),
        (("lower",), "x", NumberError, "lower", "'x' is not a rational number"),
        (("upper",), "1/0", NumberError, "upper", "'1/0' divides by zero"),
        (("nodes",), 1, CertificateError, "nodes", "is not a list"),
        (("nodes", 1), 1, CertificateError, "nodes[1]", "is not a JSON object"),
        (("nodes", 1, "policy"), 1, CertificateError, "nodes[1].policy", "is not a list"),
        (("nodes", 1, "trees"), 1, CertificateError, "nodes[1].trees", "is not a list"),
        (("nodes", 1, "shift"), "1/2", CertificateError, "nodes[1].shift", "1/2 is not an integer"),
        (("nodes", 1, "step"), "1", CertificateError, "nodes[1].step", "is not a number"),
        (("nodes", 1, "state"), -1, CertificateError, "nodes[1].state", "-1 is less than 0"),
        (("nodes", 1, "upper"), "", NumberError, "nodes[1].upper", "'' is not a rational"),
        (
            ("nodes", 1, "policy", 1),
            [1],
            CertificateError,
            "nodes[1].policy[1]",
            "is not an object",
        ),
        (
            ("nodes", 1, "policy", 1),
            {"01": 1},
            CertificateError,
            "nodes[1].policy[1]",
            "'01' is not an index",
        ),
        (
            ("nodes", 1, "policy", 1),
            {"1": "x"},
            NumberError,
            "nodes[1].policy[1].1",
            "'x' is not a",
        ),
        (("nodes", 1, "trees", 1), 1, CertificateError, "nodes[1].trees[1]", "is not a list"),
        (("nodes", 1, "trees", 1, 1), 1, CertificateError, TREE + "[1]", "is not a list"),
        (
            ("nodes", 1, "trees", 1, 1),
            [0, ["up"]],
            CertificateError,
            TREE + "[1]",
            'is not ["up", s]',
        ),
        (
            ("nodes", 1, "trees", 1, 1),
            [0, ["up", 1, 2]],
            CertificateError,
            TREE + "[1]",
            "is not [",
        ),
        (("nodes", 1, "trees", 1, 1), [0, [1, 1]], CertificateError, TREE + "[1]", "is not ["),
        (
            ("nodes", 1, "trees", 1, 1),
            [0, ["up", "x"]],
            NumberError,
            TREE + "[1]",
            "'x' is not a",
        ),
        (("nodes", 1, "trees", 1, 0), [], CertificateError, TREE + "[0]", "is not a number"),
        (("nodes", 1, "trees", 1, 1), [0, "up"], CertificateError, TREE + "[1]", "is not a number"),
        (("nodes", 1, "trees", 1, 1), [0, [], 1], CertificateError, TREE + "[1]", "is not ["),
        (
            ("nodes", 1, "trees", 1, 1),
            [0, ["up", 1], 1],
            CertificateError,
            TREE + "[1]",
            "is not a list",
        ),
        (("nodes", 1, "trees", 1, 0), ["0", 2], CertificateError, TREE + "[0]", "is not a number"),
        (("nodes", 1, "trees", 1, 0), [0, -2], CertificateError, TREE + "[0]", "-2 is less than 0"),
    ],
)
def test_every_error_names_its_place(
    path: tuple[Any, ...], value: object, error: type[InputError], where: str, what: str
) -> None:
    with pytest.raises(error) as caught:
        Certificate.from_bytes(changed(path, value))
    assert caught.value.where == where
    assert caught.value.what.startswith(what)


def test_remedies_survive() -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.from_bytes(changed(("version",), 2))
    assert caught.value.remedy == "use the release that wrote the file"


@settings(max_examples=400)
@given(st.integers(0, len(CANONICAL) - 1), st.integers(0, 12), st.binary(max_size=6))
def test_mutated_files_raise_input_errors_only(start: int, length: int, put: bytes) -> None:
    data = CANONICAL[:start] + put + CANONICAL[start + length :]
    try:
        found = Certificate.from_bytes(data)
    except InputError:
        return
    assert Certificate.from_bytes(found.to_bytes()) == found


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_input_errors_only(data: bytes) -> None:
    with pytest.raises(InputError):
        Certificate.from_bytes(data)


def test_solved_certificates_round_trip(solved: list[tuple[Game, Certificate]]) -> None:
    for _, found in solved:
        assert Certificate.from_bytes(found.to_bytes()) == found
        assert replace(found, precision=99).to_bytes() != found.to_bytes()
