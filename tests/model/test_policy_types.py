"""A policy built by hand must hold Fractions."""

import pytest

from exactqse import Game, Policy
from exactqse.errors import PolicyError


def test_floats_are_refused() -> None:
    game = Game.from_arrays(None, [[[0]]], [[[0]]])
    with pytest.raises(PolicyError, match="not a Fraction; build it with"):
        Policy(((((1.0,),),),)).validated(game)
