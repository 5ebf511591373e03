"""Bounds of leaders who remember, for those who do not: best responses, gamma > 0."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.evaluate import evaluate
from exactqse.games import get
from exactqse.kernel.certificate import Certificate, FarsightedNode, Part
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import Solution, solve, worst_case
from exactqse.solve.effort import Budget, Standing
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.promised.policies import Policies
from exactqse.solve.promised.remembering import bounded_by_memory, has_lines
from exactqse.solve.promised.search import Search
from exactqse.solve.promised.solver import _Task, solve_promised
from exactqse.sweep import near_optimal
from exactqse.testing import games
from tests.solve.promised.test_solver import smooth_game

TINY = Fraction(1, 10**12)


def patrol(observes: str = "action") -> Game:
    return get("patrol-4").with_(gamma="1/2", eta="inf", observes=observes)


def by_memory(game: Game, gap: Fraction, known: Certificate | None = None) -> Certificate:
    policies = Policies(game, model_of(game))
    found = bounded_by_memory(game, gap, Budget(), policies, known=known)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def seen() -> Solution:
    return solve(patrol(), gap=TINY)


def test_a_patrol_of_many_places_is_done_without_boxes(seen: Solution) -> None:
    """Its linear program has 351,450 entries, and leaves a gap of 1."""
    assert seen.certified
    assert seen.reached
    assert seen.verdict is not None
    assert seen.verdict.leader == "markov"
    assert len(seen.certificate.cover) == 1
    assert has_lines(seen.certificate)
    assert seen.effort.unit == "directions asked for"
    exactly = evaluate(seen.game, seen.policy)
    assert seen.lower <= exactly.J.lower <= exactly.J.upper <= seen.upper
    remembers = solve(seen.game, gap=TINY, leader="history")
    assert remembers.lower <= seen.upper
    assert seen.lower <= remembers.upper


def test_answers_are_strict_where_that_is_enough() -> None:
    """So that what is certified hardly hangs on how ties are broken."""
    solution = solve(patrol(), gap="1/1000")
    assert has_lines(solution.certificate)
    assert solution.upper - worst_case(solution) <= Fraction(1, 1000)


def test_it_is_gone_on_with() -> None:
    game = patrol("nothing")
    part = solve(game, gap="1/100")
    assert part.upper - part.lower > TINY
    seen: list[Standing] = []
    rest = solve(game, gap=TINY, resume=part.certificate, progress=seen.append)
    assert rest.certified
    assert rest.reached
    assert part.lower <= rest.lower <= rest.upper <= part.upper
    bounds = [(s.lower, s.upper) for s in seen]
    assert bounds[0] == (part.lower, part.upper)
    for lower, upper in bounds:
        assert lower is not None
        assert upper is not None
        assert lower <= rest.upper
        assert rest.lower <= upper
    again = solve(game, gap=TINY, resume=rest.certificate)
    assert (again.lower, again.upper) == (rest.lower, rest.upper)


def test_boxes_follow_where_memory_is_worth_more() -> None:
    """Then passes end once that is seen, and what is resumed may be either proof."""
    game = smooth_game(2, (3, 3, 2, 2))
    first = by_memory(game, Fraction(1, 1000))
    assert check(game, first)
    assert first.upper - first.lower > Fraction(1, 10)
    solution = solve(game, gap="1/100", resume=first)
    assert solution.certified
    assert solution.reached
    assert not has_lines(solution.certificate)
    remembers = solve(game, gap="1/100", leader="history")
    assert remembers.lower > solution.upper + Fraction(1, 100)
    assert first.upper >= remembers.lower


def test_without_boxes_it_goes_on() -> None:
    """As far as a leader who remembers may be worth more."""
    game, gap = smooth_game(2, (3, 3, 2, 2)), Fraction(1, 1000)
    first, policies = by_memory(game, gap), Policies(game, model_of(game))
    seen: list[Standing] = []
    whole = bounded_by_memory(game, gap, Budget(), policies, alone=True, watch=seen.append)
    remembers = solve(game, gap=gap, leader="history")
    lowers = [standing.lower for standing in seen if standing.lower is not None]
    assert remembers.lower > max(lowers)
    assert max(lowers) <= solve(game, gap="1/100").upper
    assert whole is not None
    assert check(game, whole)
    assert whole.upper <= remembers.upper + gap < first.upper


def test_where_there_are_no_boxes_it_is_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for games whose programs would be too large."""
    game, gap = smooth_game(2, (3, 3, 2, 2)), Fraction(1, 1000)
    for module in ("search", "solver"):
        monkeypatch.setattr(sys.modules[f"exactqse.solve.promised.{module}"], "LARGE", 0)
    found, effort = solve_promised(game, gap, Budget())
    assert check(game, found)
    assert has_lines(found)
    assert found.upper <= solve(game, gap=gap, leader="history").upper + gap
    assert effort.stopped == "the game is too large for a program of its bound"


def test_nodes_of_another_kind_are_counted_apart() -> None:
    whole = Budget(nodes=10)
    beside = whole.beside(3, shares=2)
    beside.spend(2)
    assert (beside.used, whole.used, beside.spent) == (2, 0, False)
    whole.interrupted = True
    assert beside.spent


def test_a_bound_that_is_known_ends_the_search() -> None:
    """Once a policy within the gap of it is met, whatever boxes prove by then."""
    game = smooth_game(1, (3, 3, 2, 2))
    solution, gap = solve(game, gap="1/100"), Fraction(1, 20)
    model, works = model_of(game), []
    for upper in (solution.upper, solution.upper + 1):
        policies = Policies(game, model)
        known = bounded_by_memory(game, Fraction(1), Budget(), policies)
        assert known is not None
        search = Search(game, model, policies, 80, Budget())
        task = _Task(game, gap, Budget(), search, replace(known, upper=upper))
        seen: list[Standing] = []
        found, effort = task.run(seen.append, None)
        assert all(standing.upper is not None and standing.upper <= upper for standing in seen)
        assert found.upper - found.lower <= gap
        assert not effort.stopped
        works.append(effort.work)
    assert works[0] < works[1]


def test_limits_end_it_in_time() -> None:
    """Directions are no nodes: with one node there is one part."""
    game = smooth_game(2, (3, 3, 2, 2))
    certificate, effort = solve_promised(game, TINY, Budget(nodes=1))
    assert check(game, certificate)
    assert effort.work == 1
    assert effort.stopped == "the limit of 1 nodes was reached"
    budget = Budget()
    budget.interrupted = True
    certificate, effort = solve_promised(patrol("nothing"), TINY, budget)
    assert check(patrol("nothing"), certificate)
    assert effort.interrupted


def test_where_values_can_be_is_narrowed_by_boxes() -> None:
    """Lines say nothing of them; parts are examined anew."""
    game = smooth_game(1, (2, 2, 2, 2))
    solution = solve(game, gap="1/1000000")
    assert has_lines(solution.certificate)
    found = near_optimal(solution, parts=60)
    assert found.parts >= 1
    values = evaluate(game, solution.policy)
    for known in found.groups[0].values:
        V = values.V[known.step][known.state]
        assert known.value.lower <= V.lower <= V.upper <= known.value.upper
    whole = near_optimal(solution, parts=1)
    assert sum(known.value.width for known in found.values) <= sum(
        known.value.width for known in whole.values
    )


@settings(max_examples=30, deadline=None)
@given(
    games(
        max_states=3,
        max_leader_actions=3,
        max_follower_actions=3,
        max_horizon=3,
        gammas=st.sampled_from((Fraction(1, 2), Fraction(1))),
        etas=st.just(None),
        observes="any",
        wide=False,
    )
)
def test_what_it_claims_is_accepted(game: Game) -> None:
    """Alone, and in parts of a cover beside others; and no more than boxes prove."""
    policies = Policies(game, model_of(game))
    found = bounded_by_memory(game, Fraction(1, 100), Budget(nodes=300), policies)
    assert found is not None
    verdict = check(game, found)
    assert verdict, verdict.reason
    assert verdict.leader == "markov"
    assert all(isinstance(node, FarsightedNode) for node in found.nodes)
    (part,) = found.cover
    assert isinstance(part, Part)
    solution = solve(game, gap="1/100", node_limit=40)
    assert solution.certified
    assert found.lower <= solution.upper
    assert solution.lower <= found.upper
