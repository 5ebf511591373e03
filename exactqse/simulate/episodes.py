"""What is seen of some episodes that were played with one policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Episodes:
    """K episodes of one announced policy: all that a learner ever sees. The arrays are read-only.

    Attributes:
        policy: the announced pi_h(a | s, b), shape (H, S, B, A).
        s: the states s_0..s_{H-1}, shape (K, H).
        b: the follower's actions, shape (K, H).
        a: the leader's actions, shape (K, H).
        u: the leader's observed rewards, shape (K, H).
    """

    policy: Floats
    s: Integers
    b: Integers
    a: Integers
    u: Floats

    def __post_init__(self) -> None:
        for array in (self.policy, self.s, self.b, self.a, self.u):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.s)
