"""Trees, place by place: drawn games, bounds of other searches, certificates that were changed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

from exactqse import solve
from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError
from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import Certificate, Claim, MixtureSplit, ValueSplit
from exactqse.kernel.check import Verdict, check
from exactqse.model import Game, Policy
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.placewise import solve_places
from exactqse.solve.placewise.search import Search

GAP = Fraction(1, 10**5)


def tree(states: int, horizon: int, seed: int) -> Game:
    """A child for each follower action where there is room, else one for both."""
    random = np.random.default_rng(seed)
    P = np.zeros((horizon, states, 2, 2, states))
    now = 1
    for h in range(horizon):
        room = 2 * now <= states
        for s in range(states):
            for b in range(2):
                P[h, s, :, b, 2 * s + b if room and s < now else s] = 1
        now = 2 * now if room else now
    u, r = random.random((2, horizon, states, 2, 2))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10")


@cache
def solved(states: int, horizon: int, seed: int) -> tuple[Game, Certificate, str]:
    game = tree(states, horizon, seed)
    found, effort = solve_places(game, GAP, Budget(nodes=4000))
    return game, found, effort.stopped


def verdict(game: Game, found: Certificate) -> Verdict:
    return check(game, found, elementary=FlintElementary())


SIZES = [(4, 4, 0), (4, 4, 1), (8, 4, 2), (8, 4, 3), (2, 4, 0), (2, 4, 1), (1, 4, 0), (1, 4, 1)]


@pytest.mark.parametrize(("states", "horizon", "seed"), SIZES)
def test_the_gap_is_reached_and_accepted(states: int, horizon: int, seed: int) -> None:
    game, found, stopped = solved(states, horizon, seed)
    assert not stopped
    assert 0 <= found.upper - found.lower <= GAP
    assert verdict(game, found)
    if (states, horizon) in ((4, 4), (1, 4)):
        assert check(game, found)  # in the kernel's own arithmetic


@pytest.mark.parametrize(("states", "horizon", "seed"), SIZES[:6])
def test_no_policy_is_worth_more(states: int, horizon: int, seed: int) -> None:
    game, found, _ = solved(states, horizon, seed)
    random = np.random.default_rng(seed)
    best = Fraction(0)
    for _ in range(40):
        pi = random.dirichlet([0.3, 0.3], size=(horizon, game.states, 2))
        best = max(
            best, evaluate(game, Policy.from_arrays(pi, game=game, normalise=True), 20).J.lower
        )
    assert 0 < best <= found.upper


def entries(found: Certificate) -> list[Any]:
    part: Any = found.cover[0]
    return [entry for claim in part.claims for entry in claim.divisions]


def test_divisions_of_all_kinds_and_ties_are_used() -> None:
    every = [entry for size in SIZES for entry in entries(solved(*size)[1])]
    assert any(isinstance(entry, ValueSplit) for entry in every)
    assert any(isinstance(entry, MixtureSplit) for entry in every)
    part: Any = solved(2, 4, 0)[1].cover[0]
    assert any(piece.ties for claim in part.claims for piece in claim.pieces)


def test_they_prove_less_than_what_memory_is_worth() -> None:
    gains = []
    for size in SIZES[:6]:
        game, found, _ = solved(*size)
        remembers = solve(game, gap=GAP, leader="history", checker="flint", node_limit=20_000)
        assert found.lower <= remembers.upper
        gains.append(remembers.lower - found.upper)
    assert max(gains) > 10 * GAP  # no frontier of lotteries proves that


def changed(found: Certificate, j: int, claim: Claim) -> Certificate:
    part: Any = found.cover[0]
    claims = (*part.claims[:j], claim, *part.claims[j + 1 :])
    return replace(found, cover=(replace(part, claims=claims),))


def test_less_is_not_accepted() -> None:
    game, found, _ = solved(4, 4, 0)
    assert not verdict(game, replace(found, upper=found.lower))
    part: Any = found.cover[0]
    undivided = []
    for j, claim in enumerate(part.claims):
        if claim.divisions:
            count = next(entry for entry in claim.divisions if isinstance(entry, int))
            first = replace(claim, pieces=claim.pieces[:count], divisions=())
            undivided.append(bool(verdict(game, changed(found, j, first))))
    assert undivided
    assert not all(undivided)


def test_a_search_goes_on_where_it_was_stopped() -> None:
    game = tree(8, 4, 3)
    first, effort = solve_places(game, GAP, Budget(nodes=20))
    assert effort.stopped
    assert verdict(game, first)
    second, _ = solve_places(game, GAP, Budget(nodes=4000), resume=first)
    assert verdict(game, second)
    assert first.lower <= second.lower
    assert second.upper < first.upper
    assert len(entries(second)) >= len(entries(first))


def test_solve_takes_them() -> None:
    game = tree(4, 3, 5)
    solution = solve(game, gap=GAP, checker="flint")
    assert solution.verdict
    assert solution.upper - solution.lower <= GAP
    assert not solution.effort.stopped


def test_others_are_refused() -> None:
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    table = [[[0, 1], [1, 0]]] * 2
    merging = Game.from_arrays(rows, table, table, rho=0, horizon=3, eta=1, gamma="1/2")
    with pytest.raises(InputError, match="is no tree"):
        solve_places(merging, GAP, Budget())


def test_a_search_ends_at_its_aim_only_when_all_is_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the last look at the best solution made finer may prove less elsewhere."""
    with np.errstate(all="ignore"):
        search = Search(model_of(tree(4, 4, 0)), 1e-5)
    uppers = iter(search.lower + np.array([1.0, 0.5e-5, 2e-5, 0.5e-5, 0.4e-5]))
    monkeypatch.setattr(search, "settle", lambda: setattr(search, "upper", next(uppers)))
    monkeypatch.setattr(search, "_walk", lambda: ([], ["one"], 0.0))
    monkeypatch.setattr(search, "_play", lambda *_: None)
    monkeypatch.setattr(search, "_act", lambda *_: None)
    search.run(1e-5, Budget(nodes=10), lambda _: None)
    assert search.upper - search.lower == pytest.approx(0.4e-5)
