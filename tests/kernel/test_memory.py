"""What a check remembers from one part of a cover to the next changes no bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from exactqse import Game, solve
from exactqse.kernel import farsighted
from exactqse.kernel.certificate import Certificate, Claim, Part, Slope, Split
from exactqse.kernel.check import check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import Box, Frontier, PartBounds, check_cover
from exactqse.kernel.stage import cut
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import solve_farsighted

P = 64
WHOLE = ((1, 0), (0, 1))


@pytest.fixture(scope="module")
def solved() -> tuple[Game, Certificate]:
    random = np.random.default_rng(3)
    P, (u, r) = random.dirichlet(np.ones(2), (3, 2, 2, 2)), random.random((2, 3, 2, 2, 2))
    game = Game.from_arrays(P, u, r, eta=3, gamma="9/10", normalise=True)
    found, _ = solve_farsighted(game, Fraction(1, 100), Budget())
    assert sum(isinstance(entry, Part) for entry in found.cover) >= 4
    return game, found


def parts(game: Game, certificate: Certificate) -> list[tuple[Part, Box]]:
    """The parts of the cover, with their boxes."""
    seen: list[tuple[Part, Box]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PartBounds, "bound", lambda self: seen.append((self.part, self.box)))
        check_cover(game, certificate, P, INTEGER)
    return seen


def inside(*sides: Any) -> Any:
    """A box of these sides."""
    return sides


def variants(game: Game, certificate: Certificate) -> Iterator[tuple[Certificate, Part, Box]]:
    """Each part, and the same with one thing changed: a claim, a slope, the box or a simplex."""
    table = certificate.slopes[0]
    others = tuple(range(len(table) - 2, len(table)))
    tables = [table]
    for j, slope in enumerate(table[2:-2], 2):
        lean = Slope(slope.own, tuple((i, Fraction(i, 7)) for i in others))
        tables += [(*table[:j], lean, *table[j + 1 :])]
    for j, slope in enumerate(table):
        tables += [(*table[:j], Slope(slope.own + 1, slope.others), *table[j + 1 :])]
    tables.append((*table[:-1], table[-2]))
    whole = replace(certificate, slopes=(*certificate.slopes, *tables))
    nowhere = inside(*({} for _ in parts(game, certificate)[0][1]))
    for part, box in parts(game, certificate)[:3]:
        yield whole, part, box
        for n in range(len(certificate.slopes), len(whole.slopes)):
            yield whole, replace(part, slopes=n), box
        for j, claim in enumerate(part.claims):
            assert isinstance(claim, Claim)
            piece = replace(claim.pieces[0], upper=claim.pieces[0].upper + 1)
            higher = replace(claim, pieces=(piece,))
            yield (
                whole,
                replace(part, claims=(*part.claims[:j], higher, *part.claims[j + 1 :])),
                box,
            )
        alike = replace(
            part, claims=(*part.claims[:-1], part.claims[-2]), slopes=len(whole.slopes) - 1
        )
        yield whole, alike, nowhere  # the last two places but for the game
        least, most, *rest = box
        for f in (PartBounds(game, whole, part, box, P, INTEGER, "").frontiers() or {}).values():
            yield whole, part, inside({**least, f.j: f.middle}, most, *rest)
            yield whole, part, inside(least, {**most, f.j: f.middle}, *rest)
        for where in product(range(len(game.places)), range(len(game.observes))):
            for half in cut(box[2].get(where, WHOLE), Split(0, 1)):
                yield whole, part, (*box[:2], {**box[2], where: half})


def test_bounds_are_those_of_each_part_alone(solved: tuple[Game, Certificate]) -> None:
    game, certificate = solved
    memory: dict[Any, Any] = {}
    bounds = set()
    for whole, part, box in variants(game, certificate):
        alone, shared = (
            outcome(PartBounds(game, whole, part, box, P, INTEGER, "", own)) for own in ({}, memory)
        )
        assert shared == alone
        bounds.add(alone)
    assert len(bounds) > 30


def outcome(bounds: PartBounds) -> object:
    """The bound, and all that is shown of later steps; or why there is none."""
    try:
        found = bounds.frontiers() or {}
        shown = [(f.v, f.points, f.own, tuple(f.others.items())) for f in found.values()]
        return bounds.bound(), str(shown)
    except farsighted.FailureError as failure:
        return str(failure)


def test_a_check_looks_at_less(
    solved: tuple[Game, Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    game, certificate = solved
    looked: list[int] = []
    stage = PartBounds.stage

    def counted(self: PartBounds, j: int, *rest: Any) -> Any:
        looked.append(j)
        return stage(self, j, *rest)

    monkeypatch.setattr(PartBounds, "stage", counted)
    assert check(game, certificate)
    less = len(looked)
    looked.clear()
    monkeypatch.setattr(farsighted, "MEMORY", -1)  # forgotten after every part
    assert check(game, certificate)
    assert less < len(looked)
    assert len(looked) <= len(game.places) * sum(isinstance(x, Part) for x in certificate.cover)


def test_a_stage_looks_at_claims_that_the_followers_action_leads_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    P = np.full((2, 5, 2, 2, 5), 0.2)
    P[0, 0, :, 0] = 0, 0.25, 0.75, 0, 0
    P[0, 0, :, 1] = 0, 0, 0, 0.5, 0.5
    u, r = random.random((2, 2, 5, 2, 2))
    game = Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)
    found = solve(game, gap="1/20", leader="history").certificate
    bounds = PartBounds(game, found, parts(game, found)[0][0], ({}, {}, {}), 64, INTEGER, "")
    after = {s: f for (_, s), f in (bounds.frontiers() or {}).items()}
    free = bounds.stage(0, 0, after, {f.j: f.radius for f in after.values()}).free
    assert free is not None
    seen: list[int] = []
    phi = Frontier.phi

    def noted(self: Frontier, sigma: int, p: int) -> Any:
        seen.append(self.j)
        return phi(self, sigma, p)

    monkeypatch.setattr(Frontier, "phi", noted)
    heights = [free.height(b, -(1 << 64)) for b in (0, 1)]
    assert seen == [1, 2, 3, 4]  # each at one of the two
    for (low, high), above in zip([(1, 2), (3, 4)], heights, strict=True):
        alone = [phi(after[t], -(1 << 64), 64) for t in (low, high)]
        assert min(alone) < above[0][1] < max(alone) + 3 + max(f.radius for f in after.values())


def test_slopes_of_places_that_are_known_are_not_those_of_others(
    solved: tuple[Game, Certificate],
) -> None:
    game, certificate = solved
    part, box = parts(game, certificate)[0]
    bounds = PartBounds(game, certificate, part, box, P, INTEGER, "")
    found = bounds.frontiers() or {}
    radius = {f.j: f.radius for f in found.values()}
    for radii in product((0, 1, 2), repeat=2):  # units: the first, of one value, is remembered
        after = {s: replace(found[1, s], radius=n) for s, n in enumerate(radii)}
        stage = bounds.stage(0, 0, after, radius)
        pushed = [
            {i for i, (n, _) in slopes.items() if n} for row in stage.slopes for slopes in row
        ]
        moving = {f.j for f in after.values() if f.radius}
        assert len(pushed) == 4
        assert all(places == moving for places in pushed)
        assert stage.radius == radius | {f.j: f.radius for f in after.values()}


def test_bounds_lean_on_places_of_all_later_steps() -> None:
    random = np.random.default_rng(3)
    P, (u, r) = random.dirichlet(np.ones(2), (4, 2, 2, 2)), random.random((2, 4, 2, 2, 2))
    game = Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)
    found, _ = solve_farsighted(game, Fraction(1, 10), Budget())
    named = {
        game.places[j][0] - game.places[k][0]
        for part in found.cover
        if isinstance(part, Part)
        for k, slope in enumerate(found.slopes[part.slopes])
        for j, _ in slope.others
    }
    assert {1, 2} <= named
    assert check(game, found)
    less = replace(found, upper=found.lower - Fraction(1, 1000))
    assert check(game, replace(less, lower=less.upper)).outcome == "rejected"
