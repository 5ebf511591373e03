"""Trees over the leader's mixtures: where they are halved, and the corners of their leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.kernel.certificate import Split
from exactqse.solve.farsighted.model import Floats, Model

Shape = tuple[Split | None, ...]  # a tree in preorder, None for a leaf
WHOLE: Shape = (None,)
_PURE = 1e-9
_STEPS = 3  # halvings around the policy, for each level


@dataclass(frozen=True, eq=False)
class Forest:
    """A tree for every cell at every place.

    Attributes:
        shapes: [step][place][cell].
        corners: per step (n, B, F, A, A), the corners of each b's leaves; a tree with fewer than F
            leaves repeats its last one.
    """

    shapes: list[list[list[Shape]]]
    corners: list[Floats]


def whole(model: Model) -> Forest:
    """No simplex is divided."""
    return forest(model, [[[WHOLE] * len(model.cells) for _ in layer.u] for layer in model.layers])


def forest(model: Model, shapes: list[list[list[Shape]]]) -> Forest:
    """The forest of these shapes."""
    corners = []
    for layer, places in zip(model.layers, shapes, strict=True):
        A = layer.u.shape[2]
        leaves = [[leaf_corners(shape, A) for shape in cells] for cells in places]
        count = max(len(found) for cells in leaves for found in cells)
        padded = [
            [np.stack(found + found[-1:] * (count - len(found))) for found in cells]
            for cells in leaves
        ]
        corners.append(np.array(padded)[:, model.cell])
    return Forest(shapes, corners)


def leaf_corners(shape: Shape, actions: int) -> list[Floats]:
    """The corners (A, A) of each leaf, in preorder."""
    parts, found = [np.eye(actions)], []
    for entry in shape:
        part = parts.pop()
        if entry is None:
            found.append(part)
            continue
        middle = (part[entry.i] + part[entry.j]) / 2
        for k in (entry.j, entry.i):
            half = part.copy()
            half[k] = middle
            parts.append(half)
    return found


def finer(model: Model, policy: list[Floats], levels: int) -> list[Forest]:
    """Forests with finer and finer halvings around a policy, per step (n, B, A).

    A cell with one member is not divided: its bound at given values of the follower is tight.
    """
    if model.singles:
        return []
    return [
        forest(
            model,
            [
                [
                    [_shape(pi[place, cell[0]], len(cell), level) for cell in model.cells]
                    for place in range(len(pi))
                ]
                for pi in policy
            ],
        )
        for level in range(1, levels + 1)
    ]


def _shape(point: Floats, members: int, level: int) -> Shape:
    if members == 1:
        return WHOLE
    return tuple(_around(np.eye(len(point)), point, level, _STEPS * level))


def _around(part: Floats, point: Floats, even: int, depth: int) -> list[Split | None]:
    """Halvings of longest edges: ``even`` everywhere, ``depth`` where the point is."""
    if not depth:
        return [None]
    gaps = np.abs(part[:, None] - part[None]).sum(-1)
    i, j = sorted(int(k) for k in np.unravel_index(gaps.argmax(), gaps.shape))
    entries: list[Split | None] = [Split(i, j)]
    middle = (part[i] + part[j]) / 2
    inside = False
    for k in (i, j):  # the half that has the middle for i comes first
        half = part.copy()
        half[k] = middle
        here = not inside and bool((np.linalg.solve(half.T, point) >= -_PURE).all())
        inside = inside or here
        entries += _around(half, point, max(even - 1, 0), depth - 1 if here else max(even - 1, 0))
    return entries
