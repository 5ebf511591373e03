"""The part of a search's tree that a cover needs: halves are put together where they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from exactqse.solve.farsighted.model import Floats, Integers
    from exactqse.solve.farsighted.nodes import Nodes
    from exactqse.solve.farsighted.search import Search

_BATCH = 256
_REFINED = "lam", "roots", "bound"


def pruned(nodes: Nodes, upper: float) -> tuple[list[int], Integers]:
    """The tree in preorder without what the bounds do not need, and its leaves."""
    order, leaves, stack = [], [], [0]
    while stack:
        n = stack.pop()
        order.append(n)
        if nodes.children[n, 0] < 0 or nodes.bound[n] <= upper:
            leaves.append(n)
        else:
            stack += nodes.children[n, ::-1].tolist()
    return order, np.array(leaves)


def merged(search: Search, upper: float, near: float) -> tuple[list[int], Integers]:
    """The same, after parts whose halves are both leaves were bounded once more.

    A search refines a part's lam as far as it takes to choose where to halve it. Those are tried
    whose bounds are at most ``near`` above ``upper``; what is found is kept in the search's nodes.
    """
    nodes = search.nodes
    open_parts = nodes.bound > upper + near  # or tried
    while True:
        order, leaves = pruned(nodes, upper)
        is_leaf = np.zeros(len(nodes.bound), bool)
        is_leaf[leaves] = True
        inner = np.array(order, dtype=np.intp)
        inner = inner[~is_leaf[inner] & ~open_parts[inner]]
        parents = inner[is_leaf[nodes.children[inner]].all(1)]
        open_parts[parents] = True
        if not (_refine(search, parents) <= upper).any():
            return order, leaves


def _refine(search: Search, parts: Integers) -> Floats:
    """Bound parts from what is known of them; their bounds, which do not grow."""
    nodes = search.nodes
    for start in range(0, len(parts), _BATCH):
        some = parts[start : start + _BATCH]
        rows = search.bounded(nodes.batch(some)).rows()
        better = rows["bound"] < nodes.bound[some]
        for name in _REFINED:
            getattr(nodes, name)[some[better]] = rows[name][better]
    bounds: Floats = nodes.bound[parts]
    return bounds
