"""A search of frontiers that is ended inside a round keeps the round before it, whole."""

from __future__ import annotations

from fractions import Fraction

import pytest

from exactqse.kernel.check import check
from exactqse.solve.effort import Budget, Standing
from exactqse.solve.frontiers import solve_history
from tests.solve.remembering.test_remembering import drawn


@pytest.mark.parametrize("rounds", [1, 2, 4])
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
