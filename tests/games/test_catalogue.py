"""The shipped games: names, sources, the literature's numbers, what each family promises."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from exactqse import Game
from exactqse.errors import GameError, InputError, NumberError
from exactqse.games import (
    Entry,
    catalogue,
    common_interest,
    conitzer_sandholm,
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
from exactqse.model.graph import describe_graph
from exactqse.solve import solve

FAMILIES = (dense, sparse, zero_sum, common_interest, nearly_tied)
SIZES = {"states": 5, "leader_actions": 2, "follower_actions": 3, "horizon": 2, "seed": 7}
ENTRIES = catalogue()
PINNED_U = ["3/20", "23/500", "723/1000"]
PINNED_ROW = (629, 620, 260, 653, 430)


def both(game: Game) -> list[list[tuple[int, int]]]:
    """[a][b]: the payoffs (u, r) of a one-state game of integers."""
    pairs = zip(game.u[0][0], game.r[0][0], strict=True)
    return [[(int(x), int(y)) for x, y in zip(*rows, strict=True)] for rows in pairs]


def test_names_are_those_announced() -> None:
    expected = [
        "conitzer-sandholm-2006",
        *(f"selten-chmura-2008-{number}" for number in range(1, 13)),
        *(f"ochs-1995-{x}" for x in (1, 4, 9)),
        "battle-of-the-sexes",
        "security-5",
        "inspection-3-of-8",
        "patrol-4",
        *(f"random-{x}" for x in ("dense", "sparse", "zero-sum", "common-interest", "nearly-tied")),
    ]
    assert [entry.name for entry in ENTRIES] == expected


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_every_entry_builds_one_game_with_a_source(entry: Entry, tmp_path: Any) -> None:
    game = entry.build()
    assert entry.title
    assert entry.source
    assert get(entry.name).hash == game.hash
    assert (game.gamma, game.observes_action) == (0, True)
    game.save(tmp_path / "game.json")
    assert Game.load(tmp_path / "game.json") == game


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_every_entry_is_solved_and_certified(entry: Entry) -> None:
    solution = solve(entry.build(), 12)
    assert solution.certified
    assert solution.upper - solution.lower <= Fraction(1, 10**12)


def test_no_two_entries_are_the_same_game() -> None:
    assert len({entry.build().hash for entry in ENTRIES}) == len(ENTRIES)


def test_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(InputError, match=r"'ochs-1995-5'; did you mean .*ochs-1995-"):
        get("ochs-1995-5")
    with pytest.raises(InputError, match="'%%%'; list the names"):
        get("%%%")


def test_conitzer_sandholm() -> None:
    assert both(conitzer_sandholm()) == [[(2, 1), (4, 0)], [(1, 0), (3, 1)]]


def test_battle_of_the_sexes() -> None:
    game = get("battle-of-the-sexes")
    assert both(game) == [[(3, 2), (0, 0)], [(0, 0), (2, 3)]]
    assert game.names[1:] == (("Top", "Bottom"), ("Left", "Right"))


@pytest.mark.parametrize("up_left", [1, 4, 9])
def test_ochs(up_left: int) -> None:
    assert both(ochs(up_left)) == [[(up_left, 0), (0, 1)], [(0, 1), (1, 0)]]


def test_selten_chmura_spot_checks() -> None:
    assert both(selten_chmura(1)) == [[(10, 8), (0, 18)], [(9, 9), (10, 8)]]
    assert both(selten_chmura(6)) == [[(7, 1), (1, 7)], [(3, 5), (8, 0)]]
    assert both(selten_chmura(12)) == [[(7, 3), (3, 9)], [(3, 5), (10, 0)]]


def test_selten_chmura_constant_sums() -> None:
    sums = [{x + y for row in both(selten_chmura(n)) for x, y in row} for n in range(1, 13)]
    assert sums[:6] == [{18}, {13}, {14}, {11}, {9}, {8}]
    assert all(len(values) > 1 for values in sums[6:])


def test_selten_chmura_games_come_in_pairs() -> None:
    """Game n + 6 has the best responses of game n: its payoffs differ by constants (own check)."""

    def gains(game: Game) -> tuple[list[int], list[int]]:
        cells = both(game)
        row = [cells[0][b][0] - cells[1][b][0] for b in range(2)]
        return row, [cells[a][0][1] - cells[a][1][1] for a in range(2)]

    for number in range(1, 7):
        assert gains(selten_chmura(number)) == gains(selten_chmura(number + 6))


@pytest.mark.parametrize("call", [lambda: selten_chmura(0), lambda: selten_chmura(13)])
def test_selten_chmura_has_twelve_games(call: Any) -> None:
    with pytest.raises(InputError, match=r"number: (0|13) is not one of 1\.\.12"):
        call()


def test_ochs_has_three_games() -> None:
    with pytest.raises(InputError, match="up_left: 2 is not one of 1, 4, 9"):
        ochs(2)


def test_matrix_game_refuses_what_is_no_matrix() -> None:
    with pytest.raises(GameError, match=r"the leader's payoffs: have 1 axes, not 2 \(A, B\)"):
        matrix_game([1, 2], [[1, 2]])
    with pytest.raises(GameError, match=r"the follower's payoffs: have 3 axes"):
        matrix_game([[1, 2]], [[[1, 2]]])
    with pytest.raises(GameError, match=r"r\[0\]\[0\]\[0\]: has 3 follower actions, not 2"):
        matrix_game([[1, 2]], [[1, 2, 3]])


def test_security_game_pays_by_target() -> None:
    game = get("security-5")
    assert game.shape == (1, 1, 5, 5)
    for table, covered, uncovered in (
        (game.u[0][0], (1, 2, 2, 3, 4), (-2, -3, -5, -6, -9)),
        (game.r[0][0], (-1, -2, -3, -4, -6), (2, 3, 4, 6, 8)),
    ):
        for a in range(5):
            assert table[a] == tuple(covered[b] if a == b else uncovered[b] for b in range(5))


def test_security_game_refusals() -> None:
    good: dict[str, Any] = {
        "defender_covered": (1, 1),
        "defender_uncovered": (0, 0),
        "attacker_covered": (0, 0),
        "attacker_uncovered": (1, 1),
    }
    assert security_game(**good).shape == (1, 1, 2, 2)
    with pytest.raises(GameError, match="target 1: cover must not harm the defender"):
        security_game(**good | {"defender_uncovered": (0, 2)})
    with pytest.raises(GameError, match="target 0: cover must not harm"):
        security_game(**good | {"attacker_covered": ("3/2", 0)})
    with pytest.raises(GameError, match="sequences of lengths 2, 2, 2, 1"):
        security_game(**good | {"attacker_uncovered": (1,)})
    with pytest.raises(GameError, match="sequences of lengths 0, 0, 0, 0"):
        security_game(**dict.fromkeys(good, ()))
    with pytest.raises(NumberError, match=r"defender_covered\[1\]"):
        security_game(**good | {"defender_covered": (1, float("nan"))})


def test_inspection_game_moves() -> None:
    game = inspection_game(inspections=2, horizon=4)
    assert game.shape == (4, 4, 2, 2)
    assert game.rho.states == (2,)
    wait, inspect, legal, violate, caught = 0, 1, 0, 1, 3
    after = [[[row.states for row in by_b] for by_b in state] for state in game.P[0]]
    assert all(len(row) == 1 for state in after for by_b in state for row in by_b)
    assert after[2][wait] == [(2,), (2,)]
    assert after[2][inspect][legal] == (1,)
    assert after[2][inspect][violate] == (caught,)
    assert after[0] == [[(0,), (0,)]] * 2
    assert after[caught] == [[(caught,), (caught,)]] * 2
    assert game.u[0][2] == ((0, -2), (Fraction(-1, 4), Fraction(3, 4)))
    assert game.r[0][2] == ((0, 2), (0, -4))
    assert game.u[0][0] == ((0, -2), (0, -2))
    assert game.u[0][caught] == game.r[0][caught] == ((0, 0), (0, 0))
    assert describe_graph(game).layer_sizes == (1, 3, 4, 4)
    with pytest.raises(GameError, match="inspections: -1 is not in"):
        inspection_game(inspections=-1, horizon=2)


def test_patrol_game_moves_and_pays_in_expectation() -> None:
    game = patrol_game(sites=3, horizon=2)
    stay, clockwise = 0, 1
    assert game.P[0][0][stay][0].states == (0,)
    row = game.P[0][0][clockwise][2]
    assert (row.states, row.numerators, row.denominator) == ((0, 1), (1, 9), 10)
    strike = 1 + 1  # site 1, worth 2: found with probability 9/10
    assert game.u[0][0][clockwise][strike] == Fraction(9 * 1 - 1 * 2, 10)
    assert game.r[0][0][clockwise][strike] == Fraction(9 * -3 + 1 * 2, 10)
    assert all(action[0] == 0 for state in game.u[0] for action in state)
    sure = patrol_game(sites=4, horizon=1, delay=0)
    assert all(len(row.states) == 1 for x in sure.P[0] for by_b in x for row in by_b)
    assert [by_b[0].states[0] for by_b in sure.P[0][0]] == [0, 1, 3]
    with pytest.raises(GameError, match="sites: 2 is not in"):
        patrol_game(sites=2, horizon=1)
    with pytest.raises(GameError, match=r"delay: 2 is not in \[0, 1\]"):
        patrol_game(sites=3, horizon=1, delay=2)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_is_a_game(family: Any) -> None:
    game = family(**SIZES)
    assert game.shape == (2, 5, 2, 3)
    assert game.eta == 5
    assert (len(game.u), len(game.r), len(game.P)) == (2, 2, 2)
    assert family(**SIZES).hash == game.hash
    assert family(**SIZES | {"seed": 8}).hash != game.hash
    assert game.rho.numerators == (1,) * 5


def test_the_stream_is_pinned() -> None:
    """Recorded from this package: another result means that seeds no longer name the same games."""
    game = dense(**SIZES)
    assert [str(x) for x in game.u[0][0][0]] == PINNED_U
    assert game.P[1][4][1][2].numerators == PINNED_ROW


@pytest.mark.parametrize("family", [dense, zero_sum, common_interest])
def test_dense_rows_reach_every_state(family: Any) -> None:
    game = family(**SIZES)
    assert all(row.states == (0, 1, 2, 3, 4) for x in game.P for y in x for z in y for row in z)


@pytest.mark.parametrize("successors", [1, 2, 4, 5, 9])
def test_sparse_rows_reach_some(successors: int) -> None:
    game = sparse(**SIZES, successors=successors)
    rows = [row for x in game.P for y in x for z in y for row in z]
    assert {len(row.states) for row in rows} == {min(successors, 5)}
    assert {s for row in rows for s in row.states} == set(range(5))
    assert all(list(row.states) == sorted(set(row.states)) for row in rows)


def test_interests() -> None:
    opposed, shared = zero_sum(**SIZES), common_interest(**SIZES)
    assert opposed.r == tuple(
        tuple(tuple(tuple(-x for x in z) for z in y) for y in x) for x in opposed.u
    )
    assert shared.r == shared.u


def test_nearly_tied_entries_are_close_and_moves_alike() -> None:
    game = nearly_tied(**SIZES)
    for table in (game.u, game.r):
        spreads = [
            max(entries) - min(entries)
            for x in table
            for state in x
            for entries in [[v for row in state for v in row]]
        ]
        assert all(0 < spread <= Fraction(1, 10**12) for spread in spreads)
    assert all(len({row for z in state for row in z}) == 1 for x in game.P for state in x)
    tied = nearly_tied(**SIZES, spread=0)
    assert all(len({v for row in state for v in row}) == 1 for x in tied.u for state in x)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", ["states", "leader_actions", "follower_actions", "horizon"])
def test_families_refuse_empty_sets(family: Any, size: str) -> None:
    with pytest.raises(GameError, match=f"{size}: there must be at least one, not 0"):
        family(**SIZES | {size: 0})


def test_families_refuse_bad_seeds_and_successors() -> None:
    with pytest.raises(GameError, match="seed: -1 is negative"):
        dense(**SIZES | {"seed": -1})
    with pytest.raises(GameError, match="successors: there must be at least one, not 0"):
        sparse(**SIZES, successors=0)
