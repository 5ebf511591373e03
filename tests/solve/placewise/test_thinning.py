"""What is left of the pieces of a search, and what they may show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exactqse.model import Game
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import Floats, model_of
from exactqse.solve.frontiers.hulls import polyline
from exactqse.solve.placewise import search as search_module
from exactqse.solve.placewise.allowances import Marks, marks_of, tell
from exactqse.solve.placewise.answers import Answers
from exactqse.solve.placewise.cells import total
from exactqse.solve.placewise.columns import majorants
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.region import Region
from exactqse.solve.placewise.search import Search
from exactqse.solve.placewise.thinning import heights, thin
from tests.solve.placewise.sharing import NOTHING, PAIR, drawn
from tests.solve.placewise.test_chances import chances
from tests.solve.placewise.test_trees import tree


def searched(game: Game) -> Search:
    search = Search(model_of(game), 1e-4)
    search.run(0.7e-4, Budget(nodes=4000), lambda _: None)
    search.settle()
    return search


def pieces(search: Search) -> int:
    return sum(
        len(region.pieces.of)
        for row in search.places[1:]
        for place in row
        for region in place.regions()
    )


FEW = [(tree(8, 4, 3), 0.3), (chances(2, 3, 1), 0.6), (drawn("own", 2, 3, 0, NOTHING).game, 0.6)]


@pytest.mark.parametrize(("game", "most"), FEW)
def test_few_pieces_are_kept(game: Game, most: float) -> None:
    with np.errstate(all="ignore"):
        search = searched(game)
        many, before = pieces(search), search.upper
        search.thin(1e-5)
    assert pieces(search) < most * many
    assert search.upper <= before + 2e-5


def test_all_pieces_are_kept_where_the_bound_rises_too_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = search_module.thin
    with np.errstate(all="ignore"):
        search = searched(chances(2, 3, 1))
        many, before = pieces(search), search.upper
        monkeypatch.setattr(search_module, "thin", lambda places, _, c: kept(places, 1.0, c))
        search.thin(1e-5)
    assert pieces(search) == many
    assert search.upper == pytest.approx(before, abs=1e-12)


def shown(place: Place, marks: Marks) -> Floats:
    found: Floats = np.max([heights(region.spans(), marks) for region in place.regions()], axis=0)
    return found


SHARED = [
    drawn("own", 2, 3, 0, NOTHING).game,
    drawn("tied", 3, 3, 1, NOTHING).game,
    drawn("chance", 2, 3, 0, PAIR).game,
]


@pytest.mark.parametrize("game", [tree(8, 5, 3), tree(4, 8, 2), chances(2, 3, 1), *SHARED])
def test_no_place_shows_more_than_it_may(game: Game) -> None:
    """On either side of every mark: where a place was divided, what it shows may jump."""
    with np.errstate(all="ignore"):
        search = searched(game)
        places = [place for row in search.places[1:] for place in row]
        marks = [marks_of(place) for place in places]
        before = [shown(place, some) for place, some in zip(places, marks, strict=True)]
        limits = thin(search.places, 1e-5, search.close)
        search.settle(chosen=True)
    jumps = 0
    for place, some, old in zip(places, marks, before, strict=True):
        most = np.maximum(limits[id(place)], old)
        now = shown(place, some)
        assert (now <= most + 1e-10).all()
        inside = np.isfinite(old[::2]) & np.isfinite(old[1::2])
        jumps += int((np.abs(old[::2] - old[1::2])[inside] > 1e-9).sum())
    assert jumps


@pytest.mark.parametrize("game", [tree(4, 4, 3), *SHARED[:2]])
def test_bounds_grow_no_further_where_all_next_places_show_what_they_may(game: Game) -> None:
    met = 0
    with np.errstate(all="ignore"):
        places = [each for row in searched(game).places for each in row if each.after]
        for place, region in [(each, region) for each in places for region in each.regions()]:
            found = region.found.some(np.arange(0, len(region.found.lam), 3))
            slack = 1e-3 * (1 + np.abs(found.G))
            limits: dict[int, Floats] = {}
            tell(place, region, found, slack, limits)
            raised = replace(region, lines=[])
            for child, line in zip(place.after, region.lines, strict=True):
                v, most = marks_of(child).v + child.site.reference, limits[id(child)]
                some = np.isfinite(most)
                at, high = np.append(v[some], line.v), np.append(most[some], line.w)
                raised.lines.append(polyline(at, high, np.arange(len(at))))
            for k in range(len(found.lam)):
                G = again(place, raised, found, k)
                assert found.G[k] + slack[k] + 1e-9 >= G
                met += found.G[k] + 0.01 * slack[k] < G
    assert met > 10


def again(place: Place, region: Region, found: Answers, k: int) -> float:
    """The k-th bound over the lines of the region, with the same majorants."""
    offers, _ = region.offers(place.site, np.flatnonzero(found.tied[k]).tolist())
    every = [
        majorants(offer.x, offer.y, (down[[k]], size[[k]]), found.lam[[k]])
        for offer, (down, size) in zip(offers, found.majorants, strict=True)
    ]
    return float(total(place.site.cells, every).max())


def test_a_mark_on_an_end_is_seen_from_inside_only() -> None:
    marks = Marks(np.repeat([0.0, 1.0, 2.0], 2), np.tile([False, True], 3))
    assert marks.within(0.0, 2.0).tolist() == [False, True, True, True, True, False]
    assert marks.within(1.0, 2.0).tolist() == [False, False, False, True, True, False]
    assert marks.within(1.0, 1.0).tolist() == [False, False, True, True, False, False]
