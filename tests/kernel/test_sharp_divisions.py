"""What divided and tied claims show, where it is nearly all that is true.

Two steps after the first, one state, r and u of the last step opposed: with alpha for her second
action there v_2 = ln 2 + alpha and W_2 = 1 - alpha. Before it nobody has a choice that matters:
v_1 = ln 2 + v_2 / 2 and W_1 = W_2. So the frontier of step 1 is a line, which tied pieces follow.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import floor, log

import pytest

from exactqse.kernel.certificate import (
    Certificate,
    Claim,
    FarsightedNode,
    Leaf,
    Part,
    Piece,
    Slope,
    ValueSplit,
)
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import Frontier, PartBounds, parts
from exactqse.kernel.stage import FailureError
from exactqse.model import Game

P = 64
LN2 = Fraction(log(2))  # to 53 bits; what is asserted leaves room for more than its error
DUST = Fraction(1, 1 << 45)
MANY = 4
GRID = [Fraction(k, 40) for k in range(41)]


def game() -> Game:
    step = [[[0, 0], [0, 0]]]
    rows = [[[[1], [1]], [[1], [1]]]]
    u, r = [step, step, [[[1, 1], [0, 0]]]], [step, step, [[[0, 0], [1, 1]]]]
    return Game.from_arrays([rows] * 3, u, r, rho=0, eta=1, gamma="1/2")


def last() -> Claim:
    """A piece for each quarter of alpha, with the lam that suits its middle."""
    ends = [LN2 + Fraction(k, MANY) for k in range(1, MANY)]
    pieces = []
    for k, end in enumerate([*ends, None]):
        lam = -Fraction(2 * k + 1, 2 * MANY)
        alpha = (2 * k + 1) / (2 * MANY)
        gain = ("up", Fraction(1 - alpha) - lam)
        pieces.append(Piece(lam, ((Leaf((gain,)),), (Leaf((gain,)),)), end))
    return Claim(1, 0, tuple(pieces))


def tied(lam: Fraction, sigma: Fraction, middle: Fraction) -> Piece:
    """With majorants that touch where W_2 = 1 - middle."""
    leaf = Leaf((("up", 1 - middle - lam),))
    return Piece(lam, ((leaf,), (leaf,)), None, ((0, sigma),))


def part_of(claim: Claim, *ties: tuple[int, Fraction]) -> PartBounds:
    """With this claim of step 1, and ties of step 0."""
    this = game()
    nodes = tuple(FarsightedNode(h, 0, (((0, Fraction(1)),),) * 2) for h in range(3))
    first = Claim(1, 0, (Piece(Fraction(9), ((Leaf((0,)),), (Leaf((0,)),)), None, ties),))
    part = Part((first, claim, last()))
    slopes = ((Slope(Fraction(0)),) * 3,)
    stated = Certificate(this.hash, P, Fraction(0), Fraction(9), nodes, slopes, (part,))
    return next(parts(this, stated, P, INTEGER))


def frontier(claim: Claim) -> Frontier:
    """Of step 1."""
    found = part_of(claim).frontiers()
    assert found is not None
    return found[1, 0]


def shown(f: Frontier, region: int, alpha: Fraction) -> Fraction:
    """The highest line of a region at v_1 of a policy, or within dust of it."""
    v = (LN2 + (LN2 + alpha) / 2) * 2**P
    near = floor(DUST * 2**P)
    heights = []
    for start, end, first, second in f.regions[region]:
        at = min(max(v, start), end)
        if abs(at - v) <= near:
            heights.append(first + (second - first) * (at - start) / max(end - start, 1))
    return max(heights) / 2**P


def assert_sharp(f: Frontier, region: int, alphas: list[Fraction], room: Fraction) -> None:
    for alpha in alphas:
        assert 1 - alpha - DUST <= shown(f, region, alpha)
    nearest = min(shown(f, region, alpha) - (1 - alpha) for alpha in alphas)
    assert nearest <= room


@pytest.mark.parametrize("sigma", ["1/2", "1", "2", "0"])
def test_a_tied_piece_holds_for_all_values(sigma: str) -> None:
    f = frontier(Claim(1, 0, (tied(-Fraction(1, 2), Fraction(sigma), Fraction(1, 2)),)))
    assert_sharp(f, 0, GRID, Fraction(3))


def test_each_piece_is_tied_by_its_own_slope() -> None:
    """At the ends a piece is as high beside another one as it is alone."""
    some, other = (tied(-Fraction(1, 2), sigma, Fraction(1, 2)) for sigma in (Fraction(2), DUST))
    until = replace(some, end=LN2 * 3 / 2 + Fraction(1, 4))
    ((*_, first, _),), ((*_, last),) = (
        frontier(Claim(1, 0, (x,))).regions[0] for x in (some, other)
    )
    (_, _, one, _), (_, _, _, two) = frontier(Claim(1, 0, (until, other))).regions[0]
    assert (one, two) == (first, last)
    assert first != frontier(Claim(1, 0, (other,))).regions[0][0][2]
    assert last != frontier(Claim(1, 0, (some,))).regions[0][0][3]


def test_the_first_step_is_tied_by_its_own_slope() -> None:
    """A slope that is far from the frontier's costs more than the claim leaves."""
    half = Fraction(1, 2)
    claim = Claim(1, 0, (tied(-half, half, half),))
    generous, steep = (part_of(claim, (0, Fraction(slope))) for slope in (1, 1 << 20))
    assert generous.bound() == 9
    with pytest.raises(FailureError, match="step 0, state 0: the majorants' sum exceeds 0"):
        steep.bound()


@pytest.mark.parametrize("at", ["3/8", "1/2", "13/16"])
@pytest.mark.parametrize("sigmas", [("1", "1"), ("1/10", "9/10"), ("9/10", "1/10"), ("1", "3/4")])
def test_regions_of_the_next_value_hold_and_are_sharp(at: str, sigmas: tuple[str, str]) -> None:
    cut = Fraction(at)
    middles = cut / 2, (1 + cut) / 2
    pieces = [
        tied(1 - middle - Fraction(1, 5), Fraction(sigma), middle)
        for sigma, middle in zip(sigmas, middles, strict=True)
    ]
    f = frontier(Claim(1, 0, tuple(pieces), (ValueSplit(2, 0, LN2 + cut), 1, 1)))
    low, high = ([a for a in GRID if a <= cut], [a for a in GRID if a >= cut])
    assert_sharp(f, 0, low, Fraction(1))
    assert_sharp(f, 1, high, Fraction(1))


def test_free_pieces_of_regions_hold_and_are_sharp() -> None:
    cuts = [Fraction(k, 8) for k in range(1, 8)]
    divisions = [entry for cut in cuts for entry in (ValueSplit(2, 0, LN2 + cut), 1)] + [1]
    pieces = []
    for low, high in pairwise([Fraction(0), *cuts, Fraction(1)]):
        leaf = Leaf((("up", Fraction(2)),))  # sigma = gamma s = 1, the slope of the line
        pieces.append(Piece((low + high) / -2 - 1, ((leaf,), (leaf,))))
    f = frontier(Claim(1, 0, tuple(pieces), tuple(divisions)))
    for k, (low, high) in enumerate(pairwise([Fraction(0), *cuts, Fraction(1)])):
        assert_sharp(f, k, [a for a in GRID if low <= a <= high], Fraction(1, 20))
