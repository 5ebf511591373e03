"""Which games are trees."""

from __future__ import annotations

from exactqse.kernel.game import KernelGame
from exactqse.model.graph import describe_graph


def is_tree(game: KernelGame) -> bool:
    """Whether every reachable (h, s) has at most one predecessor."""
    return describe_graph(game).is_tree
