"""The certified solver for gamma = 0, finite eta, a leader who sees the action: Theorems 1 to 4.

The myopic response at a state depends on the policy there alone, so backward induction is exact and
each (h, s) is a stage problem (proofs/propagation.md; the supremum is attained, see
proofs/attainment.md). A layer is first solved in float64, all states at once, then each state is
refined and certified with y taken from the upper values of the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from exactqse.arithmetic.balls import FlintElementary, precision
from exactqse.kernel.certificate import Certificate, Leaf, Node
from exactqse.kernel.game import KernelGame, Payoffs
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval, enclose
from exactqse.kernel.operators import continuation, initial_mean, policy_values, scaled_reward
from exactqse.solve.effort import Effort
from exactqse.solve.stage_balls import CertifiedStage, Mix, Stage, refine
from exactqse.solve.stage_float64 import StageSolutions, solve_stages

_SLACK_BITS = 12  # units in the last place by which another checker may round J(policy) lower
Progress = Callable[[int, int], None]  # nodes done, nodes in all


@dataclass(frozen=True)
class Bits:
    """Fractional bits of the certified values (``margin``) and of the arithmetic (``p``).

    ``size``: the bits of the integer part of any value.
    """

    margin: int
    p: int
    size: int


def plan_bits(game: KernelGame, digits: int, extra: int = 0) -> Bits:
    """Bits such that H certified steps lose less than 10^-digits.

    Each step loses up to two units of the margin, its policy less than one, and rounding the
    arithmetic's ``p - margin`` spare bits cover payoffs, exponents, and sums over B and H.
    """
    eta = game.eta or Fraction(0)
    value = _ceiling(game.u) * game.horizon
    exponent = int(3 * eta * _ceiling(game.r)) + 1
    steps = 4 * game.horizon
    margin = (10**digits * steps).bit_length() + 1 + extra
    spare = sum(v.bit_length() for v in (value, exponent, steps * game.follower_actions))
    return Bits(margin, margin + spare + 32, value.bit_length())


def _ceiling(table: Payoffs) -> int:
    """An integer of at least every entry's absolute value."""
    entries = (v for step in table for s in step for a in s for v in a)
    return max(abs(v.numerator) // v.denominator + 1 for v in entries)


def solve_prescription(
    game: KernelGame,
    digits: int,
    *,
    extra: int = 0,
    trust_floats: bool = True,
    progress: Progress | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= 10^-digits.

    Without ``trust_floats`` every stage chooses its mixtures in exact arithmetic, which is slower.

    Raises:
        PrecisionError: a stage's root was not found at these bits.
    """
    bits = plan_bits(game, digits, extra)
    count = sum(map(len, game.reachable))
    nodes: list[Node] = []
    close = 0
    after: list[Interval] = []
    with precision(bits.p + 32):
        for step in reversed(range(game.horizon)):
            layer: list[Interval] = [(0, 0)] * game.states
            states = game.reachable[step]
            stages = [_stage(game, step, state, after, bits) for state in states]
            floats = _solve_floats(stages)
            if not trust_floats:
                floats.close[:] = True
            for n in reversed(range(len(states))):
                leaf = _refine(stages[n], floats, n)
                close += bool(floats.close[n])
                trees = tuple((Leaf((majorant,)),) for majorant in leaf.majorants)
                nodes.append(Node(step, states[n], leaf.upper, leaf.shift, leaf.policy, trees))
                layer[states[n]] = enclose(leaf.upper.numerator, leaf.upper.denominator, bits.p)
                if progress is not None:
                    progress(len(nodes), count)
            after = layer
    nodes.reverse()
    effort = Effort(len(nodes), bits.p, close, "stages beyond float64")
    lower = _policy_lower(game, nodes, bits)
    _, total, denominator = initial_mean(game, after)
    ceiling = Fraction(-(-total // (denominator << (bits.p - bits.margin))), 1 << bits.margin)
    return Certificate(game_hash(game), bits.p, lower, ceiling, tuple(nodes)), effort


def _refine(stage: Stage, floats: StageSolutions, n: int) -> CertifiedStage:
    mixes: list[Mix] = list(zip(floats.first[n].tolist(), floats.second[n].tolist(), strict=True))
    return refine(stage, float(floats.value[n]), None if floats.close[n] else mixes)


def _stage(game: KernelGame, step: int, state: int, after: list[Interval], bits: Bits) -> Stage:
    """The exact stage: x rounded to nearest below, y rounded up."""
    actions, responses = range(game.leader_actions), range(game.follower_actions)
    p = bits.p
    x = [[scaled_reward(game, step, state, a, b, p)[0] for a in actions] for b in responses]
    y = [[continuation(game, step, state, a, b, after, p)[1] for a in actions] for b in responses]
    return Stage(x, y, p, bits.margin, bits.size)


def _floats(stage: Stage) -> tuple[list[list[float]], list[list[float]]]:
    """The stage in float64, exponents relative to the largest. Raises OverflowError."""
    one = 1 << stage.p
    top = max(map(max, stage.x))
    x = [[(v - top) / one for v in row] for row in stage.x]
    return x, [[v / one for v in row] for row in stage.y]


def _solve_floats(stages: list[Stage]) -> StageSolutions:
    """The same stages in float64; one beyond its range is close: exact arithmetic chooses."""
    blank = [[0.0] * len(row) for row in stages[0].x]
    tables, beyond = [], []
    for n, stage in enumerate(stages):
        try:
            tables.append(_floats(stage))
        except OverflowError:
            tables.append((blank, blank))
            beyond.append(n)
    x, y = zip(*tables, strict=True)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        found = solve_stages(np.array(x), np.array(y))
    found.close[beyond] = True
    return found


def _policy_lower(game: KernelGame, nodes: list[Node], bits: Bits) -> Fraction:
    """J of the rounded policy, rounded down to the margin's bits."""
    values = policy_values(game, nodes, bits.p, FlintElementary())
    total, _, denominator = initial_mean(game, values)
    unit = denominator << (bits.p - bits.margin)
    slack = denominator << _SLACK_BITS
    return Fraction((total - slack) // unit, 1 << bits.margin)
