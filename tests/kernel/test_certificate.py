"""Certificates of every kind: the file, and every rule of form that their constructor enforces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from math import gcd, lcm, prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import CertificateError, FileError, InputError, NumberError
from exactqse.kernel.certificate import (
    CHORD,
    COVERED,
    DOWN,
    KINDS,
    MAX_COMMON_BITS,
    MAX_PRECISION,
    MIN_PRECISION,
    UP,
    Certificate,
    Claim,
    FarsightedNode,
    HistoryNode,
    Leaf,
    MixtureSplit,
    Node,
    Part,
    Piece,
    Slope,
    Split,
    StrongNode,
    ValueSplit,
)
from exactqse.model import Game

HASH = "0123456789abcdef" * 4
HALF, THIRD, ONE = Fraction(1, 2), Fraction(1, 3), Fraction(1)
LEAF = Leaf(((UP, HALF),))
POLICY = (((0, THIRD), (2, 1 - THIRD)), ((1, ONE),))


def node(**changes: object) -> Node:
    fields: dict[str, Any] = {
        "step": 0,
        "state": 1,
        "upper": Fraction(7, 2),
        "shift": -3,
        "policy": POLICY,
        "trees": ((LEAF,), (Split(0, 2), Leaf(((DOWN, Fraction(3)),), -7), Leaf((1,)))),
    }
    return Node(**(fields | changes))


def strong_node(**changes: object) -> StrongNode:
    fields: dict[str, Any] = {
        "step": 0,
        "state": 1,
        "upper": Fraction(7, 2),
        "policy": POLICY,
        "duals": ((Fraction(0), HALF), (THIRD, Fraction(0))),
    }
    return StrongNode(**(fields | changes))


PIECES = (
    Piece(
        Fraction(2),
        ((LEAF,), (Split(0, 2), LEAF, Leaf((0,)))),
        Fraction(-1, 4),
        (0, 2),
    ),
    Piece(Fraction(3), ((LEAF,), (LEAF,))),
)
DIVIDED = (MixtureSplit(Split(0, 2), 1, 0, 1), 2, 1)
AGAIN = (ValueSplit(2, 0, THIRD), 2, ValueSplit(2, 0, ONE), 1, 1)
CLAIMS = (
    Claim(0, -5, PIECES[1:]),
    Claim(1, 0, (*PIECES, PIECES[1]), DIVIDED),
    Claim(1, 0, (*PIECES, PIECES[1], PIECES[1]), AGAIN),
)
COVER = (
    ValueSplit(1, 0, HALF),
    Part(CLAIMS),
    ValueSplit(1, 0, ONE),
    Part(CLAIMS, 1),
    MixtureSplit(Split(0, 2), 1, 0, 1),
    Part(CLAIMS[::-1]),
    Part(CLAIMS),
)


def certificate(kind: str = "myopic", **changes: object) -> Certificate:
    nodes: dict[str, Any] = {
        "myopic": (node(), node(step=1, state=0)),
        "farsighted": (FarsightedNode(0, 1, POLICY), FarsightedNode(1, 0, POLICY[::-1])),
        "history": (
            HistoryNode(0, 1, POLICY, (((0, ((1, HALF), (2, HALF))),), ((0, ((2, ONE),)),))),
            HistoryNode(1, 0, POLICY, ()),
            HistoryNode(1, 0, POLICY[::-1], ()),
        ),
        "strong": (strong_node(), strong_node(step=1, state=0)),
    }
    fields: dict[str, Any] = {
        "game": HASH,
        "precision": 64,
        "lower": Fraction(-1, 3),
        "upper": Fraction(5),
        "nodes": nodes[kind],
    }
    if kind in COVERED:
        table = (Slope(ONE, ((1, -HALF),)), Slope(Fraction(-2)))
        fields |= {"slopes": (table, (Slope(ONE), Slope(THIRD))), "cover": COVER}
    return Certificate(**(fields | changes))


def document(kind: str, nodes: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "format": "exactqse-certificate",
        "version": 1,
        "kind": kind,
        "game": HASH,
        "precision": 64,
        "lower": "-1/3",
        "upper": "5",
        "nodes": nodes,
        **more,
    }


ROWS = [[[0, "1/3"], [2, "2/3"]], [[1, "1"]]]
PLAIN = [[["up", "1/2"]], 0]
PIECE = ["3", [[PLAIN], [PLAIN]], None, []]
TIED = ["2", [[PLAIN], [[0, 2], PLAIN, [[0], 0]]], "-1/4", [0, 2]]
CLAIM_0 = [0, -5, [PIECE], []]
CLAIM_1 = [1, 0, [TIED, PIECE, PIECE], [[[0, 2], 1, 0, 1], 2, 1]]
CLAIM_2 = [1, 0, [TIED, PIECE, PIECE, PIECE], [[2, 0, "1/3"], 2, [2, 0, "1"], 1, 1]]
MYOPIC = document(
    "myopic",
    [
        {
            "step": step,
            "state": state,
            "upper": "7/2",
            "shift": -3,
            "policy": ROWS,
            "trees": [[PLAIN], [[0, 2], [[["down", "3"]], -7], [[1], 0]]],
        }
        for step, state in ((0, 1), (1, 0))
    ],
)
STRONG = document(
    "strong",
    [
        {
            "step": step,
            "state": state,
            "upper": "7/2",
            "policy": ROWS,
            "duals": [["0", "1/2"], ["1/3", "0"]],
        }
        for step, state in ((0, 1), (1, 0))
    ],
)
BOUNDS: dict[str, Any] = {
    "slopes": [[["1", [[1, "-1/2"]]], ["-2", []]], [["1", []], ["1/3", []]]],
    "cover": [
        [1, 0, "1/2"],
        [[CLAIM_0, CLAIM_1, CLAIM_2], 0],
        [1, 0, "1"],
        [[CLAIM_0, CLAIM_1, CLAIM_2], 1],
        [[0, 2], 1, 0, 1],
        [[CLAIM_2, CLAIM_1, CLAIM_0], 0],
        [[CLAIM_0, CLAIM_1, CLAIM_2], 0],
    ],
}
FARSIGHTED = document(
    "farsighted",
    [{"step": 0, "state": 1, "policy": ROWS}, {"step": 1, "state": 0, "policy": ROWS[::-1]}],
    **BOUNDS,
)
HISTORY = document(
    "history",
    [
        {
            "step": 0,
            "state": 1,
            "policy": ROWS,
            "after": [[[0, [[1, "1/2"], [2, "1/2"]]]], [[0, [[2, "1"]]]]],
        },
        {"step": 1, "state": 0, "policy": ROWS, "after": []},
        {"step": 1, "state": 0, "policy": ROWS[::-1], "after": []},
    ],
    **BOUNDS,
)
DOCUMENTS = {"myopic": MYOPIC, "farsighted": FARSIGHTED, "history": HISTORY, "strong": STRONG}
FILES = {
    kind: json.dumps(content, separators=(",", ":")).encode() + b"\n"
    for kind, content in DOCUMENTS.items()
}
kinds = pytest.mark.parametrize("kind", DOCUMENTS)
fields_of_kinds = [(kind, field) for kind in DOCUMENTS for field in DOCUMENTS[kind]]
fields_of_nodes = [(kind, field) for kind in DOCUMENTS for field in DOCUMENTS[kind]["nodes"][0]]


def changed(kind: str, path: tuple[Any, ...], value: object) -> bytes:
    content = json.loads(FILES[kind])
    inner: Any = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(content).encode()


def test_there_are_these_kinds() -> None:
    assert set(DOCUMENTS) == set(KINDS)


@kinds
def test_canonical_bytes_and_back(kind: str) -> None:
    assert certificate(kind).to_bytes() == FILES[kind]
    assert Certificate.from_bytes(FILES[kind]) == certificate(kind)
    assert certificate(kind).kind == kind


def test_without_nodes_it_is_myopic() -> None:
    empty = certificate(nodes=())
    assert empty.kind == "myopic"
    assert Certificate.from_bytes(empty.to_bytes()) == empty


@kinds
def test_save_and_load(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.qse"
    certificate(kind).save(path)
    assert path.read_bytes() == FILES[kind]
    assert Certificate.load(path) == certificate(kind)
    assert Certificate.load(str(path)) == certificate(kind)
    path.write_bytes(b"{")
    with pytest.raises(FileError) as caught:
        Certificate.load(path)
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lower",), "-0.2e1"),
        (("lower",), -2),
        (("precision",), "64"),
        (("nodes", 0, "step"), "0"),
        (("nodes", 0, "shift"), "-3"),
        (("nodes", 0, "shift"), "-6/2"),
        (("nodes", 0, "policy", 0), [["0", "2/6"], [2, "4/6"]]),
        (("nodes", 0, "trees", 1, 1, 0, 0, 1), 3),
        (("nodes", 0, "trees", 1, 2, 0, 0), "1"),
        (("nodes", 0, "trees", 1, 0), ["0", "2"]),
    ],
)
def test_other_spellings(path: tuple[Any, ...], value: object) -> None:
    found = Certificate.from_bytes(changed("myopic", path, value))
    assert found == (certificate(lower=Fraction(-2)) if path == ("lower",) else certificate())


@kinds
@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"game": "x" * 64}, "game", "is not a SHA-256 in lower-case hexadecimal"),
        ({"game": "X" * 64}, "game", "is not a SHA-256 in lower-case hexadecimal"),
        ({"game": HASH[:-1]}, "game", "is not a SHA-256 in lower-case hexadecimal"),
        ({"game": HASH + "0"}, "game", "is not a SHA-256 in lower-case hexadecimal"),
        ({"game": HASH.upper()}, "game", "is not a SHA-256 in lower-case hexadecimal"),
        ({"precision": MIN_PRECISION - 1}, "precision", "15 bits is not in 16..65536"),
        ({"precision": MAX_PRECISION + 1}, "precision", "65537 bits is not in 16..65536"),
    ],
)
def test_fields_of_the_certificate(
    kind: str, changes: dict[str, Any], where: str, what: str
) -> None:
    with pytest.raises(CertificateError) as caught:
        certificate(kind, **changes)
    assert caught.value.what == what
    assert caught.value.where == where


@kinds
def test_nodes_ascend(kind: str) -> None:
    first, second = certificate(kind).nodes[:2]
    wrong = [(second, first), (replace(first, state=2), first)]
    if kind != "history":  # where a place may have several memories
        wrong.append((first, first))
    for nodes in wrong:
        with pytest.raises(CertificateError) as caught:
            certificate(kind, nodes=nodes)
        assert caught.value.where == "nodes"
        assert caught.value.what == "are not in ascending order of (step, state)"


def test_nodes_are_of_one_kind() -> None:
    for kind in DOCUMENTS:
        for other in set(DOCUMENTS) - {kind}:
            nodes = certificate(kind).nodes[0], certificate(other).nodes[1]
            with pytest.raises(CertificateError, match="does not belong there"):
                certificate(kind, nodes=nodes)


@pytest.mark.parametrize("kind", ["myopic", "strong"])
@pytest.mark.parametrize("field", ["slopes", "cover"])
def test_only_farsighted_certificates_have_slopes_and_a_cover(kind: str, field: str) -> None:
    for value in (getattr(certificate("farsighted"), field), [], None):
        with pytest.raises(CertificateError) as caught:
            certificate(kind, **{field: value})
        assert caught.value.where == "certificate"
        assert caught.value.what == "slopes and cover are for farsighted nodes"
    with pytest.raises(CertificateError, match=f"unknown field '{field}'"):
        Certificate.from_bytes(changed(kind, (field,), []))


def test_the_ends_of_the_precision_are_allowed() -> None:
    for bits in (MIN_PRECISION, MAX_PRECISION):
        assert certificate(precision=bits).precision == bits


@kinds
@pytest.mark.parametrize(
    ("policy", "what"),
    [
        ((((2, HALF), (0, HALF)),), "a distribution's entries do not ascend"),
        ((((1, HALF), (1, HALF)),), "a distribution's entries do not ascend"),
        ((((0, HALF / 2), (0, HALF / 2), (1, HALF)),), "a distribution's entries do not ascend"),
        ((((-1, HALF), (1, HALF)),), "a distribution's entries do not ascend"),
        ((((0, Fraction(0)), (1, ONE)),), "a probability is not positive"),
        ((((0, Fraction(-1)), (1, Fraction(2))),), "a probability is not positive"),
        ((((0, HALF), (1, THIRD)),), "probabilities do not sum to 1"),
        ((((0, HALF), (1, 2 * THIRD)),), "probabilities do not sum to 1"),
        ((((0, Fraction(6, 7)), (1, HALF / 2)),), "probabilities do not sum to 1"),
        (((),), "probabilities do not sum to 1"),
        ((((0, HALF), (1, HALF - Fraction(1, 10**40))),), "probabilities do not sum to 1"),
    ],
)
def test_distributions(kind: str, policy: Any, what: str) -> None:
    nodes = certificate(kind).nodes
    for i, place in enumerate(("(0, 1)", "(1, 0)")):
        wrong = replace(nodes[i], policy=(POLICY[1], *policy))
        with pytest.raises(CertificateError) as caught:
            certificate(kind, nodes=(*nodes[:i], wrong, *nodes[i + 1 :]))
        assert caught.value.what == what
        assert caught.value.where == f"node {place}"


TREES = [
    ((Leaf((("Up", HALF),)),), "('Up', Fraction(1, 2)) is no majorant"),
    ((Leaf((("x" * 99, HALF),)),), f"('{'x' * 55}... is no majorant"),
    ((Leaf(((UP, Fraction(0)),)),), "('up', Fraction(0, 1)) is no majorant"),
    ((Leaf(((CHORD, Fraction(0)),)),), "('chord', Fraction(0, 1)) is no majorant"),
    ((Leaf(((DOWN, -HALF),)),), "('down', Fraction(-1, 2)) is no majorant"),
    ((Leaf(((DOWN, HALF), (UP, -HALF))),), "('up', Fraction(-1, 2)) is no majorant"),
    ((Leaf((-1,)),), "-1 is no majorant"),
    ((), "a tree lacks 1 leaves"),
    ((Split(0, 1),), "a tree lacks 2 leaves"),
    ((Split(0, 1), LEAF), "a tree lacks 1 leaves"),
    ((LEAF, LEAF), "a tree goes on after its last leaf"),
    ((Split(0, 1), LEAF, LEAF, LEAF), "a tree goes on after its last leaf"),
    ((Split(1, 1), LEAF, LEAF), "[1, 1] is no edge"),
    ((Split(-1, 1), LEAF, LEAF), "[-1, 1] is no edge"),
    ((Split(1, -1), LEAF, LEAF), "[1, -1] is no edge"),
    ((Split(0, 1), LEAF, Leaf(((DOWN, -HALF),))), "('down', Fraction(-1, 2)) is no majorant"),
    ((Split(0, 1), Split(1, 1), LEAF, LEAF, LEAF), "[1, 1] is no edge"),
]


@pytest.mark.parametrize(("tree", "what"), TREES, ids=range(len(TREES)))
def test_trees(tree: Any, what: str) -> None:
    """Wherever it is: of every node or claim, piece and cell."""
    for trees in ((tree, (LEAF,)), ((LEAF,), tree)):
        with pytest.raises(CertificateError) as caught:
            certificate(nodes=(node(trees=trees),))
        assert caught.value.where == "node (0, 1)"
        assert caught.value.what == what
        with pytest.raises(CertificateError) as caught:
            certificate(nodes=(node(), node(step=1, state=0, trees=trees)))
        assert caught.value.where == "node (1, 0)"
        for one in (Piece(ONE, trees, ONE), PIECES[0]):
            last = Piece(ONE, trees) if one is PIECES[0] else PIECES[-1]
            claim = Claim(0, 0, (one, last))
            for claims in ((CLAIMS[0], claim), (claim, CLAIMS[0])):
                with pytest.raises(CertificateError) as caught:
                    certificate("farsighted", cover=(*COVER[:3], Part(claims), PART))
                assert caught.value.where == "cover[3]"
                assert caught.value.what == what


@pytest.mark.parametrize(
    ("row", "column"), [(row, column) for row in range(2) for column in range(2)]
)
def test_duals_are_not_negative(row: int, column: int) -> None:
    duals = [[HALF, HALF], [HALF, HALF]]
    duals[row][column] = Fraction(-1, 10**9)
    wrong = strong_node(duals=tuple(map(tuple, duals)))
    with pytest.raises(CertificateError) as caught:
        certificate("strong", nodes=(wrong,))
    assert caught.value.what == "a dual is negative"
    assert caught.value.where == "node (0, 1)"


PART = Part(CLAIMS)
CLAIM_RULE = "a claim needs free = 0 or 1, and in each region pieces of which the last has no end"


@pytest.mark.parametrize(
    ("cover", "where", "what"),
    [
        ((), "cover", "a tree lacks 1 leaves"),
        ((COVER[0],), "cover", "a tree lacks 2 leaves"),
        (COVER[:-1], "cover", "a tree lacks 1 leaves"),
        ((*COVER, PART), "cover", "a tree goes on after its last leaf"),
        ((PART, COVER[0], PART, PART), "cover", "a tree goes on after its last leaf"),
        ((COVER[0], PART, Part((replace(CLAIMS[0], free=2),))), "cover[2]", CLAIM_RULE),
        ((Part((CLAIMS[0], replace(CLAIMS[0], free=-1))),), "cover[0]", CLAIM_RULE),
        ((Part((replace(CLAIMS[0], pieces=()),)),), "cover[0]", CLAIM_RULE),
        ((Part((replace(CLAIMS[0], pieces=PIECES[:1]),)),), "cover[0]", CLAIM_RULE),
        ((Part((CLAIMS[1], replace(CLAIMS[0], pieces=PIECES[::-1]))),), "cover[0]", CLAIM_RULE),
        *[
            ((Part((replace(CLAIMS[1], divisions=divisions),)),), "cover[0]", what)
            for divisions, what in (
                ((2,), CLAIM_RULE),
                ((4,), CLAIM_RULE),
                ((DIVIDED[0], 1, 2), CLAIM_RULE),  # the first has an end
                ((DIVIDED[0], 2, 2), CLAIM_RULE),
                ((DIVIDED[0], 3, 0), CLAIM_RULE),
                ((DIVIDED[0], 0, 3), CLAIM_RULE),
                ((DIVIDED[0], 4, -1), CLAIM_RULE),
                ((DIVIDED[0], 3), "a tree lacks 1 leaves"),
                ((2, 1), "a tree goes on after its last leaf"),
                ((DIVIDED[0],), "a tree lacks 2 leaves"),
            )
        ],
    ],
)
def test_covers(cover: Any, where: str, what: str) -> None:
    with pytest.raises(CertificateError) as caught:
        certificate("farsighted", cover=cover)
    assert caught.value.where == where
    assert caught.value.what == what


def parts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every part of a certificate, with the fields and indices that lead to it."""
    yield path, value
    if is_dataclass(value):
        for field in fields(value):
            yield from parts(getattr(value, field.name), (*path, field.name))
    elif type(value) is tuple:
        for i, part in enumerate(value):
            yield from parts(part, (*path, i))


def with_part(value: Any, path: tuple[Any, ...], part: object) -> Any:
    """The value with one part of it replaced."""
    if not path:
        return part
    key, *rest = path
    if isinstance(key, int):
        return (*value[:key], with_part(value[key], tuple(rest), part), *value[key + 1 :])
    return replace(value, **{key: with_part(getattr(value, key), tuple(rest), part)})


class Count(int):
    """An int, nearly."""


class Ratio(Fraction):
    """A Fraction, nearly."""


class Text(str):
    """A str, nearly."""

    __slots__ = ()


class Pair(tuple[Any, ...]):
    """A tuple, nearly."""

    __slots__ = ()


def impostors(value: Any) -> Iterator[object]:
    """Values that compare as this one does, or might be taken for it, and are of another type."""
    if type(value) is int:
        yield from (float(value), Fraction(value), Count(value), bool(value), str(value))
    elif type(value) is Fraction:
        yield from (float(value), Ratio(value), str(value), True)
    elif type(value) is str:
        yield from (Text(value), value.encode())
    elif type(value) is tuple:
        yield from (list(value), Pair(value), iter(value))
    elif value is not None:
        subclass = type("Lax", (type(value),), {"__slots__": ()})
        values = [getattr(value, field.name) for field in fields(value)]
        yield from (subclass(*values), tuple(values))


@kinds
def test_nothing_of_another_type_is_kept(kind: str) -> None:
    """No float, bool, list or subclass anywhere: it might compare untruly, or change later."""
    found = certificate(kind)
    count = 0
    for path, part in parts(found):
        if path in {("slopes",), ("cover",)} and kind != "farsighted":
            continue
        assert path == () or with_part(found, path, part) == found
        for other in impostors(part) if path else ():
            with pytest.raises(CertificateError) as caught:
                with_part(found, path, other)
            assert caught.value.what == "holds what does not belong there"
            assert caught.value.where == path[0]
            count += 1
        for other in (None, object(), 1.5, {}, int) if path and part is not None else ():
            if (path[-1], other) == ("end", None):
                continue
            with pytest.raises(CertificateError):
                with_part(found, path, other)
    assert count > 100


def test_integers_that_no_file_can_hold_are_refused() -> None:
    for huge in (10**5000, -(10**5000), 10**4001):
        for nodes in ((node(shift=huge),), (node(step=huge),), (node(trees=((Leaf((huge,)),),)),)):
            with pytest.raises(NumberError):
                certificate(nodes=nodes)
        with pytest.raises(NumberError):
            certificate(precision=huge)
    long = certificate(nodes=(node(shift=-(10**3999)),))
    assert Certificate.from_bytes(long.to_bytes()) == long


def test_parameters_of_any_length_are_shown_short() -> None:
    tree = (Leaf(((UP, Fraction(-1, 10**3000)),)),)
    with pytest.raises(CertificateError, match=r": \('up', Fraction\(-1, 10+\.\.\. is no majorant"):
        certificate(nodes=(node(trees=(tree,)),))


@pytest.mark.parametrize(("kind", "field"), fields_of_kinds)
def test_missing_fields(kind: str, field: str) -> None:
    data = json.dumps({k: v for k, v in DOCUMENTS[kind].items() if k != field}).encode()
    what = "no object whose kind is" if field == "kind" else f"field '{field}' is missing"
    with pytest.raises(CertificateError, match=what) as caught:
        Certificate.from_bytes(data, "my file")
    assert caught.value.where == "my file"


@pytest.mark.parametrize(("kind", "field"), fields_of_nodes)
def test_missing_fields_of_a_node(kind: str, field: str) -> None:
    part = {k: v for k, v in DOCUMENTS[kind]["nodes"][1].items() if k != field}
    with pytest.raises(CertificateError, match=f"field '{field}' is missing") as caught:
        Certificate.from_bytes(changed(kind, ("nodes", 1), part))
    assert caught.value.where == "nodes[1]"


@kinds
def test_unknown_fields(kind: str) -> None:
    with pytest.raises(CertificateError, match="unknown field 'x'"):
        Certificate.from_bytes(changed(kind, ("x",), 1))
    with pytest.raises(CertificateError, match=r"nodes\[0\]: unknown field 'x'"):
        Certificate.from_bytes(changed(kind, ("nodes", 0, "x"), 1))


@kinds
def test_duplicate_fields(kind: str) -> None:
    for field in DOCUMENTS[kind]:
        text = FILES[kind].replace(b'{"format"', f'{{"{field}":0,"format"'.encode(), 1)
        with pytest.raises(FileError, match=f"duplicate key '{field}'"):
            Certificate.from_bytes(text)
    text = FILES[kind].replace(b'{"step"', b'{"state":1,"step"', 1)
    with pytest.raises(FileError, match="duplicate key 'state'"):
        Certificate.from_bytes(text)


@pytest.mark.parametrize("kind", [None, 1, True, "x", "Myopic", ["myopic"], {"myopic": 1}], ids=str)
def test_unknown_kinds(kind: object) -> None:
    what = "is no object whose kind is one of myopic, farsighted, history, strong"
    with pytest.raises(CertificateError) as caught:
        Certificate.from_bytes(changed("myopic", ("kind",), kind), "my file")
    assert caught.value.what == what
    assert caught.value.where == "my file"


def test_the_kind_says_what_the_nodes_are() -> None:
    for kind in DOCUMENTS:
        for other in set(DOCUMENTS) - {kind}:
            if (kind, other) == ("farsighted", "history"):
                what = r"nodes\[0\]: field 'after' is missing"
            elif (kind, other) == ("history", "farsighted"):
                what = r"nodes\[0\]: unknown field 'after'"
            else:
                what = r"field '.*' is missing|unknown field"
            with pytest.raises(CertificateError, match=what):
                Certificate.from_bytes(changed(kind, ("kind",), other))


@pytest.mark.parametrize(("kind", "field"), fields_of_kinds)
@pytest.mark.parametrize("value", [None, True, [[]], {"x": 1}, ["x"]], ids=range(5))
def test_wrong_types(kind: str, field: str, value: object) -> None:
    if (field, value) == ("slopes", [[]]):
        assert Certificate.from_bytes(changed(kind, (field,), value)).slopes == ((),)
        return  # a matter of the game at hand
    with pytest.raises(CertificateError) as caught:
        Certificate.from_bytes(changed(kind, (field,), value))
    said = f"{caught.value.where} {caught.value.what}"
    assert field in said or (field == "kind" and "unknown field 'slopes'" in said)


@pytest.mark.parametrize(("kind", "field"), fields_of_nodes)
@pytest.mark.parametrize("value", [None, True, [[]], {"x": 1}, ["x"]], ids=range(5))
def test_wrong_types_in_a_node(kind: str, field: str, value: object) -> None:
    if field in ("duals", "after") and value == [[]]:
        assert Certificate.from_bytes(changed(kind, ("nodes", 1, field), value)).kind == kind
        return  # a matter of the game at hand
    with pytest.raises(InputError) as caught:
        Certificate.from_bytes(changed(kind, ("nodes", 1, field), value))
    assert caught.value.where.startswith((f"nodes[1].{field}", "node (1, 0)"))


C, N = CertificateError, NumberError
TREE = ("nodes", 1, "trees", 1)
CLAIM = ("cover", 1, 0, 1)


@pytest.mark.parametrize(
    ("kind", "path", "value", "error", "where", "what"),
    [
        ("myopic", ("format",), "exactqse-game", C, "certificate", "format is not"),
        ("strong", ("version",), 2, C, "certificate", "version is not 1"),
        ("myopic", ("version",), True, C, "certificate", "version is not 1"),
        ("myopic", ("game",), 1, C, "game", "is not a string"),
        ("myopic", ("precision",), -1, C, "precision", "-1 bits is not in 16..65536"),
        ("myopic", ("precision",), "64.5", C, "precision", "'129/2' is not an integer"),
        ("myopic", ("lower",), "x", N, "lower", "is not a rational number"),
        ("myopic", ("upper",), "1/0", N, "upper", "divides by zero"),
        ("myopic", ("nodes", 1, "shift"), "1/2", C, "nodes[1].shift", "is not an integer"),
        ("strong", ("nodes", 1, "step"), "x", N, "nodes[1].step", "is not a rational number"),
        ("myopic", ("nodes", 1, "upper"), "", N, "nodes[1].upper", "is not a rational"),
        ("strong", ("nodes", 0, "duals", 0, 1), [], C, "nodes[0].duals[0][1]", "not a number"),
        ("strong", ("nodes", 0, "duals", 0), "0", C, "nodes[0].duals[0]", "is not a list"),
        ("myopic", ("nodes", 1, "policy", 1), [1], C, "nodes[1].policy[1][0]", "is not a list"),
        ("myopic", ("nodes", 1, "policy", 1), {"1": 1}, C, "nodes[1].policy[1]", "not a list"),
        ("myopic", ("nodes", 1, "policy", 1), [[1]], C, "nodes[1].policy[1][0]", "a list of 2"),
        (
            "farsighted",
            ("nodes", 1, "policy", 1),
            [[1, "x"]],
            N,
            "nodes[1].policy[1][0][1]",
            "rational",
        ),
        ("myopic", TREE, 1, C, "nodes[1].trees[1]", "is not a list"),
        ("myopic", (*TREE, 1), 1, C, "nodes[1].trees[1][1]", "is not a list"),
        ("myopic", (*TREE, 1), [], C, "nodes[1].trees[1][1]", "is not a list of 2"),
        ("myopic", (*TREE, 1), [[["up", 1]]], C, "nodes[1].trees[1][1]", "is not a list of 2"),
        ("myopic", (*TREE, 1), [[["up"]], 0], C, "nodes[1].trees[1][1][0][0]", "a list of 2"),
        ("myopic", (*TREE, 1), [[["up", 1, 2]], 0], C, "nodes[1].trees[1][1][0][0]", "of 2"),
        ("myopic", (*TREE, 1), [[[1, 1]], 0], C, "nodes[1].trees[1][1][0][0]", "not a number"),
        ("myopic", (*TREE, 1), [[["up", "x"]], 0], N, "nodes[1].trees[1][1][0][0][1]", "rational"),
        ("myopic", (*TREE, 1), [[["up", 1]], []], C, "nodes[1].trees[1][1][1]", "not a number"),
        ("myopic", (*TREE, 1), [[["up", 1]], "1/2"], C, "nodes[1].trees[1][1][1]", "an integer"),
        ("myopic", (*TREE, 0), [0, 1, 2], C, "nodes[1].trees[1][0]", "is not a list of 2"),
        ("myopic", (*TREE, 0), [0, None], C, "nodes[1].trees[1][0][1]", "is not a number"),
        ("myopic", (*TREE, 0), [0, "1/2"], C, "nodes[1].trees[1][0][1]", "is not an integer"),
        ("farsighted", ("slopes", 0), 1, C, "slopes[0]", "is not a list"),
        ("farsighted", ("slopes", 0, 1), [1], C, "slopes[0][1]", "is not a list of 2"),
        ("farsighted", ("slopes", 0, 1, 0), None, C, "slopes[0][1][0]", "is not a number"),
        ("farsighted", ("slopes", 0, 0, 1, 0), [1], C, "slopes[0][0][1][0]", "is not a list of 2"),
        ("farsighted", ("cover", 1), {}, C, "cover[1]", "is not a list"),
        ("farsighted", ("cover", 0), [1, 0], C, "cover[0]", "is not a list of 3"),
        ("farsighted", ("cover", 4), [[0, 2], 1, 0], C, "cover[4]", "is not a list of 4"),
        ("farsighted", ("cover", 4), [[0, 2], 1, 0, 1, 0], C, "cover[4]", "is not a list of 4"),
        ("farsighted", ("cover", 4, 0), [0], C, "cover[4][0]", "is not a list of 2"),
        ("farsighted", ("cover", 4, 0), [0, 1, 2], C, "cover[4][0]", "is not a list of 2"),
        ("farsighted", ("cover", 4, 0, 1), True, C, "cover[4][0][1]", "is not a number"),
        ("farsighted", ("cover", 4, 0, 1), "1/2", C, "cover[4][0][1]", "is not an integer"),
        ("farsighted", ("cover", 4, 0), [], C, "cover[4]", "is not a list of 2"),
        ("farsighted", ("cover", 4, 0), [True, 1], C, "cover[4][0][0]", "is not a number"),
        ("farsighted", ("cover", 4, 0), 0, C, "cover[4]", "is not a list of 3"),
        ("farsighted", ("cover", 4, 3), None, C, "cover[4][3]", "is not a number"),
        ("farsighted", ("cover", 0, 2), "y", N, "cover[0][2]", "is not a rational number"),
        ("farsighted", ("cover", 1, 1), None, C, "cover[1][1]", "is not a number"),
        ("farsighted", CLAIM, [1, 0], C, "cover[1][0][1]", "is not a list of 4"),
        ("farsighted", (*CLAIM, 0), True, C, "cover[1][0][1][0]", "is not a number"),
        ("farsighted", (*CLAIM, 2, 0), ["2", []], C, "cover[1][0][1][2][0]", "a list of 4"),
        ("farsighted", (*CLAIM, 2, 0, 2), [], C, "cover[1][0][1][2][0][2]", "is not null"),
        ("farsighted", (*CLAIM, 2, 0, 1, 1), 7, C, "cover[1][0][1][2][0][1][1]", "not a list"),
    ],
)
def test_every_error_names_its_place(
    kind: str,
    path: tuple[Any, ...],
    value: object,
    error: type[InputError],
    where: str,
    what: str,
) -> None:
    with pytest.raises(error) as caught:
        Certificate.from_bytes(changed(kind, path, value))
    assert caught.value.where == where
    assert what in caught.value.what


@pytest.mark.parametrize("content", ["[]", "1", '"x"', "null", "[{}]"])
def test_what_is_no_object(content: str) -> None:
    with pytest.raises(CertificateError, match="is no object whose kind is one of myopic, "):
        Certificate.from_bytes(content.encode())


def test_floats_are_refused_by_the_gate() -> None:
    with pytest.raises(FileError, match="floating-point literal"):
        Certificate.from_bytes(FILES["myopic"].replace(b'"1/2"', b"0.5"))


def test_remedies_survive() -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.from_bytes(changed("myopic", ("version",), 2))
    assert caught.value.remedy == "use the release that wrote the file"


@settings(max_examples=600)
@given(
    st.sampled_from(list(FILES.values())), st.integers(0), st.integers(0, 12), st.binary(max_size=6)
)
def test_mutated_files_raise_input_errors_only(
    content: bytes, start: int, length: int, put: bytes
) -> None:
    start %= len(content)
    data = content[:start] + put + content[start + length :]
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


def test_denominators_that_have_too_little_in_common() -> None:
    """Each is short enough for a file; together they would take for ever."""
    n = 40
    rows = [Fraction(1, (1 << 6000) + 2 * i + 1) for i in range(n)]
    wide = tuple(enumerate([*rows, 1 - sum(rows[:1])]))
    with pytest.raises(CertificateError, match="common denominator of over 32768 bits") as caught:
        certificate(nodes=(node(policy=(wide, POLICY[1])), node(step=1, state=0)))
    assert caught.value.where == "node (0, 1)"


def test_the_longest_odd_common_denominator() -> None:
    odd = [3**4164, 5**2842, 7**2350, 11**1907]
    start = (1 << MAX_COMMON_BITS - 1) // (5 * prod(odd)) + 1
    last = next(n for n in range(start, start + 99) if gcd(n, 2310) == 1)
    pairs = [(Fraction(1, 5 * d), Fraction(d - 1, 5 * d)) for d in (*odd, last)]
    row = (*enumerate(x for pair in pairs for x in pair),)
    common = lcm(*(x.denominator for _, x in row))
    assert common % 2 == 1
    assert common.bit_length() == MAX_COMMON_BITS
    nodes = (node(policy=(row, POLICY[1])), node(step=1, state=0))
    assert certificate(nodes=nodes).nodes[0].policy[0] == row


def test_the_longest_common_denominator() -> None:
    odd = [3**4164, 5**2842, 7**2350, 11**1907]  # as long as the limit of numbers allows
    bits = MAX_COMMON_BITS - prod(odd).bit_length()
    for last in (bits, bits + 1):
        denominators = [*odd, 1 << last - 3]
        pairs = [(Fraction(1, 8 * d), Fraction(d - 1, 8 * d)) for d in denominators]
        row = (*enumerate(x for pair in pairs for x in pair), (10, Fraction(3, 8)))
        nodes = (node(policy=(row, POLICY[1])), node(step=1, state=0))
        if last == bits:
            assert certificate(nodes=nodes).nodes[0].policy[0] == row
            continue
        with pytest.raises(CertificateError, match=f"of over {MAX_COMMON_BITS} bits"):
            certificate(nodes=nodes)
