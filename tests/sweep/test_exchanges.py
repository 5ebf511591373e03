"""Several optimal policies because actions may change places."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.errors import GameError, NumberError, PrecisionError
from exactqse.evaluate import evaluate
from exactqse.kernel.check import check
from exactqse.model import Game, Policy
from exactqse.solve import Solution, solve
from exactqse.sweep import isolation, near_optimal, sensitivities
from exactqse.sweep.exchanges import averaged, exchanges, orbits


def meeting(size: int, **changes: Any) -> Game:
    """Both want to be at the same place; she does not see him."""
    same = [[int(a == b) for b in range(size)] for a in range(size)]
    options = {"horizon": 1, "eta": 3, "observes": "nothing"} | changes
    steps = options["horizon"]
    if steps == 1:
        return Game.from_arrays(None, [same], [same], **options)
    tables = [[[[x + h for x in row] for row in same]] for h in range(steps)]
    return Game.from_arrays(None, tables, tables, **options)


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("checker", ["kernel", "flint"])
def test_where_to_meet_is_not_settled(size: int, checker: Any) -> None:
    game = meeting(size)
    solution = solve(game, checker=checker)
    found = isolation(solution)
    assert found.verdict == "multiple"
    assert [place.several for place in found.places] == [True]
    assert not any(place.unique for place in found.places)
    (other,) = found.others
    assert other.distance == 1
    assert other.policy != solution.policy
    assert other.value.overlaps(evaluate(game, solution.policy).J)
    assert other.value.lower >= solution.lower - Fraction(1, 10**25)


def test_one_entry_that_differs_settles_it() -> None:
    for entry, verdict in ((1, "multiple"), (Fraction(101, 100), "isolated")):
        same = [[entry, 0], [0, 1]]
        game = Game.from_arrays(None, [same], [[[1, 0], [0, 1]]], eta=3, observes="nothing")
        assert isolation(solve(game)).verdict == verdict


def certified_at(game: Game, *mixture: Fraction, gap: str = "1e-6") -> Solution:
    """A solution with a policy that was chosen, as good as that is."""
    solution = solve(game, gap=gap)
    (node,) = solution.certificate.nodes
    chosen = tuple((a, p) for a, p in enumerate(mixture) if p)
    policy = Policy((((mixture,) * game.follower_actions,),))
    lower = evaluate(game, policy).J.lower
    nodes = (replace(node, policy=(chosen,)),)
    certificate = replace(solution.certificate, nodes=nodes, lower=lower - Fraction(1, 10**12))
    verdict = check(game, certificate)
    assert verdict
    return replace(solution, certificate=certificate, verdict=verdict)


def test_who_would_be_met_by_chance_alone_has_one_optimum() -> None:
    """Her best is to be everywhere alike: an exchange leaves it as it is."""
    hunted = [[-1, 1], [1, -1]]
    hunts = [[1, -1], [-1, 1]]
    game = Game.from_arrays(None, [hunted], [hunts], eta=3, observes="nothing")
    off = Fraction(1, 2) + Fraction(1, 1000)
    rough = certified_at(game, off, 1 - off, gap="1/10")
    assert isolation(rough).verdict == "undecided"
    for solution in (solve(game), rough):
        found = isolation(solution)
        assert found.verdict != "multiple"
        assert found.others == ()


@pytest.mark.parametrize("first", [0, 1, 2])
def test_an_action_that_nobody_exchanges_may_be_better(first: int) -> None:
    """A third place, which is worth a little more: nothing is said of what is within the gap."""

    def with_third(worth: Fraction) -> Game:
        u = [[1, 0, 0], [0, 1, 0], [worth] * 3]
        r = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
        return Game.from_arrays(None, [u], [r], eta=3, observes="nothing")

    pure = Policy((((((Fraction(1), Fraction(0), Fraction(0)),) * 3),),))
    worth = evaluate(with_third(Fraction(0)), pure).J.upper
    game = with_third(round(worth, 12) + Fraction(1, 10**9))
    solution = certified_at(game, *(Fraction(int(a == first)) for a in range(3)))
    assert solution.upper > worth
    assert isolation(solution).verdict == "undecided"


def test_actions_that_do_the_same_are_enough() -> None:
    alike = [[2, 0], [2, 0], [0, 1]]
    game = Game.from_arrays(None, [alike], [alike], eta=3, observes="nothing")
    found = isolation(solve(game))
    assert found.verdict == "multiple"
    assert found.others == ()


def test_of_a_farsighted_follower_too() -> None:
    game = meeting(2, horizon=2, gamma="1/2")
    solution = solve(game, gap="1e-4")
    near = near_optimal(solution)
    found = isolation(near)
    assert found.verdict == "multiple"
    (other,) = found.others
    assert other.value.upper >= solution.lower
    slopes = sensitivities(near)
    assert slopes.isolation.verdict == "multiple"
    assert not slopes.isolated


def test_moves_are_compared_but_in_the_last_step() -> None:
    same = [[1, 0], [0, 1]]
    apart = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
    P = [[apart, apart]] * 2
    game = Game.from_arrays(P, [same, same], [same, same], horizon=2, eta=3, observes="nothing")
    swap = {(0, 1), (1, 0)}
    assert {*exchanges(game, 1, 0, (0, 1))} == swap
    assert {*exchanges(game, 0, 0, (0, 1))} == swap  # to where they meet, or do not
    other = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    game = Game.from_arrays(
        [[other, other]] * 2, [same, same], [same, same], horizon=2, eta=3, observes="nothing"
    )
    assert {*exchanges(game, 0, 0, (0, 1))} == {(0, 1)}
    assert {*exchanges(game, 1, 0, (0, 1))} == swap
    assert {*exchanges(game, 1, 0, (0,))} == {(0, 1)}


def test_orbits() -> None:
    assert orbits((0, 1, 2)) == [(0,), (1,), (2,)]
    assert orbits((1, 2, 0, 3)) == [(0, 1, 2), (3,)]
    assert orbits((1, 0, 3, 2)) == [(0, 1), (2, 3)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((0, Fraction(1, 2))))
def test_means_are_what_policies_that_stay_are_worth(seed: int, gamma: Fraction) -> None:
    """And all permutations that are told are exchanges: what is moved is worth the same."""
    random = np.random.default_rng(seed)
    S, A, B, H = 2, 3, 3, 2
    goes, moves = tuple(random.permutation(A).tolist()), tuple(random.permutation(2).tolist())
    moves = (*moves, 2)
    u, r = (random.integers(0, 3, (H, S, A, B)) for _ in range(2))
    P = random.integers(1, 4, (H, S, A, B, S))
    for table in (u, r, P):  # alike under the exchange at (0, 0), for the cell of two
        for a in range(A):
            for b in range(2):
                x, y = a, b
                while (goes[x], moves[y]) != (a, b):
                    x, y = goes[x], moves[y]
                    table[0, 0, x, y] = table[0, 0, a, b]
    game = Game.from_arrays(
        P.tolist(), u.tolist(), r.tolist(), horizon=H, eta=2, gamma=gamma,
        observes=[[0, 1], [2]], normalise=True,
    )  # fmt: skip
    known = {*exchanges(game, 0, 0, (0, 1))}
    assert goes in known
    weights = random.integers(0, 4, (H, S, 2, A)) + np.array([1, 0, 0])
    pi = weights[:, :, [0, 0, 1], :]
    given = Policy.from_arrays(pi.tolist(), game=game, normalise=True)
    for g in known:
        moved, mixed = pi.astype(object), pi.astype(object)
        back = [g.index(a) for a in range(A)]
        moved[0, 0, :2] = pi[0, 0, :2][:, back]
        for orbit in orbits(g):
            for a in orbit:
                whole = [sum(int(x) for x in row) for row in pi[0, 0, :2][:, list(orbit)]]
                mixed[0, 0, :2, a] = [Fraction(x, len(orbit)) for x in whole]
        values = [
            evaluate(played, Policy.from_arrays(table.tolist(), game=game, normalise=True)).J
            for played, table in (
                (game, moved),
                (game, mixed),
                (averaged(game, 0, 0, (0, 1), g), pi),
            )
        ]
        assert values[0].overlaps(evaluate(game, given).J)
        assert values[1].overlaps(values[2])


def test_only_permutations_that_keep_every_entry_are_told() -> None:
    """Against all pairs of permutations, of a game with some."""
    game = meeting(3)
    table = game.u[0][0]
    every = {
        g
        for g in permutations(range(3))
        for k in permutations(range(3))
        if all(table[g[a]][k[b]] == table[a][b] for a in range(3) for b in range(3))
    }
    assert {*exchanges(game, 0, 0, (0, 1, 2))} == every
    changed = replace(game, r=(((*game.r[0][0][:2], (Fraction(1), Fraction(0), Fraction(1))),),))
    assert {*exchanges(changed, 0, 0, (0, 1, 2))} == {(0, 1, 2)}


@pytest.mark.parametrize("size", [16, 24])
def test_large_tables_of_few_numbers_are_no_matter(size: int) -> None:
    """Without an exchange, and with cyclic ones."""
    random = np.random.default_rng(0)
    tables = random.integers(0, 2, (2, 1, size, size)).tolist()
    game = Game.from_arrays(None, *tables, observes="nothing")
    cell = tuple(range(size))
    assert [*exchanges(game, 0, 0, cell)] == [cell]
    ring = [[[int((b - a) % size in {0, 1, 3}) for b in cell] for a in cell]]
    found = {*exchanges(Game.from_arrays(None, ring, ring, observes="nothing"), 0, 0, cell)}
    assert {tuple((a + k) % size for a in cell) for k in cell} <= found


def long_ways() -> Game:
    """Meeting, and rows of 4,000 bits of which the mean has 8,000: no game has such ones."""
    same, ways = [[1, 0], [0, 1]], [Fraction(1, 2**4000), Fraction(1, 3**2500)]
    rows = [[[w, 1 - w] for w in ways], [[w, 1 - w] for w in ways[::-1]]]
    options: dict[str, Any] = {"horizon": 2, "eta": 3, "observes": "nothing", "rho": [1, 0]}
    return Game.from_arrays([[rows, rows]] * 2, [same] * 2, [same] * 2, **options)


def test_means_that_are_too_long_show_nothing() -> None:
    game = long_ways()
    assert {*exchanges(game, 0, 0, (0, 1))} == {(0, 1), (1, 0)}
    with pytest.raises(GameError, match="more than 6500 bits"):
        averaged(game, 0, 0, (0, 1), (1, 0))
    found = isolation(solve(game, gap="1e-3"))
    assert [place.several for place in found.places if place.step == 0] == [False]


def test_bounds_that_cannot_be_computed_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> Solution:
        raise PrecisionError("no attempt ended with an accepted certificate")

    solution = solve(meeting(2))
    module = sys.modules["exactqse.sweep.exchanges"]
    monkeypatch.setattr(module, "solve", refused)
    assert isolation(solution).verdict == "undecided"
    effort = replace(solution.effort, interrupted=True)
    monkeypatch.setattr(module, "solve", lambda *_, **__: replace(solution, effort=effort))
    with pytest.raises(KeyboardInterrupt):
        isolation(solution)


def test_payoffs_whose_means_are_too_long_show_nothing() -> None:
    """They have no text, so that no certificate names the game."""
    high, low = 1 + Fraction(1, 2**6000), Fraction(1, 3**3700)
    u = [[high, low], [low, high]]
    game = Game.from_arrays(None, [u], [[[1, 0], [0, 1]]], eta=3, observes="nothing")
    assert {*exchanges(game, 0, 0, (0, 1))} == {(0, 1), (1, 0)}
    with pytest.raises(NumberError, match="bits in lowest terms"):
        solve(averaged(game, 0, 0, (0, 1), (1, 0)))
    assert isolation(solve(game)).verdict == "undecided"
