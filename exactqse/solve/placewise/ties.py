"""Bounds where all transitions to some next places pick the same points of these.

A sum of majorants is convex in (v, W) of such a place, so it is largest at a vertex of what the
place shows (proofs/place-covers.md, Ties): no two transitions pick different values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline, best_on
from exactqse.solve.placewise.answers import Answers, Site, Tied, answers_of
from exactqse.solve.placewise.columns import (
    Column,
    Parameters,
    Reply,
    column,
    majorants,
    touching,
)

_MOST = 200  # choices of vertices, of all tied places together
_TURNS = 2
_MOSTLY = 0.5  # of what is lost
_SAME = 1e-8  # in v


@dataclass(frozen=True, eq=False)
class Choices:
    """The Q choices of a vertex at each of the places ``ties``: v and W there (Q, n)."""

    ties: list[int]
    v: Floats
    W: Floats


@dataclass(frozen=True, eq=False)
class Offers:
    """What one action offers: m vertices (x, y) (Q, m) for each choice; P (m, n) leads to ties."""

    of: Column
    P: Floats
    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class _Best:
    """The best mixture of two vertices, neighbours by x, for L lam and each choice (L, Q)."""

    i: Integers
    j: Integers
    far: Floats
    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class _Bound:
    """G (L,), which choice makes it so, and the majorants."""

    G: Floats
    worst: Integers
    parameters: tuple[Parameters, ...]

    def or_less(self, other: _Bound) -> _Bound:
        """The lesser, for each lam."""
        less = other.G < self.G
        pairs = zip(self.parameters, other.parameters, strict=True)
        parameters = tuple(
            (np.where(less, q[0], p[0]), np.where(less, q[1], p[1])) for p, q in pairs
        )
        worst = np.where(less, other.worst, self.worst)
        return _Bound(np.minimum(self.G, other.G), worst, parameters)


def tied(
    site: Site,
    corners: dict[int, Floats],
    lines: Sequence[Polyline],
    lam: Floats,
    close: float,
    known: tuple[Parameters, ...] | None = None,
) -> Answers | None:
    """The bounds at the lam; None where there would be too many choices.

    ``known`` are majorants that may be better than those that touch where the best choice is.
    """
    if not (ties := _few(site, lines)):
        return None
    choices = choices_of(ties, lines)
    offers = offers_of(site, corners, lines, choices)
    best = [_best(offer, lam) for offer in offers]
    value = np.sum([np.exp(one.x) * (one.y - lam[:, None]) for one in best], axis=0)
    row, at = np.arange(len(lam)), value.argmax(1)
    point = np.array([(one.x[row, at], one.y[row, at]) for one in best])
    found = _bound(offers, _touching(offers, point, lam, close), lam)
    if known is not None:
        found = found.or_less(_bound(offers, known, lam))
    for _ in range(_TURNS):  # touching between there and where they are most may be better
        most = np.array([(one.x[row, found.worst], one.y[row, found.worst]) for one in best])
        point = (point + most) / 2
        found = found.or_less(_bound(offers, _touching(offers, point, lam, close), lam))
    replies = [_picked(offer, one, choices, at) for offer, one in zip(offers, best, strict=True)]
    e = np.exp(np.array([reply.x for reply in replies])).sum(0)
    bend = np.maximum(found.G - value[row, at], 0) / e
    to_blame = _blamed(offers, best, choices, found.parameters, lam, at)
    away = np.full((len(lam), len(lines)), np.nan)
    away[:, ties] = choices.v[to_blame.choice]
    blamed = Tied(away, bend, to_blame.b, to_blame.edge)
    return answers_of(lam, found.G, replies, found.parameters, blamed)


@dataclass(frozen=True, eq=False)
class _Blamed:
    """What is to blame for G, for L lam: a choice, or the mixtures of an action."""

    choice: Integers
    b: Integers
    edge: Integers


def _blamed(
    offers: list[Offers],
    best: list[_Best],
    choices: Choices,
    parameters: tuple[Parameters, ...],
    lam: Floats,
    at: Integers,
) -> _Blamed:
    """The farthest choice that gives much more than the best is worth, or why no majorant touches.

    That falls only where no value of its action is above lam.
    """
    row = np.arange(len(lam))
    rows = zip(offers, parameters, strict=True)
    every = np.array([majorants(offer.x, offer.y, of, lam) for offer, of in rows])
    worth = [np.exp(one.x[row, at]) * (one.y[row, at] - lam) for one in best]
    lost = every[:, row, at] - worth
    above = every.sum(0) - np.sum(worth, axis=0)[:, None]
    far = np.abs(choices.v[None] - choices.v[at][:, None]).sum(2)
    other = np.where(above > _MOSTLY * above.max(1)[:, None], far, 0.0).argmax(1)
    more = far[row, other] > _SAME
    b = lost.argmax(0)
    edge = np.zeros((len(lam), 2), dtype=np.intp)
    for k in np.flatnonzero(~more & (lost.sum(0) > 0)).tolist():
        y, corner, q = offers[b[k]].y, offers[b[k]].of.corner, int(at[k])
        here = int(y[q].argmax())
        edge[k] = corner[best[b[k]].i[k, q]], corner[here]
        other[k] = y.max(1).argmax() if y[q, here] < lam[k] else q
    return _Blamed(other, b, edge)


def _few(site: Site, lines: Sequence[Polyline]) -> list[int]:
    """As many of the places as there are not too many choices for, those of few vertices first."""
    ties, count = list[int](), 1
    for t in sorted(site.ties, key=lambda t: len(lines[t].v)):
        if count * len(lines[t].v) <= _MOST:
            ties.append(t)
            count *= len(lines[t].v)
    return sorted(ties)


def choices_of(ties: list[int], lines: Sequence[Polyline]) -> Choices:
    """All ways to choose a vertex of each."""
    points = [list(zip(lines[t].v, lines[t].w, strict=True)) for t in ties]
    table = np.array(list(product(*points)))
    return Choices(ties, table[..., 0], table[..., 1])


def offers_of(
    site: Site, corners: dict[int, Floats], lines: Sequence[Polyline], choices: Choices
) -> list[Offers]:
    """What each action offers with them."""
    alone = list(lines)
    for t in choices.ties:
        alone[t] = Polyline(np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.intp))
    return [_offers(site, b, corners[b], alone, choices) for b in range(len(site.x))]


def _offers(
    site: Site, b: int, corners: Floats, lines: Sequence[Polyline], choices: Choices
) -> Offers:
    P = (corners @ site.P[b])[:, choices.ties]
    alike = not np.ptp(P, axis=0).any()
    of = column(site.x[b], site.u[b], site.P[b], site.gamma, corners, lines, hull=alike)
    P = P[of.corner]
    return Offers(of, P, of.x + site.gamma * (choices.v @ P.T), of.y + choices.W @ P.T)


def _best(offer: Offers, lam: Floats) -> _Best:
    shape = len(lam), *offer.x.shape
    x, y = np.broadcast_to(offer.x, shape), np.broadcast_to(offer.y, shape)
    i, far = best_on(x, y, np.broadcast_to(lam[:, None], shape[:2]))
    j = np.minimum(i + 1, shape[2] - 1)
    q = np.arange(shape[1])
    ends = [table[q, k] for table in (offer.x, offer.y) for k in (i, j)]
    at = [first + far * (last - first) for first, last in (ends[:2], ends[2:])]
    return _Best(i, j, far, *at)


def _touching(
    offers: list[Offers], point: Floats, lam: Floats, close: float
) -> tuple[Parameters, ...]:
    """Of "up" or "down" that touch e^x (y - lam) at ``point`` (B, 2, L)."""
    pairs = zip(offers, point, strict=True)
    return tuple(touching(float(offer.y.max()), x, y, lam, close) for offer, (x, y) in pairs)


def _bound(offers: list[Offers], parameters: tuple[Parameters, ...], lam: Floats) -> _Bound:
    pairs = zip(offers, parameters, strict=True)
    every = np.sum([majorants(offer.x, offer.y, of, lam) for offer, of in pairs], axis=0)
    worst = every.argmax(1)
    return _Bound(every[np.arange(len(lam)), worst], worst, parameters)


def _picked(offer: Offers, best: _Best, choices: Choices, at: Integers) -> Reply:
    row = np.arange(len(at))
    i, j = best.i[row, at], best.j[row, at]
    far, of = best.far[row, at][:, None], offer.of
    alpha = (1 - far) * of.corners[of.corner[i]] + far * of.corners[of.corner[j]]
    v = of.v[i] + far * (of.v[j] - of.v[i])
    reached = (1 - far) * offer.P[i] + far * offer.P[j] > 0
    v[:, choices.ties] = np.where(reached, choices.v[at], v[:, choices.ties])
    return Reply(best.x[row, at], best.y[row, at], alpha, v)
