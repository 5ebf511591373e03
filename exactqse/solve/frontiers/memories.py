"""How achieved frontiers are played: memories, lotteries between them (proofs/frontiers.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.kernel.certificate import Distribution, HistoryNode
from exactqse.kernel.game import KernelGame
from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.search import Search
from exactqse.solve.frontiers.stage import Response, Stage
from exactqse.solve.rounding import distribution, rounded

Lottery = dict[int, float]  # over the vertices of a next state's frontier


@dataclass(frozen=True, eq=False)
class Play:
    """After one b: a mixture (A,), and a lottery for each next state."""

    alpha: Floats
    after: list[Lottery]


def play(stage: Stage, found: Response, k: int, b: int) -> Play:
    """What achieves (x, y) of b at the k-th lam.

    On an edge the picks change one by one from the first end's to the second's, then the mixture
    does; all on the way lie on the edge.
    """
    first, second = found.first[k, b], found.second[k, b]
    d, e, w = int(found.d[k, b]), int(found.e[k, b]), float(found.w[k, b])
    if w == 0:
        return Play(first, [{int(i): 1.0} for i in stage.pick[d]])
    step = 1 if e >= d else -1
    path = np.arange(d, e + step, step)
    points = np.stack([first @ stage.X[b][:, path], first @ stage.Y[b][:, path]])
    end = np.array([second @ stage.X[b][:, e], second @ stage.Y[b][:, e]])
    along = end - points[:, 0]
    done = along @ (points - points[:, :1])
    goal = w * float(along @ along)
    past = np.flatnonzero(done >= goal)
    if past.size and past[0] > 0:
        i = int(past[0])
        share = (goal - done[i - 1]) / (done[i] - done[i - 1])
        return Play(first, _between(stage, path[i - 1], path[i], share))
    rest = float(along @ along) - done[-1]
    share = (goal - done[-1]) / rest if rest > 0 else 0.0
    alpha = first + min(max(share, 0.0), 1.0) * (second - first)
    return Play(alpha, [{int(i): 1.0} for i in stage.pick[e]])


def _between(stage: Stage, d: int, e: int, share: float) -> list[Lottery]:
    return [
        {int(i): 1.0} if i == j else {int(i): 1 - share, int(j): share}
        for i, j in zip(stage.pick[d], stage.pick[e], strict=True)
    ]


def memories(game: KernelGame, search: Search) -> tuple[HistoryNode, ...]:
    """The memories that the solution uses, from the first step on."""
    wanted: list[dict[int, set[int]]] = [{} for _ in search.places]
    wanted[0] = {n: {0} for n in range(len(search.places[0]))}
    plays: dict[tuple[int, int, int], list[Play]] = {}
    for h, layer in enumerate(wanted):
        for n, ks in layer.items():
            side = search.places[h][n].side(0)
            stage, found = side.stage, side.found
            for k in ks:
                made = [play(stage, found, k, b) for b in range(game.follower_actions)]
                plays[h, n, k] = made
                for one in made:
                    for t, lottery in zip(search.after[h][n], one.after, strict=True):
                        line = search.places[h + 1][t].side(0).line
                        some = wanted[h + 1].setdefault(int(t), set())
                        some.update(int(line.tag[i]) for i in lottery)
    keys = sorted(plays)
    index = {key: number for number, key in enumerate(keys)}
    return tuple(_node(game, search, index, key, plays[key]) for key in keys)


def _node(
    game: KernelGame,
    search: Search,
    index: dict[tuple[int, int, int], int],
    key: tuple[int, int, int],
    plays: list[Play],
) -> HistoryNode:
    h, n, _ = key
    policy = tuple(rounded(plays[cell[0]].alpha) for cell in game.observes)
    after: list[tuple[tuple[int, Distribution], ...]] = []
    if h + 1 < game.horizon:
        states = game.reachable[h + 1]
        for b, one in enumerate(plays):
            draws = []
            for k, t in enumerate(search.after[h][n]):
                if not search.model.layers[h].P[n, b, :, t].any():
                    continue
                line = search.places[h + 1][t].side(0).line
                weights: dict[int, float] = {}
                for i, p in one.after[k].items():
                    memory = index[h + 1, int(t), int(line.tag[i])]
                    weights[memory] = weights.get(memory, 0.0) + p
                draws.append((states[t], distribution(weights)))
            after.append(tuple(draws))
    return HistoryNode(h, game.reachable[h][n], policy, tuple(after))


def likely(nodes: tuple[HistoryNode, ...]) -> dict[tuple[int, int], HistoryNode]:
    """Of each place the memory that lotteries name with the most weight in all."""
    weights = [0.0] * len(nodes)
    best: dict[tuple[int, int], int] = {}
    for k, node in enumerate(nodes):
        place = node.step, node.state
        if place not in best or weights[k] > weights[best[place]]:
            best[place] = k
        for _, lottery in (draw for draws in node.after for draw in draws):
            for i, p in lottery:
                weights[i] += float(p)
    return {place: nodes[k] for place, k in best.items()}
