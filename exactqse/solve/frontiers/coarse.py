"""The places before any search: how far v and W range there, and a few lam over that range."""

from __future__ import annotations

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.frontiers.place import Place

_STEEPEST = 250.0  # half the range of v, in which e^v can be computed with
_EXACT = 1e8  # exponents, whose differences are known to eight digits


def coarse_places(model: Model, close: float) -> list[list[Place]]:
    """The places [h][n], with lam that are no nearer than ``close``.

    Raises:
        PrecisionError: float64 cannot compute with exponents or values of such a size.
    """
    low, high = _ranges(model)
    _require_floats(model, low, high)
    least, most = _values(model)
    places: list[list[Place]] = []
    for h in range(len(model.layers)):
        size = float((most[h] - least[h]).max())
        unit = 2.0 ** np.ceil(np.log2(max(size, 4 * close, 1e-300)) - 2)
        row = []
        for n in range(len(least[h])):
            start = np.floor(least[h][n] / unit - 5) * unit
            stop = np.ceil(most[h][n] / unit + 5) * unit
            lam = np.arange(stop, start - unit / 2, -unit)
            row.append(Place(lam, float(low[h][n]), float(high[h][n]), np.zeros(0)))
        places.append(row)
    return places


def _require_floats(model: Model, low: list[Floats], high: list[Floats]) -> None:
    if model.eta * max(float(np.abs(layer.r).max()) for layer in model.layers) > _EXACT:
        what = "the follower's exponents are larger than float64 can tell apart"
        raise PrecisionError(what, remedy="rescale the rewards, or lower eta")
    if any((b - a).max() > 2 * _STEEPEST for a, b in zip(low, high, strict=True)):
        what = f"the follower's values v have a range of more than {2 * _STEEPEST:.0f}"
        raise PrecisionError(what, remedy="rescale the rewards, or lower eta")


def _ranges(model: Model) -> tuple[list[Floats], list[Floats]]:
    """The range of v at each place, as the checker finds it."""
    ends: list[list[Floats]] = [[], []]
    for layer in reversed(model.layers):
        for row, best in zip(ends, (np.min, np.max), strict=True):
            x = model.eta * layer.r
            if row:
                x = x + model.gamma * (layer.P @ row[-1])
            x = best(x, axis=-1)
            top = x.max(-1, keepdims=True)
            row.append((top + np.log(np.exp(x - top).sum(-1, keepdims=True)))[:, 0])
    return ends[0][::-1], ends[1][::-1]


def _values(model: Model) -> tuple[list[Floats], list[Floats]]:
    """The range of W."""
    ends: list[list[Floats]] = [[], []]
    for layer in reversed(model.layers):
        for row, best in zip(ends, (np.min, np.max), strict=True):
            y = layer.u + layer.P @ row[-1] if row else layer.u
            row.append(best(y, axis=(1, 2)))
    return ends[0][::-1], ends[1][::-1]
