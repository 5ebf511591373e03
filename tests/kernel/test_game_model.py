from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from exactqse.errors import GameError
from exactqse.kernel.game import (
    MAX_HORIZON,
    MAX_ROW_BITS,
    KernelGame,
    Row,
    check_partition,
)
from exactqse.kernel.gamefile import game_hash
from exactqse.model.rows import make_row, reduced_row

HALF = Fraction(1, 2)
ZERO, ONE = Fraction(0), Fraction(1)
STAY, MOVE = Row(1, (0,), (1,)), Row(1, (1,), (1,))


def step(entry: object) -> Any:
    """[2][2][1] filled with an entry."""
    return (((entry,), (entry,)),) * 2


def game(**changes: object) -> KernelGame:
    fields: dict[str, Any] = {
        "horizon": 3,
        "states": 2,
        "leader_actions": 2,
        "follower_actions": 1,
        "rho": STAY,
        "P": (step(MOVE),),
        "u": (step(ZERO),),
        "r": (step(ONE),),
        "eta": ONE,
        "gamma": ZERO,
        "observes": ((0,),),
    }
    return KernelGame(**(fields | changes))


def test_make_row() -> None:
    row = make_row({2: Fraction(1, 3), 0: Fraction(2, 3), 1: ZERO}, 3, "rho")
    assert row == Row(3, (0, 2), (2, 1))
    assert make_row({1: ONE}, 2, "rho") == Row(1, (1,), (1,))
    assert make_row({0: Fraction(1, 4), 1: Fraction(1, 6), 2: Fraction(7, 12)}, 3, "x") == Row(
        12, (0, 1, 2), (3, 2, 7)
    )


@pytest.mark.parametrize(
    ("probabilities", "what"),
    [
        ({}, "probabilities sum to 1 - 1;"),
        ({0: HALF}, "probabilities sum to 1 - 0.5;"),
        ({0: ONE, 1: Fraction(1, 10**9)}, r"probabilities sum to 1 \+ 1E-9;"),
        ({0: Fraction(3, 2), 1: -HALF}, "probability -1/2 of state 1 is negative"),
        ({2: ONE}, r"state 2 is not one of 0..1"),
        ({-1: ONE}, r"state -1 is not one of 0..1"),
        ({0: ONE, 2: ZERO}, r"state 2 is not one of 0..1"),
    ],
)
def test_rows_that_are_none(probabilities: dict[int, Fraction], what: str) -> None:
    with pytest.raises(GameError, match=what) as caught:
        make_row(probabilities, 2, "P[0]")
    assert caught.value.where == "P[0]"


def test_reduced_row() -> None:
    assert reduced_row(12, (1, 3), (4, 8), "x") == Row(3, (1, 3), (1, 2))
    with pytest.raises(GameError, match="sum to exactly 1") as caught:
        reduced_row(12, (1, 3), (4, 7), "x")
    assert caught.value.what == "probabilities sum to 1 - 0.08333"
    assert caught.value.remedy.startswith("make them sum to exactly 1")


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"horizon": 0}, "horizon", "at least one, not 0"),
        ({"horizon": MAX_HORIZON + 1}, "horizon", "is more than"),
        ({"rho": Row(1, (2,), (1,))}, "rho or P", "a row names a state beyond 1"),
        ({"states": 0}, "states", "at least one, not 0"),
        ({"leader_actions": 0}, "leader actions", "at least one, not 0"),
        ({"follower_actions": -1}, "follower actions", "at least one, not -1"),
        ({"eta": ZERO}, "eta", "0 is not positive"),
        ({"eta": -HALF}, "eta", "-1/2 is not positive"),
        ({"gamma": Fraction(-1, 9)}, "gamma", r"-1/9 is not in \[0, 1\]"),
        ({"gamma": Fraction(10, 9)}, "gamma", r"10/9 is not in \[0, 1\]"),
        ({"observes": ()}, "observes", "is not a partition"),
        ({"names": (("x",), None, None)}, "names of states", "need 2 different names"),
        ({"names": (None, ("x", "x"), None)}, "names of leader actions", "need 2 different names"),
        ({"names": (("x", "y", "x"), None, None)}, "names of states", "need 2 different names"),
        (
            {"names": (None, None, ("x", "y"))},
            "names of follower actions",
            "need 1 different names",
        ),
        ({"P": (step(STAY),) * 2}, "P", "is not a tuple of 1 or 3"),
        ({"u": ()}, "u", "is not a tuple of 1 or 3"),
        ({"r": (step(ONE),) * 4}, "r", "is not a tuple of 1 or 3"),
        (
            {"u": (step(ONE), step(ONE), step(ONE)[:1])},
            "u[2]",
            "is not a tuple of 2 in nested",
        ),
        ({"r": ((((ONE,),), ((ONE,),)),)}, "r[0][0]", "is not a tuple of 2 "),
        ({"P": ((((STAY,), (STAY, STAY)),) * 2,)}, "P[0][0][1]", "is not a tuple of 1 "),
    ],
)
def test_fields_out_of_their_domain(changes: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(GameError, match=what) as caught:
        game(**changes)
    assert caught.value.where == where


@pytest.mark.parametrize(("table", "kind"), [("P", "Row"), ("u", "Fraction"), ("r", "Fraction")])
def test_tables_that_could_change(table: str, kind: str) -> None:
    entry = {"P": MOVE, "u": ZERO, "r": ONE}[table]
    fixed = step(entry)
    for value, place in (
        ([fixed], ""),
        ((list(fixed),), "[0]"),
        (((list(fixed[0]), fixed[1]),), "[0][0]"),
        (((([entry], (entry,)), fixed[1]),), "[0][0][0]"),
        ((step(1),), "[0][0][0][0]"),
        ((step(1.0),), "[0][0][0][0]"),
    ):
        with pytest.raises(GameError) as caught:
            game(**{table: value})
        assert caught.value.where == f"{table}{place}"
        assert caught.value.what.endswith(f" in nested tuples of {kind}")
        assert caught.value.remedy == "Game.from_arrays makes nested tuples"


@pytest.mark.parametrize(
    ("h", "s", "a", "b"), list(product(range(3), range(2), range(2), range(2)))
)
def test_every_entry_is_looked_at(h: int, s: int, a: int, b: int) -> None:
    def table(good: object, odd: object) -> Any:
        """[3][2][2][2], odd at one place."""
        return tuple(
            tuple(
                tuple(tuple(odd if at == (h, s, a, b) else good for at in row) for row in rows)
                for rows in step
            )
            for step in places
        )

    places = [
        [[[(i, j, k, m) for m in range(2)] for k in range(2)] for j in range(2)] for i in range(3)
    ]
    two: dict[str, Any] = {"follower_actions": 2, "observes": ((0, 1),), "P": table(MOVE, STAY)}
    two |= {"u": table(ZERO, ONE), "r": table(ONE, ZERO)}
    assert game(**two).at(two["u"], h)[s][a][b] == 1
    with pytest.raises(GameError, match="a row names a state beyond 1"):
        game(**two | {"P": table(MOVE, Row(2, (1, 2), (1, 1)))})
    for name, odd in (("P", ONE), ("u", 0), ("r", MOVE)):
        with pytest.raises(GameError, match="in nested tuples of") as caught:
            game(**two | {name: table(two[name][not h][s][a][b], odd)})
        assert caught.value.where == f"{name}[{h}][{s}][{a}][{b}]"


def test_names_come_for_all_three_kinds() -> None:
    for names in ((None, None), (None, None, None, None)):
        with pytest.raises(ValueError, match="zip"):
            game(names=names)


def test_the_ends_of_the_domains_are_allowed() -> None:
    assert game(horizon=MAX_HORIZON).horizon == MAX_HORIZON
    assert game(gamma=ONE).gamma == 1
    assert game(gamma=ZERO).gamma == 0
    assert game(eta=None).eta is None
    assert game(names=(("x", "y"), ("x", "y"), ("x",))).names[0] == ("x", "y")
    assert game(horizon=1).shape == (1, 2, 2, 1)


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (((0, 1),), "is not a partition"),
        (((0, 1), (2,), ()), "is not a partition"),
        (((0, 1), (1, 2)), "is not a partition"),
        (((0, 1), (2, 3)), "is not a partition"),
        (((0, 1), (-1,)), "is not a partition"),
        (((-1,), (0, 1)), "is not a partition"),
        (((0,), (1,), (3,)), "is not a partition"),
        (((0, 1), (1,)), "is not a partition"),
        (((), (0,), (1, 2)), "is not a partition"),
        (((1, 0), (2,)), "is not a partition of the follower's actions in ascending order"),
        (((2,), (0, 1)), "is not a partition of the follower's actions in ascending order"),
    ],
)
def test_partitions(cells: tuple[tuple[int, ...], ...], what: str) -> None:
    with pytest.raises(GameError) as caught:
        check_partition(cells, 3)
    assert caught.value.where == "observes"
    assert caught.value.what.startswith(what)
    if "partition" in what:
        assert "0..2" in caught.value.remedy


def test_a_huge_count_is_refused_at_once() -> None:
    with pytest.raises(GameError, match="is not a partition"):
        check_partition(((0,),), 10**17)


def test_partitions_that_are_fine() -> None:
    for cells in (((0,), (1,), (2,)), ((0, 2), (1,)), ((0, 1, 2),)):
        check_partition(cells, 3)


def test_equal_steps_are_stored_once() -> None:
    short, long = game(), game(P=(step(MOVE),) * 3, u=(step(ZERO),) * 3, r=(step(ONE),) * 3)
    assert short == long
    assert hash(short) == hash(long)
    assert (len(long.P), len(long.u), len(long.r)) == (1, 1, 1)
    other = game(u=(step(ZERO), step(ONE), step(ONE)))
    assert len(other.u) == 3
    assert [other.at(other.u, h)[0][0][0] for h in range(3)] == [0, 1, 1]
    assert [short.at(short.r, h)[0][0][0] for h in range(3)] == [1, 1, 1]
    two = game(horizon=2, u=(step(ZERO), step(ONE)))
    assert [two.at(two.u, h)[0][0][0] for h in range(2)] == [0, 1]


@pytest.mark.parametrize(
    "changes",
    [
        {"horizon": 4},
        {"rho": MOVE},
        {"P": (step(STAY),)},
        {"u": (step(HALF),)},
        {"r": (step(HALF),)},
        {"eta": HALF},
        {"eta": None},
        {"gamma": HALF},
        {"names": (None, None, ("x",))},
    ],
)
def test_equality_sees_every_field(changes: dict[str, Any]) -> None:
    assert game() == game()
    assert game() != game(**changes)
    assert game_hash(game()) != game_hash(game(**changes))
    assert replace(game(), **changes) == game(**changes)


def test_a_game_equals_nothing_else() -> None:
    assert game() != "a game"
    assert game() != 1


def test_games_that_differ_have_different_hashes_mostly() -> None:
    variants = [
        game(),
        game(horizon=2),
        game(rho=MOVE),
        game(eta=HALF),
        game(gamma=HALF),
    ]
    assert len({hash(x) for x in variants}) == len(variants)


def test_reachable() -> None:
    assert game().reachable == ((0,), (1,), (1,))
    both = Row(2, (0, 1), (1, 1))
    mixed = game(P=(step(STAY), (((both,), (MOVE,)), ((STAY,), (STAY,))), step(STAY)))
    assert mixed.reachable == ((0,), (0,), (0, 1))
    assert game(rho=both, horizon=1).reachable == ((0, 1),)
    ring = [Row(1, (s,), (1,)) for s in (1, 2, 0)]
    table = tuple(((row,),) for row in ring)
    around = game(
        horizon=4,
        states=3,
        leader_actions=1,
        P=(table,),
        u=((((ZERO,),),) * 3,),
        r=((((ZERO,),),) * 3,),
    )
    assert around.reachable == ((0,), (1,), (2,), (0,))


def test_reachable_states_ascend() -> None:
    fork = Row(2, (1, 8), (1, 1))  # a set of 1 and 8 is not in order
    wide = game(
        horizon=2,
        states=9,
        leader_actions=1,
        P=((((fork,),),) * 9,),
        u=((((ZERO,),),) * 9,),
        r=((((ZERO,),),) * 9,),
    )
    assert wide.reachable == ((0,), (1, 8))


def test_a_game_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        game().eta = None


def test_the_limits() -> None:
    assert (MAX_HORIZON, MAX_ROW_BITS) == (10**6, 6500)
