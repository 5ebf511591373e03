from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import DatasetError, FileError, InputError
from exactqse.games import dense
from exactqse.model import Game
from exactqse.simulate import Dataset, Noise, Random, datasetfile, draw_dataset
from exactqse.testing import games

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=5, eta="1/3")
DATA = draw_dataset(GAME, behaviour=Random(2), episodes=3, seed=9, noise=Noise("gaussian", 0.1))
FILE = DATA.to_bytes()


def document() -> Any:
    return json.loads(FILE)


def read(value: Any) -> Dataset:
    return Dataset.from_bytes(json.dumps(value).encode(), "data.json")


def put(value: Any, path: tuple[Any, ...]) -> Any:
    """The document with a value at a path."""
    result = document()
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return result


@pytest.mark.parametrize("name", ["data.json", "data.json.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    DATA.save(path)
    first = path.read_bytes()
    DATA.save(path)
    assert path.read_bytes() == first
    found = Dataset.load(path, GAME)
    assert found.to_bytes() == FILE
    assert (found.setting, found.behaviour, found.seed) == (DATA.setting, DATA.behaviour, 9)
    for left, right in zip(found.runs, DATA.runs, strict=True):
        for key in ("policy", "s", "b", "a", "u"):
            ours, theirs = getattr(left, key), getattr(right, key)
            assert ours.dtype == theirs.dtype
            assert ours.tobytes() == theirs.tobytes()
            assert not ours.flags.writeable
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@given(game=games(), seed=st.integers(0, 2**128 - 1), kind=st.sampled_from(["none", "bernoulli"]))
@settings(max_examples=25)
def test_datasets_of_any_game_are_read_back(game: Game, seed: int, kind: Any) -> None:
    data = draw_dataset(game, behaviour=Random(2), episodes=4, seed=seed, noise=Noise(kind))
    again = Dataset.from_bytes(data.to_bytes())
    again.require_game(game)
    assert again.to_bytes() == data.to_bytes()
    for left, right in zip(again.runs, data.runs, strict=True):
        assert left.u.tobytes() == right.u.tobytes()


def test_floats_are_written_as_what_they_are() -> None:
    values = [Fraction(text) for row in document()["runs"][0]["u"] for text in row]
    assert values == [Fraction(x) for x in DATA.runs[0].u.ravel().tolist()]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float64_is_written_and_read_back(value: float) -> None:
    low, high = sorted((value, 0.0))
    document = put([str(Fraction(x)) for x in (low, high)], ("setting", "r_bounds"))
    found = read(document)
    assert found.setting.r_bounds == (low, high)
    assert found.to_bytes() == (json.dumps(document, separators=(",", ":")) + "\n").encode()


def test_other_spellings_are_read() -> None:
    value = put("0.5", ("runs", 0, "policy", 0, 0, 0, 0))
    value["runs"][0]["policy"][0][0][0][1] = "2/4"
    value["seed"] = 9
    found = read(value)
    assert found.runs[0].policy[0, 0, 0].tolist() == [0.5, 0.5]
    assert found.seed == 9


def test_data_of_another_game_are_refused_at_loading(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    DATA.save(path)
    with pytest.raises(DatasetError, match="dataset: was drawn from the game"):
        Dataset.load(path, GAME.with_(eta=2))


def test_a_setting_that_is_not_the_games_is_refused() -> None:
    found = read(put("1/2", ("setting", "gamma")))
    with pytest.raises(DatasetError, match=r"setting\.gamma: is not that of the game"):
        found.require_game(GAME)


def test_a_file_that_could_not_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasetfile, "MAX_BYTES", 1000)
    with pytest.raises(FileError, match="would be larger than the 1000 bytes"):
        DATA.save(tmp_path / "data.json")
    assert list(tmp_path.iterdir()) == []


WRONG: list[tuple[Any, tuple[Any, ...], str]] = [
    ("exactqse-game", ("format",), "format is not 'exactqse-dataset'"),
    (2, ("version",), "version is not 1; use the release"),
    (True, ("version",), "version is not 1"),
    (1, ("package",), "dataset.version: 1 is not a line of text"),
    ("x", ("game",), "dataset.game_hash: 'x' is no hash"),
    (None, ("game",), "dataset.game_hash: None is no hash"),
    ([], ("behaviour",), r"dataset.behaviour: \[\] is not a line"),
    ("1/2", ("seed",), "seed: '1/2' is not an integer"),
    ("-1", ("seed",), "dataset.seed: -1 is not an integer"),
    ([], ("setting",), "setting: is not a JSON object"),
    (0, ("setting", "horizon"), "setting.horizon: 0 is not an integer"),
    ("2", ("setting", "states"), "setting.states: '2' is not an integer"),
    (10**17, ("setting", "states"), "setting.rho: is not a tuple of 1"),
    (["1"], ("setting", "rho"), "setting.rho: is not a tuple of 2 probabilities"),
    (["1", "1/3"], ("setting", "rho"), r"setting.rho\[1\]: '1/3' is not a float64; write the near"),
    (["1", "1/2"], ("setting", "rho"), "setting.rho: probabilities sum to 1.5"),
    ("0", ("setting", "eta"), "setting.eta: 0.0 is not a positive number"),
    ("1e999", ("setting", "eta"), "setting.eta: '1e999' is not a float64"),
    (None, ("setting", "eta"), "setting.eta: is not a number"),
    ("2", ("setting", "gamma"), "setting.gamma: 2.0 is not in"),
    ([[0]], ("setting", "observes"), "setting.observes: is not a partition"),
    ([0, 1], ("setting", "observes"), "setting.observes: is not a list"),
    (["0"], ("setting", "u_bounds"), "setting.u_bounds: .* is not a pair"),
    ({"kind": "none"}, ("setting", "noise"), "setting.noise: field 'sd' is missing"),
    ("loud", ("setting", "noise", "kind"), "noise.kind: 'loud' is not one of"),
    (1, ("setting", "noise", "kind"), "noise.kind: 1 is not one of none"),
    ("0", ("setting", "noise", "sd"), "noise.sd: 0.0 is no standard deviation"),
    ({}, ("runs",), "runs: is not a list"),
    ([], ("runs",), "dataset.runs: is not a tuple of at least one run"),
    ([1], ("runs",), r"runs\[0\]: is not a JSON object"),
    ("x", ("runs", 1, "s"), r"runs\[1\]\.s: is not a list"),
    ([], ("runs", 1, "s"), r"runs\[1\]\.s: there is no episode"),
    ([0, 0], ("runs", 1, "s"), r"runs\[1\]\.s\[0\]: is not a list"),
    ([0], ("runs", 0, "a", 1), r"runs\[0\]\.a: lists differ in length"),
    ([[0, 0]], ("runs", 0, "b"), r"runs\[0\]\.b: needs shape \(2, 2\)"),
    (2, ("runs", 0, "s", 1, 0), r"runs\[0\]\.s\[1\]\[0\]: 2 is not in 0\.\.1"),
    (-1, ("runs", 0, "a", 1, 1), r"runs\[0\]\.a\[1\]\[1\]: -1 is not in 0\.\.1"),
    (True, ("runs", 0, "b", 0, 1), r"runs\[0\]\.b\[0\]\[1\]: is not a number"),
    ("0", ("runs", 0, "b", 0, 1), r"runs\[0\]\.b\[0\]\[1\]: is not a number"),
    ([0], ("runs", 0, "b", 0, 1), r"runs\[0\]\.b\[0\]\[1\]: is not a number"),
    ("nan", ("runs", 0, "u", 1, 1), r"runs\[0\]\.u\[1\]\[1\]: 'nan' is not a rational number"),
    ("1/3", ("runs", 0, "u", 1, 1), r"runs\[0\]\.u\[1\]\[1\]: '1/3' is not a float64"),
    ("0.1", ("runs", 0, "u", 1, 1), r"runs\[0\]\.u\[1\]\[1\]: '0\.1' is not a float64"),
    (None, ("runs", 0, "u", 1, 1), r"runs\[0\]\.u\[1\]\[1\]: is not a number"),
    ({}, ("runs", 0, "u", 1, 1), r"runs\[0\]\.u\[1\]\[1\]: is not a number"),
    ("-1/2", ("runs", 0, "policy", 1, 0, 1, 0), r"policy\[1\]\[0\]\[1\]\[0\]: -0\.5 is not a prob"),
    (["1", "1/8"], ("runs", 0, "policy", 1, 0, 1), r"policy\[1\]\[0\]\[1\]: 1\.125 is what the"),
    ([], ("runs", 0, "policy"), r"runs\[0\]\.policy: needs shape \(2, 2, 2, 2\)"),
]


@pytest.mark.parametrize(("value", "path", "what"), WRONG)
def test_each_malformed_file_gets_one_clear_error(
    value: Any, path: tuple[Any, ...], what: str
) -> None:
    with pytest.raises(InputError, match=what) as caught:
        read(put(value, path))
    assert "\n" not in str(caught.value)


OBJECTS: list[tuple[Any, ...]] = [(), ("setting",), ("setting", "noise"), ("runs", 1)]


@pytest.mark.parametrize("path", OBJECTS)
def test_fields_are_neither_missing_nor_unknown_nor_twice(path: tuple[Any, ...]) -> None:
    whole = document()
    part = whole
    for key in path:
        part = part[key]
    for name in list(part):
        kept = part.pop(name)
        with pytest.raises(DatasetError, match=f"field '{name}' is missing"):
            read(whole)
        part[name] = kept
    part["colour"] = 1
    with pytest.raises(DatasetError, match="unknown field 'colour'"):
        read(whole)
    del part["colour"]
    for name in part:
        text = json.dumps(whole).replace(f'"{name}":', f'"{name}": 0, "{name}":')
        with pytest.raises(FileError, match="duplicate key"):
            Dataset.from_bytes(text.encode())


def test_literals_that_are_not_exact_are_refused() -> None:
    for literal, what in (("NaN", "NaN is not a number"), ("0.5", "floating-point literal 0.5")):
        data = json.dumps(put("here", ("runs", 0, "u", 0, 0))).replace('"here"', literal)
        with pytest.raises(FileError, match=what):
            Dataset.from_bytes(data.encode())


def read_or_refused(data: bytes) -> None:
    """Either one line says what is wrong, or what is read is written and read again."""
    try:
        found = Dataset.from_bytes(data)
    except InputError as error:
        said = str(error)
        assert "\n" not in said
        assert 0 < len(said) <= 400
    else:
        assert Dataset.from_bytes(found.to_bytes()).to_bytes() == found.to_bytes()


@given(st.integers(0, len(FILE) - 1), st.binary(max_size=4), st.integers(0, 3))
def test_changed_bytes_are_read_or_refused(place: int, patch: bytes, removed: int) -> None:
    read_or_refused(FILE[:place] + patch + FILE[place + removed :])


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every part of a document is."""
    entries = list(value.items()) if isinstance(value, dict) else []
    entries = list(enumerate(value)) if isinstance(value, list) else entries
    inner = [found for key, part in entries for found in paths(part, (*path, key))]
    return [path, *inner] if path else inner


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.sampled_from(["", "0", "1", "-1", "1/2", "1/3", "inf", "nan", "1e400", "1/0", "x", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.sampled_from(paths(document())), ODD)
@settings(max_examples=300)
def test_changed_values_are_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    read_or_refused(json.dumps(put(value, path)).encode())


@given(ODD)
def test_other_documents_are_refused(value: Any) -> None:
    with pytest.raises(InputError):
        read(value)


def test_an_entry_of_the_wrong_size_is_no_broadcast() -> None:
    changes: list[Callable[[Any], Any]] = [lambda rows: rows[:1], lambda rows: [*rows, rows[0]]]
    for change in changes:
        for key in ("s", "b", "a", "u"):
            with pytest.raises(DatasetError, match="needs shape"):
                read(put(change(document()["runs"][0][key]), ("runs", 0, key)))
    assert np.array_equal(read(document()).runs[0].s, DATA.runs[0].s)
