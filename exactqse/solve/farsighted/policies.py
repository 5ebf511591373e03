"""From policies in float64 to the nodes of a certificate, and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactqse.kernel.certificate import Certificate, FarsightedNode
from exactqse.kernel.game import KernelGame
from exactqse.solve.farsighted.incumbent import Evaluated, evaluate
from exactqse.solve.farsighted.model import Model
from exactqse.solve.rounding import rounded

Nodes = tuple[FarsightedNode, ...]


def policy_nodes(game: KernelGame, policy: Evaluated, n: int = 0) -> Nodes:
    """The nodes of the policy with number n."""
    return tuple(
        FarsightedNode(h, s, tuple(rounded(policy.pi[h][n, k, cell[0]]) for cell in game.observes))
        for h, states in enumerate(game.reachable)
        for k, s in enumerate(states)
    )


def policy_in_floats(model: Model, certificate: Certificate) -> Evaluated:
    """The certificate's policy in float64."""
    nodes = iter(certificate.nodes)
    tables = [np.zeros((1, *layer.u.shape)) for layer in model.layers]
    for table in tables:
        for place in table[0]:
            for cell, mixture in zip(model.cells, next(nodes).policy, strict=True):
                for a, weight in mixture:
                    place[list(cell), a] = float(weight)
    return evaluate(model, tables)


def others(
    certificate: Certificate, game: KernelGame, model: Model, met: Evaluated, gap: Fraction
) -> tuple[Nodes, ...]:
    """Those that are worth as much as the best, up to the gap, and are not the certificate's."""
    worth = met.worth(model)
    near = np.flatnonzero(worth >= worth.max() - float(gap)).tolist()
    found = (policy_nodes(game, met, n) for n in near)
    return tuple(nodes for nodes in found if nodes != certificate.nodes)
