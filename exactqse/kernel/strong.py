"""Strong Stackelberg nodes (gamma = 0, eta = infinity, any partition), checked in exact rationals.

x_b(a) = r_h(s, a, b), y_b(a) = u_h(s, a, b) + sum_t P_h(t | s, a, b) W_{h+1}(t). The nodes prove
lo <= J(policy) <= J* <= hi (proofs/strong-stackelberg.md). No comparison is left undecided.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from exactqse.kernel.certificate import Distribution, StrongNode
from exactqse.kernel.game import KernelGame, expectation
from exactqse.kernel.stage import require

GRID = 1 << 4096  # a policy's value of a larger denominator is rounded down to a multiple of 1/GRID
Table = tuple[tuple[Fraction, ...], ...]  # x and y as [a][b], duals as [b][b']


def check_strong(game: KernelGame, nodes: Sequence[StrongNode], lo: Fraction, hi: Fraction) -> None:
    """Raise FailureError unless the nodes prove lo <= J(policy) <= J* <= hi."""
    bounds = values = dict.fromkeys(range(game.states), Fraction(0))
    for step, layer in groupby(reversed(nodes), lambda node: node.step):
        above, below, bounds, values = bounds, values, {}, {}
        for node in layer:
            x, s = game.at(game.r, step)[node.state], node.state
            y = leader_table(game, step, s, above)
            z = y if below == above else leader_table(game, step, s, below)
            bounds[s], values[s] = node.upper, policy_value(game, node.policy, x, z)
            for b, mu in enumerate(node.duals):
                place = f"step {step}, state {s}, follower action {b}"
                excess = target_bound(game, x, y, b, mu) - node.upper
                require(f"upper bound at {place} is too low", excess, excess)
    excess = expectation(game.rho, bounds) - hi
    require("upper is less than the mean of step 0", excess, excess)
    excess = lo - expectation(game.rho, values)
    require("lower exceeds J(policy)", excess, excess)


def target_bound(game: KernelGame, x: Table, y: Table, b: int, mu: Sequence[Fraction]) -> Fraction:
    """sum_c max_a [1{b in c} (y_b(a) + sum_b' mu_b' x_b(a)) - sum_{b' in c} mu_b' x_b'(a)]."""
    total, own = Fraction(0), sum(mu)
    for cell in game.observes:
        total += max(
            (y_a[b] + own * x_a[b] if b in cell else 0) - sum(mu[o] * x_a[o] for o in cell)
            for x_a, y_a in zip(x, y, strict=True)
        )
    return total


def policy_value(game: KernelGame, pi: Sequence[Distribution], x: Table, y: Table) -> Fraction:
    """The value of the follower's best response that the leader likes best."""
    pairs = [(b, mix) for cell, mix in zip(game.observes, pi, strict=True) for b in cell]
    means = [[sum((p * t[a][b] for a, p in mix), Fraction(0)) for t in (x, y)] for b, mix in pairs]
    best = max(means)[1]
    return best if best.denominator <= GRID else Fraction(best * GRID // 1, GRID)


def leader_table(game: KernelGame, step: int, s: int, after: dict[int, Fraction]) -> Table:
    """y[a][b] at (step, s), given the values of the step after it."""
    u, P = game.at(game.u, step)[s], game.at(game.P, step)[s]
    B = range(game.follower_actions)
    return tuple(tuple(u_a[b] + expectation(P[a][b], after) for b in B) for a, u_a in enumerate(u))
