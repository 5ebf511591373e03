"""The solver for farsighted followers: its certificates are accepted, and say what they should."""

from __future__ import annotations

import gzip
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import PrecisionError
from exactqse.evaluate import evaluate, evaluate_float64
from exactqse.games import dense
from exactqse.kernel.certificate import Certificate, Leaf, Part
from exactqse.kernel.check import check
from exactqse.model import Game, Policy
from exactqse.simulate.classes import perturbed_models
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import solve_farsighted
from exactqse.solve.farsighted.reserve import Reserve
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


@pytest.mark.parametrize("gap", ["1/100", "1/1000", "1/10000"])
def test_slopes_that_cancel_are_rounded_by_a_checker(gap: str) -> None:
    """Their sum is 0 in rationals, and up to a bit each once divided by eta = 3."""
    sizes = {"states": 2, "leader_actions": 2, "follower_actions": 2, "horizon": 2}
    game = perturbed_models(dense(**sizes, seed=0, eta=3).with_(gamma="1/2"), 8, seed=0)[1]
    certificate, _ = solve_farsighted(game, Fraction(gap), Budget())
    assert check(game, certificate).outcome == "accepted"
    assert certificate.upper - certificate.lower <= Fraction(gap)


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
    for part, *limits in parts_of(certificate, game.leader_actions):
        reference = Reference(game, certificate, part, *limits)
        if reference.empty:
            continue
        assert all(G < 1e-12 for _, G in reference.bound().values())
        bounds.append(reference.worth())
    # roots are the claims' own; what slopes add is rounded up by at most two units of 2^-22
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


def test_covers_are_short() -> None:
    certificate, _ = solve_farsighted(drawn_game(3, 3, 4), Fraction(1, 100000), Budget())
    leaves = [part for part in certificate.cover if isinstance(part, Part)]
    numbers = [
        majorant
        for part in leaves
        for claim in part.claims
        for tree in claim.pieces[0].trees
        for leaf in tree
        if isinstance(leaf, Leaf)
        for majorant in leaf.majorants
    ]
    assert sum(isinstance(n, int) for n in numbers) > len(numbers) / 2
    assert len(gzip.compress(certificate.to_bytes())) < 100 * len(leaves)


def test_the_cover_is_written_within_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 3.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def write() -> tuple[int, int]:
        nonlocal now
        now += 1.0
        return 50, 100

    reserve = Reserve(Budget(seconds=10, start=0), write)
    assert not reserve.is_short(100)  # few parts are written in no time
    assert now == 3
    assert not reserve.is_short(200)  # 100 leaves of 200 parts take 2 s
    assert now == 4
    assert not reserve.is_short(280)
    assert not reserve.reason
    now = 7.0
    assert reserve.is_short(280)
    assert reserve.reason == "the limit of 10 s was reached"
    assert not Reserve(Budget(nodes=1), write).is_short(10**6)


@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_rewards_beyond_all_exponents_are_enclosed_coarsely(observes: str) -> None:
    random = np.random.default_rng(3)
    P = random.dirichlet(np.ones(2), size=(2, 2, 2, 2))
    u, r = random.integers(-9, 9, (2, 2, 2, 2, 2))
    options: dict[str, object] = {"observes": observes, "normalise": True}
    game = Game.from_arrays(P, u, 2000 * r, eta=3, gamma=1, **options)  # type: ignore[arg-type]
    certificate, effort = solve_farsighted(game, Fraction(1, 10), Budget(nodes=20))
    assert check(game, certificate).outcome == "accepted"
    assert effort.stopped
    assert len(certificate.cover) > 1
    assert certificate.upper <= int(u[0].max() + u[1].max()) + Fraction(1, 10)


def test_scales_that_need_too_many_parts_are_refused() -> None:
    game = drawn_game(2, 3, 0, eta=10**8)
    with pytest.raises(PrecisionError, match="exponents range over more"):
        solve_farsighted(game, Fraction(1, 10), Budget(nodes=20))


def test_leaders_without_rewards() -> None:
    game = Game.from_arrays(
        np.ones((1, 1, 2, 2, 1)), np.zeros((1, 1, 2, 2)), np.eye(2)[None, None], eta=1, gamma="1/2"
    )
    certificate, _ = solve_farsighted(game, Fraction(1, 100), Budget())
    assert check(game, certificate).outcome == "accepted"
    assert gap_of(certificate) <= 1e-2


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
