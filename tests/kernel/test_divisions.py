"""Claims that are divided, and pieces that are tied: what they say holds of every policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import exp
from random import Random
from typing import Any

import pytest

from exactqse.evaluate import Evaluation, evaluate
from exactqse.kernel.certificate import (
    Claim,
    Leaf,
    MixtureSplit,
    Piece,
    Slope,
    Split,
    ValueSplit,
)
from exactqse.kernel.farsighted import Frontier, PartBounds, _each
from exactqse.kernel.interval import enclose
from exactqse.kernel.stage import FailureError
from exactqse.model import Policy
from tests.kernel.drawn import ONE, Drawn, P, rational

Spans = list[tuple[int, int, int, int]]


class Cut:
    """A drawn case whose claims are divided at random, near the values of its centre."""

    def __init__(self, seed: int) -> None:
        self.seed, self.draw = seed, Random(seed)
        self.case = Drawn(3 * seed + seed % 3)
        case = self.case
        if self.draw.random() < 0.5:
            case.box = {}  # all policies are in the part
        self.claims = [self.claim(j) for j in range(len(case.places))]
        table = tuple(Slope(slope.own) for slope in case.certificate.slopes[0])
        part: Any = case.certificate.cover[0]
        cover = (replace(part, claims=tuple(self.claims)),)
        case.certificate = replace(case.certificate, slopes=(table,), cover=cover)
        self.part = case.part()

    def claim(self, j: int) -> Claim:
        case, draw, (h, s) = self.case, self.draw, self.case.places[j]
        pieces: list[Piece] = []
        later = [t for k, t in case.places if k == h + 1]

        def divisions(depth: int) -> Iterator[MixtureSplit | ValueSplit | int]:
            if depth and draw.random() < 0.7 and (later or case.A > 1):
                if later and (case.A == 1 or draw.random() < 0.6):
                    t = draw.choice(later)
                    at = case.V[h + 1][t].mid + rational(draw, 1) / draw.choice([5, 50, 500])
                    yield ValueSplit(h + 1, t, at)
                else:
                    edge = Split(*draw.sample(range(case.A), 2))
                    yield MixtureSplit(edge, h, s, draw.randrange(len(case.game.observes)))
                yield from divisions(depth - 1)
                yield from divisions(depth - 1)
                return
            own = [*self.pieces(h, s, later, len(pieces))]
            pieces.extend(own)
            yield len(own)

        entries = tuple(divisions(draw.choice([0, 1, 2, 3])))
        if len(entries) == 1 and draw.random() < 0.5:
            entries = ()
        return Claim(int(draw.random() < 0.6), 0, tuple(pieces), entries)

    def pieces(self, h: int, s: int, later: list[int], number: int) -> Iterator[Piece]:
        case, draw = self.case, self.draw
        ends = [
            case.V[h][s].mid + rational(draw, 1) / draw.choice([10, 100])
            for _ in range(draw.choice([0, 1, 2]) if h else 0)
        ]
        for k, end in enumerate((*sorted(ends), None)):
            upper = (
                case.W[h][s].mid.limit_denominator(100)
                + rational(draw, 1)
                + draw.choice([0, 1, 1, 4])
            )
            trees = tuple(case.tree(cell, 2) for cell in case.game.observes)
            ties = tuple(t for t in later if draw.random() < (0.4 if h else 0.1))
            if ties:
                high = upper - case.W[h][s].mid > 3
                trees = tuple(tuple(self.numbered(x, high=high) for x in tree) for tree in trees)
            lam = upper + Fraction(number + k, 1 << 30)  # so that all pieces differ
            yield Piece(lam, trees, end, ties)

    def numbered(self, entry: Leaf | Split, *, high: bool) -> Leaf | Split:
        """With numbers for majorants that touch a corner; some fall where lam is high."""
        if isinstance(entry, Split):
            return entry
        tags = ("up", "up", "down", "chord") if high else ("up",)
        return Leaf(
            tuple(
                (self.draw.choice(tags), Fraction(self.draw.randint(20, 300), 100))
                if isinstance(m, int)
                else m
                for m in entry.majorants
            )
        )

    def policies(self) -> Iterator[Policy]:
        case = self.case
        yield case.centre
        for share in (Fraction(1, 50), Fraction(1, 50), Fraction(1, 5), Fraction(1), Fraction(1)):
            yield case.policy(share)
        rows = {cell: self.draw.randrange(case.A) for cell in case.game.observes}
        table = [[list(map(list, near)) for near in step] for step in case.centre.probabilities]
        for h, s in case.places:  # pure at most places
            for cell in case.game.observes if self.draw.random() < 0.8 else ():
                a = self.draw.choice([rows[cell], self.draw.randrange(case.A)])
                for b in cell:
                    table[h][s][b] = [Fraction(int(a == k)) for k in range(case.A)]
        yield Policy.from_arrays(table, game=case.game)

    def home(self, j: int, policy: Policy, V: Any) -> tuple[Piece, ...] | None:
        """The pieces of the region that a policy is in; None if that is not certain."""
        case, claim, (h, s) = self.case, self.claims[j], self.case.places[j]
        entries, start = iter(claim.divisions or (len(claim.pieces),)), 0
        shares = {
            c: [*policy.probabilities[h][s][cell[0]]] for c, cell in enumerate(case.game.observes)
        }

        def leaves() -> Iterator[tuple[Piece, ...]]:
            nonlocal start
            entry = next(entries)
            if isinstance(entry, int):
                start += entry
                yield claim.pieces[start - entry : start]
                return
            if isinstance(entry, ValueSplit):
                value = V[entry.step][entry.state]
                first, second = value.upper <= entry.at, value.lower >= entry.at
                yield from leaves() if first else skip()
                yield from leaves() if second and not first else skip()
                return
            weights, i, j = shares[entry.cell], entry.edge.i, entry.edge.j
            first = weights[i] <= weights[j]
            far, near = (i, j) if first else (j, i)
            weights[near] -= weights[far]
            weights[far] *= 2
            yield from leaves() if first else skip()
            yield from skip() if first else leaves()

        def skip() -> Iterator[tuple[Piece, ...]]:
            nonlocal start
            entry = next(entries)
            if isinstance(entry, int):
                start += entry
                return
            yield from skip()
            yield from skip()

        return next(leaves(), None)


def is_below(spans: Spans, v: tuple[Fraction, Fraction], W: Fraction) -> bool:
    """Whether (v, W), with v somewhere in an interval, is below one of the lines where it holds."""
    for start, end, first, last in spans:
        low, high = max(v[0], start), min(v[1], end)
        if low <= high and max(line((start, end, first, last), x) for x in (low, high)) >= W:
            return True
    return False


def line(span: tuple[int, int, int, int], v: Fraction) -> Fraction:
    start, end, first, last = span
    if start == end:
        return Fraction(max(first, last))
    return first + Fraction(last - first) * (v - start) / (end - start)


@dataclass(frozen=True)
class Met:
    """A policy, and what is known of it at each place: around v and W, at P bits."""

    cut: Cut
    policy: Policy
    values: Evaluation
    frontiers: dict[tuple[int, int], Frontier]

    def v(self, h: int, s: int) -> tuple[Fraction, Fraction]:
        V, unit = self.values.V[h][s], Fraction(self.cut.case.game.eta or 0) * ONE
        return V.lower * unit, V.upper * unit

    def worth(self, h: int, s: int) -> Fraction:
        return self.values.W[h][s].lower * ONE

    @property
    def is_inside(self) -> bool:
        """Whether its values are shown to be in the part; all are in a part without a box."""
        inside = (
            f.v[0] <= self.v(*at)[0] and self.v(*at)[1] <= f.v[1]
            for at, f in self.frontiers.items()
        )
        return not self.cut.case.box or all(inside)

    def region(self, j: int) -> tuple[PartBounds, dict[int, Frontier], tuple[Piece, ...]] | None:
        """Where it is at place j, with what is known of the next step there, and the pieces."""
        if (home := self.cut.home(j, self.policy, self.values.V)) is None:
            return None
        h = self.cut.case.places[j][0]
        after = {t: f for (k, t), f in self.frontiers.items() if k == h + 1}
        (found,) = [x for x in self.cut.part._regions(j, after) if x[2] == home]
        for t, f in found[1].items():
            assert is_below(flat(f), self.v(h + 1, t), self.worth(h + 1, t)), (j, t)
            assert f.v[0] <= self.v(h + 1, t)[1]
            assert self.v(h + 1, t)[0] <= f.v[1]
        return found

    def radius(self, h: int) -> dict[int, int]:
        return {f.j: f.radius for (k, _), f in self.frontiers.items() if k > h}

    def first(self, s: int) -> None:
        """At step 0 the majorants' sum is at least (W - lam) e^(v - reference)."""
        j = self.cut.case.places.index((0, s))
        if (found := self.region(j)) is None:
            return
        region, there, (piece,) = found
        lam, cells = enclose(*piece.upper.as_integer_ratio(), P), self.cut.case.game.observes
        try:
            stages = [region.stage(j, 0, at, self.radius(0)) for at in _each(there, piece.ties)]
            high = max(stage.bound(cells, piece.trees, lam)[0][1] for stage in stages)
        except FailureError:
            return
        value = self.values.V[0][s].mid * (self.cut.case.game.eta or 0)
        excess = float(self.values.W[0][s].mid - piece.upper) * exp(value)
        assert excess - 1e-9 <= Fraction(high, ONE)


def flat(f: Frontier) -> Spans:
    return [span for spans in f.regions for span in spans]


@cache
def met(seed: int) -> list[Met]:
    """Policies of a drawn part; none where its claims are not shown."""
    cut = Cut(seed)
    try:
        frontiers = cut.part.frontiers()
    except FailureError:
        return []
    assert frontiers is not None, "the centre is in the part"
    cases = (
        Met(cut, policy, evaluate(cut.case.game, policy, digits=15), frontiers)
        for policy in cut.policies()
    )
    return [case for case in cases if case.is_inside]


@pytest.mark.parametrize("block", range(3))
def test_no_policy_of_a_region_exceeds_its_pieces(block: int) -> None:
    divided = clipped = tied = near = 0
    for case in (case for seed in range(block * 110, block * 110 + 110) for case in met(seed)):
        for (h, s), f in case.frontiers.items():
            if (found := case.region(f.j)) is None:
                continue
            region, there, pieces = found
            spans = region.spans(f, region.interval(f.j, there), there, pieces, case.radius(h))
            v, worth = case.v(h, s), case.worth(h, s)
            assert is_below(spans, v, worth), (case.cut.seed, h, s)
            near += not is_below(spans, v, worth + ONE // 1000)
            assert spans in f.regions
            divided += len(f.regions) > 1
            clipped += any(g is not case.frontiers[h + 1, t] for t, g in there.items())
            tied += any(piece.ties for piece in pieces)
    assert min(divided, tied) > 12
    assert min(clipped, near) > 8


@pytest.mark.parametrize("block", range(3))
def test_no_policy_exceeds_the_first_step(block: int) -> None:
    bounded = 0
    for seed in range(block * 110, block * 110 + 110):
        for case in met(seed):
            for s in case.cut.case.game.rho.states:
                case.first(s)
            with suppress(FailureError):
                most = case.cut.part.bound()
                assert most is not None
                assert case.values.J.lower <= most
                bounded += 1
    assert bounded > 20
