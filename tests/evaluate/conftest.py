from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import strategies as st

from exactqse.model import Game, Policy

GAMMAS = [Fraction(0), Fraction(1, 3), Fraction(9, 10), Fraction(1)]
ETAS = [Fraction(1, 4), Fraction(1), Fraction(5), float("inf")]


def distributions(count: int) -> st.SearchStrategy[list[Fraction]]:
    weights = st.lists(st.integers(0, 3), min_size=count, max_size=count).filter(any)
    return weights.map(lambda w: [Fraction(x, sum(w)) for x in w])


def tables(entry: st.SearchStrategy, *shape: int) -> st.SearchStrategy:
    for count in reversed(shape):
        entry = st.lists(entry, min_size=count, max_size=count)
    return entry


@st.composite
def partitions(draw: st.DrawFn, count: int) -> list[list[int]]:
    labels = draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=count))
    return [[b for b in range(count) if labels[b] == label] for label in sorted(set(labels))]


@st.composite
def small_cases(draw: st.DrawFn, largest: int, etas: list) -> tuple[Game, Policy]:
    """A game on a grid of payoffs, stationary or not, and a policy constant on its cells."""
    H, S, A, B = (draw(st.integers(1, n)) for n in (3, 2, largest, largest))
    steps = draw(st.sampled_from([(), (H,)]))
    grid = st.integers(-6, 6).map(lambda n: Fraction(n, 2))
    cells = draw(partitions(B))
    game = Game.from_arrays(
        draw(tables(distributions(S), *steps, S, A, B)),
        draw(tables(grid, *steps, S, A, B)),
        draw(tables(grid, *steps, S, A, B)),
        rho=draw(distributions(S)),
        horizon=H,
        eta=draw(st.sampled_from(etas)),
        gamma=draw(st.sampled_from(GAMMAS)),
        observes=cells,
    )
    by_cell = draw(tables(distributions(A), H, S, len(cells)))
    place = {b: i for i, cell in enumerate(game.observes) for b in cell}
    pi = [[[rows[place[b]] for b in range(B)] for rows in step] for step in by_cell]
    return game, Policy.from_arrays(pi, game=game)


@pytest.fixture(scope="session")
def cases() -> st.SearchStrategy:
    """Games and policies with eta finite or not."""
    return small_cases(3, ETAS)


@pytest.fixture(scope="session")
def finite_cases() -> st.SearchStrategy:
    """Games and policies with finite eta, small enough for closed forms."""
    return small_cases(2, ETAS[:3])


@pytest.fixture(scope="session")
def best_response_cases() -> st.SearchStrategy:
    """Games and policies at eta = infinity; ties are frequent on this grid."""
    return small_cases(3, ETAS[3:])
