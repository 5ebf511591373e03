"""The best bound of a part: one linear program (proofs/farsighted-strong.md, Theorem 1).

The bound of every place is linear in all that a certificate may choose at once, K, sigma, c, mu and
n, with one row for each largest value or absolute value in it. Coefficients are numbers plus
multiples of what depends on the part: radii, and x - m.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from highspy import HighsBasis

from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import Floats, Integers, Model
from exactqse.solve.promised.highs import INFINITE, Minimum, Rows, Task

_LARGEST = 1e7  # of a multiplier, times the leader's scale over the follower's
_PULL = 1e-6  # what a multiplier costs, in radii: those that nothing needs stay small
_IDLE = 1e-9  # of a price that counts as none
_BELOW = 1.0  # K may be so far below the least value, in units of the leader's scale
Term = tuple[int, float] | tuple[int, float, int]  # column, coefficient, part's feature to multiply


@dataclass(frozen=True, eq=False)
class Found:
    """What the program chose for a part, and what it says of the part.

    Attributes:
        value: the bound of J.
        own: (N,), sigma; N places.
        lean: (N, N), c.
        duals: (N, B, B), mu, with n on the diagonal.
        flow: (N, B), how often a place is visited and b is the target there.
        rise: (N,), how much the bound falls with each radius.
        basis: of HiGHS, for parts that are alike.
    """

    value: float
    own: Floats
    lean: Floats
    duals: Floats
    flow: Floats
    rise: Floats
    basis: HighsBasis


def entries_of(model: Model) -> int:
    """About how many entries the program of a game has."""
    sizes, total = model.sizes, 0
    for h, layer in enumerate(model.layers):
        n, B, A = layer.u.shape
        later, after = sum(sizes[h + 1 :]), layer.P.shape[-1]
        total += 2 * n * B * A * len(model.cells) * (1 + later) * (after + B + 4)
    return total


@dataclass
class _Rows:
    """Rows sum of terms <= bound, as they are made."""

    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    fixed: list[float] = field(default_factory=list)
    varying: list[float] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)

    def add(self, terms: Iterable[Term], bound: float = 0.0) -> int:
        """A row; its number."""
        number = len(self.bounds)
        for column, coefficient, *feature in terms:
            self.row.append(number)
            self.column.append(column)
            self.fixed.append(0.0 if feature else coefficient)
            self.varying.append(coefficient if feature else 0.0)
            self.feature.append(feature[0] if feature else 0)
        self.bounds.append(bound)
        return number


class Program:
    """The program of a game's parts: places, step by step, are numbered as in a certificate."""

    def __init__(self, model: Model, budget: Budget) -> None:
        self.model, self.budget = model, budget
        self.first = np.concatenate([[0], np.cumsum(model.sizes)]).tolist()
        self.N, self.B = self.first[-1], model.layers[0].u.shape[1]
        self.A = model.layers[0].u.shape[2]
        self.rows, self.count = _Rows(), 0
        N, B = self.N, self.B
        self.K, self.own = self._new(N), self._new(N)
        self.lean = self._new(N, N)
        self.mu, self.up, self.down = self._new(N, B, B), self._new(N, B), self._new(N, B)
        self.whole = self._new(N)
        self.price = np.zeros((N, B), dtype=np.intp)
        self.cells: list[list[tuple[int, list[int]]]] = []  # of each target: [a]
        for h in range(len(model.layers)):
            for k in range(model.sizes[h]):
                for b in range(B):
                    self._target(h, k, b)
        self._objective()
        rows = self.rows
        self.row, self.column = np.array(rows.row), np.array(rows.column)
        places, self.place = np.unique(self.row * self.count + self.column, return_inverse=True)
        self.pattern = Rows.of(places // self.count, places % self.count, len(rows.bounds))
        self.fixed, self.varying = np.array(rows.fixed), np.array(rows.varying)
        self.feature = np.array(rows.feature)
        self.bounds, self.right = self._bounds(), np.array(rows.bounds)
        self.brackets = np.array([[row for row, _ in made] for made in self.cells])
        blank = [-1] * (self.N - self.first[1])
        padded = [[(offs + blank)[: len(blank)] for _, offs in made] for made in self.cells]
        self.offs = np.array(padded, dtype=np.intp)

    def _new(self, *shape: int) -> Integers:
        """Numbers of new columns."""
        size = int(np.prod(shape))
        self.count += size
        return np.arange(self.count - size, self.count).reshape(shape)

    def _deviation(self, j: int, b: int, a: int) -> int:
        """The feature x_b(a) - m."""
        return int(self.N + (j * self.B + b) * self.A + a)

    def _target(self, h: int, k: int, b: int) -> None:
        """K is at least the bound of the place for follower action b."""
        model, j = self.model, self.first[h] + k
        later = range(self.first[h + 1], self.N)
        total: list[Term] = [(self.K[j], -1.0)]
        common: dict[int, list[Term]] = {i: [] for i in later}
        if h:
            total += [(self.up[j, b], 1.0, j), (self.down[j, b], 1.0, j)]
        for cell in model.cells:
            top = int(self._new(1)[0])
            pivots = {i: int(self._new(1)[0]) for i in later}
            total.append((top, 1.0))
            for i, pivot in pivots.items():
                common[i].append((pivot, 1.0))
            made = [self._bracket((h, k, b, a), cell, top, pivots) for a in range(self.A)]
            self.cells.append(made)
        for i in later:
            off = int(self._new(1)[0])
            total.append((off, 1.0, i))
            for sign in (1.0, -1.0):
                self.rows.add([(c, sign * w) for c, w, *_ in common[i]] + [(off, -1.0)])
        self.price[j, b] = self.rows.add(total)

    def _bracket(
        self, at: tuple[int, int, int, int], cell: tuple[int, ...], top: int, pivots: dict[int, int]
    ) -> tuple[int, list[int]]:
        """The row by which a cell is worth what a is, and columns: how far slopes are off."""
        h, k, b, a = at
        layer, j = self.model.layers[h], self.first[h] + k
        after = layer.P[k, b, a]
        value: list[Term] = [(top, -1.0)]
        offs: list[int] = []
        if b in cell:
            value += [(self.K[self.first[h + 1] + t], float(p)) for t, p in enumerate(after) if p]
        weights = list(self._weights(h, j, b, cell))
        value += [(column, sign, self._deviation(j, o, a)) for column, sign, o in weights]
        for i in range(self.first[h + 1], self.N):
            slope = self._slope(at, cell, i, weights)
            off = int(self._new(1)[0])
            offs.append(off)
            value.append((off, 1.0, i))
            for sign in (1.0, -1.0):
                terms = [(column, sign * w) for column, w, *_ in [*slope, (pivots[i], -1.0)]]
                self.rows.add([*terms, (off, -1.0)])
        row = self.rows.add(value, -float(layer.u[k, b, a]) if b in cell else 0.0)
        return row, offs

    def _weights(
        self, h: int, j: int, b: int, cell: tuple[int, ...]
    ) -> Iterable[tuple[int, float, int]]:
        """What multiplies x_o - m for members o of the cell: columns with signs."""
        for o in cell:
            if o != b:
                yield int(self.mu[j, b, o]), -1.0, o
                continue
            yield from ((int(self.mu[j, b, i]), 1.0, b) for i in range(self.B) if i != b)
            if h:
                yield from ((int(self.up[j, b]), 1.0, b), (int(self.down[j, b]), -1.0, b))
                yield int(self.own[j]), 1.0, b

    def _slope(
        self,
        at: tuple[int, int, int, int],
        cell: tuple[int, ...],
        i: int,
        weights: list[tuple[int, float, int]],
    ) -> list[Term]:
        """L_i."""
        h, k, b, a = at
        layer, start = self.model.layers[h], self.first[h + 1]
        terms: list[Term] = []
        if b in cell:
            terms.append((self.lean[self.first[h] + k, i], -1.0))
            after = enumerate(layer.P[k, b, a])
            terms += [(self.lean[start + t, i], float(p)) for t, p in after if p and start + t < i]
        if i < start + layer.P.shape[-1]:
            P = layer.P[k, :, a, i - start]
            if b in cell and P[b]:
                terms.append((self.own[i], -float(P[b])))
            unit = self.model.gamma
            terms += [(column, sign * unit * float(P[o])) for column, sign, o in weights if P[o]]
        return terms

    def _objective(self) -> None:
        """rho . K and what the sum of c leans on; the latter is multiplied by radii."""
        for i in range(self.first[1], self.N):
            for sign in (1.0, -1.0):
                pairs = enumerate(self.model.rho)
                terms: list[Term] = [(self.lean[j, i], sign * float(p)) for j, p in pairs]
                self.rows.add([*terms, (self.whole[i], -1.0)])

    def _bounds(self) -> tuple[Floats, Floats]:
        """All of the size that the game allows; mu >= 0; only later places have slopes."""
        low, high = np.full(self.count, -INFINITE), np.full(self.count, INFINITE)
        steps = np.repeat(np.arange(len(self.model.sizes)), self.model.sizes)
        left = np.array([min(float(layer.u.min()) for layer in self.model.layers)] * self.N)
        spare = _BELOW * self.model.scale
        low[self.K] = left * (len(self.model.sizes) - steps) - spare
        spread = max(float(np.ptp(layer.r)) for layer in self.model.layers)
        most = _LARGEST * self.model.scale / (spread or 1.0)
        for columns in (self.mu, self.up, self.down):
            low[columns], high[columns] = 0.0, most
        barred = [self.own[: self.first[1]], self.lean[steps[:, None] >= steps[None]]]
        barred += [self.mu[:, b, b] for b in range(self.B)]
        for columns in barred:
            low[columns] = high[columns] = 0.0
        return low, high

    def solve(self, lo: Floats, hi: Floats, basis: HighsBasis | None = None) -> Found | None:
        """The best bound of the part with V in [lo, hi], (N,) each; None where HiGHS finds none.

        First with any pivots M; then with those that the checker takes, the slopes of one action in
        every cell, which is where the first program puts most. HiGHS begins at ``basis``.
        """
        middle, radius = (lo + hi) / 2, (hi - lo) / 2
        features = np.concatenate([radius, self.deviations(middle).ravel()])
        terms = self.fixed + self.varying * features[self.feature]
        entries: Floats = np.bincount(self.place, terms).astype(np.float64)
        cost = np.zeros(self.count)
        cost[self.K[: self.first[1]]] = self.model.rho
        later = slice(self.first[1], self.N)
        cost[self.whole[later]] = radius[later]
        for columns in (self.mu, self.up, self.down):
            cost[columns] = _PULL * radius.mean()
        left = self.budget.seconds_left
        task = Task(cost, self.pattern, entries, self.right, self.bounds, left)
        loose = task.solved(basis)
        if loose is None:
            return None
        first = self._largest(loose, terms)
        chosen = self.offs[np.arange(len(first)), first]
        task.fix(chosen[chosen >= 0])
        found = task.solved()
        if found is None:
            return None
        z, price = found.z, found.price
        duals = z[self.mu]
        diagonal = np.arange(self.B)
        duals[:, diagonal, diagonal] = z[self.up] - z[self.down]
        weight = price[self.row] * self.varying * z[self.column]
        rises: Floats = np.bincount(self.feature, weight, minlength=len(features)).astype(
            np.float64
        )
        rise = rises[: self.N]
        rise[later] += z[self.whole[later]]
        own, lean = z[self.own], z[self.lean]
        flow, rise = price[self.price], np.abs(rise)
        return Found(found.value, own, lean, duals, flow, rise, loose.basis)

    def _largest(self, found: Minimum, terms: Floats) -> Integers:
        """The action of each bracket where most is put; where nothing is, that of the largest A."""
        held = np.isin(self.column, self.offs)
        made = np.bincount(self.row, np.where(held, 0.0, terms * found.z[self.column]))
        A = (made - self.right)[self.brackets]
        price = found.price[self.brackets]
        is_idle = price.max(1, keepdims=True) <= _IDLE
        chosen: Integers = np.where(is_idle, A, price).argmax(1)
        return chosen

    def deviations(self, middle: Floats) -> Floats:
        """x_b(a) - m, (N, B, A)."""
        x = []
        for h, layer in enumerate(self.model.layers):
            after = middle[self.first[h + 1] : self.first[h + 1] + layer.P.shape[-1]]
            x.append(layer.r + self.model.gamma * (layer.P @ after) if after.size else layer.r)
        table: Floats = np.concatenate(x) - middle[:, None, None]
        return table
