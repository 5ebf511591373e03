"""What is proved of leaders who remember bounds those who do not, too.

Where paths do not cross much both are worth the same; then lines above a place's frontier, which
take no boxes of values, prove a Markov policy to be optimal at once (proofs/strong-frontiers.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from exactqse.kernel.certificate import (
    Certificate,
    FarsightedNode,
    Part,
    Slope,
)
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.strong import lines_bound
from exactqse.solve.effort import Budget, Standing, Watcher
from exactqse.solve.keeping import merged
from exactqse.solve.promised.policies import Nodes, Policies
from exactqse.solve.strong_frontiers.numbers import above
from exactqse.solve.strong_frontiers.place import Play
from exactqse.solve.strong_frontiers.solver import bits_of, passes

_NEAR = 1e-6  # of boxes around his values, relative to his rewards
Plays = Mapping[tuple[int, int], tuple[Play, ...]]


def bounded_by_memory(
    game: KernelGame,
    gap: Fraction,
    budget: Budget,
    policies: Policies,
    *,
    known: Certificate | None = None,
    alone: bool = False,
    watch: Watcher | None = None,
) -> Certificate | None:
    """A certificate by lines, with the best policy that was found; None if none was.

    Passes end when they are within the gap of that policy, or, unless they are ``alone``, when a
    leader who remembers is worth more than it by more than the gap: then boxes of values will do
    better. What is ``known``, by such bounds, is no better.

    Raises:
        PrecisionError: numbers beyond float64.
    """
    p = bits_of(game, gap)
    wide, found = None, known
    if known is not None:
        wide = known.upper - known.lower
        policies.offer(tuple(node for node in known.nodes if isinstance(node, FarsightedNode)))

    def told(standing: Standing) -> None:
        """With her bounds, who does not remember."""
        bounds = (None, None) if found is None else (found.lower, found.upper)
        if watch is not None:
            watch(replace(standing, lower=bounds[0], upper=bounds[1]))

    for made in passes(game, gap, p, budget, wide=wide, watch=told):
        part = made.part(game)
        upper = above(lines_bound(game, part, p), p)
        _look(policies, _table(game, made.plays), upper - gap)
        if policies.worth is None:
            continue
        lower = -above(-policies.worth, p)
        flat = (Slope(Fraction(0)),) * len(game.places)
        head = game_hash(game), p, lower, upper, policies.nodes
        proved = Certificate(*head, (flat,), (part,))
        found = proved if found is None else merged(proved, found)
        is_worth_more = made.lower > found.lower + gap
        if found.upper - found.lower <= gap or (is_worth_more and not alone):
            break
    return found


def _look(policies: Policies, nodes: Nodes, enough: Fraction) -> None:
    """Policies with his values: first one that he answers strictly, with ties if need be."""
    rows = [[dict(mixture) for mixture in node.policy] for node in nodes]
    actions = range(policies.game.leader_actions)
    alphas = [
        np.array([[float(row.get(a, 0)) for a in actions] for row in mixtures]) for mixtures in rows
    ]
    V, near = policies.values(alphas), _NEAR * policies.unit
    policies.dive(V - near, V + near, np.zeros_like(V))
    if policies.worth is None or policies.worth < enough:
        policies.offer(nodes)


def _table(game: KernelGame, plays: Plays) -> Nodes:
    """At each place what she plays there most often, or the threat where she never is."""
    often: dict[tuple[int, int, int], float] = defaultdict(float)
    for s, n in zip(game.rho.states, game.rho.numerators, strict=True):
        often[0, s, 0] = n / game.rho.denominator
    nodes = []
    for h, s in game.places:
        shares = [often[h, s, k] for k in range(len(plays[h, s]))]
        for share, play in zip(shares, plays[h, s], strict=True):
            _add(game, (h, s), play, share, often)
        most = plays[h, s][int(np.argmax(shares))]
        nodes.append(FarsightedNode(h, s, most.policy))
    return tuple(nodes)


def _add(
    game: KernelGame,
    place: tuple[int, int],
    play: Play,
    share: float,
    often: dict[tuple[int, int, int], float],
) -> None:
    """How often the memories of the next step are met after a play."""
    (h, s), b = place, play.b
    if not share or h + 1 == game.horizon:
        return
    (mixture,) = [m for m, cell in zip(play.policy, game.observes, strict=True) if b in cell]
    for a, weight in mixture:
        row = game.at(game.P, h)[s][a][b]
        for t, n in zip(row.states, row.numerators, strict=True):
            for k, drawn in play.after[t]:
                often[h + 1, t, k] += share * float(weight * drawn) * (n / row.denominator)


def has_lines(certificate: Certificate) -> bool:
    """Whether some part is proved by lines, of a game with eta infinite."""
    parts = (entry for entry in certificate.cover if isinstance(entry, Part))
    claims: Iterator[Any] = (rows for part in parts for rows in part.claims)
    return any(len(rows) > len(rows[0]) for rows in claims)
