"""The certified solver for gamma = 0, finite eta, a leader who sees the action: Theorems 1 to 4.

The myopic response at a state depends on the policy there alone, so backward induction is exact and
each (h, s) is a stage problem (proofs/propagation.md; the supremum is attained, see
proofs/attainment.md). A stage, with y taken from the upper values of the next step, is first solved
in float64, then refined and certified in integers; where that fails, it is searched in balls.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from operator import mul

import numpy as np

from exactqse.arithmetic.balls import precision
from exactqse.kernel.certificate import Certificate, Leaf, Node
from exactqse.kernel.game import KernelGame, Payoffs, Row
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.interval import Interval
from exactqse.kernel.operators import initial_mean
from exactqse.solve.effort import Budget, Effort, Progress
from exactqse.solve.stage_balls import refine
from exactqse.solve.stage_fixed import CertifiedStage, Stage, polish, worth
from exactqse.solve.stage_float64 import StageSolutions, solve_stages
from exactqse.solve.stage_scalar import start
from exactqse.solve.unsearched import plain_node

_CHUNK = 32  # stages between looks at the clock
_SLACK_BITS = 10  # of a unit of the margin: what rounding may take from J(policy) in a checker


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
    above, below = (game.eta or Fraction(0)).as_integer_ratio()
    value = _ceiling(game.u) * game.horizon
    exponent = 3 * above * _ceiling(game.r) // below + 1
    steps = 4 * game.horizon
    margin = (10**digits * steps).bit_length() + 1 + extra
    spare = sum(v.bit_length() for v in (value, exponent, steps * game.follower_actions))
    return Bits(margin, margin + spare + 32, value.bit_length())


def _ceiling(table: Payoffs) -> int:
    """An integer above every entry's absolute value."""
    rows = (by_b for step in table for state in step for by_b in state)
    return max(max(abs(n) // d for n, d in map(Fraction.as_integer_ratio, row)) for row in rows) + 1


def solve_prescription(
    game: KernelGame,
    digits: int,
    *,
    extra: int = 0,
    trust_floats: bool = True,
    budget: Budget | None = None,
    progress: Progress | None = None,
) -> tuple[Certificate, Effort]:
    """A certificate for the game, still unchecked, that aims at upper - lower <= 10^-digits.

    What the leader sees does not matter where she has one action only.

    Without ``trust_floats`` every stage chooses its mixtures in exact arithmetic, which is slower.
    A node of the ``budget`` is a (step, state); once it is spent, the others get bounds that need
    no search.

    Raises:
        PrecisionError: a stage's root was not found at these bits.
    """
    bits = plan_bits(game, digits, extra)
    budget = budget or Budget()
    slack = Fraction(1, 1 << bits.margin)
    count = sum(map(len, game.reachable))
    nodes: list[Node] = []
    close = solved = 0
    after: list[Interval] = []  # (the policy's value, the certified value) at the next step
    with precision(bits.p + 32):
        for step in reversed(range(game.horizon)):
            layer: list[Interval] = [(0, 0)] * game.states
            states = game.reachable[step]
            upper, gaps = [value[1] for value in after], [value[1] - value[0] for value in after]
            for start in range(0, len(states), _CHUNK):
                some = states[-start - 1 : -start - _CHUNK - 1 : -1]  # descending, as all nodes
                if budget.spent:
                    for state in some:
                        place = step, state
                        node, layer[state] = plain_node(game, place, after, bits.p, slack)
                        nodes.append(node)
                    continue
                stages = [_stage(game, step, state, upper, bits) for state in some]
                leaves, searched = _leaves(stages, trust_floats=trust_floats)
                close += searched
                budget.spend(len(some))
                solved += len(some)
                for state, stage, leaf in zip(some, stages, leaves, strict=True):
                    nodes.append(_node(game, step, state, leaf))
                    above, below = leaf.upper.as_integer_ratio()
                    missing = _losses(game, step, state, leaf, gaps)
                    layer[state] = worth(stage, leaf, missing), (above << bits.p) // below
                    if progress is not None:
                        progress(len(nodes), count)
            after = layer
    nodes.reverse()
    stopped = budget.reason if solved < count else ""
    interrupted = bool(stopped) and budget.interrupted
    effort = Effort(count, bits.p, close, "stages beyond float64", stopped, interrupted)
    lower, ceiling = _bounds(game, after, bits)
    return Certificate(game_hash(game), bits.p, lower, ceiling, tuple(nodes)), effort


def _node(game: KernelGame, step: int, state: int, leaf: CertifiedStage) -> Node:
    """The stage by cells: where they have several members, the leader has one action."""
    cells = game.observes
    trees = tuple((Leaf(tuple(leaf.majorants[b] for b in cell)),) for cell in cells)
    policy = tuple(leaf.policy[cell[0]] for cell in cells)
    return Node(step, state, leaf.upper, leaf.shift, policy, trees)


def _leaves(stages: list[Stage], *, trust_floats: bool) -> tuple[list[CertifiedStage], int]:
    """The stages of a layer, solved; and how many were searched in exact arithmetic."""
    leaves = [_quick(stage) if trust_floats else None for stage in stages]
    hard = [n for n, leaf in enumerate(leaves) if leaf is None]
    close = 0
    if hard:
        floats = _solve_floats([stages[n] for n in hard])
        if not trust_floats:
            floats.close[:] = True
        for place, n in enumerate(hard):
            leaves[n] = _refine(stages[n], floats, place)
        close = int(floats.close.sum())
    return [leaf for leaf in leaves if leaf is not None], close


def _quick(stage: Stage) -> CertifiedStage | None:
    """The stage refined from its scalar start, where that is good enough."""
    try:
        found = start(*_floats(stage))
    except OverflowError:
        return None
    return None if found is None else polish(stage, *found)


def _refine(stage: Stage, floats: StageSolutions, n: int) -> CertifiedStage:
    mixes = list(zip(floats.first[n].tolist(), floats.second[n].tolist(), strict=True))
    return refine(stage, float(floats.value[n]), None if floats.close[n] else mixes)


def _stage(game: KernelGame, step: int, state: int, after: list[int], bits: Bits) -> Stage:
    """The exact stage: x = eta r rounded down, y = u + P W rounded up."""
    p = bits.p
    above, below = (game.eta or Fraction(0)).as_integer_ratio()
    r, u = game.at(game.r, step)[state], game.at(game.u, step)[state]
    x = [[(above * n << p) // (below * d) for n, d in column] for column in _columns(r)]
    y = [[-((-n << p) // d) for n, d in column] for column in _columns(u)]
    if after:
        rows = game.at(game.P, step)[state]
        y = [
            [v + _mean(row[b], after) for v, row in zip(column, rows, strict=True)]
            for b, column in enumerate(y)
        ]
    return Stage(x, y, p, bits.margin, bits.size)


def _columns(table: tuple[tuple[Fraction, ...], ...]) -> list[list[tuple[int, int]]]:
    """[b][a] from [a][b], each entry as its numerator and denominator."""
    return [[v.as_integer_ratio() for v in column] for column in zip(*table, strict=True)]


def _mean(row: Row, values: list[int]) -> int:
    """The mean of one integer a state, rounded up."""
    states = row.states
    chosen = values if len(states) == len(values) else [values[t] for t in states]
    total: int = sum(map(mul, row.numerators, chosen))
    return -(-total // row.denominator)


def _losses(
    game: KernelGame, step: int, state: int, leaf: CertifiedStage, gaps: list[int]
) -> list[list[int]]:
    """How much less than y the policy's own continuation is, for each action that it takes."""
    if not gaps:
        return [[0] * len(by_b) for by_b in leaf.policy]
    rows = game.at(game.P, step)[state]
    return [[_mean(rows[a][b], gaps) for a, _ in by_b] for b, by_b in enumerate(leaf.policy)]


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


def _bounds(game: KernelGame, values: list[Interval], bits: Bits) -> tuple[Fraction, Fraction]:
    """J of the rounded policy rounded down, the certified value up, to the margin's bits."""
    low, high = initial_mean(game, dict(enumerate(values)), bits.p)
    unit = 1 << bits.margin
    lower, upper = floor(low * unit - Fraction(1, 1 << _SLACK_BITS)), ceil(high * unit)
    return Fraction(lower, unit), Fraction(upper, unit)
