"""Weak Stackelberg values: intervals in closed form, vertices, games that hang on the ties."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import InputError, NotCoveredError, NumberError
from exactqse.games import get, matrix_game
from exactqse.model import Game, Policy
from exactqse.solve import solve
from exactqse.solve.weak import WeakSolution, solve_weak
from exactqse.testing import games, partitions, policies

ZERO, HALF = Fraction(0), Fraction(1, 2)
few = settings(max_examples=40, deadline=None)
PAYOFFS = st.one_of(st.integers(-2, 2).map(Fraction), st.integers(-5, 5).map(lambda n: n * HALF))


def best_responses(**sizes: Any) -> st.SearchStrategy[Game]:
    return games(gammas=st.just(ZERO), etas=st.just(None), **sizes)


@st.composite
def stages(draw: st.DrawFn, sizes: tuple[tuple[int, int], ...], observes: Any = None) -> Game:
    """One stage of one of the sizes (A, B); ties are common, by design or by chance."""
    leader, follower = draw(st.sampled_from(sizes))
    line = st.lists(PAYOFFS, min_size=leader, max_size=leader)
    columns = [draw(line) for _ in range(follower)]
    for b in range(1, follower):
        copied = draw(st.integers(0, 9))
        if copied < b:
            columns[b] = columns[copied]
        if copied == 9:
            columns[b] = [columns[b][0]] * leader
    u = draw(st.lists(line, min_size=follower, max_size=follower))
    cells = draw(partitions(follower)) if observes is None else observes
    return matrix_game(
        list(zip(*u, strict=True)), list(zip(*columns, strict=True)), eta="inf", observes=cells
    )


def pessimistic(game: Game, policy: Policy) -> Fraction:
    """J with ties broken against the leader, from the definition."""
    after = [ZERO] * game.states

    def mean(row: Any, values: list[Fraction]) -> Fraction:
        pairs = zip(row.numerators, row.states, strict=True)
        return sum((n * values[t] for n, t in pairs), ZERO) / row.denominator

    for h in reversed(range(game.horizon)):
        u, r, rows = (game.at(table, h) for table in (game.u, game.r, game.P))
        layer = []
        for s, by_b in enumerate(policy.probabilities[h]):
            answers: dict[Fraction, Fraction] = {}
            for b, weights in enumerate(by_b):
                x = sum(p * r[s][a][b] for a, p in enumerate(weights))
                y = sum(
                    p * (u[s][a][b] + mean(rows[s][a][b], after)) for a, p in enumerate(weights)
                )
                answers[x] = min(y, answers.get(x, y))
            layer.append(answers[max(answers)])
        after = layer
    return mean(game.rho, after)


def solved(game: Game, epsilon: Fraction = Fraction(1, 10**9)) -> WeakSolution:
    """The solution, once its policy does what it says."""
    found = solve_weak(game, epsilon)
    assert pessimistic(game, found.policy.validated(game)) == found.achieved
    assert found.value - epsilon <= found.achieved <= found.value
    assert found.attained == (found.achieved == found.value)
    return found


def outcome(game: Game) -> tuple[Fraction, bool]:
    found = solved(game)
    return found.value, found.attained


def test_the_game_of_conitzer_and_sandholm() -> None:
    """Strictly right of 1/2 he answers by the action that brings almost 7/2."""
    game = get("conitzer-sandholm-2006").with_(eta="inf")
    assert outcome(game.with_(observes="nothing")) == (Fraction(7, 2), False)
    assert outcome(game) == (4, False)
    found = solved(game.with_(observes="nothing"), Fraction(1, 3))
    assert found.achieved == Fraction(7, 2) - Fraction(1, 4)


def test_a_forced_tie_goes_against_the_leader() -> None:
    assert outcome(matrix_game([[1, 0]], [[0, 0]], eta="inf")) == (0, True)
    assert outcome(matrix_game([[1, 0]], [[0, 0]], eta="inf", observes="nothing")) == (0, True)


def test_actions_that_are_alike_are_worth_their_minimum() -> None:
    """The same column twice: min(2p, 3 - 3p) is largest at p = 3/5."""
    game = matrix_game([[2, 0], [0, 3]], [[1, 1], [5, 5]], eta="inf", observes="nothing")
    assert outcome(game) == (Fraction(6, 5), True)


def test_constants_of_two_cells_are_alike() -> None:
    game = matrix_game([[2, 0], [0, 3]], [[1, 1], [1, 1]], eta="inf")
    assert outcome(game) == (2, True)


def test_a_region_without_interior_counts_for_nothing() -> None:
    """He is indifferent at p = 1/2 only if she wants him to be: 9 is out of reach, 1 is not."""
    u = [[1, 9, 1], [1, 9, 1]]
    game = matrix_game(u, [[2, 1, 0], [0, 1, 2]], eta="inf", observes="nothing")
    assert outcome(game) == (1, True)
    assert solve(game).lower == 9


def test_a_point_where_all_answers_are_good_attains_it() -> None:
    """w = 3 at p = 1/2 only, and nearby it tends to it."""
    u = [[4, 2], [2, 4]]
    game = matrix_game(u, [[0, 1], [1, 0]], eta="inf", observes="nothing")
    assert outcome(game) == (3, True)
    assert solved(game).policy.probabilities[0][0][0] == (HALF, HALF)


def interval(stage: Any) -> tuple[Fraction, bool]:
    """(supremum, attained) for A = 2 and one cell: w is piecewise linear in the weight of 0."""
    x, y = stage.x, stage.y
    count = len(x[0])

    def root(table: Any, b: int, c: int) -> Fraction | None:
        at_0, at_1 = table[1][b] - table[1][c], table[0][b] - table[0][c]
        return None if at_0 == at_1 else at_0 / (at_0 - at_1)

    roots = [root(table, b, c) for table in (x, y) for b in range(count) for c in range(b)]
    ends = sorted({ZERO, Fraction(1), *(p for p in roots if p is not None and 0 < p < 1)})

    def w(p: Fraction) -> Fraction:
        return stage.worst((p, 1 - p))

    found = [(w(p), True) for p in ends]
    for left, right in pairwise(ends):
        third, two = (2 * left + right) / 3, (left + 2 * right) / 3
        slope = (w(two) - w(third)) / (two - third)
        limits = w(third) - slope * (third - left), w(third) + slope * (right - third)
        found.append((max(limits), slope == 0))
    top = max(value for value, _ in found)
    return top, any(attained for value, attained in found if value == top)


@settings(max_examples=150, deadline=None)
@given(stages(((2, 1), (2, 2), (2, 3), (2, 4)), observes="nothing"))
def test_the_supremum_over_an_interval(one_stage: Any, game: Game) -> None:
    assert outcome(game) == interval(one_stage(game.r[0][0], game.u[0][0], game.observes))


@few
@given(game=stages(((1, 3), (2, 2), (2, 3), (3, 2), (3, 3))), data=st.data())
def test_no_blend_of_vertices_is_worth_more(
    one_stage: Any, game: Game, data: st.DataObject
) -> None:
    stage = one_stage(game.r[0][0], game.u[0][0], game.observes)
    value, attained = outcome(game)
    points = sorted({p for b in range(game.follower_actions) for p in stage.vertices(b)})
    for _ in range(20):
        chosen = data.draw(st.lists(st.sampled_from(points), min_size=1, max_size=3))
        point = tuple(sum(entries) / len(chosen) for entries in zip(*chosen, strict=True))
        assert stage.worst(point) <= value
        assert attained or stage.worst(point) < value


@few
@given(st.data())
def test_no_policy_is_worth_more(data: st.DataObject) -> None:
    game = data.draw(best_responses())
    found = solved(game)
    J = pessimistic(game, data.draw(policies(game)))
    assert found.value >= J
    assert found.attained or found.value > J
    assert found.value <= solve(game).lower


def two_steps(moves: list[list[int]], first: list[list[Any]]) -> Game:
    """At step 0 the follower is indifferent, (a, b) is worth first[a][b] and leads to moves[a][b].

    At step 1 state 1 misses its supremum 7/2, state 2 attains 7/2, state 0 is worth nothing.
    """
    stay = [[[{s: 1}] * 2] * 2 for s in range(3)]
    P = [[[[{t: 1} for t in by_b] for by_b in moves], *stay[1:]], stay]
    zero, table = [[0, 0], [0, 0]], [[2, 4], [1, 3]]
    u = [[first, zero, zero], [zero, table, [["7/2", "7/2"]] * 2]]
    r = [[zero, zero, zero], [zero, [[1, 0], [0, 1]], zero]]
    return Game.from_arrays(P, u, r, horizon=2, eta="inf", observes="nothing")


def test_states_that_miss_their_supremum_are_avoided() -> None:
    same = two_steps([[1, 1], [2, 2]], [[0, 0], [0, 0]])
    assert outcome(same) == (Fraction(7, 2), True)
    assert solved(same).policy.probabilities[0][0][0] == (0, 1)
    worse = two_steps([[1, 1], [2, 2]], [[0, 0], [-1, -1]])
    assert outcome(worse) == (Fraction(7, 2), False)


def test_states_that_miss_their_supremum_do_not_matter_when_never_reached() -> None:
    better = two_steps([[1, 1], [2, 2]], [[0, 0], [1, 1]])
    assert outcome(better) == (Fraction(9, 2), True)


def test_an_answer_worth_more_may_miss_a_little() -> None:
    """b = 0 is worth 7/2 surely, b = 1 almost 7/2 and 10^-12 more."""
    game = two_steps([[2, 1], [2, 1]], [[0, Fraction(1, 10**12)]] * 2)
    assert outcome(game) == (Fraction(7, 2), True)
    exact = two_steps([[2, 1], [2, 1]], [[0, 0]] * 2)
    assert outcome(exact) == (Fraction(7, 2), False)


def test_progress_counts_every_node_once() -> None:
    seen: list[tuple[int, int]] = []
    game = get("patrol-4").with_(eta="inf")
    solve_weak(game, progress=lambda done, count: seen.append((done, count)))
    count = sum(map(len, game.reachable))
    assert seen == [(n, count) for n in range(1, count + 1)]


def test_bad_arguments() -> None:
    game = get("conitzer-sandholm-2006").with_(eta="inf")
    for epsilon in (0, -1, Fraction(0)):
        with pytest.raises(InputError, match=r"epsilon: .* is not positive"):
            solve_weak(game, epsilon)
    with pytest.raises(NumberError, match="epsilon"):
        solve_weak(game, None)
    with pytest.raises(NotCoveredError, match="eta = 1"):
        solve_weak(game.with_(eta=1))
