"""Followers who best respond (eta = infinity, any partition), in exact rationals.

x_b(a) = r_h(s, a, b) + gamma sum_t P_h(t | s, a, b) V_{h+1}(t), and y_b(a) likewise of u and W.
Upper bounds for gamma = 0 (proofs/strong-stackelberg.md), and for gamma > 0 and a leader who
remembers (proofs/strong-frontiers.md). No comparison is left undecided.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from exactqse.kernel.certificate import Distribution, StrongNode
from exactqse.kernel.game import KernelGame, Payoffs, expectation
from exactqse.kernel.operators import Rows, by_response, induct
from exactqse.kernel.stage import require

GRID = 1 << 4096  # a policy's value of a larger denominator is rounded down to a multiple of 1/GRID
LONGEST = 1 << 16  # bits of the denominator of a follower's value, which is never rounded
Values = dict[int, Fraction]
Table = tuple[tuple[Fraction, ...], ...]  # x and y as [a][b], duals as [b][b']


def check_strong(game: KernelGame, nodes: Sequence[Any]) -> Fraction:
    """At least J* for gamma = 0, if the upper values of each step follow from the next.

    Else FailureError is raised.
    """

    def proved(node: StrongNode, after: Sequence[Values], _: object) -> tuple[Fraction, Fraction]:
        step, s = node.step, node.state
        x, y = game.at(game.r, step)[s], action_values(game, game.u, step, s, *after)
        for b, mu in enumerate(node.duals):
            what = f"upper bound at step {step}, state {s}, follower action {b} is too low"
            require(what, target_bound(game, x, y, b, mu) - node.upper)
        return node.upper, node.upper

    return _exactly(game, nodes, proved)


def lines_bound(game: KernelGame, part: Any, p: int) -> Fraction:
    """At least J* over leaders who remember, by what the claims show: numbers of p bits.

    At each place V >= least, by the weights, V <= most, and W + own V <= K for each line (own, K):
    the multipliers of the target b price his other actions at their least, and what comes after b
    is chosen freely, as the next places' lines allow (proofs/strong-frontiers.md).
    """
    unit, zero = 1 << p, Fraction(0)
    shown: dict[tuple[int, int], Any] = defaultdict(lambda: (zero, zero, [(zero, zero)]))
    for (h, s), (weights, *rows) in reversed([*zip(game.places, part.claims, strict=True)]):
        after = {t: shown[h + 1, t] for t in range(game.states)}
        V = [{t: game.gamma * place[k] for t, place in after.items()} for k in (0, 1)]
        x, high = [action_values(game, game.r, h, s, values) for values in V]
        least, most = -priced(game, x, x, -1, [-w for w in weights]), max(map(max, high))
        bounds = defaultdict[Fraction, list[Fraction]](list)  # by slope, one for each b
        for k, row in enumerate(rows):
            b, w = k % len(row), [-max(mu, zero) for mu in row]
            w[b] += row[b] - sum(w)
            n = game.gamma * w[b]
            best = {t: support(n, *place) - n * place[0] for t, place in after.items()}
            bounds[row[b]].append(priced(game, x, action_values(game, game.u, h, s, best), b, w))
        lines = tuple([(own, -_floor(-max(some), unit)) for own, some in bounds.items()])
        shown[h, s] = _floor(least, unit), -_floor(-most, unit), lines
    return expectation(game.rho, {s: support(zero, *shown[0, s]) for s in game.rho.states})


def support(n: Fraction, least: Fraction, most: Fraction, lines: Table) -> Fraction:
    """At least W + n V, where least <= V <= most and W + own V <= K for all the lines (own, K).

    The lines rise. Between two of them it is their mean, else the nearest at an end of V.
    """
    k = bisect_right(lines, n, key=lambda line: line[0])
    (own, K), (other, L) = lines[max(k - 1, 0)], lines[min(k, len(lines) - 1)]
    return K + (n - own) * ((L - K) / (other - own) if own < other else most if k else least)


def target_bound(game: KernelGame, x: Table, y: Table, b: int, mu: Sequence[Fraction]) -> Fraction:
    """sum_c max_a [1{b in c} (y_b(a) + sum_b' mu_b' x_b(a)) - sum_{b' in c} mu_b' x_b'(a)]."""
    return priced(game, x, y, b, [sum(mu) * (o == b) - mu[o] for o in range(len(mu))])


def priced(game: KernelGame, x: Table, y: Table, b: int, weights: Sequence[Fraction]) -> Fraction:
    """The most that sum_b' weights_b' X_b' and, for b that is no -1, Y_b come to together."""
    rows, total = [*zip(x, y, strict=True)], Fraction(0)
    for cell in game.observes:
        own = [b] if b in cell else []
        total += max(sum([w[o] for o in own] + [weights[o] * v[o] for o in cell]) for v, w in rows)
    return total


def policy_worth(game: KernelGame, nodes: Sequence[Any]) -> Fraction:
    """J of the policy in the nodes, or less where numbers are long. FailureError if V is longer."""

    def worth(node: Any, *after: Sequence[Values]) -> tuple[Fraction, Fraction]:
        step, s, pairs = node.step, node.state, zip((game.u, game.r), after, strict=True)
        y, x = [action_values(game, rewards, step, s, *later) for rewards, later in pairs]
        V, W = best_response(game, node.policy, x, y)
        excess = V.denominator.bit_length() - LONGEST
        require(f"bits of V at step {step}, state {s} exceed {LONGEST}", excess)
        return W, game.gamma * V

    return _exactly(game, nodes, worth)


def _exactly(game: KernelGame, nodes: Sequence[Any], worth: Any) -> Fraction:
    """The mean of W_0 by ``induct``, in rationals."""
    last = dict.fromkeys(range(game.states), Fraction(0))
    return expectation(game.rho, induct(game, nodes, worth, lambda found: found or last, mean))


def mean(distribution: Distribution, values: Iterable[Fraction]) -> Fraction:
    """The expectation of ``values``, one for each pair of the distribution, in its order."""
    return sum((p * v for (_, p), v in zip(distribution, values, strict=True)), Fraction(0))


def best_response(game: KernelGame, pi: Rows, x: Table, y: Table) -> tuple[Fraction, Fraction]:
    """The follower's value, and that of the best response that the leader likes best."""
    rows = enumerate(by_response(game, pi))
    V, W = max([mean(mix, [t[a][b] for a, _ in mix]) for t in (x, y)] for b, mix in rows)
    return V, W if W.denominator <= GRID else _floor(W, GRID)


def _floor(value: Fraction, unit: int) -> Fraction:
    """The largest multiple of 1/unit that is at most the value."""
    return Fraction(value * unit // 1, unit)


def action_values(game: KernelGame, rewards: Payoffs, h: int, s: int, *after: Values) -> Table:
    """[a][b] of a reward plus the mean of the values of the step after, at (h, s).

    ``after`` is one for all b, or one for each.
    """
    u, P, B = game.at(rewards, h)[s], game.at(game.P, h)[s], range(game.follower_actions)
    after *= len(B) // len(after)
    return tuple(tuple(v[b] + expectation(P[a][b], after[b]) for b in B) for a, v in enumerate(u))
