"""The search: what it leads to besides a bound, and what of it can be written."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from exactqse.errors import PrecisionError
from exactqse.games import dense
from exactqse.kernel.check import check
from exactqse.model import Game
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import search as search_of_parts
from exactqse.solve.farsighted import solve_farsighted
from exactqse.solve.farsighted.claims import Backward, bounder
from exactqse.solve.farsighted.emit import cover, sample, settled
from exactqse.solve.farsighted.forests import whole
from exactqse.solve.farsighted.incumbent import ascended, best_policy
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.nodes import Batch
from exactqse.solve.farsighted.parameters import Parameters
from exactqse.solve.farsighted.search import NO_ROOT, Search
from exactqse.solve.farsighted.slopes import Prescriptions, of_policy, slopes_at

BITS = 8


@pytest.fixture(autouse=True)
def without_warnings() -> Iterator[None]:
    """As the solver does: what is not finite proves nothing, and is not used."""
    with np.errstate(all="ignore"):
        yield


def random_game(S: int, H: int, seed: int) -> Game:
    """As in the benchmark of farsighted followers."""
    random = np.random.default_rng(seed)
    shape = H, S, 2, 2
    P = random.dirichlet(np.ones(S), size=shape)
    u, r = random.random((2, *shape))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)


def searched(game: Game, parts: int) -> Search:
    """After about so many parts, with an aim that is out of reach."""
    model = model_of(game)
    policy = best_policy(model)
    slopes = slopes_at(model, of_policy(model, policy))
    shift = np.round(model.eta * policy.V[0][0])
    search = Search([bounder(model, whole(model), shift)], slopes.joined(slopes.flat()), 14)
    aim = float(policy.worth(model)[0])
    search.run(aim, Budget(), lambda: search.nodes.size >= parts)
    return search


def test_the_largest_bounds_lead_to_better_policies() -> None:
    game = random_game(4, 4, 6)
    model = model_of(game)
    from_chance = best_policy(model).worth(model)[0]
    search = searched(game, 400)
    found = ascended(model, search.leading(64).mixtures())
    assert found.worth(model)[0] > from_chance + 1e-3
    certificate, _ = solve_farsighted(game, Fraction(1, 100), Budget(nodes=8000))
    assert check(game, certificate).outcome == "accepted"
    assert certificate.lower > from_chance + 1e-3
    assert certificate.upper > found.worth(model)[0]


def test_the_value_that_gains_most_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    game, gap = random_game(3, 3, 1), Fraction(1, 100)
    found, _ = solve_farsighted(game, gap, Budget())
    assert check(game, found).outcome == "accepted"
    monkeypatch.setattr(search_of_parts, "_CANDIDATES", 2)
    fewer_tried, _ = solve_farsighted(game, gap, Budget())
    assert fewer_tried.upper - fewer_tried.lower <= gap
    assert 2 * len(found.cover) < len(fewer_tried.cover)


def test_mixtures_of_what_decides_a_bound_are_distributions() -> None:
    search = searched(
        dense(states=2, leader_actions=3, follower_actions=2, horizon=2, seed=0).with_(
            gamma=1, eta=2
        ),
        200,
    )
    for step in search.leading(16).mixtures():
        assert (step >= 0).all()
        assert np.allclose(step.sum(-1), 1)


def test_rounding_leaves_the_better_corner_the_largest() -> None:
    """After rounding to the nearest number another one may be it, and G jumps."""
    search = searched(random_game(3, 3, 0), 1000)
    some = np.array([n for _, n in search.heap])[:512]
    batch = search.nodes.batch(some)
    backward = Backward(search.bounders[0], search.parts(batch))
    backward.replay(batch.lam[None], lambda _stage, _lam, found: found)
    stage, lam = backward.stage(0), batch.roots[:, None]
    found = stage.evaluate(lam)[2]
    _, exponent = np.frexp(found.value)
    unit = np.ldexp(1.0, exponent - BITS)
    plain = Parameters(found.down, np.round(found.value / unit) * unit)
    nearest, _, _ = stage.evaluate(lam, plain)
    best = settled(stage, lam, plain, unit)
    value, _, _ = stage.evaluate(lam, best)
    assert (value <= nearest).all()
    assert (np.abs(best.value - plain.value) <= unit).all()
    assert (nearest - value).max() > 1e-3


def test_a_part_without_a_root_is_not_written() -> None:
    game = random_game(2, 2, 1)
    search = searched(game, 20)
    unit, margin = 2.0**-20, 1e-11
    assert sample(game, search, unit, margin)[0] > 0
    leaves = search.nodes.children[: search.nodes.size, 0] < 0
    search.nodes.roots[: search.nodes.size][leaves] = NO_ROOT
    assert sample(game, search, unit, margin)[0] > 0
    with pytest.raises(PrecisionError, match="no bound for a part"):
        cover(game, search, unit, margin)
    search.nodes.roots[: search.nodes.size][leaves] = 0
    search.nodes.lam[: search.nodes.size][leaves] = np.inf
    with pytest.raises(PrecisionError, match="no bound for a part"):
        cover(game, search, unit, margin)


def test_slopes_from_what_decides_are_tried_for_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the other ways, half of them in turn; all of them where parts are few."""
    tried: list[int] = []
    other = Search._other

    def noted(search: Search, parts: Batch, deciding: Prescriptions, which: int) -> Batch:
        tried.append(which)
        return other(search, parts, deciding, which)

    monkeypatch.setattr(Search, "_other", noted)
    search = searched(random_game(3, 3, 1), 0)
    search.run(-1e9, Budget(nodes=5000), lambda: search.nodes.size > 800)
    assert tried[:4] == [0, 1, 2, 4]
    assert set(tried[-5:]) == {0, 1, 2, 4}
    assert tried[-5:].count(0) == 2
    assert len(tried) > 10
