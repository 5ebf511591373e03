"""Followers who best respond (eta = infinity, any partition), in exact rationals.

x_b(a) = r_h(s, a, b) + gamma sum_t P_h(t | s, a, b) V_{h+1}(t), and y_b(a) likewise of u and W.
Nodes for gamma = 0 prove J* <= hi (proofs/strong-stackelberg.md). No comparison is left undecided.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from exactqse.kernel.certificate import StrongNode
from exactqse.kernel.game import KernelGame, Payoffs, expectation
from exactqse.kernel.operators import Rows
from exactqse.kernel.stage import require

GRID = 1 << 4096  # a policy's value of a larger denominator is rounded down to a multiple of 1/GRID
LONGEST = 1 << 16  # bits of the denominator of a follower's value, which is never rounded
Values = dict[int, Fraction]
Table = tuple[tuple[Fraction, ...], ...]  # x and y as [a][b], duals as [b][b']


def check_strong(game: KernelGame, nodes: Sequence[StrongNode], hi: Fraction) -> None:
    """Raise FailureError unless the nodes prove J* <= hi."""
    bounds = dict.fromkeys(range(game.states), Fraction(0))
    for step, layer in groupby(reversed(nodes), lambda node: node.step):
        after, bounds = bounds, {}
        for node in layer:
            x, s = game.at(game.r, step)[node.state], node.state
            y, bounds[s] = action_values(game, game.u, step, s, after), node.upper
            for b, mu in enumerate(node.duals):
                place = f"step {step}, state {s}, follower action {b}"
                bound = target_bound(game, x, y, b, mu)
                require(f"upper bound at {place} is too low", bound - node.upper)
    require("upper is less than the mean of step 0", expectation(game.rho, bounds) - hi)


def target_bound(game: KernelGame, x: Table, y: Table, b: int, mu: Sequence[Fraction]) -> Fraction:
    """sum_c max_a [1{b in c} (y_b(a) + sum_b' mu_b' x_b(a)) - sum_{b' in c} mu_b' x_b'(a)]."""
    total, own = Fraction(0), sum(mu)
    for cell in game.observes:
        total += max(
            (y_a[b] + own * x_a[b] if b in cell else 0) - sum(mu[o] * x_a[o] for o in cell)
            for x_a, y_a in zip(x, y, strict=True)
        )
    return total


def policy_worth(game: KernelGame, nodes: Sequence[Any]) -> Fraction:
    """J of the policy in the nodes, or less where numbers are long. FailureError if V is longer."""
    soft = values = dict.fromkeys(range(game.states), Fraction(0))
    for step, layer in groupby(reversed(nodes), lambda node: node.step):
        ahead, after, soft, values = soft, values, {}, {}
        for node in layer:
            s, pairs = node.state, ((game.r, ahead), (game.u, after))
            x, y = (action_values(game, rewards, step, s, later) for rewards, later in pairs)
            V, values[s] = best_response(game, node.policy, x, y)
            soft[s], excess = game.gamma * V, V.denominator.bit_length() - LONGEST
            require(f"bits of V at step {step}, state {s} exceed {LONGEST}", excess)
    return expectation(game.rho, values)


def best_response(game: KernelGame, pi: Rows, x: Table, y: Table) -> tuple[Fraction, Fraction]:
    """The follower's value, and that of the best response that the leader likes best."""
    pairs = [(b, mix) for cell, mix in zip(game.observes, pi, strict=True) for b in cell]
    means = [[sum((p * t[a][b] for a, p in mix), Fraction(0)) for t in (x, y)] for b, mix in pairs]
    V, W = max(means)
    return V, W if W.denominator <= GRID else Fraction(W * GRID // 1, GRID)


def action_values(game: KernelGame, rewards: Payoffs, h: int, s: int, after: Values) -> Table:
    """[a][b] of a reward plus the mean of the values of the step after, at (h, s)."""
    u, P = game.at(rewards, h)[s], game.at(game.P, h)[s]
    B = range(game.follower_actions)
    return tuple(tuple(u_a[b] + expectation(P[a][b], after) for b in B) for a, u_a in enumerate(u))
