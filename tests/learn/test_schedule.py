"""Rare switching."""

from __future__ import annotations

import numpy as np
import pytest

from exactqse.learn.schedule import block, until_doubled


def test_blocks_grow_with_the_episodes() -> None:
    t, blocks = 0, 0
    while t < 20_000:
        length = block(t, 1.15)
        assert 1 <= length <= max(1, 0.15 * t + 1)
        t, blocks = t + length, blocks + 1
    assert blocks < 80


@pytest.mark.parametrize(
    ("seen", "expected", "episodes"),
    [
        ([1000.0, 20.0], [1.0, 0.0], 320),  # nothing rare is done
        ([1000.0, 100.0], [0.5, 0.5], 200),  # 100 / (1/2): the rare one doubles
        ([1000.0, 0.0], [0.5, 0.5], 20),  # 8/(1/2) = 16 is less than a sixteenth of a block
        ([1000.0, 0.0], [0.99, 0.01], 320),
        ([1e9, 1e9], [0.0, 0.0], 320),
    ],
)
def test_what_was_rarely_done_is_thought_over_soon(
    seen: list[float], expected: list[float], episodes: int
) -> None:
    assert until_doubled(np.array(seen), np.array(expected), 320) == episodes


def test_a_block_of_one_stays_one() -> None:
    assert until_doubled(np.zeros(2), np.ones(2), 1) == 1
