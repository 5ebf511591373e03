"""The parts of a cover that may hold a policy worth a level, and which of them touch.

The kernel's arithmetic bounds every part that is excluded, and encloses the values of the others
(proofs/near-optimal-values.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, nextafter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactqse.arithmetic import Enclosure
from exactqse.kernel.certificate import Certificate, MixtureSplit, Part, ValueSplit
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.farsighted import Box, PartBounds
from exactqse.kernel.game import KernelGame
from exactqse.kernel.interval import Interval, Simplex, add, enclose, ends, mixed
from exactqse.kernel.operators import exponents
from exactqse.kernel.stage import FailureError, cut
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
    """The parts that no claim bounds by less than the level."""
    p = certificate.precision
    claimed = replace(certificate, slopes=cover.slopes)
    memory: dict[Any, Any] = {}
    left = []
    for number, (part, box) in enumerate(_boxes(game, cover, p)):
        if part is not None:
            where = f"part {number}"
            bounds = PartBounds(game, claimed, part, box, p, elementary, where, memory)
            if _is_below(bounds, level):
                continue
        ranges = _ranges(game, box, p, elementary)
        if ranges is not None:
            left.append(_left(game, box, ranges, p))
    return left


def _is_below(bounds: PartBounds, level: Fraction) -> bool:
    """Whether the claims of a part are shown to bound it by less than the level."""
    try:
        bound = bounds.bound()
    except FailureError:  # what is not shown excludes nothing
        return False
    return bound is None or bound < level


def _boxes(game: KernelGame, cover: Narrowed, p: int) -> Iterator[tuple[Part | None, Box]]:
    """The parts of a cover with their boxes, as the checker has them."""
    index = {place: j for j, place in enumerate(game.places)}
    actions = range(game.leader_actions)
    pure: Simplex = tuple(tuple(int(a == k) for a in actions) for k in actions)
    boxes: list[Box] = [({}, {}, {})]
    for entry in cover.entries:
        least, most, within = box = boxes.pop()
        if isinstance(entry, ValueSplit):
            j = index[entry.step, entry.state]
            at = enclose(*(entry.at * (game.eta or 1)).as_integer_ratio(), p)
            boxes += [(least | {j: at[0]}, most, within), (least, most | {j: at[1]}, within)]
        elif isinstance(entry, MixtureSplit):
            cell = index[entry.step, entry.state], entry.cell
            halves = cut(within.get(cell, pure), entry.edge)
            boxes += [(least, most, within | {cell: half}) for half in reversed(halves)]
        else:
            yield entry, box


def _ranges(
    game: KernelGame, box: Box, p: int, elementary: Elementary
) -> dict[int, Interval] | None:
    """Around v = eta V of every place of steps >= 1; None if no policy has its values in the box.

    Backward: v is increasing in what the next step has, and least and largest at pure actions, or
    corners of a simplex.
    """
    least, most, within = box
    found: dict[int, Interval] = {}
    number = {place: j for j, place in enumerate(game.places)}
    for j, (h, s) in reversed([*enumerate(game.places)]):
        if h == 0:
            break
        after = game.reachable[h + 1] if h + 1 < game.horizon else ()
        sides = []
        for side, extreme in ((0, min), (1, max)):
            values = {t: found[number[h + 1, t]][side] for t in after}
            x = exponents(game, h, s, ends({t: (v, v) for t, v in values.items()}), p)
            for c, cell in enumerate(game.observes):
                for b in cell if (j, c) in within else ():
                    x[b] = [mixed(corner, x[b]) for corner in within[j, c]]
            best = [extreme(interval[side] for interval in column) for column in x]
            sides.append(_log_sum(best, p, elementary)[side])
        low, high = max(sides[0], least.get(j, sides[0])), min(sides[1], most.get(j, sides[1]))
        if low > high:
            return None
        found[j] = low, high
    return found


def _log_sum(xs: Sequence[int], p: int, elementary: Elementary) -> Interval:
    """Around ln sum_b e^{x_b}."""
    shift = max(xs)
    total = add(elementary.exp((x - shift, x - shift), p) for x in xs)
    low, high = elementary.log(total, 1 << p, p)
    return shift + low, shift + high


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
