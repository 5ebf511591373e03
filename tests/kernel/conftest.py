"""Small games, and certificates that the solver found for them; nothing here was checked."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from exactqse.kernel.certificate import Certificate
from exactqse.model import Game
from exactqse.solve import solve

DIGITS = 8
LEFT_OUT = {  # of mutants: further seeds of tests that others repeat, and long ones
    *(f"test_nothing_exceeds_the_bound[{block}]" for block in range(3, 8)),
    *(f"test_no_policy_of_the_part_exceeds_a_claim[{block}]" for block in range(3, 6)),
    "test_mutated_files_raise_input_errors_only",
    "test_ln2[140000]",
}
SIZES = ((1, 2, 2, 1), (2, 2, 3, 2), (2, 3, 2, 3), (3, 2, 2, 2))  # (S, A, B, H)


def plain_game(seed: int, sizes: tuple[int, int, int, int], eta: Fraction) -> Game:
    """A game of hundredths whose every row is positive, drawn by a congruential generator."""
    states, leader, follower, horizon = sizes
    memory = [seed * 2654435761 % 2**32]

    def draw(most: int) -> int:
        memory[0] = (memory[0] * 1664525 + 1013904223) % 2**32
        return memory[0] * (most + 1) >> 32

    def payoffs() -> list[list[list[list[Fraction]]]]:
        return [
            [
                [[Fraction(draw(200) - 100, 100) for _ in range(follower)] for _ in range(leader)]
                for _ in range(states)
            ]
            for _ in range(horizon)
        ]

    def row() -> list[Fraction]:
        weights = [1 + draw(4) for _ in range(states)]
        return [Fraction(w, sum(weights)) for w in weights]

    rows = [
        [[[row() for _ in range(follower)] for _ in range(leader)] for _ in range(states)]
        for _ in range(horizon)
    ]
    return Game.from_arrays(
        rows, payoffs(), payoffs(), rho=[Fraction(1, states)] * states, horizon=horizon, eta=eta
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under mutmut the quickest come first, where most mutants die; some slow ones are left out."""
    if Path.cwd().name != "mutants":
        return
    times = Path("mutmut-stats.json")
    found = json.loads(times.read_text(encoding="utf-8")) if times.exists() else {}
    duration = found.get("duration_by_test", {})
    items[:] = [item for item in items if item.name not in LEFT_OUT]
    items.sort(key=lambda item: duration.get(item.nodeid, 0))


@pytest.fixture(scope="session")
def solved() -> list[tuple[Game, Certificate]]:
    """Games of several sizes and temperatures with certificates of 8 digits."""
    etas = (Fraction(1), Fraction(5, 2), Fraction(1, 3), Fraction(7))
    games = [plain_game(i, sizes, etas[i]) for i, sizes in enumerate(SIZES)]
    return [(game, solve(game, DIGITS, checker=None).certificate) for game in games]


@pytest.fixture(scope="session")
def deep(solved: list[tuple[Game, Certificate]]) -> tuple[Game, Certificate]:
    """The game of three steps, two states, 3 x 2 actions, and its certificate."""
    return solved[2]
