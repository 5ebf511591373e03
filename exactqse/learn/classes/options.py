"""What the learners over finite classes ask of their options, and the blocks they play in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from exactqse.errors import InputError, NotCoveredError, shown
from exactqse.simulate.noise import is_real
from exactqse.simulate.setting import Setting


def require_options(*, delta: float, width_scale: float) -> None:
    """Raise InputError unless 0 < delta < 1 and 0 <= width_scale < infinity."""
    if not is_real(delta) or not 0 < delta < 1:
        what = f"{shown(delta)} is not a probability in (0, 1)"
        raise InputError(what, where="delta", remedy="0.05 is usual")
    require_nonnegative(width_scale, "width_scale", "1 for the proven widths")


def require_nonnegative(value: float, where: str, remedy: str = "") -> None:
    """Raise InputError unless 0 <= value < infinity."""
    if not is_real(value) or not 0 <= value < math.inf:
        raise InputError(f"{shown(value)} is not a number >= 0", where=where, remedy=remedy)


def require_quantal(setting: Setting) -> float:
    """The follower's eta. Raises NotCoveredError at infinity: there he has no likelihood."""
    if setting.eta is None:
        what = "a best-responding follower (eta infinite) has no likelihood to learn from"
        raise NotCoveredError(what, remedy="use a finite eta")
    return setting.eta


@dataclass
class Blocks:
    """Rare switching: after t episodes the next policy stands for 1 + floor(growth t) of them.

    So T episodes take O(log(T) / growth) announcements, and no policy is played for longer than
    ``growth`` times what was known when it was chosen (and one episode).

    Attributes:
        growth: >= 0; 0 asks for a policy in every episode.
        played: t, the episodes so far.
    """

    growth: float
    played: int = 0

    @property
    def length(self) -> int:
        """The episodes of the next block."""
        return 1 + int(self.growth * self.played)


def below(value: Fraction) -> float:
    """The largest float64 that is at most the value."""
    near = float(value)
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)


def above(value: Fraction) -> float:
    """The least float64 that is at least the value."""
    return -below(-value)


def up(value: float) -> float:
    """The next float64 above: a bound that was rounded to nearest is one again."""
    return math.nextafter(value, math.inf)


def down(value: float) -> float:
    """The next float64 below."""
    return math.nextafter(value, -math.inf)
