"""Slopes of a part that bound it better, by subgradients of the bound.

The bound of a part is a maximum over corners and over the signs of dv, of forms that change
smoothly with the slopes sb and c: what falls for all of these at once is a direction of descent.
So maxima and signs are softened, by a share of what is left to prove, and a step goes as far as
would prove the target if the bound were linear (Polyak), turned away from the direction before it
(Camerini, Fratta and Maffioli, 1975). Any slopes are valid: a step that is no good costs its time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exactqse.solve.farsighted.bound import Stage
from exactqse.solve.farsighted.claims import Backward, Bounder, Effort, LamSearch, Parts
from exactqse.solve.farsighted.model import Floats

_TINY = 1e-300
_BEYOND = 0.15  # the target, of what is left at first: steps fall short of where they aim
_SOFT = 0.1  # of what is left to prove, over which maxima are softened
_TURN = 1.5  # away from the direction before
_NEAR = 0.05  # of G e^-d: ends of a piece that decide together
_GROW, _SHRINK = 1.2, 0.5  # of the step, after better and worse ones
_LEAST = 1e-9  # of the scale
_EFFORT = Effort((-0.03, 0.0, 0.03), 1, 2)


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives by sb (J, N), by c (J, J, N), and by c of the first states (n_0, J, N)."""

    own: Floats
    lean: Floats
    start: Floats

    def scaled(self, factor: Floats) -> Gradient:
        """Times factors, (J, N) of the places that slopes are about, or (N,)."""
        return Gradient(self.own * factor, self.lean * factor, self.start * factor)

    def plus(self, other: Gradient) -> Gradient:
        """The sum."""
        return Gradient(self.own + other.own, self.lean + other.lean, self.start + other.start)

    def dot(self, other: Gradient) -> Floats:
        """(N,)"""
        total: Floats = (self.own * other.own).sum(0)
        total = total + (self.lean * other.lean).sum((0, 1))
        return total + (self.start * other.start).sum((0, 1))


@dataclass(frozen=True, eq=False)
class Pull:
    """How G of a step's places changes: -dG/dlam (n, N), and by y and by lean_j at the corners."""

    fall: Floats
    y: Floats  # (n, B, F, A, N)
    lean: list[Floats]


@dataclass(frozen=True, eq=False)
class Descended:
    """Parts with the slopes that were best, and what is proved with them."""

    parts: Parts
    lam: Floats
    roots: Floats
    bound: Floats


def descend(
    bounder: Bounder, parts: Parts, lam: Floats, roots: Floats, target: float, steps: int
) -> Descended:
    """Better slopes for each part, from lam (J, N) and roots (n_0, N) of those that it has."""
    backward = Backward(bounder, parts)
    claims = backward.run(lam[None], roots, _EFFORT)
    now = best = Descended(parts, claims.lam[0], claims.roots, backward.bound())
    scale = 1 / np.maximum(backward.radius, _TINY)
    length, turned = np.ones(len(now.bound)), None
    least = _LEAST * bounder.model.scale
    goal = target - _BEYOND * np.maximum(now.bound - target, 0.0)
    for _ in range(steps):
        left = np.where(np.isfinite(now.bound), np.maximum(now.bound - goal, 0.0), 0.0)
        if not left.any():
            break
        # in units of the radius all slopes weigh alike
        found = _gradient(backward, now, _SOFT * left + least).scaled(scale)
        if turned is not None:
            back = np.maximum(-_TURN * found.dot(turned) / (turned.dot(turned) + _TINY), 0.0)
            found = found.plus(turned.scaled(back))
        turned = found
        by = -length * left / (found.dot(found) + _TINY)
        backward = Backward(bounder, _moved(now.parts, found.scaled(scale * by)))
        claims = backward.run(now.lam[None], now.roots, _EFFORT)
        new = Descended(backward.parts, claims.lam[0], claims.roots, backward.bound())
        better = new.bound < best.bound
        length = np.where(better, np.minimum(_GROW * length, 1.0), _SHRINK * length)
        best = now = _chosen(better, new, best)
        backward = Backward(bounder, now.parts)
    return best


def _moved(parts: Parts, step: Gradient) -> Parts:
    own, lean, start = parts.own + step.own, parts.lean + step.lean, parts.start + step.start
    return replace(parts, own=own, lean=lean, start=start)


def _chosen(which: Floats, new: Descended, old: Descended) -> Descended:
    def pick(x: Floats, y: Floats) -> Floats:
        return np.where(which, x, y)

    a, b = new.parts, old.parts
    slopes = pick(a.own, b.own), pick(a.lean, b.lean), pick(a.start, b.start)
    parts = replace(b, **dict(zip(("own", "lean", "start"), slopes, strict=True)))
    found = pick(new.lam, old.lam), pick(new.roots, old.roots), pick(new.bound, old.bound)
    return Descended(parts, *found)


def _gradient(backward: Backward, now: Descended, soft: Floats) -> Gradient:
    """Of the bound, softened by ``soft`` (N,)."""
    model, first, parts = backward.model, backward.first, backward.parts
    found = Gradient(*(np.zeros_like(z) for z in (parts.own, parts.lean, parts.start)))
    searches: list[LamSearch] = []
    for h in reversed(range(1, len(model.layers))):
        search = backward.search(h)
        search.take(np.moveaxis(now.lam[None, backward.here(h)], 0, 1)[:, :, None])
        backward.K[:, backward.here(h)] = search.points()
        searches.append(search)
    stage = backward.stage(0)
    pull = _pull(stage, now.roots, soft)
    weight = model.rho[:, None] / np.maximum(pull.fall, _TINY)
    if len(model.rho) > 1:
        common = np.einsum("n,njN->jN", model.rho, parts.start)
        push = backward.radius * np.tanh(common * backward.radius / soft)
        found.start[:] += model.rho[:, None, None] * push
    visits = _add(found, stage, pull, weight, slice(0, 0))
    for h, search in enumerate(reversed(searches), start=1):
        here = backward.here(h)
        left, right, lean = search.shares(_NEAR)
        tied = ~parts.free[here]
        found.own[here] += np.where(tied, visits * lean, 0.0)
        if h + 1 < len(model.layers):
            pull = _pull(search.stage, search.lam[:, 0, 0], soft)
            visits = _add(found, search.stage, pull, visits * (left + right), here)
    if len(model.rho) == 1:
        found.start[:] = 0
    if len(found.own) != first[-1]:
        raise ValueError("coordinates are missing")
    return found


def _add(found: Gradient, stage: Stage, pull: Pull, weight: Floats, here: slice) -> Floats:
    """Add what G of these places does to the bound; what phi of the next step does, (n', N)."""
    P, first = stage.rows.P, stage.rows.first
    n1 = P.shape[-1]
    later = slice(first, first + n1)
    times = weight[:, None, None, None]
    lone = here.start == here.stop
    for j, row in enumerate(pull.lean):
        lean = times * row
        own = found.start if lone else found.lean[here]
        own[:, first + j] -= lean.sum((1, 2, 3))
        if j >= n1:  # what a claim leans on is later than its place
            found.lean[later, first + j] += np.einsum("nbfat,nbfaN->tN", P, lean)
        else:
            kept = np.where(stage.free[j], 0.0, lean)
            found.own[first + j] -= np.einsum("nbfa,nbfaN->N", P[..., j], kept)
    visits: Floats = np.einsum("nbfat,nbfaN->tN", P, times * pull.y)
    return visits


def _pull(stage: Stage, lam: Floats, soft: Floats) -> Pull:
    """At lam (n, N)."""
    forms = stage.forms(lam[:, None], None)
    A, turn, bend, slope, fall, shrink = (
        z[..., 0, :]
        for z in (forms.A, forms.turn, forms.bend, forms.slope, forms.fall, forms.shrink)
    )
    L = [row[..., 0, :] for row in forms.L]
    shape, down = np.broadcast_shapes(A.shape, turn.shape), forms.parameters.down[..., 0, :]
    unit = soft * _TINY + soft * np.maximum(-slope.mean((2, 3)).sum(1), _TINY)[:, None, None]
    by_corner, by_row = _softened(stage, np.broadcast_to(A, shape), L, unit)
    gain = -slope * by_corner
    leans = []
    for j, (row, weight) in enumerate(zip(L, by_row, strict=True)):
        side = np.where(down[:, :, :, None], stage.lean[j][..., 0, :], row)
        rise = np.where(down[:, :, :, None], bend, bend * turn)
        leans.append(weight * turn + by_corner * rise * stage.radius[j] * np.sign(side))
        change = shrink * row
        if j < stage.rows.P.shape[-1]:
            tied = stage.model.eta * stage.model.gamma * stage.rows.P[..., j, None]
            change = change + fall * tied
        gain = gain + weight * change
    return Pull(gain.sum((1, 2, 3)), gain, leans)


def _softened(
    stage: Stage, A: Floats, L: list[Floats], unit: Floats
) -> tuple[Floats, list[Floats]]:
    """dG/dA and dG/dL_j at the corners (n, B, F, A, N), with maxima over about ``unit``."""
    total = stage.by_cell(A)  # (n, C, K, N)
    first = total.argmax(2)[:, :, None]
    pivot = np.arange(total.shape[2])[:, None] == first
    by_cell = [stage.by_cell(np.broadcast_to(row, A.shape)) for row in L]
    off = [row - np.take_along_axis(row, first, 2) for row in by_cell]
    for size, row in zip(stage.radius, off, strict=True):
        total = total + size * np.abs(row)
    share = np.exp((total - total.max(2, keepdims=True)) / unit)
    share = share / share.sum(2, keepdims=True)

    def spread(weights: Floats) -> Floats:
        return weights[:, stage.model.cell].reshape(A.shape)

    rows = []
    for size, row, lean in zip(stage.radius, by_cell, off, strict=True):
        side = size * share * np.tanh(lean * size / unit)
        common = np.take_along_axis(row, first, 2).sum(1, keepdims=True)
        centre = size * np.tanh(common * size / unit) - side.sum(2, keepdims=True)
        rows.append(spread(side + pivot * centre))
    return spread(share), rows
