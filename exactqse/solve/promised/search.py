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
from itertools import count
from typing import Any

import numpy as np

from exactqse.kernel.certificate import (
    Certificate,
    Duals,
    FarsightedNode,
    Part,
    Slope,
    ValueSplit,
)
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import Box, PartBounds
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.promised.policies import Policies, least_value, weights_of
from exactqse.solve.promised.program import Found, Program, entries_of
from exactqse.solve.rounding import short

_LEAST_SHARE = 0.3  # of the largest effect of a radius, that every radius is taken to have
_BITS = 30  # of slopes and multipliers, before what is written is shortened
_SURE = 1e-9  # of the least value of a place, relative to the follower's rewards
_CLEAR = 8.0  # by how much multipliers push a claim below what is possible, in leader's scales
LARGE = 400_000  # entries of a program beyond which none is made: it would take minutes
_SELDOM = 3  # among so many parts one in which ties are looked for
_NEAR = 0.05  # of boxes around policies, relative to the follower's rewards
_NARROW = 1e-12  # a box is not divided further, relative to the follower's rewards
Proof = tuple[tuple[Duals, ...], tuple[Slope, ...]]  # the claims of a part, and their slopes


@dataclass(eq=False)
class Node:
    """A part: its box in float64, the exact splits above it, and what proves its bound.

    Attributes:
        lo, hi: (N,), cut to what policies can reach.
        least, most: ends of values by place, where splits have set them.
        bound: of J; None where no policy is in the box.
        claims, slopes: what the certificate says of it.
        found: what its program said.
        axis, at: the split, once it is divided.
        children: the halves V <= at and V >= at.

    A part that was planted divided has no claims.
    """

    lo: Floats
    hi: Floats
    least: dict[int, Fraction]
    most: dict[int, Fraction]
    bound: Fraction | None = None
    claims: tuple[Duals, ...] = ()
    slopes: tuple[Slope, ...] = ()
    found: Found | None = None
    axis: int = -1
    at: Fraction = Fraction(0)
    children: tuple[Node, Node] | None = None


class Search:
    """The tree of parts, those with the largest bound first.

    ``made`` parts were examined, and ``given`` ones planted.
    """

    def __init__(
        self,
        game: KernelGame,
        model: Model,
        policies: Policies,
        precision: int,
        budget: Budget,
    ) -> None:
        self.game, self.model, self.policies, self.p = game, model, policies, precision
        self.budget = budget
        self.first = [0, *np.cumsum(model.sizes).tolist()]
        self.program = Program(model, budget) if entries_of(model) <= LARGE else None
        self.made, self.given, self.order = 0, 0, count()
        N, B = self.first[-1], game.follower_actions
        self.nothing: tuple[Duals, ...] = (((Fraction(0),) * B,) * B,) * N
        self.flat = (Slope(Fraction(0)),) * N
        blank = tuple(((0, Fraction(1)),) for _ in game.observes)
        nodes = tuple(FarsightedNode(h, s, blank) for h, s in game.places)
        ends = Fraction(0), Fraction(0)
        hints = (self.flat,), (Part(self.nothing),)
        self.head = Certificate(game_hash(game), precision, *ends, nodes, *hints)
        self.heap: list[tuple[float, int, Node]] = []
        self.root = Node(np.full(N, -np.inf), np.full(N, np.inf), {}, {})
        self._examine(self.root, None)

    def plant(self, known: Certificate) -> None:
        """Begin with the parts of a certificate, and with its policy."""
        self.policies.offer(tuple(FarsightedNode(n.step, n.state, n.policy) for n in known.nodes))
        self.heap, self.made = [], 0
        stack = [self.root]
        for entry in known.cover:
            node = stack.pop()
            self._contract(node)
            if isinstance(entry, ValueSplit):
                axis = self.game.places.index((entry.step, entry.state))
                stack += reversed(self.halved(node, axis, entry.at))
            elif isinstance(entry, Part):
                claims: Any = entry.claims
                self._improve(node, claims, known.slopes[entry.slopes])
                self._keep(node)
        self.given = len(self.heap)

    def run(self, gap: Fraction, is_over: Callable[[], bool]) -> None:
        """Divide parts until the bounds are within ``gap``, or no part can be divided further.

        ``is_over`` is asked whether to stop.
        """
        while not self.is_within(gap) and not is_over():
            entry = heapq.heappop(self.heap)
            if self._planted(entry[2]):
                self._keep(entry[2])
            elif not self._divide(entry[2]):
                heapq.heappush(self.heap, entry)
                return

    def scatter(self, starts: int, is_over: Callable[[], bool]) -> None:
        """Look for policies in small boxes around the values of policies that are drawn."""
        random = np.random.default_rng(0)
        cells, A = len(self.model.cells), self.game.leader_actions
        for _ in range(starts if self.program is not None else 0):
            drawn = [random.dirichlet(np.full(A, 0.5), cells) for _ in range(self.first[-1])]
            V = self.policies.values(drawn)
            near = Node(V - _NEAR * self.policies.unit, V + _NEAR * self.policies.unit, {}, {})
            self._contract(near)
            near.found = self.program.solve(near.lo, near.hi) if self.program else None
            near.bound = self.root.bound
            self._dive(near)
            if near.found is not None:
                self.policies.tie(self._weight(near.found))
            if is_over():
                return

    def is_within(self, gap: Fraction) -> bool:
        """Whether the largest bound is at most ``gap`` above the best policy."""
        bound, worth = self.heap[0][2].bound if self.heap else None, self.policies.worth
        return bound is None or (worth is not None and bound - worth <= gap)

    def leaves(self) -> list[Node]:
        """The parts that are not divided and may have policies."""
        return [node for _, _, node in self.heap]

    def _planted(self, node: Node) -> bool:
        """Whether it has no program as yet: then it gets one, which may prove more."""
        if node.found is not None or self.program is None:
            return False
        self.made += 1
        node.found = self.program.solve(node.lo, node.hi)
        if node.found is not None:
            self._improve(node, *self.written(node.found))
        return node.found is not None

    def _divide(self, node: Node) -> bool:
        """Halve a part where it costs most; False where that is of no use, or not possible."""
        if self.program is None:
            return False
        radius = (node.hi - node.lo) / 2
        rise = np.zeros_like(radius) if node.found is None else node.found.rise
        cost = radius * (rise + _LEAST_SHARE * (rise.max(initial=0.0) or 1.0))
        later = cost[self.first[1] :]
        axis = self.first[1] + int(later.argmax()) if len(later) else -1
        if axis < 0 or radius[axis] <= _NARROW * self.policies.unit:
            return False
        for child in self.halved(node, axis, _middle(float(node.lo[axis]), float(node.hi[axis]))):
            self._examine(child, node)
        return True

    def halved(self, node: Node, axis: int, at: Fraction) -> tuple[Node, Node]:
        """Its halves V <= at and V >= at, unexamined."""
        low = Node(node.lo, _with(node.hi, axis, float(at)), node.least, {**node.most, axis: at})
        high = Node(_with(node.lo, axis, float(at)), node.hi, {**node.least, axis: at}, node.most)
        node.axis, node.at, node.children = axis, at, (low, high)
        return node.children

    def _examine(self, node: Node, parent: Node | None) -> None:
        """Bound a part, and look for a policy in it."""
        self.made += 1
        self._contract(node)
        impossible = self._impossible(node)
        if self.program is not None and impossible is None:
            before = None if parent is None or parent.found is None else parent.found.basis
            node.found = self.program.solve(node.lo, node.hi, before)
        proofs = [impossible, None if node.found is None else self.written(node.found)]
        proofs.append((parent.claims, parent.slopes) if parent else (self.nothing, self.flat))
        for proof in proofs:
            if proof is not None and not self._is_less(node, parent):
                self._improve(node, *proof)
        self._keep(node)
        self._dive(node)

    def _keep(self, node: Node) -> None:
        """It is a leaf, unless it is empty."""
        if node.bound is not None:
            heapq.heappush(self.heap, (-float(node.bound), next(self.order), node))

    def _is_less(self, node: Node, parent: Node | None) -> bool:
        """Whether a part's bound is at most that of the part that it is a half of."""
        if not node.claims or parent is None or parent.bound is None:
            return False
        return node.bound is None or node.bound <= parent.bound

    def _improve(self, node: Node, claims: tuple[Duals, ...], slopes: tuple[Slope, ...]) -> None:
        """Take these claims where they prove more."""
        if node.claims and node.bound is None:
            return
        bound = self.proved(node, claims, slopes)
        if not node.claims or bound is None or (node.bound is not None and bound < node.bound):
            node.claims, node.slopes, node.bound = claims, slopes, bound

    def proved(
        self, node: Node, claims: tuple[Duals, ...], slopes: tuple[Slope, ...]
    ) -> Fraction | None:
        """What the checker makes of claims."""
        unit = 1 << self.p
        least = {j: end.numerator * unit // end.denominator for j, end in node.least.items()}
        most = {j: -(-end.numerator * unit // end.denominator) for j, end in node.most.items()}
        whole, part = replace(self.head, slopes=(slopes,)), Part(claims)
        box: Box = least, most, {}
        given = self.game, whole, part, box, self.p, INTEGER, "a part"
        return PartBounds(*given).bound()

    def _impossible(self, node: Node) -> Proof | None:
        """That no policy has V in the box at some place, where a cell has several members."""
        if self.model.singles:
            return None
        for j in reversed(range(self.first[1], self.first[-1])):
            low = self._least_rewards(node, j)
            best = low.max(0).min() if len(self.model.cells) == 1 else np.inf
            found = None if node.hi[j] >= best else least_value(self.model, low)
            room = 0.0 if found is None else found[0] - node.hi[j]
            if found is not None and room > _SURE * self.policies.unit:
                rows = (_CLEAR * self.model.scale / room) * found[1][None].repeat(len(low), 0)
                np.fill_diagonal(rows, -_CLEAR * self.model.scale / room)
                duals = tuple(tuple(map(self._short, row)) for row in rows.tolist())
                return (*self.nothing[:j], duals, *self.nothing[j + 1 :]), self.flat
        return None

    def _least_rewards(self, node: Node, j: int) -> Floats:
        """x (B, A) of a place at the lower ends of the next step."""
        h = int(np.searchsorted(self.first, j, side="right")) - 1
        layer, k = self.model.layers[h], j - self.first[h]
        after = node.lo[self.first[h + 1] : self.first[h + 1] + layer.P.shape[-1]]
        low: Floats = layer.r[k]
        return low + self.model.gamma * (layer.P[k] @ after) if len(after) else low

    def _dive(self, node: Node) -> None:
        """Look for a policy in the part."""
        worth, found = self.policies.worth, node.found
        if node.bound is None or (worth is not None and node.bound <= worth):
            return
        weight = self._weight(found)
        self.policies.dive(node.lo, node.hi, weight)
        if self.policies.worth == worth and self.made % _SELDOM == 0:
            self.policies.tie(weight)

    def _weight(self, found: Found | None) -> Floats:
        """What a unit of V is worth at each place."""
        if found is None:
            return np.zeros(self.first[-1])
        return weights_of(found.own, found.lean, found.flow, self.model.rho)

    def _contract(self, node: Node) -> None:
        """Cut the box to what policies can reach."""
        lo, hi = node.lo.copy(), node.hi.copy()
        first, model = self.first, self.model
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

    def written(self, found: Found) -> Proof:
        """Multipliers and slopes as short numbers."""
        duals = found.duals.tolist()
        claims = tuple(tuple(tuple(map(self._short, row)) for row in rows) for rows in duals)
        slopes = tuple(
            Slope(self._short(own), tuple((i, self._short(c)) for i, c in enumerate(row) if c))
            for own, row in zip(found.own.tolist(), found.lean.tolist(), strict=True)
        )
        return claims, slopes

    def _short(self, value: float) -> Fraction:
        return short(value, _BITS) if value else Fraction(0)


def _with(values: Floats, axis: int, value: float) -> Floats:
    result = values.copy()
    result[axis] = value
    return result


def _middle(low: float, high: float) -> Fraction:
    """A short dyadic number near the middle."""
    unit = Fraction(2) ** (math.floor(math.log2(high - low)) - 4)
    return round(Fraction((low + high) / 2) / unit) * unit
