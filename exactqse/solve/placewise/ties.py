"""What actions offer where all transitions to some next places pick the same points of these.

There is a choice of a vertex at each of these places, and bounds are the largest over all choices
(`together`); why one is no less, the choice to blame tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline, best_on
from exactqse.solve.placewise.answers import Answers, Site
from exactqse.solve.placewise.columns import Column, Parameters, column, majorants, touching

_MOST = 2000  # choices of vertices, of all tied places together
_KEPT = 8000  # the same for places that were tied
_MOSTLY = 0.5  # of what is lost
_HUGE = 1e300
_SAME = 1e-8  # in v


@dataclass(frozen=True, eq=False)
class Choices:
    """The Q choices of a vertex at each of the places ``ties``: v and W there (Q, n)."""

    ties: list[int]
    v: Floats
    W: Floats


@dataclass(frozen=True, eq=False)
class Offers:
    """What one action offers: m vertices (x, y) (Q, m) for each choice; P (m, n) leads to ties.

    Where it shares its mixture with others: (Q, A, m), at each corner, and P (A, 1, n).
    """

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
class Blame:
    """Why a tied bound is more than its best choice is worth.

    Attributes:
        bend: what of W it gives away there.
        v: of each tied place in the choice that is to blame.
        b: the action to blame where v is as it should be.
        edge: between which corners of its mixtures; of one to itself where that is not the reason.
    """

    bend: float
    v: dict[int, float]
    b: int
    edge: tuple[int, int]


def blame(offers: list[Offers], choices: Choices, G: float, lam: float, close: float) -> Blame:
    """Why G is no less: the choice that gives most if the majorants touch where the best one is.

    Of those that give nearly as much the farthest; or it is why no majorant touches: one falls only
    where no value of its action is above lam.
    """
    at_lam = np.array([lam])
    best, (at,) = _best_choice(offers, at_lam)
    point = np.array([(one.x[:, at], one.y[:, at]) for one in best])
    rows = zip(offers, _touching(offers, point, at_lam, close), strict=True)
    every = np.array([majorants(offer.x, offer.y, of, at_lam)[0] for offer, of in rows])
    e = np.exp(point[:, 0, 0])
    worth = e * (point[:, 1, 0] - lam)
    lost, above = every[:, at] - worth, np.minimum(every.sum(0) - worth.sum(), _HUGE)
    far = np.abs(choices.v - choices.v[at]).sum(1)
    other = int(np.where(above > _MOSTLY * above.max(), far, 0.0).argmax())
    b, edge = int(lost.argmax()), (0, 0)
    if far[other] <= _SAME and lost.sum() > 0:
        y, corner = offers[b].y, offers[b].of.corner
        here = int(y[at].argmax())
        edge = int(corner[best[b].i[0, at]]), int(corner[here])
        other = int(y.max(1).argmax()) if y[at, here] < lam else int(at)
    v = dict(zip(choices.ties, choices.v[other].tolist(), strict=True))
    return Blame(max(G - float(worth.sum()), 0.0) / float(e.sum()), v, b, edge)


def few(site: Site, lines: Sequence[Polyline], known: Answers | None) -> list[int]:
    """As many of the places as there are not too many choices for, those of few vertices first.

    Bounds of before are worth most with the ties that they have: these are kept for longer.
    """
    kept = set() if known is None else set(np.flatnonzero(known.tied.any(0)).tolist())
    ties, count = list[int](), 1
    for t in sorted(site.ties, key=lambda t: (t not in kept, len(lines[t].v))):
        if count * len(lines[t].v) <= (_KEPT if t in kept else _MOST):
            ties.append(t)
            count *= len(lines[t].v)
    return sorted(ties)


def choices_of(ties: list[int], lines: Sequence[Polyline]) -> Choices:
    """All ways to choose a vertex of each."""
    if len(ties) == 1:
        (line,) = (lines[t] for t in ties)
        return Choices(ties, line.v[:, None], line.w[:, None])
    points = [list(zip(lines[t].v, lines[t].w, strict=True)) for t in ties]
    rows = list(product(*points))
    table = np.array(rows).reshape(len(rows), len(ties), 2)
    return Choices(ties, table[..., 0], table[..., 1])


@dataclass(frozen=True, eq=False)
class Lone:
    """What one action offers without the tied places, and its transitions to these, as `Offers`."""

    of: Column
    P: Floats


def lone_of(
    site: Site, corners: dict[int, Floats], lines: Sequence[Polyline], ties: list[int]
) -> list[Lone]:
    """Of each action; where all places are tied, it depends on the corners alone."""
    alone = list(lines)
    for t in ties:
        alone[t] = Polyline(np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.intp))
    return [_lone(site, b, corners[b], alone, ties) for b in range(len(site.x))]


def _lone(site: Site, b: int, corners: Floats, lines: Sequence[Polyline], ties: list[int]) -> Lone:
    P = (corners @ site.P[b])[:, ties]
    alike = not np.ptp(P, axis=0).any()
    shares = site.sharing(b)
    table = site.x[b], site.u[b], site.P[b], site.gamma, corners, lines
    of = column(*table, hull=alike, shares=shares)
    return Lone(of, P[of.corner])


def offers_of(lone: list[Lone], choices: Choices, gamma: float) -> list[Offers]:
    """What each action offers with the choices."""
    ahead = [[np.inner(picked, one.P) for picked in (choices.v, choices.W)] for one in lone]
    return [
        Offers(one.of, one.P, one.of.x + gamma * v, one.of.y + W)
        for one, (v, W) in zip(lone, ahead, strict=True)
    ]


def _best_choice(offers: list[Offers], lam: Floats) -> tuple[list[_Best], Integers]:
    """What is best with each choice, and which of these is (L,)."""
    best = [_best(offer, lam) for offer in offers]
    value = np.sum([np.exp(one.x) * (one.y - lam[:, None]) for one in best], axis=0)
    return best, value.argmax(1)


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
