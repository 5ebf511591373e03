"""Where the follower's values can be if a policy is worth a level: parts that hold no such policy.

The certificate's parts are gone on with, those with the largest bounds first. What is excluded has
claims that a checker can follow (proofs/near-optimal-values.md); in the rest policies are looked
for.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from exactqse.kernel.certificate import Certificate, FarsightedNode, Part, Slope, ValueSplit
from exactqse.kernel.game import KernelGame
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted.model import model_of
from exactqse.solve.farsighted.narrowing import Narrowed
from exactqse.solve.promised.met import others
from exactqse.solve.promised.policies import Nodes, Policies
from exactqse.solve.promised.search import Node, Search

_LOOKED = 64  # parts in which policies are looked for: those with the largest bounds
Entries = tuple[ValueSplit | Part | None, ...]


def narrowed(
    game: KernelGame,
    certificate: Certificate,
    level: Fraction,
    parts: int,
    gap: Fraction,
    met: tuple[Nodes, ...] = (),
) -> tuple[Narrowed, tuple[Nodes, ...]]:
    """Go on from the certificate's cover, to parts that hold no policy worth the level.

    Args:
        game: gamma > 0 and eta = infinity; one that was solved, so that it is within float64.
        certificate: of that game, accepted.
        level: what policies are to be worth.
        parts: how many parts may be examined.
        gap: how much less than the certificate's policy others may be worth that are told.
        met: policies that were met before.

    Returns:
        The cover, and others that were met, the best first.
    """
    budget = Budget(nodes=parts)
    own = tuple(node for node in certificate.nodes if isinstance(node, FarsightedNode))
    with np.errstate(all="ignore"):  # what is not finite proves nothing
        model = model_of(game)
        policies = Policies(game, model)
        search = _Parts(game, model, policies, certificate.precision, budget)
        search.plant(certificate)
        budget.spend(len(search.heap))
        search.narrow(level)
        for nodes in (own, *met):
            policies.offer(nodes)
        search.look(level)
    return Narrowed(*search.excluding(level), budget.used), others(policies, own, gap)


class _Parts(Search):
    """A search for bounds alone, which goes on from a certificate."""

    def narrow(self, level: Fraction) -> None:
        """Divide parts until all are bounded below the level, or the budget is spent."""
        while self.heap and not self.budget.spent:
            _, _, node = heapq.heappop(self.heap)
            if not _may_hold(node, level):
                return
            if self._planted(node):
                self.budget.spend(1)
            if _may_hold(node, level) and self._divide(node):
                self.budget.spend(2)

    def look(self, level: Fraction) -> None:
        """Look for policies in the parts that are left."""
        left = [node for node in self._tree() if node.children is None and _may_hold(node, level)]
        for node in sorted(left, key=lambda node: -(node.bound or level))[:_LOOKED]:
            weight = self._weight(node.found)
            self.policies.dive(node.lo, node.hi, weight)
            self.policies.tie(weight)

    def excluding(self, level: Fraction) -> tuple[Entries, tuple[tuple[Slope, ...], ...]]:
        """The cover, with claims for what is bounded below the level, and None for the rest."""
        entries: list[ValueSplit | Part | None] = []
        tables: dict[tuple[Slope, ...], int] = {}
        for node in self._tree():
            if node.children is not None:
                entries.append(ValueSplit(*self.game.places[node.axis], node.at))
            elif _may_hold(node, level):
                entries.append(None)
            else:
                table = tables.setdefault(node.slopes, len(tables))
                entries.append(Part(node.claims, table))
        return tuple(entries), tuple(tables)

    def _tree(self) -> Iterator[Node]:
        """In preorder."""
        stack = [self.root]
        while stack:
            node = stack.pop()
            stack += (node.children or ())[::-1]
            yield node

    def _dive(self, node: Node) -> None:
        """Policies are looked for at the end."""


def _may_hold(node: Node, level: Fraction) -> bool:
    """Whether a policy worth the level may be in the part."""
    return node.bound is not None and node.bound >= level
