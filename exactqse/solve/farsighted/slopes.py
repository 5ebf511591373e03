"""Slopes of the bound, from prescriptions: how the claims lean on the follower's values.

Given weights omega = nu pi of the pairs (b, a) at every place, visits d, and s_b = w_b - lam,

    sb_j = the mean of eta gamma s_b over the transitions into j,
    c    = the mean under omega of  C0_j + P_j (eta gamma s_b - sb_j),

so that the first-order terms of the rows of a place cancel there. Any numbers are valid. The c of
first states add up to what the bound as a whole leans on: 0 where a policy is optimal.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from exactqse.solve.farsighted.incumbent import Evaluated, adjoint, slopes_of
from exactqse.solve.farsighted.model import Floats, Integers, Model

BITS = 14  # of a slope relative to the leader's scale
_PURE = 1e-6
_TINY = 1e-300
_UNVISITED = 1e-3  # weight of the uniform prescription in visits: no place is without slopes
_FLOOR = 0.02  # of |s|, relative to the scale of a step


@dataclass(frozen=True, eq=False)
class Slopes:
    """T tables of slopes, and what the prescriptions that they come from tell the search.

    Coordinates j run over the places of the steps 1..H-1 in ascending order, and so do the rows of
    ``lean``.

    Attributes:
        own: (T, J), sb.
        lean: (T, J, J), c; 0 for coordinates that are not of later steps.
        start: (T, n_0, J), c of the first states; 0 for a lone one, whose bound it cannot help.
        tied: (T, rows, J), |g| of the rows (place, b), and their
        weights: (T, rows), visits times response times |s|.
        spread: (T, J), visits times the mean of |eta gamma s_b - sb_j| over transitions into j.
        mixing: (T, J), what a unit of radius costs where a prescription mixes.
    """

    own: Floats
    lean: Floats
    start: Floats
    tied: Floats
    weights: Floats
    spread: Floats
    mixing: Floats

    def __getitem__(self, rows: Integers | slice) -> Slopes:
        return Slopes(*(getattr(self, f.name)[rows] for f in fields(self)))

    def mixed(self, other: Slopes, share: float) -> Slopes:
        """Tables in between."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Slopes(*((1 - share) * a + share * b for a, b in pairs))

    def rounded(self, model: Model, bits: int) -> Slopes:
        """With short numbers in the tables."""
        names = "own", "lean", "start"
        return replace(self, **{n: _rounded(getattr(self, n), model.scale, bits) for n in names})

    def flat(self) -> Slopes:
        """The same with slopes 0."""
        return replace(self, own=0 * self.own, lean=0 * self.lean, start=0 * self.start)

    def joined(self, other: Slopes) -> Slopes:
        """Both, these first."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Slopes(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True, eq=False)
class Prescriptions:
    """N of them, per step: omega (N, n, B, A), which sums to 1 at a place, and s (N, n, B)."""

    omega: list[Floats]
    s: list[Floats]

    def mixtures(self) -> list[Floats]:
        """The leader's, pi (N, n, B, A); any of them after what is never answered."""
        found = []
        for omega in self.omega:
            weight = omega.sum(-1, keepdims=True)
            even = np.full_like(omega, 1 / omega.shape[-1])
            found.append(np.where(weight > _TINY, omega / np.maximum(weight, _TINY), even))
        return found


def offsets(model: Model) -> list[int]:
    """[h]: the first coordinate of step h, for h = 1..H; steps h and later begin there."""
    return [0, *np.cumsum([0, *model.sizes[1:]]).tolist()]


def of_policy(model: Model, policy: Evaluated) -> Prescriptions:
    """The policy's own, with lam = W - k / (d eta)."""
    slopes = slopes_of(*adjoint(model, policy))
    omega = [nu[..., None] * pi for nu, pi in zip(policy.nu, policy.pi, strict=True)]
    s = [
        (pi * y).sum(-1) - (W - k / model.eta)[..., None]
        for pi, y, W, k in zip(policy.pi, policy.y, policy.W, slopes, strict=True)
    ]
    return Prescriptions(omega, s)


def slopes_at(model: Model, given: Prescriptions) -> Slopes:
    """The tables of N prescriptions."""
    first = offsets(model)
    count, J, steps = len(given.s[0]), first[-1], len(model.layers)
    unit = model.eta * model.gamma
    visits = [np.broadcast_to(model.rho, (count, len(model.rho)))]
    own, spread = np.zeros((count, J)), np.zeros((count, J))
    for h, layer in enumerate(model.layers[:-1]):
        later = slice(first[h + 1], first[h + 2])
        even = np.full(layer.u.shape[1:], 1 / layer.u[0].size)
        omega = (1 - _UNVISITED) * given.omega[h] + _UNVISITED * even
        edges = np.einsum("Nn,Nnba,nbat->Nnbt", visits[h], omega, layer.P)
        total = edges.sum((1, 2))
        gain = unit * given.s[h][..., None]
        mean = (edges * gain).sum((1, 2)) / np.maximum(total, _TINY)
        own[:, later] = _rounded(mean, model.scale)
        spread[:, later] = (edges * np.abs(gain - own[:, None, None, later])).sum((1, 2))
        visits.append(total)
    lean, mixing = np.zeros((count, J, J)), np.zeros((count, J))
    start = np.zeros((count, len(model.rho), J))
    tied, weights = [np.zeros((count, 0, J))], [np.zeros((count, 0))]
    for h in reversed(range(steps - 1)):
        layer, omega = model.layers[h], given.omega[h]
        later = slice(first[h + 1], first[h + 2])
        rows = np.einsum("nbat,Ntj->Nnbaj", layer.P, lean[:, later])
        push = unit * given.s[h][..., None, None] - own[:, None, None, None, later]
        rows[..., later] += layer.P * push
        by_b = np.maximum(omega.sum(-1), _TINY)  # nu
        means = np.einsum("Nnba,Nnbaj->Nnbj", omega, rows) / by_b[..., None]
        here = slice(first[h], first[h + 1])
        c = _rounded(np.einsum("Nnb,Nnbj->Nnj", by_b, means), model.scale)
        if h:
            lean[:, here] = c
        elif len(layer.u) > 1:
            start = c
        else:
            c = start
        s = np.maximum(np.abs(given.s[h]), _FLOOR * model.scale / steps)
        weight = visits[h][..., None] * by_b
        tied.append((np.abs(means - c[:, :, None]) / s[..., None]).reshape(count, -1, J))
        weights.append((weight * s).reshape(count, -1))
        mixes = (omega > _PURE * by_b[..., None])[..., None]
        gaps = np.where(mixes, np.abs(rows - means[:, :, :, None]), 0.0).max(3)
        mixing += np.einsum("Nnb,Nnbj->Nj", weight, gaps)
    parts = np.concatenate(tied, axis=1), np.concatenate(weights, axis=1)
    return Slopes(own, lean, start, *parts, spread, mixing)


def _rounded(values: Floats, scale: float, bits: int = BITS) -> Floats:
    """Multiples of a power of two near scale 2^-bits."""
    unit = 2.0 ** (np.ceil(np.log2(scale)) - bits) if scale > 0 else 1.0
    result: Floats = np.round(values / unit) * unit
    return result
