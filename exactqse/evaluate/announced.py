"""J of many policies of one game, each a table of floats: what all of them share is kept.

The policy that is evaluated is exact: pi_h(a | s, b) = w_a / sum_a' w_a', the floats of a row
divided by their exact sum. The formulas and the arithmetic are those of :func:`evaluate`
(proofs/evaluation.md): a ball of w_a / sum_a' w_a' encloses the probability.
"""

from __future__ import annotations

import numpy as np
from flint import arb
from numpy.typing import NDArray

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import enclosure, precision
from exactqse.errors import PrecisionError
from exactqse.evaluate.enclosures import (
    ATTEMPTS,
    Mixture,
    Pass,
    evaluate,
    guard_bits,
    narrow,
)
from exactqse.evaluate.inputs import checked_digits
from exactqse.kernel.game import KernelGame
from exactqse.model.policy import Policy


class LeaderValues:
    """The leader's value J of float policies.

    Args:
        game: the game, for every gamma, eta and observation.
        digits: J is at most 10^-digits max(1, |J|) wide; 1 to 1000.
    """

    def __init__(self, game: KernelGame, digits: int) -> None:
        self._game, self._digits = game, checked_digits(digits)
        self._guard = 0 if game.eta is None else guard_bits(game, game.eta)
        self._passes: dict[int, Pass] = {}

    def of(self, policy: NDArray[np.float64]) -> Enclosure:
        """J of a policy, shape (H, S, B, A), nonnegative with a positive, finite sum in each row.

        Raises:
            PrecisionError: the width was not reached at the largest precision tried.
        """
        game = self._game
        if game.eta is None:
            exact = Policy.from_arrays(policy, game=game, normalise=True)
            return evaluate(game, exact, self._digits).J
        table = policy.tolist()

        def row(h: int, s: int, b: int) -> Mixture:
            weights = [(a, arb(w)) for a, w in enumerate(table[h][s][b]) if w]
            total = sum((w for _, w in weights), arb(0))
            return [(a, w / total) for a, w in weights]

        guard = self._guard
        for _ in range(ATTEMPTS):
            bits = 10 * self._digits // 3 + guard
            with precision(bits):
                if bits not in self._passes:
                    self._passes[bits] = Pass(game, game.eta, bits)
                J = self._passes[bits].run(row).J
                if narrow(J, self._digits):
                    return enclosure(J)
            guard *= 2
        what = f"J is wider than 10^-{self._digits} relative to max(1, |J|) at {bits} bits"
        raise PrecisionError(what, where="evaluate")
