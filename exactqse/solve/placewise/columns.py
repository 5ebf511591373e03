"""What each follower action offers at a place in a region: the hull of (x, y) over all choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline, best_on, upper_hull
from exactqse.solve.frontiers.shared import STEEP
from exactqse.solve.frontiers.stage import directions

Parameters = tuple[Booleans, Floats]  # down, and s or kappa


@dataclass(frozen=True, eq=False)
class Column:
    """The m vertices for one follower action; x is measured from the place's reference.

    Of an action that shares its mixture with others there are vertices at each of the A corners,
    of the same picks: x and y are (A, m), corner (A, 1).

    Attributes:
        x, y: (m,), on an upper hull, or all.
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
    x: Floats,
    u: Floats,
    P: Floats,
    gamma: float,
    corners: Floats,
    lines: Sequence[Polyline],
    *,
    hull: bool = True,
    shares: bool = False,
) -> Column:
    """x = eta r and u are (A,), P is (A, T) over the places of ``lines``.

    Without ``hull`` nothing is left out, by ascending x. The action ``shares`` its mixture or not.
    """
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
    if shares:
        picked = np.full((len(pick), P.shape[1]), np.nan)
        picked[:, kids] = v.T
        return Column(X, Y, np.arange(len(X))[:, None], picked, corners, P)
    keep = upper_hull(X.ravel(), Y.ravel()) if hull else np.argsort(X.ravel(), kind="stable")
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
    """Bounds (L,) of e^x (y - lam) as the checker's "up" or "chord" have them, that touch there."""
    parameters = touching(float(of.y.max()), at.x, at.y, lam, close)
    return majorants(of.x, of.y, parameters, lam), parameters


def touching(top: float | Floats, x: Floats, y: Floats, lam: Floats, close: float) -> Parameters:
    """Of "up", or of "down" where no value is above ``top`` < lam: that touches at (x, y)."""
    gain = y - lam
    down = lam - top > close
    s = np.maximum(gain, np.maximum(close, (top - lam) / STEEP))
    kappa = np.where(down, -gain, 1.0) * np.exp(x)
    return down, np.where(down, kappa, s)


def either(use: Booleans, others: Parameters, own: Parameters) -> Parameters:
    """For each lam the others, where these are to be used, or its own."""
    return np.where(use, others[0], own[0]), np.where(use, others[1], own[1])


def majorants(x: Floats, y: Floats, of: Parameters, lam: Floats) -> Floats:
    """The largest over m vertices, x (..., m), for L lam; infinite where "down" is none.

    y is as x, or (L, ..., m).
    """
    found = np.empty((len(lam), *x.shape[:-1]))
    for some, falls in ((of[0], True), (~of[0], False)):
        if not some.any():
            continue
        size, level = (z[some].reshape(-1, *[1] * x.ndim) for z in (of[1], lam))
        over = level - (y[some] if y.ndim > x.ndim else y)
        if falls:
            ratio = np.maximum(over, 0) / size
            found[some] = -size[..., 0] * (1 + (x + np.log(ratio)).min(-1))
        else:
            found[some] = size[..., 0] * np.exp((x - over / size).max(-1) - 1)
    return found
