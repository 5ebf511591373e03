"""Nodes of a game that is solved backward without search, once its limit is reached.

No mean of U is above the largest, and any policy is worth something: what was solved by then is
kept, and the steps before it get bounds like these, so that there is a certificate all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactqse.arithmetic.balls import FlintElementary
from exactqse.kernel.certificate import Distribution, Node
from exactqse.kernel.game import KernelGame
from exactqse.kernel.interval import Interval, ends
from exactqse.kernel.operators import by_response, policy_value
from exactqse.solve.stage_tables import plain_claim, stage_tables

_ELEMENTARY = FlintElementary()


def plain_node(
    game: KernelGame, place: tuple[int, int], after: list[Interval], p: int, slack: Fraction
) -> tuple[Node, Interval]:
    """The node of a myopic follower, and (the policy's value, the bound) in units of 2^-p.

    ``after`` is that of the next step. The leader takes what is best for her after each b.
    """
    step, state = place
    tables = stage_tables(game, step, state, after, p, trusted=False)
    claim = plain_claim(game, tables, slack)
    policy = greedy(game, tables.low)
    rows = by_response(game, policy)
    known = [ends(dict(enumerate(after)))] * len(rows), [ends({})] * len(rows)
    value, _ = policy_value(game, step, state, rows, known, p, _ELEMENTARY)
    above, below = claim.upper.as_integer_ratio()
    node = Node(step, state, claim.upper, claim.shift, policy, claim.trees)
    return node, (value[0], -((-above << p) // below))


def greedy(game: KernelGame, y: Sequence[Sequence[float | Fraction]]) -> tuple[Distribution, ...]:
    """In each cell the pure action with the largest sum of y[b][a] over its members."""
    actions = range(game.leader_actions)
    best = [max(actions, key=lambda a: sum(y[b][a] for b in cell)) for cell in game.observes]
    return tuple(((a, Fraction(1)),) for a in best)
