"""Trees whose next states come by chance, and what is left of the pieces of a search."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

from exactqse.arithmetic.balls import FlintElementary
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import solve_farsighted
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.placewise import search as search_module
from exactqse.solve.placewise import solve_places
from exactqse.solve.placewise.search import Search
from tests.solve.placewise.test_trees import tree

GAP = Fraction(1, 10**6)


def chances(children: int, horizon: int, seed: int) -> Game:
    """Each state leads to its own children, with chances that depend on both actions."""
    random = np.random.default_rng(seed)
    states = children ** (horizon - 1)
    P = np.zeros((horizon, states, 2, 2, states))
    for h in range(horizon):
        for s in range(states):
            many = h + 1 < horizon and s < children**h
            first = s * children if many else 0
            count = children if many else 1
            P[h, s, :, :, first : first + count] = random.integers(1, 9, size=(2, 2, count))
    P /= P.sum(-1, keepdims=True)
    u, r = random.uniform(-1, 1, (2, horizon, states, 2, 2))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)


def ties(found: Certificate) -> set[int]:
    """How many places are tied by a piece."""
    part: Any = found.cover[0]
    return {len(piece.ties) for claim in part.claims for piece in claim.pieces}


SHAPES = [(2, 2, 0), (2, 2, 1), (2, 2, 2), (3, 2, 1), (2, 3, 1)]


@cache
def solved(children: int, horizon: int, seed: int) -> tuple[Game, Certificate, str]:
    game = chances(children, horizon, seed)
    gap = GAP if horizon == 2 else 100 * GAP
    found, effort = solve_places(game, gap, Budget(nodes=4000))
    assert found.upper - found.lower <= gap
    return game, found, effort.stopped


@pytest.mark.parametrize(("children", "horizon", "seed"), SHAPES)
def test_the_gap_is_reached_and_accepted(children: int, horizon: int, seed: int) -> None:
    game, found, stopped = solved(children, horizon, seed)
    assert stopped == ""
    assert check(game, found, elementary=FlintElementary())
    other, _ = solve_farsighted(game, 1000 * GAP, Budget(nodes=2000))
    assert other.lower <= found.upper
    assert found.lower <= other.upper


def test_several_places_are_tied_by_one_piece() -> None:
    assert 2 in set().union(*[ties(solved(*shape)[1]) for shape in SHAPES])


def searched(game: Game) -> Search:
    search = Search(model_of(game), 1e-4)
    search.run(0.7e-4, Budget(nodes=4000), lambda _: None)
    search.settle()
    return search


def pieces(search: Search) -> int:
    return sum(
        len(region.pieces.of)
        for row in search.places[1:]
        for place in row
        for region in place.regions()
    )


@pytest.mark.parametrize(("game", "most"), [(tree(8, 4, 3), 0.3), (chances(2, 3, 1), 0.6)])
def test_few_pieces_are_kept(game: Game, most: float) -> None:
    with np.errstate(all="ignore"):
        search = searched(game)
        many, before = pieces(search), search.upper
        search.thin(1e-5)
    assert pieces(search) < most * many
    assert search.upper <= before + 2e-5


def test_all_pieces_are_kept_where_the_bound_rises_too_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = search_module.thin
    with np.errstate(all="ignore"):
        search = searched(chances(2, 3, 1))
        many, before = pieces(search), search.upper
        monkeypatch.setattr(search_module, "thin", lambda places, _, c: kept(places, 1.0, c))
        search.thin(1e-5)
    assert pieces(search) == many
    assert search.upper == pytest.approx(before, abs=1e-12)
