"""Concave polylines in float64: hulls of points, and the best of e^x (y - lam) on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers

_FINE = 1e-100  # ranges above it need no scale


@dataclass(frozen=True, eq=False)
class Polyline:
    """The m vertices (v, W) of a concave function, v ascending; the number of what made each."""

    v: Floats
    w: Floats
    tag: Integers

    def same(self, other: Polyline) -> bool:
        """Whether it has the same vertices."""
        return np.array_equal(self.v, other.v) and np.array_equal(self.w, other.w)


def polyline(v: Floats, w: Floats, tag: Integers) -> Polyline:
    """The upper hull of points."""
    keep = upper_hull(v, w)
    return Polyline(v[keep], w[keep], tag[keep])


def upper_hull(x: Floats, y: Floats) -> Integers:
    """The vertices of the least concave function above the points, by ascending x.

    From the left; a vertex that a later point shows to be no vertex leaves. However near to each
    other points are, none is dropped for that: G e^{-v} needs G to the digits that the least e^v
    has.
    """
    order: Integers = np.lexsort((y, x))
    hull: list[int] = []
    xs, ys = _shares(x[order].tolist()), _shares(y[order].tolist())
    for i, (right, up) in enumerate(zip(xs, ys, strict=True)):
        if hull and xs[hull[-1]] >= right:  # the last, which is the highest, stays
            hull.pop()
        while len(hull) > 1:
            j, k = hull[-1], hull[-2]
            if (ys[j] - ys[k]) * (right - xs[j]) > (up - ys[j]) * (xs[j] - xs[k]):
                break
            hull.pop()
        hull.append(i)
    found: Integers = order[hull]
    return found


def _shares(z: list[float]) -> list[float]:
    """As shares of the range, if it is such that products of differences overflow or vanish."""
    span = max(z) - min(z)
    return z if _FINE < span < 1 / _FINE or not span else [value / span for value in z]


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
    dx, dy = x[..., 1:] - x[..., :-1], y[..., 1:] - y[..., :-1]
    with np.errstate(all="ignore"):
        s = -dy / dx
        part = (s - gain[..., :-1]) / dy
    inside = (s > 0) & (part > 0) & (part < 1)
    if not inside.any():
        return i, w
    part = np.where(inside, part, 0.0)
    along = np.where(inside, np.exp(x[..., :-1] + part * dx) * s, -np.inf)
    j = along.argmax(-1)
    better = _pick(along, j) > _pick(value, i)
    return np.where(better, j, i), np.where(better, _pick(part, j), w)


def along(z: Floats, k: Integers, far: Floats) -> Floats:
    """The points that `best_on` names on polylines (..., m)."""
    after = np.minimum(k + 1, z.shape[-1] - 1)
    first, last = (np.take_along_axis(z, n[..., None], -1)[..., 0] for n in (k, after))
    found: Floats = first + far * (last - first)
    return found


def _pick(table: Floats, at: Integers) -> Floats:
    rows = np.broadcast_to(table, (*at.shape, table.shape[-1])).reshape(-1, table.shape[-1])
    found: Floats = rows[np.arange(len(rows)), at.ravel()].reshape(at.shape)
    return found
