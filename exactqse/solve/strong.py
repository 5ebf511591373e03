"""A myopic follower who best responds, ties broken in the leader's favour: exact rational values.

At (h, s) the leader's value is that of the best of B linear programs, one for each action that the
follower may be made to play: the multiple programs of Conitzer and Sandholm (2006), for every
observation partition. y is taken from the values of step h+1, and the programs' multipliers are the
certificate (proofs/strong-stackelberg.md).
"""

from __future__ import annotations

from fractions import Fraction

from exactqse.errors import NumberError, PrecisionError
from exactqse.kernel.certificate import MIN_PRECISION, Certificate, StrongNode
from exactqse.kernel.game import KernelGame, expectation
from exactqse.kernel.gamefile import game_hash
from exactqse.kernel.numbers import limited
from exactqse.kernel.strong import GRID, Table, action_values, best_response, target_bound
from exactqse.solve.commitment import Mixtures
from exactqse.solve.coverage import require_best_response
from exactqse.solve.effort import Budget, Effort, Progress
from exactqse.solve.stage_rational import Stage, commit
from exactqse.solve.unsearched import greedy

_BELOW = Fraction(-2)  # less than every value of a scaled stage


def solve_strong(
    game: KernelGame, progress: Progress | None = None, *, budget: Budget | None = None
) -> tuple[Certificate, Effort]:
    """The certificate of a strong Stackelberg equilibrium, still unchecked.

    Its bounds are equal unless numbers became so long that they had to be rounded, or the budget
    was spent: from then on (step, state) pairs get bounds that need no linear program.

    Args:
        game: gamma = 0, eta = infinity, any observation partition.
        progress: called with (nodes done, nodes in all).
        budget: a node is a (step, state).

    Raises:
        NotCoveredError: another follower.
        PrecisionError: a probability is longer than a certificate can hold.
    """
    require_best_response(game)
    budget = budget or Budget()
    count = sum(map(len, game.reachable))
    programs = done = 0
    nodes: list[StrongNode] = []
    bounds = values = dict.fromkeys(range(game.states), Fraction(0))
    for step in reversed(range(game.horizon)):
        above, below, bounds, values = bounds, values, {}, {}
        for state in reversed(game.reachable[step]):
            x, y = game.at(game.r, step)[state], action_values(game, game.u, step, state, above)
            if budget.spent:
                node, solved = _unsolved(game, (step, state), y), 0
            else:
                node, solved = _node(game, (step, state), x, y)
                budget.spend(1)
                done += 1
            programs += solved
            after = y if above == below else action_values(game, game.u, step, state, below)
            bounds[state] = node.upper
            _, values[state] = best_response(game, node.policy, x, after)
            nodes.append(node)
            if progress is not None:
                progress(len(nodes), count)
    lower, upper = expectation(game.rho, values), expectation(game.rho, bounds)
    bounds_of_j = _rounded_down(lower), -_rounded_down(-upper)
    found = Certificate(game_hash(game), MIN_PRECISION, *bounds_of_j, tuple(reversed(nodes)))
    stopped = budget.reason if done < count else ""
    interrupted = bool(stopped) and budget.interrupted
    effort = Effort(count, MIN_PRECISION, programs, "linear programs", stopped, interrupted)
    return found, effort


def _node(game: KernelGame, place: tuple[int, int], x: Table, y: Table) -> tuple[StrongNode, int]:
    """The best of the B programs, those first that may bring most, and how many were solved."""
    stage = Stage.of(x, y, game.observes)
    best, solved = _BELOW, 0
    policy: Mixtures = ()
    duals = [(Fraction(0),) * game.follower_actions] * game.follower_actions
    for b in sorted(range(game.follower_actions), key=lambda b: -max(stage.y[b])):
        if max(stage.y[b]) > best:  # if not, multipliers of 0 prove it
            found = commit(stage, b, best)
            solved += 1
            best += found.gain
            policy = found.mixtures or policy
            duals[b] = tuple(_short(mu * stage.ratio) for mu in found.duals)
    upper = max(target_bound(game, x, y, b, mu) for b, mu in enumerate(duals))
    if not all(_fits(p) for mixture in policy for _, p in mixture):
        what = f"a probability at step {place[0]}, state {place[1]} is too long for a certificate"
        raise PrecisionError(what, remedy="round the follower's rewards")
    return StrongNode(*place, -_rounded_down(-upper), policy, tuple(duals)), solved


def _unsolved(game: KernelGame, place: tuple[int, int], y: Table) -> StrongNode:
    """No mean of y is above the largest: multipliers of 0 prove that."""
    columns = list(zip(*y, strict=True))
    duals = ((Fraction(0),) * len(columns),) * len(columns)
    upper = -_rounded_down(-max(map(max, columns)))
    return StrongNode(*place, upper, greedy(game, columns), duals)


def _rounded_down(value: Fraction) -> Fraction:
    """The value, or the multiple of 1/GRID below it when its denominator is larger."""
    return value if value.denominator <= GRID else Fraction(value * GRID // 1, GRID)


def _short(value: Fraction) -> Fraction:
    """The value, rounded down when it is longer than a certificate can hold."""
    return value if _fits(value) else Fraction(value * GRID // 1, GRID)


def _fits(value: Fraction) -> bool:
    try:
        limited(value)
    except NumberError:
        return False
    return True
