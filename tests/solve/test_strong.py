"""Strong Stackelberg values: closed forms, vertices, another simplex, invariances, long numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import NotCoveredError, PrecisionError
from exactqse.evaluate import evaluate_symbolic
from exactqse.games import catalogue, get, matrix_game
from exactqse.kernel.certificate import MIN_PRECISION, Certificate
from exactqse.kernel.check import check
from exactqse.kernel.strong import GRID
from exactqse.model import Game, Policy
from exactqse.solve import decide, solve
from exactqse.solve.strong import solve_strong
from exactqse.solve.weak import solve_weak
from exactqse.testing import games, partitions, policies

ZERO = Fraction(0)
few = settings(max_examples=30, deadline=None)
PAYOFFS = st.one_of(
    st.integers(-2, 2).map(Fraction),
    st.builds(Fraction, st.integers(-9, 9), st.sampled_from((2, 3))),
)


def best_responses(**sizes: Any) -> st.SearchStrategy[Game]:
    return games(gammas=st.just(ZERO), etas=st.just(None), **sizes)


@st.composite
def stages(draw: st.DrawFn, sizes: tuple[tuple[int, int], ...]) -> Game:
    """One stage of one of the sizes (A, B), with any partition; payoffs often tie."""
    leader, follower = draw(st.sampled_from(sizes))
    row = st.lists(PAYOFFS, min_size=follower, max_size=follower)
    table = st.lists(row, min_size=leader, max_size=leader)
    cells = draw(partitions(follower))
    return matrix_game(draw(table), draw(table), eta="inf", observes=cells)


def value(game: Game) -> Fraction:
    """The value, once lower, upper, the checker and the evaluation of the policy agree on it."""
    found = solve(game)
    assert found.certified
    assert found.reached
    assert found.lower == found.upper == found.value.lower
    assert found.certificate == solve_strong(game)[0]
    assert found.certificate.kind == "strong"
    assert check(game, Certificate.from_bytes(found.certificate.to_bytes())) == found.verdict
    policy = found.policy.validated(game)
    J = evaluate_symbolic(game, policy).J
    assert Fraction(int(J.p), int(J.q)) == found.lower
    return found.lower


def rebuilt(game: Game, **changes: Any) -> Game:
    """The game with other tables or cells."""
    fields = {name: getattr(game, name) for name in ("P", "u", "r", "observes")} | changes
    P = [
        [[[dict(zip(t.states, row(t), strict=True)) for t in by_b] for by_b in s] for s in step]
        for step in fields.pop("P")
    ]
    rho = dict(zip(game.rho.states, row(game.rho), strict=True))
    return Game.from_arrays(P, **fields, rho=rho, horizon=game.horizon, eta="inf")


def row(weights: Any) -> list[Fraction]:
    return [Fraction(n, weights.denominator) for n in weights.numerators]


def test_the_game_of_conitzer_and_sandholm() -> None:
    game = get("conitzer-sandholm-2006").with_(eta="inf")
    assert value(game.with_(observes="nothing")) == Fraction(7, 2)
    assert value(game) == 4


def test_a_forced_tie_goes_to_the_leader() -> None:
    assert value(matrix_game([[1, 0]], [[0, 0]], eta="inf")) == 1
    assert value(matrix_game([[1, 0]], [[0, 0]], eta="inf", observes="nothing")) == 1


@pytest.mark.parametrize(
    ("threshold", "answer"),
    [("7/2", "yes"), (Fraction(7, 2) + Fraction(1, 10**900), "no"), (3, "yes"), ("3.6", "no")],
)
def test_decide_is_settled_by_exact_bounds(threshold: Any, answer: str) -> None:
    game = get("conitzer-sandholm-2006").with_(eta="inf", observes="nothing")
    decision = decide(game, threshold)
    assert decision.answer == answer
    assert decision.solution.certified
    assert decision.digits == 5


def test_options_of_solve() -> None:
    game = get("conitzer-sandholm-2006").with_(eta="inf", observes="nothing")
    unchecked = solve(game, 40, checker=None)
    assert not unchecked.certified
    assert unchecked.gap == Fraction(1, 10**40)
    assert solve(game, checker="flint").verdict.arithmetic == "flint"


@pytest.mark.parametrize("name", [entry.name for entry in catalogue()])
@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_shipped_games(name: str, observes: str) -> None:
    game = get(name).with_(eta="inf", observes=observes)
    found = solve(game)
    assert found.certified
    assert found.lower == found.upper
    assert solve_weak(game).value <= found.lower


@few
@given(stages(((1, 4), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))))
def test_the_best_vertex_for_every_partition(one_stage: Any, game: Game) -> None:
    assert value(game) == one_stage(game.r[0][0], game.u[0][0], game.observes).strong()


@settings(max_examples=5, deadline=None)
@given(stages(((2, 4),)))
def test_the_best_vertex_for_every_partition_of_four(one_stage: Any, game: Game) -> None:
    assert value(game) == one_stage(game.r[0][0], game.u[0][0], game.observes).strong()


def punished(game: Game) -> Fraction:
    """The closed form for a leader who sees the action, from pairs of her actions.

    All other answers get their least value; she mixes at most two actions to reach the largest.
    """
    x, y = list(zip(*game.r[0][0], strict=True)), list(zip(*game.u[0][0], strict=True))
    found = []
    for b, gains in enumerate(y):
        least = max((min(by_a) for o, by_a in enumerate(x) if o != b), default=min(x[b]))
        points = list(zip(x[b], gains, strict=True))
        found += [w for q, w in points if q >= least]
        for (q, w), (p, v) in product(points, repeat=2):
            if q < least < p:
                share = (least - q) / (p - q)
                found.append((1 - share) * w + share * v)
    return max(found)


@few
@given(best_responses(max_states=1, max_horizon=1, max_leader_actions=5, max_follower_actions=5))
def test_the_closed_form_when_the_action_is_seen(game: Game) -> None:
    assert value(game.with_(observes="action")) == punished(game.with_(observes="action"))


@few
@given(best_responses(observes="action"))
def test_backward_induction_in_closed_form(game: Game) -> None:
    after = [ZERO] * game.states
    for h in reversed(range(game.horizon)):
        u, r, rows = (game.at(table, h) for table in (game.u, game.r, game.P))
        after = [
            punished(
                matrix_game(
                    [
                        [
                            v + sum(p * after[t] for p, t in zip(row(w), w.states, strict=True))
                            for v, w in zip(*pair, strict=True)
                        ]
                        for pair in zip(u[s], rows[s], strict=True)
                    ],
                    r[s],
                )
            )
            for s in range(game.states)
        ]
    pairs = zip(row(game.rho), game.rho.states, strict=True)
    assert value(game) == sum(p * after[s] for p, s in pairs)


@few
@given(st.data())
def test_no_policy_is_worth_more(data: st.DataObject) -> None:
    game = data.draw(best_responses())
    J = evaluate_symbolic(game, data.draw(policies(game))).J
    assert Fraction(int(J.p), int(J.q)) <= value(game)


@few
@given(st.data())
def test_seeing_more_is_never_worse(data: st.DataObject) -> None:
    game = data.draw(best_responses(max_follower_actions=4, max_states=2, max_horizon=2))
    cells = list(game.observes)
    chain = [tuple((b,) for b in range(game.follower_actions)), tuple(cells)]
    while len(cells) > 1:
        second = cells.pop(data.draw(st.integers(1, len(cells) - 1)))
        cells[0] = tuple(sorted(cells[0] + second))
        chain.append(tuple(sorted(cells)))
    finer = [game.with_(observes=partition) for partition in chain]
    strong = [value(variant) for variant in finer]
    weak = [solve_weak(variant).value for variant in finer]
    for values in (strong, weak):
        assert all(fine >= coarse for fine, coarse in pairwise(values))


@few
@given(best_responses())
def test_relabelling_actions_changes_nothing(game: Game) -> None:
    last = game.follower_actions - 1
    flipped = rebuilt(
        game,
        P=[[[by_b[::-1] for by_b in state[::-1]] for state in step] for step in game.P],
        u=[[[x[::-1] for x in state[::-1]] for state in step] for step in game.u],
        r=[[[x[::-1] for x in state[::-1]] for state in step] for step in game.r],
        observes=[[last - b for b in cell] for cell in game.observes],
    )
    assert value(flipped) == value(game)
    assert solve_weak(flipped).value == solve_weak(game).value


@few
@given(game=best_responses(), shift=PAYOFFS, scale=st.integers(1, 3))
def test_shifts_and_scales(game: Game, shift: Fraction, scale: int) -> None:
    def mapped(table: Any, change: Any) -> Any:
        return [[[[change(v) for v in x] for x in state] for state in step] for step in table]

    moved = rebuilt(
        game,
        u=mapped(game.u, lambda v: scale * v + shift),
        r=mapped(game.r, lambda v: scale * v - shift),
    )
    assert value(moved) == scale * value(game) + shift * game.horizon


def test_near_ties_and_sizes_beyond_float64(one_stage: Any) -> None:
    tiny, huge = Fraction(1, 10**400), Fraction(10**400)
    game = matrix_game([[1, 0], [1, 0]], [[0, tiny], [tiny, 0]], eta="inf", observes="nothing")
    assert value(game) == 1
    broken = matrix_game([[1, 0], [1, 0]], [[0, tiny], [0, tiny]], eta="inf", observes="nothing")
    assert value(broken) == 0
    u, r = [[huge, 0], [-huge, tiny]], [[-huge, tiny], [1, 0]]
    large = matrix_game(u, r, eta="inf", observes="nothing")
    assert value(large) == one_stage(large.r[0][0], large.u[0][0], large.observes).strong()


def test_unreachable_states_have_no_node() -> None:
    P = [[[{1: 1}]], [[{1: 1}]], [[{2: 1}]]]
    table = [[[1]], [[2]], [[3]]]
    found = solve(Game.from_arrays(P, table, table, horizon=2, eta="inf"))
    assert [(node.step, node.state) for node in found.certificate.nodes] == [(0, 0), (1, 1)]
    assert found.lower == found.upper == 3
    assert found.policy == Policy((((((Fraction(1),),),) * 3),) * 2)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"gamma": "1/2"}, r"not covered: gamma = 1/2 > 0;"),
        ({"eta": 3}, r"not covered: eta = 3;"),
        ({"gamma": 1, "eta": "1/3"}, r"gamma = 1 > 0, eta = 1/3; .* observes"),
    ],
)
def test_another_follower_is_named(changes: dict[str, Any], named: str) -> None:
    game = get("conitzer-sandholm-2006").with_(eta="inf")
    with pytest.raises(NotCoveredError, match=named):
        solve_strong(game.with_(**changes))


def test_progress_counts_every_node_once() -> None:
    seen: list[tuple[int, int]] = []
    found, effort = solve_strong(
        get("patrol-4").with_(eta="inf"), progress=lambda done, count: seen.append((done, count))
    )
    count = len(found.nodes)
    assert seen == [(n, count) for n in range(1, count + 1)]
    assert (effort.nodes, effort.precision) == (count, MIN_PRECISION)
    assert effort.unit == "linear programs"
    assert 0 < effort.work <= count * get("patrol-4").follower_actions


def deep(horizon: int, digits: int) -> Game:
    """Payoffs of every step over another number of that many digits."""
    u, r = [], []
    for h in range(horizon):
        unit = Fraction(1, 10**digits + 2 * h + 1)
        u.append([[[unit * (h + 1), 1], [1 - unit, unit]]])
        r.append([[[1, unit], [unit / 3, 1 - unit]]])
    return Game.from_arrays(None, u, r, horizon=horizon, eta="inf", observes="nothing")


def test_denominators_grow_with_the_horizon() -> None:
    game = deep(10, 50)
    assert value(game).denominator > 10**500


def test_numbers_that_grow_too_long_are_rounded_outward() -> None:
    game = deep(12, 200)
    found = solve(game)
    assert found.certified
    assert 0 < found.upper - found.lower <= Fraction(2 * (game.horizon + 1), GRID)
    assert "12 nodes, " in found.reason
    assert GRID % found.lower.denominator == GRID % found.upper.denominator == 0
    J = evaluate_symbolic(game, found.policy).J
    assert found.lower <= Fraction(int(J.p), int(J.q)) <= found.upper


def test_multipliers_too_long_for_a_file_are_shortened() -> None:
    long = Fraction(1, 3**4000)
    r = [[1, Fraction(1, 5**300)], [Fraction(1, 7**200), 1]]
    game = matrix_game([[2, 4 - long], [1, 3]], r, eta="inf", observes="nothing")
    found, _ = solve_strong(game)
    assert check(game, found)
    assert Certificate.from_bytes(found.to_bytes()) == found
    assert 0 < found.upper - found.lower < Fraction(9, GRID)
    mu = found.nodes[0].duals[1][0]
    assert GRID % mu.denominator == 0


def test_a_probability_too_long_for_a_file_is_an_error() -> None:
    r = [[1, Fraction(1, 5**2500)], [Fraction(1, 7**2300), 1]]
    game = matrix_game([[2, 4], [1, 3]], r, eta="inf", observes="nothing")
    with pytest.raises(PrecisionError, match=r"step 0, state 0 is too long .* round the follower"):
        solve_strong(game)
