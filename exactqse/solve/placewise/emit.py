"""The part that the regions make, with roots raised until they surely prove it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import exp, floor, log2

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import (
    CHORD,
    DOWN,
    UP,
    Claim,
    Leaf,
    MixtureSplit,
    Part,
    Piece,
    Split,
    Tree,
    ValueSplit,
)
from exactqse.kernel.game import KernelGame
from exactqse.solve.placewise.answers import Answers
from exactqse.solve.placewise.bounds import answer
from exactqse.solve.placewise.place import Node, Place
from exactqse.solve.placewise.region import GRAIN, Region
from exactqse.solve.placewise.search import Search
from exactqse.solve.rounding import short

Division = MixtureSplit | ValueSplit | int
_ATTEMPTS = 40
_LEAST, _MOST = 1e-290, 1e290  # of a parameter


def part(game: KernelGame, search: Search, margin: float) -> tuple[Part, Fraction]:
    """One part, and its bound; at each root G is below -``margin`` e^v."""
    writers = [[_Writer(game, search, place) for place in row] for row in search.places]
    first = [writer.first(margin) for writer in writers[0]]
    later = [writer.later() for row in writers[1:] for writer in row]
    rho = game.rho
    highest = (max(piece.upper for piece in claim.pieces) for claim in first)
    pairs = zip(rho.numerators, highest, strict=True)
    total = sum((weight * bound for weight, bound in pairs), Fraction(0))
    return Part((*first, *later)), total / rho.denominator


@dataclass(frozen=True)
class _Writer:
    """One place."""

    game: KernelGame
    search: Search
    place: Place

    @property
    def eta(self) -> Fraction:
        """A best response (None) has no place here."""
        return self.game.eta or Fraction(1)

    def later(self) -> Claim:
        """The claim of a place that some step leads to."""
        low, high = self.place.reach
        offset = (low + high) / 2 - self.place.site.reference
        pieces: list[Piece] = []
        divisions: list[Division] = []
        for node in self._preorder(self.place.root):
            if node.sides is not None:
                divisions.append(self._split(node))
                continue
            some = [self._nothing()]
            if node.region is not None:
                some = self._pieces(node.region, offset)
            pieces += some
            divisions.append(len(some))
        return Claim(1, 0, tuple(pieces), () if len(divisions) == 1 else tuple(divisions))

    def first(self, margin: float) -> Claim:
        """The claim of a first state."""
        place = self.place
        best = max(place.regions(), key=lambda region: region.root)
        shift = round(float(best.found.v[0]) + place.site.reference)
        offset = shift - place.site.reference
        pieces: list[Piece] = []
        divisions: list[Division] = []
        for node in self._preorder(place.root):
            if node.sides is not None:
                divisions.append(self._split(node))
                continue
            divisions.append(1)
            pieces.append(
                self._root(node.region, offset, margin) if node.region else self._nothing()
            )
        return Claim(1, shift, tuple(pieces), () if len(divisions) == 1 else tuple(divisions))

    def _preorder(self, node: Node) -> Iterator[Node]:
        yield node
        for side in node.sides or ():
            yield from self._preorder(side)

    def _split(self, node: Node) -> MixtureSplit | ValueSplit:
        cut, place = node.cut, self.place
        if cut is None:
            raise LookupError("no division")
        if cut.t >= 0:
            child = place.after[cut.t]
            state = self.game.reachable[child.h][child.n]
            return ValueSplit(child.h, state, Fraction(cut.at) / self.eta)
        cell = self.game.observes.index(cut.cell)
        state = self.game.reachable[place.h][place.n]
        return MixtureSplit(Split(*cut.edge), place.h, state, cell)

    def _nothing(self) -> Piece:
        """For a region that no policy is in."""
        most = Fraction(self.search.model.scale * 2)
        return Piece(most, self._trees([(False, self.search.model.scale)] * len(self.place.site.x)))

    def _pieces(self, region: Region, offset: float) -> list[Piece]:
        found, some = region.found, region.pieces
        reference = self.place.site.reference
        ends = np.round((some.ends[1:] + reference) * GRAIN) / GRAIN
        rows: list[Piece] = []
        for k, end in zip(some.of, ends, strict=True):
            last = len(rows) + 1 == len(ends)
            at = None if last else Fraction(float(end)) / self.eta
            rows.append(self._piece(found, int(k), offset, at))
        return rows

    def _piece(self, found: Answers, k: int, offset: float, end: Fraction | None) -> Piece:
        factor = exp(-offset)
        members = [(bool(down[k]), float(value[k])) for down, value in found.majorants]
        scaled = [(down, value * factor if down else value) for down, value in members]
        ties = sorted(
            self.game.reachable[child.h][child.n]
            for child, is_tied in zip(self.place.after, found.tied[k], strict=True)
            if is_tied
        )
        return Piece(Fraction(float(found.lam[k])), self._trees(scaled), end, tuple(ties))

    def _trees(self, members: list[tuple[bool, float]]) -> tuple[Tree, ...]:
        falling = CHORD if self.place.after else DOWN
        majorants = [
            (falling if down else UP, short(min(max(value, _LEAST), _MOST)))
            for down, value in members
        ]
        return tuple((Leaf(tuple(majorants[b] for b in cell)),) for cell in self.game.observes)

    def _root(self, region: Region, offset: float, margin: float) -> Piece:
        unit = 2.0 ** floor(log2(margin))
        lam, step = np.ceil(region.root / unit) * unit, unit
        for _ in range(_ATTEMPTS):
            found = answer(self.place.site, region, np.array([lam]), self.search.close)
            if found.G[0] * np.exp(-found.v[0]) <= -margin:
                return self._piece(found, 0, offset, None)
            lam, step = lam + step, 2 * step
        what = "float64 proves no bound at a state of step 0"
        raise PrecisionError(what, remedy="rescale the rewards, or lower eta")
