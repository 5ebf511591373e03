"""Policies as they are announced: float64 rows that sum to 1 exactly, so that all read the same."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import PolicyError
from exactqse.model.policy import Policy
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]
_GRID = 1 << 52
_TOLERANCE = 1e-9  # of the sums of rows that are handed in


def announced(policy: Policy) -> Floats:
    """The policy with rows of multiples of 2^-52 that sum to 1, shape (H, S, B, A).

    Each is exactly a float64, and so are their sums: the row that is announced is the row that is
    evaluated. Equal rows stay equal. A probability moves by less than A 2^-52.
    """
    rows = [[[dyadic_row(row) for row in rows] for rows in step] for step in policy.probabilities]
    return np.array(rows, dtype=np.float64)


def dyadic_row(row: Sequence[Fraction]) -> list[float]:
    """Round down to multiples of 2^-52; what is missing goes to the largest."""
    units = [p.numerator * _GRID // p.denominator for p in row]
    units[units.index(max(units))] += _GRID - sum(units)
    return [n / _GRID for n in units]


def policies_of(setting: Setting, policies: object, where: str = "policies") -> tuple[Floats, ...]:
    """Policies that were handed in, on the grid of :func:`announced`.

    Raises:
        PolicyError: one that is not an array (H, S, B, A) of distributions (to 1e-9), equal within
            the cells that the leader sees.
    """
    if isinstance(policies, np.ndarray | str) or not isinstance(policies, Sequence):
        what = f"{type(policies).__name__} is not a list of arrays"
        raise PolicyError(what, where=where)
    return tuple(_checked(setting, policy, f"{where}[{i}]") for i, policy in enumerate(policies))


def _checked(setting: Setting, policy: object, where: str) -> Floats:
    pi = policy.as_array() if isinstance(policy, Policy) else policy
    if not isinstance(pi, np.ndarray) or pi.dtype.kind not in "fiu":
        raise PolicyError(f"{type(pi).__name__} is no array of floats", where=where)
    if pi.shape != setting.shape:
        raise PolicyError(f"has shape {pi.shape}, not {setting.shape}", where=where)
    sums = pi.sum(axis=-1)
    if not np.isfinite(pi).all() or (pi < 0).any() or (np.abs(sums - 1) > _TOLERANCE).any():
        raise PolicyError("holds rows that are no distributions", where=where)
    if any(np.ptp(pi[:, :, list(cell)], axis=2).any() for cell in setting.observes):
        raise PolicyError("differs where the leader sees no difference", where=where)
    rows = [dyadic_row(_normalised(row)) for row in pi.reshape(-1, pi.shape[-1]).tolist()]
    return np.array(rows).reshape(pi.shape)


def _normalised(row: list[float]) -> list[Fraction]:
    entries = [Fraction(p) for p in row]
    total = sum(entries, Fraction(0))
    return [p / total for p in entries]
