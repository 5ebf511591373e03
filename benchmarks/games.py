"""Games of several benchmarks."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from exactqse import Game
from exactqse.games import families


def integer_game(
    shape: tuple[int, int],
    seed: int,
    *,
    observes: Any = "nothing",
    states: int = 1,
    horizon: int = 1,
) -> Game:
    """Payoffs 0..10, tables that differ from step to step, rows of P from weights 1..1000."""
    stream = np.random.PCG64(seed)

    def draw(top: int, *sizes: int) -> np.ndarray:
        raw = stream.random_raw(int(np.prod(sizes)))
        return (raw % np.uint64(top)).astype(np.int64).reshape(sizes)

    sizes = (horizon, states, *shape)
    u, r = draw(11, *sizes), draw(11, *sizes)
    weights = 1 + draw(1000, *sizes, states)
    totals = weights.sum(axis=-1)
    P = [
        [Fraction(int(w), int(t)) for w in row]
        for row, t in zip(weights.reshape(-1, states), totals.flat, strict=True)
    ]
    table = np.array(P, dtype=object).reshape(*sizes, states)
    return Game.from_arrays(
        table.tolist() if states > 1 else None, u.tolist(), r.tolist(), eta="1/2", observes=observes
    )


def large_games() -> list[tuple[str, int, float, Callable[[], Game]]]:
    """(label, digits, goal in seconds, game)."""
    shape = {"leader_actions": 5, "follower_actions": 5, "seed": 1}
    small = {"states": 10, "leader_actions": 3, "follower_actions": 3, "horizon": 10, "seed": 1}
    return [
        ("S=30 A=B=5 H=10 dense", 50, 0.5, lambda: families.dense(states=30, horizon=10, **shape)),
        (
            "S=100 A=B=5 H=20 sparse (10)",
            50,
            5.0,
            lambda: families.sparse(states=100, horizon=20, successors=10, **shape),
        ),
        ("S=10 A=B=3 H=10 dense", 1000, 2.0, lambda: families.dense(**small)),
    ]
