"""Best-first branch and bound over the follower's values V_h(s), many parts at a time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.bound import contract
from exactqse.solve.farsighted.claims import Backward, Bounder, Claims, Parts, even_ends
from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.farsighted.slopes import Slopes

_BATCH = 256
_ROUNDS = 3  # after a first fan of candidates
_FIRST_ROUNDS = 10
_FREE = 0.6
_CANDIDATES = 2
_NARROW = 1e-11


@dataclass(eq=False)
class Nodes:
    """All parts that were examined, in growing arrays; the first axis is the node.

    ``kind`` numbers the bounder, ``bound`` is what the part's own claims prove, ``least`` what they or a part around it prove;
    ``children`` are -1 where there are none.
    """

    J: int
    first: int
    pieces: int
    size: int = 0

    def __post_init__(self) -> None:
        room = 1024
        self.lo, self.hi = np.zeros((room, self.J)), np.zeros((room, self.J))
        self.free = np.zeros((room, self.J), bool)
        self.loose = np.zeros(room, bool)
        self.kind = np.zeros(room, np.intp)
        self.lam = np.zeros((room, self.pieces, self.J))
        self.roots = np.zeros((room, self.first))
        self.bound, self.least = np.zeros(room), np.zeros(room)
        self.children = np.full((room, 2), -1)
        self.axis = np.zeros(room, np.intp)
        self.at = np.zeros(room)

    def append(self, **rows: Floats | Booleans) -> Integers:
        """Add nodes; their numbers."""
        count = len(rows["bound"])
        while self.size + count > len(self.bound):
            for name, value in vars(self).items():
                if isinstance(value, np.ndarray):
                    more = np.full_like(value, -1) if name == "children" else np.zeros_like(value)
                    setattr(self, name, np.concatenate([value, more]))
        numbers = np.arange(self.size, self.size + count)
        for name, value in rows.items():
            getattr(self, name)[numbers] = value
        self.size += count
        return numbers


def losses(slopes: Slopes, radius: Floats) -> tuple[Floats, Floats]:
    """What each coordinate adds to the bound when tied, and when free, about; (J, N)."""
    g = np.abs(slopes.tied)
    D = g @ radius
    tied = radius * (g.T @ (slopes.weights[:, None] * D)) / 2
    mixed = slopes.mixing[:, None] * radius
    return tied + mixed, _FREE * slopes.spread[:, None] * radius + 0.3 * tied


class Search:
    """Parts to a target: ``run`` until the bound of all is at most ``target``."""

    def __init__(self, bounders: list[Bounder], floor: float, pieces: int = 1) -> None:
        self.bounders, self.bounder = bounders, bounders[0]
        self.model = self.bounder.model
        self.J = len(self.bounder.slopes.own)
        self.pieces = pieces
        self.nodes = Nodes(self.J, len(self.model.rho), pieces)
        self.heap: list[tuple[float, int]] = []
        self.stuck = -np.inf
        self.floor = floor
        lo, hi = np.full((self.J, 1), -np.inf), np.full((self.J, 1), np.inf)
        lo, hi, _ = contract(self.model, lo, hi)
        found = []
        for free, loose in ((False, False), (False, True), (True, True), (True, False)):
            parts = self._parts(lo, hi, np.full(lo.shape, free), np.full(1, loose))
            claims = Backward(self.bounder, parts).run(None, None, _FIRST_ROUNDS)
            bound = float(self.model.rho @ claims.roots[:, 0])
            found.append((bound, len(found), parts, claims))
        _, _, parts, claims = min(found, key=lambda entry: entry[:2])
        own = self.model.rho @ claims.roots
        self._append(parts, claims, own, own, np.zeros(1, np.intp))

    def _parts(self, lo: Floats, hi: Floats, free: Booleans, loose: Booleans) -> Parts:
        return Parts(lo, hi, free, even_ends(lo, hi, self.pieces), loose)

    @property
    def upper(self) -> float:
        """The largest bound of a part."""
        return max(self.stuck, -self.heap[0][0] if self.heap else -np.inf)

    def run(self, target: float, budget: Budget) -> None:
        """Halve the parts with the largest bounds."""
        while self.heap and self.upper > target and not budget.spent:
            picked = []
            while self.heap and len(picked) < _BATCH and -self.heap[0][0] > target:
                bound, n = heapq.heappop(self.heap)
                if (self.nodes.hi[n] - self.nodes.lo[n]).max() > _NARROW:
                    picked.append(n)
                else:
                    self.stuck = max(self.stuck, -bound)
            if picked:
                budget.spend(self._divide(np.array(picked)))

    def _divide(self, picked: Integers) -> int:
        """Halve these parts along the best of a few coordinates; how many parts were examined."""
        nodes = self.nodes
        lo, hi, free = nodes.lo[picked].T, nodes.hi[picked].T, nodes.free[picked].T
        count = len(picked)
        score = np.where(free, *losses(self.bounder.slopes, (hi - lo) / 2)[::-1])
        score = score + 1e-6 * self.model.scale * (hi - lo)
        axis = np.argsort(-score, axis=0)[: min(_CANDIDATES, self.J)]  # (candidates, count)
        column = np.broadcast_to(np.arange(count), axis.shape)
        at = _middle(lo[axis, column], hi[axis, column])
        parts, empty = self._halves(picked, axis, at)
        times = 2 * len(axis)
        lam = np.tile(np.moveaxis(nodes.lam[picked], 0, 2), (1, 1, times))
        roots = np.tile(nodes.roots[picked].T, (1, times))
        claims = Backward(self.bounder, parts).run(lam, roots, _ROUNDS)
        own = self.model.rho @ np.where(np.isfinite(claims.roots), claims.roots, 1e300)
        own = np.where(empty, -np.inf, own)
        bound = np.minimum(own, np.tile(nodes.least[picked], times))
        excess = np.maximum(bound - self.floor, 1e-9 * self.model.scale).reshape(2, -1, count)
        best = (excess**2).sum(0).argmin(0)
        kept = np.concatenate([best * count + np.arange(count) + k * axis.size for k in (0, 1)])
        numbers = self._append(parts, claims, own, bound, kept)
        nodes.children[picked] = numbers.reshape(2, count).T
        nodes.axis[picked], nodes.at[picked] = (z[best, np.arange(count)] for z in (axis, at))
        return len(own)

    def _halves(self, picked: Integers, axis: Integers, at: Floats) -> tuple[Parts, Booleans]:
        """Both halves of each part for each candidate, (2, candidates, count) on one axis."""
        nodes = self.nodes
        times = 2 * len(axis)
        lo, hi, free = (np.tile(z[picked].T, (1, times)) for z in (nodes.lo, nodes.hi, nodes.free))
        column = np.arange(axis.size)
        hi[axis.ravel(), column] = at.ravel()
        lo[axis.ravel(), column + axis.size] = at.ravel()
        lo, hi, empty = contract(self.model, lo, hi)
        tied, loose = losses(self.bounder.slopes, (hi - lo) / 2)
        free = free & (loose < tied)
        return self._parts(lo, hi, free, np.tile(nodes.loose[picked], times)), empty

    def _append(
        self, parts: Parts, claims: Claims, own: Floats, bound: Floats, kept: Integers
    ) -> Integers:
        numbers = self.nodes.append(
            lo=parts.lo[:, kept].T,
            hi=parts.hi[:, kept].T,
            free=parts.free[:, kept].T,
            loose=parts.loose[kept],
            lam=np.moveaxis(claims.lam[..., kept], 2, 0),
            roots=claims.roots[:, kept].T,
            bound=own[kept],
            least=bound[kept],
        )
        for n, b in zip(numbers.tolist(), bound[kept].tolist(), strict=True):
            if b > -np.inf:
                heapq.heappush(self.heap, (-b, n))
        return numbers


def _middle(lo: Floats, hi: Floats) -> Floats:
    """A short dyadic number near the middle."""
    width = hi - lo
    unit = 2.0 ** (np.floor(np.log2(np.maximum(width, 1e-30))) - 4)
    at: Floats = np.round((lo + width / 2) / unit) * unit
    return at
