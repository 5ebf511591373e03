"""The game graph: which (step, state) the play can reach, and how they merge.

Nodes are the reachable (h, s); an edge leads to (h+1, s') when some (a, b) moves there with
positive probability. Every response probability is positive for finite eta and the leader is free,
so support is all that counts. What is not reachable has no influence on J and is skipped by
solvers.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from exactqse.kernel.game import KernelGame, require_game

Place = tuple[int, int]  # (h, s)


@dataclass(frozen=True, slots=True)
class GraphReport:
    """What :func:`describe_graph` found.

    Attributes:
        layer_sizes: [h], how many states are reachable at step h.
        reachable: the number of reachable (h, s), the sum of the layer sizes.
        edges: the number of distinct moves from a reachable (h, s) to an (h+1, s').
        unreachable: the (h, s) that no policy reaches, in ascending order.
        merging: the reachable (h, s) with more than one predecessor, in ascending order.
    """

    layer_sizes: tuple[int, ...]
    reachable: int
    edges: int
    unreachable: tuple[Place, ...]
    merging: tuple[Place, ...]

    @property
    def is_tree(self) -> bool:
        """Whether every reachable (h, s) has at most one predecessor: one tree per first state."""
        return not self.merging


def game_graph(game: KernelGame) -> nx.DiGraph:
    """The reachable part as a directed graph.

    Nodes are pairs (h, s). Edges carry ``pairs``: the (a, b), in ascending order, that can make the
    move.
    """
    graph = _layered(game)
    for h, s in graph:
        pairs: dict[int, list[tuple[int, int]]] = {}
        for a, by_b in enumerate(game.at(game.P, h)[s]):
            for b, row in enumerate(by_b):
                for t in row.states:
                    pairs.setdefault(t, []).append((a, b))
        for _, after, data in graph.out_edges((h, s), data=True):
            data["pairs"] = tuple(pairs[after[1]])
    return graph


def describe_graph(game: KernelGame) -> GraphReport:
    """Layer sizes, unreachable places, and the places where paths merge."""
    graph = _layered(game)
    layers = [0] * game.horizon
    for h, _ in graph.nodes:
        layers[h] += 1
    places = ((h, s) for h in range(game.horizon) for s in range(game.states))
    return GraphReport(
        layer_sizes=tuple(layers),
        reachable=graph.number_of_nodes(),
        edges=graph.number_of_edges(),
        unreachable=tuple(place for place in places if place not in graph),
        merging=tuple(sorted(place for place, degree in graph.in_degree() if degree > 1)),
    )


def _layered(game: KernelGame) -> nx.DiGraph:
    """Nodes and edges by breadth-first search from the support of rho, one layer a step."""
    require_game(game)
    graph = nx.DiGraph()
    layer = [(0, s) for s in game.rho.states]
    graph.add_nodes_from(layer)
    for h in range(game.horizon - 1):
        rows = game.at(game.P, h)
        following: set[Place] = set()
        for place in layer:
            after = {(h + 1, t) for by_b in rows[place[1]] for row in by_b for t in row.states}
            graph.add_edges_from((place, target) for target in sorted(after))
            following |= after
        layer = sorted(following)
    return graph
