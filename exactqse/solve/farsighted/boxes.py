"""Boxes of the follower's values, cut to what policies can reach (proofs/farsighted-bound.md)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exactqse.solve.farsighted.claims import Bounder
from exactqse.solve.farsighted.forms import Rows
from exactqse.solve.farsighted.mixtures import Simplices
from exactqse.solve.farsighted.model import Booleans, Floats, Integers, Model
from exactqse.solve.farsighted.slopes import offsets


def contract(
    model: Model, lo: Floats, hi: Floats, rows: Sequence[Rows] = ()
) -> tuple[Floats, Floats, Booleans]:
    """Boxes (J, N) cut to the values that policies can have, and which are empty.

    ``rows``: the tables at the corners of what is left of the simplices, [step], with one leaf.
    """
    first = offsets(model)
    lo, hi = lo.copy(), hi.copy()
    eta = model.eta
    for h in reversed(range(1, len(model.layers))):
        layer = model.layers[h]
        low = high = rows[h].r[:, :, 0] if rows else layer.r[..., None]
        if h + 1 < len(model.layers):
            later = slice(first[h + 1], first[h + 2])
            ahead = (
                rows[h].ahead(v[later][:, None])[:, :, 0, :, 0] if rows else layer.P @ v[later]
                for v in (lo, hi)
            )
            low, high = (r + model.gamma * v for r, v in zip((low, high), ahead, strict=True))
        here = slice(first[h], first[h + 1])
        lo[here] = np.maximum(lo[here], _log_sum(eta * low.min(2)) / eta)
        hi[here] = np.minimum(hi[here], _log_sum(eta * high.max(2)) / eta)
        hi[here] = np.where(
            hi[here] < lo[here] - 1e-12 * (1 + np.abs(lo[here])),
            hi[here],
            np.maximum(hi[here], lo[here]),
        )
    empty = np.asarray((hi < lo).any(0))
    return lo, np.maximum(hi, lo), empty


def contract_within(
    plain: Bounder, simplices: Simplices, lo: Floats, hi: Floats, mix: Integers
) -> tuple[Floats, Floats, Booleans]:
    """The same for policies whose mixtures are in the simplices ``mix``, (N,)."""
    lo, hi, empty = lo.copy(), hi.copy(), np.zeros(len(mix), dtype=bool)
    for divided in (False, True):
        some = (mix > 0) == divided
        if some.any():
            rows = plain.within(simplices.steps(mix[some])).rows if divided else ()
            lo[:, some], hi[:, some], empty[some] = contract(
                plain.model, lo[:, some], hi[:, some], rows
            )
    return lo, hi, empty


def _log_sum(x: Floats) -> Floats:
    top = x.max(1, keepdims=True)
    total: Floats = (top + np.log(np.exp(x - top).sum(1, keepdims=True)))[:, 0]
    return total
