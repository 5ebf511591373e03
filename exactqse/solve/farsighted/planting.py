"""From the cover of a certificate back to the parts of a search, so that it can go on.

What is planted is a start like any other: boxes, slopes, and claims to try. Their bounds are found
anew in float64, and nothing that comes of them is believed for where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exactqse.kernel.certificate import Certificate, MixtureSplit, Part, Slope, Split, ValueSplit
from exactqse.kernel.game import KernelGame
from exactqse.solve.farsighted.boxes import contract_within
from exactqse.solve.farsighted.claims import bounder
from exactqse.solve.farsighted.forests import Forest, Shape, whole
from exactqse.solve.farsighted.mixtures import Simplices
from exactqse.solve.farsighted.model import Booleans, Floats, Integers, Model
from exactqse.solve.farsighted.slopes import Slopes

Shapes = tuple[tuple[tuple[Shape, ...], ...], ...]  # [step][place][cell]


@dataclass(frozen=True, eq=False)
class Planted:
    """A cover of M entries, of which L are parts, in preorder.

    Attributes:
        children: (M, 2), -1 at parts, and where a split is, as in Nodes:
        axis, at: (M,).
        mix: (M,), what is left of mixtures, by its number in
        simplices.
        lo, hi, empty: the boxes, (M, J) and (M,).
        leaves: the numbers of the parts, (L,); and of each the index of its
        table: (L,), its
        shapes: [L], and its claims:
        free, lam, roots: (L, J), (L, J), (L, n_0).
        own, lean, start: the tables, as in Slopes.
        upper: what the certificate proves of every part.
    """

    children: Integers
    axis: Integers
    at: Floats
    mix: Integers
    simplices: Simplices
    lo: Floats
    hi: Floats
    empty: Booleans
    leaves: Integers
    table: Integers
    shapes: list[Shapes]
    free: Booleans
    lam: Floats
    roots: Floats
    own: Floats
    lean: Floats
    start: Floats
    upper: float

    def kinds(self, forests: list[Forest]) -> Integers:
        """Which forest has the trees of each part; the first where none has. (L,)."""
        known = {_shapes_of(forest): kind for kind, forest in reversed([*enumerate(forests)])}
        return np.array([known.get(shapes, 0) for shapes in self.shapes], dtype=np.intp)

    def slopes(self, like: Slopes) -> Slopes:
        """The tables, with what tells the search about prescriptions from the first of ``like``."""
        first = like[np.zeros(len(self.own), dtype=np.intp)]
        return replace(first, own=self.own, lean=self.lean, start=self.start)


def plant(game: KernelGame, model: Model, certificate: Certificate) -> Planted | None:
    """The cover as arrays; None where a number is beyond float64."""
    try:
        return _planted(game, model, certificate)
    except OverflowError:
        return None


def _planted(game: KernelGame, model: Model, certificate: Certificate) -> Planted:
    cover = certificate.cover
    first = len(game.reachable[0])
    place = {where: j - first for j, where in enumerate(game.places)}
    children, above = _linked([isinstance(entry, Part) for entry in cover])
    (axis, mix), at = np.zeros((2, len(cover)), dtype=np.intp), np.zeros(len(cover))
    simplices, J = Simplices(model), len(place) - first
    for n, entry in enumerate(cover):
        mixes = mix[[n, n]]
        if isinstance(entry, ValueSplit):
            axis[n], at[n] = place[entry.step, entry.state], float(entry.at)
        if isinstance(entry, MixtureSplit):
            where = first + place[entry.step, entry.state], entry.cell
            spot = simplices.spot(*where, entry.edge)
            axis[n], mixes = J + spot, simplices.halve(mix[[n]], np.array([spot]))[:, 0]
            if entry.edge.i > entry.edge.j:
                children[n] = children[n, ::-1]
        if not isinstance(entry, Part):
            mix[children[n]] = mixes
    parts: list[tuple[int, Any]] = [
        (n, entry) for n, entry in enumerate(cover) if isinstance(entry, Part)
    ]
    claims = np.array(
        [[float(claim.pieces[-1].upper) for claim in part.claims] for _, part in parts]
    )
    free = np.array([[claim.free for claim in part.claims] for _, part in parts], dtype=bool)
    own, lean, start = _tables(certificate.slopes, first)
    return Planted(
        *(children, axis, at, mix, simplices, *_boxes(model, above, (axis, at), mix, simplices)),
        leaves=np.array([n for n, _ in parts]),
        table=np.array([part.slopes for _, part in parts], dtype=np.intp),
        shapes=[_shapes(game, part) for _, part in parts],
        free=free[:, first:],
        lam=claims[:, first:],
        roots=claims[:, :first],
        own=own,
        lean=lean,
        start=start,
        upper=float(certificate.upper),
    )


def _linked(leaves: list[bool]) -> tuple[Integers, list[tuple[int, int, int]]]:
    """Children of each entry of a tree in preorder; and its parent, its side, and its depth."""
    children = np.full((len(leaves), 2), -1)
    above, left = [], [(-1, 0, 0)]
    for n, is_leaf in enumerate(leaves):
        parent, side, depth = left.pop()
        above.append((parent, side, depth))
        if parent >= 0:
            children[parent, side] = n
        if not is_leaf:
            left += [(n, 1, depth + 1), (n, 0, depth + 1)]
    return children, above


def _boxes(
    model: Model,
    above: list[tuple[int, int, int]],
    halves: tuple[Integers, Floats],
    mix: Integers,
    simplices: Simplices,
) -> tuple[Floats, Floats, Booleans]:
    """What the splits leave to each entry, cut to what policies can reach, level by level."""
    (axis, at), (parent, side, depth) = halves, np.array(above).T
    plain = bounder(model, whole(model), np.zeros(len(model.rho)))
    J = sum(model.sizes[1:])
    lo, hi = np.full((len(parent), J), -np.inf), np.full((len(parent), J), np.inf)
    empty = np.zeros(len(parent), dtype=bool)
    for level in range(int(depth.max()) + 1):
        some = np.flatnonzero(depth == level)
        if level:
            up = parent[some]
            lo[some], hi[some] = lo[up], hi[up]
            values = axis[up] < J
            first, second = (some[values & (side[some] == k)] for k in (0, 1))
            j, k = axis[parent[first]], axis[parent[second]]
            hi[first, j] = np.minimum(hi[first, j], at[parent[first]])
            lo[second, k] = np.maximum(lo[second, k], at[parent[second]])
        low, high, none = contract_within(plain, simplices, lo[some].T, hi[some].T, mix[some])
        lo[some], hi[some], empty[some] = low.T, high.T, none
        if level:
            empty[some] |= empty[parent[some]]
    return lo, hi, empty


def _shapes(game: KernelGame, part: Part) -> Shapes:
    """Where its trees are halved."""
    claims: Iterator[Any] = iter(part.claims)
    return tuple(
        tuple(
            tuple(
                tuple(entry if isinstance(entry, Split) else None for entry in tree)
                for tree in next(claims).pieces[-1].trees
            )
            for _ in layer
        )
        for layer in game.reachable
    )


def _shapes_of(forest: Forest) -> Shapes:
    return tuple(tuple(map(tuple, places)) for places in forest.shapes)


def _tables(tables: tuple[tuple[Slope, ...], ...], first: int) -> tuple[Floats, Floats, Floats]:
    """own, lean and start in float64."""
    places = len(tables[0]) if tables else first
    own = np.array([[float(slope.own) for slope in table] for table in tables])
    others = np.zeros((len(tables), places, places))
    for n, table in enumerate(tables):
        for i, slope in enumerate(table):
            for j, c in slope.others:
                others[n, i, j] = float(c)
    return own[:, first:], others[:, first:, first:], others[:, :first, first:]
