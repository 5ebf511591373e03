"""Halves of a part are put together in a cover where the part proves enough by itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game
from exactqse.arithmetic import FlintElementary
from exactqse.kernel.certificate import Certificate, Part
from exactqse.kernel.check import Verdict, check
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import emit, pruning, solve_farsighted, solver
from exactqse.solve.farsighted.search import Search

AIM = Fraction(1, 200)


def checked(game: Game, certificate: Certificate) -> Verdict:
    return check(game, certificate, elementary=FlintElementary())


@pytest.fixture(scope="module")
def game() -> Game:
    random = np.random.default_rng(1)
    P, (u, r) = random.dirichlet(np.ones(3), (3, 3, 2, 2)), random.random((2, 3, 3, 2, 2))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)


@pytest.fixture(scope="module")
def alone(game: Game) -> tuple[Certificate, Search]:
    """What is written without putting halves together, and the search."""
    seen: list[Search] = []
    cover = emit.cover
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emit, "merged", lambda search, upper, _: pruning.pruned(search.nodes, upper))

        def noted(game: Game, search: Search, *rest: float) -> object:
            seen.append(search)
            return cover(game, search, *rest)

        patch.setattr(solver, "cover", noted)
        certificate, _ = solve_farsighted(game, AIM, Budget())
    return certificate, seen[-1]


@pytest.fixture(scope="module")
def together(game: Game) -> Certificate:
    return solve_farsighted(game, AIM, Budget())[0]


def count(certificate: Certificate) -> int:
    return sum(isinstance(entry, Part) for entry in certificate.cover)


def test_fewer_parts_prove_the_gap(
    game: Game, alone: tuple[Certificate, Search], together: Certificate
) -> None:
    assert count(together) < count(alone[0])
    for one in (alone[0], together):
        assert one.upper - one.lower <= AIM
        assert checked(game, one)


def test_a_cover_proves_nearly_what_the_search_did(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it may use the gap, so that policies that are nearly as good are told as such."""
    seen: list[float] = []
    cover = emit.cover

    def noted(game: Game, search: Search, *rest: float) -> object:
        seen.append(search.upper)
        return cover(game, search, *rest)

    monkeypatch.setattr(solver, "cover", noted)
    shares = []
    for aim in (Fraction(1, 10), Fraction(1, 30), Fraction(1, 100)):
        certificate, _ = solve_farsighted(game, aim, Budget())
        assert certificate.upper - certificate.lower <= aim
        assert certificate.upper <= seen[-1] + aim / 16
        shares.append((seen[-1] - float(certificate.lower)) / float(aim))
    assert min(shares) < 0.8  # more was proved than asked for, at some aim


def test_the_same_level_is_proved_by_fewer_parts(alone: tuple[Certificate, Search]) -> None:
    search = alone[1]
    upper = search.upper
    before = pruning.pruned(search.nodes, upper)[1]
    order, leaves = pruning.merged(search, upper, float(AIM) / 4)
    assert len(leaves) < len(before)
    assert len(order) == 2 * len(leaves) - 1
    assert set(leaves.tolist()) <= set(order)
    batch = search.nodes.batch(leaves)
    assert batch.bound.max() <= upper
    holds = batch.bound > -np.inf
    assert search.bounded(batch).bound[holds].max() <= upper  # it is what float64 finds of them


def test_nothing_is_put_together_that_is_not_near(alone: tuple[Certificate, Search]) -> None:
    search, kept = alone[1], alone[1].nodes.bound.copy()
    upper = search.upper
    before = pruning.pruned(search.nodes, upper)[1]
    assert np.array_equal(pruning.merged(search, upper, 0.0)[1], before)
    assert np.array_equal(search.nodes.bound, kept)


def test_a_part_put_together_proves_no_less_than_it_says(game: Game, together: Certificate) -> None:
    less = replace(together, upper=together.upper - AIM / 50)
    assert checked(game, less).outcome == "rejected"


def test_a_part_in_place_of_its_halves_does_not_prove_more_than_it_does(
    game: Game, together: Certificate
) -> None:
    """Undo a split that is needed: the claims of one half do not hold for both."""
    entries = together.cover
    outcomes = set()
    for n in range(len(entries) - 2):
        pair = entries[n + 1 : n + 3]
        if isinstance(entries[n], Part) or not all(isinstance(half, Part) for half in pair):
            continue
        cover = (*entries[:n], pair[0], *entries[n + 3 :])
        outcomes.add(checked(game, replace(together, cover=cover)).outcome)
        if len(outcomes) > 1 or n > 60:
            break
    assert outcomes
    assert "accepted" not in outcomes
