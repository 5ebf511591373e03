"""The follower's and the leader's operators on fixed-point intervals.

Symbols as in the model: x = eta r (so that exp(x) weighs an action), y = u + P W. A value list
holds one interval per state; a state that is never reached may hold anything. Each result encloses
the exact one (proofs/stage-value.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from exactqse.errors import NotCoveredError
from exactqse.kernel.certificate import Distribution, Node
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.game import KernelGame, Row
from exactqse.kernel.interval import Interval, divide, enclose, multiply, scale


def scaled_reward(game: KernelGame, step: int, state: int, a: int, b: int, p: int) -> Interval:
    """x = eta r_h(s, a, b)."""
    if game.eta is None:
        raise NotCoveredError("eta = infinity has no finite exponents")
    reward = game.at(game.r, step)[state][a][b]
    return enclose(
        game.eta.numerator * reward.numerator, game.eta.denominator * reward.denominator, p
    )


def continuation(
    game: KernelGame, step: int, state: int, a: int, b: int, after: Sequence[Interval], p: int
) -> Interval:
    """y = u_h(s, a, b) + sum over t of P_h(t | s, a, b) W_{h+1}(t)."""
    reward = game.at(game.u, step)[state][a][b]
    lo, hi = enclose(reward.numerator, reward.denominator, p)
    if not after:
        return lo, hi
    row: Row = game.at(game.P, step)[state][a][b]
    lows = [after[t][0] for t in row.states]
    highs = [after[t][1] for t in row.states]
    low = sum(map(mul, row.numerators, lows))
    high = low if highs == lows else sum(map(mul, row.numerators, highs))
    return lo + low // row.denominator, hi - (-high // row.denominator)


def mixture(distribution: Distribution, values: Sequence[Interval]) -> Interval:
    """The expectation of ``values``, one for each pair of the distribution, in its order."""
    lo = hi = 0
    for (_, probability), value in zip(distribution, values, strict=True):
        below, above = scale(value, probability.numerator, probability.denominator)
        lo, hi = lo + below, hi + above
    return lo, hi


def policy_value(
    game: KernelGame,
    step: int,
    state: int,
    policy: Sequence[Distribution],
    after: Sequence[Interval],
    p: int,
    elementary: Elementary,
) -> Interval:
    """W_h(s) = sum_b e^{x_b} y_b / sum_b e^{x_b}, the leader's value of a prescription.

    The exponents are shifted by an integer near their largest: the quotient does not change.
    """
    xs, ys = [], []
    for b, by_b in enumerate(policy):
        xs.append(mixture(by_b, [scaled_reward(game, step, state, a, b, p) for a, _ in by_b]))
        ys.append(mixture(by_b, [continuation(game, step, state, a, b, after, p) for a, _ in by_b]))
    shift = max(x[0] for x in xs) >> p << p
    weights = [elementary.exp((x[0] - shift, x[1] - shift), p) for x in xs]
    products = [multiply(e, y, p) for e, y in zip(weights, ys, strict=True)]
    total = sum(e[0] for e in weights), sum(e[1] for e in weights)
    return divide((sum(n[0] for n in products), sum(n[1] for n in products)), total, p)


def by_response(game: KernelGame, policy: Sequence[Distribution]) -> list[Distribution]:
    """From one distribution per cell to one per follower action."""
    pairs = zip(game.observes, policy, strict=True)
    cell_of = {b: distribution for cell, distribution in pairs for b in cell}
    return [cell_of[b] for b in range(game.follower_actions)]


def policy_values(
    game: KernelGame, nodes: Sequence[Node], p: int, elementary: Elementary
) -> list[Interval]:
    """W_0(s) of the policy in ``nodes``, which ascend by (step, state) over the reachable ones."""
    after: list[Interval] = []
    layer: list[Interval] = [(0, 0)] * game.states
    for i in reversed(range(len(nodes))):
        node = nodes[i]
        rows = by_response(game, node.policy)
        layer[node.state] = policy_value(game, node.step, node.state, rows, after, p, elementary)
        if i == 0 or nodes[i - 1].step < node.step:
            after, layer = layer, [(0, 0)] * game.states
    return after


def initial_mean(game: KernelGame, values: Sequence[Interval]) -> tuple[int, int, int]:
    """(lo, hi, denominator): the mean of ``values`` under rho is in [lo, hi] / denominator."""
    pairs = list(zip(game.rho.states, game.rho.numerators, strict=True))
    lo = sum(values[s][0] * n for s, n in pairs)
    hi = sum(values[s][1] * n for s, n in pairs)
    return lo, hi, game.rho.denominator
