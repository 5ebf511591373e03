"""Bounds where the values of some next places are one for all transitions, known up to a radius.

Such a place t shows W_t <= phi_t(sigma_t) - sigma_t dv_t, |dv_t| <= radius_t, for any sigma_t, and
all transitions to it share dv_t (proofs/place-covers.md, Ties): no two of them pick different
values, and what is lost is of second order in the radii.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.frontiers.hulls import Polyline, best_on
from exactqse.solve.frontiers.shared import STEEP
from exactqse.solve.placewise.answers import Answers, Site, Tied, answers_of
from exactqse.solve.placewise.columns import Column, Parameters, Reply, column

_TURNS = 2  # of the slopes
_TINY = 1e-12
_ROOM = 1.2  # how far "down" stays from where its logarithm ends
_FAR = 300.0  # exponents beyond it are of no use


@dataclass(frozen=True, eq=False)
class _Flat:
    """A column with (middle, 0) at the n tied places; P (m, n) leads to them from its vertices."""

    of: Column
    P: Floats


@dataclass(frozen=True, eq=False)
class _Bound:
    """A (L,) and L (L, n) of one action, which is ``excess`` more than at the vertex with that L.

    ``edge`` are that vertex's corner and that of the vertex that makes it so.
    """

    A: Floats
    L: Floats
    parameters: Parameters
    excess: Floats
    edge: Integers


@dataclass(frozen=True, eq=False)
class _Lift:
    """What is shown of the n tied places with slopes sigma (L, n): phi, and at which v."""

    sigma: Floats
    phi: Floats
    shift: Floats


def tied(
    site: Site, corners: dict[int, Floats], lines: Sequence[Polyline], free: Answers
) -> Answers:
    """The bounds at the lam of ``free``, with the slopes at which no dv is better than another."""
    lam, ties = free.lam, site.ties
    shown = [lines[t] for t in ties]
    middle = np.array([line.v[0] + line.v[-1] for line in shown]) / 2
    radius = np.array([line.v[-1] - line.v[0] for line in shown]) / 2
    lines = list(lines)
    for t, at in zip(ties, middle, strict=True):
        lines[t] = Polyline(np.array([at]), np.zeros(1), np.zeros(1, dtype=np.intp))
    flats = [_flat(site, b, corners[b], lines) for b in range(len(site.x))]
    sigma = _slopes(site, free.x, free.y, free.alpha, lam)
    for turn in range(_TURNS):
        lift = _lift(shown, middle, sigma)
        replies = [_reply(flat, lift, lam) for flat in flats]
        x, y = (np.array([getattr(one, name) for one in replies]).T for name in ("x", "y"))
        alpha = np.array([one.alpha for one in replies]).swapaxes(0, 1)
        if turn + 1 < _TURNS:
            sigma = _slopes(site, x, y, alpha, lam)
    total, lean = np.zeros(len(lam)), np.zeros((len(lam), len(ties)))
    bounds = []
    for flat, one in zip(flats, replies, strict=True):
        bound = _bound(flat, one, lift, lam, (site.gamma, radius))
        total, lean = total + bound.A, lean + bound.L
        bounds.append(bound)
    G = total + np.abs(lean) @ radius
    e = np.exp(x)
    bend = np.maximum(total - (e * (y - lam[:, None])).sum(1), 0) / e.sum(1)
    excess = np.array([bound.excess for bound in bounds]).T / e.sum(1)[:, None]
    edges = np.array([bound.edge for bound in bounds]).swapaxes(0, 1)
    moved = [
        _moved(one, lift, middle, site.P[b][:, ties], (site.gamma, ties))
        for b, one in enumerate(replies)
    ]
    slopes = np.full((len(lam), len(lines)), np.nan)
    slopes[:, ties] = lift.sigma
    majorants = tuple(bound.parameters for bound in bounds)
    return answers_of(lam, G, moved, majorants, Tied(slopes, bend, excess, edges))


def _flat(site: Site, b: int, corners: Floats, lines: Sequence[Polyline]) -> _Flat:
    P = (corners @ site.P[b])[:, site.ties]
    alike = not np.ptp(P, axis=0).any()
    of = column(site.x[b], site.u[b], site.P[b], site.gamma, corners, lines, hull=alike)
    return _Flat(of, P[of.corner])


def _slopes(site: Site, x: Floats, y: Floats, alpha: Floats, lam: Floats) -> Floats:
    """(L, n): gamma times the mean gain of what leads to each tied place."""
    weight = np.exp(x)[..., None] * np.einsum("lba,bat->lbt", alpha, site.P[:, :, site.ties])
    gain = (weight * (y - lam[:, None])[..., None]).sum(1)
    found: Floats = site.gamma * gain / np.maximum(weight.sum(1), 1e-300)
    return found


def _lift(shown: list[Polyline], middle: Floats, sigma: Floats) -> _Lift:
    phi, shift = np.zeros((2, *sigma.shape))
    for n, (line, at) in enumerate(zip(shown, middle, strict=True)):
        value = line.w + sigma[:, n, None] * (line.v - at)
        best = value.argmax(1)
        phi[:, n] = value[np.arange(len(value)), best]
        shift[:, n] = line.v[best] - at
    return _Lift(sigma, phi, shift)


def _reply(flat: _Flat, lift: _Lift, lam: Floats) -> Reply:
    """The best mixture of two vertices that are neighbours by x."""
    of = flat.of
    y = of.y + lift.phi @ flat.P.T
    i, w = best_on(np.broadcast_to(of.x, y.shape), y, lam)
    j = np.minimum(i + 1, len(of.x) - 1)
    far, row = w[:, None], np.arange(len(lam))
    alpha = (1 - far) * of.corners[of.corner[i]] + far * of.corners[of.corner[j]]
    v = of.v[i] + far * (of.v[j] - of.v[i])
    mixed = y[row, i] + w * (y[row, j] - y[row, i])
    return Reply(of.x[i] + w * (of.x[j] - of.x[i]), mixed, alpha, v)


def _bound(flat: _Flat, at: Reply, lift: _Lift, lam: Floats, known: tuple[float, Floats]) -> _Bound:
    """Bounds A + L . dv of e^{x + push . dv} (y - lean . dv - lam): A, L and majorants.

    For all |dv| <= radius, with push = gamma P and lean = sigma P; ``known`` is gamma and the radii
    (proofs/farsighted-bound.md, Lemma 1).
    """
    gamma, radius = known
    of, gain = flat.of, at.y - lam
    push, lean = gamma * flat.P, lift.sigma[:, None, :] * flat.P  # (m, n), (L, m, n)
    over = lam[:, None] - of.y - lift.phi @ flat.P.T
    delta = np.abs(lean) @ radius
    may: Booleans = np.all(over > _ROOM * delta + _TINY, axis=1)
    T = np.where(may[:, None], over, 1.0)
    kappa = np.where(may, -gain, 1.0) * np.exp(at.x)
    inner = 1 + of.x + np.log((T - delta * may[:, None]) / kappa[:, None])
    same = of.corner[:, None] == of.corner
    theta = 1 / np.where(same, T[:, None], 0.0).max(2)  # one for all that is picked at a corner
    A = -kappa[:, None] * (inner + delta * theta)
    tilts = -kappa[:, None, None] * (push + lean * theta[..., None])
    best, tilt, edge = _pivoted(A, tilts, radius)
    own = np.where(may, A.max(1), np.inf)
    best = np.where(may, best, np.inf)
    value, falls = kappa, may.copy()
    most, high = delta.max(1), -over.min(1)
    for floor in (_TINY, most, 2 * most):
        s = np.maximum(np.maximum(gain, floor) + _TINY, -high / STEEP)
        z = of.x - over / s[:, None] - 1
        q = push - lean / s[:, None, None]
        D = np.abs(q) @ radius
        fits = (z + D).max(1) < _FAR
        e = s[:, None] * np.exp(np.where(fits[:, None], z, 0))
        D = np.where(fits[:, None], D, 0)
        A = e * (np.exp(D) - D)
        all_, L, ends = _pivoted(A, e[..., None] * q, radius)
        better = fits & (best > all_)
        best, tilt = np.where(better, all_, best), np.where(better[:, None], L, tilt)
        own, edge = np.where(better, A.max(1), own), np.where(better[:, None], ends, edge)
        value, falls = np.where(better, s, value), falls & ~better
    return _Bound(best, tilt, (falls, value), best - own, of.corner[edge])


def _pivoted(A: Floats, tilts: Floats, radius: Floats) -> tuple[Floats, Floats, Integers]:
    """A (L,) and L (L, n) of the m vertices together: L is that of one with the largest A.

    And which that is, and which has the largest A with what its own L adds (L, 2).
    """
    row, pivot = np.arange(len(A)), A.argmax(1)
    L = tilts[row, pivot]
    every = A + np.abs(tilts - L[:, None]) @ radius
    worst = every.argmax(1)
    return every[row, worst], L, np.stack([pivot, worst], axis=1)


def _moved(
    one: Reply, lift: _Lift, middle: Floats, P: Floats, known: tuple[float, list[int]]
) -> Reply:
    """The same at what is picked of the tied places; ``known`` is gamma, and which these are."""
    gamma, ties = known
    reached = one.alpha @ P
    v = one.v.copy()
    v[:, ties] = np.where(reached > 0, middle + lift.shift, v[:, ties])
    x = one.x + gamma * (reached * lift.shift).sum(1)
    return Reply(x, one.y - (reached * lift.sigma * lift.shift).sum(1), one.alpha, v)
