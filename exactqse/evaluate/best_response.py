"""Evaluation against a best-responding follower (eta = infinity), in exact rational arithmetic.

    Q_h(s,b) = sum_a pi_h(a|s,b) [ r_h(s,a,b) + gamma sum_s' P_h(s'|s,a,b) V_{h+1}(s') ]
    V_h(s)   = max_b Q_h(s,b)

He plays one b with Q_h(s,b) = V_h(s); among several, the one with the largest leader value
sum_a pi_h(a|s,b) U_h(s,a,b) (strong Stackelberg), then the one with the lowest index. V does not
depend on how ties are broken, so breaking them backward in h is the leader's best everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactqse.evaluate.inputs import mean
from exactqse.evaluate.results import Stage, Values, backward
from exactqse.kernel.game import KernelGame, Row
from exactqse.model.policy import Policy


def evaluate_best_response(game: KernelGame, policy: Policy) -> Values[Fraction]:
    """All six quantities, exactly. The policy is one of the game's; the game's eta is not read."""

    def stage(h: int, s: int, after: Sequence[Stage[Fraction]]) -> Stage[Fraction]:
        return _stage(game, policy, h, s, after)

    return backward(game, stage, lambda first: _expectation(game.rho, [x.W for x in first]))


def _stage(
    game: KernelGame, policy: Policy, h: int, s: int, after: Sequence[Stage[Fraction]]
) -> Stage[Fraction]:
    u, r, rows = game.at(game.u, h)[s], game.at(game.r, h)[s], game.at(game.P, h)[s]
    V, W = [x.V for x in after], [x.W for x in after]
    actions, responses = range(game.leader_actions), range(game.follower_actions)
    U = tuple(tuple(u[a][b] + _expectation(rows[a][b], W) for b in responses) for a in actions)
    Q, leader = [], []
    for b, weights in enumerate(policy.probabilities[h][s]):
        ahead = [
            r[a][b] + game.gamma * (_expectation(rows[a][b], V) if game.gamma else 0)
            for a in actions
        ]
        Q.append(mean(weights, tuple(ahead)))
        leader.append(mean(weights, tuple(U[a][b] for a in actions)))
    best = max(responses, key=lambda b: (Q[b], leader[b], -b))
    nu = tuple(Fraction(b == best) for b in responses)
    return Stage(V=Q[best], Q=tuple(Q), nu=nu, U=U, W=leader[best])


def _expectation(row: Row, values: Sequence[Fraction]) -> Fraction:
    if not values:
        return Fraction(0)
    pairs = zip(row.numerators, row.states, strict=True)
    return sum((n * values[t] for n, t in pairs), Fraction(0)) / row.denominator
