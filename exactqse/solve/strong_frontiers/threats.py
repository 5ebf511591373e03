"""How little a cell can leave to the follower: min over mixtures of the largest X_b of its members.

By linear programming duality that is the largest of sum_b lambda_b X_b at its least, over weights
lambda of the members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactqse.kernel.certificate import Distribution
from exactqse.kernel.strong import Table
from exactqse.solve.linear import maximise
from exactqse.solve.strong_frontiers.numbers import mixture

ONE = Fraction(1)


@dataclass(frozen=True)
class Threat:
    """What a cell is threatened with.

    Attributes:
        level: max_b X_b under the mixture.
        mixture: of the leader's actions.
        weights: of the members, by b; they prove that no mixture leaves less, but for rounding.
    """

    level: Fraction
    mixture: Distribution
    weights: Mapping[int, Fraction]


def threat(x: Table, cell: Sequence[int]) -> Threat:
    """The least that a cell leaves, for x as [a][b] where what follows is least."""
    if len(cell) == 1:
        (b,) = cell
        a = min(range(len(x)), key=lambda a: x[a][b])
        return Threat(x[a][b], ((a, ONE),), {b: ONE})
    values = [x_a[b] for x_a in x for b in cell]
    low, width = min(values), (max(values) - min(values)) or ONE
    rows = [[1 + (x_a[b] - low) / width for x_a in x] for b in cell]
    found = maximise([ONE] * len(x), rows, [ONE] * len(cell))
    alpha = mixture({a: z / found.value for a, z in enumerate(found.z)})
    weights = mixture({b: w / sum(found.w) for b, w in zip(cell, found.w, strict=True)})
    level = max(sum((p * x[a][b] for a, p in alpha), Fraction(0)) for b in cell)
    return Threat(level, alpha, dict(weights))
