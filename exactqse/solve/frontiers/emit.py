"""The part that the proved frontiers make, with roots raised until they surely prove it."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Claim, Part, Piece, Slope
from exactqse.kernel.game import KernelGame
from exactqse.solve.frontiers.bounds import bound
from exactqse.solve.frontiers.place import Place
from exactqse.solve.frontiers.search import Search
from exactqse.solve.rounding import short

_END_BITS = 40
_ATTEMPTS = 40


def part(game: KernelGame, search: Search, margin: float) -> tuple[Part, Fraction]:
    """One part, and its bound; at each root G is below -``margin`` e^v."""
    eta = search.model.eta
    later = [_claim(eta, place) for row in search.places[1:] for place in row]
    first = [_first(search, n, margin) for n in range(len(search.places[0]))]
    rho = game.rho
    pairs = zip(rho.numerators, (claim.pieces[0].upper for claim in first), strict=True)
    total = sum((weight * bound for weight, bound in pairs), Fraction(0))
    return Part((*first, *later)), total / rho.denominator


def slopes(game: KernelGame) -> tuple[tuple[Slope, ...], ...]:
    """The table that a part without leaning bounds needs."""
    return ((Slope(Fraction(0)),) * len(game.places),)


def _claim(eta: float, place: Place) -> Claim:
    ends = (place.pieces.ends[1:] + place.reference) / eta
    pieces: list[Piece] = []
    for k, end in zip(place.pieces.of, ends, strict=True):
        last = len(pieces) + 1 == len(ends)
        at = None if last else short(float(end), _END_BITS)
        pieces.append(Piece(Fraction(float(place.lam[k])), place.shown.trees[k], at))
    return Claim(1, 0, tuple(pieces))


def _first(search: Search, n: int, margin: float) -> Claim:
    """The claim of a first state."""
    place = search.places[0][n]
    stage = place.side(1).stage
    v, _ = stage.respond(place.lam[1:]).values()
    shift = round(float(v[0]) + place.reference)
    drop = shift - place.reference
    unit = 2.0 ** floor(np.log2(margin))
    lam, step = np.ceil(place.lam[1] / unit) * unit, unit
    for _ in range(_ATTEMPTS):
        at = np.array([lam])
        found = stage.respond(at)
        v, _ = found.values()
        shown = bound(stage, at, found, search.rule, offset=drop)
        if shown.G[0] * np.exp(drop - v[0]) <= -margin:
            return Claim(1, shift, (Piece(Fraction(float(lam)), shown.trees[0]),))
        lam, step = lam + step, 2 * step
    what = "float64 proves no bound at a state of step 0"
    raise PrecisionError(what, remedy="rescale the rewards, or lower eta")
