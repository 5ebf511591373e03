"""The bound of many parts at once, in float64 (proofs/farsighted-bound.md); axes as in forms.py."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exactqse.solve.farsighted.forms import Forms, Points, Rows, Sensitivity
from exactqse.solve.farsighted.model import Booleans, Floats, Integers, Model
from exactqse.solve.farsighted.parameters import TINY, Parameters, best_t, joint_t

_LEAST_GAP = 1e-9  # of lam - y where Down is used, relative to the leader's scale
_SURE = 1e-6  # of y - lam, whose sign says what a tangent is, relative to the leader's scale
_EXPONENT = 600.0


@dataclass(eq=False)
class Stage:
    """One step of a batch, ready to be evaluated at any lam.

    Attributes:
        x: (n, B, F, A, N), exponents less the reference.
        y: (n, B, F, A, N), u + P phi(sb) for tied coordinates and free ones alike.
        lean: (J', n, B, F, A, 1, N), C0 - c - P sb for the coordinates of later steps.
        radius: (J', N), of these coordinates.
        free: (n', N), which of the next step's claims are.
        ahead: the next step's claims, None at the last step.
        own: (n', N), sb of the next step's claims.
        reach: (n, B, F, A, N), sum_j radius_j |lean_j|.
        loose: (N,), whether kappa allows for slopes that nothing cancels: else wide parts have no
            bound at all.
    """

    model: Model
    rows: Rows
    x: Floats
    y: Floats
    tied: Floats
    lean: Floats
    radius: Floats
    free: Booleans
    ahead: Points | None
    own: Floats
    reach: Floats
    loose: Booleans
    any_free: bool = field(init=False)

    def __post_init__(self) -> None:
        self.any_free = bool(self.free.any())

    def lines(self, t: Floats | None) -> tuple[Floats, Floats]:
        """H(t') = alpha t' + beta near t (n, B, F, m, N): exponents plus values, lam = 0."""
        if not self.any_free or t is None or self.ahead is None:
            return self.y[..., None, :], self.x[..., None, :]
        d, K = self.ahead.d, self.ahead.K
        unit = self.model.eta * self.model.gamma
        sigma = (unit / t)[:, :, :, None]  # (n, B, F, 1, m, N)
        best = K[0][:, None, :] + sigma * d[0][:, None, :]  # (n, B, F, n', m, N)
        gain = np.broadcast_to(K[0][:, None, :], best.shape)
        at = np.broadcast_to(d[0][:, None, :], best.shape)
        for k, e in zip(K[1:, :, None], d[1:, :, None], strict=True):
            value = k + sigma * e
            more = value > best
            best, gain, at = (
                np.where(more, value, best),
                np.where(more, k, gain),
                np.where(more, e, at),
            )
        free = self.free[:, None]
        gain, at = np.where(free, gain, self.tied[:, None]), np.where(free, at, 0.0)
        alpha = self.rows.ahead(gain) + self.rows.u[..., None, :]
        beta = unit * self.rows.ahead(at) + self.x[..., None, :]
        return alpha, beta

    def evaluate(
        self, lam: Floats, fixed: Parameters | None = None
    ) -> tuple[Floats, Floats, Parameters]:
        """G and dG/dlam at lam, both (n, m, N); the parameters, chosen unless ``fixed``."""
        forms = self._forms(lam, fixed)
        G, dG = self._assemble(forms)
        return G, dG, forms.parameters

    def _forms(self, lam: Floats, fixed: Parameters | None) -> Forms:
        """A and L at the corners."""
        T = lam[:, None, None, None] - self.y[..., None, :]  # (n, B, F, A, m, N)
        t, tau = self._choose(lam, fixed)
        alpha, beta = self.lines(t)
        t = t[:, :, :, None]
        rate = (alpha - lam[:, None, None, None]) * t
        w = np.exp(rate + beta - 1) / t
        unit = self.model.eta * self.model.gamma
        g = [self._push(j, t) for j in range(len(self.lean))]
        D = np.zeros_like(w)
        for j, row in enumerate(g):
            D += self.radius[j] * np.abs(row)
        bend = np.exp(D)
        A = w * (bend - D)
        slope = -t * A
        down, log_kappa, logs, reach = self._down(T, A, tau, fixed)
        L = [w * row for row in g]
        bend = bend - 1
        tangent = np.abs(rate - 1) < 1e-6
        fall = np.where(tangent, w * t, 0.0)
        shrink = np.where(tangent, 0.0, t)
        if down.any():
            which = down[:, :, :, None]
            kappa = np.exp(log_kappa)[:, :, :, None]
            A = np.where(which, -kappa * (1 + logs - log_kappa[:, :, :, None]), A)
            safe = np.where(which, T, 1.0)
            inner = np.where(which, T - reach, 1.0)
            slope = np.where(which, -kappa * (1 / inner - reach / safe**2), slope)
            fall, shrink = np.where(which, kappa / safe, fall), np.where(which, 0.0, shrink)
            bend = np.where(which, kappa * (1 / inner - 1 / safe), bend)
            n1 = self.rows.P.shape[4]
            for j, row in enumerate(L):
                low = (kappa / safe) * self.lean[j]
                if j < n1:
                    low = low - kappa * (unit * self.rows.P[..., j, None, :])
                L[j] = np.where(which, low, row)
        value = np.where(down, np.exp(log_kappa), 1 / t[:, :, :, 0])
        return Forms(A, L, slope, fall, shrink, bend, Parameters(down, value))

    def tangent(self, lam: Floats, found: Parameters, near: float) -> tuple[Floats, Integers]:
        """The parameter of the corner that is nearest, and the corner.

        -1 where none is of the same kind and at most ``near`` away in logarithm.
        """
        gap = self.y[..., None, :] - lam[:, None, None, None]
        x = np.broadcast_to(self.x[..., None, :], gap.shape)
        height = np.exp(np.clip(x, -_EXPONENT, _EXPONENT))
        value = np.where(gap > 0, gap, -gap * height)
        sure = (np.abs(gap) > _SURE * self.model.scale) & (np.abs(x) < _EXPONENT)
        same = sure & ((gap <= 0) == found.down[:, :, :, None])
        off = np.abs(np.log(value / found.value[:, :, :, None]))
        off = np.where(same & np.isfinite(off), off, np.inf)
        corner = off.argmin(3)
        best = np.expand_dims(corner, 3)
        close = np.take_along_axis(off, best, 3)[:, :, :, 0] <= near
        value = np.take_along_axis(value, best, 3)[:, :, :, 0]
        return value, np.where(close, corner, -1)

    def sensitivity(self, lam: Floats, corners: Floats) -> tuple[Floats, Floats, Sensitivity]:
        """G, dG/dlam, and how else G changes."""
        forms = self._forms(lam, None)
        total = self._by_cell(forms.A)
        first = total.argmax(2)[:, :, None]
        by_cell = [self._by_cell(row) for row in forms.L]
        pivots = [np.take_along_axis(row, first, 2) for row in by_cell]
        most = np.take_along_axis(total, first, 2)
        for size, row, pivot in zip(self.radius, by_cell, pivots, strict=True):
            total = total + size * np.abs(row - pivot)
        pick = total.argmax(2)[:, :, None]
        which = forms.parameters.down[:, :, :, None]

        def picked(form: Floats) -> Floats:
            form = np.broadcast_to(form, forms.A.shape)
            at: Floats = np.take_along_axis(self._by_cell(form), pick, 2)[:, :, 0].sum(1)
            return at

        radius = np.zeros((len(self.lean), *lam.shape))
        G = np.take_along_axis(total, pick, 2)[:, :, 0].sum(1)
        for j, (row, pivot) in enumerate(zip(by_cell, pivots, strict=True)):
            lone = np.abs(np.take_along_axis(row, pick, 2) - pivot)[:, :, 0].sum(1)
            common = np.abs(pivot[:, :, 0].sum(1))
            G = G + self.radius[j] * common
            rate = np.where(which, np.abs(self.lean[j]), np.abs(forms.L[j]))
            radius[j] = lone + common + picked(forms.bend * rate)
        n1 = self.rows.P.shape[4]
        value = np.zeros((n1, *lam.shape))
        for j in range(n1):
            value[j] = picked(-forms.slope * self.rows.P[..., j, None, :])
        chosen = np.arange(total.shape[2])[:, None, None] == pick[:, :, 0][:, :, None]
        chosen = chosen[:, self.model.cell].reshape(forms.A.shape)
        omega = np.where(chosen, -forms.slope, 0.0)
        gap = self.y[..., None, :] - lam[:, None, None, None]
        s = np.where(which, gap, forms.parameters.value[:, :, :, None])
        s = np.where(chosen, s, 0.0).sum((2, 3))
        many = "nbfkmN,nbfkaN->nbamN" if corners.shape[-1] > 1 else "nbfkmN,nbfkaM->nbamN"
        omega = np.einsum(many, omega, corners)
        excess = (np.take_along_axis(total, pick, 2) - most)[:, :, 0, 0]
        ends = first[:, :, 0, 0], pick[:, :, 0, 0]
        return G, picked(forms.slope), Sensitivity(radius, value, omega, s, excess, ends)

    def _push(self, j: int, t: Floats) -> Floats:
        """g_j of Up, (n, B, F, A, m, N)."""
        lean = self.lean[j]
        push: Floats = lean * t
        if j < self.rows.P.shape[4]:
            P = self.rows.P[..., j, None, :]
            tied = self.model.eta * self.model.gamma * P
            free = self.free[j]
            push = push + np.where(free, np.where(free, self.own[j], 0.0) * P * t, tied)
        return push

    def _choose(self, lam: Floats, fixed: Parameters | None) -> tuple[Floats, Floats | None]:
        """t = 1/s (n, B, F, m, N), and for cells with several members their dual weights."""
        if fixed is not None:
            return np.where(fixed.down, 1.0, 1 / np.maximum(fixed.value, TINY)), None
        top = 1 / (self.reach.max(3)[..., None, :] + 1e-6 * self.model.scale + TINY)
        t: Floats | None = None
        tau = None
        for _ in range(3 if self.any_free else 1):
            alpha, beta = self.lines(t)
            alpha = alpha - lam[:, None, None, None]
            beta = np.broadcast_to(beta, alpha.shape)
            if self.model.singles:
                t = best_t(alpha, beta)
            else:
                t, tau = joint_t(alpha, beta, self.model)
            t = np.minimum(np.where(np.isfinite(t) & (t > 0), t, top), top)
            if not self.any_free:
                break
        if t is None:
            raise ValueError("no rounds")
        return t, tau

    def _down(
        self, T: Floats, up: Floats, tau: Floats | None, fixed: Parameters | None
    ) -> tuple[Booleans, Floats, Floats, Floats]:
        """Where Down is used, its ln kappa, and l = x + ln(T - D) + D/T at the corners."""
        reach = self.reach[..., None, :]
        allowed = (T - reach).min(3) > _LEAST_GAP * self.model.scale
        safe = np.where(allowed[:, :, :, None], T, reach + 1)
        logs = self.x[..., None, :] + np.log(safe - reach) + reach / safe
        if fixed is not None:
            return fixed.down, np.log(np.maximum(fixed.value, TINY)), logs, reach
        low, cost = logs, np.zeros_like(logs)
        if self.loose.any():
            low = logs - np.where(self.loose, self._fall(safe, None), 0.0)
        if self.any_free:
            cost = self._fall(safe, self.free)
        log_kappa = low.min(3) if tau is None else (tau * low).sum(3)
        log_kappa = np.clip(log_kappa, -_EXPONENT, _EXPONENT)
        worth = (cost - (1 + logs - log_kappa[:, :, :, None])).max(3) * np.exp(log_kappa)
        return allowed & (worth < up.max(3)), log_kappa, logs, reach

    def _fall(self, T: Floats, free: Booleans | None) -> Floats:
        """sum_j radius_j |eta gamma P_j - lean_j / T|, over the next step's free j or over all."""
        unit = self.model.eta * self.model.gamma
        n1 = self.rows.P.shape[4]
        total = np.zeros_like(T)
        for j in range(n1 if free is not None else len(self.radius)):
            row = self.lean[j] / T
            if j < n1:
                row = row - unit * self.rows.P[..., j, None, :]
            weight = self.radius[j] if free is None else np.where(free[j], self.radius[j], 0.0)
            total += weight * np.abs(row)
        return total

    def _assemble(self, forms: Forms) -> tuple[Floats, Floats]:
        """G from the forms at the corners: over cells, the largest over leaves and corners."""
        total = self._by_cell(forms.A)  # (n, C, K, m, N)
        pick = total.argmax(2)[:, :, None]
        two = total.shape[2] == 2
        first = pick[:, :, 0] == 0 if two else None

        def picked(form: Floats) -> Floats:
            if first is not None:
                return np.where(first, form[:, :, 0], form[:, :, 1])
            return np.take_along_axis(form, pick, 2)[:, :, 0]

        dG = picked(self._by_cell(forms.slope)).sum(1)
        common = np.zeros_like(dG)
        unit = self.model.eta * self.model.gamma
        for j, full in enumerate(forms.L):
            change = -forms.shrink * full
            if j < self.rows.P.shape[4]:
                change = change - forms.fall * (unit * self.rows.P[..., j, None, :])
            form = self._by_cell(full)
            pivot = picked(form)
            total = total + self.radius[j] * np.abs(form - pivot[:, :, None])
            lean = pivot.sum(1)
            common += self.radius[j] * np.abs(lean)
            dG += self.radius[j] * np.sign(lean) * picked(self._by_cell(change)).sum(1)
        return total.max(2).sum(1) + common, dG

    def _by_cell(self, form: Floats) -> Floats:
        """Sums over the members of each cell; leaves and corners on one axis."""
        if not self.model.singles:
            form = np.stack([form[:, list(cell)].sum(1) for cell in self.model.cells], axis=1)
        shape = form.shape
        result: Floats = form.reshape(shape[0], shape[1], shape[2] * shape[3], *shape[4:])
        return result
