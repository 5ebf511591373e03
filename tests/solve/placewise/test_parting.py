"""Regions that are divided for the checker's sake: it has less to do, and all holds as before."""

from __future__ import annotations

import numpy as np
import pytest

from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.placewise import parting
from exactqse.solve.placewise.bounds import Wanted, answers
from exactqse.solve.placewise.clips import clipped
from exactqse.solve.placewise.parting import part_regions
from exactqse.solve.placewise.place import Place
from exactqse.solve.placewise.region import GRAIN
from exactqse.solve.placewise.search import Search
from tests.solve.placewise.test_chances import chances
from tests.solve.placewise.test_trees import tree


def looked_at(place: Place) -> int:
    """How often the checker bounds a piece at a choice of vertices."""
    count = 0
    for region in place.regions():
        for k in region.pieces.of:
            ties = np.flatnonzero(region.found.tied[k])
            count += int(np.prod([len(region.lines[t].v) for t in ties]))
    return count


@pytest.mark.parametrize("many", [False, True])
def test_less_is_looked_at_and_all_bounds_hold(
    monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    monkeypatch.setattr(parting, "_MORE", 5)
    divided = 0
    with np.errstate(all="ignore"):
        search = Search(model_of(chances(2, 4, 0) if many else tree(4, 8, 2)), 1e-5)
        search.run(0.7e-5, Budget(nodes=4000), lambda _: None)
        search.settle()
        search.thin(1e-6)
        for place in (place for row in search.places[1:] for place in row):
            before, reach, regions = looked_at(place), place.reach, place.regions()
            part_regions(place)
            assert place.reach == reach
            some = place.regions()
            if len(some) == len(regions):
                assert looked_at(place) == before
                continue
            assert looked_at(place) < before - 5 * (len(some) - len(regions))
            divided += len(some) - len(regions)
            for region in some:
                assert region.pieces.ends[0] <= region.low
                assert region.pieces.ends[-1] >= region.high
                for t, (low, high) in region.box.items():
                    (line,) = clipped([place.after[t]], np.array([low]), np.array([high]))
                    assert line is not None
                    assert np.allclose(line.v[[0, -1]], region.lines[t].v[[0, -1]], atol=1 / GRAIN)
                region.known = region.found
            wanted = [Wanted(place.site, region, region.found.lam) for region in some]
            for region, again in zip(some, answers(wanted, search.close), strict=True):
                assert (region.found.G + 1e-9 * (1 + np.abs(region.found.G)) >= again.G).all()
    assert divided > 5
