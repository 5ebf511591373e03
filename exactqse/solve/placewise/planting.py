"""Regions as a certificate has them, for a search that goes on."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactqse.kernel.certificate import Claim, MixtureSplit, Piece, ValueSplit
from exactqse.kernel.game import KernelGame
from exactqse.solve.farsighted.model import Floats
from exactqse.solve.placewise.place import Box, Corners, Cut, Node, Place
from exactqse.solve.placewise.region import Region


def planted(game: KernelGame, place: Place, claim: Claim) -> Node:
    """The divisions of a claim, with the lam and ends of its pieces."""
    old = next(iter(place.regions()))
    entries = iter(claim.divisions or (len(claim.pieces),))
    pieces = iter(claim.pieces)

    def grow(box: Box, corners: Corners) -> Node:
        entry = next(entries)
        if isinstance(entry, int):
            mine = [next(pieces) for _ in range(entry)]
            return Node(_region(game, place, mine, (box, corners), old))
        cut = _cut(game, place, entry)
        first, second = (grow(*side) for side in cut.sides(box, corners))
        return Node(None, cut, (first, second))

    return grow({}, old.corners)


def _region(
    game: KernelGame, place: Place, pieces: list[Piece], part: tuple[Box, Corners], old: Region
) -> Region:
    lam = np.unique([float(piece.upper) for piece in pieces])[::-1]
    ends = [float(_v(game, piece.end)) for piece in pieces if piece.end is not None]
    cuts: Floats = np.unique(np.array(ends) - place.site.reference)
    root = np.inf if place.h else float(pieces[0].upper)
    return Region(*part, lam if len(lam) > 1 else old.lam, cuts, cuts, root=root)


def _cut(game: KernelGame, place: Place, entry: MixtureSplit | ValueSplit) -> Cut:
    if isinstance(entry, ValueSplit):
        states = [game.reachable[child.h][child.n] for child in place.after]
        return Cut(t=states.index(entry.state), at=float(_v(game, entry.at)))
    return Cut(cell=game.observes[entry.cell], edge=(entry.edge.i, entry.edge.j))


def _v(game: KernelGame, value: Fraction) -> Fraction:
    return value * (game.eta or 1)
