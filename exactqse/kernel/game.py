"""The leader-follower Markov game, exact and immutable.

A game is (S, A, B, H, rho, P, u, r, eta, gamma) with the leader's observation partition of B.
Tables hold one entry that serves every step (a *stationary* table) or one entry per step, and a
table whose steps are all equal is stored as stationary: equal games have equal fields. The rules
are those of proofs/game-file.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import gcd, lcm
from typing import Any, TypeVar

from exactqse.errors import GameError, of_kind
from exactqse.kernel.codec import demand
from exactqse.kernel.numbers import is_plain

T = TypeVar("T")
Ints = tuple[int, ...]
Places = tuple[tuple[int, int], ...]  # (step, state)
MAX_HORIZON = 10**6
MAX_ROW_BITS = 6500  # so that each probability is within the limits of numbers.py


@dataclass(frozen=True, slots=True)
class Row:
    """A distribution over states: state ``states[i]`` has ``numerators[i]/denominator``.

    Numerators are positive, sum to the denominator, share no common factor with it; states ascend.
    """

    denominator: int
    states: Ints
    numerators: Ints

    def __post_init__(self) -> None:
        if (
            any(type(n) is not int or n <= 0 for n in (self.denominator, *self.numerators))
            or sum(self.numerators) != self.denominator
            or gcd(self.denominator, *self.numerators) != 1
            or len(self.states) != len(self.numerators)
            or (type(self.states), type(self.numerators)) != (tuple, tuple)
            or any(type(t) is not int or s >= t for s, t in pairwise((-1, *self.states)))
        ):
            raise GameError(f"{self.states} with {self.numerators} over {self.denominator}"[:120])
        if self.denominator.bit_length() > MAX_ROW_BITS:
            what = f"common denominator has more than {MAX_ROW_BITS} bits"
            raise GameError(what, remedy="round the probabilities")


def expectation(row: Row, values: Mapping[int, Fraction]) -> Fraction:
    """The mean of exact values under a distribution of states."""
    d = lcm(*(values[s].denominator for s in row.states))
    terms = ((values[s] * d).numerator * n for s, n in zip(row.states, row.numerators, strict=True))
    return Fraction(sum(terms), d * row.denominator)


Payoffs = tuple[tuple[tuple[tuple[Fraction, ...], ...], ...], ...]  # [1 or H][S][A][B]
Transitions = tuple[tuple[tuple[tuple[Row, ...], ...], ...], ...]  # [1 or H][S][A][B]


@dataclass(frozen=True)
class KernelGame:
    """A validated leader-follower Markov game.

    Attributes:
        horizon: H >= 1, the number of steps.
        states, leader_actions, follower_actions: S, A, B, each at least 1.
        rho: the distribution of the first state.
        P: [1 or H][s][a][b], distribution of the next state.
        u, r: [1 or H][s][a][b], the leader's and the follower's reward.
        eta: the follower's inverse temperature > 0; None stands for infinity.
        gamma: the follower's discount factor in [0, 1].
        observes: the partition of B, cells in ascending order of their first element.
        names: optional names of states, leader actions and follower actions.

    The first entry of a table with equal steps is kept and serves every step.

    Raises:
        GameError: a field out of its domain, or tables of the wrong shape.
    """

    horizon: int
    states: int
    leader_actions: int
    follower_actions: int
    rho: Row
    P: Transitions
    u: Payoffs
    r: Payoffs
    eta: Fraction | None
    gamma: Fraction
    observes: tuple[Ints, ...]
    names: tuple[tuple[str, ...] | None, ...] = (None, None, None)

    def __post_init__(self) -> None:
        for label, count, names in zip(_SIZES, self.shape, (None, *self.names), strict=True):
            if type(count) is not int or count < 1:
                raise GameError(f"there must be at least one, not {count!r}", where=label)
            if names is not None and (len(names) != count or len(set(names)) != count):
                raise GameError(f"need {count} different names", where=f"names of {label}")
        what = f"{self.horizon} is more than {MAX_HORIZON} steps"
        demand(self.horizon <= MAX_HORIZON, what, "horizon", GameError)
        demand(self.eta is None or self.eta > 0, f"{self.eta} is not positive", "eta", GameError)
        demand(0 <= self.gamma <= 1, f"{self.gamma} is not in [0, 1]", "gamma", GameError)
        check_partition(self.observes, self.follower_actions)
        sizes = [{1, self.horizon}, {self.states}, {self.leader_actions}, {self.follower_actions}]
        for label, kind in {"P": Row, "u": Fraction, "r": Fraction}.items():
            table = getattr(self, label)
            _check_table(table, kind, sizes, label)
            if all(step == table[0] for step in table):
                object.__setattr__(self, label, table[:1])
        rows = (row for step in self.P for state in step for by_b in state for row in by_b)
        inside = all(row.states[-1] < self.states for row in (self.rho, *rows))
        demand(inside, f"a row names a state beyond {self.states - 1}", "rho or P", GameError)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(H, S, A, B)."""
        return self.horizon, self.states, self.leader_actions, self.follower_actions

    def at(self, table: Sequence[T], step: int) -> T:
        """The table's entry for a step, stationary or not."""
        return table[step if len(table) > 1 else 0]

    @cached_property
    def reachable(self) -> tuple[Ints, ...]:
        """[h]: the states that some policy reaches at step h (proofs/reachability.md)."""
        layers = [self.rho.states]
        for step in range(self.horizon - 1):
            rows = self.at(self.P, step)
            after = {t for s in layers[-1] for by_b in rows[s] for row in by_b for t in row.states}
            layers.append(tuple(sorted(after)))
        return tuple(layers)

    @cached_property
    def least(self) -> Fraction:
        """The leader's least reward."""
        return min(u for step in self.u for state in step for by_b in state for u in by_b)

    @cached_property
    def places(self) -> Places:
        """The reachable (step, state), in ascending order."""
        return tuple((h, s) for h, layer in enumerate(self.reachable) for s in layer)


def require_game(game: object) -> None:
    """Raise KindError unless this is a game."""
    remedy = "build one with Game.from_arrays, or read one with Game.load"
    of_kind(game, KernelGame, "a game", where="game", remedy=remedy)


_SIZES = ("horizon", "states", "leader actions", "follower actions")


def check_partition(cells: tuple[Ints, ...], count: int) -> None:
    """Raise GameError unless ``cells`` is a partition of 0..count-1 in canonical order."""
    members = sorted(b for cell in cells for b in cell)
    whole = len(members) == count and members == [*range(count)] and all(cells)
    if not whole or cells != tuple(sorted(tuple(sorted(cell)) for cell in cells)):
        what = "is not a partition of the follower's actions in ascending order"
        remedy = f"every one of 0..{count - 1} must be in exactly one nonempty cell"
        raise GameError(what, where="observes", remedy=remedy)


def _check_table(table: Any, kind: type, sizes: Sequence[set[int]], where: str) -> None:
    """Raise GameError unless the nested tuples are of these sizes, and nothing in them changes."""
    if not (type(table) is tuple and len(table) in sizes[0] if sizes else is_plain(table, kind)):
        expected = f"a tuple of {' or '.join(map(str, sizes[0]))}" if sizes else "a plain one"
        what = f"is not {expected} in nested tuples of {kind.__name__}"
        raise GameError(what, where=where, remedy="Game.from_arrays makes nested tuples")
    for i, part in enumerate(table if sizes else ()):
        _check_table(part, kind, sizes[1:], f"{where}[{i}]")
