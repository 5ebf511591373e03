"""Branch and bound over the simplex of one cell of the partition, for many stages at once.

To show sum_{b in c} e^{q_b - shift} (w_b - lambda) <= target on the whole simplex over A, a part is
closed when joint majorants show it at its corners (proofs/joint-majorant.md), else halved. Parts of
all stages share one frontier, of which numpy works on chunks. lambda and the target may rise
between runs: closed parts are kept, since every majorant decreases in lambda (see
proofs/best-majorants.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import log

import numpy as np

from exactqse.kernel.certificate import DOWN, Leaf, Split, Tree
from exactqse.solve.effort import Budget
from exactqse.solve.frontier import Frontier, Parts
from exactqse.solve.leaves import MANTISSAS, Closed, leaf, rounded
from exactqse.solve.majorants import (
    Booleans,
    Floats,
    Integers,
    Majorants,
    edge_to_halve,
    explicit,
    initial,
    rise,
    tighten,
    values,
)
from exactqse.solve.planting import Planted, Splits, plant

_CHUNK = 1024
_FIRST, _MORE = 3, 24  # iterations on every part, and on those that the first do not close
_NEAR = 24  # shifts of a leaf that are not worth stating
_LOST = 1e-290  # a sum may be smaller only because its terms are too small for float64
_LEAST = 1e-300  # rise of lambda for a part that only the margin leaves open


@dataclass
class SimplexSearch:
    """The state of the search for one cell. It has no parts until some are begun or planted.

    Attributes:
        x: eta r minus the stage's shift, (N, A, m) for N stages and the cell's m members.
        y: U, (N, A, m), in units of 2^unit.
        unit: integers (N,).
        rescaled: whether a leaf may have a scale of its own (there is one cell, the target is 0).
        tolerance: relative margin against rounding.
        found: after a run, the best point alpha of each stage that violates its target.
    """

    x: Floats
    y: Floats
    unit: Integers
    rescaled: bool
    tolerance: float = 1e-13
    found: dict[int, Floats] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)
    splits: Splits = field(default_factory=dict)
    leaves: dict[int, Closed | Leaf] = field(default_factory=dict)
    keys: int = 0

    def __post_init__(self) -> None:
        self.keys = len(self.x)  # the root of stage n has the key n

    def begin(self, stages: Iterable[int]) -> None:
        """Forget all parts of these stages and start again from their simplices."""
        chosen = np.array(list(stages), dtype=np.intp)
        if not len(chosen):
            return
        self.drop(chosen.tolist())
        actions = self.x.shape[1]
        corner = np.broadcast_to(np.eye(actions), (len(chosen), actions, actions))
        self.frontier.push(self._fresh(chosen, chosen, corner))

    def drop(self, stages: Iterable[int]) -> None:
        """Forget all parts of some stages."""
        gone = list(stages)
        self.frontier.drop(gone)
        for n in gone:
            self.splits.pop(n, None)
            self.leaves.pop(n, None)

    def plant(self, stage: int, tree: Tree, value: Floats, target: Floats) -> None:
        """Start from a tree: its leaves are closed if they still hold, the others are open.

        The stage's x must be relative to the shift of the tree's node.
        """
        planted = plant(tree, stage, self.keys, self.x.shape[1])
        self.keys += 2 * len(planted.splits)
        self.splits.update(planted.splits)
        for start in range(0, len(planted.leaves), _CHUNK):
            rows = slice(start, start + _CHUNK)
            self._plant(stage, planted, rows, value, target)

    def _plant(
        self, stage: int, planted: Planted, rows: slice, value: Floats, target: Floats
    ) -> None:
        key, leaves = planted.key[rows], planted.leaves[rows]
        parts = self._fresh(key, np.full(len(key), stage), planted.corner[rows])
        X, Y, scale = self._local(parts, value)
        aim = target[parts.stage] * np.exp(np.minimum(-scale, 700.0))
        own = np.array([_clipped(leaf.shift) for leaf in leaves])
        down = np.array(
            [[tag == DOWN for tag, _ in map(explicit, leaf.majorants)] for leaf in leaves]
        )
        logs = np.array([[_log(p) for _, p in map(explicit, leaf.majorants)] for leaf in leaves])
        stated = logs - self.unit[stage] * log(2)
        s = np.exp(np.clip(stated, -700.0, 700.0))
        parameter = np.where(down, stated - (scale - own)[:, None], s)
        M = values(X, Y, parameter, down)
        C, size = M.sum(axis=2), np.abs(M).sum(axis=2)
        good = (C + self.tolerance * size).max(axis=1) <= aim - _LOST
        good &= ~(down[:, None] & (Y >= 0)).any(axis=(1, 2)) & (self.rescaled | (own == 0))
        for k in np.flatnonzero(good):
            self.leaves[int(key[k])] = leaves[k]
        if not good.all():
            warm = replace(parts, s=np.where(down, parts.s, s))
            self.frontier.push(warm.take(~good))

    def _fresh(self, key: Integers, stage: Integers, corner: Floats) -> Parts:
        """Parts about which nothing is known but their corners."""
        X, Y = corner @ self.x[stage], corner @ self.y[stage]
        return Parts(key, stage, X, Y, corner, *initial(X, Y), np.full(len(key), np.inf))

    def whole(self, value: Floats) -> Floats:
        """The bound (N,) of each stage that is found without halving."""
        count, actions = self.x.shape[:2]
        key = np.arange(count)
        parts = self._fresh(key, key, np.broadcast_to(np.eye(actions), (count, actions, actions)))
        X, Y, scale = self._local(parts, value)
        bounds = tighten(X, Y, np.zeros(count), parts.tau, parts.s, _MORE)
        bound: Floats = (bounds.worst + 2 * self.tolerance * bounds.size) * np.exp(
            np.minimum(scale, 700.0)
        )
        return bound

    def run(
        self,
        value: Floats,
        target: Floats,
        budget: Budget,
        report: Callable[[int], None],
    ) -> None:
        """Close or halve parts until none is left, or every stage left has a point in ``found``.

        It stops when the budget is spent. ``report`` is told how many parts are open.
        """
        self.found = {}
        if self.x.shape[1] == 1:  # a point has no halves: what does not close it is left to settle
            return
        held: list[Parts] = []
        while len(self.frontier) and not budget.spent:
            parts = self.frontier.pop(_CHUNK)
            on_hold = np.isin(parts.stage, list(self.found))
            if on_hold.any():
                held.append(parts.take(on_hold))
                parts = parts.take(~on_hold)
            if not len(parts):
                continue
            budget.spend(len(parts))
            left, bounds, aim = self._close(parts, value, target)
            if len(left):
                for half in self._halve(left, bounds, value, aim):
                    self.frontier.push(half)
            report(len(self.frontier) + sum(map(len, held)))
        for parts in held:
            self.frontier.push(parts)

    def settle(self, value: Floats, target: Floats) -> Floats:
        """Close open parts, halve none: by how much lambda has to rise (N,), about, for the rest.

        It is 0 for the stages of which no part is open.
        """
        rises = np.zeros(len(self.x))
        several = self.frontier.drain()
        if several is None:
            return rises
        for start in range(0, len(several), _CHUNK):
            parts = several.take(slice(start, start + _CHUNK))
            left, bounds, aim = self._close(parts, value, target)
            if len(left):
                urgency = np.maximum(self._urgency(left, bounds, value, aim), _LEAST)
                np.maximum.at(rises, left.stage, urgency)
                self.frontier.push(left)
        return rises

    def _close(
        self, parts: Parts, value: Floats, target: Floats
    ) -> tuple[Parts, Majorants, Floats]:
        """Record the parts that can be closed; the others, their best majorants and their aims."""
        bounds: Majorants | None = None
        aim = np.zeros(0)
        for iterations in (_FIRST, _MORE):
            X, Y, scale = self._local(parts, value)
            tau = parts.tau if bounds is None else bounds.tau
            s = parts.s if bounds is None else np.where(bounds.down, parts.s, bounds.parameter)
            aim = target[parts.stage] * np.exp(np.minimum(-scale, 700.0))
            bounds = tighten(X, Y, aim, tau, s, iterations)
            closed = self._record(parts, X, Y, bounds, aim, scale)
            parts, bounds = parts.take(~closed), bounds.part(~closed)
            X, Y, aim = X[~closed], Y[~closed], aim[~closed]
            if len(parts):
                self._look_for_points(parts, X, Y, bounds, aim)
        if bounds is None:
            raise ValueError("no pass was made")
        return parts, bounds, aim

    def _local(self, parts: Parts, value: Floats) -> tuple[Floats, Floats, Floats]:
        """X minus an integer near its largest, Y minus lambda, and that integer."""
        scale = np.floor(parts.X.max(axis=(1, 2)))
        return parts.X - scale[:, None, None], parts.Y - value[parts.stage][:, None, None], scale

    def _record(
        self, parts: Parts, X: Floats, Y: Floats, bounds: Majorants, aim: Floats, scale: Floats
    ) -> Booleans:
        """Round the parameters to few bits and keep the parts for which that does."""
        done = np.zeros(len(parts), dtype=bool)
        hopeful = bounds.worst + self.tolerance * bounds.size <= aim - _LOST
        for bits in MANTISSAS:
            rows = np.flatnonzero(hopeful & ~done)
            if not len(rows):
                break
            own = np.where(self.rescaled & (np.abs(scale[rows]) > _NEAR), scale[rows], 0.0)
            some = bounds.part(rows)
            mantissa, exponent, parameter = rounded(some, scale[rows] - own, bits)
            M = values(X[rows], Y[rows], parameter, some.down)
            C, size = M.sum(axis=2), np.abs(M).sum(axis=2)
            good = (C + self.tolerance * size).max(axis=1) <= aim[rows] - _LOST
            for k in np.flatnonzero(good):
                closed = Closed(some.down[k], mantissa[k], exponent[k], int(own[k]))
                self.leaves[int(parts.key[rows[k]])] = closed
            done[rows[good]] = True
        return done

    def _look_for_points(
        self, parts: Parts, X: Floats, Y: Floats, bounds: Majorants, aim: Floats
    ) -> None:
        """Points at which the target itself is violated, so that no bound can show it."""
        q = np.einsum("nk,nkm->nm", bounds.tau, X)
        w = np.einsum("nk,nkm->nm", bounds.tau, Y)
        terms = np.exp(q) * w
        excess = terms.sum(axis=1) - aim - self.tolerance * np.abs(terms).sum(axis=1)
        for n in np.flatnonzero(excess > 0):
            point = bounds.tau[n] @ parts.corner[n]
            self.found.setdefault(int(parts.stage[n]), point)

    def _urgency(self, parts: Parts, bounds: Majorants, value: Floats, aim: Floats) -> Floats:
        """How far lambda would have to rise; without end where halving has to come first."""
        X, Y, _ = self._local(parts, value)
        size = np.abs(values(X, Y, bounds.parameter, bounds.down)).sum(axis=2).min(axis=1)
        found = rise(X, Y, bounds, aim)
        return np.where((found == 0) & (size < _LOST), np.inf, found)

    def _halve(
        self, parts: Parts, bounds: Majorants, value: Floats, aim: Floats
    ) -> Iterator[Parts]:
        X, Y, _ = self._local(parts, value)
        urgency = self._urgency(parts, bounds, value, aim)
        i, j = edge_to_halve(X, Y, bounds)
        n = np.arange(len(parts))
        first = self.keys + 2 * n
        self.keys += 2 * len(parts)
        rows = zip(parts.key.tolist(), i.tolist(), j.tolist(), first.tolist(), strict=True)
        self.splits.update({key: (a, b, child) for key, a, b, child in rows})
        s = np.where(bounds.down, parts.s, bounds.parameter)

        def half(corner: Integers, key: Integers) -> Parts:
            moved = [parts.X.copy(), parts.Y.copy(), parts.corner.copy()]
            for table, old in zip(moved, (parts.X, parts.Y, parts.corner), strict=True):
                table[n, corner] = (old[n, i] + old[n, j]) / 2
            X, Y, corners = moved
            return Parts(key, parts.stage, X, Y, corners, bounds.tau, s, urgency)

        yield half(i, first)
        yield half(j, first + 1)

    def tree(self, stage: int) -> Tree:
        """The stage's tree in preorder, once it is closed."""
        entries: list[Split | Leaf] = []
        left = [stage]
        while left:
            key = left.pop()
            if key in self.splits:
                i, j, first = self.splits[key]
                entries.append(Split(i, j))
                left += [first + 1, first]
            else:
                closed = self.leaves[key]
                unit = int(self.unit[stage])
                entries.append(closed if isinstance(closed, Leaf) else leaf(closed, unit))
        return tuple(entries)


def _clipped(shift: int) -> float:
    return float(max(min(shift, 10**9), -(10**9)))


def _log(parameter: Fraction) -> float:
    return log(parameter.numerator) - log(parameter.denominator)
