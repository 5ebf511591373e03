"""Frontiers: what an ended round leaves, and what lots are worth where nothing merges."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve.effort import Budget, Standing
from exactqse.solve.farsighted import solve_farsighted
from exactqse.solve.frontiers import solve_history
from tests.solve.remembering.test_remembering import drawn


@pytest.mark.parametrize("rounds", [1, 3])
def test_ended_inside_a_round(rounds: int) -> None:
    game = drawn(1, S=3, H=4)
    budget = Budget()
    standings: list[Standing] = []
    ends = 0

    def watch(standing: Standing) -> None:
        nonlocal ends
        standings.append(standing)
        ends += standing.done == standing.nodes
        if ends == rounds and standing.done == 4:
            budget.interrupted = True

    certificate, effort = solve_history(game, Fraction(1, 10**9), budget, watch=watch)
    assert effort.interrupted
    assert 4 <= standings[-1].done < standings[-1].nodes
    assert check(game, certificate).outcome == "accepted"
    lower, upper = standings[-1].lower, standings[-1].upper
    assert lower is not None
    assert upper is not None
    assert certificate.upper - certificate.lower <= upper - lower + Fraction(1, 10**6)


def test_lots_are_worth_something_where_nothing_merges() -> None:
    """Each place has one predecessor and one follower action that leads to it."""
    random = np.random.default_rng(6)
    P = np.zeros((3, 4, 2, 2, 4))
    for s, b in np.ndindex(4, 2):
        P[:, s, b, :, min(2 * s + b, 3)] = 1
    u, r = random.random((2, 3, 4, 2, 2))
    game = Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10")
    gap = Fraction(1, 100)
    remembers, _ = solve_history(game, gap, Budget())
    markov, _ = solve_farsighted(game, gap, Budget())
    assert sum(map(len, game.reachable)) == 7
    assert check(game, remembers).outcome == "accepted"
    assert check(game, markov).outcome == "accepted"
    assert remembers.lower > markov.upper
