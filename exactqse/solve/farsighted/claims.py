"""Claims of many parts, backward: lam of every piece, and at step 0 the least lam that is proved.

lam + G(lam) e^{-eta d} is convex in lam as far as G is, so tangents that cross bracket its least
value; G itself falls, and the least lam with G <= 0 lies between a tangent's root and a chord's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.bound import Stage
from exactqse.solve.farsighted.forests import Forest
from exactqse.solve.farsighted.forms import Points, Rows, Sensitivity
from exactqse.solve.farsighted.mixtures import edge_losses
from exactqse.solve.farsighted.model import Booleans, Floats, Integers, Model
from exactqse.solve.farsighted.parameters import Parameters
from exactqse.solve.farsighted.slopes import Prescriptions, offsets

_GRID = 33
_FAN = (-0.3, -0.05, -0.005, 0.0, 0.005, 0.05, 0.3)  # relative to the range of y
_EXPONENT = 600.0
_TINY = 1e-300
_ROUNDING = 1e-14  # of G, relative to the scale and to what it is made of
_ROOT_ROUNDS = 5
BELOW = (0.0, -1e-4, -1e-3, -1e-2, -1e-1)  # from the root of the part that was halved


@dataclass(frozen=True, eq=False)
class Bounder:
    """A model at the corners of trees over the leader's mixtures.

    ``shift`` (n_0,) holds integers near eta V at step 0. The mixtures at the corners are, per step,
    (n, B, F, A, A, N), with N = 1 where all parts share them.
    """

    model: Model
    forest: Forest
    corners: list[Floats]
    rows: list[Rows]
    shift: Floats

    def within(self, simplices: list[Floats]) -> Bounder:
        """For parts with simplices of their own, per step (n, C, A, A, N), and the same trees."""
        cell = self.model.cell
        corners = [
            np.einsum("nbfkc,nbcaN->nbfkaN", mix, own[:, cell])
            for mix, own in zip(self.forest.corners, simplices, strict=True)
        ]
        return _bounder(self.model, self.forest, corners, self.shift)


def bounder(model: Model, trees: Forest, shift: Floats) -> Bounder:
    """The tables at the corners of the trees."""
    return _bounder(model, trees, [mix[..., None] for mix in trees.corners], shift)


def _bounder(model: Model, trees: Forest, corners: list[Floats], shift: Floats) -> Bounder:
    rows = []
    for h, (mix, layer) in enumerate(zip(corners, model.layers, strict=True)):
        P = np.einsum("nbfkaN,nbat->nbfktN", mix, layer.P)
        u, r = (np.einsum("nbfkaN,nba->nbfkN", mix, z) for z in (layer.u, layer.r))
        rows.append(Rows(P, u, r, offsets(model)[h + 1]))
    return Bounder(model, trees, corners, rows, shift)


@dataclass(frozen=True, eq=False)
class Parts:
    """N parts: boxes lo, hi and free (J, N), with ends of pieces (m + 1, J, N)."""

    lo: Floats
    hi: Floats
    free: Booleans
    ends: Floats
    loose: Booleans  # (N,)
    own: Floats
    lean: Floats
    start: Floats  # (n_0, J, N)


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
        self.roots = np.zeros((len(self.model.rho), parts.lo.shape[1]))

    def here(self, h: int) -> slice:
        """The coordinates of step h."""
        return slice(self.first[h], self.first[h + 1])

    def stage(self, h: int, bounder: Bounder | None = None) -> Stage:
        """Step h, given the claims of step h + 1; at other corners if another bounder is given."""
        model, rows = self.model, (bounder or self.bounder).rows[h]
        r, y = rows.r, rows.u
        count = self.centre.shape[1]
        tied, free, ahead = np.zeros((0, count)), np.zeros((0, count), bool), None
        own = np.zeros((0, count))
        lean = np.zeros((0, *rows.u.shape[:-1], 1, count))
        if h + 1 < len(model.layers):
            later = self.here(h + 1)
            ahead = Points(self.d[:, later], self.K[:, later])
            free = self.parts.free[later]
            own = self.parts.own[later]
            tied = (ahead.K + own * ahead.d).max(0)
            r = r + model.gamma * rows.ahead(self.centre[later][:, None])[..., 0, :]
            y = y + rows.ahead(tied[:, None])[..., 0, :]
            lean = self._lean(h, rows)
        reference = model.eta * self.centre[self.here(h)] if h else self.bounder.shift[:, None]
        x = model.eta * r - reference[:, None, None, None]
        x, y = (np.broadcast_to(z, (*z.shape[:-1], count)) for z in (x, y))
        radius = self.radius[rows.first :]
        reach = np.zeros(x.shape)
        for row, size in zip(lean, radius, strict=True):
            reach += np.abs(row[..., 0, :]) * size
        return Stage(
            model, rows, x, y, tied, lean, radius, free, ahead, own, reach, self.parts.loose
        )

    def _lean(self, h: int, rows: Rows) -> Floats:
        """C0 - c - P sb, (J', n, B, F, A, 1, N)."""
        later = self.here(h + 1)
        ahead = self.parts.lean[later, rows.first :]  # (n', J', N)
        lean = rows.ahead(ahead)
        c = self.parts.lean[self.here(h), rows.first :] if h else self.parts.start
        lean -= c[:, None, None, None]
        lean[..., : len(ahead), :] -= rows.P * self.parts.own[later]
        return np.moveaxis(lean, 4, 0)[..., None, :]

    def run(self, guess: Floats | None, roots: Floats | None, rounds: int) -> Claims:
        """Choose lam for every piece, from the guess (m, J, N) or from nothing."""
        for h in reversed(range(1, len(self.model.layers))):
            here = self.here(h)
            search = self._search(h)
            search.refine(None if guess is None else np.moveaxis(guess[:, here], 0, 1), rounds)
            self.lam[:, here] = np.moveaxis(search.lam[:, :, 0], 1, 0)
            self.K[:, here] = search.points()
        self.roots = least_root(self.stage(0), roots, BELOW)
        return Claims(self.lam, self.roots, self.K)

    def _search(self, h: int) -> _Search:
        here = self.here(h)
        return _Search(self.stage(h), self.d[:, here], self.parts.own[here])

    def common(self) -> Floats:
        """|sum_s rho(s) c_sj|, (J, N): what a unit of radius adds to the bound itself."""
        lean: Floats = np.abs(np.einsum("n,njN->jN", self.model.rho, self.parts.start))
        return lean

    def bound(self) -> Floats:
        """(N,); inf where a root was not found."""
        total: Floats = self.model.rho @ self.roots + (self.radius * self.common()).sum(0)
        return total

    def scores(self, lam: Floats, plain: Bounder) -> tuple[Floats, Prescriptions, list[Floats]]:
        """What each coordinate adds to the bound, to first order in its radius, (J, N).

        And the prescriptions that decide the bound: those of the corners where it is largest; and
        what edges of the simplices lose, per step, as of ``edge_losses``. ``plain`` has one leaf
        for each simplex.
        """
        found: dict[int, tuple[Sensitivity, Floats, Floats]] = {}
        edges: dict[int, Floats] = {}
        corners, same = self.bounder.corners, plain.forest is self.bounder.forest
        for h in reversed(range(1, len(self.model.layers))):
            here = self.here(h)
            search = self._search(h)
            given = np.moveaxis(lam[:, here], 0, 1)
            G, dG, change = search.stage.sensitivity(given, corners[h])
            search.lam, search.G, search.dG = (z[:, :, None] for z in (given, G, dG))
            self.K[:, here] = search.points()
            found[h] = change, *search.deciding()
            stage = search.stage if same else self.stage(h, plain)
            edges[h] = edge_losses(self.model, stage, lam[0, here], change if same else None)
        _, dG, change = self.stage(0).sensitivity(self.roots[:, None], corners[0])
        edges[0] = edge_losses(self.model, self.stage(0, plain), None, change if same else None)
        weight = self.model.rho[:, None, None] / np.maximum(-dG, _TINY)
        total = self.radius * self.common()
        omegas, gaps, lost = [], [], []
        visits = np.zeros(0)
        for h in range(len(self.model.layers)):
            if h:
                change, factor, own = found[h]
                weight = (visits[:, None] + 1e-9) * factor
                total[self.here(h)] += visits * own
            lost.append(weight[:, :, None] * edges[h])
            later = slice(self.first[h + 1], None)
            total[later] += (weight * change.radius).sum((1, 2)) * self.radius[later]
            visits = (weight * change.value).sum((1, 2))
            omega = change.omega * weight[:, None, None]
            total_omega = np.maximum(omega.sum((1, 2, 3)), _TINY)
            by_b = omega.sum(2)
            gap = (by_b * change.s).sum(2) / np.maximum(by_b.sum(2), _TINY)
            share = np.clip(np.nan_to_num(omega.sum(3) / total_omega[:, None, None]), 0, 1)
            gap = np.clip(np.nan_to_num(gap), -self.model.scale, self.model.scale)
            omegas.append(np.moveaxis(share, -1, 0))
            gaps.append(np.moveaxis(gap, -1, 0))
        return total, Prescriptions(omegas, gaps), lost

    def replay(
        self, lam: Floats, rounded: Callable[[Stage, Floats, Parameters], Parameters]
    ) -> list[Parameters]:
        """The claims at given lam (m, J, N); the rounded parameters of steps 1 and later."""
        taken = []
        for h in reversed(range(1, len(self.model.layers))):
            here = self.here(h)
            search = self._search(h)
            given = np.moveaxis(lam[:, here], 0, 1)[:, :, None]
            found = search.evaluate(given)[2]
            parameters = rounded(search.stage, given[:, :, 0], found)
            search.accept(given, parameters)
            self.K[:, here] = search.points()
            taken.append(parameters)
        return taken[::-1]


class _Search:
    """lam (n, m, Q, N): Q candidates for each of the pieces of one step's places."""

    def __init__(self, stage: Stage, d: Floats, own: Floats) -> None:
        self.stage, self.own = stage, own[:, None, None]
        d = np.moveaxis(d, 0, 1)[:, :, None]  # (n, m + 1, 1, N)
        eta = stage.model.eta
        self.left, self.right = d[:, :-1], d[:, 1:]
        middle, half = (self.left + self.right) / 2, (self.right - self.left) * (eta / 2)
        rise, self.e_left, self.e_right = (
            np.exp(np.maximum(-eta * z, -_EXPONENT))  # inf where it is beyond float64: no bound
            for z in (middle, self.left, self.right)
        )
        self.flat = rise
        self.n_left, self.n_right = rise * (1 + half), rise * (1 - half)

    def evaluate(
        self, lam: Floats, fixed: Parameters | None = None
    ) -> tuple[Floats, Floats, Parameters]:
        """G, dG and the parameters at lam."""
        n, m, Q, N = lam.shape
        G, dG, found = self.stage.evaluate(lam.reshape(n, m * Q, N), fixed)
        return G.reshape(lam.shape), dG.reshape(lam.shape), found

    def ends(self, lam: Floats, G: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """K at both ends of each piece, and the factors of G there."""
        up = G >= 0
        left = np.where(up, self.e_left, self.n_left)
        right = np.where(up, self.e_right, self.n_right)
        return lam + G * left, lam + G * right, left, right

    def goal(self, lam: Floats, G: Floats, dG: Floats) -> tuple[Floats, Floats]:
        """max over the piece of K + sb d, which is to be least; and its slope in lam."""
        K0, K1, f0, f1 = self.ends(lam, G)
        a, b = K0 + self.own * self.left, K1 + self.own * self.right
        first = a >= b
        value = np.where(first, a, b)
        return np.where(np.isnan(value), np.inf, value), 1 + dG * np.where(first, f0, f1)

    def fan(self, guess: Floats | None) -> Floats:
        """Ascending candidates around the guess (n, m, N), or over the whole range."""
        y = self.stage.y
        low, high = y.min((1, 2, 3)), y.max((1, 2, 3))
        size = high - low + 1e-3 * self.stage.model.scale
        if guess is None:
            grid = (low - 2 * size)[:, None] + np.linspace(0, 5, _GRID)[:, None] * size[:, None]
            shape = len(grid), self.left.shape[1], *grid.shape[1:]
            return np.broadcast_to(grid[:, None], shape)
        fan: Floats = guess[:, :, None] + np.array(_FAN)[:, None] * size[:, None, None]
        return fan

    def refine(self, guess: Floats | None, rounds: int) -> None:
        """The best of a fan, then tangents that cross."""
        lam = self.fan(guess)
        G, dG, _ = self.evaluate(lam)
        value, slope = self.goal(lam, G, dG)
        pick = value.argmin(2)[:, :, None]
        last = lam.shape[2] - 1

        def at(index: Integers, *arrays: Floats) -> list[Floats]:
            return [np.take_along_axis(z, index, 2) for z in arrays]

        self.lam, self.G, self.dG, best, lean = at(pick, lam, G, dG, value, slope)
        up = lean >= 0
        below, above = (
            at(np.where(up, np.maximum(pick - 1, 0), pick), lam, value, slope),
            at(np.where(up, pick, np.minimum(pick + 1, last)), lam, value, slope),
        )
        for _ in range(rounds):
            (a, fa, sa), (b, fb, sb) = below, above
            with np.errstate(all="ignore"):
                cross = (fa - fb + sb * b - sa * a) / (sb - sa)
            width = b - a
            cross = np.where(np.isfinite(cross) & (sa < 0) & (sb > 0), cross, (a + b) / 2)
            lam = np.clip(cross, a + 0.05 * width, b - 0.05 * width)
            G, dG, _ = self.evaluate(lam)
            value, slope = self.goal(lam, G, dG)
            better = value < best
            best = np.where(better, value, best)
            self.lam, self.G, self.dG = (
                np.where(better, new, old)
                for new, old in ((lam, self.lam), (G, self.G), (dG, self.dG))
            )
            up = slope >= 0
            new = lam, value, slope
            below = [np.where(up, x, z) for x, z in zip(below, new, strict=True)]
            above = [np.where(up, z, x) for x, z in zip(above, new, strict=True)]

    def deciding(self) -> tuple[Floats, Floats]:
        """The factor (n, m, N) of G where K + sb d is largest, 0 elsewhere; the radius's part."""
        K0, K1, f0, f1 = (z[:, :, 0] for z in self.ends(self.lam, self.G))
        left, right, own, G = (
            self.left[:, :, 0],
            self.right[:, :, 0],
            self.own[:, 0],
            self.G[:, :, 0],
        )
        eta = self.stage.model.eta
        value = np.concatenate([K0 + own * left, K1 + own * right], axis=1)
        pick = np.arange(value.shape[1])[:, None] == value.argmax(1)[:, None]
        m = K0.shape[1]
        own_part = [
            d * (own - eta * G * np.where(G >= 0, f, flat))
            for d, f, flat in (
                (left, f0, self.flat[:, :, 0]),
                (right, f1, self.flat[:, :, 0]),
            )
        ]
        part = np.where(pick, np.concatenate(own_part, axis=1), 0.0).sum(1)
        return np.where(pick[:, :m], f0, 0.0) + np.where(pick[:, m:], f1, 0.0), part

    def accept(self, lam: Floats, parameters: Parameters) -> None:
        """Take these as they are."""
        self.lam = lam
        self.G, self.dG, _ = self.evaluate(lam, parameters)

    def points(self) -> Floats:
        """K at the ends, (m + 1, n, N): the larger of two pieces that meet."""
        off = _ROUNDING * self.stage.model.scale * (1 + np.abs(self.dG))
        K0, K1, left, right = self.ends(self.lam, self.G)
        K0, K1 = (z[:, :, 0] for z in (K0 + off * np.abs(left), K1 + off * np.abs(right)))
        K = np.concatenate([K0[:, :1], np.maximum(K0[:, 1:], K1[:, :-1]), K1[:, -1:]], axis=1)
        return np.moveaxis(np.where(np.isnan(K), np.inf, K), 1, 0)


def least_root(stage: Stage, roots: Floats | None, around: Sequence[float]) -> Floats:
    """The least lam found with G(lam) <= 0, (n_0, N); inf where none was."""
    scale = stage.model.scale
    if roots is None:
        low, high = stage.y.min((1, 2, 3)), (stage.y + 2 * stage.reach).max((1, 2, 3))
        steps = np.linspace(0, 1, _GRID)[:, None] ** 2
        lam = low[:, None] + steps * (high - low + 0.01 * scale)[:, None]
    else:
        lam = roots[:, None] + np.array(around)[:, None] * scale
    a, b = np.full(lam[:, 0].shape, -np.inf), np.full(lam[:, 0].shape, np.inf)
    Ga = Gb = da = np.full(a.shape, np.nan)
    for _ in range(_ROOT_ROUNDS):
        G, dG, _ = stage.evaluate(lam)
        good = np.less_equal(G, -1e-12 * scale)
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
