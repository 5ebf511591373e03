"""What each follower action offers at a place in a region: the hull of (x, y) over all choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline, best_on, upper_hull
from exactqse.solve.frontiers.shared import STEEP
from exactqse.solve.frontiers.stage import directions

_TINY = 1e-12
_ROOM = 1.2  # how far "down" stays from where its logarithm ends
_FAR = 300.0  # exponents beyond it are of no use
Parameters = tuple[Booleans, Floats]  # down, and s or kappa


@dataclass(frozen=True, eq=False)
class Column:
    """The m vertices for one follower action; x is measured from the place's reference.

    Attributes:
        x, y: (m,), on an upper hull.
        corner: (m,), which corner of the simplex of mixtures.
        v: (m, T), the values picked at the next places; not a number where none follows.
        corners: (A, A), mixtures.
        P: (A, T), the transitions with each.
    """

    x: Floats
    y: Floats
    corner: Integers
    v: Floats
    corners: Floats
    P: Floats


@dataclass(frozen=True, eq=False)
class Reply:
    """What is best at L values of lam for one action: the point (x, y), mixture and picks.

    Attributes:
        x, y: (L,).
        alpha: (L, A).
        v: (L, T).
    """

    x: Floats
    y: Floats
    alpha: Floats
    v: Floats


def column(
    x: Floats, u: Floats, P: Floats, gamma: float, corners: Floats, lines: Sequence[Polyline]
) -> Column:
    """x = eta r and u are (A,), P is (A, T) over the places of ``lines``."""
    x, u, P = corners @ x, corners @ u, corners @ P
    kids = np.flatnonzero(P.any(0))
    reached = [lines[int(t)] for t in kids]
    pick = directions(reached)
    v = np.array([line.v[at] for line, at in zip(reached, pick.T, strict=True)])
    w = np.array([line.w[at] for line, at in zip(reached, pick.T, strict=True)])
    shape = len(kids), len(pick)
    v, w = v.reshape(shape), w.reshape(shape)
    X = x[:, None] + gamma * (P[:, kids] @ v)
    Y = u[:, None] + P[:, kids] @ w
    keep = upper_hull(X.ravel(), Y.ravel())
    corner, d = np.unravel_index(keep, X.shape)
    picked = np.full((len(keep), P.shape[1]), np.nan)
    picked[:, kids] = v.T[d]
    return Column(X[corner, d], Y[corner, d], corner, picked, corners, P)


def reply(of: Column, lam: Floats) -> Reply:
    """Where e^x (y - lam) is largest."""
    i, w = best_on(of.x[None], of.y[None], lam)
    j = np.minimum(i + 1, len(of.x) - 1)
    far = w[:, None]
    alpha = (1 - far) * of.corners[of.corner[i]] + far * of.corners[of.corner[j]]
    return Reply(
        of.x[i] + w * (of.x[j] - of.x[i]),
        of.y[i] + w * (of.y[j] - of.y[i]),
        alpha,
        of.v[i] + far * (of.v[j] - of.v[i]),
    )


def free_bound(of: Column, at: Reply, lam: Floats, close: float) -> tuple[Floats, Parameters]:
    """Bounds (L,) of e^x (y - lam) as the checker's "up" or "chord" have them."""
    top = of.y.max()
    gain = at.y - lam
    down = lam - top > close
    s = np.maximum(gain, np.maximum(close, (top - lam) / STEEP))
    weight = -gain * np.exp(at.x)
    z = (of.x + (of.y - lam[:, None]) / s[:, None]).max(1)
    return np.where(down, -weight, s * np.exp(z - 1)), (down, np.where(down, weight, s))


def tied_bound(
    of: Column, at: Reply, lam: Floats, lean: Floats, push: float, radius: float
) -> tuple[Floats, Floats, Parameters]:
    """Bounds A + L dv, |dv| <= radius, of e^{x + push dv} (y - lean dv - lam): A, L and majorants.

    One tied place, to which the action leads with the same probability whatever the leader does:
    ``push`` is gamma P, ``lean`` (L,) sigma P (proofs/farsighted-bound.md, Lemma 1).
    """
    gain = at.y - lam
    delta = np.abs(lean) * radius
    over = lam[:, None] - of.y
    gap = over.min(1)
    may = gap > _ROOM * delta + _TINY
    T = np.where(may[:, None], over, 1.0)
    kappa = np.where(may, -gain, 1.0) * np.exp(at.x)
    inner = 1 + of.x + np.log((T - delta[:, None] * may[:, None]) / kappa[:, None])
    A = -kappa[:, None] * (inner + delta[:, None] / T)
    tilts = -kappa[:, None] * (push + lean[:, None] / T)
    best, tilt = _pivoted(A, tilts, radius)
    best = np.where(may, best, np.inf)
    value, falls = kappa, may.copy()
    for floor in (_TINY, delta, 2 * delta):
        s = np.maximum(np.maximum(gain, floor) + _TINY, (of.y.max() - lam) / STEEP)
        z = of.x - over / s[:, None] - 1
        q = push - lean / s
        D = np.abs(q) * radius
        fits = z.max(1) + D < _FAR
        e = s[:, None] * np.exp(np.where(fits[:, None], z, 0))
        D = np.where(fits, D, 0)
        A, L = _pivoted(e * (np.exp(D) - D)[:, None], e * q[:, None], radius)
        better = fits & (best > A)
        best, tilt = np.where(better, A, best), np.where(better, L, tilt)
        value, falls = np.where(better, s, value), falls & ~better
    return best, tilt, (falls, value)


def _pivoted(A: Floats, tilts: Floats, radius: float) -> tuple[Floats, Floats]:
    """A and L (L,) of the vertices (L, m) together: L is that of the vertex with the largest A."""
    row = np.arange(len(A))
    L = tilts[row, A.argmax(1)]
    total: Floats = (A + radius * np.abs(tilts - L[:, None])).max(1)
    return total, L
