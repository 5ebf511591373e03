"""The solver for farsighted followers: its certificates are accepted, and say what they should."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import PrecisionError
from exactqse.evaluate import evaluate, evaluate_float64
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import check
from exactqse.model import Game, Policy
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import solve_farsighted
from exactqse.testing import games
from tests.solve.farsighted.reference import Reference, parts_of


def drawn_game(S: int, H: int, seed: int, **changes: object) -> Game:
    random = np.random.default_rng(seed)
    shape = H, S, 2, 2
    P = random.dirichlet(np.ones(S), size=shape)
    u, r = random.random((2, *shape))
    options: dict[str, object] = {"eta": 3, "gamma": "9/10", "normalise": True}
    return Game.from_arrays(P, u, r, **(options | changes))  # type: ignore[arg-type]


def gap_of(certificate: Certificate) -> float:
    return float(certificate.upper - certificate.lower)


@pytest.mark.parametrize("seed", range(4))
def test_two_steps_to_six_digits(seed: int) -> None:
    game = drawn_game(2, 2, seed)
    certificate, effort = solve_farsighted(game, Fraction(1, 10**6), Budget())
    assert check(game, certificate).outcome == "accepted"
    assert gap_of(certificate) <= 1e-6
    assert not effort.stopped


def test_three_steps() -> None:
    game = drawn_game(3, 3, 4)
    certificate, _ = solve_farsighted(game, Fraction(1, 10**3), Budget())
    assert check(game, certificate).outcome == "accepted"
    assert gap_of(certificate) <= 1e-3


def test_first_states_lean_on_the_values_and_cancel() -> None:
    game = drawn_game(2, 2, 0, rho=[0.3, 0.7])
    certificate, effort = solve_farsighted(game, Fraction(1, 10**5), Budget())
    assert check(game, certificate).outcome == "accepted"
    assert gap_of(certificate) <= 1e-5
    assert effort.work < 100
    for table in certificate.slopes:
        assert all(row.others for row in table[:2]) or not any(row.others for row in table)


@pytest.mark.parametrize("observes", ["action", "nothing"])
@pytest.mark.parametrize("rho", [[1.0, 0.0], [0.25, 0.75]])
def test_the_formulas_agree_with_what_was_emitted(observes: str, rho: list[float]) -> None:
    game = drawn_game(2, 3, 1, observes=observes, rho=rho)
    certificate, _ = solve_farsighted(game, Fraction(1, 10), Budget(nodes=30))
    bounds = []
    for part, box in parts_of(certificate):
        reference = Reference(game, certificate, part, box)
        if reference.empty:
            continue
        assert all(G < 1e-12 for _, G in reference.bound().values())
        bounds.append(reference.worth())
    assert max(bounds) == pytest.approx(float(certificate.upper), abs=1e-6)
    assert max(bounds) <= float(certificate.upper) + 1e-12


@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_no_policy_is_worth_more_than_upper(observes: str) -> None:
    game = drawn_game(2, 3, 7, observes=observes)
    certificate, _ = solve_farsighted(game, Fraction(1, 100), Budget(nodes=60))
    random = np.random.default_rng(0)
    for _ in range(300):
        pi = random.dirichlet(np.full(2, 0.3), size=(3, 2, 2))
        if observes == "nothing":
            pi[:, :, 1] = pi[:, :, 0]
        assert float(certificate.upper) + 1e-12 >= evaluate_float64(game, pi).J


def test_lower_is_the_value_of_the_policy() -> None:
    game = drawn_game(2, 2, 5)
    certificate, _ = solve_farsighted(game, Fraction(1, 100), Budget())
    table = [[[[0] * 2 for _ in range(2)] for _ in range(2)] for _ in range(2)]
    for node in certificate.nodes:
        for b, row in enumerate(node.policy):
            for a, p in row:
                table[node.step][node.state][b][a] = p
    for s in range(1, 2):  # unreachable at step 0: anything
        table[0][s] = [[1, 0], [1, 0]]
    J = evaluate(game, Policy.from_arrays(table, game=game), digits=15).J
    assert certificate.lower <= J.upper
    assert float(J.lower - certificate.lower) < 1e-12


def test_a_limit_leaves_a_wider_proof() -> None:
    game = drawn_game(3, 3, 0)
    certificate, effort = solve_farsighted(game, Fraction(1, 10**8), Budget(nodes=30))
    assert effort.stopped
    assert gap_of(certificate) > 1e-8
    assert check(game, certificate).outcome == "accepted"


def test_one_step_has_no_values_to_divide() -> None:
    game = drawn_game(2, 1, 0)
    certificate, _ = solve_farsighted(game, Fraction(1, 10**6), Budget())
    assert len(certificate.cover) == 1
    assert check(game, certificate).outcome == "accepted"
    assert gap_of(certificate) <= 1e-6


@settings(max_examples=12, deadline=None)
@given(
    games(
        max_states=2,
        max_horizon=3,
        gammas=st.sampled_from((Fraction(1, 2), Fraction(9, 10), Fraction(1))),
        etas=st.sampled_from((Fraction(1, 3), Fraction(1), Fraction(5), Fraction(100))),
        max_leader_actions=2,
        max_follower_actions=2,
    )
)
def test_drawn_games_are_proved_or_refused(game: Game) -> None:
    try:
        certificate, _ = solve_farsighted(game, Fraction(1, 100), Budget(nodes=60))
    except PrecisionError:
        return
    assert check(game, certificate).outcome == "accepted"
