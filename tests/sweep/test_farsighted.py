"""Isolation and derivatives for gamma > 0: verdicts, and enclosures held against other means."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product

import pytest

from exactqse.arithmetic import Enclosure
from exactqse.errors import InputError, NotCoveredError
from exactqse.evaluate import evaluate, evaluate_symbolic
from exactqse.games import dense, get
from exactqse.model import Game, Policy
from exactqse.solve import solve
from exactqse.sweep import (
    NearOptimal,
    Sensitivities,
    isolation,
    near_optimal,
    policies,
    sensitivities,
)
from exactqse.sweep.isolate import Optima

HALF = Fraction(1, 2)
PURE, MIXED, TWICE = 0, 5, 9  # seeds: how many cells mix at the optimum
TINY = Fraction(1, 10**30)


def game_of(seed: int, eta: Fraction | int = 3) -> Game:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=seed, eta=eta)
    return game.with_(gamma="9/10")


@cache
def near(seed: int) -> NearOptimal:
    return near_optimal(solve(game_of(seed), gap="1e-5"), parts=100)


@cache
def found(seed: int) -> Sensitivities:
    return sensitivities(near(seed))


@cache
def poles() -> NearOptimal:
    """The follower is to be drawn to state 2 from 0, and kept from it at 1: two ways, far apart.

    At state 2 the leader gives him 1 or takes 1 from him; at the others her second action costs her
    1. Relabelling states and actions swaps the two ways.
    """
    to_pole, to_exit = {2: 1}, {3: 1}
    P = [
        [[to_pole, to_exit]] * 2,
        [[to_exit, to_pole]] * 2,
        [[to_pole] * 2] * 2,
        [[to_exit] * 2] * 2,
    ]
    start, end = [[1, 0], [0, -1]], [[0, 0], [-1, -1]]
    u = [start, start, [[0, 0]] * 2, end]
    r = [[[-1, 0]] * 2, [[-1, 0]] * 2, [[1, 1], [-1, -1]], [[0, 0]] * 2]
    rho = {0: HALF, 1: HALF}
    game = Game.from_arrays(P, u, r, horizon=2, rho=rho, eta=2, gamma=1, observes="nothing")
    return near_optimal(solve(game, gap="1e-2"), parts=100)


def middle(slopes: Sensitivities) -> Policy:
    """The policy at the middle of the enclosures; it is off by their width."""
    game = slopes.isolation.solution.game
    rows = {}
    for place in slopes.isolation.places:
        weights = [w.mid for w in place.weights]
        for b in place.cell:
            rows[place.step, place.state, b] = tuple(w / sum(weights) for w in weights)
    certified = slopes.isolation.solution.policy.probabilities
    horizon, states, _, follower = game.shape
    table = tuple(
        tuple(
            tuple(rows.get((h, s, b), certified[h][s][b]) for b in range(follower))
            for s in range(states)
        )
        for h in range(horizon)
    )
    return Policy(table)


def changed(policy: Policy, h: int, s: int, b: int, by: Fraction) -> Policy:
    """With weight moved from the first leader action to the second."""
    table = [[[list(row) for row in rows] for rows in step] for step in policy.probabilities]
    row = table[h][s][b]
    table[h][s][b] = [row[0] - by, row[1] + by]
    return Policy(
        tuple(tuple(tuple(tuple(row) for row in rows) for rows in step) for step in table)
    )


@pytest.mark.parametrize("seed", [PURE, MIXED, TWICE])
def test_one_optimal_policy_is_proved_and_enclosed(seed: int) -> None:
    where = found(seed).isolation
    assert where.verdict == "isolated"
    assert where.supports_proved
    assert all(w.width < TINY for place in where.places for w in place.weights)
    mixed = sum(len(place.support) > 1 for place in where.places)
    assert mixed == {MIXED: 1, TWICE: 2}.get(seed, 0)
    assert where.radius < Fraction(1, 100)
    assert (where.radius == 0) == (mixed == 0)


@pytest.mark.parametrize("seed", [MIXED, TWICE])
def test_no_policy_near_the_enclosed_one_is_better(seed: int) -> None:
    """The enclosures are far narrower than the gap: J there exceeds that of every neighbour."""
    policy, game = middle(found(seed)), game_of(seed)
    best = evaluate(game, policy, 60).J
    assert best.upper >= near(seed).solution.lower
    step, tried = Fraction(1, 10**12), 0
    for place in found(seed).isolation.places:
        for by in (step, -step):
            row = policy[place.step][place.state][place.cell[0]]
            if 0 <= row[0] - by <= 1 and 0 <= row[1] + by <= 1:
                tried += 1
                other = changed(policy, place.step, place.state, place.cell[0], by)
                assert evaluate(game, other, 60).J.upper < best.lower
    assert tried == len(found(seed).isolation.places) + (1 if seed == MIXED else 2)


def test_a_pure_optimum_has_the_derivatives_of_its_closed_form() -> None:
    slopes, game = found(PURE), game_of(PURE)
    policy = slopes.isolation.solution.policy
    forms = evaluate_symbolic(game, policy, symbolic_eta=True)
    slope = forms.J.diff(forms.eta).subs(forms.eta, forms.eta_value).evalf(40)
    assert (
        abs(float(slope - slope.func(str(slopes.eta.mid.numerator)) / slopes.eta.mid.denominator))
        < 1e-25
    )
    for h, s, a, b in product(*map(range, game.shape)):
        du, dr = slopes.u[h][s][a][b], slopes.r[h][s][a][b]
        here = evaluate(game, policy, 60)
        for name, value in (("u", du), ("r", dr)):
            t = Fraction(1, 10**15)
            there, back = (
                evaluate(raised(game, name, (h, s, a, b), x), policy, 60) for x in (t, -t)
            )
            quotient = (there.J.mid - back.J.mid) / (2 * t)
            assert abs(quotient - value.mid) < Fraction(1, 10**25)
        assert (du.upper == 0) == (
            here.nu[h][s][b].upper == 0 or policy[h][s][b][a] == 0 or (h, s) not in game.places
        )


def raised(game: Game, name: str, index: tuple[int, int, int, int], by: Fraction) -> Game:
    """With one entry of a table changed."""
    h, s, a, b = index
    old = getattr(game, name)
    table = tuple(
        tuple(
            tuple(
                tuple(x + by * ((g, t, i, j) == (h, s, a, b)) for j, x in enumerate(row))
                for i, row in enumerate(state)
            )
            for t, state in enumerate(game.at(old, g))
        )
        for g in range(game.horizon)
    )
    return replace(game, **{name: table})


@pytest.mark.parametrize("seed", [MIXED, TWICE])
def test_derivatives_agree_with_games_solved_nearby(seed: int) -> None:
    """(J*(eta + t) - J*(eta - t))/2t of certified bounds, up to the third derivative."""
    t, slopes = Fraction(1, 5), found(seed)
    up, down = (solve(game_of(seed, 3 + x), gap="1e-5") for x in (t, -t))
    low, high = (up.lower - down.upper) / (2 * t), (up.upper - down.lower) / (2 * t)
    slack = Fraction(1, 2000)
    assert low - slack < slopes.eta.lower < slopes.eta.upper < high + slack
    assert high - low < slack
    assert abs(slopes.eta.mid) > 6 * slack


def test_u_is_within_the_bounds_of_convexity() -> None:
    """J* is convex in u for every gamma: certified differences bound both sides."""
    here, t = found(MIXED).isolation.solution, Fraction(1, 4)
    assert here.upper - here.lower <= Fraction(1, 10**5)
    for index in ((0, 0, 0, 0), (1, 1, 1, 1)):
        h, s, a, b = index
        slope = found(MIXED).u[h][s][a][b]
        up, down = (solve(raised(here.game, "u", index, x), gap="1e-3") for x in (t, -t))
        assert (here.lower - down.upper) / t <= slope.lower
        assert slope.upper <= (up.upper - here.lower) / t
        assert (up.lower - here.upper) / t <= slope.upper + Fraction(1, 4)


@pytest.mark.parametrize("seed", [MIXED, TWICE])
def test_identities_hold_within_the_enclosures(seed: int) -> None:
    """Every step's du sum to 1; a constant added to r_h changes nothing; J depends on eta r."""
    game, slopes = game_of(seed), found(seed)

    def total(values: list[Enclosure]) -> Enclosure:
        return Enclosure(
            sum((x.lower for x in values), Fraction(0)), sum((x.upper for x in values), Fraction(0))
        )

    scaled = []
    for h in range(game.horizon):
        entries = [(s, a, b) for s, a, b in product(*map(range, game.shape[1:]))]
        assert 1 in total([slopes.u[h][s][a][b] for s, a, b in entries])
        assert 0 in total([slopes.r[h][s][a][b] for s, a, b in entries])
        for s, a, b in entries:
            r, x = game.at(game.r, h)[s][a][b], slopes.r[h][s][a][b]
            scaled.append(Enclosure(*sorted((r * x.lower, r * x.upper))))
    assert game.eta is not None
    assert total(scaled).overlaps(
        Enclosure(game.eta * slopes.eta.lower, game.eta * slopes.eta.upper)
    )
    assert total(scaled).width < TINY


@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_one_step_is_that_of_a_myopic_follower(observes: str) -> None:
    """With H = 1 gamma plays no part: another way to the same numbers."""
    game = get("conitzer-sandholm-2006").with_(observes=observes)
    myopic = sensitivities(solve(game, 10))
    farsighted = sensitivities(solve(game.with_(gamma=1), 5))
    assert myopic.isolation.verdict == farsighted.isolation.verdict == "isolated"
    assert farsighted.eta.overlaps(myopic.eta)
    for name, a, b in product(("u", "r"), range(2), range(2)):
        ours, theirs = (getattr(x, name)[0][0][a][b] for x in (farsighted, myopic))
        assert ours.overlaps(theirs)
    assert farsighted.eta.width < TINY


def test_a_little_foresight_changes_little() -> None:
    """At gamma = 1e-20 the numbers are those of gamma = 0, found by other code, up to about 1e-19.

    With an optimum that mixes in two cells.
    """
    game = game_of(TWICE).with_(gamma=0)
    myopic = sensitivities(solve(game, 30))
    slopes = sensitivities(solve(game.with_(gamma="1e-20"), gap="1e-4"))
    assert slopes.isolated
    assert sum(len(place.support) > 1 for place in slopes.isolation.places) == 2
    near_by = Fraction(1, 10**17)
    assert abs(slopes.eta.mid - myopic.eta.mid) < near_by
    assert max(slopes.eta.width, myopic.eta.width) < near_by
    for h, s, a, b in product(*map(range, game.shape)):
        for ours, theirs in ((slopes.u, myopic.u), (slopes.r, myopic.r)):
            assert abs(ours[h][s][a][b].mid - theirs[h][s][a][b].mid) < near_by


def test_two_symmetric_optima_are_never_isolated() -> None:
    slopes = sensitivities(poles())
    where = slopes.isolation
    assert where.verdict == "undecided"
    assert not slopes.isolated
    (pole,) = [place for place in where.places if (place.step, place.state) == (1, 2)]
    assert not pole.unique
    assert 0 in pole.weights[0]
    assert 1 in pole.weights[0]
    assert where.radius == 1
    assert slopes.eta.width < TINY  # by symmetry they have the same derivative


def test_a_kink_is_enclosed_from_both_sides() -> None:
    """What the leader gets at state 2 counts for one of the two optimal policies only."""
    solution, (other,) = poles().solution, poles().others
    slopes, index = sensitivities(poles()), (1, 2, 1, 0)
    more, ends = raised(solution.game, "u", index, Fraction(1)), []
    for policy in (solution.policy, other.policy):  # J is linear in u
        here, there = (evaluate(game, policy, 60).J for game in (solution.game, more))
        ends.append(there.mid - here.mid)
    low, high = sorted(ends)
    both = slopes.u[1][2][1][0]
    assert high - low > Fraction(1, 10)
    assert max(low - both.lower, both.upper - high) < Fraction(1, 10**8)
    assert both.lower <= low + TINY
    assert both.upper >= high - TINY


def test_alike_actions_make_several_optimal() -> None:
    """A copy of the leader's action that has weight: J* and its derivative in eta are the same."""
    game, single = game_of(PURE), found(PURE)
    a = next(a for a, p in enumerate(near(PURE).solution.policy[0][0][0]) if p)
    copied = {
        name: tuple(
            tuple((*state, state[a]) for state in game.at(getattr(game, name), h))
            for h in range(game.horizon)
        )
        for name in ("P", "u", "r")
    }
    twice = replace(game, leader_actions=3, names=(None, None, None), **copied)
    slopes = sensitivities(near_optimal(solve(twice, gap="1e-2"), parts=100))
    assert slopes.isolation.verdict == "multiple"
    assert slopes.eta.overlaps(single.eta)
    assert slopes.eta.width < TINY
    share = slopes.u[0][0][2][0]
    assert share.lower == 0
    assert share.upper >= single.u[0][0][a][0].lower > 0


@pytest.mark.parametrize("there", [0, 1])
def test_what_a_policy_does_where_it_never_comes_does_not_matter(there: int) -> None:
    """State 1 is the leader's mistake; at it her action 0 would be another, and is as good now."""
    P = [[[{2: 1}] * 2, [{1: 1}] * 2], [[{1: 1}] * 2] * 2, [[{2: 1}] * 2] * 2]
    u = [[[3, 3], [0, 0]], [[0, 0], [1, 1]], [[0, 1], [0, 2]]]
    r = [[[0, 1], [0, 0]], [[0, 0], [0, 0]], [[1, 0], [0, 0]]]
    solution = solve(Game.from_arrays(P, u, r, horizon=2, rho=0, eta=1, gamma=1))
    certificate = solution.certificate
    lost = ((there, Fraction(1)),)
    nodes = tuple(
        replace(x, policy=(lost, lost)) if (x.step, x.state) == (1, 1) else x
        for x in certificate.nodes
    )
    same = replace(solution, certificate=replace(certificate, nodes=nodes))
    slopes = sensitivities(replace(near_optimal(solution), solution=same))
    assert slopes.isolation.verdict == "isolated"
    cells = [x for x in slopes.isolation.places if (x.step, x.state) == (1, 1)]
    assert [x.support for x in cells] == [(there,)] * 2
    nothing = Enclosure(Fraction(0), Fraction(0))
    assert all(slopes.r[1][1][a][b] == nothing for a, b in product(range(2), repeat=2))


def test_what_few_boxes_leave_open_holds_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "VISITS", 240)
    wide = replace(near(TWICE), groups=(replace(near(TWICE).groups[0], values=()),), values=())
    few = sensitivities(replace(wide, level=near(TWICE).level - HALF))
    assert few.isolation.verdict == "undecided"
    assert few.eta.lower <= found(TWICE).eta.lower <= found(TWICE).eta.upper <= few.eta.upper
    for place, sharp in zip(few.isolation.places, found(TWICE).isolation.places, strict=True):
        for w, x in zip(place.weights, sharp.weights, strict=True):
            assert w.lower <= x.lower <= x.upper <= w.upper


def test_what_is_not_covered_is_refused() -> None:
    game = game_of(PURE)
    with pytest.raises(NotCoveredError, match="a leader who remembers"):
        isolation(solve(game, gap="1/2", leader="history"))
    with pytest.raises(NotCoveredError, match="eta = infinity"):
        sensitivities(solve(game.with_(eta="inf"), gap="1/2"))
    with pytest.raises(InputError, match="solution: is not certified"):
        sensitivities(solve(game, gap="1/2", checker=None))


def test_stages_alone_are_not_for_a_farsighted_follower() -> None:
    solution = solve(get("battle-of-the-sexes").with_(gamma="1/2"), gap="1/10")
    with pytest.raises(NotCoveredError, match="not covered: gamma = 1/2 > 0"):
        Optima(solution)
