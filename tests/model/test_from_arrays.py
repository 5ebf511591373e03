"""Game.from_arrays: all spellings of a game give one game, every bad one its own error."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse import Game
from exactqse.errors import GameError, InputError, NumberError
from exactqse.testing import games

RELAXED = settings(deadline=None, max_examples=50)  # deadlines depend on the machine

HALF = ["0.5", "1/2", 0.5, Fraction(1, 2), "5e-1", ".5", "2/4", np.float64(0.5), np.float32(0.5)]

# Two states, two leader actions, one follower action.
P = [[[["1/2", "1/2"]], [[1, 0]]], [[[0, 1]], [["1/4", "3/4"]]]]
U = [[[0], [1]], [["1/2"], [-2]]]
R = [[[3], [0]], [[0], ["1/4"]]]


def game(**changes: Any) -> Game:
    fields: dict[str, Any] = {"P": P, "u": U, "r": R, "horizon": 2} | changes
    return Game.from_arrays(fields.pop("P"), fields.pop("u"), fields.pop("r"), **fields)


def floats(table: Any) -> Any:
    """The same nested table with floats; all of the numbers here are dyadic."""
    return [floats(x) for x in table] if isinstance(table, list) else float(Fraction(table))


@pytest.mark.parametrize("half", HALF, ids=[f"{type(x).__name__}-{x}" for x in HALF])
def test_every_spelling_of_a_half_is_the_same_game(half: Any) -> None:
    spelt = game(
        P=[[[[half, half]], [[1, 0]]], [[[0, 1]], [["1/4", "3/4"]]]],
        u=[[[0], [1]], [[half], [-2]]],
        rho=[half, half],
        eta=half,
        gamma=half,
    )
    plain = game(rho=["1/2", "1/2"], eta="1/2", gamma="1/2")
    assert spelt == plain
    assert spelt.hash == plain.hash
    assert hash(spelt) == hash(plain)


def test_every_container_is_the_same_game() -> None:
    dyadic = {"P": np.array(floats(P)), "u": np.array(floats(U)), "r": np.array(floats(R))}
    sparse = [[[{0: "1/2", 1: "1/2"}], [{0: 1}]], [[{1: 1}], [{1: "3/4", 0: "1/4"}]]]
    exact = np.vectorize(Fraction, otypes=[object])
    spellings = [
        game(),
        game(**dyadic),
        game(**{name: table.astype(np.float32) for name, table in dyadic.items()}),
        game(**{name: exact(table) for name, table in dyadic.items()}),
        game(P=floats(P), u=floats(U), r=floats(R)),
        game(P=sparse),
        game(P=[[[{0: "1/2", 1: "1/2"}], [{0: 1, 1: 0}]], [[{1: 1}], [["1/4", "3/4"]]]]),
        game(P=tuple(tuple(tuple(tuple(row) for row in b) for b in a) for a in P)),
        game(P=[P, P], u=[U, U], r=[R, R], horizon=None),
        game(P=[P, P], u=U, r=R),
        game(P=np.array([floats(P)] * 2), u=np.array([floats(U)] * 2)),
        game(rho=0),
        game(rho=[1, 0]),
        game(rho={0: 1}),
        game(rho=np.int64(0)),
        game(rho=np.array([1.0, 0.0])),
        game(horizon=np.int64(2)),
        game(observes=[[0]], eta=1.0, gamma="0"),
        game(observes="nothing"),
    ]
    assert len({spelt.hash for spelt in spellings}) == 1
    assert all(spelt == spellings[0] for spelt in spellings)


def test_a_float_is_the_dyadic_number_that_it_is() -> None:
    spelt = game(u=[[[0.1], [1]], [[0], [0]]])
    assert spelt.u[0][0][0][0] == Fraction(3602879701896397, 2**55) != Fraction(1, 10)
    assert spelt.hash != game(u=[[["0.1"], [1]], [[0], [0]]]).hash


@pytest.mark.parametrize(
    "change",
    [
        {"u": R},
        {"r": U},
        {"P": None},
        {"rho": 1},
        {"horizon": 3},
        {"eta": 2},
        {"eta": "inf"},
        {"gamma": "1e-300"},
        {"names": {"states": ["x", "y"]}},
        {"u": [U, R]},
    ],
)
def test_different_games_have_different_hashes(change: dict[str, Any]) -> None:
    assert game(**change).hash != game().hash
    assert game(**change) != game()


def test_absent_arguments_mean_what_is_documented() -> None:
    plain = Game.from_arrays(None, U, R)
    assert plain.shape == (1, 2, 2, 1)
    assert plain.rho.states == (0,)
    assert (plain.eta, plain.gamma, plain.observes) == (1, 0, ((0,),))
    assert [[b[0].states for b in s] for s in plain.P[0]] == [[(0,), (0,)], [(1,), (1,)]]
    assert game(eta=float("inf")).eta is game(eta="inf").eta is None


def test_partitions_are_canonical() -> None:
    rewards = [[[0, 1, 2]]]
    spellings: list[Any] = [[[2, 0], [1]], ((1,), (0, 2)), [[1], [2, 0]], [np.array([0, 2]), [1]]]
    found = {
        Game.from_arrays(None, rewards, rewards, observes=cells).observes for cells in spellings
    }
    assert found == {((0, 2), (1,))}


def test_float_views() -> None:
    spelt = game()
    np.testing.assert_array_equal(spelt.P_float[0], np.array(floats(P)))
    np.testing.assert_array_equal(spelt.u_float[0], np.array(floats(U)))
    np.testing.assert_array_equal(spelt.r_float[0], np.array(floats(R)))


def test_with_changes_only_what_is_named() -> None:
    changed = game().with_(eta="1/3", gamma=1, observes="nothing")
    assert (changed.eta, changed.gamma) == (Fraction(1, 3), 1)
    assert changed == game(eta="1/3", gamma=1, observes="nothing")
    with pytest.raises(GameError, match=r"gamma: 2 is not in \[0, 1\]"):
        game().with_(gamma=2)


@RELAXED
@given(games())
def test_a_saved_game_is_the_game(tmp_path_factory: pytest.TempPathFactory, drawn: Game) -> None:
    path = tmp_path_factory.getbasetemp() / "game.json"
    drawn.save(path)
    assert Game.load(path) == drawn
    assert Game.load(path).hash == drawn.hash


WEIGHTS = st.lists(st.integers(0, 9), min_size=2, max_size=2).filter(any)


@RELAXED
@given(WEIGHTS, st.sampled_from([1, "1/3", 0.1]))
def test_normalise_is_exact(weights: list[int], unit: Any) -> None:
    """Rows and rho are divided by their exact sums, and by nothing else."""
    scaled = [w * Fraction(unit) for w in weights]
    spelt = game(P=[[[scaled], [scaled]], [[scaled], [scaled]]], rho=scaled, normalise=True)
    row = [Fraction(w, sum(weights)) for w in weights]
    assert spelt == game(P=[[[row], [row]], [[row], [row]]], rho=row)


def test_normalise_divides_floats_exactly() -> None:
    row = [0.1, 0.2, 0.7]  # its exact sum is not 1
    total = sum(Fraction(p) for p in row)
    assert total != 1
    table = np.array([[[row]]] * 3)
    rewards = [[[0]]] * 3
    spelt = Game.from_arrays(table, rewards, rewards, normalise=True)
    expected = [Fraction(p) / total for p in row]
    found = spelt.P[0][0][0][0]
    assert [Fraction(n, found.denominator) for n in found.numerators] == expected
    listed = Game.from_arrays(table.tolist(), rewards, rewards, normalise=True)
    assert listed.hash == spelt.hash
    with pytest.raises(
        GameError, match=r"P\[0\]\[0\]\[0\]\[0\]: probabilities sum to 1 - 2\.776E-17"
    ):
        Game.from_arrays(table, rewards, rewards)


def row_game(row: Any) -> dict[str, Any]:
    """P with this row at s = 1, a = 0."""
    return {"P": [[[[1, 0]], [[1, 0]]], [[row], [[0, 1]]]]}


AT = r"P\[0\]\[1\]\[0\]\[0\]"
BAD: list[tuple[dict[str, Any], type[InputError], str]] = [
    # rows that do not sum to one, or hold what is no probability
    (
        row_game(["1/2", "1/3"]),
        GameError,
        AT + r": probabilities sum to 1 - 0\.1667; make them sum",
    ),
    (row_game(["1/2", "2/3"]), GameError, AT + r": probabilities sum to 1 \+ 0\.1667"),
    (row_game([0, 0]), GameError, AT + r": probabilities sum to 1 - 1;"),
    (row_game({}), GameError, AT + r": probabilities sum to 1 - 1;"),
    (row_game(np.array([0.5, 0.25])), GameError, AT + r": probabilities sum to 1 - 0\.25"),
    (row_game(["3/2", "-1/2"]), GameError, AT + r": probability -1/2 of state 1 is negative"),
    (row_game(np.array([1.5, -0.5])), GameError, AT + r": probability -0\.5 of state 1"),
    (row_game([np.nan, 1]), NumberError, AT + r"\[0\]: nan is not a finite number"),
    (row_game(np.array([np.nan, 1])), GameError, AT + r": probability nan of state 0"),
    (row_game(np.array([1, np.inf])), GameError, AT + r": probability inf of state 1"),
    (row_game({0: "1/2", 2: "1/2"}), GameError, AT + r": state 2 is not one of 0\.\.1"),
    (row_game({-1: 1}), GameError, AT + r": state -1 is not one of 0\.\.1"),
    (row_game({"0": 1}), GameError, AT + r": '0' is not a state index"),
    (row_game({True: 1}), GameError, AT + r": True is not a state index"),
    (row_game([1, 0, 0]), GameError, AT + r": has 3 probabilities, not 2"),
    (row_game(np.array([1.0])), GameError, AT + r": has shape \(1,\), not \(2,\)"),
    (row_game("10"), GameError, AT + r": expected a list, found str"),
    ({"rho": ["1/2", "1/4"]}, GameError, r"rho: probabilities sum to 1 - 0\.25"),
    ({"rho": 2}, GameError, r"rho: state 2 is not one of 0\.\.1"),
    ({"rho": [1]}, GameError, r"rho: has 1 probabilities, not 2"),
    (
        {"rho": [2, -1], "normalise": True},
        GameError,
        r"rho: cannot be normalised: negative or zero",
    ),
    ({"rho": [0, 0], "normalise": True}, GameError, r"rho: cannot be normalised"),
    ({"rho": np.zeros(2), "normalise": True}, GameError, r"rho: cannot be normalised: zero mass"),
    # shapes
    ({"u": [1, 2]}, GameError, r"u: has 1 axes, not 3 \(S, A, B\) or 4 \(H, S, A, B\)"),
    ({"r": 3}, GameError, r"r: has 0 axes, not 3"),
    ({"P": [[1, 0], [0, 1]]}, GameError, r"P: has 2 axes, not 4 \(S, A, B, S\) or 5"),
    ({"r": [[[3], [0]]]}, GameError, r"r\[0\]: has 1 states, not 2; S, A and B are counted along"),
    ({"r": [[[3], [0]], [[0]]]}, GameError, r"r\[0\]\[1\]: has 1 leader actions, not 2"),
    ({"r": [[[3], [0]], [[0], [0, 1]]]}, GameError, r"r\[0\]\[1\]\[1\]: has 2 follower actions"),
    ({"u": [[[3], [0]], [[0], 1]]}, GameError, r"u\[0\]\[1\]\[1\]: expected a list, found int"),
    ({"P": [P, P, P]}, GameError, r"P: is given for 3 steps, not for all 2 or once"),
    (
        {"u": [U, R], "r": [R, R, U], "horizon": None},
        GameError,
        r"u: is given for 2 steps, not for all 3",
    ),
    # empty sets
    ({"u": []}, GameError, r"u: has 1 axes"),
    ({"P": None, "u": [[[]]], "r": [[[]]]}, GameError, r"follower actions: there must be at least"),
    ({"u": np.zeros((0, 2, 1))}, GameError, r"u: is empty; there must be a state"),
    ({"u": np.zeros((2, 0, 1))}, GameError, r"u: is empty; there must be a state"),
    ({"u": np.zeros((0, 2, 2, 1))}, GameError, r"u: is empty; there must be a state"),
    ({"horizon": 0}, GameError, r"horizon: there must be at least one, not 0"),
    ({"horizon": -3}, GameError, r"horizon: there must be at least one, not -3"),
    ({"horizon": 1.5}, GameError, r"horizon: 1\.5 is not an integer"),
    ({"horizon": True}, GameError, r"horizon: True is not an integer"),
    # numbers
    (
        {"u": [[[np.nan], [1]], [[0], [0]]]},
        NumberError,
        r"u\[0\]\[0\]\[0\]\[0\]: nan is not a finite",
    ),
    (
        {"r": np.full((2, 2, 1), -np.inf)},
        NumberError,
        r"r\[0\]\[0\]\[0\]\[0\]: -inf is not a finite",
    ),
    (
        {"u": [[["1/0"], [1]], [[0], [0]]]},
        NumberError,
        r"u\[0\]\[0\]\[0\]\[0\]: '1/0' divides by zero",
    ),
    ({"u": [[["1e999999999"], [1]], [[0], [0]]]}, NumberError, r"has too large an exponent"),
    ({"u": [[["9" * 5000], [1]], [[0], [0]]]}, NumberError, r"a number of 5000 characters"),
    ({"u": [[["1,5"], [1]], [[0], [0]]]}, NumberError, r"'1,5' is not a rational number"),
    ({"u": [[["nan"], [1]], [[0], [0]]]}, NumberError, r"'nan' is not a rational number"),
    ({"u": [[[None], [1]], [[0], [0]]]}, NumberError, r"None is not a number; use int, float"),
    ({"u": [[[True], [1]], [[0], [0]]]}, NumberError, r"True is not a number"),
    ({"u": [[[1j], [1]], [[0], [0]]]}, NumberError, r"1j is not a number"),
    # the follower and the leader's eyes
    ({"eta": 0}, GameError, r"eta: 0 is not positive"),
    ({"eta": -1}, GameError, r"eta: -1 is not positive"),
    ({"eta": float("nan")}, NumberError, r"eta: nan is not a finite number"),
    ({"eta": float("-inf")}, NumberError, r"eta: -inf is not a finite number"),
    ({"eta": "infinity"}, NumberError, r"eta: 'infinity' is not a rational number"),
    ({"gamma": -0.5}, GameError, r"gamma: -1/2 is not in \[0, 1\]"),
    ({"gamma": "1001/1000"}, GameError, r"gamma: 1001/1000 is not in \[0, 1\]"),
    ({"gamma": float("inf")}, NumberError, r"gamma: inf is not a finite number"),
    ({"observes": "some"}, GameError, r"observes: 'some' is unknown; use \"action\", \"nothing\""),
    ({"observes": []}, GameError, r"observes: is not a partition of the follower's actions"),
    ({"observes": [[0], []]}, GameError, r"observes: is not a partition"),
    ({"observes": [[0], [0]]}, GameError, r"observes: is not a partition"),
    ({"observes": [[0, 0]]}, GameError, r"observes: is not a partition"),
    ({"observes": [[0, 1]]}, GameError, r"observes: is not a partition"),
    ({"observes": [0]}, GameError, r"observes: expected a list, found int"),
    ({"observes": [["0"]]}, GameError, r"observes: '0' is not a follower action's index"),
    ({"names": {"states": ["x"]}}, GameError, r"names of states: need 2 different names"),
    ({"names": {"states": ["x", "x"]}}, GameError, r"names of states: need 2 different names"),
    ({"names": {"states": ["x", 1]}}, GameError, r"names.states: holds something"),
    ({"names": {"people": ["x"]}}, GameError, r"names: 'people' is not one of"),
]


@pytest.mark.parametrize(("change", "kind", "reason"), BAD, ids=[reason for _, _, reason in BAD])
def test_bad_input_is_refused_by_name(
    change: dict[str, Any], kind: type[InputError], reason: str
) -> None:
    with pytest.raises(kind, match="^" + reason if ":" in reason else reason):
        game(**change)


FILES = [
    (lambda text: text[:-20], "is not valid JSON in UTF-8 .*: line 1 .*it may be truncated"),
    (lambda text: text.replace('"version":1', '"version":2'), "version is not 1"),
    (
        lambda text: text.replace('"version":1', '"version":1,"version":1'),
        "duplicate key 'version'",
    ),
    (lambda text: text.replace("exactqse-game", "other"), "format is not 'exactqse-game'"),
    (lambda text: text.replace('"eta":"1"', '"eta":1.5'), "floating-point literal 1.5"),
    (lambda text: text.replace('"eta":"1"', '"eta":"1/0"'), "eta: '1/0' divides by zero"),
    (lambda text: text.replace('"eta":"1",', ""), "field 'eta' is missing"),
    (lambda text: text.replace('"eta"', '"note":"","eta"'), "unknown field 'note'"),
    (lambda text: text.replace('"1/2"', '"1/3"', 1), r"probabilities sum to 1 - 0\.1667"),
    (lambda _: "[" * 200_000, "is nested too deeply"),
    (lambda text: text + "{}", "is not valid JSON"),
]


@pytest.mark.parametrize(("spoil", "reason"), FILES, ids=[reason for _, reason in FILES])
def test_bad_files_are_refused_by_name(spoil: Any, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    game().save(path)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(InputError, match=reason):
        Game.load(path)


def test_observes_action() -> None:
    one = [[[1, 1]]]
    assert Game.from_arrays(None, one, one).observes_action
    assert not Game.from_arrays(None, one, one, observes="nothing").observes_action
