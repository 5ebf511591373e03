"""Parts of a cover share tables and claims, and prove what they proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from exactqse import Game
from exactqse.arithmetic import FlintElementary
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import check
from exactqse.kernel.farsighted import PartBounds
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import emit, sharing, solve_farsighted
from exactqse.solve.farsighted.claims import Backward
from exactqse.solve.farsighted.nodes import Batch
from exactqse.solve.farsighted.search import Search

Seen = list[tuple[Search, Batch, float]]
GAP = Fraction(1, 1000)


@pytest.fixture(scope="module")
def game() -> Game:
    random = np.random.default_rng(1)
    P, (u, r) = random.dirichlet(np.ones(3), (3, 3, 2, 2)), random.random((2, 3, 3, 2, 2))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)


def solved(game: Game) -> Certificate:
    return solve_farsighted(game, GAP, Budget())[0]


@pytest.fixture(scope="module")
def leaves(game: Game) -> tuple[Search, Batch, float]:
    """A search, the parts that a certificate of it needs, and what they prove."""
    seen: Seen = []
    with pytest.MonkeyPatch.context() as patch:
        common = sharing.in_common

        def noted(search: Search, batch: Batch, upper: float, room: float) -> Batch:
            seen.append((search, batch, upper))
            return common(search, batch, upper, room)

        patch.setattr(emit, "in_common", noted)
        solved(game)
    assert len(seen[-1][1].bound) > 100
    return seen[-1]


def is_proved(search: Search, parts: Batch) -> bool:
    """Whether tables, lam and roots as they are prove the bounds."""
    for some in search.alike(parts.kind, parts.mix):
        part = parts.take(some)
        backward = Backward(search.bounder(part.kind, part.mix), search.parts(part))
        backward.replay(part.lam[None], lambda _, __, found: found)
        G, _, _ = backward.stage(0).evaluate(part.roots[:, None])
        backward.roots = part.roots
        if (G > 0).any() or not np.allclose(backward.bound(), part.bound, rtol=0, atol=1e-12):
            return False
    return True


def test_few_tables_prove_the_same(leaves: tuple[Search, Batch, float]) -> None:
    search, before, upper = leaves
    kept = before.table.copy()
    after = sharing.with_few_tables(search, before, upper)
    assert 2 * len(np.unique(after.table)) < len(np.unique(kept))
    assert np.array_equal(before.table, kept)  # a search goes on with what it had
    some = (after.table != kept) & (before.bound > -np.inf)
    assert some.any()
    assert after.bound[some].max() <= upper
    assert is_proved(search, after.take(some))
    assert not is_proved(search, replace(after, table=kept).take(some))


def test_neighbours_try_the_table_of_that_with_the_least_room(
    leaves: tuple[Search, Batch, float],
) -> None:
    _, parts, _ = leaves
    some = np.flatnonzero(parts.bound > -np.inf)[::2]
    rows, tables = sharing._neighbours(parts, some, 7)
    assert np.array_equal(rows, some)
    assert len(some) % 7  # the last row is shorter
    for start in range(0, len(some), 7):
        near = some[start : start + 7]
        least = near[parts.bound[near].argmax()]
        assert set(tables[start : start + 7].tolist()) == {int(parts.table[least])}


def test_neighbours_share_tables_where_no_table_is_for_many(
    leaves: tuple[Search, Batch, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    search, before, upper = leaves
    monkeypatch.setattr(sharing, "_WORTH", 2.0)
    after = sharing.with_few_tables(search, before, upper)
    some = (after.table != before.table) & (before.bound > -np.inf)
    assert after.bound[some].max() <= upper
    assert is_proved(search, after.take(some))
    assert 2 * len(np.unique(after.table)) < len(np.unique(before.table))
    monkeypatch.setattr(sharing, "_NEIGHBOURS", ())
    apart = sharing.with_few_tables(search, before, upper)
    holds = before.bound > -np.inf
    assert np.array_equal(apart.table[holds], before.table[holds])


def test_what_parts_have_in_common_proves_the_same(
    leaves: tuple[Search, Batch, float],
) -> None:
    search, before, upper = leaves
    after = sharing.in_common(search, before, upper, 1e-4)
    holds = before.bound > -np.inf
    assert after.bound[holds].max() <= upper
    assert np.array_equal(after.bound == -np.inf, ~holds)
    assert len(np.unique(after.lam[-1])) < len(np.unique(before.lam[-1]))
    assert is_proved(search, after.take(holds))


def test_a_table_that_no_sample_can_use_is_given_to_nobody(
    leaves: tuple[Search, Batch, float],
) -> None:
    search, before, _ = leaves
    best = before.bound[before.bound > -np.inf].min()
    after = sharing.with_few_tables(search, before, best - 1)
    some = before.bound > -np.inf
    assert np.array_equal(after.table[some], before.table[some])


def test_like_claims_are_of_parts_that_agree(leaves: tuple[Search, Batch, float]) -> None:
    search, before, _ = leaves
    after = sharing.with_like_claims(search, before)
    J, first, moved = len(before.lam), len(search.model.rho), 0
    ends = np.cumsum([0, *search.model.sizes[1:]]).tolist()
    places = np.moveaxis(search.simplices.corners[before.mix], 1, 0)
    for start, end in pairwise(ends):
        for j in range(start, end):
            seen: dict[object, float] = {}
            rest = [j, *range(end, J)]
            for n in range(len(before.bound)):
                parts = before.lo, before.hi, before.free, before.lam
                lo, hi, free, _ = (z[rest, n].tobytes() for z in parts)
                t = before.table[n]
                slopes = search.tables.own[t, rest].tobytes(), search.tables.lean[t, rest].tobytes()
                mixtures = places[[first + i for i in rest], n].tobytes()
                key = lo, hi, free, slopes, mixtures, before.kind[n], before.loose[n]
                assert seen.setdefault(key, after.lam[j, n]) == after.lam[j, n]
                moved += int(after.lam[j, n] != before.lam[j, n])
            assert set(seen.values()) <= set(before.lam[j].tolist())
    assert moved > 20


def test_a_check_shows_fewer_claims(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = solved(game)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emit, "in_common", lambda _, leaves, *__: leaves)
        alone = solved(game)
    assert len(shared.cover) == len(alone.cover)
    assert shared.upper - shared.lower <= GAP
    looked: list[int] = []
    frontier: Callable[..., Any] = PartBounds._frontier

    def counted(self: PartBounds, j: int, *rest: Any) -> Any:
        looked.append(j)
        return frontier(self, j, *rest)

    monkeypatch.setattr(PartBounds, "_frontier", counted)
    counts = []
    for certificate in (shared, alone):
        looked.clear()
        assert check(game, certificate, elementary=FlintElementary())
        counts.append(len(looked))
    assert counts[0] < 0.85 * counts[1]
    assert len(shared.to_bytes()) < len(alone.to_bytes())
