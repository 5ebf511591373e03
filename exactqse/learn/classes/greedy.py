"""What a step is worth under each pair (U, theta), and the prescriptions that attain it.

    W(s) = max over alpha of sum_b nu^{alpha,theta}(b|s) sum_a alpha_b(a) U(s,a,b)

does not depend on data. All pairs of a step and all states are the stages of one game of one step,
which :func:`exactqse.solve` solves with a certificate, whatever the leader sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import PrecisionError
from exactqse.evaluate.enclosures import evaluate
from exactqse.learn.classes.announced import announced
from exactqse.learn.classes.options import above
from exactqse.model.game import Game
from exactqse.simulate.setting import Setting
from exactqse.solve.api import solve
from exactqse.solve.solution import Solution, myopic_nodes, uninterrupted

Floats = NDArray[np.float64]
_DIGITS = 13  # of the mean over stages, for a leader who sees the action
_GAP = Fraction(1, 10**6)  # by branch and bound
_EVALUATED = 15  # digits


@dataclass(frozen=True, eq=False)
class GreedyStep:
    """One step under all pairs, k tables U and n tables theta.

    Attributes:
        W: certified upper ends of the values, rounded up, (k, n, S).
        policy: prescriptions as they are announced, (k, n, S, B, A).
        excess: no W is further above the value of its prescription.
    """

    W: Floats
    policy: Floats
    excess: float


def greedy_step(U: Floats, theta: Floats, setting: Setting) -> GreedyStep:
    """Solve every pair of U (k, S, A, B) and theta (n, S, A, B) at every state.

    Raises:
        PrecisionError: the solver found no certificate.
    """
    pairs = len(U), len(theta)
    shape = (*pairs, *U.shape[1:])
    u = np.broadcast_to(U[:, None], shape).reshape(-1, *U.shape[2:])
    r = np.broadcast_to(theta[None], shape).reshape(-1, *U.shape[2:])
    rho = {stage: Fraction(1, len(u)) for stage in range(len(u))}
    eta = Fraction(setting.eta or 0)
    game = Game.from_arrays(None, u, r, rho=rho, eta=eta, observes=setting.observes)
    solution = _solved(game)
    W = np.array([above(node.upper) for node in myopic_nodes(solution.certificate)])
    lower = [value.lower for value in evaluate(game, solution.policy, _EVALUATED).W[0]]
    excess = max(Fraction(high) - low for high, low in zip(W.tolist(), lower, strict=True))
    states = U.shape[1]
    policy = announced(solution.policy).reshape(*pairs, states, *U.shape[:1:-1])
    return GreedyStep(W.reshape(*pairs, states), policy, above(excess))


def _solved(game: Game) -> Solution:
    try:
        found = solve(game, _DIGITS) if game.observes_action else solve(game, gap=_GAP)
        return uninterrupted(found)
    except PrecisionError as error:
        where = "the pairs (U, theta) of a step"
        raise PrecisionError(error.what, where=where, remedy=error.remedy) from error
