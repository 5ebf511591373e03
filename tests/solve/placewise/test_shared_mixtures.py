"""Trees of leaders who see less than the action: one mixture for all members of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from exactqse import solve
from exactqse.arithmetic.balls import FlintElementary
from exactqse.kernel.certificate import Certificate, Claim, Leaf, MixtureSplit, Piece, ValueSplit
from exactqse.kernel.check import Verdict, check
from exactqse.model import Game
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.placewise import solve_places
from exactqse.solve.placewise.search import Search
from tests.solve.placewise.sharing import NOTHING, PAIR, Tree, drawn, holding

GAP = Fraction(1, 10**6)
Shape = tuple[str, int, int, int, tuple[tuple[int, ...], ...]]
SHAPES: list[Shape] = [
    ("own", 2, 3, 0, NOTHING),
    ("own", 2, 2, 1, PAIR),
    ("own", 3, 2, 0, NOTHING),
    ("own", 3, 2, 1, PAIR),
    ("tied", 2, 3, 0, NOTHING),
    ("tied", 3, 3, 1, NOTHING),
    ("tied", 3, 3, 2, ((0, 2), (1,))),
    ("chance", 2, 2, 0, NOTHING),
    ("chance", 3, 2, 1, PAIR),
    ("chance", 2, 3, 0, PAIR),
]


@cache
def solved(shape: Shape) -> tuple[Tree, Certificate]:
    tree = drawn(*shape)
    found, effort = solve_places(tree.game, GAP, Budget(nodes=4000))
    assert effort.stopped == ""
    return tree, found


def verdict(game: Game, found: Certificate) -> Verdict:
    return check(game, found, elementary=FlintElementary())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gap_is_reached_and_accepted(shape: Shape) -> None:
    tree, found = solved(shape)
    assert 0 <= found.upper - found.lower <= GAP
    assert verdict(tree.game, found)


@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[6], SHAPES[7]])
def test_the_kernel_accepts_it_in_its_own_arithmetic(shape: Shape) -> None:
    tree, found = solved(shape)
    assert check(tree.game, found)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_policy_that_steps_from_many_starts_come_to_is_worth_more(shape: Shape) -> None:
    tree, found = solved(shape)
    best, _ = tree.best(starts=10, steps=1500, seed=1)
    assert best <= found.upper
    assert best >= found.lower - Fraction(1, 100)  # or these steps say little


def entries(found: Certificate) -> list[Any]:
    part: Any = found.cover[0]
    return [entry for claim in part.claims for entry in claim.divisions]


def test_divisions_of_all_kinds_and_ties_are_used() -> None:
    every = [entry for shape in SHAPES for entry in entries(solved(shape)[1])]
    cells = {entry.cell for entry in every if isinstance(entry, MixtureSplit)}
    assert cells >= {0, 1}
    assert any(isinstance(entry, ValueSplit) for entry in every)
    part: Any = solved(SHAPES[5])[1].cover[0]
    assert any(piece.ties for claim in part.claims for piece in claim.pieces)


@pytest.mark.parametrize("shape", [("own", 2, 2, 0), ("tied", 2, 3, 1), ("chance", 2, 2, 1)])
def test_who_sees_more_has_no_less(shape: tuple[str, int, int, int]) -> None:
    found = []
    for observes in (NOTHING, PAIR, ((0,), (1,), (2,))):
        tree = drawn(*shape, observes)
        one, effort = solve_places(tree.game, GAP, Budget(nodes=4000))
        assert effort.stopped == ""
        assert verdict(tree.game, one)
        found.append(one)
    for coarse, fine in pairwise(found):
        assert coarse.lower <= fine.upper
    assert found[0].upper < found[2].lower  # here it is worth something


@cache
def searched(shape: Shape) -> tuple[Tree, Search]:
    tree = drawn(*shape)
    with np.errstate(all="ignore"):
        search = Search(model_of(tree.game), 1e-4)
        search.run(0.7e-4, Budget(nodes=300), lambda _: None)
        search.settle()
    return tree, search


@pytest.mark.parametrize("thinned", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_policy_of_a_region_is_above_its_bounds(shape: Shape, *, thinned: bool) -> None:
    """Any policies, and such that are near to the best: these are in small regions."""
    tree, search = searched(shape)
    if thinned:
        with np.errstate(all="ignore"):
            search.thin(1e-5)
    random = np.random.default_rng(7)
    _, best = tree.best(starts=3, steps=1000, seed=3)
    met: set[int] = set()
    for k in range(120):
        share = 10.0 ** -random.uniform(0, 5) if k % 2 else 1.0
        pi = (1 - share) * best + share * tree.policy(random)
        v, W = tree.values(pi)
        for place in (place for row in search.places for place in row):
            s = tree.game.reachable[place.h][place.n]
            ahead = [tree.game.reachable[place.h + 1][child.n] for child in place.after]
            regions = holding(place, v[place.h + 1, ahead], pi[place.h, s])
            assert regions  # those that were dropped hold none
            met |= {id(region) for region in regions}
            at, worth = v[place.h, s] - place.site.reference, W[place.h, s]
            for region in regions:
                assert region.low - 1e-9 <= at <= region.high + 1e-9
                if place.h:
                    every = region.found.lam + region.found.G * np.exp(-at)
                    assert worth <= every.min() + 1e-9
                else:
                    assert worth <= region.root + 1e-9
    assert len(met) > sum(map(len, search.places)) or shape == SHAPES[8]


def changed(found: Certificate, j: int, claim: Claim) -> Certificate:
    part: Any = found.cover[0]
    claims = (*part.claims[:j], claim, *part.claims[j + 1 :])
    return replace(found, cover=(replace(part, claims=claims),))


def refused(game: Game, some: Sequence[Certificate]) -> int:
    return sum(not verdict(game, one) for one in some)


@pytest.mark.parametrize("shape", [SHAPES[3], SHAPES[6]])
def test_less_is_not_accepted(shape: Shape) -> None:
    tree, found = solved(shape)
    game = tree.game
    assert not verdict(game, replace(found, upper=found.lower))
    part: Any = found.cover[0]
    halves, moved, lower = [], [], []
    for j, claim in enumerate(part.claims):
        if claim.divisions:
            count = next(entry for entry in claim.divisions if isinstance(entry, int))
            first = replace(claim, pieces=claim.pieces[:count], divisions=())
            halves.append(changed(found, j, first))
            other = tuple(
                replace(entry, cell=1 - entry.cell) if isinstance(entry, MixtureSplit) else entry
                for entry in claim.divisions
            )
            moved.append(changed(found, j, replace(claim, divisions=other)))
        pieces = tuple(
            replace(piece, upper=piece.upper - Fraction(1, 100)) for piece in claim.pieces
        )
        lower.append(changed(found, j, replace(claim, pieces=pieces)))
    assert refused(game, halves)
    assert refused(game, moved)
    assert refused(game, lower[:1]) == 1


def test_majorants_of_a_cell_are_told_apart() -> None:
    tree, found = solved(SHAPES[2])
    part: Any = found.cover[0]

    def turned(piece: Piece) -> Piece:
        trees = tuple(
            tuple(Leaf(entry.majorants[::-1]) for entry in some if isinstance(entry, Leaf))
            for some in piece.trees
        )
        return replace(piece, trees=trees)

    first = part.claims[0]
    swapped = replace(first, pieces=tuple(map(turned, first.pieces)))
    assert not verdict(tree.game, changed(found, 0, swapped))


@pytest.mark.parametrize("shape", [("own", 3, 2, 0, NOTHING), ("own", 3, 2, 4, ((0,), (1, 2)))])
def test_a_search_goes_on_where_it_was_stopped(shape: Shape) -> None:
    tree = drawn(*shape)
    first, effort = solve_places(tree.game, GAP, Budget(nodes=15))
    assert effort.stopped
    assert verdict(tree.game, first)
    second, effort = solve_places(tree.game, GAP, Budget(nodes=4000), resume=first)
    assert effort.stopped == ""
    assert verdict(tree.game, second)
    assert first.lower <= second.lower
    assert second.upper < first.upper
    kept = [entry for entry in entries(first) if isinstance(entry, MixtureSplit)]
    assert kept
    assert all(entry in entries(second) for entry in kept)


def test_solve_takes_them() -> None:
    tree = drawn("own", 2, 2, 2, NOTHING)
    solution = solve(tree.game, gap=GAP, checker="flint")
    assert solution.verdict
    assert solution.upper - solution.lower <= GAP
    assert not solution.effort.stopped
