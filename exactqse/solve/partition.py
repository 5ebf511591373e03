"""The solver for gamma = 0, finite eta, a leader who sees less than the action.

Backward induction over layers is exact (proofs/propagation.md). In a layer every stage gets a
policy by local ascent, lambda a tolerance above its value, and a proof that no policy is worth more
than lambda: one leaf for each cell with one member, branch and bound for the others, whose targets
share what the policy leaves of the bound. Where the search finds a better policy, lambda rises;
where the budget ends first, lambda rises until all parts are closed. The result is an enclosure
either way.
"""

from __future__ import annotations

from fractions import Fraction
from math import log

import numpy as np

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate, Distribution, Leaf, Node, Tree
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval, enclose
from exactqse.kernel.operators import continuation, initial_mean, policy_values, scaled_reward
from exactqse.solve.effort import Budget, Effort
from exactqse.solve.majorants import Floats, Integers
from exactqse.solve.prescription import Progress, plan_bits
from exactqse.solve.shared_stage import ascend_cell, best_shared, cell_of, polish
from exactqse.solve.simplices import MAX_LOG2, SimplexSearch, best_single, single_leaf

_SHARE = 0.9  # of the gap that the layers' tolerances take; rounding takes the rest
_WIDEN = 4.0
_WEIGHT_BITS = 60
_SEED = 0
_MAX_SPREAD = MAX_LOG2 * log(2)  # of eta r over a cell: no leaf could state its parameters
_MAX_WIDENINGS = 60


def solve_partition(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    *,
    caution: int = 0,
    progress: Progress | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= gap.

    ``caution`` multiplies the margins against float64's rounding, by 1000 for each unit.
    """
    digits = max(1, len(str(int(1 / gap))))
    bits = plan_bits(game, digits, 32 + _steepness(game))
    tolerance = float(gap) * _SHARE / game.horizon
    random = np.random.default_rng(_SEED)
    count = sum(map(len, game.reachable))
    nodes: list[Node] = []
    after: list[Interval] = []
    for step in reversed(range(game.horizon)):
        states = game.reachable[step]
        tables = [_tables(game, step, state, after, bits.p) for state in states]
        x, y = (np.array([t[i] for t in tables]) for i in (0, 1))
        layer = _Layer(x, y, game.observes, tolerance, 1e-13 * 1000.0**caution, random)
        layer.search(budget)
        below: list[Interval] = [(0, 0)] * game.states
        for n in reversed(range(len(states))):
            upper = Fraction(float(layer.value[n]))
            policy = tuple(_distribution(row) for row in layer.alpha[n])
            shift = int(layer.shift[n])
            nodes.append(Node(step, states[n], upper, shift, policy, layer.trees(n)))
            below[states[n]] = enclose(upper.numerator, upper.denominator, bits.p)
        after = below
        if progress is not None:
            progress(len(nodes), count)
    nodes.reverse()
    _, total, denominator = initial_mean(game, after)
    upper = Fraction(total, denominator << bits.p)
    values = policy_values(game, nodes, bits.p, FlintElementary())
    low, _, denominator = initial_mean(game, values)
    lower = Fraction(low - (denominator << 12), denominator << bits.p)
    certificate = Certificate(game_hash(game), bits.p, lower, upper, tuple(nodes))
    stopped = budget.reason if upper - lower > gap else ""
    effort = Effort(len(nodes), bits.p, budget.used, "parts examined", stopped)
    return certificate, effort


def _steepness(game: KernelGame) -> int:
    """Bits that tell e^x from 0 for every x = eta r, measured from the largest; to a limit."""
    rewards = [v for step in game.r for state in step for by_b in state for v in by_b]
    spread = (game.eta or 0) * (max(rewards) - min(rewards))
    return min(int(spread * 3 / 2), MAX_LOG2)


def _tables(
    game: KernelGame, step: int, state: int, after: list[Interval], p: int
) -> tuple[list[list[float]], list[list[float]]]:
    """x = eta r and y = U from upper values, [b][a], in float64.

    Raises:
        PrecisionError: a number beyond float64, or exponents too far apart in a cell.
    """
    actions, one = range(game.leader_actions), 1 << p
    x, y = [], []
    where, remedy = f"step {step}, state {state}", "rescale the rewards, or lower eta"
    try:
        for b in range(game.follower_actions):
            x.append([scaled_reward(game, step, state, a, b, p)[0] / one for a in actions])
            y.append([continuation(game, step, state, a, b, after, p)[1] / one for a in actions])
    except OverflowError as error:
        what = "a number is beyond the range of float64, in which branch and bound works"
        raise PrecisionError(what, where=where, remedy=remedy) from error
    for cell in game.observes:
        spread = max(max(x[b]) for b in cell) - min(min(x[b]) for b in cell)
        if len(cell) > 1 and spread > _MAX_SPREAD:
            what = f"eta r spreads over {spread:.4g} in the cell {list(cell)}"
            what = f"{what}, more than {_MAX_SPREAD:.0f}: too steep for branch and bound"
            raise PrecisionError(what, where=where, remedy=remedy)
    return x, y


def _distribution(row: Floats) -> Distribution:
    """The row in exact rationals: weights of 2^-60, the largest takes what rounding leaves."""
    weights = [round(float(p) * 2**_WEIGHT_BITS) for p in row]
    top = max(range(len(weights)), key=weights.__getitem__)
    weights[top] += 2**_WEIGHT_BITS - sum(weights)
    return tuple((a, Fraction(w, 2**_WEIGHT_BITS)) for a, w in enumerate(weights) if w)


class _Layer:
    """N stages of one step: policies, bounds and the searches that prove them."""

    def __init__(
        self,
        x: Floats,
        y: Floats,
        cells: tuple[tuple[int, ...], ...],
        tolerance: float,
        margin: float,
        random: np.random.Generator,
    ) -> None:
        self.x, self.y, self.cells = x, y, cells
        self.cell: Integers = cell_of(cells)
        self.margin = margin
        found = [best_shared(x[n], y[n], self.cell, random) for n in range(len(x))]
        self.alpha = np.array([alpha for alpha, _ in found])
        self.best = np.array([value for _, value in found])
        size = 1 + np.abs(y).max(axis=(1, 2))
        self.tolerance = np.maximum(tolerance, 64 * margin * size)
        self.value = self.best + self.tolerance
        q = np.einsum("nba,nba->nb", self.alpha[:, self.cell], x)
        self.shift = np.floor(q.max(axis=1))
        self.witness = self.alpha.copy()  # per cell: its sum at lambda is the largest known
        self.several = len(cells) > 1
        self.single = {c: cell[0] for c, cell in enumerate(cells) if len(cell) == 1}
        self.searches = {
            c: SimplexSearch(
                self._corners(x - self.shift[:, None, None], c),
                self._corners(y, c),
                rescaled=not self.several,
                tolerance=margin,
            )
            for c, cell in enumerate(cells)
            if len(cell) > 1
        }

    def _corners(self, table: Floats, c: int) -> Floats:
        """(N, A, m) of the cell's members."""
        return np.swapaxes(table[:, list(self.cells[c])], 1, 2)

    def search(self, budget: Budget) -> None:
        """Close every part of every stage; lambda rises where it has to."""
        target = self._targets()
        widenings = 0
        while left := self._run(target, budget):
            better = [(c, n, x) for c, s in self.searches.items() for n, x in s.found.items()]
            if better and not budget.spent:
                for c, n, point in better:
                    self._improve(c, n, point)
                target = self._targets()
            else:  # the targets stay: what is closed is closed for every larger lambda
                widenings += 1
                if widenings > _MAX_WIDENINGS:
                    what = f"{len(left)} stages stay open however far the bound is raised"
                    raise PrecisionError(what, remedy="rescale the rewards, or lower eta")
                rows = sorted(left)
                self.tolerance[rows] *= _WIDEN
                self.value[rows] += self.tolerance[rows]

    def _run(self, target: dict[int, Floats], budget: Budget) -> set[int]:
        """Run the searches; the stages that they leave open."""
        for c, search in self.searches.items():
            search.run(self.value, target[c], budget)
        return set().union(*(search.open_stages for search in self.searches.values()))

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
        return single_leaf(x, self.y[n, b] - self.value[n], self.margin)

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
                search.restart(n)

    def trees(self, n: int) -> tuple[Tree, ...]:
        """The trees of stage n, one for each cell."""
        return tuple(
            (self._single(n, c)[0],) if c in self.single else self.searches[c].tree(n)
            for c in range(len(self.cells))
        )
