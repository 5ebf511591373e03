"""Steps of descent: they lower bounds, and no policy of a part is worth more than these say."""

from __future__ import annotations

import numpy as np
import pytest

from exactqse.evaluate import evaluate_float64
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.claims import bounder
from exactqse.solve.farsighted.descent import descend
from exactqse.solve.farsighted.forests import whole
from exactqse.solve.farsighted.incumbent import best_policy
from exactqse.solve.farsighted.model import Model, model_of
from exactqse.solve.farsighted.search import Search
from exactqse.solve.farsighted.slopes import of_policy, slopes_at
from tests.solve.farsighted.test_solver import drawn_game

OBSERVES = ("action", "nothing")


def searched(model: Model, nodes: int) -> tuple[Search, float]:
    policy = best_policy(model)
    slopes = slopes_at(model, of_policy(model, policy))
    shift = np.round(model.eta * policy.V[0][0])
    search = Search([bounder(model, whole(model), shift)], slopes.joined(slopes.flat()), 12)
    low = float(policy.worth(model)[0])
    search.run(low + 1e-3, Budget(nodes=nodes), lambda: search.nodes.size > nodes)
    return search, low


@pytest.mark.parametrize("observes", OBSERVES)
@pytest.mark.parametrize("rho", [[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]])
def test_bounds_fall_and_claims_lean_on_later_values_only(observes: str, rho: list[float]) -> None:
    model = model_of(drawn_game(3, 3, 0, observes=observes, rho=rho))
    search, low = searched(model, 60)
    batch = search.nodes.batch(np.array([n for _, n in search.heap]))
    parts = search.parts(batch)
    given = parts, batch.lam, batch.roots, low
    before, after = (descend(search.bounders[0], *given, steps) for steps in (0, 12))
    assert (after.bound <= before.bound).all()
    assert (after.bound < before.bound - 1e-4).mean() > 0.2  # though they had steps before
    step = np.repeat(np.arange(len(model.layers)), model.sizes)[model.sizes[0] :]
    assert not after.parts.lean[step[:, None] >= step].any()


@pytest.mark.parametrize("observes", OBSERVES)
def test_no_policy_is_worth_more_than_the_part_that_it_is_in(observes: str) -> None:
    game = drawn_game(2, 3, 7, observes=observes)
    search, _ = searched(model_of(game), 200)
    nodes, random = search.nodes, np.random.default_rng(0)
    leaves = np.flatnonzero(nodes.children[: nodes.size, 0] < 0)
    met = set()
    for _ in range(400):
        pi = random.dirichlet(np.full(2, 0.3), size=(3, 2, 2))
        if observes == "nothing":
            pi[:, :, 1] = pi[:, :, 0]
        found = evaluate_float64(game, pi)
        v = found.V[1:3].ravel()
        inside = (nodes.lo[leaves] <= v + 1e-12) & (v - 1e-12 <= nodes.hi[leaves])
        for n in leaves[inside.all(1)]:
            met.add(int(n))
            assert nodes.bound[n] + 1e-9 >= found.J
    assert len(met) > 5
