"""The follower's and the leader's operators on fixed-point intervals.

Symbols as in the model: x = eta r (so that exp(x) weighs an action), y = u + P W. A value list
holds one interval per state; a state that is never reached may hold anything. Each result encloses
the exact one (proofs/stage-value.md).
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from operator import mul
from typing import TypeVar

from exactqse.kernel.certificate import AnyNode, Distribution, HistoryNode
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.game import KernelGame, Row
from exactqse.kernel.interval import Interval, add, divide, enclose, multiply, scale

T = TypeVar("T")
Rows = Sequence[Distribution]
Values = Sequence[Interval] | Mapping[int, Interval]  # by state
Lotteries = Sequence[tuple[int, Distribution]]
Next = Sequence[Sequence[Values]]  # W and v, each by b


def exponent(
    game: KernelGame, step: int, state: int, a: int, b: int, soft: Values, p: int
) -> Interval:
    """x = eta r_h(s, a, b) + gamma sum over t of P_h(t | s, a, b) v(t), for v = eta V_{h+1}.

    Where eta is infinite, 1 is taken for it: x is what the follower compares.
    """
    eta, reward = game.eta or 1, game.at(game.r, step)[state][a][b]
    x = enclose(eta.numerator * reward.numerator, eta.denominator * reward.denominator, p)
    if not soft or not game.gamma:
        return x
    mean = expected(game.at(game.P, step)[state][a][b], soft)
    below, above = scale(mean, game.gamma.numerator, game.gamma.denominator)
    return x[0] + below, x[1] + above


def continuation(
    game: KernelGame, step: int, state: int, a: int, b: int, after: Values, p: int
) -> Interval:
    """y = u_h(s, a, b) + sum over t of P_h(t | s, a, b) W_{h+1}(t)."""
    reward = game.at(game.u, step)[state][a][b]
    lo, hi = enclose(*reward.as_integer_ratio(), p)
    if not after:
        return lo, hi
    below, above = expected(game.at(game.P, step)[state][a][b], after)
    return lo + below, hi + above


def columns(game: KernelGame, entry: Callable[[int, int], T]) -> list[list[T]]:
    """[b][a] of ``entry`` (a, b)."""
    A = range(game.leader_actions)
    return [[entry(a, b) for a in A] for b in range(game.follower_actions)]


def exponents(game: KernelGame, h: int, s: int, soft: Values, p: int) -> list[list[Interval]]:
    """[b][a] of x."""
    return columns(game, lambda a, b: exponent(game, h, s, a, b, soft, p))


def continuations(game: KernelGame, h: int, s: int, after: Values, p: int) -> list[list[Interval]]:
    """[b][a] of y."""
    return columns(game, lambda a, b: continuation(game, h, s, a, b, after, p))


def expected(row: Row, values: Values) -> Interval:
    """The mean of the values under a distribution of states."""
    lows = [values[t][0] for t in row.states]
    highs = [values[t][1] for t in row.states]
    low = sum(map(mul, row.numerators, lows))
    high = low if highs == lows else sum(map(mul, row.numerators, highs))
    return low // row.denominator, -(-high // row.denominator)


def mixture(distribution: Distribution, values: Sequence[Interval]) -> Interval:
    """The expectation of ``values``, one for each pair of the distribution, in its order."""
    pairs = zip(distribution, values, strict=True)
    return add(scale(value, q.numerator, q.denominator) for (_, q), value in pairs)


def policy_value(
    game: KernelGame, h: int, s: int, policy: Rows, after: Next, p: int, elementary: Elementary
) -> tuple[Interval, Interval]:
    """W_h(s) = sum_b e^{x_b} y_b / sum_b e^{x_b} of a prescription, and v = ln sum_b e^{x_b}.

    ``after`` is W and v of the next step, each by b; v is computed where gamma > 0, else 0. The
    exponents are shifted by an integer near their largest: the quotient does not change.
    """
    xs, ys = [], []
    for b, (by_b, W, v) in enumerate(zip(policy, *after, strict=True)):
        xs.append(mixture(by_b, [exponent(game, h, s, a, b, v, p) for a, _ in by_b]))
        ys.append(mixture(by_b, [continuation(game, h, s, a, b, W, p) for a, _ in by_b]))
    shift = max(x[0] for x in xs) >> p << p
    weights = [elementary.exp((x[0] - shift, x[1] - shift), p) for x in xs]
    products = [multiply(e, y, p) for e, y in zip(weights, ys, strict=True)]
    total = add(weights)
    value = divide(add(products), total, p)
    if not game.gamma:
        return value, (0, 0)
    log = elementary.log(total, 1 << p, p)
    return value, (shift + log[0], shift + log[1])


def by_response(game: KernelGame, policy: Rows) -> list[Distribution]:
    """From one distribution per cell to one per follower action."""
    pairs = zip(game.observes, policy, strict=True)
    cell_of = {b: distribution for cell, distribution in pairs for b in cell}
    return [cell_of[b] for b in range(game.follower_actions)]


def policy_values(
    game: KernelGame, nodes: Sequence[AnyNode], p: int, elementary: Elementary
) -> dict[int, Interval]:
    """W_0(s) of the policy in ``nodes``, which ascend by (step, state).

    After a HistoryNode come those that it draws; after any other, those of the next step.
    """
    W: dict[int, Interval] = {}  # by index of node
    v: dict[int, Interval] = {}
    layer: dict[int, int] = {}  # from state to index
    for h, pairs in groupby(reversed([*enumerate(nodes)]), lambda pair: pair[1].step):
        all_b = [[{t: x[j] for t, j in layer.items()}] * game.follower_actions for x in (W, v)]
        layer = {}
        for j, node in pairs:
            after = all_b
            if isinstance(node, HistoryNode) and node.after:
                after = [[_lotteries(draws, x) for draws in node.after] for x in (W, v)]
            rows = by_response(game, node.policy)
            W[j], v[j] = policy_value(game, h, node.state, rows, after, p, elementary)
            layer[node.state] = j
    return {s: W[j] for s, j in layer.items()}


def _lotteries(draws: Lotteries, values: Mapping[int, Interval]) -> dict[int, Interval]:
    """The mean of each state's lottery, of values by index of node."""
    return {t: mixture(d, [values[i] for i, _ in d]) for t, d in draws}


def initial_mean(game: KernelGame, values: Values, p: int) -> tuple[Fraction, Fraction]:
    """Both ends of the mean of ``values`` under rho, exactly."""
    row = game.rho
    low, high = (sum(map(mul, row.numerators, [values[s][k] for s in row.states])) for k in (0, 1))
    return Fraction(low, row.denominator << p), Fraction(high, row.denominator << p)
