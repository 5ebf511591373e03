"""J of float policies is that of the exact policies that they are once normalised."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exactqse
from exactqse import Game, Policy
from exactqse.errors import InputError
from exactqse.evaluate import LeaderValues
from exactqse.testing import games, policies


@settings(max_examples=60)
@given(st.data())
def test_it_agrees_with_the_exact_policy(data: st.DataObject) -> None:
    game = data.draw(games())
    values = LeaderValues(game, 12)
    for policy in data.draw(st.lists(policies(game), min_size=1, max_size=3)):
        floats = policy.as_array()
        exact = Policy.from_arrays(floats, game=game, normalise=True)
        found, finer = values.of(floats), exactqse.evaluate(game, exact, 30).J
        assert found.overlaps(finer)
        assert found.width * 10**12 <= max(1, abs(found.lower), abs(found.upper))


@pytest.mark.parametrize("eta", [1, "inf"])
def test_rows_are_normalised_exactly(eta: int | str) -> None:
    """With u = a, J is the probability of action 1: three thirds as floats are no third."""
    game = Game.from_arrays(None, [[[0], [1], [0]]], [[[0], [0], [0]]], eta=eta)
    row = [0.5, 0.5 + 2**-40, 2**-30]
    weights = [Fraction(w) for w in row]
    exact = weights[1] / sum(weights)
    found = LeaderValues(game, 40).of(np.array([[[row]]]))
    assert exact in found
    assert found.width <= Fraction(1, 10**40)
    assert Fraction(row[1]) not in found


def test_digits_are_checked() -> None:
    with pytest.raises(InputError, match="digits"):
        LeaderValues(exactqse.games.get("ochs-1995-1"), 0)
