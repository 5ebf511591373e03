from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import FileError, GameError, InputError, NumberError
from exactqse.kernel.gamefile import game_bytes, game_hash
from exactqse.model import Game
from exactqse.model.gamefile import index_of, read_game

DOCUMENT: dict[str, Any] = {
    "format": "exactqse-game",
    "version": 1,
    "horizon": 2,
    "states": 2,
    "leader_actions": ["left", "right"],
    "follower_actions": 2,
    "eta": "5/2",
    "gamma": "0",
    "observes": [[0], [1]],
    "rho": {"0": "1/3", "1": "2/3"},
    "P": [[[[{"0": "1"}, {"0": "1/2", "1": "1/2"}]] * 2] * 2],
    "u": [[[["1", "2"]] * 2] * 2, [[["1", "-3/7"]] * 2] * 2],
    "r": [[[["0", "1/10"]] * 2] * 2],
}
SIZES = ("horizon", "states", "leader_actions", "follower_actions")
OTHER_TYPES = (None, True, False, 7, -7, "x", [], {}, ["x"], {"x": 1}, [[]], [[[["x"]]]])


def encode(document: object) -> bytes:
    return json.dumps(document).encode()


def changed(path: tuple[Any, ...], value: object) -> bytes:
    document = deepcopy(json.loads(json.dumps(DOCUMENT)))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return encode(document)


def test_canonical_bytes() -> None:
    canonical = game_bytes(read_game(encode(DOCUMENT)))
    assert canonical == json.dumps(DOCUMENT, separators=(",", ":")).encode() + b"\n"
    assert read_game(canonical) == read_game(encode(DOCUMENT))
    assert game_hash(read_game(canonical)) == hashlib.sha256(canonical).hexdigest()


def test_names_and_infinity_survive() -> None:
    document = DOCUMENT | {
        "states": ["s", "\u00e9"],
        "follower_actions": ["x", "y"],
        "eta": "inf",
        "gamma": "1",
        "observes": [[0, 1]],
    }
    game = read_game(encode(document))
    assert game.eta is None
    assert game.names == (("s", "\u00e9"), ("left", "right"), ("x", "y"))
    assert json.loads(game_bytes(game)) == document
    assert game.shape == (2, 2, 2, 2)


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        (("eta",), "2.5"),
        (("eta",), "+250e-2"),
        (("eta",), "10/4"),
        (("gamma",), 0),
        (("gamma",), "-0.0"),
        (("rho",), {"1": "4/6", "0": "1/3"}),
        (("P", 0, 0, 0, 0), {"1": "0", "0": 1}),
        (("u", 0, 0, 0, 0), 1),
        (("u", 1, 1, 1, 1), "-6/14"),
        (("r", 0, 1, 1, 1), "0.1"),
        (("P",), DOCUMENT["P"] * 2),
        (("r",), DOCUMENT["r"] * 2),
    ],
)
def test_the_hash_does_not_depend_on_the_spelling(path: tuple[Any, ...], spelling: object) -> None:
    plain, other = read_game(encode(DOCUMENT)), read_game(changed(path, spelling))
    assert game_bytes(other) == game_bytes(plain)
    assert game_hash(other) == game_hash(plain)


def test_the_hash_is_remembered_and_depends_on_names() -> None:
    game = read_game(encode(DOCUMENT))
    assert game_hash(game) is game_hash(game)
    assert game_hash(read_game(changed(("leader_actions",), 2))) != game_hash(game)


@pytest.mark.parametrize("field", DOCUMENT)
def test_missing_fields(field: str) -> None:
    document = {key: value for key, value in DOCUMENT.items() if key != field}
    with pytest.raises(GameError, match=f"field '{field}' is missing") as caught:
        read_game(encode(document), "my file")
    assert caught.value.where == "my file"


@pytest.mark.parametrize("field", ["Horizon", "", "x" * 50])
def test_unknown_fields(field: str) -> None:
    with pytest.raises(GameError, match=f"unknown field '{field[:40]}'") as caught:
        read_game(encode(DOCUMENT | {field: 1}), "my file")
    assert caught.value.where == "my file"


@pytest.mark.parametrize("field", DOCUMENT)
@pytest.mark.parametrize("value", OTHER_TYPES, ids=range(len(OTHER_TYPES)))
def test_wrong_types(field: str, value: object) -> None:
    if field == "eta" and value == 7:
        assert read_game(changed((field,), value)).eta == 7
        return
    with pytest.raises((GameError, NumberError)) as caught:
        read_game(changed((field,), value), "my file")
    if field in SIZES and (type(value) is int or value in ([], ["x"])):
        return  # a size of the right type: the tables, too, may be at fault
    error = caught.value
    assert field in f"{error.where} {error.what}"


@pytest.mark.parametrize(
    ("path", "value", "where", "what"),
    [
        (("format",), "exactqse-certificate", "game file", "format is not 'exactqse-game'"),
        (("version",), 2, "game file", "version is not 1"),
        (("version",), True, "game file", "version is not 1"),
        (("version",), "1", "game file", "version is not 1"),
        (("horizon",), 0, "horizon", "there must be at least one"),
        (("horizon",), -1, "horizon", "-1 is less than 0"),
        (("horizon",), "2", "horizon", "is not a number"),
        (("states",), ["x"], "rho", "state 1 is not one of 0..0"),
        (("leader_actions",), 3, "P[0][0]", "is not a tuple of 3 in nested tuples of Row"),
        (("states",), ["x", "x"], "names of states", "need 2 different names"),
        (("states",), ["x", 1], "states", "names must be strings"),
        (("follower_actions",), 10**17, "observes", "is not a partition"),
        (("eta",), "0", "eta", "0 is not positive"),
        (("eta",), "Inf", "eta", "'Inf' is not a rational number"),
        (("eta",), True, "eta", "is not a number"),
        (("gamma",), "1.01", "gamma", "101/100 is not in"),
        (("gamma",), "1/0", "gamma", "'1/0' divides by zero"),
        (("leader_actions",), "x", "leader_actions", "is not a number"),
        (("follower_actions",), [2], "follower_actions", "names must be strings"),
        (("follower_actions",), None, "follower_actions", "is not a number"),
        (("observes",), 0, "observes", "is not a list"),
        (("observes",), [[0], [1, "2"]], "observes[1][1]", "is not a number"),
        (("observes",), [0, 1], "observes[0]", "is not a list"),
        (("observes",), [[0], [-1]], "observes[1][0]", "-1 is less than 0"),
        (
            ("observes",),
            [[1], [0]],
            "observes",
            "is not a partition of the follower's actions in ascending order",
        ),
        (("rho",), {}, "rho", "probabilities sum to 1 - 1"),
        (("rho",), {"0": "1/2"}, "rho", "probabilities sum to 1 - 0.5"),
        (("rho",), {"00": 1}, "rho", "'00' is not an index"),
        (("rho",), {"2": 1}, "rho", "state 2 is not one of 0..1"),
        (("P", 0, 1, 0, 1), [1, 0], "P[0][1][0][1]", "is not an object from state"),
        (("P", 0, 1, 0, 1), {"1": "x"}, "P[0][1][0][1].1", "'x' is not a rational number"),
        (
            ("P", 0, 1, 0, 1),
            {"1": "2", "0": "-1"},
            "P[0][1][0][1]",
            "probability -1 of state 0 is negative",
        ),
        (("P", 0, 1, 0), {"0": 1}, "P[0][1][0]", "is not a list"),
        (("u", 1, 0, 1, 0), None, "u[1][0][1][0]", "is not a number"),
        (("u", 1, 0, 1, 0), "", "u[1][0][1][0]", "'' is not a rational number"),
        (("u", 1, 0, 1), ["1"], "u[1][0][1]", "is not a tuple of 2 "),
        (("u",), [], "u", "is not a tuple of 1 or 2 in"),
        (("r", 0, 0, 0, 1), [], "r[0][0][0][1]", "is not a number"),
        (("r", 0, 0), [], "r[0][0]", "is not a tuple of "),
    ],
)
def test_every_error_names_its_place(
    path: tuple[Any, ...], value: object, where: str, what: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_game(changed(path, value))
    assert caught.value.where == where
    assert caught.value.what.startswith(what)


def test_a_newer_version_has_a_remedy() -> None:
    with pytest.raises(GameError) as caught:
        read_game(changed(("version",), 2))
    assert caught.value.remedy == "use the release that wrote the file"


@pytest.mark.parametrize("data", [b"[]", b"1", b'"x"', b"null"])
def test_what_is_no_object(data: bytes) -> None:
    with pytest.raises(GameError, match="f: is not a JSON object"):
        read_game(data, "f")


@pytest.mark.parametrize("data", [b"", b"{", b'{"format": 0.5}', b"\xff"])
def test_what_is_no_strict_json(data: bytes) -> None:
    with pytest.raises(FileError) as caught:
        read_game(data)
    assert caught.value.where == "game file"


@pytest.mark.parametrize(
    "key", ["", "-1", "+1", "01", "1 ", "\u0661", "\u00b2", "1_0", "1.0", "x", "1234567890"]
)
def test_indices(key: str) -> None:
    with pytest.raises(GameError, match="is not an index"):
        index_of(key, "rho")


def test_a_long_key_is_quoted_in_part() -> None:
    with pytest.raises(GameError) as caught:
        index_of("k" * 99, "rho")
    assert caught.value.what == f"{'k' * 40!r} is not an index"


def test_indices_that_are_fine() -> None:
    assert [index_of(key, "rho") for key in ("0", "7", "10", "123456789")] == [0, 7, 10, 123456789]


CANONICAL = game_bytes(read_game(encode(DOCUMENT)))


@settings(max_examples=400)
@given(st.integers(0, len(CANONICAL) - 1), st.integers(0, 12), st.binary(max_size=6))
def test_mutated_files_raise_input_errors_only(start: int, length: int, put: bytes) -> None:
    data = CANONICAL[:start] + put + CANONICAL[start + length :]
    try:
        game = read_game(data)
    except InputError:
        return
    assert read_game(game_bytes(game)) == game


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_input_errors_only(data: bytes) -> None:
    with pytest.raises(InputError):
        read_game(data)


def test_solved_games_round_trip(solved: list[tuple[Game, object]]) -> None:
    for game, _ in solved:
        data = game_bytes(game)
        assert game_bytes(read_game(data)) == data
        assert read_game(data).shape == game.shape
