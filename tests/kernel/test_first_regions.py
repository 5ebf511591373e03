"""Step 0 place by place: the bound is that of the region that allows most, each by its own piece.

One state, one step: W = alpha, the probability of the leader's second action.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from exactqse.kernel.certificate import (
    Certificate,
    Claim,
    FarsightedNode,
    Leaf,
    MixtureSplit,
    Part,
    Piece,
    Slope,
    Split,
)
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import parts
from exactqse.kernel.stage import FailureError
from exactqse.model import Game

P = 64
LOW, HIGH = Fraction(3, 5), Fraction(11, 10)  # above W for alpha <= 1/2, and for all alpha


def bound(edge: Split, *uppers: Fraction) -> Fraction | None:
    """Of one part, whose claim halves alpha; the majorants are tangent where W is largest."""
    game = Game.from_arrays(None, [[[0], [1]]], [[[0], [0]]], eta=1, gamma=1)
    pieces = tuple(Piece(upper, ((Leaf((1,)),),)) for upper in uppers)
    part = Part((Claim(0, 0, pieces, (MixtureSplit(edge, 0, 0, 0), 1, 1)),))
    node = FarsightedNode(0, 0, (((0, Fraction(1)),),))
    stated = Certificate(
        game.hash, P, Fraction(0), Fraction(2), (node,), ((Slope(Fraction(0)),),), (part,)
    )
    return next(parts(game, stated, P, INTEGER)).bound()


@pytest.mark.parametrize(
    ("edge", "uppers"), [(Split(0, 1), (HIGH, LOW)), (Split(1, 0), (LOW, HIGH))]
)
def test_the_first_step_is_bounded_by_its_worst_region(
    edge: Split, uppers: tuple[Fraction, Fraction]
) -> None:
    assert bound(edge, *uppers) == HIGH
    with pytest.raises(FailureError):  # each piece is for its own region
        bound(edge, *reversed(uppers))
    with pytest.raises(FailureError):
        bound(edge, LOW, LOW)
