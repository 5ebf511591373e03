"""Farsighted followers who best respond."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import CertificateError
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import FarsightedNode, Part
from exactqse.kernel.elementary import INTEGER
from exactqse.model import Game, Policy
from exactqse.solve import Solution, solve
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.narrowing import Narrowed
from exactqse.solve.promised.met import apart, others, play
from exactqse.solve.promised.narrowing import narrowed
from exactqse.solve.promised.policies import Policies
from exactqse.solve.promised.program import entries_of
from exactqse.sweep import NearOptimal, near_optimal
from exactqse.sweep.parts import parts_left
from exactqse.testing import games
from tests.solve.promised.test_solver import smooth_game
from tests.sweep.test_near import EXIT, POLE, holds, random_game, two_poles


@pytest.fixture(scope="module")
def poles() -> NearOptimal:
    return near_optimal(solve(two_poles().with_(eta="inf")))


def test_two_symmetric_optima_are_in_two_groups(poles: NearOptimal) -> None:
    assert len(poles.groups) == 2
    for group in poles.groups:
        pole, away = group.values
        assert (pole.step, pole.state, away.state) == (1, POLE, EXIT)
        assert (away.value.lower, away.value.upper) == (0, 0)
    ends = sorted(float(group.values[0].value) for group in poles.groups)
    assert ends == pytest.approx([-1, 1], abs=1e-6)


def test_the_other_optimum_is_met_and_exact(poles: NearOptimal) -> None:
    (other,) = [policy for policy in poles.others if policy.group == 1]
    assert other.distance == 1
    exactly = evaluate(two_poles().with_(eta="inf"), other.policy)
    assert other.value == exactly.J
    assert exactly.J.lower == exactly.J.upper == Fraction(1, 2)
    assert holds(replace(poles, groups=poles.groups[1:]), exactly)
    assert not holds(replace(poles, groups=poles.groups[:1]), exactly)


def test_the_certified_policy_is_in_the_first_group(poles: NearOptimal) -> None:
    own = evaluate(two_poles().with_(eta="inf"), poles.solution.policy)
    assert holds(replace(poles, groups=poles.groups[:1]), own)
    assert not holds(replace(poles, groups=poles.groups[1:]), own)


def policies_of(game: Game, draw: np.random.Generator, count: int) -> list[Policy]:
    """With probabilities in quarters, many of them pure; alike for actions of one cell."""
    found = []
    for _ in range(count):
        table = np.zeros((game.horizon, game.states, game.follower_actions, game.leader_actions))
        for place in product(range(game.horizon), range(game.states)):
            for cell in game.observes:
                for a in draw.integers(game.leader_actions, size=4 if draw.random() < 0.5 else 1):
                    table[place][list(cell), a] += 1
        table /= table.sum(-1, keepdims=True)
        found.append(Policy.from_arrays(table.tolist(), game=game))
    return found


@settings(max_examples=25, deadline=None)
@given(
    games(
        max_states=2,
        max_leader_actions=2,
        max_follower_actions=2,
        max_horizon=2,
        gammas=st.sampled_from((Fraction(1, 2), Fraction(1))),
        etas=st.just(None),
        observes="any",
        wide=False,
    ),
    st.integers(0, 10**6),
)
def test_every_policy_worth_the_level_has_its_values_in_a_group(game: Game, seed: int) -> None:
    """Small numbers: many policies are worth the same."""
    solution = solve(game, gap="1/100")
    for within in (Fraction(0), Fraction(1, 2)):
        found = near_optimal(solution, within=within, parts=40)
        assert found.level == solution.lower - within
        assert holds(found, evaluate(game, solution.policy))
        for policy in policies_of(game, np.random.default_rng(seed), 40):
            values = evaluate(game, policy)
            assert values.J.lower <= solution.upper
            assert values.J.lower < found.level or holds(found, values)
        for other in found.others:
            values = evaluate(game, other.policy)
            assert other.value == values.J
            assert solution.upper - values.J.lower <= max(solution.gap, solution.value.width)
            assert other.policy != solution.policy
            if other.group is not None:
                assert holds(replace(found, groups=found.groups[other.group :][:1]), values)


@pytest.fixture(scope="module")
def divided() -> Solution:
    """With several parts."""
    solution = solve(random_game(2, 2, "action").with_(eta="inf"), gap="1e-4")
    assert len(solution.certificate.cover) > 1
    return solution


def test_more_parts_make_the_ranges_narrower(divided: Solution) -> None:
    few, many = (near_optimal(divided, parts=parts) for parts in (1, 300))
    assert few.examined <= many.examined
    for wide, narrow in zip(few.values, many.values, strict=True):
        assert wide.value.lower <= narrow.value.lower <= narrow.value.upper <= wide.value.upper
    widths = [sum(x.value.width for x in found.values) for found in (few, many)]
    assert widths[1] < widths[0] / 10


def test_claims_that_exclude_nothing_leave_their_parts(divided: Solution) -> None:
    """With claims of 0 in place of its own no part is bounded below the level."""
    game, certificate = divided.game, divided.certificate
    cover, _ = narrowed(game, certificate, divided.lower, 50, Fraction(0))
    nothing = ((((Fraction(0),) * 2,) * 2),) * len(game.places)
    bare = tuple(replace(x, claims=nothing) if isinstance(x, Part) else x for x in cover.entries)

    def left(entries: tuple[object, ...]) -> int:
        changed = Narrowed(entries, cover.slopes, 0)  # type: ignore[arg-type]
        return len(parts_left(game, certificate, divided.lower, changed, INTEGER))

    assert left(cover.entries) < left(bare)
    with pytest.raises(CertificateError):
        left(cover.entries[:-1])


def test_what_is_played_otherwise() -> None:
    game = two_poles().with_(eta="inf")
    solution = solve(game)
    assert {other.distance for other in near_optimal(solution).others} == {1}
    own = tuple(node for node in solution.certificate.nodes)
    made = play(game, own)  # type: ignore[arg-type]
    assert apart(made, made) == 0
    assert sum(visits for (h, _), (visits, _, _) in made.items() if h == 1) == 1
    answers = evaluate(game, solution.policy).nu
    assert all(answers[h][s][b].lower == 1 for (h, s), (_, b, _) in made.items())
    unvisited = {**made, (1, 99): (0.0, 0, (1.0, 0.0))}
    assert apart(made, unvisited) == 0
    first = (0, 0)
    visits, b, weights = made[first]
    assert apart(made, {**made, first: (visits, 1 - b, weights)}) == visits
    assert apart(made, {**made, first: (visits, b, weights[::-1])}) == visits * abs(
        weights[0] - weights[1]
    )


def test_large_games_have_few_parts_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes a linear program: fewer than 100 where these have many entries."""
    solution = solve(smooth_game(2, (3, 3, 2, 2)), gap="1/10")
    game = solution.game
    counts = []
    for share in (1000, 5, 0):
        entries = share * entries_of(model_of(game))
        monkeypatch.setattr(sys.modules["exactqse.sweep.near"], "_ENTRIES", entries)
        found = near_optimal(solution)
        counts.append(found.examined)
        assert holds(found, evaluate(game, solution.policy))
    assert counts[0] > 50
    assert 10 > counts[1] > counts[2]


def test_visits_are_probabilities(divided: Solution) -> None:
    own = divided.certificate.nodes
    made = play(divided.game, own)  # type: ignore[arg-type]
    first = [visits for (h, _), (visits, _, _) in made.items() if h == 0]
    later = [visits for (h, _), (visits, _, _) in made.items() if h == 1]
    assert (sum(first), sum(later)) == (pytest.approx(1), pytest.approx(1))
    assert all(0 < visits < 1 for visits in later)


def test_others_are_told_as_far_as_they_are_good(poles: NearOptimal) -> None:
    """With the pole halfway he is neither drawn to it nor kept away: nothing is left."""
    solution = poles.solution
    game, own = solution.game, solution.certificate.nodes
    half = Fraction(1, 2)
    halfway = {(1, POLE): (((0, half), (1, half)),)}
    worse = tuple(replace(n, policy=halfway.get((n.step, n.state), n.policy)) for n in own)
    policies = Policies(game, model_of(game))
    policies.offer(worse)  # type: ignore[arg-type]
    policies.offer(own)  # type: ignore[arg-type]
    lost = solution.lower - (policies.seen[worse] or 0)  # type: ignore[index]
    assert lost == half
    assert others(policies, own, lost) == (worse,)  # type: ignore[arg-type]
    assert others(policies, own, lost - Fraction(1, 10**9)) == ()  # type: ignore[arg-type]
    twin = tuple(
        FarsightedNode(
            h, s, (tuple((a, p) for a, p in enumerate(poles.others[0].policy[h][s][0]) if p),)
        )
        for h, s in game.places
    )
    policies.offer(twin)
    assert others(policies, own, lost) == (twin, worse)  # type: ignore[arg-type]
    effort = replace(solution.effort, met=(worse,))  # type: ignore[arg-type]
    found = near_optimal(replace(solution, effort=effort, gap=lost + Fraction(1, 100)), parts=1)
    values = [float(other.value) for other in found.others]
    assert values == sorted(values, reverse=True)
    assert {*values} == {0.5, 0}
    assert [other.group is None for other in found.others] == [value == 0 for value in values]


def test_what_is_planted_proves_what_the_certificate_does(divided: Solution) -> None:
    """No part is examined anew; all are below a level that is above the upper bound."""
    game, certificate = divided.game, divided.certificate
    above = divided.upper + Fraction(1, 10**20)
    cover, met = narrowed(game, certificate, above, 1, Fraction(0))
    assert len(cover.entries) == len(certificate.cover)
    assert None not in cover.entries
    assert cover.examined == sum(isinstance(x, Part) for x in certificate.cover)
    assert met == ()
