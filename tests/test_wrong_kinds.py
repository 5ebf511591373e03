"""Public functions with arguments of the wrong kind: one clear InputError, or a right answer."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_learners import UniformLeader, Uninterested

import exactqse
from exactqse import Certificate, Enclosure, Game, Policy
from exactqse.arithmetic import FlintElementary
from exactqse.errors import ExactQSEError, InputError, KindError
from exactqse.formats import load_nfg, read_nfg
from exactqse.games import (
    common_interest,
    dense,
    get,
    inspection_game,
    matrix_game,
    nearly_tied,
    ochs,
    patrol_game,
    security_game,
    selten_chmura,
    sparse,
    zero_sum,
)
from exactqse.kernel.elementary import INTEGER
from exactqse.model.graph import describe_graph, game_graph
from exactqse.simulate import Dataset, LeaderEnv, Noise, draw_dataset
from exactqse.sweep import limits
from exactqse.trials import OnlineRecord

NFG = b'NFG 1 R "" { "a" "b" } { 1 1 } 1 2'
GAME = get("conitzer-sandholm-2006")
SOLUTION = exactqse.solve(GAME, 5)
FARSIGHTED = exactqse.solve(GAME.with_(gamma="1/2"))
POLICY = SOLUTION.policy
CLAIM = SOLUTION.certificate
ONE_TO_TWO = Enclosure(Fraction(1), Fraction(2))
FORMS = exactqse.evaluate_symbolic(GAME, POLICY)
FOLLOWER = {"eta": 1, "gamma": 0, "observes": "action"}
SIZES = {"states": 1, "leader_actions": 1, "follower_actions": 1, "horizon": 1, "seed": 0}
DATA = draw_dataset(GAME, episodes=1, seed=0)
Call = tuple[Callable[..., Any], dict[str, Any]]

CALLS: dict[str, Call] = {
    "check": (
        exactqse.check,
        {"game": GAME, "certificate": CLAIM, "precision": 64, "elementary": INTEGER},
    ),
    "solve": (exactqse.solve, {"game": GAME, "digits": 5, "checker": "kernel", "progress": None}),
    "solve_float64": (exactqse.solve_float64, {"game": GAME}),
    "decide": (
        exactqse.decide,
        {"game": GAME, "at_least": 1, "max_digits": 5, "checker": "kernel"},
    ),
    "sweep": (
        exactqse.sweep,
        {"game": GAME, "etas": [1], "digits": 5, "width": 1, "time_limit": 1, "progress": None},
    ),
    "eta_grid": (exactqse.eta_grid, {"start": 1, "stop": 2, "points": 3, "log": False}),
    "isolation": (exactqse.isolation, {"solution": SOLUTION}),
    "near_optimal": (
        exactqse.near_optimal,
        {"solution": FARSIGHTED, "within": "1/10", "parts": 10},
    ),
    "sensitivities": (exactqse.sensitivities, {"solution": SOLUTION}),
    "limits": (limits, {"game": GAME}),
    "evaluate": (exactqse.evaluate, {"game": GAME, "policy": POLICY, "digits": 5}),
    "evaluate_float64": (exactqse.evaluate_float64, {"game": GAME, "policy": POLICY}),
    "evaluate_symbolic": (
        exactqse.evaluate_symbolic,
        {"game": GAME, "policy": POLICY, "symbolic_eta": False},
    ),
    "SymbolicEvaluation.digits": (FORMS.digits, {"n": 5, "name": "J"}),
    "SymbolicEvaluation.latex": (FORMS.latex, {"name": "J"}),
    "SymbolicEvaluation.entry": (lambda name, i: FORMS.entry(name, i, 0), {"name": "V", "i": 0}),
    "Game.load": (Game.load, {"path": "game.json"}),
    "Game.save": (GAME.save, {"path": "saved.json"}),
    "Game.from_kernel": (Game.from_kernel, {"game": GAME}),
    "Game.with_": (GAME.with_, FOLLOWER),
    "Game.name": (GAME.name, {"kind": "state", "index": 0}),
    "Game.from_arrays": (
        Game.from_arrays,
        {
            "P": None,
            "u": [[[1]]],
            "r": [[[1]]],
            "rho": None,
            "horizon": None,
            **FOLLOWER,
            "normalise": False,
            "names": None,
        },
    ),
    "Policy": (Policy, {"probabilities": POLICY.probabilities}),
    "Policy.from_arrays": (
        Policy.from_arrays,
        {"pi": [[[[1, 0], [0, 1]]]], "game": GAME, "normalise": False},
    ),
    "Policy.load": (Policy.load, {"path": "policy.json", "game": GAME}),
    "Policy.save": (POLICY.save, {"path": "saved.json"}),
    "Policy.uniform": (Policy.uniform, {"game": GAME}),
    "Policy.validated": (POLICY.validated, {"game": GAME}),
    "Certificate.load": (Certificate.load, {"path": "certificate.json"}),
    "Certificate.save": (CLAIM.save, {"path": "saved.json"}),
    "Certificate.from_bytes": (Certificate.from_bytes, {"data": CLAIM.to_bytes()}),
    "Enclosure": (Enclosure, {"lower": Fraction(1), "upper": Fraction(2)}),
    "Enclosure.at_least": (ONE_TO_TWO.at_least, {"value": 0}),
    "Enclosure.overlaps": (ONE_TO_TWO.overlaps, {"other": ONE_TO_TWO}),
    "Enclosure.__contains__": (lambda value: value in ONE_TO_TWO, {"value": 0}),
    "run_online": (
        exactqse.run_online,
        {
            "game": GAME,
            "learner": UniformLeader(),
            "episodes": 2,
            "seed": 0,
            "noise": Noise(),
            "optimum": SOLUTION,
            "progress": None,
            "clock": None,
        },
    ),
    "run_offline": (
        exactqse.run_offline,
        {"dataset": DATA, "learner": Uninterested(), "game": GAME, "seed": 0, "optimum": SOLUTION},
    ),
    "OnlineRecord.load": (OnlineRecord.load, {"path": "record.json"}),
    "draw_dataset": (
        draw_dataset,
        {
            "game": GAME,
            "behaviour": "uniform",
            "episodes": 1,
            "seed": 0,
            "noise": Noise(),
            "progress": None,
        },
    ),
    "Dataset.load": (Dataset.load, {"path": "data.json"}),
    "Dataset.save": (DATA.save, {"path": "saved.json"}),
    "Dataset.from_bytes": (Dataset.from_bytes, {"data": DATA.to_bytes()}),
    "Dataset.require_game": (DATA.require_game, {"game": GAME}),
    "LeaderEnv": (LeaderEnv, {"game": GAME, "noise": Noise()}),
    "describe_graph": (describe_graph, {"game": GAME}),
    "game_graph": (game_graph, {"game": GAME}),
    "get": (get, {"name": "ochs-1995-1"}),
    "ochs": (ochs, {"up_left": 1}),
    "selten_chmura": (selten_chmura, {"number": 1}),
    "matrix_game": (
        matrix_game,
        {
            "leader_payoffs": [[1]],
            "follower_payoffs": [[1]],
            **FOLLOWER,
            "leader_names": None,
            "follower_names": None,
        },
    ),
    "security_game": (
        security_game,
        {
            "defender_covered": [1],
            "defender_uncovered": [0],
            "attacker_covered": [0],
            "attacker_uncovered": [1],
            "eta": 1,
            "observes": "action",
        },
    ),
    "inspection_game": (inspection_game, {"inspections": 1, "horizon": 2, **FOLLOWER}),
    "patrol_game": (patrol_game, {"sites": 3, "horizon": 2, "delay": "1/10", **FOLLOWER}),
    "dense": (dense, {**SIZES, "eta": 1}),
    "zero_sum": (zero_sum, {**SIZES, "eta": 1}),
    "common_interest": (common_interest, {**SIZES, "eta": 1}),
    "sparse": (sparse, {**SIZES, "eta": 1, "successors": 1}),
    "nearly_tied": (nearly_tied, {**SIZES, "eta": 1, "spread": "1/9"}),
    "load_nfg": (load_nfg, {"path": "game.nfg", "leader": 1, **FOLLOWER}),
    "read_nfg": (read_nfg, {"data": NFG, "leader": 1, **FOLLOWER}),
}
ODD: list[Any] = [
    *(None, True, 0, -1, 2, 10**30, 10**5000, 1.5, -0.5, float("nan"), float("inf"), 1j),
    *("", "x", "1/3", "a\0b", "\ud800", "1" * 99, b"x", bytearray(b"x"), Fraction(1, 2), Fraction),
    *([], [[]], [[[]]], [None], [1, [2]], [[1], 2], [[[None]]], [[["x"]]], [[[[1]]]], (), range(3)),
    *({}, {"a": 1}, {1: 2}, {None: None}, set(), iter([1]), object(), Path()),
    *(np.float64(2), np.int64(1), np.array([1.0]), np.zeros((2, 2)), np.array([[[1, 2]]])),
    *(np.array(["a"]), np.array([object()])),
]
ARGUMENTS = [(name, key) for name, (_, given) in CALLS.items() for key in given]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    GAME.save("game.json")
    POLICY.save("policy.json")
    CLAIM.save("certificate.json")
    DATA.save("data.json")
    Path("game.nfg").write_bytes(NFG)


def calling(name: str, key: str, value: object) -> Callable[[], Any]:
    function, given = CALLS[name]
    return partial(function, **{**given, key: value})


def complaint(call: Callable[[], Any]) -> str:
    """What the call's error says; nothing when there is none."""
    try:
        call()
    except ExactQSEError as error:
        return str(error)
    return ""


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("name", "key"), ARGUMENTS)
def test_odd_values_are_refused_in_one_line_or_understood(name: str, key: str) -> None:
    for value in ODD:
        said = complaint(calling(name, key, value))
        assert "\n" not in said, value
        assert len(said) <= 400, value


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("name", "key"), ARGUMENTS)
def test_an_object_is_an_input_error_with_its_place(name: str, key: str) -> None:
    with pytest.raises(InputError) as caught:
        calling(name, key, object())()
    assert caught.value.where


@pytest.mark.parametrize("name", ["check", "solve", "solve_float64", "decide", "evaluate"])
def test_what_is_no_game_is_named(name: str) -> None:
    for value, found in ((None, "NoneType"), (CLAIM, "Certificate"), (Game, "type")):
        with pytest.raises(KindError) as caught:
            calling(name, "game", value)()
        assert str(caught.value) == (
            f"game: expected a game, found {found}; "
            "build one with Game.from_arrays, or read one with Game.load"
        )
        assert isinstance(caught.value, TypeError)


def test_what_is_no_certificate_is_named() -> None:
    with pytest.raises(
        KindError, match="certificate: expected a certificate, found NoneType; take"
    ):
        calling("check", "certificate", None)()
    with pytest.raises(KindError, match="elementary: expected an object with exp and log"):
        calling("check", "elementary", FlintElementary)()


def test_files_that_cannot_be_are_named() -> None:
    with pytest.raises(KindError, match="path: expected a path, found int"):
        calling("Game.load", "path", 3)()
    for function in ("Game.load", "Game.save"):
        with pytest.raises(InputError, match=r"cannot be (read|written) \(embedded null"):
            calling(function, "path", "a\0b")()


def test_float64_says_what_it_cannot_hold() -> None:
    for change, what in (({"eta": "1e400"}, "a number of the game"), ({"eta": "3e307"}, "a value")):
        game = Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[10, 0], [0, -10]]], **change)
        with pytest.raises(
            InputError, match=f"{what} is beyond the range of float64; use exactqse"
        ):
            exactqse.solve_float64(game)
    huge = Game.from_arrays(None, [[["1e400"]]], [[[0]]])
    with pytest.raises(InputError, match="beyond the range of float64"):
        exactqse.solve_float64(huge)
