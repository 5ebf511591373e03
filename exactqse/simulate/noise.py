"""Noise in the leader's observed reward, part of the simulator and named with every result."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, shown

Floats = NDArray[np.float64]
Kind = Literal["none", "bernoulli", "gaussian"]


def is_real(value: Any) -> bool:
    """Whether this is a number within the range of float64."""
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return real and -sys.float_info.max <= value <= sys.float_info.max


@dataclass(frozen=True)
class Noise:
    """How an observed reward differs from its mean u_h(s, a, b).

    Attributes:
        kind: "none": the mean itself; "bernoulli": the upper bound of u with the probability that
            makes the mean right, else the lower bound; "gaussian": the mean plus sd * N(0, 1).
        sd: the standard deviation of the Gaussian noise, > 0; 0 for the other kinds.

    Raises:
        InputError: another kind, or a standard deviation that does not belong to it.
    """

    kind: Kind = "none"
    sd: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            kinds = ", ".join(get_args(Kind))
            raise InputError(f"{shown(self.kind)} is not one of {kinds}", where="noise.kind")
        if not is_real(self.sd) or self.sd < 0 or (self.sd > 0) != (self.kind == "gaussian"):
            what = f"{shown(self.sd)} is no standard deviation of {self.kind} noise"
            raise InputError(what, where="noise.sd", remedy="> 0 for gaussian, 0 otherwise")

    def observed(
        self, mean: Floats, bounds: tuple[float, float], random: np.random.Generator
    ) -> Floats:
        """Observations of the rewards ``mean``, any shape, of a table whose entries lie in bounds.

        Args:
            mean: the means.
            bounds: the least and the largest entry of u.
            random: where the noise comes from; as many draws whatever the means are.
        """
        if self.kind == "gaussian":
            return mean + self.sd * random.standard_normal(mean.shape)
        if self.kind == "none":
            return mean
        low, high = bounds
        if low == high:
            return mean
        return np.where(random.random(mean.shape) * (high - low) < mean - low, high, low)

    def __str__(self) -> str:
        return f"gaussian({self.sd:g})" if self.kind == "gaussian" else self.kind


NO_NOISE = Noise()
