"""What a stage of many parts is made of, and what comes of it (proofs/farsighted-bound.md).

The batch is the last axis everywhere. Axes, where they occur: n places of a step, B actions of the
follower, F leaves of a cell's tree, A corners of a leaf, m pieces, N parts; J coordinates first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.farsighted.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Rows:
    """A step's tables at the corners of trees: P (n, B, F, A, n', N), u and r (n, B, F, A, N).

    N is 1 where the parts of a batch share them. ``first`` is the first coordinate of later steps.
    """

    P: Floats
    u: Floats
    r: Floats
    first: int

    def ahead(self, values: Floats) -> Floats:
        """sum_t P_t values_t, (n, B, F, A, m, N), of values (..., n', m, N)."""
        if self.P.shape[-1] == 1:
            *other, m, N = values.shape
            flat: Floats = self.P[..., 0] @ values.reshape(*other, m * N)
            return flat.reshape(*flat.shape[:-1], m, N)
        total = np.zeros((*self.P.shape[:4], *values.shape[-2:]))
        for t in range(self.P.shape[4]):
            total += self.P[..., t, None, :] * values[..., t, :, :][..., None, :, :]
        return total


@dataclass(frozen=True, eq=False)
class Points:
    """Claims of a step: d and K (m + 1, n, N), K - sb d lies above W - c dv at the ends."""

    d: Floats
    K: Floats


@dataclass(frozen=True, eq=False)
class Forms:
    """A + L . dv at the corners, (n, B, F, A, m, N), and derivatives that parameters follow.

    Attributes:
        A, L: the form, L for each coordinate of later steps.
        slope: dA/dlam.
        fall, shrink: dL/dlam = -fall eta gamma P - shrink L, about.
        bend: dA/dradius_j = bend |L_j| where Up, bend |lean_j| where Down.
        parameters: s and kappa.
    """

    A: Floats
    L: list[Floats]
    slope: Floats
    fall: Floats
    shrink: Floats
    bend: Floats
    parameters: Parameters


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How G changes, at the corners that decide it.

    Attributes:
        radius: (J', n, m, N), dG/dradius_j.
        value: (n', n, m, N), dG/dphi of the next step.
        omega: (n, B, A, m, N), -dG/dlam, by pure pair.
        s: (n, B, m, N), the parameter s, or y - lam where Down.
        excess: (n, C, N), the part of a cell's G which the corners' different slopes cost, with
        ends: the corner where A is largest, and that which decides.
    """

    radius: Floats
    value: Floats
    omega: Floats
    s: Floats
    excess: Floats
    ends: tuple[Integers, Integers]
