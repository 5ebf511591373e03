"""A stage's exponents and payoffs in float64, and what can be said of it without float64."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactqse.kernel.certificate import DOWN, Leaf, Tree
from exactqse.kernel.game import KernelGame
from exactqse.kernel.interval import Interval, ends
from exactqse.kernel.operators import continuations, exponents

_PLAIN = 400  # payoffs between 2^-400 and 2^400 are taken as they are
_STEEPEST = 10000  # of eta r over a cell: beyond it there is too much to halve
_FAR = -1e15  # an exponent so low that its weight is nothing

Table = list[list[float]]  # [b][a]


@dataclass(frozen=True)
class StageTables:
    """One stage in float64.

    Attributes:
        x: eta r - top, at least -10^15.
        y: U from the upper values of the next step, in units of 2^unit.
        low: U from the values of the policy there, in the same units.
        top: an integer near the largest eta r.
        unit: an integer, 0 for payoffs of usual size.
        bottom: an integer, at most every eta r.
        ceiling: the largest U from upper values.
        tame: whether branch and bound in float64 can do something about it.
    """

    x: Table
    y: Table
    low: Table
    top: int
    unit: int
    bottom: int
    ceiling: Fraction
    tame: bool


def stage_tables(
    game: KernelGame, step: int, state: int, after: list[Interval], p: int, *, trusted: bool
) -> StageTables:
    """The stage; ``after``: (the policy's value, the upper value) at the next step, at p bits.

    Unless float64 is ``trusted``, no stage is tame.
    """
    x = [[v[0] for v in row] for row in exponents(game, step, state, ends({}), p)]
    y = continuations(game, step, state, ends(dict(enumerate(after))), p)
    top, bottom = (choose(map(choose, x)) >> p for choose in (max, min))
    ceiling = max(v[1] for row in y for v in row)
    size = max(max(abs(v[0]), abs(v[1])) for row in y for v in row).bit_length() - p
    unit = 0 if abs(size) <= _PLAIN else size
    cells = [[v for b in cell for v in x[b]] for cell in game.observes if len(cell) > 1]
    steepest = max((max(cell) - min(cell) for cell in cells), default=0) >> p
    return StageTables(
        [[_exponent(v - (top << p), p) for v in row] for row in x],
        [[_float(v[1], p + unit) for v in row] for row in y],
        [[_float(v[0], p + unit) for v in row] for row in y],
        *(top, unit, bottom, Fraction(ceiling, 1 << p)),
        tame=trusted and steepest <= _STEEPEST and top - bottom < -_FAR,
    )


def _exponent(n: int, p: int) -> float:
    """n 2^-p, or as low as it has to be."""
    return _FAR if n < int(_FAR) << p else n / (1 << p)


def _float(n: int, bits: int) -> float:
    """n 2^-bits."""
    return n / (1 << bits) if bits >= 0 else float(n << -bits)


@dataclass(frozen=True)
class Claim:
    """What a node says of the value: an upper bound, its shift and its trees."""

    upper: Fraction
    shift: int
    trees: tuple[Tree, ...]


def plain_claim(game: KernelGame, tables: StageTables, slack: Fraction) -> Claim:
    """No mean of U is above the largest: a claim that holds at any scale.

    With lambda = ceiling + slack, kappa = slack/2 <= lambda - U and a shift below every eta r,
    ``down`` is -kappa (1 + x + ln((lambda - U)/kappa)) <= -kappa at every pure action
    (proofs/joint-majorant.md).
    """
    leaves = (Leaf(((DOWN, slack / 2),) * len(cell)) for cell in game.observes)
    trees = tuple((leaf,) for leaf in leaves)
    return Claim(tables.ceiling + slack, tables.bottom, trees)
