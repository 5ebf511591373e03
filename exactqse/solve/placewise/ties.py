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
from exactqse.solve.frontiers.shared import STEEP
from exactqse.solve.placewise.answers import Answers, Site, Tied, answers_of
from exactqse.solve.placewise.columns import Column, Parameters, Reply, column

_MOST = 200  # choices of vertices, of all tied places together


@dataclass(frozen=True, eq=False)
class _Choices:
    """The Q choices of a vertex at each of the places ``ties``: v and W there (Q, n)."""

    ties: list[int]
    v: Floats
    W: Floats


@dataclass(frozen=True, eq=False)
class _Offers:
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


def tied(
    site: Site, corners: dict[int, Floats], lines: Sequence[Polyline], lam: Floats, close: float
) -> Answers | None:
    """The bounds at the lam; None where there would be too many choices."""
    choices = _choices(site, lines)
    if choices is None:
        return None
    alone = list(lines)
    for t in choices.ties:
        alone[t] = Polyline(np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.intp))
    offers = [_offers(site, b, corners[b], alone, choices) for b in range(len(site.x))]
    best = [_best(offer, lam) for offer in offers]
    value = np.sum([np.exp(one.x) * (one.y - lam[:, None]) for one in best], axis=0)
    row, at = np.arange(len(lam)), value.argmax(1)
    bounds = [
        _bounds(offer, one.x[row, at], one.y[row, at], lam, close)
        for offer, one in zip(offers, best, strict=True)
    ]
    every = np.sum([bound for bound, _ in bounds], axis=0)
    worst = every.argmax(1)
    G = every[row, worst]
    replies = [_picked(offer, one, choices, at) for offer, one in zip(offers, best, strict=True)]
    e = np.exp(np.array([reply.x for reply in replies])).sum(0)
    away = np.full((len(lam), len(lines)), np.nan)
    away[:, choices.ties] = choices.v[worst]
    found = Tied(away, np.maximum(G - value[row, at], 0) / e)
    return answers_of(lam, G, replies, tuple(parameters for _, parameters in bounds), found)


def _choices(site: Site, lines: Sequence[Polyline]) -> _Choices | None:
    """As many of the places as there are not too many choices for, those of few vertices first."""
    ties, count = list[int](), 1
    for t in sorted(site.ties, key=lambda t: len(lines[t].v)):
        if count * len(lines[t].v) <= _MOST:
            ties.append(t)
            count *= len(lines[t].v)
    if not ties:
        return None
    ties.sort()
    points = [list(zip(lines[t].v, lines[t].w, strict=True)) for t in ties]
    table = np.array(list(product(*points)))
    return _Choices(ties, table[..., 0], table[..., 1])


def _offers(
    site: Site, b: int, corners: Floats, lines: Sequence[Polyline], choices: _Choices
) -> _Offers:
    P = (corners @ site.P[b])[:, choices.ties]
    alike = not np.ptp(P, axis=0).any()
    of = column(site.x[b], site.u[b], site.P[b], site.gamma, corners, lines, hull=alike)
    P = P[of.corner]
    return _Offers(of, P, of.x + site.gamma * (choices.v @ P.T), of.y + choices.W @ P.T)


def _best(offer: _Offers, lam: Floats) -> _Best:
    shape = len(lam), *offer.x.shape
    x, y = np.broadcast_to(offer.x, shape), np.broadcast_to(offer.y, shape)
    i, far = best_on(x, y, np.broadcast_to(lam[:, None], shape[:2]))
    j = np.minimum(i + 1, shape[2] - 1)
    q = np.arange(shape[1])
    ends = [table[q, k] for table in (offer.x, offer.y) for k in (i, j)]
    at = [first + far * (last - first) for first, last in (ends[:2], ends[2:])]
    return _Best(i, j, far, *at)


def _bounds(
    offer: _Offers, x: Floats, y: Floats, lam: Floats, close: float
) -> tuple[Floats, Parameters]:
    """The majorants (L, Q) that touch e^x (y - lam), as the checker's "up" or "down" have them."""
    top, gain = offer.y.max(), y - lam
    down = lam - top > close
    s = np.maximum(gain, np.maximum(close, (top - lam) / STEEP))
    kappa = np.where(down, -gain, 1.0) * np.exp(x)
    over = lam[:, None, None] - offer.y
    z = (offer.x - over / s[:, None, None]).max(2)
    ratio = np.where(down[:, None, None], over, 1.0) / kappa[:, None, None]
    inner = (offer.x + np.log(ratio)).min(2)
    falling, rising = -kappa[:, None] * (1 + inner), s[:, None] * np.exp(z - 1)
    parameters = down, np.where(down, kappa, s)
    return np.where(down[:, None], falling, rising), parameters


def _picked(offer: _Offers, best: _Best, choices: _Choices, at: Integers) -> Reply:
    row = np.arange(len(at))
    i, j = best.i[row, at], best.j[row, at]
    far, of = best.far[row, at][:, None], offer.of
    alpha = (1 - far) * of.corners[of.corner[i]] + far * of.corners[of.corner[j]]
    v = of.v[i] + far * (of.v[j] - of.v[i])
    reached = (1 - far) * offer.P[i] + far * offer.P[j] > 0
    v[:, choices.ties] = np.where(reached, choices.v[at], v[:, choices.ties])
    return Reply(best.x[row, at], best.y[row, at], alpha, v)
