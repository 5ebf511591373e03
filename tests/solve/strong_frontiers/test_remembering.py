"""Leaders who remember against a follower who best responds: bounds against programs of their own.

The reference is for two steps, in float64, written from the model alone: one linear program for
each first state and each answer there, with mixtures of its own for every answer that a next state
may be made to give. It knows nothing of frontiers, lines or multipliers.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from exactqse import Game, check, decide, isolation, near_optimal, solve
from exactqse.errors import InputError, NotCoveredError
from exactqse.kernel.certificate import Certificate
from exactqse.solve import Standing
from exactqse.solve.effort import Budget
from exactqse.solve.strong import solve_strong
from exactqse.solve.strong_frontiers import numbers, solve_remembering
from exactqse.testing import games

TIGHT = Fraction(1, 10**9)
NEAR = 1e-6
FAR = st.sampled_from((Fraction(1, 3), Fraction(1)))


def small(horizon: int, **more: Any) -> st.SearchStrategy[Game]:
    """Games of few places."""
    sizes: dict[str, Any] = {"max_states": 2, "max_leader_actions": 3, "max_follower_actions": 3}
    options: dict[str, Any] = {"gammas": FAR, "etas": st.just(None), "wide": False}
    return games(**sizes, max_horizon=horizon, **(options | more))


def best(cost: list[float], rows: Any, equal: Any, sums: Any) -> float:
    """The most of a linear program over z >= 0; -inf if nothing is feasible."""
    A = np.array(rows, float).reshape(-1, len(cost))
    found = linprog(-np.array(cost), A, np.zeros(len(A)), np.array(equal), np.array(sums))
    assert found.status in {0, 2}, found.message
    return -float(found.fun) if found.status == 0 else -np.inf


class TwoSteps:
    """A game of one or two steps."""

    def __init__(self, game: Game) -> None:
        self.game, self.A, self.B = game, game.leader_actions, game.follower_actions
        self.cell = {b: c for c, cell in enumerate(game.observes) for b in cell}
        self.gamma = float(game.gamma)

    def table(self, name: str, h: int, s: int) -> Any:
        """[b][a] of u or r, [b][a][t] of P."""
        found = getattr(self.game, f"{name}_float")
        return np.swapaxes(found[h if len(found) > 1 else 0][s], 0, 1)

    def least(self, h: int, s: int) -> float:
        """min over mixtures of max_b X_b at the last step."""
        C, A = len(self.game.observes), self.A
        r = self.table("r", h, s)
        rows = np.zeros((self.B, C * A + 2))
        for b, c in self.cell.items():
            rows[b, c * A : (c + 1) * A] = r[b]
            rows[b, -2:] = -1, 1
        equal = np.zeros((C, C * A + 2))
        for c in range(C):
            equal[c, c * A : (c + 1) * A] = 1
        return -best([0.0] * (C * A) + [-1.0, 1.0], rows, equal, np.ones(C))

    def value(self, s: int) -> float:
        """The most that she gets from s at step 0."""
        return max(self.answered(s, b) for b in range(self.B))

    def answered(self, s: int, target: int) -> float:
        """The most with this answer at step 0: what follows it is part of the program.

        Columns are mixtures ("mix", cell, a), and ("then", t, o, cell, a): at t, where o answers.
        """
        A, C = range(self.A), range(len(self.game.observes))
        u, r, P = (self.table(name, 0, s) for name in "urP")
        last = self.game.horizon == 1
        states = [] if last else [t for t in range(self.game.states) if P[:, :, t].any()]
        B, threat = range(self.B), {t: self.least(1, t) for t in states}
        after = list(product(states, B))
        keys: list[Any] = [("mix", c, a) for c, a in product(C, A)]
        keys += [("then", *pair, c, a) for pair, c, a in product(after, C, A)]
        number = {key: k for k, key in enumerate(keys)}

        def vector(*head: Any, values: Any) -> Any:
            row = np.zeros(len(keys))
            for a, v in enumerate(values):
                row[number[*head, a]] = v
            return row

        def later(name: str, t: int, o: int, b: int) -> Any:
            return vector("then", t, o, self.cell[b], values=self.table(name, 1, t)[b])

        def mixed(b: int, values: Any) -> Any:
            return vector("mix", self.cell[b], values=values)

        X, cost = mixed(target, r[target]), mixed(target, u[target])
        for t, o in after:
            X, cost = X + self.gamma * later("r", t, o, o), cost + later("u", t, o, o)
        others = [b for b in B if b != target]
        worst = [r[b] + self.gamma * sum((v * P[b, :, t] for t, v in threat.items())) for b in B]
        rows = [mixed(b, worst[b]) - X for b in others]
        rows += [later("r", t, o, b) - later("r", t, o, o) for t, o in after for b in B if b != o]
        ones = np.ones(self.A)
        equal = [vector("mix", c, values=ones) for c in C]
        for t, o, c in product(states, B, C[1:]):
            share, first = (vector("then", t, o, k, values=ones) for k in (c, 0))
            equal.append(share - first)
        for t in states:
            shares = sum(vector("then", t, o, 0, values=ones) for o in B)
            equal.append(shares - mixed(target, P[target, :, t]))
        sums = [1.0] * len(C) + [0.0] * (len(equal) - len(C))
        return best(cost.tolist(), rows, equal, sums)


def reference(game: Game) -> float:
    """J* of a game of at most two steps."""
    rho = zip(game.rho.states, game.rho.numerators, strict=True)
    found = TwoSteps(game)
    return sum(found.value(s) * n for s, n in rho) / game.rho.denominator


@settings(max_examples=200, deadline=None)
@given(small(2))
def test_two_steps_are_worth_what_programs_of_their_own_say(game: Game) -> None:
    solution = solve(game, gap=TIGHT, leader="history")
    assert solution.certified
    assert solution.reached, solution.reason
    assert solution.certificate.kind == "history"
    value = reference(game)
    assert float(solution.lower) <= value + NEAR
    assert float(solution.upper) >= value - NEAR


@settings(max_examples=150, deadline=None)
@given(small(3))
def test_every_bound_is_attained_and_above_who_forgets(game: Game) -> None:
    solution = solve(game, gap=TIGHT, leader="history")
    markov = solve(game, gap="1/10", node_limit=20)
    assert solution.certified
    assert solution.reached, solution.reason
    assert markov.certified
    assert markov.lower <= solution.upper
    again = Certificate.from_bytes(solution.certificate.to_bytes())
    assert again == solution.certificate
    assert check(game, again, precision=solution.certificate.precision + 40)


@settings(max_examples=60, deadline=None)
@given(small(1))
def test_one_step_is_a_strong_stackelberg_equilibrium(game: Game) -> None:
    solution = solve(game, gap=TIGHT, leader="history")
    strong, _ = solve_strong(game.with_(gamma=0))
    assert strong.lower == strong.upper
    assert solution.certified
    assert solution.lower <= strong.upper <= solution.upper
    assert solution.upper - solution.lower <= TIGHT


def drawn(seed: int, observes: Any = "action", S: int = 2, H: int = 3, A: int = 2) -> Game:
    """Rewards in [0, 1], every state may follow; none of the values coincide."""
    random = np.random.default_rng(seed)
    u, r = random.integers(1, 1000, size=(2, H, S, A, A)) / 1000
    weights = random.integers(1, 9, size=(H, S, A, A, S))
    P = [
        [[[[Fraction(int(x), int(row.sum())) for x in row] for row in a] for a in s] for s in h]
        for h in weights
    ]
    return Game.from_arrays(P, u, r, eta="inf", gamma="9/10", observes=observes, horizon=H)


@pytest.mark.parametrize("observes", ["action", "nothing"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_follower_who_hardly_looks_ahead(seed: int, observes: str) -> None:
    """As gamma falls to 0, J* comes to that of a myopic one, where memory is worth nothing."""
    game = drawn(seed, observes)
    strong, _ = solve_strong(game.with_(gamma=0))
    gaps = []
    for gamma in ("1e-3", "1e-6", "1e-9"):
        solution = solve(game.with_(gamma=gamma), gap="1e-12", leader="history")
        assert solution.certified
        gaps.append(max(abs(solution.lower - strong.upper), abs(solution.upper - strong.upper)))
    assert gaps[2] < Fraction(1, 10**6)
    assert gaps[0] > gaps[2] or gaps[0] < Fraction(1, 10**11)


@pytest.mark.parametrize("observes", ["action", "nothing"])
@pytest.mark.parametrize("seed", [0, 1])
def test_eta_growing(seed: int, observes: str) -> None:
    """Quantal responses come to best responses: J* of frontiers for finite eta to that of lines."""
    game = drawn(seed, observes, H=2)
    limit = solve(game, gap=TIGHT, leader="history")
    apart = []
    for eta in (5, 50, 500):
        quantal = solve(game.with_(eta=eta), gap="1e-3", leader="history", node_limit=20_000)
        assert quantal.certified
        apart.append(float(max(limit.lower - quantal.upper, quantal.lower - limit.upper)))
    assert apart[2] < 0.05
    assert apart[2] < apart[0]


def test_who_remembers_may_be_worth_more() -> None:
    game = drawn(1, "nothing")
    markov = solve(game, gap="1e-2", time_limit=20)
    history = solve(game, gap="1e-6", leader="history")
    assert history.lower > markov.upper
    assert len(history.certificate.nodes) > len(game.places)


@pytest.mark.parametrize("observes", ["action", "nothing", [[0, 1], [2]]])
def test_more_digits(observes: Any) -> None:
    game = drawn(3, observes, S=2, H=3, A=3)
    wide = solve(game, gap="1/10", leader="history")
    fine = solve(game, 25, leader="history")
    assert wide.certified
    assert fine.certified
    assert fine.upper - fine.lower <= Fraction(1, 10**25)
    assert wide.lower <= fine.upper
    assert fine.lower <= wide.upper


def test_limits_and_what_is_told_on_the_way() -> None:
    game = drawn(4, "nothing", S=3, H=3)
    seen: list[Standing] = []
    for limit in (1, 20, 60):
        solution = solve(game, gap="1e-9", leader="history", node_limit=limit, progress=seen.append)
        assert solution.certified, limit
        assert not solution.reached
        assert f"the limit of {limit} nodes was reached" in solution.reason
    whole = solve(game, gap="1e-9", leader="history")
    assert whole.reached
    assert solution.lower <= whole.lower + whole.gap
    assert whole.upper <= solution.upper + whole.gap
    assert {standing.nodes for standing in seen} == {len(game.places)}
    bounds = [(x.lower, x.upper) for x in seen if x.lower is not None and x.upper is not None]
    assert bounds
    assert all(lower <= whole.upper and upper >= whole.lower for lower, upper in bounds)


def test_gone_on_with() -> None:
    """Neither bound gets worse, however early it ends, and it ends within the gap."""
    game = drawn(4, "nothing", S=3, H=3)
    part = solve(game, gap="1e-9", leader="history", node_limit=60)
    for limit in (1, 40):
        again = solve(game, gap="1e-9", leader="history", node_limit=limit, resume=part.certificate)
        assert again.certified
        assert part.lower <= again.lower <= again.upper <= part.upper
    whole = solve(game, gap="1e-9", leader="history", resume=part.certificate)
    assert whole.reached
    assert part.lower <= whole.lower <= whole.upper <= part.upper


def test_four_steps_of_which_she_sees_nothing() -> None:
    """Ties stay ties, over numbers of some thousand bits."""
    game = drawn(1, "nothing", S=3, H=4)
    solution = solve(game, gap="1e-9", leader="history")
    assert solution.certified
    assert solution.reached


def test_ties_that_roundings_break_end_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where probabilities may not be long, what is best is not attained, and asked for once."""
    monkeypatch.setattr(numbers, "LONG", 64)
    monkeypatch.setattr(numbers, "_BITS", 48)
    for seed in range(3):
        game = drawn(seed, "nothing", S=3, H=4)
        found, effort = solve_remembering(game, TIGHT, Budget(nodes=5000))
        assert check(game, found)
        assert found.upper - found.lower > TIGHT
        assert effort.stopped == "finer frontiers do not bring the bounds closer together"


def test_interrupted_between_places() -> None:
    game = drawn(5, S=3, H=4)
    budget = Budget()

    def watch(standing: Standing) -> None:
        budget.interrupted = standing.lower is not None and standing.done == 4

    found, effort = solve_remembering(game, TIGHT, budget, watch=watch)
    assert effort.interrupted
    assert found.upper - found.lower > TIGHT
    assert check(game, found)


def test_what_is_not_covered_of_her() -> None:
    game = drawn(0)
    solution = solve(game, gap="1e-3", leader="history")
    with pytest.raises(NotCoveredError, match="a leader who remembers, with eta = infinity"):
        near_optimal(solution)
    with pytest.raises(NotCoveredError, match="solve for a Markov leader"):
        isolation(solution)
    with pytest.raises(InputError, match="a leader who remembers, not of a Markov leader"):
        solve(game, resume=solution.certificate)
    assert decide(game, solution.lower - 1).answer == "yes"
