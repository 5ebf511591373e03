"""Policies: exact in, exact out, and every bad one refused with its place."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse import Game, Policy
from exactqse.errors import FileError, InputError, NumberError, PolicyError
from exactqse.testing import games, policies

RELAXED = settings(deadline=None, max_examples=50)  # deadlines depend on the machine

# One step, one state, two leader actions, two follower actions.
ZERO = [[[0, 0], [0, 0]]]
GAME = Game.from_arrays(None, ZERO, ZERO)
BLIND = GAME.with_(observes="nothing")
THIRDS = [[[["1/3", "2/3"], [0, 1]]]]


@RELAXED
@given(st.data())
def test_a_saved_policy_is_the_policy(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    game = data.draw(games(wide=False))
    policy = data.draw(policies(game))
    path = tmp_path_factory.getbasetemp() / "policy.json"
    policy.save(path)
    assert Policy.load(path, game=game) == policy
    assert Policy.from_arrays(policy.probabilities, game=game) == policy
    assert policy[-1][0][0] == policy.probabilities[len(policy) - 1][0][0]
    assert policy.as_array().shape == (*game.shape[:2], game.follower_actions, game.leader_actions)


def test_spellings_agree() -> None:
    spellings: list[Any] = [
        [[[["1/2", 0.5], [Fraction(1, 4), "0.75"]]]],
        np.array([[[[0.5, 0.5], [0.25, 0.75]]]]),
        (((("1/2", "1/2"), ("1/4", "3/4")),),),
    ]
    found = {Policy.from_arrays(pi, game=GAME) for pi in spellings}
    assert len(found) == 1
    np.testing.assert_array_equal(found.pop().as_array(), spellings[1])


def test_normalise_is_exact() -> None:
    policy = Policy.from_arrays([[[[1, 2], [0.1, 0.2]]]], game=GAME, normalise=True)
    tenth, fifth = Fraction(0.1), Fraction(0.2)
    assert policy.probabilities[0][0] == (
        (Fraction(1, 3), Fraction(2, 3)),
        (tenth / (tenth + fifth), fifth / (tenth + fifth)),
    )


def test_uniform_is_a_policy_of_every_observer() -> None:
    assert Policy.uniform(GAME).validated(BLIND).probabilities == ((((Fraction(1, 2),) * 2,) * 2,),)


BAD: list[tuple[Any, type[InputError], str]] = [
    ([[[["1/3", "1/3"], [0, 1]]]], PolicyError, r"pi\[0\]\[0\]\[0\]: .* sum to 0\.3333 below 1"),
    ([[[[1, 0], [1, "1/4"]]]], PolicyError, r"pi\[0\]\[0\]\[1\]: .* sum to 0\.25 above 1"),
    ([[[[2, -1], [0, 1]]]], PolicyError, r"pi\[0\]\[0\]\[0\]: a probability is negative"),
    ([[[[1], [0, 1]]]], PolicyError, r"pi\[0\]\[0\]\[0\]: has 1 probabilities, not 2"),
    ([[[[1, 0]]]], PolicyError, r"pi\[0\]\[0\]: needs 2 rows"),
    ([[]], PolicyError, r"pi: must have the shape \[1\]\[1\]\[b\]\[a\]"),
    ([THIRDS[0], THIRDS[0]], PolicyError, r"pi: must have the shape"),
    ([[[["nan", 0], [0, 1]]]], NumberError, r"pi\[0\]\[0\]\[0\]: 'nan' is not a rational number"),
    ([[[[np.inf, 0], [0, 1]]]], NumberError, r"pi\[0\]\[0\]\[0\]: inf is not a finite number"),
    ([[["10", [0, 1]]]], PolicyError, r"pi\[0\]\[0\]\[0\]: expected a list, found str"),
    (3, PolicyError, r"pi: expected a list, found int"),
]


@pytest.mark.parametrize(("pi", "kind", "reason"), BAD, ids=[reason for _, _, reason in BAD])
def test_bad_policies_are_refused_by_name(pi: Any, kind: type[InputError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        Policy.from_arrays(pi, game=GAME)


@pytest.mark.parametrize("row", [[0, 0], [-1, 2], [1, -1]])
def test_normalise_does_not_mend_what_is_no_mass(row: list[int]) -> None:
    with pytest.raises(PolicyError, match=r"pi\[0\]\[0\]\[0\]"):
        Policy.from_arrays([[[row, [0, 1]]]], game=GAME, normalise=True)


def test_the_leader_cannot_use_what_she_does_not_see() -> None:
    assert Policy.from_arrays(THIRDS, game=GAME)
    with pytest.raises(PolicyError, match=r"pi\[0\]\[0\]: rows differ on the cell \[0, 1\]"):
        Policy.from_arrays(THIRDS, game=BLIND)


FILES: list[tuple[dict[str, Any], str]] = [
    ({"version": 2}, "version is not 1"),
    ({"version": True}, "version is not 1"),
    ({"format": "exactqse-game"}, "format is not 'exactqse-policy'"),
    ({"note": ""}, "unknown field 'note'"),
    ({"pi": 1}, "pi: is not a list"),
    ({"pi": [[[["1/3", "1/3"], ["0", "1"]]]]}, r"pi\[0\]\[0\]\[0\]: .* sum to 0\.3333 below 1"),
    ({"pi": [[[["1", None], ["0", "1"]]]]}, r"pi\[0\]\[0\]\[0\]: is not a number"),
    ({"pi": [[[["1/0", "0"], ["0", "1"]]]]}, r"'1/0' divides by zero"),
    ({"pi": [[[[0.5, 0.5], ["0", "1"]]]]}, r"floating-point literal 0\.5"),
]


@pytest.mark.parametrize(("change", "reason"), FILES, ids=[reason for _, reason in FILES])
def test_bad_files_are_refused_by_name(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    Policy.from_arrays(THIRDS, game=GAME).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises((PolicyError, NumberError, FileError), match=reason):
        Policy.load(path, game=GAME)


def test_truncated_and_absent_files(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    Policy.uniform(GAME).save(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileError, match="it may be truncated"):
        Policy.load(path, game=GAME)
    with pytest.raises(FileError, match="cannot be read"):
        Policy.load(tmp_path / "absent.json", game=GAME)
