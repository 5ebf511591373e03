"""Many regions at once: each has what it has alone, and what the definitions say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import Floats, model_of
from exactqse.solve.frontiers.envelope import pieces
from exactqse.solve.frontiers.hulls import best_on, polyline, upper_hull
from exactqse.solve.placewise.answers import Answers, Site
from exactqse.solve.placewise.bounds import Wanted, answers
from exactqse.solve.placewise.clips import clipped
from exactqse.solve.placewise.columns import majorants
from exactqse.solve.placewise.cuts import cut
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.ragged import Rows, hulls, product
from exactqse.solve.placewise.region import GRAIN, Region
from exactqse.solve.placewise.search import Search
from tests.solve.placewise.test_chances import chances
from tests.solve.placewise.test_trees import tree

CLOSE = 1e-7
GAMMA = 0.9


def site_of(random: np.random.Generator, shape: tuple[int, int, int], ties: list[int]) -> Site:
    """(B, A, T); where T places may follow all actions lead to all."""
    x, u = random.normal(size=(2, *shape[:2]))
    P = random.dirichlet(np.ones(shape[2]), size=shape[:2])
    cells = tuple((b,) for b in range(shape[0]))
    return Site(x, u, P, GAMMA, 0.0, ties, cells)


def region_of(random: np.random.Generator, site: Site) -> Region:
    """Over frontiers of a few vertices, with mixtures from half a simplex sometimes."""
    corners: dict[int, Floats] = {}
    for b in range(len(site.x)):
        corners[b] = np.eye(site.x.shape[1])
        if random.random() < 0.5 and len(corners[b]) > 1:
            corners[b][0] = (corners[b][0] + corners[b][1]) / 2
    lam = np.sort(random.uniform(-4, 4, random.integers(2, 12)))[::-1]
    none = np.zeros(0)
    region = Region({}, corners, lam, none, np.sort(random.normal(size=2)))
    lines = []
    for _ in range(site.P.shape[2]):
        m = int(random.integers(1, 8))
        lines.append(polyline(np.sort(random.normal(size=m)), random.normal(size=m), np.arange(m)))
    region.meet(site, lines, ())
    return region


SHAPES = [
    ((2, 2, 1), [0]),
    ((3, 2, 2), [0, 1]),
    ((2, 3, 2), [1]),
    ((2, 2, 2), []),
    ((1, 1, 1), [0]),
]


@pytest.mark.parametrize(("shape", "ties"), SHAPES)
def test_bounds_together_are_bounds_alone(shape: tuple[int, int, int], ties: list[int]) -> None:
    """To the last bit: first bounds, with those known of before, and of one lam."""
    random = np.random.default_rng(7)
    sites = [site_of(random, shape, ties) for _ in range(6)]
    regions = [region_of(random, site) for site in sites for _ in range(3)]
    wanted = [
        Wanted(sites[k // 3], region, region.lam[: 1 if k % 4 == 0 else None])
        for k, region in enumerate(regions)
    ]
    with np.errstate(all="ignore"):
        for _ in range(2):
            together = answers(wanted, CLOSE)
            for one, found in zip(wanted, together, strict=True):
                same(found, answers([one], CLOSE)[0])
            for region, found in zip(regions, together, strict=True):
                region.known = found


def same(some: Answers, others: Answers) -> None:
    for name in ("lam", "G", "v", "W", "x", "y", "alpha", "picks", "tied", "down", "size"):
        assert np.array_equal(getattr(some, name), getattr(others, name), equal_nan=True), name


@pytest.mark.parametrize(("shape", "ties"), SHAPES[:2])
def test_tied_bounds_are_what_the_definitions_say(
    shape: tuple[int, int, int], ties: list[int]
) -> None:
    """G is the largest sum of majorants over the choices; what is best is the best of these."""
    random = np.random.default_rng(8)
    site = site_of(random, shape, ties)
    regions = [region_of(random, site) for _ in range(60)]
    with np.errstate(all="ignore"):
        for _ in range(2):  # the second time with known majorants, where only the tied are asked
            found = answers([Wanted(site, region, region.lam) for region in regions], CLOSE)
            for region, some in zip(regions, found, strict=True):
                region.known = some
        for region, some in zip(regions, found, strict=True):
            assert some.tied.all()
            offers, choices = region.offers(site, ties)
            every = [
                majorants(offer.x, offer.y, of, some.lam)
                for offer, of in zip(offers, some.majorants, strict=True)
            ]
            assert np.allclose(np.sum(every, axis=0).max(1), some.G, rtol=1e-12, atol=1e-12)
            worth = np.zeros((len(some.lam), len(choices.v)))
            for offer in offers:
                full = (len(some.lam), *offer.x.shape)
                x, y = np.broadcast_to(offer.x, full), np.broadcast_to(offer.y, full)
                lam = np.broadcast_to(some.lam[:, None], full[:2])
                i, far = best_on(x, y, lam)
                j = np.minimum(i + 1, full[2] - 1)
                right, up = (
                    np.take_along_axis(z, i[..., None], 2)[..., 0] * (1 - far)
                    + np.take_along_axis(z, j[..., None], 2)[..., 0] * far
                    for z in (x, y)
                )
                worth += np.exp(right) * (up - lam)
            at_best = (np.exp(some.x) * (some.y - some.lam[:, None])).sum(1)
            assert np.allclose(worth.max(1), at_best, rtol=1e-12, atol=1e-12)


def test_hulls_of_rows() -> None:
    random = np.random.default_rng(3)
    sizes = [1, 2, 7, 30, 4, 60]
    x = [random.integers(0, 9, n) * 1.0 if n % 2 else random.normal(size=n) for n in sizes]
    y = [random.normal(size=n) for n in sizes]
    for k, scale in ((2, 1e-200), (3, 1e200)):  # products of differences vanish, or overflow
        x[k], y[k] = x[k] * scale, y[k] * scale
    order = random.permutation(sum(sizes))
    of = np.repeat(np.arange(len(sizes)), sizes)[order]
    right, up = np.concatenate(x)[order], np.concatenate(y)[order]
    found = hulls(of, right, up)
    for k in range(len(sizes)):
        mine, alone = found[of[found] == k], upper_hull(x[k], y[k])
        assert np.array_equal(right[mine], x[k][alone])
        assert np.array_equal(up[mine], y[k][alone])
    assert (np.diff(of[found]) >= 0).all()


def test_rows() -> None:
    rows = Rows.of_lengths([2, 3, 1])
    values = np.array([1.0, 4.0, np.nan, 5.0, 5.0, np.nan])
    assert rows.largest(values).tolist() == [1, 3, 5]
    assert [some.tolist() for some in rows.split(np.arange(6))] == [[0, 1], [2, 3, 4], [5]]
    pairs, at = product(np.array([1, 0, 1]), rows)
    assert at.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]
    assert pairs.lengths.tolist() == [3, 2, 3]


def searched(*, many: bool) -> Search:
    search = Search(model_of(chances(2, 3, 1) if many else tree(8, 4, 3)), 1e-4)
    search.run(0.7e-4, Budget(nodes=4000), lambda _: None)
    search.settle()
    return search


def places(search: Search) -> list[Place]:
    return [place for row in search.places[1:] for place in row]


@pytest.mark.parametrize("many", [False, True])
def test_pieces_are_those_of_the_envelope(*, many: bool) -> None:
    worth = 1e-6
    with np.errstate(all="ignore"):
        regions = [region for place in places(searched(many=many)) for region in place.regions()]
        cut(regions, worth, shares=False)
        falling = 0
        for region in regions:
            G, ends = region.found.G, (region.low, region.high)
            grid = np.arange(*ends, 0.15)[1:] if G.min() < 0 else np.zeros(0)
            cuts = np.concatenate([region.cuts, grid])
            alone = pieces(region.found.lam, G, ends, cuts, worth)
            inner = np.clip(np.round(alone.ends[1:-1] * GRAIN) / GRAIN, *ends)
            marks = region.marks[(region.marks > ends[0]) & (region.marks < ends[1])]
            every = np.unique(np.concatenate([ends, inner, marks]))
            assert np.array_equal(np.unique(region.pieces.ends), every)
            middle = (region.pieces.ends[1:] + region.pieces.ends[:-1]) / 2
            at = np.searchsorted([*inner, np.inf], middle)
            one, other = (  # of lines that are the same up to rounding either may be taken
                region.found.lam[of] + G[of] * np.exp(-middle)
                for of in (region.pieces.of, alone.of[at])
            )
            one, other = (worth[np.diff(region.pieces.ends) > 1 / GRAIN] for worth in (one, other))
            assert np.allclose(one, other, rtol=0, atol=1e-12)
            falling += int((G[region.pieces.of] < 0).sum())
            start, end, first, last = region.spans()
            d, K, _ = region.pieces.points(region.found.lam, G)
            assert np.array_equal(np.concatenate([start, end]), d)
            assert np.array_equal(np.concatenate([first, last]), K)
    assert falling


def test_pieces_follow_each_other_whatever_roundings_do() -> None:
    """Of bounds that all meet in one point, and in a region of one v."""
    random = np.random.default_rng(6)
    with np.errstate(all="ignore"):
        regions = [r for place in places(searched(many=False)) for r in place.regions()][:60]
        for k, region in enumerate(regions):
            lam, at = region.found.lam, random.uniform(region.low, region.high)
            region.found = replace(region.found, G=(lam[0] - lam + 0.1) * np.exp(at) + 1 / 3)
            if k % 3 == 0:
                region.low = region.high = at
        cut(regions, 1e-6, shares=False)
    for region in regions:
        ends = region.pieces.ends
        assert (ends[0], ends[-1]) == (region.low, region.high)
        assert len(ends) == len(region.pieces.of) + 1
        assert (np.diff(ends) >= 0).all()
        assert region.pieces.of.max() < len(region.found.lam)


@pytest.mark.parametrize("many", [False, True])
def test_what_places_show_in_a_box(*, many: bool) -> None:
    """The hull of the lines there; of what only touches the box, if that is all of a region."""
    random = np.random.default_rng(4)
    with np.errstate(all="ignore"):
        some = places(searched(many=many))
    asked = [some[k] for k in random.integers(len(some), size=40)]
    ends = np.sort([random.uniform(*place.reach, 2) for place in asked], axis=1)
    ends[:5, 0], ends[5:10] = -np.inf, [[place.reach[1]] * 2 for place in asked[5:10]]
    ends[10:12] = ends[10:12] + 1e3
    found = clipped(asked, *ends.T)
    assert [line is None for line in found] == [10 <= k < 12 for k in range(40)]
    for place, (low, high), line in zip(asked, ends, found, strict=True):
        (again,) = clipped([place], np.array([low]), np.array([high]))
        if line is None or again is None:
            assert line is again
            continue
        assert line.same(again)
        v, w = shown(place, low, high)
        expected = polyline(v, w, np.arange(len(v)))
        assert line.v[0] == expected.v[0]
        assert line.v[-1] == expected.v[-1]
        both = np.concatenate([line.v, expected.v])
        gap = [np.interp(both, one.v, one.w) for one in (line, expected)]
        assert np.allclose(*gap, rtol=0, atol=1e-9)


def shown(place: Place, low: float, high: float) -> tuple[Floats, Floats]:
    """Ends of all lines in the box."""
    points: list[tuple[float, float]] = []
    reference = place.site.reference
    for region in place.regions():
        rows = [*zip(*region.spans(), strict=True)]
        rows = [(a + reference, b + reference, K, L) for a, b, K, L in rows]
        inside = [row for row in rows if row[0] < high and row[1] > low]
        touching = [row for row in rows if row[0] <= high and row[1] >= low]
        for start, end, first, last in inside or touching:
            ends = (max(start, low), min(end, high))
            points += [(v, float(np.interp(v, [start, end], [first, last]))) for v in ends]
    found = np.array(points).T
    return found[0], found[1]
