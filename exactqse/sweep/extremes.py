"""What J*(eta) tends to as the follower becomes indifferent, or best responds.

At eta = 0 he answers uniformly, whatever the leader does, and her problem is linear:

    W_h(s) = (1/B) sum_c max_a sum_{b in c} [ u_h(s, a, b) + sum_t P_h(t | s, a, b) W_{h+1}(t) ]

J*(eta) tends to it as eta falls to 0, whatever gamma is. As eta grows, J*(eta) comes to lie between
the weak and the strong Stackelberg value (proofs/temperature-limits.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from exactqse.arithmetic import Enclosure
from exactqse.kernel.game import KernelGame, expectation, require_game
from exactqse.kernel.strong import Table, action_values
from exactqse.solve.api import solve
from exactqse.solve.solution import Solution, uninterrupted
from exactqse.solve.weak import solve_weak, worst_case


@dataclass(frozen=True)
class Limits:
    """Limits of J*(eta); J* itself has these values at no finite eta > 0, as a rule.

    Attributes:
        zero: the limit as eta falls to 0, exactly.
        infinity: contains every limit of J*(eta_k) as eta_k grows. For gamma = 0 from the weak to
            the strong Stackelberg value; for gamma > 0 from what ``strong.policy`` is worth with
            ties broken against the leader to the certified upper bound of the strong value. Of
            width 0 where these agree: then the limit exists and is this.
        strong: the strong Stackelberg solution, checked by the kernel.
    """

    zero: Fraction
    infinity: Enclosure
    strong: Solution


def limits(
    game: KernelGame,
    *,
    gap: Fraction | float | str | None = None,
    time_limit: float | None = None,
) -> Limits:
    """The limits of J*(eta) at 0 and at infinity; the game's eta is not read.

    Args:
        game: any gamma, any partition that the leader observes.
        gap: as for :func:`exactqse.solve`, of the strong Stackelberg value. For gamma = 0 that is
            exact whatever is asked for, and so are both ends of ``infinity``.
        time_limit: the same.

    Raises:
        KindError: not a game.
        PrecisionError: a probability is longer than a certificate can hold.
    """
    require_game(game)
    extreme = replace(game, eta=None)
    strong = uninterrupted(solve(extreme, gap=gap, time_limit=time_limit))
    weak = worst_case(strong) if game.gamma else solve_weak(extreme).value
    return Limits(zero=uniform_value(game), infinity=Enclosure(weak, strong.upper), strong=strong)


def uniform_value(game: KernelGame) -> Fraction:
    """The largest J against a follower who answers uniformly, exactly."""
    values = dict.fromkeys(range(game.states), Fraction(0))
    for step in reversed(range(game.horizon)):
        after, values = values, {}
        for s in game.reachable[step]:
            y = action_values(game, game.u, step, s, after)
            total = sum((_best(y, cell) for cell in game.observes), Fraction(0))
            values[s] = total / game.follower_actions
    return expectation(game.rho, values)


def _best(y: Table, cell: tuple[int, ...]) -> Fraction:
    return max(sum((row[b] for b in cell), Fraction(0)) for row in y)
