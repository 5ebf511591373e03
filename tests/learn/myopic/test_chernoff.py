"""Bounds of a mean at all times: how often they fail is summed up over all sequences, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from exactqse.learn.myopic.chernoff import divergence_bound, farthest_mean

LENGTH = 200
DELTA = 0.1


def failure(p: float, share: float = 1.0) -> float:
    """The probability that p is outside at some n <= LENGTH, n draws of 0 and 1 with mean p."""
    inside = np.ones(1)  # by s: the probability of s, and that p was never outside
    for n in range(1, LENGTH + 1):
        inside = np.append(inside * (1 - p), 0.0) + np.append(0.0, inside * p)
        total, count = np.arange(n + 1.0), np.full(n + 1, float(n))
        bound = share * divergence_bound(total, count, float(np.log(1 / DELTA)))
        low, high = (farthest_mean(total, count, bound, sign) for sign in (-1.0, 1.0))
        inside = np.where((low <= p) & (p <= high), inside, 0.0)
    return 1 - float(inside.sum())


@pytest.mark.parametrize("p", [0.0, 0.004, 0.1, 0.35, 0.5, 0.81, 0.98, 1.0])
def test_the_mean_is_outside_at_most_as_often_as_said(p: float) -> None:
    assert failure(p) <= DELTA


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_a_third_of_the_bound_fails_too_often(p: float) -> None:
    assert failure(p, share=1 / 3) > DELTA


def test_the_bound_is_narrower_than_that_of_any_variable_and_far_narrower_near_an_end() -> None:
    n = np.array([50.0, 1000.0])
    for share, factor in ((0.5, 1.01), (0.02, 0.6)):
        total = share * n
        bound = divergence_bound(total, n, float(np.log(1 / DELTA)))
        width = farthest_mean(total, n, bound, 1.0) - share
        hoeffding = np.sqrt(bound / (2 * n))
        assert (width < factor * hoeffding).all()


def test_nothing_is_known_of_what_was_not_seen() -> None:
    none = np.zeros(1)
    bound = divergence_bound(none, none, 1.0)
    assert farthest_mean(none, none, bound, 1.0)[0] == 1
    assert farthest_mean(none, none, bound, -1.0)[0] == 0
