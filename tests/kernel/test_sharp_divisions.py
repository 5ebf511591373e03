"""What divided and tied claims show, where it is nearly all that is true.

Two steps after the first, one state, r and u of the last step opposed: with alpha for her second
action there v_2 = ln 2 + alpha and W_2 = 1 - alpha. Before it she has no choice that matters, and
he takes either action, the second at a cost of 2 to her, of 6 at step 0: v_1 = ln 2 + v_2 / 2,
W_1 = W_2 - 1 and W_0 = W_1 - 3. So the frontier of step 1 is a line; free pieces, whose actions
pick different v_2, stay above it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import floor, log

import pytest

from exactqse.kernel import farsighted
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
from exactqse.kernel.farsighted import Frontier, PartBounds, _each, parts
from exactqse.kernel.interval import enclose
from exactqse.kernel.stage import FailureError
from exactqse.model import Game

P = 64
LN2 = Fraction(log(2))  # to 53 bits; what is asserted leaves room for more than its error
DUST = Fraction(1, 1 << 45)
MANY = 4
GRID = [Fraction(k, 40) for k in range(41)]


def game() -> Game:
    step, cost, more = ([[[0, -c], [0, -c]]] for c in (0, 2, 6))
    rows = [[[[1], [1]], [[1], [1]]]]
    u, r = [more, cost, [[[1, 1], [0, 0]]]], [step, step, [[[0, 0], [1, 1]]]]
    return Game.from_arrays([rows] * 3, u, r, rho=0, eta=1, gamma="1/2")


def last(free: int = 1) -> Claim:
    """A piece for each quarter of alpha, with the lam that suits its middle."""
    ends = [LN2 + Fraction(k, MANY) for k in range(1, MANY)]
    pieces = []
    for k, end in enumerate([*ends, None]):
        lam = -Fraction(2 * k + 1, 2 * MANY)
        alpha = (2 * k + 1) / (2 * MANY)
        gain = ("up", Fraction(1 - alpha) - lam)
        pieces.append(Piece(lam, ((Leaf((gain,)),), (Leaf((gain,)),)), end))
    return Claim(free, 0, tuple(pieces))


def piece(lam: Fraction, value: Fraction, *ties: int, cost: int = 2) -> Piece:
    """With majorants that touch where the value of the next step is this."""
    gains = [value - paid - lam for paid in (0, cost)]
    majorants = [("up", gain) if gain > 0 else ("chord", -gain / 2) for gain in gains]
    return Piece(lam, tuple((Leaf((majorant,)),) for majorant in majorants), None, ties)


def part_of(claim: Claim, first: Piece | None = None, free: int = 1) -> PartBounds:
    """With this claim of step 1, this piece of step 0, and step 2 free or not."""
    this = game()
    nodes = tuple(FarsightedNode(h, 0, (((0, Fraction(1)),),) * 2) for h in range(3))
    anything = Piece(Fraction(9), ((Leaf((0,)),), (Leaf((0,)),)))
    part = Part((Claim(1, 0, (first or anything,)), claim, last(free)))
    slopes = ((Slope(Fraction(0)),) * 3,)
    stated = Certificate(this.hash, P, Fraction(0), Fraction(9), nodes, slopes, (part,))
    return next(parts(this, stated, P, INTEGER))


def frontier(claim: Claim, free: int = 1) -> Frontier:
    """Of step 1."""
    found = part_of(claim, free=free).frontiers()
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
        assert -alpha - DUST <= shown(f, region, alpha)
    assert nearest(f, region, alphas) <= room


def nearest(f: Frontier, region: int, alphas: list[Fraction]) -> Fraction:
    return min(shown(f, region, alpha) + alpha for alpha in alphas)


@pytest.mark.parametrize("lam", [Fraction(-5, 2), Fraction(-1, 2), Fraction(6)])
@pytest.mark.parametrize("value", [Fraction(1, 8), Fraction(1, 2), Fraction(7, 8)])
def test_a_tied_piece_holds_for_all_values(lam: Fraction, value: Fraction) -> None:
    tied, free = (frontier(Claim(1, 0, (piece(lam, value, *ties),))) for ties in ((0,), ()))
    assert_sharp(tied, 0, GRID, Fraction(5, 4))
    assert_sharp(free, 0, GRID, Fraction(5, 4))
    if lam < -2:  # both actions would have a larger v, and more of it the one that gains less
        assert nearest(tied, 0, GRID) + Fraction(1, 20) < nearest(free, 0, GRID)


@pytest.mark.parametrize("free", [0, 1])
def test_each_piece_is_tied_by_itself(free: int) -> None:
    """At the ends a piece is as high beside another one as it is alone."""
    some, other = (piece(Fraction(-5, 2), Fraction(1, 2), *ties) for ties in ((0,), ()))
    until = replace(some, end=LN2 * 3 / 2 + Fraction(1, 4))
    ((*_, first, _),), ((*_, last),) = (
        frontier(Claim(1, 0, (x,)), free).regions[0] for x in (some, other)
    )
    (_, _, one, _), (_, _, _, two) = frontier(Claim(1, 0, (until, other)), free).regions[0]
    assert (one, two) == (first, last)
    assert first < frontier(Claim(1, 0, (other,)), free).regions[0][0][2]
    assert last > frontier(Claim(1, 0, (some,)), free).regions[0][0][3]


def test_the_first_step_is_tied() -> None:
    """Of one point of step 1 the best is W_1 = 0; W_0 = -3, and no bound is below that."""
    claim = Claim(1, 0, (piece(Fraction(0), Fraction(1), 0),))

    def bounded(lam: Fraction, *ties: int) -> Fraction | None:
        return part_of(claim, piece(lam, Fraction(0), *ties, cost=6)).bound()

    assert bounded(Fraction(-21, 10), 0) == Fraction(-21, 10)
    for lam, ties in ((Fraction(-21, 10), ()), (Fraction(-31, 10), (0,))):
        with pytest.raises(FailureError, match="step 0, state 0: the majorants' sum exceeds 0"):
            bounded(lam, *ties)


def heights(bounds: PartBounds, this: Piece, later: Frontier, f: Frontier) -> list[int]:
    """What the piece bounds where its tied place is known, at each vertex in turn."""
    lam = enclose(*this.upper.as_integer_ratio(), P)
    stages = (bounds.stage(f.j, f.middle, {0: later.at(*point)}, {}) for point in later.points)
    return [stage.bound(bounds.game.observes, this.trees, lam)[0][1] for stage in stages]


@pytest.mark.parametrize(("value", "worst"), [("1/8", 0), ("7/8", -1), ("2", -1)])
def test_a_piece_is_bounded_by_its_worst_vertex(value: str, worst: int) -> None:
    this = piece(Fraction(-5, 2), Fraction(value), 0)
    bounds = part_of(Claim(1, 0, (this,)))
    found = bounds.frontiers()
    assert found is not None
    f = found[1, 0]
    highs = heights(bounds, this, found[2, 0], f)
    assert highs[worst] == max(highs) > sorted(highs)[-2]
    ((start, end, *shown),) = f.regions[0]
    ends = start - f.middle, end - f.middle
    lam = enclose(*this.upper.as_integer_ratio(), P)[1]
    assert shown == [lam + bounds.chord(max(highs), *ends, d) for d in ends]


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_step_needs_all_vertices(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the last vertex alone the majorants' sum exceeds 0, wherever it comes among them."""
    monkeypatch.setattr(farsighted, "_each", lambda *given: [*_each(*given)][::order])
    claim, lam = Claim(1, 0, (piece(Fraction(0), Fraction(1), 0),)), Fraction(-21, 10)
    with pytest.raises(FailureError, match="step 0, state 0: the majorants' sum exceeds 0"):
        part_of(claim, piece(lam, Fraction(1, 2), 0, cost=6)).bound()
    assert part_of(claim, piece(lam, Fraction(1, 4), 0, cost=6)).bound() == lam


def test_more_choices_than_can_be_looked_at_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = Claim(1, 0, (piece(Fraction(-1, 2), Fraction(1, 2), 0),))
    count = len((part_of(claim).frontiers() or {})[2, 0].points)
    monkeypatch.setattr(farsighted, "CHOICES", count)
    assert part_of(claim).frontiers() is not None
    monkeypatch.setattr(farsighted, "CHOICES", count - 1)
    with pytest.raises(FailureError, match=f"ties of more than {count - 1} choices of vertices"):
        part_of(claim).frontiers()


@pytest.mark.parametrize("at", ["3/8", "1/2", "13/16"])
def test_regions_of_the_next_value_hold_and_are_sharp(at: str) -> None:
    cut = Fraction(at)
    middles = cut / 2, (1 + cut) / 2
    pieces = [piece(1 - middle - Fraction(1, 5), 1 - middle, 0) for middle in middles]
    f = frontier(Claim(1, 0, tuple(pieces), (ValueSplit(2, 0, LN2 + cut), 1, 1)))
    low, high = ([a for a in GRID if a <= cut], [a for a in GRID if a >= cut])
    assert_sharp(f, 0, low, Fraction(1))
    assert_sharp(f, 1, high, Fraction(1))


def test_free_pieces_of_regions_hold_and_are_sharp() -> None:
    cuts = [Fraction(k, 8) for k in range(1, 8)]
    divisions = [entry for cut in cuts for entry in (ValueSplit(2, 0, LN2 + cut), 1)] + [1]
    pieces = []
    for low, high in pairwise([Fraction(0), *cuts, Fraction(1)]):
        pieces.append(piece((low + high) / -2 - 3, 1 - (low + high) / 2))
    f = frontier(Claim(1, 0, tuple(pieces), tuple(divisions)))
    for k, (low, high) in enumerate(pairwise([Fraction(0), *cuts, Fraction(1)])):
        assert_sharp(f, k, [a for a in GRID if low <= a <= high], Fraction(1, 20))
