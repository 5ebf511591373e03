"""Slopes of the bound, from a policy: how the claims lean on the follower's values.

At a policy with d = dJ/dW, k = dJ/dV: sb_j = k_j / d_j, and c of a place is the mean under the
response and the policy of

    C0_j + P_j (eta gamma s_b - sb_j),    s_b = w_b - lam,  lam = W - sb / eta,

so that the first-order terms of the rows of a place cancel at this policy. Any numbers are valid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.incumbent import Evaluated, adjoint, evaluate, slopes_of
from exactqse.solve.farsighted.model import Floats, Model

BITS = 16  # fractional, of a slope relative to the leader's scale
_PURE = 1e-6
_MIXED = 1e-3  # of the uniform policy, where the policy itself does not lead


@dataclass(frozen=True, eq=False)
class Slopes:
    """A table of slopes, and what the policy that it comes from tells the search.

    Coordinates j run over the places of the steps 1..H-1 in ascending order.

    Attributes:
        own: (J,), sb.
        lean: per step (n, J), c; 0 at step 0 and for coordinates that are not of later steps.
        visits: (J,), how often the policy visits.
        tied: (rows, J), g of the rows (place, b) at the policy, and their
        weights: (rows,), visits times response times |s|.
        spread: (J,), mean of |eta gamma s_b - sb_j| over the transitions into j, times visits.
        mixing: (J,), what a unit of radius costs where the policy mixes.
        lam: per step (n,), a good lam at the policy.
    """

    own: Floats
    lean: list[Floats]
    visits: Floats
    tied: Floats
    weights: Floats
    spread: Floats
    mixing: Floats
    lam: list[Floats]


def offsets(model: Model) -> list[int]:
    """[h]: the first coordinate of step h, for h = 1..H; steps h and later begin there."""
    return [0, *np.cumsum([0, *model.sizes[1:]]).tolist()]


def slopes_at(model: Model, policy: Evaluated) -> Slopes:
    """The table of a policy (N = 1)."""
    first = offsets(model)
    J = first[-1]
    mixed = [(1 - _MIXED) * p + _MIXED / p.shape[-1] for p in policy.pi]
    near = evaluate(model, mixed)
    d, k = adjoint(model, near)
    sb = [_rounded(row[0], model.scale) for row in slopes_of(d, k)]
    own = np.concatenate([np.zeros(0), *sb[1:]])
    lam = [policy.W[h][0] - sb[h] / model.eta for h in range(len(sb))]
    lean: list[Floats] = [np.zeros((n, J)) for n in model.sizes]
    tied, weights = [], []
    spread, mixing = np.zeros(J), np.zeros(J)
    for h in reversed(range(len(sb) - 1)):
        layer = model.layers[h]
        later = slice(first[h + 1], first[h + 2])
        pi, nu, visits = policy.pi[h][0], policy.nu[h][0], d[h][0]
        s = (pi * policy.y[h][0]).sum(-1) - lam[h][:, None]  # (n, B)
        gain = model.eta * model.gamma * s
        rows = layer.P @ lean[h + 1]  # (n, B, A, J)
        rows[..., later] += layer.P * (gain[..., None, None] - sb[h + 1])
        by_b = np.einsum("nba,nbaj->nbj", pi, rows)
        if h:
            lean[h] = _rounded(np.einsum("nb,nbj->nj", nu, by_b), model.scale)
        floor = np.maximum(np.abs(s), 0.02 * model.scale / len(sb))
        weight = visits[:, None] * nu
        tied.append(((by_b - lean[h][:, None]) / floor[..., None]).reshape(-1, J))
        weights.append((weight * floor).ravel())
        edges = np.einsum("nb,nba,nbat->nbt", weight, pi, layer.P)
        spread[later] += (edges * np.abs(gain[..., None] - sb[h + 1])).sum((0, 1))
        mixes = (pi > _PURE)[..., None]
        gap = np.where(mixes, np.abs(rows - by_b[:, :, None]), 0.0).max(2)
        mixing += np.einsum("nb,nbj->j", weight, gap)
    size = (0, J)
    return Slopes(
        own,
        lean,
        np.concatenate([np.zeros(0), *(row[0] for row in d[1:])]),
        np.concatenate([np.zeros(size), *tied]),
        np.concatenate([np.zeros(0), *weights]),
        spread,
        mixing,
        lam,
    )


def _rounded(values: Floats, scale: float) -> Floats:
    """Multiples of a power of two near scale 2^-BITS."""
    unit = 2.0 ** (np.ceil(np.log2(scale)) - BITS) if scale > 0 else 1.0
    result: Floats = np.round(values / unit) * unit
    return result
