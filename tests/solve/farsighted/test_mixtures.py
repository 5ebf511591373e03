"""Covers that divide the leader's mixtures, where values of the follower leave a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from exactqse import solve
from exactqse.errors import InputError
from exactqse.evaluate import evaluate_float64
from exactqse.kernel.certificate import Certificate, Claim, MixtureSplit, Part, Split, ValueSplit
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve.api import _require_undivided
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import search as search_module
from exactqse.solve.farsighted import solve_farsighted
from exactqse.solve.farsighted.mixtures import Simplices
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.planting import plant
from tests.solve.farsighted.reference import Reference, parts_of

GAP = Fraction(1, 10**6)


def random_game(S: int, H: int, seed: int, *, A: int = 2, observes: object = "action") -> Game:
    """As in the benchmark of farsighted followers."""
    random = np.random.default_rng(seed)
    shape = H, S, A, 2
    P = random.dirichlet(np.ones(S), size=shape)
    u, r = random.random((2, *shape))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True, observes=observes)


@pytest.fixture(scope="module")
def jumping() -> Game:
    """At the optimum's value her best choice jumps: a chord bounds what she has between."""
    return random_game(2, 2, 19)


@pytest.fixture(scope="module")
def closed(jumping: Game) -> Certificate:
    certificate, effort = solve_farsighted(jumping, GAP, Budget(nodes=20_000))
    assert effort.stopped == ""
    assert effort.work < 5000
    return certificate


def splits(certificate: Certificate) -> list[int]:
    return [n for n, entry in enumerate(certificate.cover) if isinstance(entry, MixtureSplit)]


def agrees(game: Game, certificate: Certificate) -> int:
    """The formulas with what was emitted; how many parts are not empty."""
    bounds = []
    for part, box, simplices in parts_of(certificate, game.leader_actions):
        reference = Reference(game, certificate, part, box, simplices)
        if not reference.empty:
            assert all(G < 1e-12 for _, G in reference.bound().values())
            bounds.append(reference.worth())
    assert max(bounds) == pytest.approx(float(certificate.upper), abs=1e-6)
    assert max(bounds) <= float(certificate.upper) + 1e-12
    return len(bounds)


def test_a_gap_at_a_point_is_closed(jumping: Game, closed: Certificate) -> None:
    assert closed.upper - closed.lower <= GAP
    assert check(jumping, closed).outcome == "accepted"
    assert len(splits(closed)) > 5
    assert Certificate.from_bytes(closed.to_bytes()) == closed
    assert agrees(jumping, closed) > 10


def test_no_division_of_values_closes_it(jumping: Game, closed: Certificate) -> None:
    certificate, effort = solve_farsighted(jumping, GAP, Budget(nodes=5000), mixtures=False)
    assert splits(certificate) == []
    assert effort.stopped
    assert certificate.upper > closed.upper + Fraction(5, 10**5)


def test_values_alone_do_where_no_choice_jumps() -> None:
    """The search divides a mixture here, and does not have to."""
    game = random_game(2, 2, 8)
    for mixtures in (True, False):
        certificate, effort = solve_farsighted(game, GAP, Budget(nodes=20_000), mixtures=mixtures)
        assert effort.stopped == ""
        assert check(game, certificate).outcome == "accepted"
        assert bool(splits(certificate)) == mixtures


def divided(certificate: Certificate) -> bool:
    parts = [entry for entry in certificate.cover if isinstance(entry, Part)]
    return any(isinstance(c, Claim) and c.divisions for part in parts for c in part.claims)


def tied_only(certificate: Certificate) -> Certificate:
    """With one piece of the first claim, tied, and no divisions anywhere."""
    part: Any = certificate.cover[0]
    first, *others = [replace(c, pieces=c.pieces[-1:], divisions=()) for c in part.claims]
    tied = replace(first, pieces=(replace(first.pieces[0], ties=(0,)),))
    plain = [replace(c, pieces=(replace(c.pieces[0], ties=()),)) for c in others]
    return replace(certificate, cover=(replace(part, claims=(tied, *plain)),))


def test_claims_are_not_divided_without_mixtures(jumping: Game) -> None:
    """A game of two steps is a tree, whose claims are divided place by place."""
    solution = solve(jumping, gap=GAP)
    assert solution.reached
    assert divided(solution.certificate)
    other = solve(jumping, gap=GAP, mixtures=False, node_limit=2000)
    assert other.certified
    assert not divided(other.certificate)
    assert splits(other.certificate) == []
    with pytest.raises(InputError, match="or claims place by place"):
        solve(jumping, gap=GAP, mixtures=False, resume=solution.certificate)
    _require_undivided(other.certificate, mixtures=False)
    with pytest.raises(InputError, match="or claims place by place"):
        _require_undivided(tied_only(solution.certificate), mixtures=False)


def test_what_divides_mixtures_is_not_resumed_without(jumping: Game, closed: Certificate) -> None:
    with pytest.raises(
        InputError, match="resume: divides the leader's mixtures, or claims place by place"
    ):
        solve(jumping, gap="1e-7", resume=closed, mixtures=False)


def end_of(certificate: Certificate, n: int) -> int:
    """After the last entry of the tree that begins at n."""
    missing = 1
    while missing:
        missing += -1 if isinstance(certificate.cover[n], Part) else 1
        n += 1
    return n


def corrupted(certificate: Certificate, n: int) -> Iterator[Certificate]:
    """A half for the whole, or for both; exchanged; other mixtures, or values, divided instead."""
    cover, entry = certificate.cover, certificate.cover[n]
    assert isinstance(entry, MixtureSplit)
    middle = end_of(certificate, n + 1)
    last = end_of(certificate, middle)
    one, other = cover[n + 1 : middle], cover[middle:last]
    for halves in (one, other, (entry, *one, *one), (entry, *other, *other)):
        yield replace(certificate, cover=(*cover[:n], *halves, *cover[last:]))
    value = ValueSplit(1, 0, Fraction(0))
    for instead in (
        replace(entry, edge=Split(entry.edge.j, entry.edge.i)),
        replace(entry, cell=1 - entry.cell),
        replace(entry, step=0, state=0),
        value,
    ):
        yield replace(certificate, cover=(*cover[:n], instead, *cover[n + 1 :]))


def test_corrupted_divisions_are_not_accepted(jumping: Game, closed: Certificate) -> None:
    """Unless what is claimed of a part holds for more mixtures than it has to."""
    some = splits(closed)[::4]
    refused = [[not check(jumping, other) for other in corrupted(closed, n)] for n in some]
    assert all(sum(row) >= 4 and (row[2] or row[3]) for row in refused)
    assert all(any(column) for column in zip(*refused, strict=True))
    lowered = replace(closed, upper=closed.lower - GAP)
    assert check(jumping, lowered).outcome == "rejected"


@pytest.mark.parametrize(
    ("A", "observes"), [(2, "nothing"), (3, "action"), (3, "nothing")], ids=str
)
def test_divisions_of_any_mixtures_are_checked(
    A: int, observes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the search tries, with three corners, and with trees below."""
    monkeypatch.setattr(search_module, "_LOSS", 0.0)
    monkeypatch.setattr(search_module, "_BIAS", 1e9)
    game = random_game(2, 3, 7, A=A, observes=observes)
    certificate, _ = solve_farsighted(game, Fraction(1, 10**5), Budget(nodes=150))
    assert len(splits(certificate)) > 2
    assert check(game, certificate).outcome == "accepted"
    agrees(game, certificate)
    random = np.random.default_rng(0)
    for _ in range(200):
        pi = random.dirichlet(np.full(A, 0.3), size=(3, 2, 2))
        if observes == "nothing":
            pi[:, :, 1] = pi[:, :, 0]
        assert float(certificate.upper) + 1e-12 >= evaluate_float64(game, pi).J


def test_spots_are_places_cells_and_edges() -> None:
    model = model_of(random_game(2, 2, 0, A=3))
    simplices = Simplices(model)
    seen = set()
    for place in range(3):
        for cell in range(2):
            for i, j in ((0, 1), (0, 2), (1, 2)):
                spot = simplices.spot(place, cell, Split(i, j))
                assert simplices.split(spot) == (place, cell, Split(i, j))
                assert simplices.spot(place, cell, Split(j, i)) == spot
                seen.add(spot)
    assert seen == set(range(18))


def test_halves_of_simplices() -> None:
    model = model_of(random_game(2, 2, 0, A=3))
    simplices = Simplices(model)
    spots = np.array([simplices.spot(1, 0, Split(0, 2)), simplices.spot(2, 1, Split(1, 2))] * 40)
    halves = simplices.halve(np.zeros(80, dtype=np.intp), spots)
    first, second = simplices.corners[halves[:, 1]]
    whole = np.eye(3)
    for half, k in ((first, 1), (second, 2)):
        assert (half[2, 1, k] == [0, 0.5, 0.5]).all()
        half[2, 1, k] = whole[k]
        assert (half == whole).all()
    better = np.arange(80) % 3 == 1
    wanted = simplices.corners[halves[:, better]]
    kept = simplices.keep(halves, better)
    assert (simplices.corners[kept] == wanted).all()
    assert simplices.size == 1 + kept.size == 1 + 2 * better.sum()
    again = simplices.halve(kept[0, :1], spots[:1])
    assert again.tolist() == [[simplices.size - 2], [simplices.size - 1]]
    (old,) = simplices.corners[kept[0, :1]]
    assert (simplices.corners[again[0, 0], 1, 0, 0] == (old[1, 0, 0] + old[1, 0, 2]) / 2).all()


def test_divided_covers_are_planted(jumping: Game, closed: Certificate) -> None:
    """Also where an edge names its ends the other way round."""
    n = splits(closed)[0]
    entry = closed.cover[n]
    assert isinstance(entry, MixtureSplit)
    middle, model = end_of(closed, n + 1), model_of(jumping)
    last = end_of(closed, middle)
    turned = replace(entry, edge=Split(entry.edge.j, entry.edge.i))
    cover = closed.cover
    halves = *cover[middle:last], *cover[n + 1 : middle]
    exchanged = replace(closed, cover=(*cover[:n], turned, *halves, *cover[last:]))
    assert check(jumping, exchanged).outcome == "accepted"
    for certificate in (closed, exchanged):
        planted = plant(jumping, model, certificate)
        assert planted is not None
        limits = parts_of(certificate, 2)
        places = [place for place in jumping.places if place[0]]
        for leaf, (part, box, simplices) in zip(planted.leaves, limits, strict=True):
            corners = planted.simplices.corners[planted.mix[leaf]]
            for p, place in enumerate(jumping.places):
                for c in range(2):
                    whole = [[1.0, 0.0], [0.0, 1.0]]
                    assert corners[p, c].tolist() == simplices.get((place, c), whole)
            reference = Reference(jumping, certificate, part, box, simplices)
            assert planted.empty[leaf] == reference.empty
            for j, place in enumerate(places if not reference.empty else []):
                assert planted.lo[leaf, j] == pytest.approx(reference.low[place], abs=1e-12)
                assert planted.hi[leaf, j] == pytest.approx(reference.high[place], abs=1e-12)


def test_a_search_goes_on_from_divided_mixtures(jumping: Game) -> None:
    known, _ = solve_farsighted(jumping, Fraction(1, 20_000), Budget(nodes=20_000))
    assert splits(known)
    gap = Fraction(1, 100_000)
    again, effort = solve_farsighted(jumping, gap, Budget(nodes=20_000), resume=known)
    assert check(jumping, again).outcome == "accepted"
    assert again.upper - again.lower <= gap
    assert effort.stopped == ""
    assert len(splits(again)) > len(splits(known))
    assert again.upper < known.upper
