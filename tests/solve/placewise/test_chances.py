"""Trees whose next states come by chance."""

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
from exactqse.solve.placewise import solve_places

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


SHAPES = [(2, 2, 0), (2, 2, 1), (2, 2, 2), (3, 2, 1), (2, 3, 1), (2, 4, 0), (3, 3, 3)]


@cache
def solved(children: int, horizon: int, seed: int) -> tuple[Game, Certificate, str]:
    game = chances(children, horizon, seed)
    found, effort = solve_places(game, GAP, Budget(nodes=4000))
    assert found.upper - found.lower <= GAP
    return game, found, effort.stopped


@pytest.mark.parametrize(("children", "horizon", "seed"), SHAPES)
def test_the_gap_is_reached_and_accepted(children: int, horizon: int, seed: int) -> None:
    game, found, stopped = solved(children, horizon, seed)
    assert stopped == ""
    assert check(game, found, elementary=FlintElementary())
    other, _ = solve_farsighted(game, 1000 * GAP, Budget(nodes=2000))
    assert other.lower <= found.upper
    assert found.lower <= other.upper


@pytest.mark.parametrize("shape", [(2, 3, 0), (2, 3, 1), (2, 2, 1)])
def test_a_steep_follower_is_no_harder(shape: tuple[int, int, int]) -> None:
    """Where eta r ranges over tens, Newton's steps for a bound of step 0 need not settle.

    Nor is what is best just above it what is best just below.
    """
    game = chances(*shape).with_(eta=30)
    found, _ = solve_places(game, GAP, Budget(nodes=3000))
    assert found.upper - found.lower <= GAP
    assert check(game, found, elementary=FlintElementary())


def test_several_places_are_tied_by_one_piece() -> None:
    assert 2 in set().union(*[ties(solved(*shape)[1]) for shape in SHAPES])
