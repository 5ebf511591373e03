from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.evaluate import evaluate
from exactqse.games import get
from exactqse.kernel.certificate import HistoryNode
from exactqse.model import Game
from exactqse.solve import Solution, solve
from exactqse.sweep import NearOptimal, near_optimal
from exactqse.testing import games
from tests.sweep.test_near import random_game, two_poles
from tests.sweep.test_near_strong import policies_of


def first_values(solution: Solution) -> dict[int, float]:
    """V_0(s) of a leader who remembers, in float64, by the recursion over her memories."""
    game, nodes = solution.game, solution.certificate.nodes
    eta, V = float(game.eta or 1), [0.0] * len(nodes)
    found = {}
    for j in reversed(range(len(nodes))):
        node = nodes[j]
        assert isinstance(node, HistoryNode)
        h, s = node.step, node.state
        Q = []
        for cell, mixture in zip(game.observes, node.policy, strict=True):
            for b in cell:
                draws = dict(node.after[b]) if node.after else {}
                ahead = {t: sum(float(p) * V[i] for i, p in lot) for t, lot in draws.items()}
                total = 0.0
                for a, weight in mixture:
                    row = game.at(game.P, h)[s][a][b]
                    later = sum(
                        n / row.denominator * ahead.get(t, 0.0)
                        for t, n in zip(row.states, row.numerators, strict=True)
                    )
                    reward = float(game.at(game.r, h)[s][a][b])
                    total += float(weight) * (reward + float(game.gamma) * later)
                Q.append(total)
        most = max(Q)
        V[j] = most + log(sum(exp(eta * (q - most)) for q in Q)) / eta
        if h == 0:
            found[s] = V[j]
    return found


def inside(found: NearOptimal, values: dict[int, float], slack: float = 1e-9) -> bool:
    return all(
        float(x.value.lower) - slack <= values[x.state] <= float(x.value.upper) + slack
        for x in found.values
    )


@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_ranges_shrink_to_the_value_of_the_best(observes: str) -> None:
    game = random_game(2, 0, observes)
    widths = []
    for gap in ("1e-2", "1e-4", "1e-6"):
        solution = solve(game, gap=gap, leader="history")
        found = near_optimal(solution)
        assert [(x.step, x.state) for x in found.values] == [(0, s) for s in game.rho.states]
        assert inside(found, first_values(solution))
        widths.append(max(x.value.width for x in found.values))
    assert widths[0] > 2 * widths[1] > 4 * widths[2]
    assert widths[2] < Fraction(1, 10)
    assert (found.level, found.others, found.parts) == (solution.lower, (), 1)


def test_several_first_states_share_what_is_lost() -> None:
    solution = solve(two_poles(), gap="1e-4", leader="history")
    found, wide = near_optimal(solution), near_optimal(solution, within="1/10")
    assert [(x.step, x.state) for x in found.values] == [(0, 0), (0, 1)]
    assert inside(found, first_values(solution))
    for x, y in zip(found.values, wide.values, strict=True):
        assert y.value.lower <= x.value.lower <= x.value.upper <= y.value.upper
        assert x.value.width < y.value.width


def outcomes(game: Game, seed: int) -> Iterator[tuple[Fraction, dict[int, float]]]:
    """Policies of Markov leaders, with a lower bound of J and V_0."""
    for policy in policies_of(game, np.random.default_rng(seed), 40):
        values = evaluate(game, policy)
        yield values.J.lower, {s: float(values.V[0][s]) for s in game.rho.states}


@settings(max_examples=25, deadline=None)
@given(
    games(
        max_states=2,
        max_leader_actions=2,
        max_follower_actions=3,
        max_horizon=2,
        gammas=st.sampled_from((Fraction(1, 2), Fraction(1))),
        etas=st.sampled_from((Fraction(1), Fraction(1, 3), Fraction(5))),
        observes="any",
        wide=False,
    ),
    st.integers(0, 10**6),
)
def test_every_strategy_worth_the_level_has_its_values_in_the_ranges(game: Game, seed: int) -> None:
    solution = solve(game, gap="1/100", leader="history")
    some = list(outcomes(game, seed))
    for within in (Fraction(0), Fraction(1, 10), Fraction(1), Fraction(5)):
        found = near_optimal(solution, within=within)
        assert inside(found, first_values(solution))
        assert all(found.level > J or inside(found, V) for J, V in some)


def test_both_checkers_tell_the_same() -> None:
    game = random_game(2, 0, "action")
    ours, theirs = (
        near_optimal(solve(game, gap="1e-3", leader="history", checker=checker))
        for checker in ("kernel", "flint")
    )
    for x, y in zip(ours.values, theirs.values, strict=True):
        assert x.value.overlaps(y.value)
        assert abs(x.value.width - y.value.width) < Fraction(1, 10**9)


def test_one_step_of_a_leader_who_could_remember() -> None:
    """The certificate of one step has no memories to draw, and is as any other."""
    game = get("conitzer-sandholm-2006").with_(gamma=1)
    solution = solve(game, gap="1e-6", leader="history")
    (value,) = near_optimal(solution).values
    V = evaluate(game, solve(game, gap="1e-6").policy).V[0][0]
    assert (value.step, value.state) == (0, 0)
    assert value.value.lower <= V.lower <= V.upper <= value.value.upper
    assert value.value.width < Fraction(1, 100)
