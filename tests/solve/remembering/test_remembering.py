"""Leaders who remember, and trees, against brute force: local search over memories.

What brute force finds is a value that some leader achieves, to 30 digits: no certified upper bound
may be below it. It knows nothing of frontiers, so it may miss the best; where it comes within the
gap that was asked for, the certificate's policy is as good as it should be, too.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from exactqse.errors import PrecisionError
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.solver import solve_farsighted
from exactqse.solve.frontiers import solve_history, solve_tree

GAP = Fraction(1, 1000)

Brute = Callable[..., Fraction]


def drawn(
    seed: int,
    *,
    S: int = 2,
    A: int = 2,
    B: int = 2,
    H: int = 2,
    eta: object = 3,
    gamma: object = 1,
    wide: int = 1,
    observes: Any = "action",
) -> Game:
    """Rewards in quarters up to 1, the follower's times ``wide``; every state may follow."""
    random = np.random.default_rng(seed)
    u, r = (
        [[[[Fraction(k * int(x), 4) for x in row] for row in s] for s in h] for h in table]
        for k, table in zip((1, wide), random.integers(-4, 5, size=(2, H, S, A, B)), strict=True)
    )
    weights = random.integers(1, 4, size=(H, S, A, B, S))
    P = [
        [[[[Fraction(int(x), int(row.sum())) for x in row] for row in a] for a in s] for s in h]
        for h in weights
    ]
    more: dict[str, Any] = {"eta": eta, "gamma": gamma}
    return Game.from_arrays(P, u, r, horizon=H, observes=observes, **more)


ONE = {"S": 1, "H": 3}
KINDS: dict[str, dict[str, Any]] = {
    "two steps": {},
    "three steps": ONE,
    "what the follower earns later counts less": {"gamma": "1/2"},
    "she sees nothing": {"observes": "nothing"},
    "one action": {"A": 1, **ONE},
    "one answer, and paths that meet": {"B": 1, "H": 3},
    "large eta": {"eta": 30},
    "small eta": {"eta": "1/50", **ONE},
    "rewards that spread over tens": {"wide": 10},
    "wide and blind": {"wide": 30, "eta": 1, "observes": "nothing"},
}


@pytest.mark.parametrize("seed", [3, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_no_leader_who_remembers_gets_more(kind: str, seed: int, achieved: Brute) -> None:
    game = drawn(seed, **KINDS[kind])
    found, effort = solve_history(game, GAP, Budget(seconds=60))
    assert check(game, found).outcome == "accepted"
    assert not effort.stopped
    assert found.upper - found.lower <= GAP
    best = achieved(game, seed, starts=8, sweeps=2)
    assert best <= found.upper
    assert found.lower - best <= Fraction(1, 50)  # so brute force is worth the name


@pytest.mark.parametrize("seed", range(3))
def test_memory_is_worth_no_less_than_none(seed: int) -> None:
    game = drawn(seed)
    history, _ = solve_history(game, GAP, Budget())
    markov, _ = solve_farsighted(game, Fraction(1, 20), Budget(seconds=20))
    assert check(game, markov).outcome == "accepted"
    assert markov.lower <= history.upper


def test_wide_rewards_and_a_leader_who_sees_nothing() -> None:
    # Just above the root of a steep stage the least e^v, not the best W, is what is nearest to 0.
    game = drawn(3, wide=30, eta=1, observes="nothing")
    found, effort = solve_history(game, GAP, Budget(seconds=60))
    assert not effort.stopped
    assert found.lower > Fraction(351, 1000)


def tree(seed: int) -> Game:
    """One answer, then one of two states for good: no two paths meet; both steps are chosen in."""
    random = np.random.default_rng(seed)
    u, r = random.integers(-4, 5, size=(2, 2, 3, 2, 2)).tolist()
    ahead = [[[0, "1/4", "3/4"]] * 2, [[0, "2/3", "1/3"]] * 2]
    stay = [[[[0, 1, 0]] * 2] * 2, [[[0, 0, 1]] * 2] * 2]
    P = [ahead, *stay]
    return Game.from_arrays([P, P], u, r, horizon=2, eta="1/2", gamma="9/10")


@pytest.mark.parametrize("seed", range(4))
def test_both_solvers_agree_on_trees(seed: int, achieved: Brute) -> None:
    game = tree(seed)
    one, _ = solve_tree(game, GAP, Budget())
    other, _ = solve_farsighted(game, Fraction(1, 50), Budget(seconds=20))
    history, _ = solve_history(game, GAP, Budget())
    for found in (one, other, history):
        assert check(game, found).outcome == "accepted"
    assert max(one.lower, other.lower) <= min(one.upper, other.upper)
    assert one.lower <= history.upper
    assert achieved(game, seed, starts=8, sweeps=2) <= history.upper


def test_a_range_that_float64_cannot_hold_is_refused() -> None:
    with pytest.raises(PrecisionError, match="range of more than"):
        solve_history(drawn(0, wide=400), GAP, Budget())
