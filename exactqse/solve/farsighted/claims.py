"""Claims of many parts, backward: lam of every piece, and at step 0 the least lam that is proved.

lam + G(lam) e^{-eta d} is convex in lam as far as G is, so tangents that cross bracket its least
value; G itself falls, and the least lam with G <= 0 lies between a tangent's root and a chord's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.bound import Parameters, Points, Rows, Stage
from exactqse.solve.farsighted.forests import Forest
from exactqse.solve.farsighted.model import Booleans, Floats, Model
from exactqse.solve.farsighted.slopes import Slopes, offsets

_GRID = 33
_GROW = 4.0
_ROOT_ROUNDS = 5
_ROOT_START = (0.0, -1e-4, -1e-3, -1e-2, -1e-1)  # from the parent's lam, relative to the scale


@dataclass(frozen=True, eq=False)
class Bounder:
    """A model with a table of slopes and trees over the leader's mixtures.

    ``table`` numbers the slopes, ``shift`` (n_0,) holds integers near eta V at step 0.
    """

    model: Model
    slopes: Slopes
    table: int
    forest: Forest
    rows: list[Rows]
    shift: Floats


def bounder(model: Model, slopes: Slopes, table: int, trees: Forest, shift: Floats) -> Bounder:
    """The tables at the corners of the trees."""
    first = offsets(model)
    rows = []
    for h, layer in enumerate(model.layers):
        mix = trees.corners[h]
        P = np.einsum("nbfka,nbat->nbfkt", mix, layer.P)
        u, r = (np.einsum("nbfka,nba->nbfk", mix, z) for z in (layer.u, layer.r))
        if h + 1 == len(model.layers):
            rows.append(Rows(P, u, r, np.zeros((0, *u.shape)), first[-1]))
            continue
        lean = P @ slopes.lean[h + 1] - slopes.lean[h][:, None, None, None]
        lean[..., first[h + 1] : first[h + 2]] -= P * slopes.own[first[h + 1] : first[h + 2]]
        later = np.ascontiguousarray(np.moveaxis(lean[..., first[h + 1] :], -1, 0))
        rows.append(Rows(P, u, r, later, first[h + 1]))
    return Bounder(model, slopes, table, trees, rows, shift)


@dataclass(frozen=True, eq=False)
class Parts:
    """N parts: boxes lo, hi and free (J, N), with ends of pieces (m + 1, J, N)."""

    lo: Floats
    hi: Floats
    free: Booleans
    ends: Floats
    loose: Booleans  # (N,)


def even_ends(lo: Floats, hi: Floats, pieces: int) -> Floats:
    """Ends of equal pieces, short dyadic numbers inside."""
    width = hi - lo
    unit = 2.0 ** (np.floor(np.log2(np.maximum(width, 1e-30))) - 8)
    shares = np.arange(pieces + 1)[:, None, None] / pieces
    ends = np.round((lo + width * shares) / unit) * unit
    ends[0], ends[-1] = lo, hi
    return np.clip(ends, lo, hi)


@dataclass(frozen=True, eq=False)
class Claims:
    """What was found: lam (m, J, N), the roots (n_0, N), and K (m + 1, J, N)."""

    lam: Floats
    roots: Floats
    K: Floats


class Backward:
    """One batch of parts on its way from the last step to the first."""

    def __init__(self, bounder: Bounder, parts: Parts) -> None:
        self.bounder, self.parts = bounder, parts
        self.model, self.first = bounder.model, offsets(bounder.model)
        self.centre = (parts.lo + parts.hi) / 2
        self.radius = (parts.hi - parts.lo) / 2
        self.d = parts.ends - self.centre
        self.lam = np.zeros((len(parts.ends) - 1, *parts.lo.shape))
        self.K = np.zeros_like(parts.ends)

    def here(self, h: int) -> slice:
        """The coordinates of step h."""
        return slice(self.first[h], self.first[h + 1])

    def stage(self, h: int) -> Stage:
        """Step h, given the claims of step h + 1."""
        model, rows = self.model, self.bounder.rows[h]
        r, y = rows.r[..., None], rows.u[..., None]
        count = self.centre.shape[1]
        tied, free, ahead = np.zeros((0, count)), np.zeros((0, count), bool), None
        own = np.zeros((0, 1))
        if h + 1 < len(model.layers):
            later = self.here(h + 1)
            ahead = Points(self.d[:, later], self.K[:, later])
            free = self.parts.free[later]
            own = self.bounder.slopes.own[later, None]
            tied = (ahead.K + own * ahead.d).max(0)
            r = r + model.gamma * (rows.P @ self.centre[later])
            y = y + rows.P @ tied
        reference = model.eta * self.centre[self.here(h)] if h else self.bounder.shift[:, None]
        x = model.eta * r - reference[:, None, None, None]
        x, y = (np.broadcast_to(z, (*z.shape[:-1], count)) for z in (x, y))
        radius = self.radius[rows.first :]
        reach = np.einsum("jnbfa,jN->nbfaN", np.abs(rows.lean), radius)
        return Stage(model, rows, x, y, tied, radius, free, ahead, own, reach, self.parts.loose)

    def run(self, guess: Floats | None, roots: Floats | None, rounds: int) -> Claims:
        """Choose lam for every piece, from the guess (m, J, N) or from nothing."""
        for h in reversed(range(1, len(self.model.layers))):
            stage, here = self.stage(h), self.here(h)
            search = _Search(stage, self.d[:, here], self.bounder.slopes.own[here, None])
            lam, step = search.start() if guess is None else (guess[:, here], _spread(guess[:, here], self.model.scale))
            search.refine(np.moveaxis(lam, 0, 1), np.moveaxis(step, 0, 1), rounds)
            self.lam[:, here] = np.moveaxis(search.lam, 1, 0)
            self.K[:, here] = search.points()
        return Claims(self.lam, least_root(self.stage(0), roots), self.K)

    def replay(self, lam: Floats, rounded: Callable[[Parameters], Parameters]) -> list[Parameters]:
        """The claims at given lam (m, J, N), with parameters rounded; those of steps 1 and later."""
        found = []
        for h in reversed(range(1, len(self.model.layers))):
            stage, here = self.stage(h), self.here(h)
            search = _Search(stage, self.d[:, here], self.bounder.slopes.own[here, None])
            given = np.moveaxis(lam[:, here], 0, 1)
            parameters = rounded(stage.evaluate(given)[2])
            search.accept(given, parameters)
            self.K[:, here] = search.points()
            found.append(parameters)
        return found[::-1]


def _spread(lam: Floats, scale: float) -> Floats:
    """First steps: a part of the differences between the pieces."""
    width = np.ptp(lam, axis=0, keepdims=True) / len(lam) if len(lam) > 1 else 0.0
    return np.broadcast_to(0.3 * width + 1e-4 * scale, lam.shape)


class _Search:
    """lam (n, m, N) for the pieces of one step's places."""

    def __init__(self, stage: Stage, d: Floats, own: Floats) -> None:
        self.stage, self.own = stage, own
        d = np.moveaxis(d, 0, 1)  # (n, m + 1, N)
        eta = stage.model.eta
        self.left, self.right = d[:, :-1], d[:, 1:]
        middle, half = (self.left + self.right) / 2, (self.right - self.left) * (eta / 2)
        rise = np.exp(np.clip(-eta * middle, -600, 600))
        self.e_left = np.exp(np.clip(-eta * self.left, -600, 600))
        self.e_right = np.exp(np.clip(-eta * self.right, -600, 600))
        self.n_left, self.n_right = rise * (1 + half), rise * (1 - half)

    def ends(self, lam: Floats, G: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """K at both ends of each piece, and the factors of G there."""
        up = G >= 0
        left, right = np.where(up, self.e_left, self.n_left), np.where(up, self.e_right, self.n_right)
        return lam + G * left, lam + G * right, left, right

    def goal(self, lam: Floats, G: Floats, dG: Floats) -> tuple[Floats, Floats]:
        """max over the piece of K + sb d, which is to be least; and its slope in lam."""
        K0, K1, f0, f1 = self.ends(lam, G)
        own = self.own[:, None]
        a, b = K0 + own * self.left, K1 + own * self.right
        first = a >= b
        return np.where(first, a, b), 1 + dG * np.where(first, f0, f1)

    def start(self) -> tuple[Floats, Floats]:
        """The best of a grid for each piece, and the grid's step; (m, n, N)."""
        y = self.stage.y
        low, high = y.min((1, 2, 3)), y.max((1, 2, 3))
        size = high - low + 1e-3 * self.stage.model.scale
        grid = (low - 2 * size)[:, None] + np.linspace(0, 1, _GRID)[:, None] * (5 * size)[:, None]
        G, dG, _ = self.stage.evaluate(grid)
        m = self.left.shape[1]
        lam = np.empty((m, *low.shape))
        for k in range(m):
            piece = _Search.__new__(_Search)
            piece.__dict__ = {
                name: value[:, k : k + 1] if name not in {"stage", "own"} else value
                for name, value in self.__dict__.items()
            }
            value, _ = piece.goal(grid, G, dG)
            value = np.where(np.isfinite(value), value, np.inf)
            pick = value.argmin(1)[:, None]
            lam[k] = np.take_along_axis(grid, pick, 1)[:, 0]
        return lam, np.broadcast_to(5 * size / (_GRID - 1), lam.shape)

    def accept(self, lam: Floats, parameters: Parameters) -> None:
        """Take these as they are."""
        self.lam, self.G = lam, self.stage.evaluate(lam, parameters)[0]

    def refine(self, lam: Floats, step: Floats, rounds: int) -> None:
        """Cross tangents from lam (n, m, N), with steps of growing length where a side is missing."""
        best = np.full(lam.shape, np.inf)
        self.lam, self.G = lam, np.full(lam.shape, np.inf)
        nothing = np.full(lam.shape, np.nan)
        a, fa, sa, b, fb, sb = (nothing,) * 6
        for k in range(rounds):
            G, dG, _ = self.stage.evaluate(lam)
            value, slope = self.goal(lam, G, dG)
            better = value < best
            best = np.where(better, value, best)
            self.lam, self.G = np.where(better, lam, self.lam), np.where(better, G, self.G)
            if k + 1 == rounds:
                break
            up = slope >= 0
            a, fa, sa = (np.where(up, x, z) for x, z in ((a, lam), (fa, value), (sa, slope)))
            b, fb, sb = (np.where(up, z, x) for x, z in ((b, lam), (fb, value), (sb, slope)))
            with np.errstate(all="ignore"):
                cross = (fa - fb + sb * b - sa * a) / (sb - sa)
            width = b - a
            cross = np.clip(cross, a + 0.02 * width, b - 0.02 * width)
            lam = np.where(np.isfinite(cross), cross, np.where(np.isnan(a), b - step, a + step))
            step = step * _GROW

    def points(self) -> Floats:
        """K at the ends, (m + 1, n, N): the larger of two pieces that meet."""
        K0, K1, _, _ = self.ends(self.lam, self.G)
        K = np.concatenate([K0[:, :1], np.maximum(K0[:, 1:], K1[:, :-1]), K1[:, -1:]], axis=1)
        return np.moveaxis(np.where(np.isnan(K), np.inf, K), 1, 0)


def least_root(stage: Stage, roots: Floats | None) -> Floats:
    """The least lam found with G(lam) <= 0, (n_0, N); inf where none was."""
    scale = stage.model.scale
    if roots is None:
        low, high = stage.y.min((1, 2, 3)), (stage.y + 2 * stage.reach).max((1, 2, 3))
        steps = np.linspace(0, 1, _GRID)[:, None] ** 2
        lam = low[:, None] + steps * (high - low + 0.01 * scale)[:, None]
    else:
        lam = roots[:, None] + np.array(_ROOT_START)[:, None] * scale
    a, b = np.full(lam[:, 0].shape, -np.inf), np.full(lam[:, 0].shape, np.inf)
    Ga = Gb = da = np.full(a.shape, np.nan)
    for _ in range(_ROOT_ROUNDS):
        G, dG, _ = stage.evaluate(lam)
        good = G <= -1e-12 * scale
        for k in range(lam.shape[1]):
            worse = ~good[:, k] & (lam[:, k] > a) & (lam[:, k] < b)
            better = good[:, k] & (lam[:, k] < b)
            a, Ga = np.where(worse, lam[:, k], a), np.where(worse, G[:, k], Ga)
            da = np.where(worse, dG[:, k], da)
            b, Gb = np.where(better, lam[:, k], b), np.where(better, G[:, k], Gb)
        a = np.where(a < b, a, -np.inf)
        lam = np.stack(_between(a, b, (Ga, Gb, da), scale), axis=1)
    return b


def _between(
    a: Floats, b: Floats, values: tuple[Floats, Floats, Floats], scale: float
) -> list[Floats]:
    """Three lam to try: a tangent's root, a chord's, the middle; or further out."""
    Ga, Gb, da = values
    known = np.isfinite(a) & np.isfinite(b)
    left, right = np.where(known, a, 0.0), np.where(known, b, 1.0)
    width = right - left
    with np.errstate(all="ignore"):
        tangent, chord = left - Ga / da, left + width * Ga / (Ga - Gb)
    tries = []
    for inside, step in ((tangent, 0.05), (chord, 0.4), ((left + right) / 2, 2.0)):
        point = np.where(np.isfinite(inside), inside, right)
        point = np.clip(point, left + 1e-3 * width, right - 1e-3 * width)
        outside = np.where(np.isfinite(b), b - step * scale, a + step * scale)
        tries.append(np.where(known, point, np.where(np.isfinite(outside), outside, 0.0)))
    return tries
