"""The certified solver: against closed forms, brute force, itself, and invariances."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse import Game, check
from exactqse.arithmetic import Enclosure, FlintElementary
from exactqse.arithmetic.balls import enclosure, precision
from exactqse.errors import InputError, NotCoveredError
from exactqse.evaluate import evaluate
from exactqse.games import catalogue, get
from exactqse.model import Policy
from exactqse.solve import Standing, decide, solve, solve_float64
from exactqse.testing import covered_games

COMMITMENT = "conitzer-sandholm-2006"
PAYOFFS = st.integers(-4, 4).map(lambda n: Fraction(n, 2))


@pytest.mark.parametrize("digits", [1, 15, 50, 1000])
def test_commitment_game_is_worth_two_plus_the_omega_constant(digits: int) -> None:
    # After "left" she punishes; after "right" the mixture's first-order condition is t e^t = 1.
    solution = solve(get(COMMITMENT), digits)
    with precision(4000):
        omega = enclosure(arb(2) + arb(1).lambertw())
    assert solution.certified
    assert solution.upper - solution.lower <= Fraction(1, 10**digits)
    assert solution.lower <= omega.lower
    assert omega.upper <= solution.upper


@pytest.mark.parametrize("name", [entry.name for entry in catalogue()])
def test_every_shipped_game_is_certified_or_named_as_not_covered_games(name: str) -> None:
    game = get(name)
    if game.gamma == 0 and game.observes_action and game.eta is not None:
        solution = solve(game, 20)
        assert solution.certified
        assert check(game, solution.certificate, elementary=FlintElementary())
        J = evaluate(game, solution.policy, digits=25).J
        assert J.overlaps(solution.value)
    else:
        with pytest.raises(NotCoveredError, match="not covered yet"):
            solve(game)


@settings(deadline=None, max_examples=60)
@given(game=covered_games(), digits=st.sampled_from([2, 12, 40]))
def test_random_games_are_certified_to_the_digits_asked(game: Game, digits: int) -> None:
    solution = solve(game, digits)
    assert solution.certified
    assert solution.upper - solution.lower <= Fraction(1, 10**digits)
    assert check(game, solution.certificate, elementary=FlintElementary())
    assert evaluate(game, solution.policy, digits=digits + 5).J.overlaps(solution.value)
    largest = max(abs(v) for step in game.u for s in step for a in s for v in a)
    slack = Fraction(1, 10**9) * (1 + largest * game.horizon)
    float64 = Fraction(solve_float64(game).J)
    assert solution.lower - slack <= float64 <= solution.upper + slack


@settings(deadline=None, max_examples=25)
@given(
    game=covered_games(max_states=2, max_leader_actions=2, max_follower_actions=2, max_horizon=2)
)
def test_finer_digits_overlap_coarser(game: Game) -> None:
    coarse, fine = solve(game, 5).value, solve(game, 60).value
    assert coarse.overlaps(fine)


@settings(deadline=None, max_examples=20)
@given(
    u=st.lists(PAYOFFS, min_size=4, max_size=4),
    r=st.lists(PAYOFFS, min_size=4, max_size=4),
    eta=st.sampled_from(["1/2", 2]),
)
def test_no_prescription_of_a_grid_is_worth_more(
    u: list[Fraction], r: list[Fraction], eta: str
) -> None:
    game = Game.from_arrays(None, [[u[:2], u[2:]]], [[r[:2], r[2:]]], eta=eta)
    solution = solve(game, 12)
    weights = [Fraction(n, 20) for n in range(21)]
    best = max(
        evaluate(
            game, Policy.from_arrays([[[[t, 1 - t], [s, 1 - s]]]], game=game), digits=15
        ).J.lower
        for t, s in product(weights, repeat=2)
    )
    assert best <= solution.upper
    slope = 2 * 4 * (1 + 4 * 4)  # |dJ/dt| <= span(u) (1 + eta span(r)) for each of two weights
    assert solution.lower <= best + Fraction(slope, 40)


def mdp_value(game: Game) -> Fraction:
    """Backward induction in rationals for a single follower action."""
    after = [Fraction(0)] * game.states
    for h in reversed(range(game.horizon)):
        rows, rewards = game.at(game.P, h), game.at(game.u, h)
        after = [
            max(
                rewards[s][a][0]
                + sum(
                    p * after[t]
                    for row in [rows[s][a][0]]
                    for t, p in zip(row.states, probabilities(row), strict=True)
                )
                for a in range(game.leader_actions)
            )
            for s in range(game.states)
        ]
    row = game.rho
    return sum(
        (p * after[s] for s, p in zip(row.states, probabilities(row), strict=True)),
        Fraction(0),
    )


@settings(deadline=None, max_examples=30)
@given(game=covered_games(max_follower_actions=1))
def test_one_follower_action_is_a_markov_decision_process(game: Game) -> None:
    assert mdp_value(game) in solve(game, 30).value


@settings(deadline=None, max_examples=20)
@given(game=covered_games(max_leader_actions=1))
def test_one_leader_action_leaves_nothing_to_choose(game: Game) -> None:
    value = evaluate(game, Policy.uniform(game), digits=40).J
    assert value.overlaps(solve(game, 30).value)


@settings(deadline=None, max_examples=20)
@given(game=covered_games(max_leader_actions=2, max_follower_actions=3), c=PAYOFFS)
def test_constant_rewards(game: Game, c: Fraction) -> None:
    table = [[[[c] * game.follower_actions] * game.leader_actions] * game.states] * game.horizon
    constant = rebuilt(game, u=table)
    assert c * game.horizon in solve(constant, 20).value
    indifferent = rebuilt(game, r=table)
    uniform = solve(indifferent, 20).policy
    nu = evaluate(indifferent, uniform, digits=20).nu
    assert all(
        Fraction(1, game.follower_actions) in entry
        for step in nu
        for state in step
        for entry in state
    )


def rebuilt(game: Game, **tables: object) -> Game:
    given_tables = {"P": rows_of(game), "u": game.u, "r": game.r, "eta": game.eta} | tables
    start = dict(zip(game.rho.states, probabilities(game.rho), strict=True))
    return Game.from_arrays(rho=start, horizon=game.horizon, **given_tables)


def probabilities(row: object) -> list[Fraction]:
    return [Fraction(n, row.denominator) for n in row.numerators]


def rows_of(game: Game) -> list[object]:
    return [
        [
            [
                [dict(zip(row.states, probabilities(row), strict=True)) for row in by_b]
                for by_b in state
            ]
            for state in step
        ]
        for step in game.P
    ]


def mapped(table: object, change: object) -> object:
    """The table with change(h, s, a, b, value) as entries."""
    return [
        [[[change(s, v) for v in x] for x in state] for s, state in enumerate(step)]
        for step in table
    ]


@settings(deadline=None, max_examples=25)
@given(game=covered_games(max_states=2, max_horizon=2), c=st.integers(-3, 3))
def test_invariances(game: Game, c: int) -> None:
    value = solve(game, 20).value
    gauge = rebuilt(game, r=mapped(game.r, lambda s, v: v + c * (s + 1)))
    assert solve(gauge, 20).value.overlaps(value)
    scaled = rebuilt(game, r=mapped(game.r, lambda _, v: 3 * v), eta=game.eta / 3)
    assert solve(scaled, 20).value.overlaps(value)
    raised = rebuilt(game, u=mapped(game.u, lambda _, v: v + c))
    moved = Enclosure(value.lower + c * game.horizon, value.upper + c * game.horizon)
    assert solve(raised, 20).value.overlaps(moved)
    doubled = rebuilt(game, u=mapped(game.u, lambda _, v: 2 * v))
    assert solve(doubled, 20).value.overlaps(Enclosure(2 * value.lower, 2 * value.upper))


@settings(deadline=None, max_examples=20)
@given(game=covered_games(max_states=2, max_horizon=2))
def test_relabelling_actions_changes_nothing(game: Game) -> None:
    flipped = rebuilt(
        game,
        P=[[[by_b[::-1] for by_b in state[::-1]] for state in step] for step in rows_of(game)],
        u=[[[x[::-1] for x in state[::-1]] for state in step] for step in game.u],
        r=[[[x[::-1] for x in state[::-1]] for state in step] for step in game.r],
    )
    assert solve(flipped, 25).value.overlaps(solve(game, 25).value)


def test_enormous_exponents_are_solved() -> None:
    r = [[[10**6, 0, 3], [0, 10**6, -5], [5, -(10**6), 0]]]
    game = Game.from_arrays(None, [[[2, 4, 7], [1, 3, -5], [1, 0, 0]]], r, eta=1000)
    solution = solve(game, 30)
    assert solution.certified
    # Seven is reached only if the other two responses weigh e^-3000: J* is below 7 by about that.
    assert Fraction(7) - Fraction(1, 10**29) < solution.lower < 7


def test_near_ties_beyond_float64_are_resolved() -> None:
    tiny = Fraction(1, 10**40)
    u, r = [[[1, 2], [1 + tiny, 2]]], [[[0, 0], [0, 0]]]
    solution = solve(Game.from_arrays(None, u, r), 60)
    assert Fraction(3, 2) + tiny / 2 in solution.value
    assert solution.policy[0][0][0] == (0, 1)


def test_decide_answers_and_says_when_it_cannot() -> None:
    game = get(COMMITMENT)
    assert decide(game, Fraction(5, 2)).answer == "yes"
    assert decide(game, Fraction("2.5671432905")).answer == "no"
    constant = Game.from_arrays(None, [[[1]]], [[[0]]])
    decision = decide(constant, Fraction(1), max_digits=20)
    assert decision.answer == "undecided"
    assert decision.digits == 20


def test_without_a_checker_nothing_is_called_certified() -> None:
    solution = solve(get(COMMITMENT), 10, checker=None)
    assert not solution.certified
    assert solution.verdict is None
    assert "not checked" in solution.reason


@pytest.mark.parametrize("digits", [0, 1001, 2.5, True, "10"])
def test_digits_out_of_range(digits: object) -> None:
    with pytest.raises(InputError, match="digits"):
        solve(get(COMMITMENT), digits)


def test_policy_is_exact_and_reads_as_an_array() -> None:
    solution = solve(get(COMMITMENT), 12)
    pi = solution.policy.as_array()
    assert pi.shape == (1, 1, 2, 2)
    np.testing.assert_allclose(pi[0, 0, 1], [0.5671432904, 0.4328567096], atol=1e-9)
    assert all(sum(row) == 1 for row in solution.policy.probabilities[0][0])


def test_progress_counts_every_node_once() -> None:
    seen: list[Standing] = []
    game = get("random-dense")
    solve(game, 5, progress=seen.append)
    total = sum(map(len, game.reachable))
    assert [(s.done, s.nodes) for s in seen] == [(n, total) for n in range(1, total + 1)]
    assert [s.checking for s in seen] == [n == total for n in range(1, total + 1)]


@pytest.mark.parametrize("observes", ["nothing", [[0, 1]]])
def test_float64_induction_refuses_a_leader_who_sees_less(observes: object) -> None:
    with pytest.raises(NotCoveredError, match="less than the action"):
        solve_float64(get(COMMITMENT).with_(observes=observes))


@pytest.mark.parametrize("digits", [5, 22, 30, 60, 200])
def test_an_optimum_where_an_edge_ends(digits: int) -> None:
    """J* = 3/2 at a vertex that is tied with the edge; above the root the edge is better."""
    game = Game.from_arrays(None, [[[3, 0], [2, 1]]], [[[0, 1], [2, 2]]], eta=1)
    solution = solve(game, digits)
    assert solution.certified
    assert solution.lower <= Fraction(3, 2) <= solution.upper
