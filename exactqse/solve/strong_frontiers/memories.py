"""How achieved frontiers are played: memories, and lotteries between them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from exactqse.kernel.certificate import Distribution, HistoryNode
from exactqse.kernel.game import KernelGame
from exactqse.solve.strong_frontiers.place import Play

Key = tuple[int, int, int]  # step, state, vertex
FIRST: Distribution = ((0, Fraction(1)),)


def memories(
    game: KernelGame, plays: Mapping[tuple[int, int], tuple[Play, ...]]
) -> tuple[HistoryNode, ...]:
    """The memories that are used from the first step on."""
    wanted = [(0, s, 0) for s in game.reachable[0]]
    rows: dict[Key, tuple[Play, list[dict[int, Distribution]]]] = {}
    while wanted:
        key = h, s, k = wanted.pop()
        if key in rows:
            continue
        play = plays[h, s][k]
        after = [
            {t: play.after[t] if b == play.b else FIRST for t in states}
            for b, states in enumerate(_followers(game, h, s))
        ]
        rows[key] = play, after
        wanted += [(h + 1, t, i) for draws in after for t, lot in draws.items() for i, _ in lot]
    keys = sorted(rows)
    index = {key: number for number, key in enumerate(keys)}
    nodes = []
    for h, s, k in keys:
        play, after = rows[h, s, k]
        draws = tuple(
            tuple((t, tuple((index[h + 1, t, i], p) for i, p in lot)) for t, lot in by_b.items())
            for by_b in after
        )
        nodes.append(HistoryNode(h, s, play.policy, draws))
    return tuple(nodes)


def _followers(game: KernelGame, h: int, s: int) -> list[list[int]]:
    """[b]: the states that may follow."""
    rows = game.at(game.P, h)[s] if h + 1 < game.horizon else []
    return [sorted({t for row in by_b for t in row.states}) for by_b in zip(*rows, strict=True)]
