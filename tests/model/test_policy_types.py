"""A policy built by hand must hold Fractions."""

from fractions import Fraction

import pytest

from exactqse import Policy
from exactqse.errors import PolicyError


def test_floats_are_refused() -> None:
    for table in (((((1.0,),),),), [[[[Fraction(1)]]]], ((((1,),),),), None):
        with pytest.raises(PolicyError, match="of Fraction, no other types; build it with"):
            Policy(table)
