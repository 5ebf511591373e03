"""Certificates for farsighted followers: what check refuses as not made for the game at hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from exactqse.errors import CertificateError
from exactqse.kernel.certificate import (
    DOWN,
    UP,
    Certificate,
    Claim,
    FarsightedNode,
    Leaf,
    Majorant,
    MixtureSplit,
    Part,
    Piece,
    Slope,
    Split,
    ValueSplit,
)
from exactqse.kernel.check import check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import PartBounds, check_cover
from exactqse.kernel.interval import enclose
from exactqse.model import Game

ZERO, HALF, ONE, TEN = Fraction(0), Fraction(1, 2), Fraction(1), Fraction(10)
PURE = ((0, ONE),)
LEAF = Leaf(((DOWN, TEN), (DOWN, TEN)))
HALVED = (Split(0, 1), LEAF, Leaf((0, 1)))
PIECE = Piece(Fraction(20), ((LEAF,),))
FIRST = Claim(0, 0, (Piece(Fraction(40), (HALVED,)),))
LATER = Claim(1, 0, (replace(PIECE, end=Fraction(2)), PIECE))
PART = Part((FIRST, LATER, LATER))
COVER = (ValueSplit(1, 1, ONE), PART, PART)
SHIFTED = "a leaf is shifted, or touches a corner where a piece is tied"
SLOPES = (Slope(HALF, ((1, Fraction(0)), (2, Fraction(0)))), Slope(ONE), Slope(Fraction(-3)))


@pytest.fixture
def game() -> Game:
    """Two steps, two states, of which the first is the first; she sees nothing; J* <= 2."""
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    u = [[[0, 1], [1, 0]], [[1, 0], [0, "1/2"]]]
    r = [[[1, 0], [0, 1]], [[0, 0], [1, "1/3"]]]
    return Game.from_arrays(rows, u, r, rho=0, horizon=2, eta=1, gamma="1/2", observes="nothing")


@pytest.fixture
def claim(game: Game) -> Certificate:
    """A generous claim: W <= 20 at step 1, J* <= 40."""
    nodes = tuple(FarsightedNode(h, s, (PURE,)) for h, s in ((0, 0), (1, 0), (1, 1)))
    return Certificate(game.hash, 64, Fraction(0), Fraction(40), nodes, (SLOPES,), COVER)


def test_it_is_well_formed_and_true(game: Game, claim: Certificate) -> None:
    verdict = check(game, claim)
    assert verdict.reason == "proved lower <= J(policy) <= J* <= upper over 3 nodes"
    assert check(game, Certificate.from_bytes(claim.to_bytes())) == verdict


def test_a_false_claim_gets_a_verdict(game: Game, claim: Certificate) -> None:
    assert check(game, replace(claim, lower=Fraction(3))).outcome == "rejected"
    verdict = check(game, replace(claim, upper=Fraction(39)))
    assert verdict.outcome == "rejected"
    assert verdict.reason == "upper is less than the bound of cover[1], by at least 1"


def test_nodes(game: Game, claim: Certificate) -> None:
    for nodes, odd in (
        (claim.nodes[1:], "(0, 0)"),
        (claim.nodes[:2], "(1, 1)"),
        ((*claim.nodes, FarsightedNode(2, 0, (PURE,))), "(2, 0)"),
        ((*claim.nodes[:2], FarsightedNode(1, 2, (PURE,))), "(1, 1)"),
    ):
        with pytest.raises(CertificateError) as caught:
            check(game, replace(claim, nodes=nodes))
        assert caught.value.where == "nodes"
        what = "nodes are not the reachable (step, state) in ascending order"
        assert caught.value.what == f"{what}, see {odd}"


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        ((), "needs 1 distributions"),
        ((PURE, PURE), "needs 1 distributions"),
        ((((2, ONE),),), "the policy names an unknown leader action"),
        ((((0, HALF), (7, HALF)),), "the policy names an unknown leader action"),
    ],
)
def test_policies(game: Game, claim: Certificate, policy: Any, what: str) -> None:
    nodes = (*claim.nodes[:2], FarsightedNode(1, 1, policy))
    with pytest.raises(CertificateError) as caught:
        check(game, replace(claim, nodes=nodes))
    assert caught.value.what == what
    assert caught.value.where == "node (1, 1)"


@pytest.mark.parametrize(
    "table",
    [
        (),
        SLOPES[:2],
        (*SLOPES, Slope(ONE)),
        (Slope(ONE, ((0, ONE),)), *SLOPES[1:]),
        (Slope(ONE, ((3, ONE),)), *SLOPES[1:]),
        (Slope(ONE, ((-1, ONE),)), *SLOPES[1:]),
        (Slope(ONE, ((-100, ONE),)), *SLOPES[1:]),
        (Slope(ONE, ((10**30, ONE),)), *SLOPES[1:]),
        (Slope(ONE, ((1, ONE), (0, ONE))), *SLOPES[1:]),
        (SLOPES[0], Slope(ONE, ((2, ONE),)), SLOPES[2]),
        (SLOPES[0], Slope(ONE, ((1, ONE),)), SLOPES[2]),
        (*SLOPES[:2], Slope(ONE, ((0, Fraction(0)),))),
    ],
)
def test_slopes(game: Game, claim: Certificate, table: Any) -> None:
    what = "needs a slope for each node, which names later nodes only"
    for i, tables in enumerate(((table, SLOPES), (SLOPES, table))):
        with pytest.raises(CertificateError) as caught:
            check(game, replace(claim, slopes=tables))
        assert caught.value.what == what
        assert caught.value.where == f"slopes[{i}]"


@pytest.mark.parametrize(
    ("step", "state"), [(0, 0), (0, 1), (-1, 0), (1, 2), (1, -1), (2, 0), (10**30, 0)]
)
def test_values_that_are_divided(game: Game, claim: Certificate, step: int, state: int) -> None:
    cover = (COVER[0], PART, ValueSplit(step, state, HALF), PART, PART)
    with pytest.raises(CertificateError) as caught:
        check(game, replace(claim, cover=cover))
    assert caught.value.what == "divides no value of the follower"
    assert caught.value.where == "cover[2]"


def piece(tree: Any) -> tuple[Piece, ...]:
    return (replace(PIECE, end=ONE), Piece(Fraction(20), (tree,)))


NO_CLAIMS = "needs a claim for each node, and slopes"


@pytest.mark.parametrize(
    ("part", "what"),
    [
        (replace(PART, claims=PART.claims[:2]), NO_CLAIMS),
        (replace(PART, claims=()), NO_CLAIMS),
        (replace(PART, claims=(*PART.claims, LATER)), NO_CLAIMS),
        (replace(PART, slopes=1), NO_CLAIMS),
        (replace(PART, slopes=-1), NO_CLAIMS),
        (replace(PART, slopes=9), NO_CLAIMS),
        (Part((LATER, LATER, LATER)), "step 0 has one piece"),
        (Part((FIRST, LATER, replace(LATER, pieces=(Piece(ONE, ()),)))), "needs 1 trees"),
        (Part((replace(FIRST, pieces=(Piece(ONE, ()),)), LATER, LATER)), "needs 1 trees"),
        (
            Part((FIRST, LATER, replace(LATER, pieces=(Piece(ONE, ((LEAF,), (LEAF,))),)))),
            "needs 1 trees",
        ),
        (
            Part((FIRST, LATER, replace(LATER, pieces=piece((Leaf((0,)),))))),
            "a leaf needs 2 majorants",
        ),
        (
            Part((FIRST, LATER, replace(LATER, pieces=piece((Leaf((0, 1, (UP, ONE))),))))),
            "a leaf needs 2 majorants",
        ),
        (
            Part((FIRST, LATER, replace(LATER, pieces=piece((Leaf((0, 2)),))))),
            "a split or a majorant names an unknown corner",
        ),
        (
            Part((FIRST, LATER, replace(LATER, pieces=piece((Split(0, 2), LEAF, LEAF))))),
            "a split or a majorant names an unknown corner",
        ),
        (
            Part((FIRST, replace(LATER, pieces=piece((replace(LEAF, shift=-1),))), LATER)),
            SHIFTED,
        ),
        (
            Part(
                (replace(FIRST, pieces=(Piece(ONE, ((replace(LEAF, shift=3),),)),)), LATER, LATER)
            ),
            SHIFTED,
        ),
        *[
            (Part((FIRST, LATER, replace(LATER, pieces=piece(tree)))), SHIFTED)
            for shifted in [replace(LEAF, shift=1)]
            for tree in ((Split(0, 1), shifted, LEAF), (Split(0, 1), LEAF, shifted))
        ],
    ],
)
def test_parts(game: Game, claim: Certificate, part: Part, what: str) -> None:
    for i in (1, 2):
        cover = (COVER[0], *(part if i == j else PART for j in (1, 2)))
        with pytest.raises(CertificateError) as caught:
            check(game, replace(claim, cover=cover))
        assert caught.value.what == what
        assert caught.value.where == f"cover[{i}]"


def test_a_certificate_without_slopes_has_no_table_to_name(game: Game, claim: Certificate) -> None:
    with pytest.raises(CertificateError, match=NO_CLAIMS):
        check(game, replace(claim, slopes=()))


def test_a_cover_divides_the_values(
    game: Game, claim: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At v = eta V, first those of at most ``at``, each end rounded outward."""
    p, eta, seen = 20, Fraction(3, 7), []

    def bound(self: PartBounds) -> None:
        assert (self.part, self.p, self.elementary) == (PART, p, INTEGER)
        seen.append((self.where, self.box))

    monkeypatch.setattr(PartBounds, "bound", bound)
    one, two, three = Fraction(1, 3), Fraction(-2, 5), Fraction(5, 3)
    cover = (
        ValueSplit(1, 0, one),
        ValueSplit(1, 1, two),
        PART,
        PART,
        ValueSplit(1, 0, three),
        PART,
        PART,
    )
    other = game.with_(eta=eta)
    check_cover(other, replace(claim, game=other.hash, cover=cover), p, INTEGER)
    (a, b), (c, d), (e, f) = (
        enclose((at * eta).numerator, (at * eta).denominator, p) for at in (one, two, three)
    )
    assert (b - a, d - c, f - e) == (1, 1, 1)
    assert seen == [
        ("cover[2]", ({}, {1: b, 2: d}, {})),
        ("cover[3]", ({2: c}, {1: b}, {})),
        ("cover[5]", ({1: a}, {1: f}, {})),
        ("cover[6]", ({1: e}, {}, {})),
    ]


def test_a_cover_divides_the_mixtures(
    game: Game, claim: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the half with the midpoint for the edge's i; what is there already is halved again."""
    seen = []

    def bound(self: PartBounds) -> None:
        seen.append((self.where, self.box))

    monkeypatch.setattr(PartBounds, "bound", bound)
    again = MixtureSplit(Split(1, 0), 0, 0, 0)
    cover = (
        MixtureSplit(Split(0, 1), 0, 0, 0),
        ValueSplit(1, 0, ONE),
        PART,
        MixtureSplit(Split(0, 1), 1, 1, 0),
        PART,
        PART,
        again,
        PART,
        PART,
    )
    check_cover(game, replace(claim, cover=cover), 8, INTEGER)
    upper, lower = ((1, 1), (0, 1)), ((1, 0), (1, 1))
    assert seen == [
        ("cover[2]", ({}, {1: 256}, {(0, 0): upper})),
        ("cover[4]", ({1: 256}, {}, {(0, 0): upper, (2, 0): upper})),
        ("cover[5]", ({1: 256}, {}, {(0, 0): upper, (2, 0): lower})),
        ("cover[7]", ({}, {}, {(0, 0): ((1, 0), (3, 1))})),
        ("cover[8]", ({}, {}, {(0, 0): ((3, 1), (1, 1))})),
    ]


def test_divided_mixtures_are_true(game: Game, claim: Certificate) -> None:
    cover = (MixtureSplit(Split(1, 0), 1, 1, 0), *COVER, PART)
    assert check(game, replace(claim, cover=cover)).outcome == "accepted"
    assert check(game, replace(claim, cover=cover, upper=ONE)).outcome != "accepted"


@pytest.mark.parametrize(
    "entry",
    [
        MixtureSplit(Split(0, 2), 0, 0, 0),
        MixtureSplit(Split(2, 1), 0, 0, 0),
        MixtureSplit(Split(-1, 1), 0, 0, 0),
        MixtureSplit(Split(1, -1), 0, 0, 0),
        MixtureSplit(Split(1, 1), 0, 0, 0),
        MixtureSplit(Split(0, 1), 0, 1, 0),
        MixtureSplit(Split(0, 1), 2, 0, 0),
        MixtureSplit(Split(0, 1), -1, 0, 0),
        MixtureSplit(Split(0, 1), 1, 2, 0),
        MixtureSplit(Split(0, 1), 1, 0, 1),
        MixtureSplit(Split(0, 1), 1, 0, -1),
        MixtureSplit(Split(0, 1), 1, 0, 9),
    ],
)
def test_mixtures_that_are_divided(game: Game, claim: Certificate, entry: MixtureSplit) -> None:
    cover = (COVER[0], PART, entry, PART, PART)
    with pytest.raises(CertificateError) as caught:
        check(game, replace(claim, cover=cover))
    assert caught.value.what == "divides no mixtures of a game with finite eta"
    assert caught.value.where == "cover[2]"


def test_mixtures_of_any_cell_may_be_divided(game: Game, claim: Certificate) -> None:
    seen = game.with_(observes=((0,), (1,)))
    tree = (Leaf(LEAF.majorants[:1]),)

    def apart(claim: Claim) -> Claim:
        pieces = tuple(replace(piece, trees=(tree, tree)) for piece in claim.pieces)
        return replace(claim, pieces=pieces)

    part = Part((apart(FIRST), apart(LATER), apart(LATER)))
    nodes = tuple(replace(node, policy=(PURE, PURE)) for node in claim.nodes)
    for cell in (0, 1):
        cover = (MixtureSplit(Split(0, 1), 1, 0, cell), part, part)
        assert check(seen, replace(claim, game=seen.hash, nodes=nodes, cover=cover))


def test_a_claim_that_is_not_shown(game: Game, claim: Certificate) -> None:
    tangent = Leaf((0, 0))
    first = replace(FIRST, pieces=(Piece(Fraction(-1), ((tangent,),)),))
    cover = (COVER[0], PART, replace(PART, claims=(first, *PART.claims[1:])))
    verdict = check(game, replace(claim, cover=cover))
    assert verdict.outcome == "inconclusive"
    start, _, rest = verdict.reason.partition(": the majorants' sum exceeds 0 at ")
    assert start == "undecided whether cover[2], step 0, state 0"
    spots, _, rest = rest.partition(", by a number in [0, ")
    assert spots == "[(0, 1)]"
    assert float(rest.partition("]")[0]) > 0


def test_a_value_that_may_be_anywhere_is_too_wide_for_exp(game: Game, claim: Certificate) -> None:
    r = [[[0, 0], [0, 0]], [[0, 0], [32768, 32768]]]
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    settings: dict[str, Any] = {"rho": 0, "horizon": 2, "eta": 1, "gamma": "1/2"}
    wide = Game.from_arrays(rows, game.u, r, observes="nothing", **settings)
    cover = (PART,)
    verdict = check(wide, replace(claim, game=wide.hash, cover=cover))
    assert verdict.outcome == "inconclusive"
    assert verdict.reason == "cover[0], step 1, state 1: too wide a box for exp"


@pytest.mark.parametrize("far", [20000, -20000])
def test_values_that_are_far_from_zero_are_not(game: Game, claim: Certificate, far: int) -> None:
    r = [[[payoff + far for payoff in row] for row in by_a] for by_a in game.r[0]]
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    settings: dict[str, Any] = {"rho": 0, "horizon": 2, "eta": 1, "gamma": "1/2"}
    shifted = Game.from_arrays(rows, game.u, r, observes="nothing", **settings)
    part = replace(PART, claims=(replace(FIRST, shift=far + far // 2), LATER, LATER))
    assert check(shifted, replace(claim, game=shifted.hash, cover=(part,)))


PLAIN = (Slope(HALF), Slope(ONE), Slope(Fraction(-3)))
TIED = "ties are of states of the next step, in ascending order"
ALONE = "is divided or tied where slopes lean, or she remembers"
MIXED = MixtureSplit(Split(0, 1), 0, 0, 0)


def tied(*ties: int, majorant: Majorant = ("up", ONE), other: Majorant | None = None) -> Claim:
    leaf = Leaf((majorant, majorant if other is None else other))
    return replace(FIRST, pieces=(replace(FIRST.pieces[0], trees=((leaf,),), ties=ties),))


def divided(*entries: Any) -> Claim:
    leaves = sum(isinstance(entry, int) for entry in entries)
    return replace(FIRST, pieces=FIRST.pieces * leaves, divisions=entries)


@pytest.mark.parametrize(
    "first",
    [
        tied(0, majorant=("chord", ONE)),
        tied(0, 1, majorant=("down", ONE)),
        divided(MIXED, 1, 1),
        divided(ValueSplit(1, 1, ONE), MIXED, 1, 1, 1),
    ],
)
def test_claims_may_be_divided_and_tied(game: Game, claim: Certificate, first: Claim) -> None:
    part = replace(PART, claims=(first, LATER, LATER))
    good = replace(claim, slopes=(PLAIN,), cover=(part,))
    assert check(game, good)
    assert not check(game, replace(good, upper=Fraction(39)))
    with pytest.raises(CertificateError) as caught:
        check(game, replace(good, slopes=(SLOPES,)))  # these name other places
    assert (caught.value.what, caught.value.where) == (ALONE, "cover[0]")


@pytest.mark.parametrize(
    ("first", "what"),
    [
        (tied(1, 0), TIED),
        (tied(0, 0), TIED),
        (tied(2), TIED),
        (tied(-1), TIED),
        (tied(-1, 0), TIED),
        (tied(0, majorant=0), SHIFTED),
        (tied(0, majorant=0, other=("up", ONE)), SHIFTED),
        (tied(0, other=1), SHIFTED),
        (divided(ValueSplit(0, 0, ONE), 1, 1), "divides no value of the follower"),
        (divided(ValueSplit(1, 2, ONE), 1, 1), "divides no value of the follower"),
        (divided(ValueSplit(2, 0, ONE), 1, 1), "divides no value of the follower"),
        (divided(replace(MIXED, cell=1), 1, 1), "divides no mixtures of a game with finite eta"),
        (divided(replace(MIXED, state=1), 1, 1), "divides no mixtures of a game with finite eta"),
        (replace(FIRST, pieces=FIRST.pieces * 2, divisions=(2,)), "step 0 has one piece"),
    ],
)
def test_divisions_and_ties_that_do_not_fit(
    game: Game, claim: Certificate, first: Claim, what: str
) -> None:
    part = replace(PART, claims=(first, LATER, LATER))
    with pytest.raises(CertificateError) as caught:
        check(game, replace(claim, slopes=(PLAIN,), cover=(part,)))
    assert (caught.value.what, caught.value.where) == (what, "cover[0]")


def test_the_last_step_has_no_next_states_to_tie(game: Game, claim: Certificate) -> None:
    last = replace(LATER, pieces=(replace(PIECE, ties=(0,)),))
    part = replace(PART, claims=(FIRST, LATER, last))
    with pytest.raises(CertificateError, match=TIED):
        check(game, replace(claim, slopes=(PLAIN,), cover=(part,)))


def test_one_tied_piece_is_enough_to_refuse_slopes_that_name_others(game: Game) -> None:
    """At the middle of three steps, of two pieces."""
    rows = [[[["1/2", "1/2"]] * 2] * 2] * 2
    settings: dict[str, Any] = {"rho": 0, "horizon": 3, "eta": 1, "gamma": "1/2"}
    long = Game.from_arrays(rows, game.u[0], game.r[0], observes="nothing", **settings)
    nodes = tuple(FarsightedNode(h, s, (PURE,)) for h, s in long.places)
    plain, last = LATER.pieces
    for pieces in (
        (replace(plain, ties=(0,)), last),
        (plain, replace(last, ties=(0,))),
    ):
        part = Part((FIRST, replace(LATER, pieces=pieces), *[LATER] * 3))
        for others in ((), ((4, ONE),)):
            table = (Slope(HALF, others), *[Slope(ONE)] * 4)
            one = Certificate(long.hash, 64, ZERO, TEN * 10, nodes, (table,), (part,))
            if not others:
                assert check(long, one)
                continue
            with pytest.raises(CertificateError) as caught:
                check(long, one)
            assert (caught.value.what, caught.value.where) == (ALONE, "cover[0]")
