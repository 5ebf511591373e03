from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import NotCoveredError
from exactqse.evaluate import evaluate
from exactqse.games import dense, get
from exactqse.kernel.game import KernelGame
from exactqse.model import Game
from exactqse.solve import solve
from exactqse.sweep import CellOptima, Isolation, Played, isolation, sensitivities
from exactqse.sweep.strong import StageOptima
from exactqse.testing import games

COMMITMENT = get("conitzer-sandholm-2006").with_(eta="inf")
Vector = list[Fraction]


def found(game: Game) -> Isolation:
    return isolation(solve(game))


def test_the_commitment_game_has_one_optimum() -> None:
    """She mixes half and half, so that the follower just answers 1."""
    one = found(COMMITMENT.with_(observes="nothing"))
    half = Fraction(1, 2)
    assert one.verdict == "isolated"
    assert [(w.lower, w.upper) for w in one.places[0].weights] == [(half, half)] * 2
    assert (one.radius, one.support, one.supports_proved) == (0, ((0, 1),), True)
    assert one.is_played_alike
    assert [(x.step, x.state, x.response) for x in one.played] == [(0, 0, 1)]
    assert one.others == one.ties == ()


def test_threats_that_are_not_carried_out_may_differ() -> None:
    """After 0, which nobody plays, any answer keeps the follower at 1, his better action."""
    game = Game.from_arrays(None, [[[0, 3], [0, 1]]], [[[0, 2], [1, 2]]], eta="inf")
    several = found(game)
    assert several.verdict == "multiple"
    assert several.is_played_alike
    assert [place.several for place in several.places] == [True, False]
    assert [(w.lower, w.upper) for w in several.places[0].weights] == [(0, 1)] * 2
    (other,) = several.others
    assert (other.value.lower, other.value.upper, other.distance) == (3, 3, 1)


def test_two_targets_that_are_worth_the_same() -> None:
    """He answers what she plays, and both are worth 1: she may play either, not a mixture."""
    game = Game.from_arrays(
        None, [[[1, 0], [0, 1]]], [[[1, 0], [0, 1]]], eta="inf", observes="nothing"
    )
    several = found(game)
    assert several.verdict == "multiple"
    assert not several.is_played_alike
    assert [(x.response, x.weights[0].lower, x.weights[0].upper) for x in several.played] == [
        (0, 1, 1),
        (1, 0, 0),
    ]
    assert several.others[0].distance == 1


def test_one_policy_after_which_he_may_do_either() -> None:
    """The policy is the only one; what is played is not."""
    game = Game.from_arrays(None, [[[1, 1]]], [[[0, 0]]], eta="inf", observes="nothing")
    one = found(game)
    assert one.verdict == "isolated"
    assert [x.response for x in one.played] == [0, 1]
    assert not one.is_played_alike
    assert one.others == ()


def test_what_differs_where_no_optimal_policy_leads() -> None:
    """State 1 is never worth going to; there she is indifferent."""
    P = [[[[1, 0]], [[0, 1]]], [[[0, 1]], [[0, 1]]]]
    game = Game.from_arrays(
        P, [[[1], [0]], [[0], [0]]], [[[0], [0]], [[0], [0]]], eta="inf", horizon=2
    )
    several = found(game)
    assert several.verdict == "multiple"
    assert [(p.step, p.state, p.several) for p in several.places if p.several] == [(1, 1, True)]
    assert several.is_played_alike
    assert [(x.step, x.state) for x in several.played] == [(0, 0), (1, 0)]


def test_bounds_that_are_not_exact_leave_it_undecided() -> None:
    game = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=1, eta=1)
    stopped = isolation(solve(game.with_(eta="inf", observes="nothing"), node_limit=1))
    assert stopped.verdict == "undecided"
    assert not any(place.unique or place.several for place in stopped.places[:2])
    assert any(place.unique for place in stopped.places[2:])
    assert (stopped.played, stopped.others, stopped.is_played_alike) == ((), (), False)


def test_a_place_that_is_undecided_leaves_all_play_undecided() -> None:
    """Two games in one: that of state 1 was solved, and state 0 has the bound 2."""
    u, r = [[[2, 1]], [[0, 1]]], [[[0, 1]], [[0, 0]]]
    game = Game.from_arrays(None, u, r, rho=["1/2", "1/2"], eta="inf", observes="nothing")
    assert [(x.state, x.response) for x in found(game).played] == [(0, 1), (1, 1)]
    stopped = isolation(solve(game, node_limit=1))
    assert [place.unique for place in stopped.places] == [False, True]
    assert stopped.played == ()


def test_a_value_that_is_exact_by_luck_does_not_make_a_tie() -> None:
    """From (0, 0) she may go to state 1, worth 5, or to 0, where only the bound is."""
    nothing = [[[0, 0], [0, 0]]] * 2
    later = [[[5, 0], [5, 0]], [[5, 5], [5, 5]]]
    he = [[[0, 1], [0, 1]], [[0, 0], [0, 0]]]
    P = [[[[0, 1]] * 2, [[1, 0]] * 2]] * 2
    game = Game.from_arrays(
        [P, P], [nothing, later], [nothing, he], eta="inf", observes="nothing", horizon=2
    )
    stopped = isolation(solve(game, node_limit=1))
    assert stopped.solution.lower == stopped.solution.upper == 5
    first, *_ = stopped.places
    assert not first.unique
    assert not first.several
    assert [place.several for place in found(game).places] == [False, True, True]


def test_mixtures_of_the_same_actions() -> None:
    """He answers 0 from half on, where it is worth 2 whatever she mixes."""
    tables = ((0, 1), (1, 0)), ((2, 0), (2, 0))
    x, y = (tuple(tuple(map(Fraction, row)) for row in table) for table in tables)
    half = Fraction(1, 2)
    game = COMMITMENT.with_(observes="nothing")
    stage = StageOptima(game, x, y, Fraction(2), ((half, half),))
    assert [(w.lower, w.upper) for w in stage.weights(0)] == [(0, half), (half, 1)]
    assert stage.plays() == {0: stage.weights(0)}


def test_the_other_policy_is_one_that_optimal_play_meets() -> None:
    """She is indifferent in states 0 and 1, and leads to 1."""
    P = [[[[1, 0]], [[0, 1]]]] * 2
    u = [[[[0], [1]]] * 2, [[[0], [0]], [[5], [5]]]]
    game = Game.from_arrays([P, P], u, [[[[0], [0]]] * 2] * 2, eta="inf", horizon=2)
    several = found(game)
    assert [(p.step, p.state) for p in several.places if p.several] == [(1, 0), (1, 1)]
    (other,) = several.others
    assert other.policy[1][0] == several.solution.policy[1][0]
    assert other.policy[1][1] != several.solution.policy[1][1]


@pytest.mark.parametrize("r", [[[0, 1], [0, -1]], [[1, 0], [-1, 2]]])
def test_the_other_policy_is_rather_one_that_is_answered_otherwise(r: list[list[int]]) -> None:
    """Threats may differ, and he can be made to play either action."""
    several = found(Game.from_arrays(None, [[[1, 1], [0, 0]]], [r], eta="inf"))
    (other,) = several.others
    game, own = several.solution.game, several.solution.policy
    before, after = (evaluate(game, policy).nu[0][0] for policy in (own, other.policy))
    assert before != after


def test_what_is_not_covered() -> None:
    with pytest.raises(NotCoveredError, match="eta = infinity"):
        sensitivities(solve(COMMITMENT))


def halfspaces(game: KernelGame, b: int, x: list[Vector]) -> list[Vector]:
    """Rows g with g.alpha >= 0, of the alpha [c, a] that b answers; x as [a][b]."""
    A, cells = range(game.leader_actions), game.observes
    shape = [(c, a) for c in range(len(cells)) for a in A]
    unit = [[Fraction(i == k) for k in range(len(shape))] for i in range(len(shape))]
    ahead = [
        [(b in cells[c]) * x[a][b] - (o in cells[c]) * x[a][o] for c, a in shape]
        for o in range(game.follower_actions)
        if o != b
    ]
    return [*unit, *ahead]


def vertices(rows: list[Vector], cells: int) -> Iterator[Vector]:
    """Those of { alpha : g.alpha >= 0 for every row, every cell's weights sum to 1 }."""
    n = len(rows[0])
    A = n // cells
    sums = [[Fraction(i // A == c) for i in range(n)] for c in range(cells)]
    for tight in combinations(rows, n - cells):
        table = [v for row in (*sums, *tight) for v in row]
        M = fmpq_mat(n, n, [fmpq(v.numerator, v.denominator) for v in table])
        try:
            solution = M.solve(fmpq_mat(n, 1, [1] * cells + [0] * (n - cells))).entries()
        except ZeroDivisionError:
            continue
        point = [Fraction(int(v.p), int(v.q)) for v in solution]
        if all(sum(g * p for g, p in zip(row, point, strict=True)) >= 0 for row in rows):
            yield point


Optima = dict[int, list[Vector]]  # by b, the vertices of the optimal alpha that b answers


def optimal(
    game: KernelGame, h: int, s: int, after: dict[int, Fraction]
) -> tuple[Fraction, Optima]:
    """The value and all optimal alpha, by enumeration of vertices."""
    A, B, cells = game.leader_actions, range(game.follower_actions), game.observes
    x = [list(row) for row in game.at(game.r, h)[s]]

    def worth(b: int, alpha: Vector) -> Fraction:
        total, home = Fraction(0), next(c for c, cell in enumerate(cells) if b in cell)
        for a in range(A):
            row, y = game.at(game.P, h)[s][a][b], game.at(game.u, h)[s][a][b]
            for t, n in zip(row.states, row.numerators, strict=True) if after else ():
                y += Fraction(n, row.denominator) * after[t]
            total += alpha[home * A + a] * y
        return total

    met = {b: [*vertices(halfspaces(game, b, x), len(cells))] for b in B}
    best = max(worth(b, alpha) for b in B for alpha in met[b])
    return best, {b: [alpha for alpha in met[b] if worth(b, alpha) == best] for b in B}


def enumerated(game: KernelGame) -> tuple[Fraction, dict[tuple[int, int], Optima]]:
    """J* and the optima of every reachable (h, s)."""
    optima, values = {}, dict[int, Fraction]()
    for h in reversed(range(game.horizon)):
        after, values = values, {}
        for s in game.reachable[h]:
            values[s], optima[h, s] = optimal(game, h, s, after)
    pairs = zip(game.rho.states, game.rho.numerators, strict=True)
    return sum((n * values[s] for s, n in pairs), Fraction(0)) / game.rho.denominator, optima


def hull(points: list[Vector], A: int, c: int) -> list[tuple[Fraction, Fraction]]:
    columns = [*zip(*points, strict=True)][c * A : (c + 1) * A]
    return [(min(column), max(column)) for column in columns]


def ends(place: CellOptima | Played) -> list[tuple[Fraction, Fraction]]:
    return [(w.lower, w.upper) for w in place.weights]


def expected_play(
    game: KernelGame, optima: dict[tuple[int, int], Optima]
) -> list[tuple[int, int, int, list[tuple[Fraction, Fraction]]]]:
    play, layer = [], set(game.rho.states)
    for h in range(game.horizon):
        after = set()
        for s in sorted(layer):
            for b, points in optima[h, s].items():
                if not points:
                    continue
                home = next(c for c, cell in enumerate(game.observes) if b in cell)
                weights = hull(points, game.leader_actions, home)
                play.append((h, s, b, weights))
                for a, (_, most) in enumerate(weights):
                    after |= set(game.at(game.P, h)[s][a][b].states) if most else set()
        layer = after
    return play


@settings(max_examples=150, deadline=None)
@given(
    games(
        max_states=2,
        max_horizon=2,
        gammas=st.just(Fraction(0)),
        etas=st.just(None),
        observes="any",
        wide=False,
    )
)
def test_all_optima_are_as_enumeration_finds_them(game: Game) -> None:
    solution = solve(game)
    best, optima = enumerated(game)
    result = isolation(solution)
    assert solution.lower == solution.upper == best
    A = game.leader_actions
    for place in result.places:
        c = game.observes.index(place.cell)
        points = [p for some in optima[place.step, place.state].values() for p in some]
        assert ends(place) == hull(points, A, c)
        assert place.unique != place.several
        given = solution.policy[place.step][place.state][place.cell[0]]
        pairs = zip(given, hull(points, A, c), strict=True)
        assert place.radius == max(max(p - low, high - p) for p, (low, high) in pairs)
    one = all(len({tuple(p) for ps in o.values() for p in ps}) == 1 for o in optima.values())
    assert result.verdict == ("isolated" if one else "multiple")
    play = expected_play(game, optima)
    assert [(x.step, x.state, x.response, ends(x)) for x in result.played] == play
    alike = all(low == high for *_, weights in play for low, high in weights)
    assert result.is_played_alike == (alike and len({x[:2] for x in play}) == len(play))
    assert len(result.others) == (not one)
    for other in result.others:
        J = evaluate(game, other.policy).J
        assert J.lower == J.upper == other.value.lower == other.value.upper == best
        assert other.policy != solution.policy
        assert other.distance > 0
