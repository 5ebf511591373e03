"""Strong Stackelberg nodes: by hand, found by the solver, and with one number changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.arithmetic import FlintElementary
from exactqse.errors import CertificateError
from exactqse.games import get
from exactqse.kernel.certificate import MIN_PRECISION, Certificate, StrongNode
from exactqse.kernel.check import Verdict, check
from exactqse.kernel.game import expectation
from exactqse.kernel.stage import FailureError, require
from exactqse.kernel.strong import (
    GRID,
    action_values,
    best_response,
    check_strong,
    policy_worth,
    target_bound,
)
from exactqse.model import Game
from exactqse.solve.strong import solve_strong
from exactqse.testing import games, policies

HALF, ZERO, ONE = Fraction(1, 2), Fraction(0), Fraction(1)
VALUE = Fraction(7, 2)
MIXED = ((0, HALF), (1, HALF))
few = settings(max_examples=40, deadline=None)


def best_responses(**sizes: Any) -> st.SearchStrategy[Game]:
    return games(gammas=st.just(ZERO), etas=st.just(None), wide=False, **sizes)


@pytest.fixture
def game() -> Game:
    """Conitzer and Sandholm's game, in which she moves unseeing: the value is 7/2."""
    return get("conitzer-sandholm-2006").with_(eta="inf", observes="nothing")


@pytest.fixture
def node() -> StrongNode:
    """Only the second answer is worth 7/2, and 4 - mu = 3 + mu at mu = 1/2."""
    return StrongNode(0, 0, VALUE, (MIXED,), ((ZERO, ZERO), (HALF, ZERO)))


def reason_against(
    game: Game, nodes: Sequence[StrongNode], lower: Fraction, upper: Fraction
) -> str:
    """Why the nodes are refused, or "" when they are not."""
    try:
        excess = check_strong(game, nodes) - upper
        require("upper is less than the mean of step 0", excess, excess)
        excess = lower - policy_worth(game, nodes)
        require("lower exceeds J(policy)", excess, excess)
    except FailureError as failure:
        return f"{failure}" if failure.outcome == "rejected" else failure.outcome
    return ""


def test_a_proof_by_hand(game: Game, node: StrongNode) -> None:
    assert reason_against(game, [node], VALUE, VALUE) == ""
    assert not reason_against(game, [node], Fraction(3), Fraction(4))
    assert not reason_against(game, [replace(node, upper=Fraction(4))], VALUE, Fraction(4))


def test_the_diagonal_plays_no_part(game: Game, node: StrongNode) -> None:
    duals = ((Fraction(5), ZERO), (HALF, Fraction(1, 7)))
    assert not reason_against(game, [replace(node, duals=duals)], VALUE, VALUE)


@pytest.mark.parametrize(
    ("changes", "lower", "upper", "reason"),
    [
        (
            {"duals": ((ZERO, ZERO), (Fraction(1, 4), ZERO))},
            VALUE,
            VALUE,
            "upper bound at step 0, state 0, follower action 1 is too low, by at least 0.25",
        ),
        (
            {"duals": ((ZERO, Fraction(2)), (HALF, ZERO))},
            VALUE,
            VALUE,
            "upper bound at step 0, state 0, follower action 0 is too low, by at least 0.5",
        ),
        (
            {"upper": Fraction(3)},
            Fraction(3),
            Fraction(3),
            "upper bound at step 0, state 0, follower action 1 is too low, by at least 0.5",
        ),
        ({}, VALUE, Fraction(3), "upper is less than the mean of step 0, by at least 0.5"),
        ({}, Fraction(4), VALUE, "lower exceeds J(policy), by at least 0.5"),
        ({"policy": (((0, ONE),),)}, VALUE, VALUE, "lower exceeds J(policy), by at least 1.5"),
        (
            {"policy": (((0, Fraction(51, 100)), (1, Fraction(49, 100))),)},
            VALUE,
            VALUE,
            "lower exceeds J(policy), by at least 1.99",
        ),
    ],
)
def test_a_false_claim_is_refused(
    game: Game,
    node: StrongNode,
    changes: dict[str, Any],
    lower: Fraction,
    upper: Fraction,
    reason: str,
) -> None:
    assert reason_against(game, [replace(node, **changes)], lower, upper) == reason


def certified(game: Game, *nodes: StrongNode, lower: Fraction, upper: Fraction) -> Certificate:
    return Certificate(game.hash, MIN_PRECISION, lower, upper, nodes)


def test_check_covers_such_games(game: Game, node: StrongNode) -> None:
    claim = certified(game, node, lower=VALUE, upper=VALUE)
    assert check(game, claim) == Verdict(
        "accepted",
        VALUE,
        VALUE,
        "proved lower <= J(policy) <= J* <= upper over 1 nodes",
        MIN_PRECISION,
        "kernel",
    )
    assert check(game, Certificate.from_bytes(claim.to_bytes()))
    assert check(game, claim, elementary=FlintElementary()).arithmetic == "flint"
    for wrong, reason in (
        (
            replace(claim, upper=Fraction(3)),
            "upper is less than the mean of step 0, by at least 0.5",
        ),
        (replace(claim, lower=Fraction(4)), "lower exceeds J(policy), by at least 0.5"),
    ):
        verdict = check(game, wrong)
        assert (verdict.outcome, verdict.lower, verdict.upper) == ("rejected", None, None)
        assert verdict.reason == reason


@pytest.mark.parametrize(
    "duals",
    [
        (),
        ((), ()),
        ((ZERO, ZERO),),
        ((ZERO,), (HALF,)),
        ((ZERO, ZERO), (HALF,)),
        ((ZERO, ZERO), (HALF, ZERO), (ZERO, ZERO)),
        ((ZERO, ZERO, ZERO), (HALF, ZERO, ZERO)),
        ((ZERO,) * 3,) * 3,
    ],
)
def test_duals_are_a_square(game: Game, node: StrongNode, duals: Any) -> None:
    claim = certified(game, replace(node, duals=duals), lower=ZERO, upper=Fraction(9))
    with pytest.raises(CertificateError) as caught:
        check(game, claim)
    assert caught.value.where == "node (0, 0)"
    assert caught.value.what == "needs 2 x 2 duals"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"duals": ((ZERO, ZERO), (-HALF, ZERO))}, "a dual is negative"),
        ({"duals": ((ZERO, ZERO), (0.5, ZERO))}, "does not belong there"),
        ({"duals": ((ZERO, ZERO), (1, ZERO))}, "does not belong there"),
        ({"step": 0.0}, "does not belong there"),
        ({"upper": 3.5}, "does not belong there"),
        ({"policy": (((0, 1),),)}, "does not belong there"),
        ({"policy": (((1, HALF), (0, HALF)),)}, "do not ascend"),
        ({"policy": (((0, HALF),),)}, "do not sum to 1"),
        ({"policy": (((0, ONE), (1, ZERO)),)}, "is not positive"),
        ({"policy": (((-1, ONE),),)}, "do not ascend"),
    ],
)
def test_a_node_that_its_certificate_refuses(
    game: Game, node: StrongNode, changes: dict[str, Any], what: str
) -> None:
    with pytest.raises(CertificateError, match=what):
        certified(game, replace(node, **changes), lower=ZERO, upper=Fraction(9))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"policy": ()}, r"node \(0, 0\): needs 1 distributions"),
        ({"policy": (MIXED, MIXED)}, r"node \(0, 0\): needs 1 distributions"),
        ({"policy": (((2, ONE),),)}, r"node \(0, 0\): the policy names an unknown leader action"),
        ({"step": 1}, "nodes: nodes are not the reachable"),
        ({"state": -1}, "nodes: nodes are not the reachable"),
    ],
)
def test_a_node_that_does_not_fit_the_game(
    game: Game, node: StrongNode, changes: dict[str, Any], what: str
) -> None:
    with pytest.raises(CertificateError, match=what):
        check(game, certified(game, replace(node, **changes), lower=ZERO, upper=Fraction(9)))


def test_policies_of_another_number_of_cells_prove_nothing(game: Game, node: StrongNode) -> None:
    with pytest.raises(ValueError, match="zip"):
        policy_worth(game.with_(observes="action"), [node])


def test_a_value_of_the_next_step_that_is_missing_is_not_taken_for_zero(node: StrongNode) -> None:
    two = Game.from_arrays(
        [[[{1: 1}] * 2] * 2] * 2, [[[1, 1]] * 2] * 2, [[[0, 0]] * 2] * 2, horizon=2, eta="inf"
    ).with_(observes="nothing")
    last = replace(node, step=1, upper=Fraction(4))
    with pytest.raises(KeyError):
        check_strong(two, [replace(node, upper=Fraction(9)), last])


def test_the_mean_over_first_states_and_the_step_after() -> None:
    """Values 1 + 3 and 2 + 3 at step 0 with weights 1/4 and 3/4: 19/4."""
    moves = [[[[{2: 1}]]] * 2 + [[[{2: 1}]]]] * 2
    table = [[[[1]], [[2]], [[0]]], [[[0]], [[0]], [[3]]]]
    first = {0: "1/4", 1: "3/4"}
    two = Game.from_arrays([*moves[0]], table, table, rho=first, horizon=2, eta="inf")
    nodes = [
        StrongNode(h, s, Fraction(v), (((0, ONE),),), ((ZERO,),))
        for h, s, v in ((0, 0, 4), (0, 1, 5), (1, 2, 3))
    ]
    mean = Fraction(19, 4)
    assert not reason_against(two, nodes, mean, mean)
    loose = [replace(node, upper=node.upper + 1) for node in nodes]
    assert not reason_against(two, loose, mean, mean + 1)
    assert (
        reason_against(two, loose, mean + 1, mean + 1) == "lower exceeds J(policy), by at least 1"
    )
    tight = [*nodes[:2], replace(nodes[2], upper=Fraction(4))]
    assert reason_against(two, tight, mean, mean) == (
        "upper bound at step 0, state 1, follower action 0 is too low, by at least 1"
    )
    low = [*nodes[:2], replace(nodes[2], upper=Fraction(2))]
    assert reason_against(two, low, mean, mean) == (
        "upper bound at step 1, state 2, follower action 0 is too low, by at least 1"
    )


@few
@given(st.data())
def test_what_the_solver_finds_is_accepted_and_less_is_refused(data: st.DataObject) -> None:
    game = data.draw(best_responses())
    found, _ = solve_strong(game)
    value = found.lower
    assert found.upper == value
    assert check(game, Certificate.from_bytes(found.to_bytes()))
    assert not reason_against(game, found.nodes, value, value)
    tiny = Fraction(1, 10**30)
    assert "lower" in reason_against(game, found.nodes, value + tiny, value)
    assert "upper" in reason_against(game, found.nodes, value, value - tiny)
    i = data.draw(st.integers(0, len(found.nodes) - 1))
    node = found.nodes[i]
    nodes = [*found.nodes[:i], replace(node, upper=node.upper - tiny), *found.nodes[i + 1 :]]
    place = f"upper bound at step {node.step}, state {node.state}"
    assert reason_against(game, nodes, value, value).startswith(place)


@few
@given(st.data())
def test_multipliers_bound_every_commitment(data: st.DataObject) -> None:
    """Any multipliers prove an upper bound of what a target is worth where he answers by it."""
    game = data.draw(best_responses(max_states=1, max_horizon=1, max_follower_actions=4))
    rows = data.draw(policies(game)).probabilities[0][0]
    sizes = range(game.follower_actions)
    mu = [data.draw(st.fractions(0, 3, max_denominator=5)) for _ in sizes]
    x, y = game.r[0][0], game.u[0][0]
    means = [
        [sum(p * table[a][b] for a, p in enumerate(rows[b])) for table in (x, y)] for b in sizes
    ]
    top = max(means)[0]
    for b in sizes:
        if means[b][0] == top:
            assert means[b][1] <= target_bound(game, x, y, b, mu)
    cells = [tuple((a, p) for a, p in enumerate(rows[cell[0]]) if p) for cell in game.observes]
    assert best_response(game, cells, x, y)[1] == max(value for q, value in means if q == top)


def test_long_values_of_a_policy_are_rounded_down(game: Game) -> None:
    pi = [((0, ONE),)]
    x = ((ZERO, ZERO),)
    for value in (Fraction(1, GRID), Fraction(-1, GRID), Fraction(5, GRID - 1)):
        assert best_response(game, pi, x, ((value, value),))[1] == value
    assert GRID == 2**4096
    for value in (Fraction(2, 2 * GRID + 1), Fraction(-2, 2 * GRID + 1), 7 - Fraction(1, 3**2600)):
        rounded = best_response(game, pi, x, ((value, value),))[1]
        assert 0 < value - rounded < Fraction(1, GRID)
        assert GRID % rounded.denominator == 0


@few
@given(st.data())
def test_expectations(data: st.DataObject) -> None:
    game = data.draw(best_responses(max_horizon=1))
    values = {s: data.draw(st.fractions(-3, 3, max_denominator=60)) for s in range(game.states)}
    rho = game.rho
    weights: Sequence[Fraction] = [Fraction(n, rho.denominator) for n in rho.numerators]
    mean = sum(w * values[s] for w, s in zip(weights, rho.states, strict=True))
    assert expectation(rho, values) == mean
    table = action_values(game, game.u, 0, 0, values)
    rows, rewards = game.P[0][0], game.u[0][0]
    for a in range(game.leader_actions):
        for b in range(game.follower_actions):
            assert table[a][b] == rewards[a][b] + expectation(rows[a][b], values)
