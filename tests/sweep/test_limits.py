from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import KindError
from exactqse.evaluate import evaluate
from exactqse.games import dense, get
from exactqse.model import Game, Policy
from exactqse.solve import Solution, solve
from exactqse.sweep import limits
from exactqse.sweep.extremes import uniform_value, worst_case
from exactqse.testing import games

FORCED_TIE = Game.from_arrays(None, [[[1, 0]]], [[[0, 0]]])


def test_the_limits_of_the_commitment_game() -> None:
    found = limits(get("conitzer-sandholm-2006").with_(observes="nothing"))
    assert found.zero == 3  # the mean of the first row, (2 + 4)/2
    assert (found.infinity.lower, found.infinity.upper) == (Fraction(7, 2), Fraction(7, 2))
    assert found.strong.value == found.infinity


def test_a_forced_tie_leaves_an_interval() -> None:
    """J* is 1/2 for every eta, which is neither the weak nor the strong value."""
    found = limits(FORCED_TIE)
    assert (found.zero, found.infinity.lower, found.infinity.upper) == (Fraction(1, 2), 0, 1)
    for eta in (1, 1000):
        assert Fraction(1, 2) in solve(FORCED_TIE.with_(eta=eta), 10).value


def against_uniform(game: Game, policy: Policy) -> Fraction:
    """J of a policy when every response has probability 1/B, by summing over all paths."""
    pairs = list(product(range(game.leader_actions), range(game.follower_actions)))

    def worth(h: int, s: int) -> Fraction:
        if h == game.horizon:
            return Fraction(0)
        total = Fraction(0)
        for a, b in pairs:
            row = game.at(game.P, h)[s][a][b]
            later = sum(
                (
                    Fraction(n, row.denominator) * worth(h + 1, t)
                    for t, n in zip(row.states, row.numerators, strict=True)
                ),
                Fraction(0),
            )
            gain = game.at(game.u, h)[s][a][b] + later
            total += policy.probabilities[h][s][b][a] * gain / game.follower_actions
        return total

    pairs_of_rho = zip(game.rho.states, game.rho.numerators, strict=True)
    return sum((worth(0, s) * n for s, n in pairs_of_rho), Fraction(0)) / game.rho.denominator


def pure_policies(game: Game) -> list[Policy]:
    """All that take one action in each cell, at every step and state."""
    A = range(game.leader_actions)
    rows = [[tuple(Fraction(a == i) for i in A) for a in A]]
    stages = []
    for chosen in product(A, repeat=len(game.observes)):
        by_b = {b: rows[0][a] for cell, a in zip(game.observes, chosen, strict=True) for b in cell}
        stages.append(tuple(by_b[b] for b in range(game.follower_actions)))
    steps = list(product(stages, repeat=game.states))
    return [Policy(tuple(choice)) for choice in product(steps, repeat=game.horizon)]


@pytest.mark.parametrize("observes", ["action", "nothing"])
@pytest.mark.parametrize("seed", range(2))
def test_the_uniform_value_is_the_best_over_all_pure_policies(seed: int, observes: str) -> None:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=seed, eta=1)
    game = game.with_(observes=observes)
    best = max(against_uniform(game, policy) for policy in pure_policies(game))
    assert uniform_value(game) == best


GAMES = games(
    max_states=2,
    max_horizon=2,
    gammas=st.just(Fraction(0)),
    etas=st.just(Fraction(1)),
    observes="action",
    wide=False,
)


def assert_near_the_uniform_value(game: Game, gap: Fraction) -> None:
    """|nu - 1/B| <= (e^(2 eta K R) - 1)/B, where K = 1 for gamma = 0, else at most H.

    So J differs by at most H^2 max|u| (e^(2 eta K R) - 1).
    """
    entries = [[v for step in t for s in step for row in s for v in row] for t in (game.u, game.r)]
    U, R = (max(map(abs, values)) for values in entries)
    eta = Fraction(1, 10**9)
    near = game.horizon**2 * U * 3 * eta * R * (game.horizon if game.gamma else 1)
    value = solve(game.with_(eta=eta), gap=gap).value
    assert value.lower - near <= uniform_value(game) <= value.upper + near


@settings(max_examples=40, deadline=None)
@given(GAMES)
def test_small_eta_comes_near_the_uniform_value(game: Game) -> None:
    assert_near_the_uniform_value(game, gap=Fraction(1, 10**15))


@settings(max_examples=40, deadline=None)
@given(GAMES)
def test_large_eta_is_not_far_outside_the_stackelberg_values(game: Game) -> None:
    found = limits(game)
    assert found.infinity.lower <= found.infinity.upper
    value = solve(game.with_(eta=10**7), 8).value
    near = Fraction(1, 1000)
    assert found.infinity.lower - near <= value.upper
    assert value.lower <= found.infinity.upper + near


FARSIGHTED = games(
    max_states=2,
    max_horizon=2,
    gammas=st.sampled_from([Fraction(1, 3), Fraction(1)]),
    etas=st.just(Fraction(1)),
    observes="action",
    wide=False,
)


@settings(max_examples=15, deadline=None)
@given(FARSIGHTED)
def test_small_eta_comes_near_the_uniform_value_of_farsighted_followers(game: Game) -> None:
    assert_near_the_uniform_value(game, gap=Fraction(1, 20))


@settings(max_examples=15, deadline=None)
@given(FARSIGHTED)
def test_the_worst_case_of_a_farsighted_follower_is_that_of_some_way_to_break_ties(
    game: Game,
) -> None:
    found = limits(game, gap=Fraction(1, 1000), time_limit=5)
    worst = worst_case(found.strong)
    ways = [broken(game, found.strong.policy, choice) for choice in product(*_ties(found.strong))]
    assert min(ways) == worst == found.infinity.lower
    assert worst <= max(ways) <= found.infinity.upper


def test_a_farsighted_tie_costs_what_it_may() -> None:
    """He is always indifferent: she is worth 0 or 1 at each of two steps."""
    game = Game.from_arrays(None, [[[1, 0]]], [[[0, 0]]], horizon=2, gamma=1)
    found = limits(game)
    assert (found.zero, found.infinity.lower) == (1, 0)
    assert 2 <= found.infinity.upper <= 2 + Fraction(1, 1000)


def _ties(strong: Solution) -> list[list[int]]:
    """The best responses at each (step, state), in ascending order."""
    found = evaluate(replace(strong.game, eta=None), strong.policy)
    return [
        [b for b, q in enumerate(found.Q[h][s]) if q.lower == found.V[h][s].lower]
        for h in range(strong.game.horizon)
        for s in range(strong.game.states)
    ]


def broken(game: Game, policy: Policy, choice: tuple[int, ...]) -> Fraction:
    """J if the follower answers by these actions, whatever the history."""

    def worth(h: int, s: int) -> Fraction:
        if h == game.horizon:
            return Fraction(0)
        b = choice[h * game.states + s]
        total = Fraction(0)
        for a, weight in enumerate(policy.probabilities[h][s][b]):
            row = game.at(game.P, h)[s][a][b]
            pairs = zip(row.states, row.numerators, strict=True)
            later = sum((n * worth(h + 1, t) for t, n in pairs if weight), Fraction(0))
            total += weight * (game.at(game.u, h)[s][a][b] + later / row.denominator)
        return total

    pairs = zip(game.rho.states, game.rho.numerators, strict=True)
    return sum((worth(0, s) * n for s, n in pairs), Fraction(0)) / game.rho.denominator


def test_what_has_no_limits_here_is_refused() -> None:
    with pytest.raises(KindError, match="game: expected a game"):
        limits(None)  # type: ignore[arg-type]
