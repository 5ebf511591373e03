"""From the trees of a certificate back to the parts of a search, so that it can go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.kernel.certificate import Leaf, Tree
from exactqse.solve.majorants import Floats, Integers

Splits = dict[int, tuple[int, int, int]]  # key: corners i, j and the first half's key; then +1


@dataclass(frozen=True)
class Planted:
    """A tree with a key for every part: its splits and its leaves.

    Attributes:
        splits: i, j and the first half's key, by key.
        leaves: the n leaves.
        key: their keys, (n,).
        corner: their corners alpha, (n, K, A).
    """

    splits: Splits
    leaves: list[Leaf]
    key: Integers
    corner: Floats


def plant(tree: Tree, root: int, free: int, actions: int) -> Planted:
    """The tree with ``root`` as its root's key and keys from ``free`` on for the others."""
    levels: list[list[tuple[int, int, int]]] = [[]]  # (row in the level above, corners i, j)
    splits: Splits = {}
    leaves: list[tuple[int, int, int, Leaf]] = []  # depth, row in its level, key
    left = [(0, 0, root)]
    for entry in tree:
        depth, row, key = left.pop()
        if isinstance(entry, Leaf):
            leaves.append((depth, row, key, entry))
            continue
        if depth + 1 == len(levels):
            levels.append([])
        below = levels[depth + 1]
        first = 2 * len(below)
        below.append((row, entry.i, entry.j))
        splits[key] = entry.i, entry.j, free
        left += [(depth + 1, first + 1, free + 1), (depth + 1, first, free)]
        free += 2
    leaves.sort(key=lambda leaf: leaf[0])
    corners = []
    corner = np.eye(actions)[None]
    depths = np.array([depth for depth, *_ in leaves])
    rows = np.array([row for _, row, *_ in leaves])
    for depth, below in enumerate([*levels[1:], []]):
        corners.append(corner[rows[depths == depth]])
        if below:
            corner = _halves(corner, np.array(below))
    keys = np.array([key for *_, key, _ in leaves])
    return Planted(splits, [leaf for *_, leaf in leaves], keys, np.concatenate(corners))


def _halves(corner: Floats, splits: Integers) -> Floats:
    """Both halves of each split (row, i, j), one after the other, (2 n, K, A)."""
    row, i, j = splits.T
    n = np.arange(len(row))
    middle = (corner[row, i] + corner[row, j]) / 2
    halves = np.repeat(corner[row], 2, axis=0)
    halves[2 * n, i] = middle
    halves[2 * n + 1, j] = middle
    return halves
