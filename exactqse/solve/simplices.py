"""Branch and bound over the simplex of one cell of the partition, for many stages at once.

To show sum_{b in c} e^{q_b - shift} (w_b - lambda) <= target on the whole simplex over A, a part is
closed when joint majorants show it at its corners (proofs/joint-majorant.md), else halved. Parts of
all stages share one stack, in chunks that numpy works on as a whole. lambda and the target may rise
between runs: closed parts are kept, since every majorant decreases in lambda
(proofs/best-majorants.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import numpy as np

from exactqse.kernel.certificate import DOWN, UP, Leaf, Split, Tree
from exactqse.solve.effort import Budget
from exactqse.solve.majorants import (
    Booleans,
    Floats,
    Integers,
    Majorants,
    edge_to_halve,
    initial,
    tighten,
    values,
)

_CHUNK = 1024
_FIRST, _MORE = 3, 24  # iterations on every part, and on those that the first do not close
_NEAR = 24  # shifts of a leaf that are not worth stating
MAX_LOG2 = 4000  # of a parameter: beyond it files and integers would only be long
_TINY = 1e-9  # s of a majorant that only has to be small
_MANTISSAS = (10, 20, 51)  # bits of a parameter, the fewest that do


@dataclass(frozen=True)
class _Parts:
    """Open parts: identity, stage, corners' X, Y (n, K, m) and alpha (n, K, A), warm starts."""

    key: Integers
    stage: Integers
    X: Floats
    Y: Floats
    corner: Floats
    tau: Floats
    s: Floats

    def take(self, rows: Booleans | Integers | slice) -> _Parts:
        return _Parts(*(getattr(self, name)[rows] for name in self.__match_args__))

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True)
class _Closed:
    """What is written down of a part that was closed."""

    down: Booleans
    mantissa: Integers
    exponent: Integers
    shift: int


@dataclass
class SimplexSearch:
    """The state of the search for one cell.

    Attributes:
        x: eta r minus the stage's shift, (N, A, m) for N stages and the cell's m members.
        y: U, (N, A, m).
        rescaled: whether a leaf may have a scale of its own (there is one cell, the target is 0).
        tolerance: relative margin against rounding.
        found: after a run, the best point alpha of each stage that violates its target.
    """

    x: Floats
    y: Floats
    rescaled: bool
    tolerance: float = 1e-13
    found: dict[int, Floats] = field(default_factory=dict)
    stack: list[_Parts] = field(default_factory=list)
    splits: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    leaves: dict[int, _Closed] = field(default_factory=dict)
    keys: int = 0

    def __post_init__(self) -> None:
        stages, actions, _ = self.x.shape
        tau, s = initial(self.x, self.y)
        corner = np.broadcast_to(np.eye(actions), (stages, actions, actions))
        key = np.arange(stages)
        self.keys = stages
        self.stack = [_Parts(key, key, self.x, self.y, corner, tau, s)]

    @property
    def open_stages(self) -> set[int]:
        """The stages with open parts."""
        return {int(n) for parts in self.stack for n in parts.stage}

    def run(self, value: Floats, target: Floats, budget: Budget) -> None:
        """Close or halve parts until none is left, or every stage left has a point in ``found``.

        Once the budget is spent parts are only closed, not halved.
        """
        self.found = {}
        work, self.stack = self.stack, []
        if budget.spent and work:
            work = [_merged(work)]
        held: list[_Parts] = []
        while work:
            parts = work.pop()
            on_hold = np.isin(parts.stage, list(self.found))
            if on_hold.any():
                held.append(parts.take(on_hold))
                parts = parts.take(~on_hold)
            if not len(parts):
                continue
            budget.spend(len(parts))
            left, bounds = self._close(parts, value, target)
            if budget.spent:
                held.append(left)
            elif len(left):
                work += self._halve(left, bounds, value)
        self.stack = [parts for parts in held if len(parts)]

    def whole(self, value: Floats) -> Floats:
        """The bound (N,) of each stage that is found without halving."""
        key = np.arange(len(self.x))
        tau, s = initial(self.x, self.y)
        parts = _Parts(key, key, self.x, self.y, np.zeros((*self.x.shape[:2], 0)), tau, s)
        X, Y, scale = self._local(parts, value)
        bounds = tighten(X, Y, np.zeros(len(key)), tau, s, _MORE)
        bound: Floats = (bounds.worst + 2 * self.tolerance * bounds.size) * np.exp(scale)
        return bound

    def restart(self, stage: int) -> None:
        """Forget all parts of one stage, so that a lower target can be set."""
        self.stack = [parts.take(parts.stage != stage) for parts in self.stack]
        self.splits.pop(stage, None)
        self.leaves.pop(stage, None)
        tau, s = initial(self.x[[stage]], self.y[[stage]])
        corner = np.eye(self.x.shape[1])[None]
        key = np.array([stage])
        self.stack.append(_Parts(key, key, self.x[key], self.y[key], corner, tau, s))

    def _close(self, parts: _Parts, value: Floats, target: Floats) -> tuple[_Parts, Majorants]:
        """Record the parts that can be closed; the others, and their best majorants."""
        bounds: Majorants | None = None
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
        return parts, bounds

    def _local(self, parts: _Parts, value: Floats) -> tuple[Floats, Floats, Floats]:
        """X minus an integer near its largest, Y minus lambda, and that integer."""
        scale = np.floor(parts.X.max(axis=(1, 2)))
        return parts.X - scale[:, None, None], parts.Y - value[parts.stage][:, None, None], scale

    def _record(
        self, parts: _Parts, X: Floats, Y: Floats, bounds: Majorants, aim: Floats, scale: Floats
    ) -> Booleans:
        """Round the parameters to few bits and keep the parts for which that does."""
        done = np.zeros(len(parts), dtype=bool)
        hopeful = bounds.worst + self.tolerance * bounds.size <= aim
        for bits in _MANTISSAS:
            rows = np.flatnonzero(hopeful & ~done)
            if not len(rows):
                break
            own = np.where(self.rescaled & (np.abs(scale[rows]) > _NEAR), scale[rows], 0.0)
            some = bounds.part(rows)
            mantissa, exponent, parameter = _rounded(some, scale[rows] - own, bits)
            M = values(X[rows], Y[rows], parameter, some.down)
            C, size = M.sum(axis=2), np.abs(M).sum(axis=2)
            good = (C + self.tolerance * size).max(axis=1) <= aim[rows]
            for k in np.flatnonzero(good):
                closed = _Closed(some.down[k], mantissa[k], exponent[k], int(own[k]))
                self.leaves[int(parts.key[rows[k]])] = closed
            done[rows[good]] = True
        return done

    def _look_for_points(
        self, parts: _Parts, X: Floats, Y: Floats, bounds: Majorants, aim: Floats
    ) -> None:
        """Points at which the target itself is violated, so that no bound can show it."""
        q = np.einsum("nk,nkm->nm", bounds.tau, X)
        w = np.einsum("nk,nkm->nm", bounds.tau, Y)
        terms = np.exp(q) * w
        excess = terms.sum(axis=1) - aim - self.tolerance * np.abs(terms).sum(axis=1)
        for n in np.flatnonzero(excess > 0):
            point = bounds.tau[n] @ parts.corner[n]
            self.found.setdefault(int(parts.stage[n]), point)

    def _halve(self, parts: _Parts, bounds: Majorants, value: Floats) -> Iterator[_Parts]:
        X, Y, _ = self._local(parts, value)
        i, j = edge_to_halve(X, Y, bounds)
        n = np.arange(len(parts))
        first = self.keys + 2 * n
        self.keys += 2 * len(parts)
        rows = zip(parts.key.tolist(), i.tolist(), j.tolist(), first.tolist(), strict=True)
        self.splits.update({key: (a, b, child) for key, a, b, child in rows})
        s = np.where(bounds.down, parts.s, bounds.parameter)

        def half(corner: Integers, key: Integers) -> _Parts:
            moved = [parts.X.copy(), parts.Y.copy(), parts.corner.copy()]
            for table, old in zip(moved, (parts.X, parts.Y, parts.corner), strict=True):
                table[n, corner] = (old[n, i] + old[n, j]) / 2
            return _Parts(key, parts.stage, moved[0], moved[1], moved[2], bounds.tau, s)

        halves = [half(i, first), half(j, first + 1)]
        both = _merged(halves)
        for start in range(0, len(both), _CHUNK):
            yield both.take(slice(start, start + _CHUNK))

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
                entries.append(_leaf(self.leaves[key]))
        return tuple(entries)


def _merged(several: list[_Parts]) -> _Parts:
    names = _Parts.__match_args__
    return _Parts(*(np.concatenate([getattr(x, name) for x in several]) for name in names))


def _rounded(bounds: Majorants, scale: Floats, bits: int) -> tuple[Integers, Integers, Floats]:
    """(mantissa, exponent, parameter): positive parameters with few bits.

    kappa is stated e^scale times larger than at the scale of ``bounds``; s is not scaled.
    """
    shifted = bounds.parameter + np.where(bounds.down, scale[:, None], 0.0)
    logs = np.where(bounds.down, shifted, np.log(np.where(bounds.down, 1.0, bounds.parameter)))
    log2 = np.clip(logs / np.log(2), -MAX_LOG2, MAX_LOG2)
    exponent = np.floor(log2)
    mantissa = np.rint(np.exp2(log2 - exponent + bits))
    exponent = exponent - bits
    stated = np.log(mantissa) + exponent * np.log(2)
    parameter = np.where(bounds.down, stated - scale[:, None], np.exp(np.minimum(stated, 700.0)))
    return mantissa.astype(np.intp), exponent.astype(np.intp), parameter


def _leaf(closed: _Closed) -> Leaf:
    rows = zip(
        closed.down.tolist(), closed.mantissa.tolist(), closed.exponent.tolist(), strict=True
    )
    return Leaf(tuple((DOWN if down else UP, dyadic(m, e)) for down, m, e in rows), closed.shift)


def best_single(x: Floats, y: Floats) -> Floats:
    """The alpha (A,) that maximises e^q w in a cell with one member; x = eta r, y = U - lambda.

    The maximiser is a point, or inside a falling edge at w = -dy/dx (proofs/two-actions.md).
    """
    alpha = np.zeros(len(x))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = x + np.log(np.abs(y))
        dx, dy = x[None] - x[:, None], y[None] - y[:, None]
        w = -dy / dx
        inside = (dx > 0) & (dy < 0) & (w < y[:, None]) & (w > y[None])
        q = x[:, None] + (y[:, None] - w) / w
        edges = np.where(inside, q + np.log(w), -np.inf)
    points = np.where(y > 0, logs, -np.inf)
    if edges.max() > points.max():
        i, j = divmod(int(edges.argmax()), len(x))
        alpha[j] = (y[i] - w[i, j]) / (y[i] - y[j])
        alpha[i] = 1 - alpha[j]
    else:
        alpha[points.argmax() if y.max() > 0 else logs.argmin()] = 1
    return alpha


def single_leaf(x: Floats, y: Floats, margin: float) -> tuple[Leaf, float]:
    """The leaf of a cell with one member, and its bound; x = eta r - shift, y = U - lambda, (A,).

    The majorant that touches e^q w at its maximiser is the best.
    """
    alpha = best_single(x, y)
    q, parameter = float(alpha @ x), float(alpha @ y)
    down = bool((y < 0).all())
    if down:
        parameter = q + float(np.log(-parameter))
    elif parameter <= 0:
        parameter = _TINY * (1 + float(np.abs(y).max()))
    found = Majorants(
        *(np.zeros(1), np.zeros(1)), np.array([[parameter]]), np.array([[down]]), np.ones((1, 1))
    )
    mantissa, exponent, stated = _rounded(found, np.zeros(1), _MANTISSAS[-1])
    M = values(x[None, :, None], y[None, :, None], stated, found.down)
    leaf = _leaf(_Closed(found.down[0], mantissa[0], exponent[0], 0))
    return leaf, float((M + margin * np.abs(M)).max())


@lru_cache(maxsize=1 << 14)  # leaves take few bits, so the same parameters come again
def dyadic(mantissa: int, exponent: int) -> Fraction:
    """mantissa 2^exponent."""
    if exponent >= 0:
        return Fraction(mantissa << exponent)
    return Fraction(mantissa, 1 << -exponent)
