"""The follower's and the leader's operators on fixed-point intervals.

Symbols as in the model: x = eta r (so that exp(x) weighs an action), y = u + P W. A value list
holds one interval per state; a state that is never reached may hold anything. Each result encloses
the exact one (proofs/stage-value.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from exactqse.errors import NotCoveredError
from exactqse.kernel.certificate import Distribution
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
    values = [after[t] for t in row.states]
    below = sum(map(mul, row.numerators, [v[0] for v in values])) // row.denominator
    above = -sum(map(mul, row.numerators, [v[1] for v in values])) // row.denominator
    return lo + below, hi - above


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
