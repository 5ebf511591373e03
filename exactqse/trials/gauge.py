"""Whether two follower rewards induce the same responses, whatever policy is announced.

With d = r' - r, the response to every policy stays as it is if and only if (finite eta)

* gamma = 0 and the leader sees at least two cells: d_h(s, a, b) = c_h(s);
* gamma = 0 and she sees nothing: d_h(s, a, b) = c_h(s, a), the same for every b;
* gamma > 0: with c_H = 0, the same of d_h(s,a,b) + gamma sum_s' P_h(s'|s,a,b) c_{h+1}(s') = c_h(s).

For she chooses pi_h(. | s, .) freely on each cell, and the response depends on Q_h(s, .) up to a
constant only (proofs/gauge.md). Where she sees nothing and gamma > 0, a c_h(s, a) that depends on a
may or may not show at the steps before, so that nothing is decided.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.protocol import ResponseSet
from exactqse.model.game import Game
from exactqse.trials.answers import Answer

Floats = NDArray[np.float64]
_ROUNDING = 1e-12  # of the rewards, relative to the largest


def holds_response(game: Game, claimed: ResponseSet) -> Answer:
    """Whether some choice of one table for each step induces the true response.

    "no" is only said for finite eta: a best response stays as it is under more changes.
    """
    shape = game.shape
    if game.follower_actions == 1:
        return "yes"
    r = np.broadcast_to(game.r_float, shape)
    P = np.broadcast_to(game.P_float, (*shape, game.states))
    after: list[Floats] = [np.zeros(game.states)]
    missing: Answer = "no" if game.eta is not None else "undecided"
    open_question = False
    for h in reversed(range(game.horizon)):
        shifts: list[Floats] = []
        for table in claimed.tables[h]:
            for c in after:
                change = table - r[h] + float(game.gamma) * (P[h] @ c)
                size = np.abs(table).max() + np.abs(r[h]).max() + np.abs(c).max()
                kind, shift = _shift(game, change, _ROUNDING * size)
                open_question |= kind == "by action" and game.gamma > 0 and h > 0
                if kind == "by state" or (kind == "by action" and not (game.gamma and h)):
                    shifts.append(shift)
        after = _distinct(shifts) if game.gamma else shifts[:1] and [np.zeros(game.states)]
        if not after:
            return "undecided" if open_question else missing
    return "yes"


def _shift(game: Game, change: Floats, error: float) -> tuple[str, Floats]:
    """How a change of r_h, shape (S, A, B), moves every Q_h(s, .): not at all but by a constant."""
    c = change.mean(axis=(1, 2))
    if (np.abs(change - c[:, None, None]) <= error).all():
        return "by state", c
    blind = len(game.observes) == 1
    if blind and (np.ptp(change, axis=2) <= error).all():
        return "by action", c
    return "otherwise", c


def _distinct(shifts: list[Floats]) -> list[Floats]:
    return list({shift.tobytes(): shift for shift in shifts}.values())
