"""Bounds of many regions at once, where all transitions to some next places pick the same points.

A sum of majorants is convex in (v, W) of such a place, so it is largest at a vertex of what the
place shows (proofs/place-covers.md, Ties): no two transitions pick different values. Arrays are
[vertex of an action's hull, action b, entry]. Entries are choices of vertices of the tied places,
or lam, or pairs of the two, of one region after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.frontiers.hulls import along, best_on
from exactqse.solve.placewise.answers import Answers
from exactqse.solve.placewise.columns import Parameters, touching
from exactqse.solve.placewise.ragged import Rows, product
from exactqse.solve.placewise.ties import Choices, Lone


@dataclass(frozen=True, eq=False)
class Table:
    """What each action offers without the tied places, at m vertices by ascending x.

    Attributes:
        x, y: (m, B).
        P: (m, B, n), to the tied places.
        alpha: (m, B, A), mixtures.
        v: (m, B, T), the values picked at next places; not a number where none follows.
    """

    x: Floats
    y: Floats
    P: Floats
    alpha: Floats
    v: Floats

    @classmethod
    def of_actions(cls, lone: Sequence[Lone]) -> Table:
        """From each action's vertices: the last of fewer is repeated."""
        m = max(len(one.of.x) for one in lone)
        at = [np.minimum(np.arange(m), len(one.of.x) - 1) for one in lone]
        rows = [*zip([one.of for one in lone], at, strict=True)]
        return cls(
            np.stack([of.x[k] for of, k in rows], axis=1),
            np.stack([of.y[k] for of, k in rows], axis=1),
            np.stack([one.P[k] for one, k in zip(lone, at, strict=True)], axis=1),
            np.stack([of.corners[of.corner[k]] for of, k in rows], axis=1),
            np.stack([of.v[k] for of, k in rows], axis=1),
        )

    @property
    def tables(self) -> tuple[Floats, ...]:
        """All of it."""
        return self.x, self.y, self.P, self.alpha, self.v

    @classmethod
    def joined(cls, some: Sequence[Table]) -> Table:
        """Those of R regions, with a third axis for these."""
        m = max(len(one.x) for one in some)
        at = [np.minimum(np.arange(m), len(one.x) - 1) for one in some]
        rows = [
            one.tables if len(one.x) == m else tuple(table[k] for table in one.tables)
            for one, k in zip(some, at, strict=True)
        ]
        return cls(*(np.stack(tables, axis=2) for tables in zip(*rows, strict=True)))


@dataclass(frozen=True, eq=False)
class Asked:
    """Of one region: bounds at L lam with all choices of vertices.

    ``known`` are majorants for these, (L, B).
    Of all that are asked at once B, A, T and n are the same.
    """

    table: Table
    choices: Choices
    lam: Floats
    known: Parameters | None


def tied(asked: Sequence[Asked], gamma: float, close: float, turns: int) -> list[Answers]:
    """The bounds of each, with majorants that touch where the best choice is.

    Or with those that touch between there and where they are most, nearer by half in each of the
    ``turns``; or with the known ones, which all have or none. What proves least.
    """
    pairs = _Pairs.of_all(asked, gamma)
    at = pairs.best()
    best = pairs.reply(at)
    middle = best.point
    found = touch = _bound(pairs, touching(pairs.top, middle[0], middle[1], pairs.lam, close))
    point = middle
    for _ in range(turns):
        moved, away = touch.worst != at, pairs.reply(touch.worst).point
        point, most = np.where(moved, (middle, away), (point, middle))
        middle = (point + most) / 2
        touch = _bound(pairs, touching(pairs.top, middle[0], middle[1], pairs.lam, close))
        found = found.or_less(touch)
    known = [one.known for one in asked if one.known is not None]
    if known:
        down, size = (np.concatenate(rows) for rows in zip(*known, strict=True))
        found = found.or_less(_bound(pairs, (down.T, size.T)))
    return _answers(asked, pairs, best, at, found)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """What each action offers with every choice, and all pairs of a lam and a choice.

    Attributes:
        table: of all regions.
        v: (Q, n), of the tied places in each choice.
        x, y: (m, B, Q).
        lam: (L,), of all ``regions``.
        top: (B, L), the highest y that there is in the region.
        rows: the pairs of each lam; ``at`` (N,) is the choice.
        each: (N,), the lam of each pair.
        right, over: (m, B, N), x and lam - y of each pair.
        lost: (B, N), the least e^x (lam - y) of the vertices.
    """

    table: Table
    v: Floats
    x: Floats
    y: Floats
    lam: Floats
    regions: Rows
    top: Floats
    rows: Rows
    at: Integers
    each: Floats
    right: Floats
    over: Floats
    lost: Floats

    @classmethod
    def of_all(cls, asked: Sequence[Asked], gamma: float) -> _Pairs:
        table = Table.joined([one.table for one in asked])
        choices = Rows.of_lengths([len(one.choices.v) for one in asked])
        v = np.concatenate([one.choices.v for one in asked])
        W = np.concatenate([one.choices.W for one in asked])
        P = table.P[:, :, choices.of]
        x = table.x[:, :, choices.of] + gamma * (P * v).sum(-1)
        y = table.y[:, :, choices.of] + (P * W).sum(-1)
        regions = Rows.of_lengths([len(one.lam) for one in asked])
        rows, at = product(regions.of, choices)
        top = np.maximum.reduceat(y.max(0), choices.starts, axis=-1)[:, regions.of]
        lam = np.concatenate([one.lam for one in asked])
        each = lam[rows.of]
        right, over = x.take(at, axis=2), each - y.take(at, axis=2)
        lost = (np.exp(x).take(at, axis=2) * over).min(0)
        return cls(table, v, x, y, lam, regions, top, rows, at, each, right, over, lost)

    def best(self) -> Integers:
        """The pair of each lam with the choice for which sum_b e^x (y - lam) is largest (L,).

        On an edge of slope -s that is where y - lam = s, if this is inside, and
        s e^(x0 - 1 + (y0 - lam)/s).
        """
        x, y = self.x, self.y
        s = -np.diff(y, axis=0) / np.diff(x, axis=0)
        height = np.log(s) + x[:-1] - 1 + y[:-1] / s
        least, most = np.where(s > 0, y[1:] - s, np.inf), y[:-1] - s
        total = np.zeros(len(self.at))
        for b in range(x.shape[1]):
            value = -self.lost[b]
            for k in range(len(s)):
                low, high = least[k, b][self.at], most[k, b][self.at]
                n = np.flatnonzero((low < self.each) & (self.each < high))
                q = self.at[n]
                along = np.exp(height[k, b][q] - self.each[n] / s[k, b][q])
                value[n] = np.maximum(value[n], along)
            total += value
        return self.rows.largest(total)

    def reply(self, pair: Integers) -> _Reply:
        """What is best at one pair of each lam."""
        x, y = (np.moveaxis(table[:, :, self.at[pair]], 0, -1) for table in (self.x, self.y))
        i, far = best_on(x, y, np.broadcast_to(self.lam, x.shape[:2]))
        return _Reply(i, far, np.stack([along(z, i, far) for z in (x, y)]))

    def majorants(self, down: Booleans, size: Floats) -> Floats:
        """The sum of the largest of each over its vertices, for each pair (N,)."""
        total = np.zeros(len(self.at))
        for b, (falls, of) in enumerate(zip(down, size, strict=True)):
            each = of[self.rows.of]
            value = each * np.exp((self.right[:, b] - self.over[:, b] / each).max(0) - 1)
            if falls.any():
                n = np.flatnonzero(falls[self.rows.of])
                kappa = each[n]
                value[n] = -kappa * (1 + np.log(np.maximum(self.lost[b, n], 0) / kappa))
            total += value
        return total


@dataclass(frozen=True, eq=False)
class _Reply:
    """The best mixture of two vertices, i and the next, at one choice for each lam (B, L)."""

    i: Integers
    far: Floats
    point: Floats  # (2, B, L): x and y


@dataclass(frozen=True, eq=False)
class _Bound:
    """G (L,), which pair makes it so, and the majorants (B, L)."""

    G: Floats
    worst: Integers
    down: Booleans
    size: Floats

    def or_less(self, other: _Bound) -> _Bound:
        """The lesser, for each lam."""
        less = other.G < self.G
        rows = "G", "worst", "down", "size"
        return _Bound(*(np.where(less, getattr(other, n), getattr(self, n)) for n in rows))


def _bound(pairs: _Pairs, parameters: Parameters) -> _Bound:
    every = pairs.majorants(*parameters)
    worst = pairs.rows.largest(every)
    return _Bound(every[worst], worst, *parameters)


def _answers(
    asked: Sequence[Asked], pairs: _Pairs, best: _Reply, at: Integers, found: _Bound
) -> list[Answers]:
    """Of each region, from what is best at each lam."""
    table, ties, regions = pairs.table, asked[0].choices.ties, pairs.regions
    b, r = np.arange(len(best.i))[:, None], regions.of
    i, far = best.i, best.far[..., None]
    j = np.minimum(i + 1, len(table.x) - 1)

    def along(vertices: Floats) -> Floats:
        mixed: Floats = (1 - far) * vertices[i, b, r] + far * vertices[j, b, r]
        return mixed

    first = table.v[i, b, r]
    v = first + far * (table.v[j, b, r] - first)
    v[..., ties] = np.where(along(table.P) > 0, pairs.v[pairs.at[at]], v[..., ties])
    x, y = best.point.swapaxes(1, 2)
    tied_to = np.zeros((len(pairs.lam), v.shape[-1]), dtype=bool)
    tied_to[:, ties] = True
    every = Answers.of_points(
        (pairs.lam, found.G),
        (x, y),
        along(table.alpha).swapaxes(0, 1),
        v.swapaxes(0, 1),
        tied_to,
        (found.down.T, found.size.T),
    )
    ends = (regions.starts + regions.lengths).tolist()
    return [every.some(slice(*row)) for row in zip(regions.starts.tolist(), ends, strict=True)]
