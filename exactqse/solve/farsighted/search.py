"""Best-first branch and bound over the follower's values V_h(s), many parts at a time.

Where values of the follower leave a gap, the leader's mixtures are divided, too (mixtures.py).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.boxes import contract, contract_within
from exactqse.solve.farsighted.claims import Backward, Bounder, Parts, even_ends
from exactqse.solve.farsighted.mixtures import Simplices
from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.farsighted.nodes import Batch, Nodes, Scores
from exactqse.solve.farsighted.planting import Planted
from exactqse.solve.farsighted.slopes import Prescriptions, Slopes, slopes_at

NO_ROOT = 1e300  # stands for a bound that was not found
_BATCH = 256
_PORTION = 512  # bounded at once
_WIDEST = 600.0  # radius of an interval of eta V, in which float64 has exponentials
_ROUNDS = 1  # after a first fan of candidates
_FIRST_ROUNDS = 8
_FREE = 0.6
_CANDIDATES = 12  # coordinates, along which a part is halved to see what that gains
_NARROW = 1e-11
_FEW = 64  # parts, for which all other ways are tried
_SHARES = (0.5, 0.25)  # of new slopes in a table
_LOSS = 0.05  # of what is left to prove, from which on halving a simplex is tried
_BIAS = 3.0  # for that, where halving values can bring the bounds no closer
_WORTH = 0.03  # of the score of the first candidate, at least


class Search:
    """Parts of the follower's values, halved until each is bounded by a target.

    The first tables of slopes are given; ``bits`` is for those that are made on the way. Without
    ``mixtures`` only the follower's values are divided.
    """

    def __init__(
        self, bounders: list[Bounder], tables: Slopes, bits: int, *, mixtures: bool = True
    ) -> None:
        self.bounders, self.model, self.bits = bounders, bounders[0].model, bits
        self.mixtures = mixtures
        self.tables, self.simplices = tables, Simplices(self.model)
        self.used, self.J = tables.own.shape
        self.nodes = Nodes(self.J, len(self.model.rho))
        self.heap: list[tuple[float, int]] = []
        self.stuck = self.target = -np.inf
        self.alternatives = 0
        self._begin()

    def _begin(self) -> None:
        lo, hi = np.full((self.J, 1), -np.inf), np.full((self.J, 1), np.inf)
        lo, hi, _ = contract(self.model, lo, hi)
        ways = [
            (free, loose, table)
            for free in (False, True)
            for loose in (False, True)
            for table in range(self.used)
        ]
        free, loose, table = (np.array(z) for z in zip(*ways, strict=True))
        kind = np.zeros(len(ways), np.intp)
        lo, hi = (np.repeat(z, len(ways), 1) for z in (lo, hi))
        free = np.broadcast_to(free, lo.shape)
        lam, none = np.zeros(lo.shape), np.zeros(len(ways))
        roots = np.zeros((len(self.model.rho), len(ways)))
        batch = Batch(lo, hi, free, loose, table, kind, np.zeros_like(kind), lam, roots, none)
        found = self.bounded(batch, fresh=True)
        best = found.take(np.array([int(found.bound.argmin())]))
        for number in range(1, len(self.bounders)):
            if self.J == 0 or not best.bound[0] < NO_ROOT:
                finer = replace(best, kind=np.full(1, number))
                best.improve(np.zeros(1, np.intp), self.bounded(finer, fresh=True), np.inf)
        self._append(best, best.bound, self._scores(best)[0])

    def plant(self, planted: Planted, kind: Integers, is_over: Callable[[], bool]) -> None:
        """Begin again with the parts of a cover, each with claims like those that it has.

        What the cover proves of them orders them at least, also where float64 finds no such bound.
        """
        nodes, leaves, upper = self.nodes, planted.leaves, planted.upper
        if len(leaves) == 1:
            nodes.least[0] = min(nodes.least[0], upper)
            self.heap = [(-nodes.least[0], 0)] if self.heap else []
            return
        table = self._keep(planted.slopes(self.tables))[planted.table]
        self.simplices = planted.simplices
        self.nodes, self.heap = Nodes(self.J, len(self.model.rho)), []
        names = "lo", "hi", "children", "axis", "at", "mix"
        rows = {name: getattr(planted, name) for name in names}
        count = len(planted.children)
        self.nodes.append(
            {**rows, "bound": np.full(count, NO_ROOT), "least": np.full(count, upper)}
        )
        for start in range(0, len(leaves), _BATCH):
            some = np.arange(start, min(start + _BATCH, len(leaves)))
            if not is_over():
                self._plant(planted, some, table[some], kind[some])
        pairs = zip((-self.nodes.least[leaves]).tolist(), leaves.tolist(), strict=True)
        self.heap = [pair for pair in pairs if pair[0] < np.inf]
        heapq.heapify(self.heap)

    def _plant(self, planted: Planted, some: Integers, table: Integers, kind: Integers) -> None:
        numbers = planted.leaves[some]
        lam, roots = planted.lam[some].T, planted.roots[some].T
        lo, hi = planted.lo[numbers].T, planted.hi[numbers].T
        none, mix = np.zeros(len(some)), planted.mix[numbers]
        batch = Batch(lo, hi, planted.free[some].T, none > 0, table, kind, mix, lam, roots, none)
        found = self.bounded(batch)
        loose = self.bounded(replace(batch, loose=none == 0))
        found.improve(np.arange(len(some)), loose, -np.inf)
        found.bound = np.where(planted.empty[numbers], -np.inf, found.bound)
        least = np.minimum(found.bound, planted.upper)
        rows = {**found.rows(), "least": least, **vars(self._scores(found)[0])}
        for name, value in rows.items():
            getattr(self.nodes, name)[numbers] = value

    def bounded(self, batch: Batch, *, fresh: bool = False) -> Batch:
        """The batch with bounds, lam and roots found anew; unless ``fresh``, from those it has."""
        lam, roots, bound = batch.lam.copy(), batch.roots.copy(), batch.bound.copy()
        for some in self._portions(batch):
            part = batch.take(some)
            backward = Backward(self.bounder(part.kind, part.mix), self.parts(part))
            if fresh:
                claims = backward.run(None, None, _FIRST_ROUNDS)
            else:
                claims = backward.run(part.lam[None], part.roots, _ROUNDS)
            lam[:, some], roots[:, some] = claims.lam[0], claims.roots
            wide = (self.model.eta * backward.radius).max(0, initial=0.0) > _WIDEST
            bound[some] = np.where(wide, np.inf, backward.bound())
        roots, bound = (np.where(np.isfinite(z), z, NO_ROOT) for z in (roots, bound))
        return replace(batch, lam=lam, roots=roots, bound=bound)

    def _portions(self, batch: Batch) -> Iterator[Integers]:
        """Parts that are alike, no more at once than memory should have to hold."""
        for some in self.alike(batch.kind, batch.mix):
            yield from np.split(some, range(_PORTION, len(some), _PORTION))

    def alike(self, kind: Integers, mix: Integers) -> Iterator[Integers]:
        """Which parts are of one kind, and with simplices that are all whole, or not."""
        for number in np.unique(kind):
            for whole in (True, False):
                some = np.flatnonzero((kind == number) & ((mix == 0) == whole))
                if len(some):
                    yield some

    def bounder(self, kind: Integers, mix: Integers) -> Bounder:
        """That of parts which are alike."""
        found: Bounder = self.bounders[kind[0]]
        return found.within(self.simplices.steps(mix)) if mix[0] else found

    @property
    def upper(self) -> float:
        """The largest bound of a part."""
        return max(self.stuck, -self.heap[0][0] if self.heap else -np.inf)

    @property
    def closed(self) -> int:
        """How many parts have been halved, or bounded by the target."""
        return self.nodes.size - len(self.heap)

    def run(self, target: float, budget: Budget, is_over: Callable[[], bool]) -> None:
        """Halve the parts with the largest bounds, and count them, until it is over.

        ``is_over`` may raise the target.
        """
        self.target = target
        while self.heap and not is_over() and not self.is_done:
            picked: list[int] = []
            while self.heap and len(picked) < _BATCH and -self.heap[0][0] > self.target:
                bound, n = heapq.heappop(self.heap)
                if self._is_wide(n) or (self.J and self._may_mix(n)):
                    picked.append(n)
                else:
                    self.stuck = max(self.stuck, -bound)
            if picked:
                budget.spend(self._divide(np.array(picked)))

    @property
    def is_done(self) -> bool:
        """Whether the target is reached, or what is left cannot be halved."""
        return self.upper <= max(self.target, self.stuck)

    def _is_wide(self, n: Integers | int) -> Booleans:
        wide: Booleans = (self.nodes.hi[n] - self.nodes.lo[n]).max(-1, initial=0.0) > _NARROW
        return wide

    def _may_mix(self, n: Integers | int) -> Booleans:
        """Whether halving a simplex may be worth it."""
        left = np.maximum(self.nodes.least[n] - self.target, 0.0)
        least = np.maximum(_LOSS * left, _NARROW * self.model.scale)
        return np.asarray(self.mixtures & (self.nodes.loss[n] > least))

    def leading(self, count: int) -> Prescriptions:
        """What decides the bounds of the open parts whose bounds are the largest."""
        return self._scores(self.nodes.batch(self._leading(count)))[1]

    def _leading(self, count: int) -> Integers:
        return np.array([n for _, n in heapq.nsmallest(count, self.heap)], dtype=np.intp)

    def _divide(self, picked: Integers) -> int:
        """Halve these parts at the best of some places; how many parts were examined."""
        nodes, count = self.nodes, len(picked)
        found, least, gain, (axis, at), work = self._by_values(picked)
        some = np.flatnonzero(self._may_mix(picked))
        if len(some):
            work += 2 * len(some)
            some, halves = self._by_mixtures(picked, some, gain)
            both = np.concatenate([some, some + count])
            found.put(both, halves, np.arange(len(both)))
            least[both] = np.minimum(halves.bound, np.tile(nodes.least[picked[some]], 2))
            axis[some] = self.J + nodes.spot[picked[some]]
        open_parts = np.flatnonzero(least > self.target)
        scores = Scores.none(2 * count, self.J)
        if len(open_parts):
            parts = found.take(open_parts)
            known, deciding = self._scores(parts)
            scores.put(open_parts, *vars(known).values())
            for which in self._turns(len(open_parts)):
                found.improve(open_parts, self._other(parts, deciding, which), self.target)
                work += len(open_parts)
        numbers = self._append(found, np.minimum(least, found.bound), scores)
        nodes.children[picked] = numbers.reshape(2, count).T
        nodes.axis[picked], nodes.at[picked] = axis, at
        return work

    def _by_values(
        self, picked: Integers
    ) -> tuple[Batch, Floats, Floats, tuple[Integers, Floats], int]:
        """Both halves of each part along the best of some coordinates, (2, count) on one axis.

        With the least bounds known of them, the gain of each part, where it is halved, and how many
        parts were examined.
        """
        nodes, count = self.nodes, len(picked)
        lo, hi = nodes.lo[picked].T, nodes.hi[picked].T
        score = np.maximum(nodes.score[picked].T, 0.0) * (hi - lo > 1e-3 * (hi - lo).max(0))
        score = score + 1e-6 * self.model.scale * (hi - lo)
        axis = np.argsort(-score, axis=0)[: min(_CANDIDATES, self.J)]  # (candidates, count)
        column = np.broadcast_to(np.arange(count), axis.shape)
        worth = score[axis, column]
        at = _middle(lo[axis, column], hi[axis, column])
        found, empty = self._halves(picked, axis, at)
        found.bound = np.where(empty, -np.inf, found.bound)
        before = nodes.least[picked]
        least = np.minimum(found.bound, np.tile(before, 2 * len(axis)))
        gain = self._gain(least.reshape(2, -1, count), before)
        best = np.where(worth > _WORTH * worth[0], gain, -1.0).argmax(0)
        kept = np.concatenate([best * count + np.arange(count) + k * axis.size for k in (0, 1)])
        here = best, np.arange(count)
        return found.take(kept), least[kept], gain[here], (axis[here], at[here]), empty.size

    def _by_mixtures(
        self, picked: Integers, some: Integers, gain: Floats
    ) -> tuple[Integers, Batch]:
        """Of ``some`` those parts for which halving a simplex gains more; and both halves."""
        nodes, parts = self.nodes, picked[some]
        mix = self.simplices.halve(nodes.mix[parts], nodes.spot[parts])
        batch = nodes.batch(np.tile(parts, 2))
        lo, hi, empty = self._contract(batch.lo, batch.hi, mix.ravel())
        found = self.bounded(replace(batch, lo=lo, hi=hi, mix=mix.ravel()))
        found.bound = np.where(empty, -np.inf, found.bound)
        before = nodes.least[parts]
        least = np.minimum(found.bound.reshape(2, -1), before)
        bias = np.where(nodes.sharp[parts], _BIAS, 1.0)
        better = bias * self._gain(least, before) > gain[some]
        better |= ~self._is_wide(parts)
        found = found.take(np.tile(better, 2))
        found.mix = self.simplices.keep(mix, better).ravel()
        return some[better], found

    def _contract(self, lo: Floats, hi: Floats, mix: Integers) -> tuple[Floats, Floats, Booleans]:
        return contract_within(self.bounders[0], self.simplices, lo, hi, mix)

    def _gain(self, least: Floats, before: Floats) -> Floats:
        """The product of what both halves gain, of bounds (2, ...)."""
        most = np.maximum(before - self.target, 1e-12 * self.model.scale)
        gain: Floats = (np.clip((before - least) / most, 0, 1) + 1e-3).prod(0)
        return gain

    def _halves(self, picked: Integers, axis: Integers, at: Floats) -> tuple[Batch, Booleans]:
        """Both halves of each part for each candidate, (2, candidates, count) on one axis."""
        nodes = self.nodes
        some = np.tile(picked, 2 * len(axis))
        lo, hi = nodes.lo[some].T.copy(), nodes.hi[some].T.copy()
        column = np.arange(axis.size)
        hi[axis.ravel(), column] = at.ravel()
        lo[axis.ravel(), column + axis.size] = at.ravel()
        lo, hi, empty = self._contract(lo, hi, nodes.mix[some])
        table = nodes.table[some]
        tied, loose = self._losses(lo, hi, table)
        free = nodes.free[some].T & (loose < tied)
        lam, roots, none = nodes.lam[some].T, nodes.roots[some].T, np.zeros(len(some))
        kind = nodes.kind[some]
        ways = free, nodes.loose[some], table, kind, nodes.mix[some]
        halves = Batch(lo, hi, *ways, lam, roots, none)
        return self.bounded(halves), empty

    def _other(self, parts: Batch, deciding: Prescriptions, which: int) -> Batch:
        """The same parts bounded in another way: with other slopes, or kappa chosen otherwise."""
        if which < len(_SHARES):
            more = self.tables[parts.table].mixed(slopes_at(self.model, deciding), _SHARES[which])
            return self.bounded(
                replace(parts, table=self._keep(more.rounded(self.model, self.bits)))
            )
        if which == len(_SHARES):
            table, loose = np.zeros_like(parts.table), np.zeros_like(parts.loose)
            free = np.zeros_like(parts.free)
            return self.bounded(replace(parts, table=table, free=free, loose=loose))
        if which == len(_SHARES) + 1:
            kind = np.minimum(parts.kind + 1, len(self.bounders) - 1)
            return self.bounded(replace(parts, kind=kind))
        tied, loosened = self._losses(parts.lo, parts.hi, parts.table)
        free = (loosened < tied) & ~parts.free
        return self.bounded(replace(parts, free=free, loose=~parts.loose))

    def _turns(self, count: int) -> list[int]:
        """Which other ways to try: all for few parts, about half for many, in turn."""
        last = len(_SHARES) + 2
        ways = [*range(last + 1)] if len(self.bounders) > 1 else [*range(last - 1), last]
        if count <= _FEW:
            return ways
        self.alternatives += 1
        return [way for way in ways if not way or way % 2 == self.alternatives % 2]

    def _scores(self, parts: Batch) -> tuple[Scores, Prescriptions]:
        """What the width of each part costs, and the prescriptions that decide the bound."""
        scores = Scores.none(len(parts.bound), self.J)
        found: list[Prescriptions] = []
        order = [*self.alike(parts.kind, parts.mix)]
        for some in order:
            part = parts.take(some)
            bounder = plain = self.bounder(part.kind, part.mix)
            if part.kind[0]:
                plain = self.bounder(0 * part.kind, part.mix)
            backward = Backward(bounder, self.parts(part))
            backward.roots = part.roots
            score, deciding, losses = backward.scores(part.lam[None], plain)
            score = np.where(np.isfinite(score), score, 0.0)
            scores.put(some, score.T, *self.simplices.worst(losses))
            found.append(deciding)
        back = np.argsort(np.concatenate(order))
        omega, s = (
            [np.concatenate(steps)[back] for steps in zip(*tables, strict=True)]
            for tables in ([p.omega for p in found], [p.s for p in found])
        )
        return scores, Prescriptions(omega, s)

    def parts(self, batch: Batch) -> Parts:
        """What the bound is made of: a claim has one piece."""
        ends = even_ends(batch.lo, batch.hi, 1)
        own = self.tables.own[batch.table].T
        lean, start = (
            np.ascontiguousarray(np.moveaxis(z[batch.table], 0, -1))
            for z in (self.tables.lean, self.tables.start)
        )
        return Parts(batch.lo, batch.hi, batch.free, ends, batch.loose, own, lean, start)

    def _keep(self, more: Slopes) -> Integers:
        """Numbers of new tables."""
        start, count = self.used, len(more.own)
        self.used += count
        while self.used > len(self.tables.own):
            self.tables = self.tables.joined(self.tables)
        for name, value in vars(more).items():
            getattr(self.tables, name)[start : self.used] = value
        return np.arange(start, self.used)

    def _losses(self, lo: Floats, hi: Floats, table: Integers) -> tuple[Floats, Floats]:
        """What each coordinate adds to the bound when tied, and when free, about; (J, N)."""
        radius = (hi - lo).T / 2
        g = self.tables.tied[table]
        D = np.einsum("Nrj,Nj->Nr", g, radius) * self.tables.weights[table]
        tied = radius * np.einsum("Nrj,Nr->Nj", g, D) / 2 + self.tables.mixing[table] * radius
        return tied.T, (_FREE * self.tables.spread[table] * radius + 0.3 * tied).T

    def _append(self, parts: Batch, least: Floats, scores: Scores) -> Integers:
        numbers = self.nodes.append({**parts.rows(), "least": least, **vars(scores)})
        for n, b in zip(numbers.tolist(), least.tolist(), strict=True):
            if b > -np.inf:
                heapq.heappush(self.heap, (-b, n))
        return numbers


def _middle(lo: Floats, hi: Floats) -> Floats:
    """A short dyadic number near the middle."""
    width = hi - lo
    unit = 2.0 ** (np.floor(np.log2(np.maximum(width, 1e-30))) - 4)
    at: Floats = np.round((lo + width / 2) / unit) * unit
    return at
