"""Best-first search over boxes of the follower's values, each bounded by the checker's own rule.

A part's program chooses slopes and multipliers; rounded to short numbers they prove the bound that
the kernel makes of them, so that nothing in float64 is relied on (proofs/farsighted-strong.md).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from exactqse.kernel.certificate import Certificate, FarsightedNode, Part, Slope
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import PartBounds
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.promised.policies import Policies, weights_of
from exactqse.solve.promised.program import Found, Program
from exactqse.solve.rounding import short

_BITS = 30  # of slopes and multipliers
_LEAST_SHARE = 1e-3  # of a radius's effect that every radius is taken to have
_NARROW = 1e-12  # a box is not divided further, relative to the leader's scale


@dataclass(eq=False)
class Node:
    """A part: its box in float64, exact splits above it, and what proves its bound.

    Attributes:
        lo, hi: (N,), cut to what policies can reach.
        least, most: ends of values by place, where splits have set them.
        bound: of J; None where no policy is in the box.
        part, slopes: what the certificate says of it.
        axis, at: the split, once it is divided.
        children: the halves V <= at and V >= at.
    """

    lo: Floats
    hi: Floats
    least: dict[int, Fraction]
    most: dict[int, Fraction]
    bound: Fraction | None = None
    part: Part | None = None
    slopes: tuple[Slope, ...] = ()
    found: Found | None = None
    axis: int = -1
    at: Fraction = Fraction(0)
    children: tuple[Node, Node] | None = None


class Search:
    """The tree of parts, those with the largest bound first."""

    def __init__(self, game: KernelGame, model: Model, policies: Policies, precision: int) -> None:
        self.game, self.model, self.policies, self.p = game, model, policies, precision
        self.program = Program(model)
        self.made = 0
        N, B = self.program.N, self.program.B
        self.nothing = Part((((Fraction(0),) * B,) * B,) * N)
        self.flat = (Slope(Fraction(0)),) * N
        self.root = Node(np.full(N, -np.inf), np.full(N, np.inf), {}, {})
        self.heap: list[tuple[float, int, Node]] = []
        blank = tuple(((0, Fraction(1)),) for _ in game.observes)
        nodes = tuple(FarsightedNode(h, s, blank) for h, s in game.places)
        ends = Fraction(0), Fraction(0)
        self.head = Certificate(
            game_hash(game), precision, *ends, nodes, (self.flat,), (self.nothing,)
        )
        self._examine(self.root, None)

    def run(self, gap: Fraction, is_over: Callable[[int, int], bool]) -> bool:
        """Divide parts until the bounds are within ``gap``; whether they are.

        ``is_over`` is asked, with the numbers of closed parts and of all, whether to stop.
        """
        while not self.is_within(gap):
            if is_over(self.made - len(self.heap), self.made):
                return False
            _, _, node = heapq.heappop(self.heap)
            if not self._divide(node):
                heapq.heappush(self.heap, (-np.inf, self.made, node))
                return False
        return True

    def is_within(self, gap: Fraction) -> bool:
        """Whether the largest bound is at most ``gap`` above the best policy."""
        upper, worth = self.upper, self.policies.worth
        return upper is None or (worth is not None and upper - worth <= gap)

    @property
    def upper(self) -> Fraction | None:
        """The largest bound of a part."""
        return self.heap[0][2].bound if self.heap else None

    def _divide(self, node: Node) -> bool:
        """Halve a part where it costs most; False where it is too narrow for that."""
        first = self.program.first[1]
        radius = (node.hi - node.lo) / 2
        rise = np.zeros_like(radius) if node.found is None else node.found.rise
        cost = radius * (rise + _LEAST_SHARE * (rise.max(initial=0.0) or 1.0))
        cost[:first] = -1.0
        axis = int(cost.argmax())
        if axis < first or radius[axis] <= _NARROW * self.policies.unit:
            return False
        at = _middle(float(node.lo[axis]), float(node.hi[axis]))
        low = Node(node.lo, _with(node.hi, axis, float(at)), node.least, {**node.most, axis: at})
        high = Node(_with(node.lo, axis, float(at)), node.hi, {**node.least, axis: at}, node.most)
        node.axis, node.at, node.children = axis, at, (low, high)
        for child in node.children:
            self._examine(child, node)
        return True

    def _examine(self, node: Node, parent: Node | None) -> None:
        """Bound a part, and look for a policy in it."""
        self.made += 1
        self._contract(node)
        node.part, node.slopes = self.nothing, self.flat
        node.bound = self._proved(node)
        if parent is not None and parent.part is not None:
            self._improve(node, parent.part, parent.slopes)
        if node.bound is None:
            return
        node.found = self.program.solve(node.lo, node.hi)
        if node.found is not None:
            self._improve(node, *self._written(node.found))
        if node.bound is None:
            return
        heapq.heappush(self.heap, (-float(node.bound), self.made, node))
        worth = self.policies.worth
        if node.found is not None and (worth is None or node.bound > worth):
            found = node.found
            weight = weights_of(found.own, found.lean, found.flow, self.model.rho)
            self.policies.dive(node.lo, node.hi, weight)

    def _improve(self, node: Node, part: Part, slopes: tuple[Slope, ...]) -> None:
        """Take these claims where they prove more."""
        before = node.part, node.slopes, node.bound
        node.part, node.slopes = part, slopes
        node.bound = self._proved(node)
        if node.bound is not None and before[2] is not None and node.bound > before[2]:
            node.part, node.slopes, node.bound = before

    def _proved(self, node: Node) -> Fraction | None:
        """What the checker makes of a part."""
        if node.part is None:
            return None
        unit = 1 << self.p
        least = {j: end.numerator * unit // end.denominator for j, end in node.least.items()}
        most = {j: -(-end.numerator * unit // end.denominator) for j, end in node.most.items()}
        whole = replace(self.head, slopes=(node.slopes,))
        bounds = PartBounds(self.game, whole, node.part, (least, most), self.p, INTEGER, "a part")
        return bounds.bound()

    def _written(self, found: Found) -> tuple[Part, tuple[Slope, ...]]:
        """Multipliers and slopes as short numbers."""
        part = Part(
            tuple(
                tuple(tuple(_short(m) for m in row) for row in rows)
                for rows in found.duals.tolist()
            )
        )
        slopes = tuple(
            Slope(_short(own), tuple((i, _short(c)) for i, c in enumerate(row) if c))
            for own, row in zip(found.own.tolist(), found.lean.tolist(), strict=True)
        )
        return part, slopes

    def _contract(self, node: Node) -> None:
        """Cut the box to what policies can reach."""
        lo, hi = node.lo.copy(), node.hi.copy()
        first, model = self.program.first, self.model
        for h in reversed(range(len(model.layers))):
            layer, here = model.layers[h], slice(first[h], first[h + 1])
            low = high = layer.r
            if h + 1 < len(model.layers):
                after = slice(first[h + 1], first[h + 2])
                low = low + model.gamma * (layer.P @ lo[after])
                high = high + model.gamma * (layer.P @ hi[after])
            lo[here] = np.maximum(lo[here], low.min(2).max(1))
            hi[here] = np.maximum(np.minimum(hi[here], high.max((1, 2))), lo[here])
        node.lo, node.hi = lo, hi


def _with(values: Floats, axis: int, value: float) -> Floats:
    result = values.copy()
    result[axis] = value
    return result


def _short(value: float) -> Fraction:
    return short(value, _BITS) if value else Fraction(0)


def _middle(low: float, high: float) -> Fraction:
    """A short dyadic number near the middle."""
    unit = Fraction(2) ** (math.floor(math.log2(high - low)) - 4)
    return round(Fraction((low + high) / 2) / unit) * unit
