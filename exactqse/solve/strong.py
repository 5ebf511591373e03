"""A myopic follower who best responds, ties broken in the leader's favour: exact rational values.

At (h, s) the leader's value is that of the best of B linear programs, one for each action that the
follower may be made to play: the multiple programs of Conitzer and Sandholm (2006), for every
observation partition. y is taken from the values of step h+1, and the programs' multipliers are the
certificate (proofs/strong-stackelberg.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import NumberError, PrecisionError, approximate
from exactqse.kernel.game import KernelGame
from exactqse.kernel.numbers import limited
from exactqse.kernel.strong import (
    GRID,
    StrongNode,
    Table,
    check_strong,
    expectation,
    leader_table,
    policy_value,
    target_bound,
)
from exactqse.model.policy import Policy
from exactqse.solve.commitment import Mixtures, full_policy, require_best_response
from exactqse.solve.prescription import Progress
from exactqse.solve.stage_rational import Stage, commit
from exactqse.solve.weak import solve_weak

_BELOW = Fraction(-2)  # less than every value of a scaled stage


@dataclass(frozen=True)
class StrongSolution:
    """A strong Stackelberg equilibrium: lower <= J(policy) <= J* <= upper, mostly all equal.

    Attributes:
        game: the game that was solved.
        nodes: the proof, one node for each reachable (step, state).
        lower, upper: the bounds, accepted by the kernel's check; equal unless numbers became so
            long that they had to be rounded.
        reason: in words, what was proved.
    """

    game: KernelGame
    nodes: tuple[StrongNode, ...]
    lower: Fraction
    upper: Fraction
    reason: str

    @property
    def value(self) -> Enclosure:
        """[lower, upper], which contains J*."""
        return Enclosure(self.lower, self.upper)

    @property
    def policy(self) -> Policy:
        """Exact rationals, [h][s][b][a]; action 0 at (h, s) that are never reached."""
        return full_policy(self.game, {(node.step, node.state): node.policy for node in self.nodes})

    @cached_property
    def weak_value(self) -> Fraction:
        """The supremum of J when ties are broken against the leader, exactly."""
        return solve_weak(self.game).value


def solve_strong(game: KernelGame, *, progress: Progress | None = None) -> StrongSolution:
    """The strong Stackelberg equilibrium, checked by the kernel.

    Args:
        game: gamma = 0, eta = infinity, any observation partition.
        progress: called with (nodes done, nodes in all).

    Raises:
        NotCoveredError: another follower.
        PrecisionError: a probability is longer than a certificate can hold.
    """
    nodes, lower, upper = search_strong(game, progress=progress)
    if refused := check_strong(game, nodes, lower, upper):
        raise PrecisionError(f"the certificate is refused: {refused}", remedy="report the game")
    said = "upper = lower"
    if lower < upper:
        bits = GRID.bit_length() - 1
        said = f"upper - lower = {approximate(upper - lower)}, numbers were rounded to {bits} bits"
    return StrongSolution(game, nodes, lower, upper, f"accepted: {said} over {len(nodes)} nodes")


def search_strong(
    game: KernelGame, *, progress: Progress | None = None
) -> tuple[tuple[StrongNode, ...], Fraction, Fraction]:
    """(nodes, lower, upper), still unchecked. Raises as :func:`solve_strong`."""
    require_best_response(game)
    count = sum(map(len, game.reachable))
    nodes: list[StrongNode] = []
    bounds = values = dict.fromkeys(range(game.states), Fraction(0))
    for step in reversed(range(game.horizon)):
        above, below, bounds, values = bounds, values, {}, {}
        for state in reversed(game.reachable[step]):
            x, y = game.at(game.r, step)[state], leader_table(game, step, state, above)
            node = _node(game, (step, state), x, y)
            after = y if above == below else leader_table(game, step, state, below)
            bounds[state] = node.upper
            values[state] = policy_value(game, node.policy, x, after)
            nodes.append(node)
            if progress is not None:
                progress(len(nodes), count)
    lower, upper = expectation(game.rho, values), expectation(game.rho, bounds)
    return tuple(reversed(nodes)), _rounded_down(lower), -_rounded_down(-upper)


def _node(game: KernelGame, place: tuple[int, int], x: Table, y: Table) -> StrongNode:
    """The best of the B programs, those first that may bring most."""
    stage = Stage.of(x, y, game.observes)
    best = _BELOW
    policy: Mixtures = ()
    duals = [(Fraction(0),) * game.follower_actions] * game.follower_actions
    for b in sorted(range(game.follower_actions), key=lambda b: -max(stage.y[b])):
        if max(stage.y[b]) > best:  # if not, multipliers of 0 prove it
            found = commit(stage, b, best)
            best += found.gain
            policy = found.mixtures or policy
            duals[b] = tuple(_short(mu * stage.ratio) for mu in found.duals)
    upper = max(target_bound(game, x, y, b, mu) for b, mu in enumerate(duals))
    if not all(_fits(p) for mixture in policy for _, p in mixture):
        what = f"a probability at step {place[0]}, state {place[1]} is too long for a certificate"
        raise PrecisionError(what, remedy="round the follower's rewards")
    return StrongNode(*place, -_rounded_down(-upper), policy, tuple(duals))


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
