"""What is best and proved where actions share a mixture, against many choices of each."""

from __future__ import annotations

import numpy as np
import pytest

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.hulls import Polyline, polyline
from exactqse.solve.placewise import cells as cells_module
from exactqse.solve.placewise.answers import Answers, Site
from exactqse.solve.placewise.bounds import answer
from exactqse.solve.placewise.bracket import Bracket
from exactqse.solve.placewise.cells import shared
from exactqse.solve.placewise.region import Region
from exactqse.solve.placewise.ties import choices_of, lone_of, offers_of

GAMMA = 0.9
CELLS = [((0, 1, 2),), ((0, 2), (1,))]


def site_of(
    random: np.random.Generator, actions: int, kids: int, cells: tuple[tuple[int, ...], ...]
) -> Site:
    x, u = random.normal(size=(2, 3, actions))
    P = random.dirichlet([1.0] * kids, size=(3, actions)) if kids else np.zeros((3, actions, 0))
    return Site(x, u, P, GAMMA, 0.0, list(range(kids)), cells)


def lines_of(random: np.random.Generator, kids: int) -> list[Polyline]:
    rows = (random.normal(size=(2, 6)) for _ in range(kids))
    return [polyline(np.sort(v), w, np.arange(6)) for v, w in rows]


def corners_of(random: np.random.Generator, actions: int, site: Site) -> dict[int, Floats]:
    """A simplex for each cell, half of the whole one at least sometimes."""
    found: dict[int, Floats] = {}
    for cell in site.cells:
        corners = np.eye(actions)
        if random.random() < 0.7:
            corners[0] = (corners[0] + corners[1]) / 2
        found |= dict.fromkeys(cell, corners)
    return found


def proved(
    site: Site, corners: dict[int, Floats], lines: list[Polyline], ties: list[int], lam: Floats
) -> Answers:
    choices = choices_of(ties, lines)
    offers = offers_of(lone_of(site, corners, lines, ties), choices, site.gamma)
    with np.errstate(all="ignore"):  # as in the search: what is not finite proves nothing
        return shared(site.cells, offers, choices, lam, 1e-6, None)


def drawn(
    random: np.random.Generator,
    site: Site,
    corners: dict[int, Floats],
    lines: list[Polyline],
    ties: list[int],
    *,
    between: bool,
) -> tuple[Floats, Floats]:
    """(x, y) of each action for a policy: what is picked may differ, but not at tied places.

    There it is a vertex, or also ``between``.
    """
    A = site.x.shape[1]
    v, W = np.zeros((2, 3, len(lines)))
    for t, line in enumerate(lines):
        inside = random.uniform(line.v[0], line.v[-1], 3 if between or t not in ties else 0)
        v[:, t] = random.choice([*inside, *line.v], size=3)
        if t in ties:
            v[:, t] = v[0, t]
        W[:, t] = np.interp(v[:, t], line.v, line.w)
    alpha = np.zeros((3, A))
    for cell in site.cells:
        alpha[list(cell)] = random.dirichlet([random.choice([0.05, 1.0])] * A) @ corners[cell[0]]
    x = (alpha * (site.x + GAMMA * np.einsum("bat,bt->ba", site.P, v))).sum(1)
    y = (alpha * (site.u + np.einsum("bat,bt->ba", site.P, W))).sum(1)
    return x, y


@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("actions", [2, 3])
@pytest.mark.parametrize("kids", [0, 1, 2])
def test_bounds_hold_and_what_is_best_is_attained(
    cells: tuple[tuple[int, ...], ...], actions: int, kids: int
) -> None:
    random = np.random.default_rng(100 * actions + kids)
    lam = np.array([6.0, 2.0, 0.8, 0.3, -0.5, -3.0])
    for _ in range(4):
        site = site_of(random, actions, kids, cells)
        corners, lines = corners_of(random, actions, site), lines_of(random, kids)
        for ties in (list(range(kids)), []):
            found = proved(site, corners, lines, ties, lam)
            worth = (np.exp(found.x) * (found.y - lam[:, None])).sum(1)
            assert (worth <= found.G + 1e-9).all()
            best = np.full((2, len(lam)), -np.inf)
            for k in range(800):
                x, y = drawn(random, site, corners, lines, ties, between=k % 2 > 0)
                best[k % 2] = np.maximum(best[k % 2], (np.exp(x) * (y - lam[:, None])).sum(1))
            assert (best <= found.G + 1e-9).all()
            assert (worth >= best[0] - 0.02 * (1 + np.abs(best[0]))).all()


@pytest.mark.parametrize("cells", CELLS)
def test_replies_are_what_their_mixtures_and_picks_give(
    cells: tuple[tuple[int, ...], ...],
) -> None:
    random = np.random.default_rng(2)
    lam = np.linspace(2, -2, 9)
    for _ in range(10):
        site = site_of(random, 3, 1, cells)
        corners, lines = corners_of(random, 3, site), lines_of(random, 1)
        found = proved(site, corners, lines, [0], lam)
        for cell in cells:
            assert np.ptp(found.alpha[:, list(cell)], axis=1).max() == 0
            weights = found.alpha[:, cell[0]] @ np.linalg.inv(corners[cell[0]])
            assert weights.min() >= -1e-12
        assert np.ptp(found.picks[..., 0], axis=1).max() == 0
        height = np.interp(found.picks[..., 0], lines[0].v, lines[0].w)
        x = (found.alpha * (site.x + GAMMA * found.picks * site.P[..., 0])).sum(2)
        y = (found.alpha * (site.u + height[..., None] * site.P[..., 0])).sum(2)
        assert np.allclose(found.x, x, atol=1e-12)
        assert np.allclose(found.y, y, atol=1e-12)


def near(alpha: Floats, width: float) -> dict[int, Floats]:
    """A small simplex around a mixture, for all three actions."""
    A = len(alpha)
    return dict.fromkeys(range(3), alpha + width * (np.eye(A) - 1 / A))


@pytest.mark.parametrize("actions", [2, 3])
def test_what_is_lost_is_second_order_in_the_simplex(actions: int) -> None:
    """About a best mixture that is inside, where no member's value is near to lam."""
    random = np.random.default_rng(actions)
    ratios = []
    for _ in range(20):  # what draws the follower is bad for the leader, for each member another
        own, noise = np.eye(3)[:, :actions], 0.1 * random.normal(size=(2, 3, actions))
        site = Site(
            1.5 * own + noise[0],
            2 - own + noise[1],
            np.zeros((3, actions, 0)),
            GAMMA,
            0,
            [],
            CELLS[0],
        )
        lam = np.array([random.uniform(0.8, 1.2)])
        alpha, width = np.full(actions, 1 / actions), 1.0
        for _ in range(4):
            alpha = proved(site, near(alpha, width), [], [], lam).alpha[0, 0]
            width /= 8
            if alpha.min() < 0.1:
                break
        value = site.u @ alpha - lam
        if alpha.min() < 0.1 or np.abs(value).min() < 0.2:
            continue
        losses = []
        for width in (0.04, 0.01):
            found = proved(site, near(alpha, width), [], [], lam)
            worth = (np.exp(found.x) * (found.y - lam[:, None])).sum(1)
            losses.append(float((found.G - worth)[0]))
        ratios.append(losses[0] / losses[1])
    assert len(ratios) >= 5
    assert min(ratios) > 10  # of 16


def test_many_choices_are_bounded_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    site, lam = site_of(random, 3, 2, CELLS[1]), np.linspace(2, -2, 7)
    corners, lines = corners_of(random, 3, site), lines_of(random, 2)
    at_once = proved(site, corners, lines, [0, 1], lam)
    monkeypatch.setattr(cells_module, "_LARGE", 1)
    parts = proved(site, corners, lines, [0, 1], lam)
    assert np.array_equal(parts.lam, at_once.lam)
    assert np.allclose(parts.G, at_once.G, rtol=1e-12)


def test_divisions_reach_every_member_of_a_cell() -> None:
    random = np.random.default_rng(5)
    site = site_of(random, 2, 0, CELLS[1])
    whole = dict.fromkeys(range(3), np.eye(2))
    none = np.zeros(0)
    region = Region({}, whole, np.array([1.0, 0.0]), none, none)
    region.meet(site, [], ())
    region.found = answer(site, region, region.lam, 1e-6)
    assert [column.x.shape for column in region.columns(site)] == [(2, 1), (2,), (2, 1)]
    assert site.cell_of(2) == (0, 2)


@pytest.mark.parametrize("start", [-3.0, 0.0, 5.0])
def test_secants_find_a_root(start: float) -> None:
    for fall in (lambda z: 2 - z, lambda z: np.exp(-z) - 0.1, lambda z: 1 - z**3):
        bracket, lam = Bracket(), start
        for _ in range(40):
            lam = bracket.next(lam, float(fall(lam)))
        assert abs(fall(lam)) < 1e-12
