"""Concave polylines in float64: hulls of points, and the best of e^x (y - lam) on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers


@dataclass(frozen=True, eq=False)
class Polyline:
    """The m vertices (v, W) of a concave function, v ascending; the number of what made each."""

    v: Floats
    w: Floats
    tag: Integers


def polyline(v: Floats, w: Floats, tag: Integers) -> Polyline:
    """The upper hull of points."""
    keep = upper_hull(v, w)
    return Polyline(v[keep], w[keep], tag[keep])


def upper_hull(x: Floats, y: Floats) -> Integers:
    """The vertices of the least concave function above the points, by ascending x.

    A point below a chord of others is no vertex: such points leave together, until none is left.
    However near to each other points are, none is dropped for that: G e^{-v} needs G to the digits
    that the least e^v has.
    """
    x, y = _shares(x), _shares(y)  # first: points that become one would take each other away
    order: Integers = np.lexsort((y, x))
    last = np.append(np.diff(x[order]) > 0, True)
    order = order[last]
    x, y = x[order], y[order]
    while len(order) > 2:
        dx, dy = x[1:] - x[:-1], y[1:] - y[:-1]
        bent = dy[:-1] * dx[1:] > dy[1:] * dx[:-1]
        if bent.all():
            break
        keep = np.concatenate([[True], bent, [True]])
        x, y, order = x[keep], y[keep], order[keep]
    return order


def _shares(z: Floats) -> Floats:
    """As shares of the range: products of differences neither overflow nor vanish."""
    found: Floats = z / (float(z.max() - z.min()) or 1.0)
    return found


def best_on(x: Floats, y: Floats, lam: Floats) -> tuple[Integers, Floats]:
    """Where e^x (y - lam) is largest on polylines (..., m), for lam (...).

    (i, w): the point (1 - w) p_i + w p_{i+1}. On an edge of slope -s the derivative vanishes where
    y - lam = s, a maximum if s > 0; below lam the function is quasiconvex, so a vertex is best.
    """
    gain = y - lam[..., None]
    value = np.exp(x) * gain
    i = value.argmax(-1)
    w = np.zeros(i.shape)
    if x.shape[-1] == 1:
        return i, w
    dx, dy = np.diff(x, axis=-1), np.diff(y, axis=-1)
    with np.errstate(all="ignore"):
        s = -dy / dx
        part = (s - gain[..., :-1]) / dy
    inside = (s > 0) & (part > 0) & (part < 1)
    part = np.where(inside, part, 0.0)
    along = np.where(inside, np.exp(x[..., :-1] + part * dx) * s, -np.inf)
    j = along.argmax(-1)
    better = _pick(along, j) > _pick(value, i)
    return np.where(better, j, i), np.where(better, _pick(part, j), w)


def _pick(table: Floats, at: Integers) -> Floats:
    found: Floats = np.take_along_axis(table, at[..., None], -1)[..., 0]
    return found
