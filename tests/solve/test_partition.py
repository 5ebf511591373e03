"""The solver for leaders who see less than the action."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.arithmetic import Enclosure, FlintElementary
from exactqse.errors import InputError
from exactqse.evaluate import evaluate
from exactqse.games import get
from exactqse.kernel.certificate import Leaf, Split
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve import solve
from exactqse.solve.layer import Layer
from exactqse.solve.stage_tables import Claim
from exactqse.testing import games

COMMITMENT = "conitzer-sandholm-2006"
GAP = Fraction(1, 10**6)


def integer_game(size: int, seed: int, observes: object) -> Game:
    random = np.random.default_rng(seed)
    u, r = random.integers(0, 11, (2, size, size)).tolist()
    return Game.from_arrays(None, [u], [r], eta="1/2", observes=observes)


def test_the_commitment_game_is_worth_a_closed_form() -> None:
    """(2 e + 4)/(1 + e), at a pure commitment."""
    solution = solve(get(COMMITMENT).with_(observes="nothing"), gap="1e-9")
    assert solution.certified
    assert solution.reached
    value = (2 * sp.E + 4) / (1 + sp.E)
    lower, upper = (
        sp.Rational(x.numerator, x.denominator) for x in (solution.lower, solution.upper)
    )
    assert lower <= value
    assert value <= upper
    assert solution.policy.probabilities[0][0][0] == solution.policy.probabilities[0][0][1]


@settings(max_examples=25, deadline=None)
@given(
    games(
        max_states=2,
        max_horizon=2,
        gammas=st.just(Fraction(0)),
        etas=st.sampled_from((Fraction(1, 3), Fraction(1), Fraction(5))),
        wide=False,
    )
)
def test_drawn_games_are_certified(game: Game) -> None:
    solution = solve(game, 5)
    assert solution.certified
    assert solution.reached
    assert check(game, solution.certificate, elementary=FlintElementary()).outcome == "accepted"
    J = evaluate(game, solution.policy, digits=12).J
    assert J.upper >= solution.lower
    assert J.lower <= solution.upper


@pytest.mark.parametrize("observes", ["nothing", [[0, 1], [2, 3]], [[0, 2, 3], [1]]])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_sampled_policy_beats_the_bound(seed: int, observes: object) -> None:
    game = integer_game(4, seed, observes)
    solution = solve(game, gap=GAP)
    assert solution.certified
    assert solution.reached
    x, y = np.array(game.r_float[0, 0].T) / 2, game.u_float[0, 0].T
    cell = [next(c for c, cell in enumerate(game.observes) if b in cell) for b in range(4)]
    alpha = np.random.default_rng(seed).dirichlet(np.full(4, 0.4), size=(20000, max(cell) + 1))
    q, w = (np.einsum("nba,ba->nb", alpha[:, cell], table) for table in (x, y))
    values = (np.exp(q) * w).sum(axis=1) / np.exp(q).sum(axis=1)
    assert values.max() <= float(solution.upper) + 1e-9


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_seeing_more_never_hurts_the_leader(seed: int) -> None:
    chain = ("nothing", [[0, 1], [2, 3]], [[0], [1], [2, 3]], "action")
    bounds = [solve(integer_game(4, seed, observes), gap=GAP) for observes in chain]
    for coarse, fine in pairwise(bounds):
        assert coarse.lower <= fine.upper


def test_a_cell_with_one_member_is_played_at_its_best() -> None:
    """Common interests: ascent from samples stops short in the cell of action 2."""
    u = [[4, 9, 5, 2], [8, 4, 6, 4], [0, 8, 1, 2], [7, 7, 9, 9]]
    game = Game.from_arrays(None, [u], [u], eta=2, observes=[[2], [0, 1, 3]])
    solution = solve(game, gap=GAP, node_limit=1000)
    assert solution.certified
    assert solution.reached


def steep_game(observes: object) -> Game:
    """Exponents spread over 100."""
    u, r = np.random.default_rng([0, 6]).integers(0, 11, (2, 6, 6)).tolist()
    return Game.from_arrays(None, [u], [r], eta=10, observes=observes)


def test_a_bound_above_all_payoffs_closes_every_part() -> None:
    """Whatever a limit leaves open, however far its exponents spread."""
    solution = solve(steep_game("nothing"), gap=GAP, node_limit=200)
    assert solution.certified
    assert solution.upper < 12


def test_cells_that_their_first_bounds_close_are_not_divided() -> None:
    """The best payoff is attained: shares of what is left of 0 would be beyond float64."""
    solution = solve(steep_game([[0, 2, 3], [1, 4, 5]]), gap=GAP, node_limit=100)
    assert solution.certified
    assert solution.reached


def test_a_limit_leaves_a_certified_gap() -> None:
    game = integer_game(8, 3, "nothing")
    solution = solve(game, gap="1e-9", node_limit=50)
    assert solution.certified
    assert not solution.reached
    assert "the limit of 50 nodes was reached" in solution.reason


def test_corrupted_trees_are_refused() -> None:
    game = integer_game(4, 1, "nothing")
    found = solve(game, gap=GAP, checker=None).certificate
    node = found.nodes[0]
    tree = node.trees[0]
    assert sum(isinstance(entry, Split) for entry in tree) > 3
    for i, entry in enumerate(tree):
        if isinstance(entry, Split):
            other = Split(entry.i, (entry.j + 1) % 4 if (entry.j + 1) % 4 != entry.i else entry.j)
            if other == entry:
                continue
            changed = (*tree[:i], other, *tree[i + 1 :])
        else:
            majorants = tuple((tag, parameter * 64) for tag, parameter in entry.majorants)
            changed = (*tree[:i], Leaf(majorants, entry.shift), *tree[i + 1 :])
        forged = replace(found, nodes=(replace(node, trees=(changed,)),))
        verdict = check(game, forged)
        if isinstance(entry, Leaf):
            assert verdict.outcome == "rejected"
        else:
            assert check(game, forged, elementary=FlintElementary()).outcome == verdict.outcome


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"digits": 5, "gap": "1e-5"}, "gap"),
        ({"gap": 0}, "gap"),
        ({"gap": -1}, "gap"),
        ({"time_limit": 0}, "time_limit"),
        ({"node_limit": True}, "node_limit"),
    ],
)
def test_bad_limits(options: dict[str, object], where: str) -> None:
    with pytest.raises(InputError) as caught:
        solve(get(COMMITMENT), **options)
    assert caught.value.where == where


STEEP = [[1, 0, 2], [0, 3, 1], [2, 1, 0]]
OTHER = [[3, 0, 1], [0, 2, 5], [1, 4, 0]]


@pytest.mark.parametrize("eta", [20, 100])
def test_steep_exponents_are_told_from_zero(eta: int) -> None:
    game = Game.from_arrays(None, [OTHER], [STEEP], eta=eta, observes="nothing")
    solution = solve(game, 5)
    assert solution.certified
    assert solution.reached


PARTITIONS = ("nothing", [[0, 1], [2]])


@pytest.mark.parametrize("observes", PARTITIONS)
@pytest.mark.parametrize("factor", ["1e400", "1e-400", "-1e1000"])
def test_payoffs_of_any_size_are_enclosed_as_narrowly(factor: str, observes: object) -> None:
    scale = Fraction(factor)
    u = [[value * scale for value in row] for row in OTHER]
    game = Game.from_arrays(None, [u], [STEEP], eta=1, observes=observes)
    solution = solve(game, gap=abs(scale) * GAP)
    plain = Game.from_arrays(
        None, [[[-v if scale < 0 else v for v in row] for row in OTHER]], [STEEP], observes=observes
    )
    value = solve(plain, gap=GAP).value
    assert solution.certified
    assert solution.reached
    assert solution.value.overlaps(Enclosure(value.lower * abs(scale), value.upper * abs(scale)))


@pytest.mark.parametrize("observes", PARTITIONS)
@pytest.mark.parametrize("eta", [5000, 10**9, "1e400"])
def test_exponents_too_steep_for_float64_get_a_plain_bound(eta: object, observes: object) -> None:
    game = Game.from_arrays(None, [OTHER], [STEEP], eta=eta, observes=observes)
    solution = solve(game, 5, time_limit=60)
    assert solution.certified
    assert solution.lower >= 1
    assert solution.upper <= 5 + GAP * 10
    assert solution.reached or "1 stage is beyond" in solution.reason


@pytest.mark.parametrize("eta", [1500, 2000, 4000, 8000])
def test_parts_too_steep_for_float64_are_halved_first(eta: int) -> None:
    game = Game.from_arrays(None, [[[2, 4], [1, 3]]], [[[1, 0], [0, 1]]], eta=eta)
    solution = solve(game.with_(observes="nothing"), 5)
    assert solution.certified
    assert solution.reached
    assert solution.effort.work > 1


def test_where_float64_is_wrong_there_is_a_bound_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_low(layer: Layer, n: int) -> Claim | None:
        leaf = Leaf((("up", Fraction(1)),) * 4)
        return Claim(Fraction(0), 0, ((leaf,),)) if layer.active[n] else None

    monkeypatch.setattr(Layer, "claim", too_low)
    game = integer_game(4, 1, "nothing")
    solution = solve(game, gap=GAP)
    assert solution.certified
    assert solution.upper <= max(v for row in game.u[0][0] for v in row) + GAP
    assert "beyond branch and bound in float64" in solution.reason


@pytest.mark.parametrize("offset", ["1e20", "-1e400"])
def test_only_differences_of_exponents_matter(offset: str) -> None:
    r = [[value + Fraction(offset) for value in row] for row in STEEP]
    bounds = [
        solve(Game.from_arrays(None, [OTHER], [table], observes="nothing"), gap=GAP)
        for table in (r, STEEP)
    ]
    assert all(solution.reached for solution in bounds)
    assert bounds[0].value.overlaps(bounds[1].value)


def test_a_limit_that_was_not_reached_is_not_the_reason() -> None:
    solution = solve(integer_game(3, 0, "nothing"), 20, time_limit=1000)
    assert solution.certified
    assert not solution.reached
    assert "float64 could not separate" in solution.reason
