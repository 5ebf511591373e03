"""The codec on types of its own: what goes out comes back, and nothing else passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, fields
from fractions import Fraction
from types import NoneType
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import FileError, GameError, InputError, NumberError
from exactqse.kernel.certificate import Cover, FarsightedNode, Node, Slope, StrongNode
from exactqse.kernel.codec import fits, reader
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.kernel.numbers import MAX_DIGITS
from exactqse.storing import LONG, plain

HALF = Fraction(1, 2)
few = settings(max_examples=40, deadline=None)


@dataclass(frozen=True)
class Dot:
    """A list of two fields."""

    x: int
    weight: Fraction | None = None


@dataclass(frozen=True)
class Word:
    """A list whose first field is a list."""

    letters: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """An object."""

    as_object: ClassVar[bool] = True
    name: str
    pairs: tuple[tuple[int, Fraction], ...]
    either: tuple[Dot | Word, ...]
    mark: tuple[str, Fraction] | int


@pytest.fixture(autouse=True)
def _anew() -> None:
    """Readers and writers are made anew for every test, so that it is seen who makes them."""
    reader.cache_clear()
    fits.cache_clear()


OWN = (Box, Dot, Word, tuple[Box, ...])
KERNELS = (Node, StrongNode, FarsightedNode, Cover, tuple[tuple[Slope, ...], ...])


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.one_of(st.integers(-9, 9), st.integers(-(10**25), 10**25)),
    Fraction: st.fractions(),
    str: st.text(max_size=4),
    NoneType: st.none(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of the type."""
    if hint in PLAIN:
        return PLAIN[hint]
    args = get_args(hint)
    if args[1:] == (...,):
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if args:
        combined = st.tuples if get_origin(hint) is tuple else st.one_of
        return combined(*map(values, args))
    types = get_type_hints(hint)
    return st.builds(hint, **{field.name: values(types[field.name]) for field in fields(hint)})


def through_json(hint: Any, value: object) -> Any:
    return reader(hint)(parse_json(canonical_json(plain(value)), "here"), "here")


@pytest.mark.parametrize("hint", [*OWN, *KERNELS], ids=str)
@few
@given(data=st.data())
def test_what_goes_out_comes_back(hint: Any, data: st.DataObject) -> None:
    value = data.draw(values(hint))
    assert fits(hint)(value)
    assert through_json(hint, value) == value


def test_what_is_written() -> None:
    box = Box(
        "n", ((3, HALF), (-1, Fraction(2))), (Dot(1), Dot(2, HALF), Word(("a",))), ("up", HALF)
    )
    document = {
        "name": "n",
        "pairs": [[3, HALF], [-1, Fraction(2)]],
        "either": [[1, None], [2, HALF], [["a"]]],
        "mark": ["up", HALF],
    }
    written = json.loads(canonical_json(document))
    assert fits(Box)(box)
    assert plain(box) == written
    assert list(plain(box)) == ["name", "pairs", "either", "mark"]
    assert canonical_json(document).decode() == (
        '{"name":"n","pairs":[[3,"1/2"],[-1,"2"]],"either":[[1,null],[2,"1/2"],[["a"]]],'
        '"mark":["up","1/2"]}\n'
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_integers_are_quoted_once_json_may_not_hold_them(sign: int) -> None:
    assert LONG == 10**17
    longest = sign * (LONG - 1)
    assert canonical_json(plain(longest)).decode() == f"{longest}\n"
    assert canonical_json(plain(sign * LONG)).decode() == f'"{sign * LONG}"\n'
    for value in (longest, sign * LONG, sign * 10**18, sign * 10**MAX_DIGITS // 10):
        assert through_json(int, value) == value
    for beyond in (sign * 10 ** (MAX_DIGITS + 1), sign * 10**5000):
        with pytest.raises(NumberError, match="bits in lowest terms"):
            fits(int)(beyond)


def test_long_fractions_are_refused() -> None:
    with pytest.raises(NumberError):
        fits(Fraction)(Fraction(1, 10**5000))


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


class Point(Dot):
    """A Dot, nearly."""


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, 1.0),
        (int, True),
        (int, Count(1)),
        (int, Count(10**30)),
        (int, Fraction(1)),
        (int, "1"),
        (int, None),
        (int, 1e300),
        (Fraction, 0.5),
        (Fraction, 1),
        (Fraction, True),
        (Fraction, "1/2"),
        (Fraction, Ratio(1, 2)),
        (str, b"x"),
        (str, Text("x")),
        (NoneType, 0),
        (Fraction | None, 1),
        (Fraction | None, Ratio(1)),
        (Fraction | None, False),
        (tuple[int, ...], [1]),
        (tuple[int, ...], Pair((1,))),
        (tuple[int, ...], 1),
        (tuple[int, ...], None),
        (tuple[int, ...], (1, 1.0)),
        (tuple[int, Fraction], (1,)),
        (tuple[int, Fraction], (1, HALF, HALF)),
        (tuple[int, Fraction], ()),
        (tuple[int, Fraction], [1, HALF]),
        (tuple[int, Fraction], Pair((1, HALF))),
        (tuple[int, Fraction], (HALF, 1)),
        (tuple[str, Fraction] | int, "up"),
        (tuple[str, Fraction] | int, True),
        (tuple[str, Fraction] | int, 1.0),
        (tuple[str, Fraction] | int, ("up", 1)),
        (Dot, Point(1)),
        (Dot, (1, None)),
        (Dot, [1, None]),
        (Dot, {"x": 1, "weight": None}),
        (Dot, Dot),
        (Dot, Word(())),
        (Dot, Dot(1.0)),
        (Dot, Dot(1, 0.5)),
        (Dot | Word, Point(1)),
        (Dot | Word, (1, None)),
        (Word, Word(["a"])),
    ],
)
def test_values_of_other_types_do_not_fit(hint: Any, value: object) -> None:
    assert fits(hint)(value) is False


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (int, 3, 3),
        (int, "3", 3),
        (int, "6/2", 3),
        (int, "-3e0", -3),
        (Fraction, 3, Fraction(3)),
        (Fraction, "0.5", HALF),
        (Fraction | None, None, None),
        (Fraction | None, "2/4", HALF),
        (tuple[str, Fraction] | int, 4, 4),
        (tuple[str, Fraction] | int, "4", 4),
        (tuple[str, Fraction] | int, ["up", 4], ("up", Fraction(4))),
        (Dot | Word, [[]], Word(())),
        (Dot | Word, ["7", None], Dot(7)),
        (tuple[int, ...], [], ()),
    ],
)
def test_every_spelling_of_a_value_is_read(hint: Any, value: object, expected: object) -> None:
    found = reader(hint)(value, "here")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value", "where", "what"),
    [
        (int, True, "x", "is not a number"),
        (int, None, "x", "is not a number"),
        (int, [], "x", "is not a number"),
        (int, {}, "x", "is not a number"),
        (int, 1.0, "x", "is not a number"),
        (int, "1/2", "x", "'1/2' is not an integer"),
        (int, "", "x", "is not a rational number"),
        (Fraction, False, "x", "is not a number"),
        (Fraction, 0.5, "x", "is not a number"),
        (Fraction, "1/0", "x", "divides by zero"),
        (str, 1, "x", "is not a string"),
        (str, None, "x", "is not a string"),
        (NoneType, 1, "x", "is not null"),
        (Fraction | None, True, "x", "is not a number"),
        (Fraction | None, [], "x", "is not null"),
        (Fraction | None, "y", "x", "is not a rational number"),
        (tuple[int, ...], 1, "x", "is not a list"),
        (tuple[int, ...], {}, "x", "is not a list"),
        (tuple[int, ...], [0, "y"], "x[1]", "is not a rational number"),
        (tuple[int, Fraction], [1], "x", "is not a list of 2"),
        (tuple[int, Fraction], [1, 2, 3], "x", "is not a list of 2"),
        (tuple[int, Fraction], {"0": 1, "1": 2}, "x", "is not a list"),
        (tuple[int, Fraction], [1, None], "x[1]", "is not a number"),
        (tuple[str, Fraction] | int, [], "x", "is not a number"),
        (tuple[str, Fraction] | int, [1, 1], "x", "is not a number"),
        (tuple[str, Fraction] | int, True, "x", "is not a number"),
        (tuple[str, Fraction] | int, ["up"], "x", "is not a list of 2"),
        (tuple[str, Fraction] | int, ["up", "up"], "x[1]", "is not a rational number"),
        (Dot, [1], "x", "is not a list of 2"),
        (Dot, [1, None, None], "x", "is not a list of 2"),
        (Dot, {"x": 1, "weight": None}, "x", "is not a list"),
        (Dot, [None, None], "x[0]", "is not a number"),
        (Dot | Word, [], "x", "is not a list of 1"),
        (Dot | Word, [["a"], 1], "x", "is not a list of 1"),
        (Dot | Word, [None], "x[0]", "is not a list"),
        (Dot | Word, [1], "x", "is not a list of 2"),
        (Dot | Word, 1, "x", "is not a list"),
        (Fraction | None | Word, {}, "x", "is not a list"),
    ],
)
def test_other_json_values_are_not_read(hint: Any, value: object, where: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        reader(hint)(value, "x")
    assert isinstance(caught.value, GameError | NumberError)
    assert caught.value.where == where
    assert caught.value.what.startswith(what) or caught.value.what.endswith(f" {what}")


BOX = {"name": "", "pairs": [[1, 1]], "either": [], "mark": 0}


@pytest.mark.parametrize("name", BOX)
def test_missing_fields(name: str) -> None:
    document = {key: value for key, value in BOX.items() if key != name}
    with pytest.raises(GameError, match=f"x: field '{name}' is missing"):
        reader(Box)(document, "x")


@pytest.mark.parametrize("value", [[], 1, None, "x", ["", [], [], 0]], ids=str)
def test_what_is_no_object(value: object) -> None:
    with pytest.raises(GameError, match="x: is not a JSON object"):
        reader(Box)(value, "x")


def test_unknown_and_duplicate_fields() -> None:
    assert reader(Box)(BOX, "x") == Box("", ((1, Fraction(1)),), (), 0)
    with pytest.raises(GameError, match="x: unknown field 'more'"):
        reader(Box)(BOX | {"more": 1}, "x")
    with pytest.raises(GameError, match="x: unknown field 'as_object'"):
        reader(Box)(BOX | {"as_object": True}, "x")
    twice = json.dumps(BOX).replace('"name": ""', '"name": "", "name": ""').encode()
    with pytest.raises(FileError, match="duplicate key 'name'"):
        reader(Box)(parse_json(twice, "here"), "here")


def test_errors_name_their_path() -> None:
    with pytest.raises(GameError) as caught:
        reader(tuple[Box, ...])([BOX, BOX | {"pairs": [[1, 1], [1, []]]}], "boxes")
    assert caught.value.where == "boxes[1].pairs[1][1]"


JUNK = (None, True, 1.5, -1, "x", "1/2", [], [[]], {}, {"x": 1}, [1, 2], ["up", 1])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    yield path
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield from places(value[key], (*path, key))


@pytest.mark.parametrize("hint", [Box, Cover, StrongNode], ids=str)
@few
@given(data=st.data())
def test_what_is_read_is_written_the_same(hint: Any, data: st.DataObject) -> None:
    """With any part replaced by anything: an error of input, or a value that has a file."""
    value = data.draw(values(hint))
    document = json.loads(canonical_json([plain(value)]))
    *path, last = data.draw(st.sampled_from([path for path in places(document) if path]))
    inner: Any = deepcopy(document)
    holder = inner
    for key in path:
        holder = holder[key]
    holder[last] = data.draw(st.sampled_from(JUNK))
    try:
        found = reader(hint)(inner[0], "x")
    except InputError:
        return
    assert through_json(hint, found) == found
