"""Of the policies that a search met, those that are good and are played otherwise."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from exactqse.evaluate import evaluate
from exactqse.kernel.game import KernelGame
from exactqse.solve.commitment import full_policy
from exactqse.solve.promised.policies import Nodes, Policies

_KEPT = 8  # policies, each so
_NEAR = 1e-2  # far from the others
_TRIED = 64  # of the best
Play = dict[tuple[int, int], tuple[float, int, tuple[float, ...]]]


def others(policies: Policies, own: Nodes, gap: Fraction) -> tuple[Nodes, ...]:
    """Those that are worth as much as one's own, up to the gap, and are not played as it is.

    The best first; no two of them are played alike.
    """
    game, least = policies.game, (policies.seen[own] or Fraction(0)) - gap
    worths = {n: w for n, w in policies.seen.items() if w is not None and w >= least}
    order = sorted(worths, key=lambda nodes: worths[nodes], reverse=True)[:_TRIED]
    plays, kept = [play(game, own)], list[Nodes]()
    for nodes in order:
        made = play(game, nodes)
        if len(kept) < _KEPT and all(apart(made, other) > _NEAR for other in plays):
            kept.append(nodes)
            plays.append(made)
    return tuple(kept)


def play(game: KernelGame, nodes: Nodes) -> Play:
    """By (step, state): how often it is visited, his answer, and her mixture [a] after it."""
    policy = full_policy(game, {(node.step, node.state): node.policy for node in nodes})
    nu = evaluate(game, policy).nu
    first = zip(game.rho.states, game.rho.numerators, strict=True)
    reach = {s: n / game.rho.denominator for s, n in first}
    found: Play = {}
    for h in range(game.horizon):
        after: dict[int, float] = defaultdict(float)
        for s, visits in reach.items():
            b = next(b for b, share in enumerate(nu[h][s]) if share.lower == 1)
            weights = tuple(map(float, policy[h][s][b]))
            found[h, s] = visits, b, weights
            for a, weight in enumerate(weights):
                row = game.at(game.P, h)[s][a][b]
                for t, n in zip(row.states, row.numerators, strict=True) if weight else ():
                    after[t] += visits * weight * (n / row.denominator)
        reach = after
    return found


def apart(first: Play, second: Play) -> float:
    """How much what is played differs: where it leads, his answers, her mixtures after these."""
    nowhere = 0.0, -1, ()
    largest = 0.0
    for place in first.keys() | second.keys():
        (d, b, p), (e, c, q) = first.get(place, nowhere), second.get(place, nowhere)
        there = 1.0 if b != c else max(abs(v - w) for v, w in zip(p, q, strict=True))
        largest = max(largest, abs(d - e), min(d, e) * there)
    return largest
