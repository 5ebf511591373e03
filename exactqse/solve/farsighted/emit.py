"""The cover of a search: parameters rounded, roots raised until the rounded ones prove them."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, log2

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import (
    DOWN,
    UP,
    Claim,
    Cover,
    Leaf,
    Part,
    Piece,
    Slope,
    Split,
    Tree,
    ValueSplit,
)
from exactqse.kernel.game import KernelGame
from exactqse.solve.farsighted.bound import Parameters, Stage
from exactqse.solve.farsighted.claims import NEAR, Backward, least_root
from exactqse.solve.farsighted.forests import Shape
from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.farsighted.search import Nodes, Search
from exactqse.solve.farsighted.slopes import Slopes, offsets

_LEAST_BITS = 12  # of s and kappa
_BATCH = 256
_FINER = 2.0**-8  # grid of the lam of later steps, relative to that of the roots
_ATTEMPTS = 40
_RELATIVE = 1e-9  # of radii


def cover(
    game: KernelGame, search: Search, unit: float, margin: float
) -> tuple[Cover, tuple[tuple[Slope, ...], ...], Fraction]:
    """The cover, its tables of slopes, and the largest bound of its parts.

    ``unit`` is the grid of the roots, a power of 2; G at step 0 is at most -``margin`` times its
    size.

    Raises:
        PrecisionError: a part whose rounded parameters prove nothing.
    """
    nodes = search.nodes
    order, leaves = _pruned(nodes, search.upper)
    parts: dict[int, tuple[Part, Fraction | None]] = {}
    used, numbers = np.unique(nodes.table[leaves], return_inverse=True)
    for kind in np.unique(nodes.kind[leaves]):
        alike = np.flatnonzero(nodes.kind[leaves] == kind)
        for start in range(0, len(alike), _BATCH):
            some = alike[start : start + _BATCH]
            found = _Rounded(game, search, leaves[some], numbers[some], unit, margin).parts()
            parts.update(zip(leaves[some].tolist(), found, strict=True))
    places = [(h, s) for h, layer in enumerate(game.reachable) for s in layer]
    first = len(game.reachable[0])
    entries = [
        parts[n][0]
        if n in parts
        else ValueSplit(*places[first + int(nodes.axis[n])], Fraction(float(nodes.at[n])))
        for n in order
    ]
    bounds = [bound for _, bound in parts.values() if bound is not None]
    return tuple(entries), tuple(_table(search.tables, n, first) for n in used), max(bounds)


def _pruned(nodes: Nodes, upper: float) -> tuple[list[int], Integers]:
    """The tree in preorder without what the bounds do not need, and its leaves."""
    order, leaves, stack = [], [], [0]
    while stack:
        n = stack.pop()
        order.append(n)
        if nodes.children[n, 0] < 0 or nodes.bound[n] <= upper:
            leaves.append(n)
        else:
            stack += nodes.children[n, ::-1].tolist()
    return order, np.array(leaves)


def _table(tables: Slopes, n: int, first: int) -> tuple[Slope, ...]:
    """A table in exact rationals."""
    slopes = []
    own = np.concatenate([np.zeros(first), tables.own[n]])
    for size, row in zip(own, np.concatenate([tables.start[n], tables.lean[n]]), strict=True):
        others = [(first + int(j), Fraction(float(row[j]))) for j in np.flatnonzero(row)]
        slopes.append(Slope(Fraction(float(size)), tuple(others)))
    return tuple(slopes)


class _Rounded:
    """Some parts of one kind, with parameters rounded."""

    def __init__(
        self,
        game: KernelGame,
        search: Search,
        some: Integers,
        tables: Integers,
        unit: float,
        margin: float,
    ) -> None:
        nodes = search.nodes
        self.game, self.model = game, search.model
        self.bounder = search.bounders[nodes.kind[some[0]]]
        self.tables, self.unit, self.margin = tables, unit, margin
        wanted = ceil(log2(max(self.model.scale, 1e-300) / unit)) - 4
        self.bits = min(max(_LEAST_BITS, wanted), 50)
        batch = nodes.batch(some)
        self.shown = search.parts(batch)
        self.empty = batch.bound == -np.inf
        finer = unit * _FINER
        self.lam = np.ceil(batch.lam[None] / finer) * finer
        self.backward = Backward(self.bounder, self.shown)
        reach = (self.backward.radius * self.backward.common()).sum(0)
        self.common = np.ceil(reach * (1 + _RELATIVE) / finer + (reach > 0)) * finer
        self.later = self.backward.replay(self.lam, self._short)
        stage = self.backward.stage(0)
        roots = least_root(stage, batch.roots, NEAR)
        self.roots, self.first = self._raise(stage, np.where(np.isfinite(roots), roots, 0.0))

    def _short(self, found: Parameters) -> Parameters:
        """Mantissas of few bits."""
        mantissa, exponent = np.frexp(np.clip(found.value, 1e-290, 1e290))
        short = np.ldexp(np.round(np.ldexp(mantissa, self.bits)), exponent - self.bits)
        return Parameters(found.down, short)

    def _raise(self, stage: Stage, roots: Floats) -> tuple[Floats, Parameters]:
        """Roots on the grid at which G is negative with the rounded parameters."""
        step = np.full(roots.shape, self.unit)
        done = np.broadcast_to(self.empty, roots.shape)
        lam = np.ceil(roots / self.unit) * self.unit
        for _ in range(_ATTEMPTS):
            parameters = self._short(stage.evaluate(lam[:, None])[2])
            G, dG, _ = stage.evaluate(lam[:, None], parameters)
            need = self.margin * self.model.scale * (1 + np.abs(dG[:, 0]))
            bad = ~(G[:, 0] <= -need) & ~done
            if not bad.any():
                return lam, parameters
            lam = np.where(bad, np.ceil((lam + step) / self.unit) * self.unit, lam)
            step = np.where(bad, 2 * step, step)
        what = "float64 proves no bound for a part of the follower's values"
        raise PrecisionError(what, remedy="rescale the rewards, or lower eta")

    def parts(self) -> list[tuple[Part, Fraction | None]]:
        """Each part with its bound."""
        return [self._part(n) for n in range(self.lam.shape[2])]

    def _part(self, n: int) -> tuple[Part, Fraction | None]:
        if self.empty[n]:
            return self._nothing(), None
        first = offsets(self.model)
        claims = tuple(
            self._claim(h, k, first[h] + k, n)
            for h, states in enumerate(self.game.reachable)
            for k in range(len(states))
        )
        rho = self.game.rho
        bounds = [Fraction(float(lam)) for lam in self.roots[:, n]]
        total = sum((w * x for w, x in zip(rho.numerators, bounds, strict=True)), Fraction(0))
        bound = total / rho.denominator + Fraction(self.common[n].item())
        return Part(claims, int(self.tables[n])), bound

    def _nothing(self) -> Part:
        """A part that no policy has its values in: its claims are not looked at."""
        trees = tuple((Leaf((0,) * len(cell)),) for cell in self.model.cells)
        claim = Claim(0, 0, (Piece(Fraction(0), trees),))
        return Part((claim,) * sum(self.model.sizes))

    def _claim(self, h: int, k: int, j: int, n: int) -> Claim:
        shapes = self.bounder.forest.shapes[h][k]
        if h == 0:
            trees = self._trees(shapes, self.first, (k, 0, n))
            upper = Fraction(self.roots[k, n].item())
            return Claim(0, int(self.bounder.shift[k]), (Piece(upper, trees),))
        count = len(self.lam)
        pieces = tuple(
            Piece(
                Fraction(self.lam[i, j, n].item()),
                self._trees(shapes, self.later[h - 1], (k, i, n)),
                None if i + 1 == count else Fraction(self.shown.ends[i + 1, j, n].item()),
            )
            for i in range(count)
        )
        return Claim(int(self.shown.free[j, n]), 0, pieces)

    def _trees(
        self, shapes: list[Shape], found: Parameters, at: tuple[int, int, int]
    ) -> tuple[Tree, ...]:
        k, i, n = at
        down, value = found.down[k, :, :, i, n].tolist(), found.value[k, :, :, i, n].tolist()
        trees = []
        for cell, shape in zip(self.model.cells, shapes, strict=True):
            leaf = 0
            tree: list[Leaf | Split] = []
            for entry in shape:
                if entry is not None:
                    tree.append(entry)
                    continue
                pairs = [(DOWN if down[b][leaf] else UP, Fraction(value[b][leaf])) for b in cell]
                tree.append(Leaf(tuple(pairs)))
                leaf += 1
            trees.append(tuple(tree))
        return tuple(trees)
