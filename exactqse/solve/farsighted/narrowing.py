"""Where the follower's values can be if a policy is worth a level: parts that hold no such policy.

A certificate's parts are only bounded as far as its upper bound needs. Here parts are divided until
few are left that may hold a policy worth the level, or so many were examined; the others are
written down with claims that a checker can follow (proofs/near-optimal-values.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, log2

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import Certificate, MixtureSplit, Part, Slope, ValueSplit
from exactqse.kernel.game import KernelGame
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.claims import bounder
from exactqse.solve.farsighted.emit import (
    Goal,
    division,
    numbered,
    table_of,
    written_parts,
)
from exactqse.solve.farsighted.forests import finer, whole
from exactqse.solve.farsighted.model import Model, model_of
from exactqse.solve.farsighted.planting import plant
from exactqse.solve.farsighted.policies import policy_in_floats
from exactqse.solve.farsighted.pruning import pruned
from exactqse.solve.farsighted.search import Search
from exactqse.solve.farsighted.slopes import of_policy, slopes_at

_MARGIN = 1e-11
_SHARE = 64  # of the gap: so much a part is to be below the level
_LEVELS = 4
_BITS = 4


@dataclass(frozen=True)
class Narrowed:
    """A cover some of whose parts claim to hold no policy worth the level; others claim nothing.

    Attributes:
        entries: a binary tree in preorder, as in a certificate; None for a part without claims.
        slopes: the tables of slopes that the parts name.
        examined: how many parts were looked at.
    """

    entries: tuple[MixtureSplit | Part | ValueSplit | None, ...]
    slopes: tuple[tuple[Slope, ...], ...]
    examined: int


def narrowed(game: KernelGame, certificate: Certificate, level: Fraction, parts: int) -> Narrowed:
    """Go on from the certificate's cover, to parts that hold no policy worth the level.

    Where float64 has no bounds, nothing is claimed: all policies are in one part.
    """
    budget = Budget(nodes=parts)
    nothing = Narrowed((None,), (), 0)
    with np.errstate(all="ignore"):  # what is not finite proves nothing, and is not used
        try:
            model = model_of(game)
        except PrecisionError:
            return nothing
        width = max(float(certificate.upper - certificate.lower), 1e-12 * model.scale)
        below = float(level) - width / _SHARE
        search = _search(game, model, certificate, budget)
        search.run(below, budget, lambda: budget.spent)
        unit = 2.0 ** floor(log2(width / _SHARE / 16))
        return Narrowed(*_excluding(game, search, below, unit, _MARGIN), budget.used)


def _search(game: KernelGame, model: Model, certificate: Certificate, budget: Budget) -> Search:
    policy = policy_in_floats(model, certificate)
    slopes = slopes_at(model, of_policy(model, policy))
    forests = [whole(model), *finer(model, [pi[0] for pi in policy.pi], _LEVELS)]
    shift = np.round(model.eta * policy.V[0][0])
    bounders = [bounder(model, z, shift) for z in forests]
    search = Search(bounders, slopes.joined(slopes.flat()), _BITS)
    if (planted := plant(game, model, certificate)) is not None:
        search.plant(planted, planted.kinds(forests), lambda: budget.spent)
    return search


def _excluding(
    game: KernelGame, search: Search, level: float, unit: float, margin: float
) -> tuple[tuple[ValueSplit | MixtureSplit | Part | None, ...], tuple[tuple[Slope, ...], ...]]:
    """The cover, with claims for the parts that are bounded by ``level``, and None for the others.

    With the tables of slopes; ``unit`` and ``margin`` as in ``cover``.
    """
    nodes = search.nodes
    order, leaves = pruned(nodes, level)
    low = leaves[nodes.bound[leaves] <= level]
    found = written_parts(game, search, nodes.batch(low), Goal(level, unit, margin))
    parts, used = numbered(found, low)
    left = {int(n) for n in leaves} - set(parts)
    entries = [
        None if n in left else parts[n][0] if n in parts else division(game, search, n)
        for n in order
    ]
    first = len(game.reachable[0])
    return tuple(entries), tuple(table_of(search.tables, n, first) for n in used)
