"""One stage against a best-responding follower: linear programs in exact rationals.

The leader chooses alpha_c in Delta(A) for every cell c. With z_c = theta alpha_c and theta >= 0,
what she needs is linear in z (c(b) is the cell of b, |z_c| the sum of z_c):

    b is a best response:   x_b'.z_c(b') <= x_b.z_c(b) for all b',   theta = |z_c(b)| <= |z_c|

As x >= 0 and y <= 0, cells with |z_c| > theta gain nothing: divided by |z_c| in place of theta they
have smaller x_b' and larger y_b' (proofs/strong-stackelberg.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactqse.kernel.strong import Table
from exactqse.solve.commitment import Mixtures
from exactqse.solve.linear import maximise

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Stage:
    """A stage's tables as [b][a], shifted and scaled: x in [0, 1] and y in [-1, 0].

    The game's own values are ``top + span v``, its multipliers ``ratio`` times those here.
    """

    x: Table
    y: Table
    cells: tuple[tuple[int, ...], ...]
    top: Fraction
    span: Fraction
    ratio: Fraction

    @classmethod
    def of(cls, x: Table, y: Table, cells: tuple[tuple[int, ...], ...]) -> Stage:
        """The stage with the game's own tables, [a][b]."""
        low, high = min(map(min, x)), max(map(max, x))
        bottom, top = min(map(min, y)), max(map(max, y))
        width, span = (high - low) or ONE, (top - bottom) or ONE
        shifted = tuple(tuple((v - low) / width for v in by_a) for by_a in zip(*x, strict=True))
        lowered = tuple(tuple((v - top) / span for v in by_a) for by_a in zip(*y, strict=True))
        return cls(shifted, lowered, cells, top, span, span / width)

    @property
    def actions(self) -> int:
        """A."""
        return len(self.x[0])

    def cell(self, b: int) -> int:
        """c(b)."""
        return next(c for c, cell in enumerate(self.cells) if b in cell)

    def row(self, c: int, values: Sequence[Fraction]) -> list[Fraction]:
        """The coefficients of z in values.z_c."""
        row = [ZERO] * (len(self.cells) * self.actions)
        row[c * self.actions : (c + 1) * self.actions] = values
        return row

    def total(self, c: int) -> list[Fraction]:
        """The coefficients of z in |z_c|."""
        return self.row(c, [ONE] * self.actions)

    def behind(self, target: int, b: int) -> list[Fraction]:
        """The coefficients of z in x_b.z_c(b) - x_target.z_c(target)."""
        pairs = zip(self.x[b], self.x[target], strict=True)
        if self.cell(b) == self.cell(target):
            return self.row(self.cell(b), [v - w for v, w in pairs])
        return _minus(
            self.row(self.cell(b), self.x[b]), self.row(self.cell(target), self.x[target])
        )

    def short(self, target: int, b: int, level: Fraction) -> list[Fraction]:
        """The coefficients of z in level theta - y_b.z_c(b), with theta = |z_c(target)|."""
        theta = self.total(self.cell(target))
        return _minus([level * t for t in theta], self.row(self.cell(b), self.y[b]))

    def smaller(self, target: int) -> list[list[Fraction]]:
        """The coefficients of z in theta - |z_c|, for every other cell."""
        home = self.cell(target)
        others = [c for c in range(len(self.cells)) if c != home]
        return [_minus(self.total(home), self.total(c)) for c in others]

    def mixtures(self, z: Sequence[Fraction]) -> Mixtures:
        """alpha: every z_c over its sum."""
        A = self.actions
        parts = [z[c * A : (c + 1) * A] for c in range(len(self.cells))]
        sums = [sum(part, ZERO) for part in parts]
        return tuple(
            tuple((a, v / total) for a, v in enumerate(part) if v)
            for part, total in zip(parts, sums, strict=True)
        )


def _minus(first: list[Fraction], second: list[Fraction]) -> list[Fraction]:
    return [v - w if w else v for v, w in zip(first, second, strict=True)]


@dataclass(frozen=True)
class Commitment:
    """The best commitment that some b answers, by how much it exceeds a floor.

    Attributes:
        gain: max(0, the value minus the floor).
        mixtures: the commitment; empty when there is no gain.
        duals: multipliers mu >= 0, one for each follower action, that prove it.
    """

    gain: Fraction
    mixtures: Mixtures
    duals: tuple[Fraction, ...]


def commit(stage: Stage, target: int, floor: Fraction, also: Collection[int] = ()) -> Commitment:
    """max over alpha that the target answers of min(y_b.alpha_c(b) for b = target and ``also``).

    The linear program maximises t over z >= 0 and t >= 0 with theta <= 1 and

        t + floor theta <= y_b.z_c(b),

    which z = 0 satisfies: a target that answers nothing has the gain 0.
    """
    others = [b for b in range(len(stage.x)) if b != target]
    valued = [target, *also]
    rows = [[*stage.behind(target, b), ZERO] for b in others]
    rows += [[*stage.short(target, b, floor), ONE] for b in valued]
    rows += [[*row, ZERO] for row in stage.smaller(target)]
    rows += [[*stage.total(stage.cell(target)), ZERO]]
    bounds = [ZERO] * (len(rows) - 1) + [ONE]
    objective = [ZERO] * (len(rows[0]) - 1) + [ONE]
    found = maximise(objective, rows, bounds)
    weight = sum(found.w[len(others) : len(others) + len(valued)])
    duals = dict(zip(others, found.w, strict=False))
    mu = tuple(duals.get(b, ZERO) / weight for b in range(len(stage.x)))
    return Commitment(found.value, stage.mixtures(found.z) if found.value else (), mu)


@dataclass(frozen=True)
class Spread:
    """A commitment at which as many inequalities as possible are strict.

    Attributes:
        mixtures: the commitment; empty when there is none.
        apart: the b that are worse for the follower than the target.
        above: the b whose value to the leader is above the level.
    """

    mixtures: Mixtures
    apart: frozenset[int]
    above: frozenset[int]


def spread(
    stage: Stage,
    target: int,
    tied: Collection[int] = (),
    level: Fraction = ZERO,
    barred: Collection[tuple[int, int]] = (),
) -> Spread:
    """A relative interior point of the commitments that the target answers.

    The linear program maximises the sum of slacks, each of at most 1, in theta >= 0, in the
    inequalities of a best response for b not in ``tied``, and in y_b.z_c(b) >= level theta for b in
    ``tied``. All that can be positive are, since solutions add up and can be scaled up
    (proofs/weak-stackelberg.md). z_c(a) = 0 for (c, a) in ``barred``.
    """
    others = [b for b in range(len(stage.x)) if b not in {target, *tied}]
    strict = [[-v for v in stage.total(stage.cell(target))]]
    strict += [stage.behind(target, b) for b in others]
    strict += [stage.short(target, b, level) for b in tied]
    plain = [stage.behind(target, b) for b in tied if b != target]
    plain += stage.smaller(target)
    plain += [stage.row(c, [Fraction(i == a) for i in range(stage.actions)]) for c, a in barred]
    units = [[Fraction(i == k) for k in range(len(strict))] for i in range(len(strict))]
    blank = [ZERO] * len(strict)
    rows = [[*row, *unit] for row, unit in zip(strict, units, strict=True)]
    rows += [[*row, *blank] for row in plain]
    rows += [[ZERO] * len(strict[0]) + unit for unit in units]
    bounds = [ZERO] * (len(strict) + len(plain)) + [ONE] * len(strict)
    found = maximise([ZERO] * len(strict[0]) + [ONE] * len(strict), rows, bounds)
    theta, *slacks = found.z[len(strict[0]) :]
    positive = [bool(slack) for slack in slacks]
    return Spread(
        stage.mixtures(found.z) if theta else (),
        frozenset(b for b, on in zip(others, positive, strict=False) if on),
        frozenset(b for b, on in zip(tied, positive[len(others) :], strict=True) if on),
    )
