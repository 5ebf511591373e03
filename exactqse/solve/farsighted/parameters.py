"""The parameters s and kappa with which majorants of many parts are least; axes as in forms.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers, Model
from exactqse.solve.majorants import tighten

TINY = 1e-300
_JOINT_STEPS = 8


@dataclass(frozen=True, eq=False)
class Parameters:
    """Of the majorants of one step: s where not down, kappa where down, (n, B, F, m, N).

    ``corner``: the corner at which a majorant is tangent, where the certificate says that instead
    of a number; -1 elsewhere, None for nowhere.
    """

    down: Booleans
    value: Floats
    corner: Integers | None = None


def best_t(alpha: Floats, beta: Floats) -> Floats:
    """argmin over t > 0 of max_a (alpha_a t + beta_a) - ln t, exact; axis 3 holds a."""
    corners = alpha.shape[3]
    a = [alpha[:, :, :, k] for k in range(corners)]
    b = [beta[:, :, :, k] for k in range(corners)]
    with np.errstate(all="ignore"):
        alone = [np.where(x > 0, 1 / x, np.inf) for x in a]
        if corners == 1:
            return alone[0]
        if corners == 2:
            t = (b[0] - b[1]) / (a[1] - a[0])
            for i, j in ((0, 1), (1, 0)):
                s = alone[i]
                t = np.where((a[i] > 0) & (a[i] * s + b[i] >= a[j] * s + b[j]), s, t)
            return t
        pairs = [
            (b[i] - b[j]) / (a[j] - a[i]) for i in range(corners) for j in range(i + 1, corners)
        ]
        best, value = np.full(a[0].shape, np.inf), np.full(a[0].shape, np.inf)
        for t in (*alone, *pairs):
            worst = np.max([x * t + y for x, y in zip(a, b, strict=True)], axis=0) - np.log(t)
            less = np.isfinite(t) & (t > 0) & (worst < value)
            best, value = np.where(less, t, best), np.where(less, worst, value)
        return best


def joint_t(alpha: Floats, beta: Floats, model: Model) -> tuple[Floats, Floats]:
    """t and dual weights (n, B, F, A, m, N) where cells have several members."""
    n, B, F, A, m, N = alpha.shape
    t, tau = np.empty((n, B, F, m, N)), np.empty(alpha.shape)
    for cell in model.cells:
        members = list(cell)
        X, Y = (
            np.moveaxis(form[:, members], (3, 1), (-2, -1)).reshape(-1, A, len(members))
            for form in (beta, alpha)
        )
        shift = X.max((1, 2), keepdims=True)
        start = np.full(X.shape[:2], 1 / A)
        scale = np.maximum(Y.mean(1), 0.05 * np.abs(Y).max(1) + TINY)
        found = tighten(X - shift, Y, np.zeros(len(X)), start, scale, _JOINT_STEPS)
        s = np.where(found.down, np.inf, found.parameter).reshape(n, F, m, N, -1)
        weights = found.tau.reshape(n, F, m, N, A)
        for k, b in enumerate(members):
            t[:, b] = 1 / s[..., k]
            tau[:, b] = np.moveaxis(weights, -1, 2)
    return t, tau
