"""The cover of a search: short numbers, as far as they prove what the search did.

A part may use all that the worst part leaves it, so most parts do with tangents at corners instead
of parameters and with coarse lam; what does not is rounded less. Roots are raised where need be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, log2

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import (
    DOWN,
    UP,
    Claim,
    Cover,
    Leaf,
    MixtureSplit,
    Part,
    Piece,
    Slope,
    Split,
    Tree,
    ValueSplit,
)
from exactqse.kernel.game import KernelGame
from exactqse.solve.farsighted.bound import Stage
from exactqse.solve.farsighted.claims import Backward
from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.farsighted.nodes import Batch
from exactqse.solve.farsighted.parameters import Parameters
from exactqse.solve.farsighted.pruning import merged, pruned
from exactqse.solve.farsighted.search import NO_ROOT, Search
from exactqse.solve.farsighted.sharing import in_common
from exactqse.solve.farsighted.slopes import Slopes, offsets

_NO_BOUND = "float64 proves no bound for a part of the follower's values"
_BATCH = 256
_ROOM = 4  # units that every part may lose
_NEAR = 48  # units above what is needed: from so many on parts are not put together again
_LEAST_BITS, _MOST_BITS = 12, 50  # of s and kappa
_FINE = 2.0**-10  # of a unit: two of these at most are added to what slopes add to a bound
_RELATIVE = 1e-12  # of what a checker's radii are more than these


@dataclass(frozen=True)
class Economy:
    """How parameters are shortened.

    Attributes:
        near: how far tangents at corners may be from parameters, in logarithm.
        grid: of the lam of later steps, relative to that of the roots.
        bits: of parameters; None for as many as the roots have.
        most: units that a root is above the least one to begin with; far above it G, which falls
            with the best parameters, may rise with those that are chosen.
        attempts: how often roots are raised.
    """

    near: float
    grid: float
    bits: int | None
    most: int
    attempts: int


# the first two have one grid, so that parts of both agree
ECONOMIES = (
    Economy(near=0.5, grid=1.0, bits=6, most=512, attempts=0),
    Economy(near=0.05, grid=1.0, bits=9, most=128, attempts=0),
    Economy(near=0.0, grid=2.0**-8, bits=None, most=0, attempts=40),
)


@dataclass(frozen=True)
class Goal:
    """What a part is to prove: ``upper``, on a grid of ``unit``, with a relative ``margin``."""

    upper: float
    unit: float
    margin: float


def cover(
    game: KernelGame, search: Search, unit: float, margin: float, level: float = -np.inf
) -> tuple[Cover, tuple[tuple[Slope, ...], ...], Fraction, float]:
    """The cover, its tables of slopes, the largest bound of its parts, and radius of an eta V.

    ``unit`` is the grid of the roots, a power of 2; G at step 0 is at most -``margin`` times its
    size. Parts need not prove more than ``level``, before their numbers are rounded.

    Raises:
        PrecisionError: a part whose rounded parameters prove nothing.
    """
    if not search.upper < NO_ROOT:
        raise PrecisionError(_NO_BOUND)
    nodes, upper = search.nodes, max(search.upper, level)
    order, leaves = merged(search, upper, _NEAR * unit)
    found = written_parts(game, search, nodes.batch(leaves), Goal(upper, unit, margin))
    if len(found) < len(leaves):
        raise PrecisionError(_NO_BOUND)
    parts, used = numbered(found, leaves)
    first = len(game.reachable[0])
    entries = [parts[n][0] if n in parts else division(game, search, n) for n in order]
    bounds = [bound for _, bound in parts.values() if bound is not None]
    wide = search.model.eta * (nodes.hi[leaves] - nodes.lo[leaves]).max(initial=0.0) / 2
    return tuple(entries), tuple(table_of(search.tables, n, first) for n in used), max(bounds), wide


def division(game: KernelGame, search: Search, n: int) -> ValueSplit | MixtureSplit:
    """How node n is halved."""
    axis = int(search.nodes.axis[n])
    if axis < search.J:
        place = game.places[len(game.reachable[0]) + axis]
        return ValueSplit(*place, Fraction(float(search.nodes.at[n])))
    number, cell, edge = search.simplices.split(axis - search.J)
    return MixtureSplit(edge, *game.places[number], cell)


def sample(game: KernelGame, search: Search, unit: float, margin: float) -> tuple[int, int]:
    """Writes some leaves, for the time that it takes: how many, and how many there are."""
    if not search.upper < NO_ROOT:
        return 0, 0
    leaves = pruned(search.nodes, search.upper)[1]
    some = leaves[:: -(-len(leaves) // _BATCH)]
    written_parts(game, search, search.nodes.batch(some), Goal(search.upper, unit, margin))
    return len(some), len(leaves)


def written_parts(
    game: KernelGame, search: Search, leaves: Batch, goal: Goal
) -> dict[int, tuple[Part, Fraction | None]]:
    """The parts that can be proved, by their index in ``leaves``, with their bounds.

    Their tables of slopes are numbered as the search has them.
    """
    parts: dict[int, tuple[Part, Fraction | None]] = {}
    if not len(leaves.bound):
        return parts
    like = in_common(search, leaves, goal.upper, _ROOM * goal.unit)
    for alike in search.alike(leaves.kind, leaves.mix):
        for start in range(0, len(alike), _BATCH):
            some = alike[start : start + _BATCH]
            for economy in ECONOMIES:
                # where roots have to be raised a part keeps what the search found for it
                batch = (leaves if economy.attempts else like).take(some)
                rounded = _Rounded(game, search, batch, goal, economy)
                parts.update({int(some[n]): part for n, part in rounded.parts().items()})
                some = some[~rounded.done]
                if not len(some):
                    break
    return parts


def numbered(
    found: dict[int, tuple[Part, Fraction | None]], leaves: Integers
) -> tuple[dict[int, tuple[Part, Fraction | None]], list[int]]:
    """The parts by their nodes, and the search's tables that they use, by their new numbers."""
    used = sorted({part.slopes for part, _ in found.values()})
    number = {table: k for k, table in enumerate(used)}
    parts = {
        int(leaves[k]): (replace(part, slopes=number[part.slopes]), bound)
        for k, (part, bound) in found.items()
    }
    return parts, used


def table_of(tables: Slopes, n: int, first: int) -> tuple[Slope, ...]:
    """A table in exact rationals."""
    slopes = []
    own = np.concatenate([np.zeros(first), tables.own[n]])
    for size, row in zip(own, np.concatenate([tables.start[n], tables.lean[n]]), strict=True):
        others = [(first + j, _fraction(c)) for j, c in enumerate(row.tolist()) if c]
        slopes.append(Slope(_fraction(float(size)), tuple(others)))
    return tuple(slopes)


class _Rounded:
    """Parts that are alike, with parameters rounded; ``done`` says which of them are proved."""

    def __init__(
        self,
        game: KernelGame,
        search: Search,
        batch: Batch,
        goal: Goal,
        economy: Economy,
    ) -> None:
        self.game, self.model = game, search.model
        self.bounder = search.bounder(batch.kind, batch.mix)
        self.tables, self.goal, self.economy = batch.table, goal, economy
        wanted = ceil(log2(max(self.model.scale, 1e-300) / goal.unit)) - 4
        self.bits = economy.bits or min(max(_LEAST_BITS, wanted), _MOST_BITS)
        self.shown = search.parts(batch)
        self.empty = batch.bound == -np.inf
        grid = goal.unit * economy.grid
        lam = np.round(batch.lam[None] / grid) * grid
        known = np.isfinite(lam)  # not where float64 has no bound for a step of the part
        self.lam = np.where(known, lam, 0.0)
        self.backward = Backward(self.bounder, self.shown)
        size = np.abs(self.backward.centre) + self.backward.radius
        lean, fine = self.backward.common(), goal.unit * _FINE
        reach = ((self.backward.radius + _RELATIVE * size) * lean).sum(0)
        # one more, even where slopes cancel: those that a checker divides by eta are rounded
        self.common = np.ceil(reach / fine + self.backward.radius.any(0)) * fine
        self.later = self.backward.replay(self.lam, self._short)
        room = np.maximum(goal.upper - np.where(self.empty, 0.0, batch.bound), 0.0)
        roots = batch.roots + np.minimum(room, economy.most * goal.unit) + _ROOM * goal.unit
        least = batch.roots if economy.attempts else None
        self.roots, self.first, proved = self._raise(self.backward.stage(0), roots, least)
        bounded = (self.roots < NO_ROOT).all(0) & known.all((0, 1))
        self.done = self.empty | (proved & bounded)

    def _short(self, stage: Stage, lam: Floats, found: Parameters) -> Parameters:
        """Tangents at corners, or mantissas of few bits."""
        value = np.where(np.isnan(found.value), 1.0, found.value)
        mantissa, exponent = np.frexp(np.clip(value, 1e-290, 1e290))
        unit = np.ldexp(1.0, exponent - self.bits)
        short = np.ldexp(np.round(np.ldexp(mantissa, self.bits)), exponent - self.bits)
        if not self.economy.near:
            return settled(stage, lam, Parameters(found.down, short), unit)
        value, corner = stage.tangent(lam, found, self.economy.near)
        return Parameters(found.down, np.where(corner < 0, short, value), corner)

    def _raise(
        self, stage: Stage, roots: Floats, known: Floats | None = None
    ) -> tuple[Floats, Parameters, Booleans]:
        """Roots on the grid, and whether G is negative there with the rounded parameters.

        These are chosen at the known roots, if there are any, until they fail: with the same
        parameters G falls, but others may be chosen above a known root, and G be larger.
        """
        unit = self.goal.unit
        step = np.full(roots.shape, unit)
        lam = np.floor(np.where(self.empty, 0.0, roots) / unit) * unit
        at = lam if known is None else np.where(self.empty, 0.0, known)
        for attempt in range(self.economy.attempts + 1):
            found = stage.evaluate(at[:, None])[2]
            parameters = self._short(stage, lam[:, None], found)
            G, dG, _ = stage.evaluate(lam[:, None], parameters)
            need = self.goal.margin * self.model.scale * (1 + np.abs(dG[:, 0]))
            bad = ~(G[:, 0] <= -need) & ~self.empty
            if not bad.any() or attempt == self.economy.attempts:
                break
            lam = np.where(bad, np.floor((lam + step) / unit) * unit, lam)
            at = np.where(bad, lam, at)
            step = np.where(bad, 2 * step, step)
        return lam, parameters, ~bad.any(0)

    def parts(self) -> dict[int, tuple[Part, Fraction | None]]:
        """Each part that is done, by its index, with its bound; None if no policy is in it.

        A checker may look at claims of later steps before it sees that.
        """
        first, rho = offsets(self.model), self.game.rho
        steps = [_Columns(self, h, found) for h, found in enumerate((self.first, *self.later))]
        lam, free = np.moveaxis(self.lam, 2, 0).tolist(), self.shown.free.T.tolist()
        roots, tables = self.roots.T.tolist(), self.tables.tolist()
        found: dict[int, tuple[Part, Fraction | None]] = {}
        for n in np.flatnonzero(self.done).tolist():
            claims = []
            for h, step in enumerate(steps):
                for k in range(self.model.sizes[h]):
                    j = first[h] + k
                    upper = lam[n][0][j] if h else roots[n][k]
                    piece = Piece(_fraction(upper), step.trees(k, n))
                    shift = 0 if h else int(self.bounder.shift[k])
                    claims.append(Claim(int(h > 0 and free[n][j]), shift, (piece,)))
            total = sum(
                (w * _fraction(x) for w, x in zip(rho.numerators, roots[n], strict=True)),
                Fraction(0),
            )
            bound = total / rho.denominator + Fraction(self.common[n].item())
            found[n] = (
                Part(tuple(claims), tables[n]),
                None if self.empty[n] else bound,
            )
        return found


def settled(stage: Stage, lam: Floats, found: Parameters, unit: Floats) -> Parameters:
    """The same, or one unit more or less for one b after another, where G is less then.

    The best parameters have two corners tie; which of them is the larger afterwards decides whose
    slopes are taken out for all (proofs/farsighted-bound.md, Lemma 2).
    """
    value = found.value
    G, _, _ = stage.evaluate(lam, found)
    for b in range(value.shape[1]):
        for sign in (-1, 1):
            other = value.copy()
            other[:, b] = found.value[:, b] + sign * unit[:, b]
            tried, _, _ = stage.evaluate(lam, Parameters(found.down, other))
            less = tried < G
            G = np.where(less, tried, G)
            value = np.where(less[:, None, None], other, value)
    return Parameters(found.down, value)


class _Columns:
    """The majorants of a step's places, for each part."""

    def __init__(self, rounded: _Rounded, h: int, found: Parameters) -> None:
        self.cells, self.shapes = rounded.model.cells, rounded.bounder.forest.shapes[h]
        corner = np.full(found.value.shape, -1) if found.corner is None else found.corner
        self.down, self.value, self.corner = (
            np.moveaxis(z[:, :, :, 0], -1, 0).tolist() for z in (found.down, found.value, corner)
        )

    def trees(self, k: int, n: int) -> tuple[Tree, ...]:
        """Those of place k in part n."""
        down, value, corner = self.down[n][k], self.value[n][k], self.corner[n][k]
        trees = []
        for cell, shape in zip(self.cells, self.shapes[k], strict=True):
            leaf = 0
            tree: list[Leaf | Split] = []
            for entry in shape:
                if entry is not None:
                    tree.append(entry)
                    continue
                tree.append(
                    _leaf(
                        tuple(
                            corner[b][leaf]
                            if corner[b][leaf] >= 0
                            else (DOWN if down[b][leaf] else UP, value[b][leaf])
                            for b in cell
                        )
                    )
                )
                leaf += 1
            trees.append(tuple(tree))
        return tuple(trees)


@lru_cache(maxsize=1 << 16)
def _leaf(majorants: tuple[int | tuple[str, float], ...]) -> Leaf:
    return Leaf(tuple(m if isinstance(m, int) else (m[0], _fraction(m[1])) for m in majorants))


@lru_cache(maxsize=1 << 16)
def _fraction(value: float) -> Fraction:
    return Fraction(value)
