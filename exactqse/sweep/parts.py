"""The parts of a cover that may hold a policy worth a level, and which of them touch.

The kernel's arithmetic bounds every part that is excluded, and encloses the values of the others
(proofs/near-optimal-values.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, nextafter

import numpy as np
from numpy.typing import NDArray

from exactqse.arithmetic import Enclosure
from exactqse.kernel.certificate import Certificate, Part
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.farsighted import Box, Frontier, PartBounds, parts
from exactqse.kernel.fit import require_fit
from exactqse.kernel.game import KernelGame
from exactqse.kernel.interval import Interval, Simplex
from exactqse.kernel.stage import FailureError
from exactqse.model.policy import Policy
from exactqse.solve.farsighted.narrowing import Narrowed

Place = tuple[int, int]


@dataclass(frozen=True)
class Left:
    """A part that is left.

    Attributes:
        values: around V_h(s) of its policies, by (step, state), step >= 1.
        mixtures: around the leader's probabilities [a], by (step, state, cell), where these are
            limited, with the follower actions of the cell.
    """

    values: dict[Place, Enclosure]
    mixtures: dict[tuple[int, int, int], tuple[tuple[int, ...], tuple[Enclosure, ...]]]

    def allows(self, policy: Policy) -> bool:
        """Whether the policy's probabilities are as they are limited here."""
        return all(
            p in x
            for (h, s, _), (members, weights) in self.mixtures.items()
            for p, x in zip(policy.probabilities[h][s][members[0]], weights, strict=True)
        )


def parts_left(
    game: KernelGame,
    certificate: Certificate,
    level: Fraction,
    cover: Narrowed,
    elementary: Elementary,
) -> list[Left]:
    """The parts that no claim bounds by less than the level.

    Raises:
        CertificateError: the cover is not complete, or a claim not of the form that a checker asks.
    """
    blank = next(entry for entry in certificate.cover if isinstance(entry, Part))
    blank = replace(blank, slopes=len(cover.slopes) + blank.slopes)
    slopes = (*cover.slopes, *certificate.slopes)
    entries = tuple(blank if entry is None else entry for entry in cover.entries)
    claimed = replace(certificate, slopes=slopes, cover=entries)
    require_fit(game, claimed)
    left = []
    for bounds in parts(game, claimed, certificate.precision, elementary):
        if bounds.part is not blank and _is_below(bounds, level):
            continue
        if (ranges := _ranges(bounds)) is not None:
            left.append(_left(game, bounds.box, ranges, certificate.precision))
    return left


def _is_below(bounds: PartBounds, level: Fraction) -> bool:
    """Whether the claims of a part are shown to bound it by less than the level."""
    try:
        bound = bounds.bound()
    except FailureError:  # what is not shown excludes nothing
        return False
    return bound is None or bound < level


def _ranges(bounds: PartBounds) -> dict[int, Interval] | None:
    """Around eta V of every place of steps >= 1; None if no policy has its values in the box."""
    least, most, _ = bounds.box
    found: dict[int, Frontier] = {}
    after: dict[int, dict[int, Frontier]] = defaultdict(dict)  # by step and state
    for j, (h, s) in reversed([*enumerate(bounds.game.places)]):
        if h == 0:
            break
        low, high = bounds.range_of(j, after[h + 1])
        low, high = max(low, least.get(j, low)), min(high, most.get(j, high))
        if low > high:
            return None
        found[j] = after[h][s] = Frontier(j, (low, high), low, 0, 0, {}, free=False, points=[])
    return {j: f.v for j, f in found.items()}


def _left(game: KernelGame, box: Box, ranges: dict[int, Interval], p: int) -> Left:
    unit = (game.eta or 1) * (1 << p)
    values = {
        game.places[j]: Enclosure(Fraction(low) / unit, Fraction(high) / unit)
        for j, (low, high) in sorted(ranges.items())
    }
    mixtures = {
        (*game.places[j], c): (game.observes[c], _weights(simplex))
        for (j, c), simplex in sorted(box[2].items())
    }
    return Left(values, mixtures)


def _weights(simplex: Simplex) -> tuple[Enclosure, ...]:
    """The range of each probability in a simplex, of which it is least and largest at corners."""
    rows = [[Fraction(w, sum(corner)) for w in corner] for corner in simplex]
    return tuple(Enclosure(min(column), max(column)) for column in zip(*rows, strict=True))


def groups_of(left: Sequence[Left]) -> list[list[int]]:
    """The parts that touch, directly or through others; two groups are surely apart."""
    low, high = _floats(left)
    waiting, groups = set(range(len(left))), []
    while waiting:
        group, found = [], [min(waiting)]
        waiting.remove(found[0])
        while found:
            n = found.pop()
            group.append(n)
            touching = ((low <= high[n]) & (low[n] <= high)).all(1)
            new = waiting.intersection(np.flatnonzero(touching).tolist())
            waiting -= new
            found += new
        groups.append(sorted(group))
    return groups


def _floats(left: Sequence[Left]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of all ranges, [part][range], rounded outward: these are apart if they are."""
    sizes = {cell: len(x) for part in left for cell, (_, x) in sorted(part.mixtures.items())}
    whole = Enclosure(Fraction(0), Fraction(1))
    rows = []
    for part in left:
        row = [*part.values.values()]
        for cell, size in sizes.items():
            row += part.mixtures[cell][1] if cell in part.mixtures else (whole,) * size
        rows.append(row)
    low = [[nextafter(float(x.lower), -inf) for x in row] for row in rows]
    high = [[nextafter(float(x.upper), inf) for x in row] for row in rows]
    shape = len(left), -1 if rows and rows[0] else 0
    return np.array(low).reshape(shape), np.array(high).reshape(shape)
