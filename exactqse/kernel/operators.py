"""The follower's and the leader's operators on fixed-point intervals.

Symbols as in the model: x = eta r (so that exp(x) weighs an action), y = u + P W. ``Values`` hold
an interval for each state that is reached. Each result encloses the exact one
(proofs/stage-value.md).
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from operator import mul
from typing import Any

from exactqse.kernel.certificate import AnyNode, Distribution, HistoryNode
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.game import KernelGame, Row, T, expectation
from exactqse.kernel.interval import Interval, Values, add, divide, enclose, ends, multiply, scale

Rows = Sequence[Distribution]


def exponent(game: KernelGame, reward: Fraction, row: Row, soft: Values, p: int) -> Interval:
    """x = eta r + gamma sum over t of P(t) v(t), of a reward r and a row P, for v = eta V_{h+1}.

    Where eta is infinite, 1 is taken for it: x is what the follower compares.
    """
    (above, below), (n, d) = game.weight, reward.as_integer_ratio()
    x = enclose(above * n, below * d, p)
    if not soft[0] or not game.gamma:
        return x
    low, high = scale(expected(row, soft), *game.gamma.as_integer_ratio())
    return x[0] + low, x[1] + high


def continuation(reward: Fraction, row: Row, after: Values, p: int) -> Interval:
    """y = u + sum over t of P(t) W_{h+1}(t), of a reward u and a row P."""
    n, d = reward.as_integer_ratio()
    if not after[0]:
        return enclose(n, d, p)
    common = row.denominator
    low, rest = divmod(weighted(row, after) * d + (n * common << p), d * common)
    return low, low + after[2] + (rest > 0)


def columns(entry: Callable[..., T], *tables: Sequence[Sequence[Any]]) -> list[list[T]]:
    """[b][a] of ``entry`` of what the tables [a][b] hold."""
    by_b = zip(*(zip(*table, strict=True) for table in tables), strict=True)
    return [[*map(entry, *column)] for column in by_b]


def exponents(game: KernelGame, h: int, s: int, soft: Values, p: int) -> list[list[Interval]]:
    """[b][a] of x."""
    (above, below), r, P = game.weight, game.at(game.r, h)[s], game.at(game.P, h)[s]
    if not soft[0]:
        return columns(lambda x: enclose(above * x.numerator, below * x.denominator, p), r)
    return columns(lambda reward, row: exponent(game, reward, row, soft, p), r, P)


def continuations(game: KernelGame, h: int, s: int, after: Values, p: int) -> list[list[Interval]]:
    """[b][a] of y."""
    u, P = game.at(game.u, h)[s], game.at(game.P, h)[s]
    return columns(lambda reward, row: continuation(reward, row, after, p), u, P)


def weighted(row: Row, values: Values) -> int:
    """The sum of the lower ends under the numerators of a distribution of states."""
    every, lows, _ = values
    chosen = lows.values() if row.states == every else map(lows.__getitem__, row.states)
    return sum(map(mul, row.numerators, chosen))


def expected(row: Row, values: Values) -> Interval:
    """The mean of the values under a distribution of states."""
    low, rest = divmod(weighted(row, values), row.denominator)
    return low, low + values[2] + (rest > 0)


def mixture(distribution: Distribution, values: Sequence[Interval]) -> Interval:
    """The expectation of ``values``, one for each pair of the distribution, in its order."""
    if len(distribution) == len(values) == 1:  # with probability 1
        return values[0]
    pairs = zip(distribution, values, strict=True)
    return add(scale(value, q.numerator, q.denominator) for (_, q), value in pairs)


def policy_value(
    game: KernelGame, h: int, s: int, policy: Rows, after: Any, p: int, elementary: Elementary
) -> tuple[Interval, Interval]:
    """W_h(s) = sum_b e^{x_b} y_b / sum_b e^{x_b} of a prescription, and v = ln sum_b e^{x_b}.

    ``after`` is W and v of the next step, each by b; v is computed where gamma > 0, else 0. The
    exponents are shifted by an integer near their largest: the quotient does not change.
    """
    u, r, P = (game.at(table, h)[s] for table in (game.u, game.r, game.P))
    xs, ys = [], []
    for b, (by_b, W, v) in enumerate(zip(policy, *after, strict=True)):
        xs.append(mixture(by_b, [exponent(game, r[a][b], P[a][b], v, p) for a, _ in by_b]))
        ys.append(mixture(by_b, [continuation(u[a][b], P[a][b], W, p) for a, _ in by_b]))
    shift = max(x[0] for x in xs) >> p << p
    weights = [elementary.exp((x[0] - shift, x[1] - shift), p) for x in xs]
    total = add(weights)
    value = divide(add(multiply(e, y, p) for e, y in zip(weights, ys, strict=True)), total, p)
    if not game.gamma:
        return value, (0, 0)
    log = elementary.log(total, 1 << p, p)
    return value, (shift + log[0], shift + log[1])


def by_response(game: KernelGame, policy: Rows) -> list[Distribution]:
    """From one distribution per cell to one per follower action."""
    pairs = zip(game.observes, policy, strict=True)
    return [row for _, row in sorted((b, row) for cell, row in pairs for b in cell)]


def policy_values(
    game: KernelGame, nodes: Sequence[AnyNode], p: int, elementary: Elementary
) -> dict[int, Interval]:
    """W_0(s) of the policy in ``nodes``, which ascend by (step, state).

    After a HistoryNode come those that it draws; after any other, those of the next step.
    """
    W, v = dict[int, Interval](), dict[int, Interval]()  # by index of node
    layer: dict[int, int] = {}  # from state to index
    for h, pairs in groupby(reversed([*enumerate(nodes)]), lambda pair: pair[1].step):
        follows = [ends({t: x[j] for t, j in layer.items()}) for x in (W, v)]
        layer = {}
        for j, node in pairs:
            after = [[values] * game.follower_actions for values in follows]
            if isinstance(node, HistoryNode) and node.after:
                after = [[_drawn(draws, x) for draws in node.after] for x in (W, v)]
            rows = by_response(game, node.policy)
            W[j], v[j] = policy_value(game, h, node.state, rows, after, p, elementary)
            layer[node.state] = j
    return {s: W[j] for s, j in layer.items()}


def _drawn(draws: tuple[tuple[int, Distribution], ...], x: dict[int, Interval]) -> Values:
    """The means of ``x`` under lotteries over memories, one for each state."""
    return ends({t: mixture(d, [x[i] for i, _ in d]) for t, d in draws})


def initial_mean(game: KernelGame, values: Mapping[int, Interval], p: int) -> list[Fraction]:
    """Both ends of the mean of ``values`` under rho, exactly."""
    ends = ({s: Fraction(values[s][k], 1 << p) for s in game.rho.states} for k in (0, 1))
    return [expectation(game.rho, end) for end in ends]
