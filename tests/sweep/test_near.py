from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import log

import numpy as np
import pytest

from exactqse.arithmetic import Enclosure
from exactqse.errors import CertificateError, InputError, KindError, NotCoveredError
from exactqse.evaluate import Evaluation, evaluate
from exactqse.games import get
from exactqse.kernel.certificate import FarsightedNode, Part, Split
from exactqse.kernel.elementary import INTEGER
from exactqse.model import Game, Policy
from exactqse.solve import Solution, solve
from exactqse.solve.farsighted.narrowing import Narrowed, narrowed
from exactqse.sweep import NearOptimal, isolation, near_optimal, sensitivities
from exactqse.sweep.parts import Left, groups_of, parts_left

HALF = Fraction(1, 2)
POLE, EXIT = 2, 3


def two_poles(tilt: str = "0") -> Game:
    """The leader wants the follower drawn to state 2 from state 0, and kept away from it at 1.

    Her actions there give him 1 or -1, and her ``tilt`` or nothing: at 0 both are equally good, by
    relabelling states and actions, and what lies between is worse.
    """
    to_pole, to_exit = {POLE: 1}, {EXIT: 1}
    P = [
        [[to_pole, to_exit]] * 2,
        [[to_exit, to_pole]] * 2,
        [[to_pole] * 2] * 2,
        [[to_exit] * 2] * 2,
    ]
    u = [[[1, 0]] * 2, [[1, 0]] * 2, [[0, 0], [tilt, tilt]], [[0, 0]] * 2]
    r = [[[-1, 0]] * 2, [[-1, 0]] * 2, [[1, 1], [-1, -1]], [[0, 0]] * 2]
    rho = {0: HALF, 1: HALF}
    return Game.from_arrays(P, u, r, horizon=2, rho=rho, eta=2, gamma=1, observes="nothing")


def random_game(S: int, seed: int, observes: object) -> Game:
    random = np.random.default_rng(seed)
    shape = 2, S, 2, 2
    P = random.dirichlet(np.ones(S), size=shape)
    u, r = random.random((2, *shape))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True, observes=observes)


def reachable(found: NearOptimal) -> list[tuple[int, int]]:
    return [(h, s) for h, s in found.solution.game.places if h]


def holds(found: NearOptimal, evaluation: Evaluation) -> bool:
    """Whether one group's ranges hold all values of a policy."""
    return any(
        all(evaluation.V[x.step][x.state].overlaps(x.value) for x in group.values)
        for group in found.groups
    )


@pytest.fixture(scope="module")
def poles() -> NearOptimal:
    return near_optimal(solve(two_poles()), parts=100)


def test_two_symmetric_optima_are_in_two_groups(poles: NearOptimal) -> None:
    assert len(poles.groups) == 2
    exit_value = log(2) / 2
    ends = []
    for group in poles.groups:
        pole, away = group.values
        assert (pole.step, pole.state, away.state) == (1, POLE, EXIT)
        assert away.value.width < Fraction(1, 10**9)
        assert float(away.value) == pytest.approx(exit_value)
        ends.append(pole.value)
    assert min(float(x) for x in ends) == pytest.approx(exit_value - 1, abs=1e-2)
    assert max(float(x) for x in ends) == pytest.approx(exit_value + 1, abs=1e-2)


def test_the_other_optimum_is_met_and_told(poles: NearOptimal) -> None:
    (other,) = poles.others
    assert other.group == 1
    assert other.distance == 1
    own = poles.solution.policy.probabilities[1][POLE]
    assert other.policy.probabilities[1][POLE] == tuple(row[::-1] for row in own)
    exactly = evaluate(two_poles(), other.policy, 30)
    assert exactly.J.overlaps(other.value)
    assert other.value.lower >= poles.solution.upper - poles.solution.gap
    assert holds(replace(poles, groups=poles.groups[1:]), exactly)
    assert not holds(replace(poles, groups=poles.groups[:1]), exactly)


def test_the_certified_policy_is_in_the_first_group(poles: NearOptimal) -> None:
    own = evaluate(two_poles(), poles.solution.policy, 30)
    assert holds(replace(poles, groups=poles.groups[:1]), own)
    assert not holds(replace(poles, groups=poles.groups[1:]), own)


def test_policies_met_are_told_as_far_as_they_are_good(poles: NearOptimal) -> None:
    """One between the poles is not within the gap; one nearly as good is, in no group."""
    solution = poles.solution
    met = solution.effort.met

    def with_pole(*weights: Fraction) -> tuple[FarsightedNode, ...]:
        mixture = tuple((a, p) for a, p in enumerate(weights) if p)
        at = replace(met[0][2], policy=(mixture,))
        assert (at.step, at.state) == (1, POLE)
        return (*met[0][:2], at, *met[0][3:])

    between, own = with_pole(HALF, HALF), solution.policy.probabilities[1][POLE][0]
    little = Fraction(1, 10**4)
    nearly = with_pole(*(abs(p - little) for p in own))
    effort = replace(solution.effort, met=(between, nearly))
    (other,) = near_optimal(replace(solution, effort=effort), parts=20).others
    assert other.policy.probabilities[1][POLE][0] == tuple(abs(p - little) for p in own)
    assert other.value.upper < poles.level
    assert other.group is None


def test_two_poles_are_not_isolated(poles: NearOptimal) -> None:
    """Several actions are alike at the other states, and both poles are optimal."""
    assert isolation(poles).verdict == "multiple"
    assert not sensitivities(poles).isolated


def test_a_worse_pole_is_excluded_unless_asked_for() -> None:
    """The poles' worths differ by about 0.0026."""
    solution = solve(two_poles("1/100"))
    assert solution.gap == Fraction(1, 1000)
    found = near_optimal(solution, parts=100)
    assert len(found.groups) == 1
    assert found.values == found.groups[0].values
    assert found.values[0].value.upper < 0
    assert found.others == ()
    wider = near_optimal(solution, within="1/100", parts=100)
    assert wider.level == solution.lower - Fraction(1, 100)
    assert wider.values[0].value.upper > 1


def climbed(game: Game, random: np.random.Generator, count: int) -> list[Policy]:
    """Policies by coordinate ascent among multiples of 1/4, from random ones; others near these."""
    sizes = game.horizon, game.states, len(game.observes)
    best: list[Policy] = []
    for _ in range(count):
        table = random.integers(0, 5, sizes)
        value, moved = _worth(game, table), True
        while moved:
            moved = False
            for at, weight in product(np.ndindex(*sizes), range(5)):
                other = table.copy()
                other[at] = weight
                if (worth := _worth(game, other)) > value + 1e-12:
                    table, value, moved = other, worth, True
        best.append(_policy(game, table / 4))
        for step in (-0.02, 0.01, 0.03):
            shift = step * random.random(sizes)
            best.append(_policy(game, np.clip(table / 4 + shift, 0, 1)))
    return best


def _policy(game: Game, table: np.ndarray) -> Policy:
    cell = {b: c for c, members in enumerate(game.observes) for b in members}
    weights = [
        [[Fraction(float(x[cell[b]])) for b in range(game.follower_actions)] for x in step]
        for step in table
    ]
    return Policy(
        tuple(tuple(tuple((w, 1 - w) for w in state) for state in step) for step in weights)
    )


def _worth(game: Game, table: np.ndarray) -> float:
    """J by the formulas of the model, in float64."""
    cell = [c for _, c in sorted((b, c) for c, x in enumerate(game.observes) for b in x)]
    eta, gamma = float(game.eta or 0), float(game.gamma)
    V, W = np.zeros(game.states), np.zeros(game.states)
    for h in reversed(range(game.horizon)):
        after_V, after_W = V.copy(), W.copy()
        for s in range(game.states):
            q, w = np.zeros(game.follower_actions), np.zeros(game.follower_actions)
            for a, b in product(range(2), range(game.follower_actions)):
                weight = table[h, s, cell[b]] / 4
                weight = weight if a == 0 else 1 - weight
                row = game.at(game.P, h)[s][a][b]
                p = np.zeros(game.states)
                p[list(row.states)] = np.array(row.numerators) / row.denominator
                q[b] += weight * (float(game.at(game.r, h)[s][a][b]) + gamma * p @ after_V)
                w[b] += weight * (float(game.at(game.u, h)[s][a][b]) + p @ after_W)
            z = np.exp(eta * (q - q.max()))
            V[s], W[s] = q.max() + np.log(z.sum()) / eta, z @ w / z.sum()
    return float(W[0])


@pytest.mark.parametrize(
    ("states", "seed", "observes"),
    [(2, 0, "action"), (2, 1, "nothing"), (3, 2, "action"), (2, 19, "action")],
)
def test_policies_of_another_search_lie_in_the_ranges(
    states: int, seed: int, observes: str
) -> None:
    """All of them that are worth the level, by independent evaluation."""
    game = random_game(states, seed, observes)
    found = near_optimal(solve(game, gap="1e-2"), within="1/20", parts=300)
    worth = 0
    for policy in climbed(game, np.random.default_rng(seed), 4):
        evaluation = evaluate(game, policy, 20)
        if evaluation.J.lower >= found.level:
            worth += 1
            assert holds(found, evaluation)
    assert worth >= 4


def test_more_parts_narrow_the_ranges() -> None:
    solution = solve(random_game(2, 0, "action"), gap="1e-3")
    few, more = (near_optimal(solution, parts=parts) for parts in (1, 300))
    assert reachable(few) == [(x.step, x.state) for x in few.values]
    for wide, narrow in zip(few.values, more.values, strict=True):
        assert wide.value.lower <= narrow.value.lower <= narrow.value.upper <= wide.value.upper
    assert max(x.value.width for x in more.values) < max(x.value.width for x in few.values) / 10
    assert more.examined >= 300


@pytest.fixture(scope="module")
def cover() -> tuple[Solution, Narrowed]:
    solution = solve(random_game(2, 0, "action"), gap="1e-2")
    return solution, narrowed(solution.game, solution.certificate, solution.lower, 100)


def left_of(solution: Solution, level: Fraction, cover: Narrowed) -> list[Left]:
    return parts_left(solution.game, solution.certificate, level, cover, INTEGER)


def test_what_a_claim_does_not_show_is_not_excluded(cover: tuple[Solution, Narrowed]) -> None:
    """Each claim of step 0 that is lowered, below what its majorants show, excludes nothing."""
    solution, found = cover
    claimed = sum(isinstance(entry, Part) for entry in found.entries)
    silent = sum(entry is None for entry in found.entries)
    assert claimed > 3
    assert len(left_of(solution, solution.lower, found)) == silent

    def lowered(part: Part) -> Part:
        first = part.claims[0]
        assert not isinstance(first, tuple)
        (piece,) = first.pieces
        low = replace(first, pieces=(replace(piece, upper=Fraction(-9)),))
        return replace(part, claims=(low, *part.claims[1:]))

    entries = tuple(lowered(x) if isinstance(x, Part) else x for x in found.entries)
    left = left_of(solution, solution.lower, replace(found, entries=entries))
    assert len(left) > silent + claimed / 2


def test_a_cover_that_leaves_something_out_is_refused(cover: tuple[Solution, Narrowed]) -> None:
    """A part, or a leaf of a tree of majorants: what is not looked at would count as excluded."""
    solution, found = cover
    for entries in (found.entries[:-1], (*found.entries, None)):
        with pytest.raises(CertificateError, match="cover"):
            left_of(solution, solution.lower, replace(found, entries=entries))
    n, part = next((n, x) for n, x in enumerate(found.entries) if isinstance(x, Part))
    first = part.claims[0]
    assert not isinstance(first, tuple)
    (piece,) = first.pieces
    trees = ((Split(0, 1), *piece.trees[0]), *piece.trees[1:])
    less = replace(first, pieces=(replace(piece, trees=trees),))
    bad = replace(part, claims=(less, *part.claims[1:]))
    entries = (*found.entries[:n], bad, *found.entries[n + 1 :])
    with pytest.raises(CertificateError, match="a tree lacks 1 leaves"):
        left_of(solution, solution.lower, replace(found, entries=entries))


def test_the_level_decides_what_is_excluded(cover: tuple[Solution, Narrowed]) -> None:
    solution, found = cover
    counts = [len(left_of(solution, solution.lower - d, found)) for d in (0, Fraction(1, 20), 9)]
    assert counts[0] < counts[1] <= counts[2] <= len(found.entries)


def test_groups_are_connected_and_apart() -> None:
    def part(low: int, high: int, weight: Fraction | None = None) -> Left:
        mixtures = {}
        if weight is not None:
            point = Enclosure(weight, weight)
            mixtures = {(0, 0, 0): ((0,), (point, point))}
        return Left({(1, 0): Enclosure(Fraction(low), Fraction(high))}, mixtures)

    assert groups_of([part(0, 1), part(4, 5), part(1, 2), part(2, 3)]) == [[0, 2, 3], [1]]
    assert groups_of([part(0, 1, HALF), part(0, 1, HALF / 2)]) == [[0], [1]]
    assert groups_of([part(0, 1, HALF), part(0, 1)]) == [[0, 1]]


def test_the_other_checker_leaves_the_same() -> None:
    game = random_game(2, 0, "action")
    ours, theirs = (
        near_optimal(solve(game, gap="1e-2", checker=checker), parts=100)
        for checker in ("kernel", "flint")
    )
    assert ours.parts == theirs.parts
    for x, y in zip(ours.values, theirs.values, strict=True):
        assert x.value.overlaps(y.value)
        assert abs(x.value.width - y.value.width) < Fraction(1, 10**15)


def test_a_game_of_one_step_has_no_values_to_tell() -> None:
    found = near_optimal(solve(get("conitzer-sandholm-2006").with_(gamma=1)))
    assert (found.values, found.parts) == ((), 1)


def test_what_is_not_covered_is_refused() -> None:
    game = get("conitzer-sandholm-2006")
    with pytest.raises(NotCoveredError, match="solution: not covered: gamma = 0; use isolation"):
        near_optimal(solve(game, 5))
    far = two_poles()
    with pytest.raises(NotCoveredError, match="not covered: a leader who remembers"):
        isolation(solve(far, gap="1/10", leader="history"))
    with pytest.raises(NotCoveredError, match="not covered: gamma > 0 and eta = infinity"):
        sensitivities(near_optimal(solve(far.with_(eta="inf")), parts=1))
    with pytest.raises(NotCoveredError, match="not covered: a leader who remembers"):
        sensitivities(near_optimal(solve(far, gap="1/10", leader="history")))
    with pytest.raises(InputError, match="solution: is not certified"):
        near_optimal(solve(far, gap="1/10", checker=None))
    with pytest.raises(KindError, match="solution: expected a solution"):
        near_optimal(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"parts": 0}, "parts: 0 is not"), ({"within": -1}, "within: -1 is negative")],
)
def test_bad_options_are_refused(poles: NearOptimal, options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        near_optimal(poles.solution, **options)
