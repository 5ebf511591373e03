"""The stages of one step together: policies, bounds, and the searches that prove the bounds.

lambda is a tolerance above the best policy's value. It is proved by one leaf for each cell with one
member, and by branch and bound for the others, whose targets share what the policy leaves of the
bound. Where the search finds a better policy, lambda rises; where the budget ends first, lambda
rises until all parts are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from exactqse.kernel.certificate import Leaf, Node, Tree
from exactqse.solve.effort import Budget
from exactqse.solve.leaves import best_single, single_leaf
from exactqse.solve.majorants import Floats, Integers
from exactqse.solve.shared_stage import ascend_cell, best_pure, best_shared, cell_of, polish, pure
from exactqse.solve.simplices import SimplexSearch
from exactqse.solve.stage_tables import Claim, StageTables

_SHARE = 0.9  # of what is left of a bound that the searched cells take; rounding takes the rest
_AHEAD = 1.02  # of a Newton step of lambda, so that it arrives
_WORTH = 0.01  # tolerances by which a known bound has to be improvable
_NEAR = 24  # shifts that are as good as each other

Cells = tuple[tuple[int, ...], ...]


class Layer:
    """N stages of one step.

    ``tolerance``: what a bound may be above its policy; ``margin``: what float64 may be wrong by,
    relatively; ``random``: for policies from many starts, None to start from the known ones only.
    ``before``: nodes of an earlier search at the same stages, whose bounds are proved and whose
    trees are gone on with.
    """

    def __init__(
        self,
        tables: Sequence[StageTables],
        cells: Cells,
        before: Sequence[Node | None],
        *,
        tolerance: Fraction,
        margin: float,
        random: np.random.Generator | None,
    ) -> None:
        self.tables, self.cells, self.before = tables, cells, before
        self.cell: Integers = cell_of(cells)
        self.margin = margin
        self.x, self.y, self.low = (
            np.array([getattr(t, name) for t in tables]) for name in ("x", "y", "low")
        )
        self.unit = np.array([t.unit for t in tables], dtype=np.intp)
        found = [self._policy(n, random) for n in range(len(tables))]
        self.alpha = np.array([alpha for alpha, _ in found])
        self.best = np.array([value for _, value in found])
        size = np.abs(self.y).max(axis=(1, 2)) + (self.unit == 0)
        asked = np.array([_scaled(tolerance, t.unit) for t in tables])
        self.tolerance = np.clip(asked, 64 * margin * size, 4 * size)
        self.value = self.best + self.tolerance
        self.cap = np.array([self._cap(n, tolerance) for n in range(len(tables))])
        self.active = self.value + _WORTH * self.tolerance < self.cap
        self.active &= np.array([t.tame for t in tables])
        self.shift = self._shifts()
        self.witness = self.alpha.copy()  # per cell: its sum at lambda is the largest known
        self.several = len(cells) > 1
        self.single = {c: cell[0] for c, cell in enumerate(cells) if len(cell) == 1}
        self.searches = {
            c: SimplexSearch(
                self._corners(self.x - self.shift[:, None, None], c),
                self._corners(self.y, c),
                self.unit,
                rescaled=not self.several,
                tolerance=margin,
            )
            for c, cell in enumerate(cells)
            if len(cell) > 1
        }
        self.target = self._targets()

    def _policy(self, n: int, random: np.random.Generator | None) -> tuple[Floats, float]:
        """A good policy of stage n, from the known one and from many starts."""
        x, y, node = self.x[n], self.y[n], self.before[n]
        if random is not None:
            found = best_shared(x, y, self.cell, random)
        else:
            found = best_pure(x, y, self.cell)
        if node is None:
            return found
        known = np.zeros((len(self.cells), x.shape[1]))
        for c, distribution in enumerate(node.policy):
            for a, probability in distribution:
                known[c, a] = float(probability)
        return max(found, polish(known, x, y, self.cell), key=lambda pair: pair[1])

    def _cap(self, n: int, tolerance: Fraction) -> float:
        """The bound that is known without any search, in the stage's units, rounded down."""
        node, tables = self.before[n], self.tables[n]
        known = tables.ceiling + tolerance
        if node is not None:
            known = min(known, node.upper)
        cap = _scaled(known, tables.unit)
        exact = cap in (np.inf, -np.inf) or _unscaled(cap, tables.unit) <= known
        return cap if exact else float(np.nextafter(cap, -np.inf))

    def _shifts(self) -> Floats:
        """An integer near the largest exponent; that of the known node where it is near enough."""
        q = np.einsum("nba,nba->nb", self.alpha[:, self.cell], self.x)
        shift: Floats = np.floor(q.max(axis=1))
        for n, (node, tables) in enumerate(zip(self.before, self.tables, strict=True)):
            if node is not None and abs(node.shift - tables.top - shift[n]) <= _NEAR:
                shift[n] = node.shift - tables.top
        return shift

    def _corners(self, table: Floats, c: int) -> Floats:
        """(N, A, m) of the cell's members."""
        return np.swapaxes(table[:, list(self.cells[c])], 1, 2)

    def search(self, budget: Budget, report: Callable[[int], None]) -> None:
        """Prove lambda at every stage that is not known so well; it rises where it has to."""
        if budget.spent:
            self.active &= np.array([node is None for node in self.before])
        self._start()
        while not budget.spent:
            for c, search in self.searches.items():
                search.run(self.value, self.target[c], budget, report)
            better = [(c, n, x) for c, s in self.searches.items() for n, x in s.found.items()]
            if not better:
                break
            for c, n, point in better:
                self._improve(c, n, point)
            self.target = self._targets()
        self._settle()

    def _start(self) -> None:
        """Take up the known trees where there are any, else begin with the whole simplices."""
        stages = np.flatnonzero(self.active).tolist()
        known = [n for n in stages if self._goes_on(n)]
        for c, search in self.searches.items():
            search.begin(n for n in stages if n not in set(known))
            for n in known:
                node = self.before[n]
                if node is not None:
                    search.plant(n, node.trees[c], self.value, self.target[c])

    def _goes_on(self, n: int) -> bool:
        node = self.before[n]
        return node is not None and node.shift == self.tables[n].top + int(self.shift[n])

    def _settle(self) -> None:
        """Let lambda rise until every part is closed, or the bound is known anyway.

        The targets stay: what is closed is closed for every larger lambda. A known bound is proved
        again with the new trees, so that no halving is lost, if float64 can do it.
        """
        widening = self.tolerance.copy()
        last = np.zeros(len(self.x), dtype=bool)
        while True:
            pairs = [(s, self.target[c]) for c, s in self.searches.items()]
            rises = np.zeros(len(self.x))
            for search, target in pairs:
                rises = np.maximum(rises, search.settle(self.value, target))
            rows = rises > 0
            if not rows.any():
                return
            self.active &= ~(rows & last)
            for search, _ in pairs:
                search.drop(np.flatnonzero(rows & last).tolist())
            self.value[rows] += np.maximum(_AHEAD * rises, widening)[rows]
            widening[rows] *= 2
            last = self.value >= self.cap
            self.value[last] = self.cap[last]

    def _targets(self) -> dict[int, Floats]:
        """Per searched cell the bound (N,) to prove: together with the other cells' at most 0.

        A cell's own best sum, and an equal share of what is left of 0; where the bounds without
        halving do together, they are the targets.
        """
        stages = range(len(self.x))
        if not self.several or not self.searches:
            return {c: np.zeros(len(self.x)) for c in self.searches}
        whole = {c: search.whole(self.value) for c, search in self.searches.items()}
        sums = {c: np.array([self._sum(n, c) for n in stages]) for c in self.searches}
        singles = np.array([sum(self._single(n, c)[1] for c in self.single) for n in stages])
        left = -(sum(sums.values()) + singles)
        easy = sum(whole.values()) + singles <= 0
        share = left * _SHARE / len(sums)
        return {c: np.where(easy, whole[c], total + share) for c, total in sums.items()}

    def _sum(self, n: int, c: int) -> float:
        """sum over b in c of e^{q_b - shift} (w_b - lambda) at the witness."""
        members = list(self.cells[c])
        q = self.x[n, members] @ self.witness[n, c] - self.shift[n]
        w = self.y[n, members] @ self.witness[n, c] - self.value[n]
        return float((np.exp(np.minimum(q, 700.0)) * w).sum())

    def _single(self, n: int, c: int) -> tuple[Leaf, float]:
        """The leaf of a cell with one member, and the bound that it proves."""
        b = self.single[c]
        x = self.x[n, b] - self.shift[n]
        return single_leaf(x, self.y[n, b] - self.value[n], self.margin, int(self.unit[n]))

    def _improve(self, c: int, n: int, point: Floats) -> None:
        """Take a point of cell c at which stage n's target is violated."""
        members = list(self.cells[c])
        x, y = self.x[n, members], self.y[n, members]
        self.witness[n, c] = ascend_cell(point, x, y, float(self.value[n]))
        for one, b in self.single.items():  # ascent may have stopped short of these too
            self.witness[n, one] = best_single(self.x[n, b], self.y[n, b] - self.value[n])
        alpha, value = polish(self.witness[n], self.x[n], self.y[n], self.cell)
        if value > self.best[n]:
            self.alpha[n], self.best[n] = alpha, value
        self.value[n] = max(self.value[n], self.best[n] + self.tolerance[n])
        if self.several:
            for search in self.searches.values():
                search.begin([n])

    def claim(self, n: int) -> Claim | None:
        """What was proved of stage n; None where no more than was known before."""
        if not self.active[n]:
            return None
        upper = _unscaled(float(self.value[n]), int(self.unit[n]))
        trees = tuple(self._tree(n, c) for c in range(len(self.cells)))
        return Claim(upper, self.tables[n].top + int(self.shift[n]), trees)

    def _tree(self, n: int, c: int) -> Tree:
        return (self._single(n, c)[0],) if c in self.single else self.searches[c].tree(n)

    def policies(self, n: int) -> list[Floats]:
        """Policies (C, A) of stage n: the best against upper values, and against the known ones.

        Where float64 cannot tell, also those that take one action whatever is seen.
        """
        alpha = self.alpha[n]
        found = [alpha]
        if (self.low[n] != self.y[n]).any():
            found.append(polish(alpha, self.x[n], self.low[n], self.cell)[0])
        return found if self.tables[n].tame else [*found, *pure(*alpha.shape)]


def _scaled(value: Fraction, unit: int) -> float:
    """The value in units of 2^unit, or infinity."""
    try:
        return float(value / Fraction(2) ** unit)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _unscaled(value: float, unit: int) -> Fraction:
    return Fraction(value) * Fraction(2) ** unit
