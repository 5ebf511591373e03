"""Optimal policies whose threats may be changed, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game, Policy, evaluate, isolation, near_optimal, solve
from exactqse.arithmetic import Enclosure
from exactqse.games import dense
from exactqse.sweep import threats
from exactqse.sweep.near import NearOptimal

HALF = Fraction(1, 2)


def drawn(seed: int, observes: object = "action", B: int = 2) -> Game:
    game = dense(states=2, leader_actions=2, follower_actions=B, horizon=2, seed=seed, eta="inf")
    return game.with_(gamma="9/10", observes=observes)


def changed(
    game: Game, policy: Policy, where: tuple[int, int, tuple[int, ...]], mixture: list[Fraction]
) -> Policy:
    """The policy with another mixture at one place, in one cell."""
    h, s, cell = where
    table = [[[list(row) for row in state] for state in step] for step in policy.probabilities]
    for b in cell:
        table[h][s][b] = mixture
    return Policy.from_arrays(table, game=game)


def answers(game: Game, policy: Policy, h: int, s: int) -> list[list[Fraction]]:
    """x [a][b] with the policy's own values."""
    after = evaluate(game, policy, 30).V[h + 1] if h + 1 < game.horizon else None

    def x(a: int, b: int) -> Fraction:
        row = game.at(game.P, h)[s][a][b]
        pairs = zip(row.states, row.numerators, strict=True)
        ahead = sum((n * after[t].lower for t, n in pairs), Fraction(0)) if after else Fraction(0)
        return game.at(game.r, h)[s][a][b] + game.gamma * ahead / row.denominator

    return [[x(a, b) for b in range(game.follower_actions)] for a in range(game.leader_actions)]


@pytest.mark.parametrize("observes", [[[0], [1], [2]], [[0, 1], [2]]])
def test_marked_threats_may_be_changed(observes: list[list[int]]) -> None:
    """In the certified policy, too: moved a little, it is worth as much or more, exactly."""
    marked = 0
    for seed in range(6):
        game = drawn(seed, observes, B=3)
        solution = solve(game, gap="1/1000", node_limit=100)
        found = isolation(solution)
        policy, J = solution.policy, evaluate(game, solution.policy).J
        places = {(x.step, x.state) for x in found.places if x.several}
        assert found.verdict == ("multiple" if places else "undecided")
        for h, s in places:
            cells = [x.cell for x in found.places if (x.step, x.state, x.several) == (h, s, True)]
            x = answers(game, policy, h, s)
            moved = 0
            for cell in cells:
                tops = [max(row[b] for b in cell) for row in x]
                least = [
                    HALF * (p + (a == int(np.argmin(tops))))
                    for a, p in enumerate(policy[h][s][cell[0]])
                ]
                if least == list(policy[h][s][cell[0]]):
                    least = [(15 * p + HALF) / 16 for p in least]
                other = changed(game, policy, (h, s, cell), least)
                moved += other != policy and evaluate(game, other).J.lower >= J.lower
            assert moved
            marked += 1
    assert marked > 5


def test_where_every_answer_counts_nothing_is_marked() -> None:
    """One answer: there is nothing that she threatens with. One action: one policy."""
    game = dense(states=2, leader_actions=2, follower_actions=1, horizon=2, seed=0, eta="inf")
    found = isolation(solve(game.with_(gamma="9/10")))
    assert found.verdict == "undecided"
    assert not any(place.several for place in found.places)
    game = dense(states=2, leader_actions=1, follower_actions=2, horizon=2, seed=0, eta="inf")
    found = isolation(solve(game.with_(gamma="9/10")))
    assert found.verdict == "isolated"
    assert found.radius == 0
    assert not any(place.several for place in found.places)


def stage(r: list[list[int]], observes: object = "action") -> NearOptimal:
    """One step: r [a][b], and she likes him to take action 0."""
    u = [[[[1, *[0] * (len(row) - 1)] for row in r]]]
    game = Game.from_arrays(None, u, [[r]], eta="inf", gamma="1/2", horizon=1, observes=observes)
    return near_optimal(solve(game))


@pytest.mark.parametrize(
    ("r", "observes", "cells"),
    [
        ([[2, 0], [2, 1]], "action", {1}),  # action 1 is worth less to him whatever she does
        ([[2, 0], [2, 2]], "action", set()),  # only one cell is able: 0 has one worth
        ([[2, 0], [1, 3]], "action", set()),  # the floor is 1, and 0 is not below it
        ([[2, 0, 0], [1, 3, 3]], "action", {1, 2}),  # one of two that are able lacks the target
        ([[2, 0, 0], [1, 3, 3]], [[0], [1, 2]], set()),  # one cell holds them both
        ([[2, 0, 3], [2, 3, 0]], [[0], [1, 2]], set()),  # no action is bad for both
        ([[3, 0, 2], [3, 2, 0]], [[0], [1, 2]], {1}),  # each is
        ([[1, 0], [1, 0]], "nothing", set()),  # his answers share a cell
    ],
)
def test_which_cells_may_move(r: list[list[int]], observes: object, cells: set[int]) -> None:
    near = stage(r, observes)
    assert threats.movable(near.solution.game, 0, 0, {}) == cells
    found = isolation(near)
    assert {c for c, place in enumerate(found.places) if place.several} == cells
    assert all(place.radius >= HALF for place in found.places)


@pytest.mark.parametrize(("width", "cells"), [(1, {1}), (2, set()), (3, set())])
def test_the_values_of_the_next_step_may_be_any_in_their_ranges(
    width: int, cells: set[int]
) -> None:
    """Answer 1 is worth 1 less to him now, and up to half of the width more later."""
    u, r = [[[[0, 0]] * 2]] * 2, [[[[1, 0]] * 2]] * 2
    game = Game.from_arrays(None, u, r, eta="inf", gamma="1/2", horizon=2)
    after = Enclosure(Fraction(5), Fraction(5 + width))
    assert threats.movable(game, 0, 0, {(1, 0): after}) == cells


def test_each_group_needs_such_a_place() -> None:
    near = stage([[2, 0, 0], [1, 3, 3]])
    assert isolation(near).verdict == "multiple"
    game = drawn(0)
    near = near_optimal(solve(game, gap="1/1000"))
    assert isolation(near).verdict == "multiple"
    wide = replace(near.values[0].value, lower=Fraction(-9), upper=Fraction(9))
    far = tuple(replace(x, value=wide) for x in near.values)
    both = replace(near, groups=(*near.groups, replace(near.groups[0], values=far)))
    assert isolation(both).verdict == "undecided"
