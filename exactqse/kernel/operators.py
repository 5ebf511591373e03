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

from exactqse.kernel.certificate import AnyNode, Distribution
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.game import KernelGame, Row, T, expectation
from exactqse.kernel.interval import Interval, Values, add, divide, enclose, ends, multiply, scale

Rows = Sequence[Distribution]


def exponent(game: KernelGame, reward: Fraction, row: Row, soft: Values, p: int) -> Interval:
    """x = eta r + gamma sum over t of P(t) v(t), of a reward r and a row P, for v = eta V_{h+1}.

    Where eta is infinite, 1 is taken for it: x is what the follower compares.
    """
    (above, below), (n, d) = (game.eta or 1).as_integer_ratio(), reward.as_integer_ratio()
    x = enclose(above * n, below * d, p)
    return _moved(x, row, soft, game.gamma.as_integer_ratio()) if game.gamma else x


def continuation(reward: Fraction, row: Row, after: Values, p: int) -> Interval:
    """y = u + sum over t of P(t) W_{h+1}(t), of a reward u and a row P."""
    return _moved(enclose(*reward.as_integer_ratio(), p), row, after, (1, 1))


def _moved(x: Interval, row: Row, values: Values, factor: tuple[int, int]) -> Interval:
    """x and a factor times the mean of the values, if there are any."""
    low, high = expected(row, values, factor) if values[0] else (0, 0)
    return x[0] + low, x[1] + high


def columns(entry: Callable[..., T], *tables: Sequence[Sequence[Any]]) -> list[list[T]]:
    """[b][a] of ``entry`` of what the tables [a][b] hold."""
    by_b = zip(*(zip(*table, strict=True) for table in tables), strict=True)
    return [[*map(entry, *column)] for column in by_b]


def exponents(game: KernelGame, h: int, s: int, soft: Values, p: int) -> list[list[Interval]]:
    """[b][a] of x."""
    r, P = game.at(game.r, h)[s], game.at(game.P, h)[s]
    return columns(lambda reward, row: exponent(game, reward, row, soft, p), r, P)


def continuations(game: KernelGame, h: int, s: int, after: Values, p: int) -> list[list[Interval]]:
    """[b][a] of y."""
    u, P = game.at(game.u, h)[s], game.at(game.P, h)[s]
    return columns(lambda reward, row: continuation(reward, row, after, p), u, P)


def expected(row: Row, values: Values, factor: tuple[int, int] = (1, 1)) -> Interval:
    """A factor, not negative, times the mean of the values under a distribution of states."""
    every, lows, width = values
    chosen = lows.values() if row.states == every else map(lows.__getitem__, row.states)
    total = sum(map(mul, row.numerators, chosen)) * factor[0]
    low, rest = divmod(total, row.denominator * factor[1])
    return low, low - (-width * factor[0] // factor[1]) + (rest > 0)


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


def induct(game: KernelGame, nodes: Any, worth: Any, packed: Any, mean: Any) -> dict[int, Any]:
    """W_0(s), by state, of ``nodes``, which ascend by (step, state).

    ``worth`` has W and V of a node, from what comes after each b, ``packed`` by state, first W and
    then V: after a HistoryNode the ``mean`` of each lottery, after any other the next step's nodes.
    """
    layer, known = dict[int, int](), (dict[int, Any](), dict[int, Any]())  # W and V by index

    def drawn(draws: Any) -> list[Any]:
        return [packed({t: mean(d, [x[i] for i, _ in d]) for t, d in draws}) for x in known]

    for _, pairs in groupby(reversed([*enumerate(nodes)]), lambda pair: pair[1].step):
        rest, layer = drawn([(t, ((j, Fraction(1)),)) for t, j in layer.items()]), {}
        for j, node in pairs:
            after = [*map(drawn, getattr(node, "after", ()))] or [rest] * game.follower_actions
            known[0][j], known[1][j] = worth(node, *zip(*after, strict=True))
            layer[node.state] = j
    return {s: known[0][j] for s, j in layer.items()}


def policy_values(game: KernelGame, nodes: Any, p: int, elementary: Elementary) -> dict[int, Any]:
    """Around W_0(s) of the policy in ``nodes``."""

    def worth(node: AnyNode, *after: Sequence[Values]) -> tuple[Interval, Interval]:
        rows = by_response(game, node.policy)
        return policy_value(game, node.step, node.state, rows, after, p, elementary)

    return induct(game, nodes, worth, ends, mixture)


def initial_mean(game: KernelGame, values: Mapping[int, Interval], p: int) -> list[Fraction]:
    """Both ends of the mean of ``values`` under rho, exactly."""
    ends = ({s: Fraction(values[s][k], 1 << p) for s in game.rho.states} for k in (0, 1))
    return [expectation(game.rho, end) for end in ends]
