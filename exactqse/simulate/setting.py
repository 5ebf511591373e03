"""What a learner may know of a game before its first episode: everything but P, u and r."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from exactqse.kernel.game import Payoffs
from exactqse.model.game import Game
from exactqse.simulate.noise import NO_NOISE, Noise

_HIDDEN = ("P", "u", "r", "game", "P_float", "u_float", "r_float")


class HiddenError(AttributeError):
    """A learner asked its setting for what it must learn."""


@dataclass(frozen=True)
class Setting:
    """The public part of a game. It holds no transition probability and no reward.

    Attributes:
        horizon, states, leader_actions, follower_actions: H, S, A, B.
        rho: the distribution of the first state, S probabilities (assumed known, as is usual).
        eta: the follower's inverse temperature; None for a best response.
        gamma: the follower's discount factor.
        observes: the partition of B that the leader sees.
        u_bounds: least and largest leader reward.
        r_bounds: least and largest follower reward; with them theta lies in a known box.
        noise: that of the observed leader rewards.
    """

    horizon: int
    states: int
    leader_actions: int
    follower_actions: int
    rho: tuple[float, ...]
    eta: float | None
    gamma: float
    observes: tuple[tuple[int, ...], ...]
    u_bounds: tuple[float, float]
    r_bounds: tuple[float, float]
    noise: Noise = NO_NOISE

    @classmethod
    def of(cls, game: Game, noise: Noise = NO_NOISE) -> Setting:
        """The setting of a game. Bounds are rounded outward to float64, other numbers to nearest.

        Raises:
            OverflowError: a number beyond the range of float64.
        """
        row = game.rho
        rho = [0.0] * game.states
        for state, numerator in zip(row.states, row.numerators, strict=True):
            rho[state] = numerator / row.denominator
        return cls(
            horizon=game.horizon,
            states=game.states,
            leader_actions=game.leader_actions,
            follower_actions=game.follower_actions,
            rho=tuple(rho),
            eta=None if game.eta is None else float(game.eta),
            gamma=float(game.gamma),
            observes=game.observes,
            u_bounds=_bounds(game.u),
            r_bounds=_bounds(game.r),
            noise=noise,
        )

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(H, S, B, A), the shape of a policy."""
        return self.horizon, self.states, self.follower_actions, self.leader_actions

    @property
    def observes_action(self) -> bool:
        """Whether the leader sees the follower's action before she moves."""
        return all(len(cell) == 1 for cell in self.observes)

    def __getattr__(self, name: str) -> object:
        if name in _HIDDEN:
            raise HiddenError(f"a learner may not know {name}; it sees settings and episodes only")
        raise AttributeError(f"a setting has no attribute {name!r}")


def _bounds(table: Payoffs) -> tuple[float, float]:
    """The least and the largest entry, rounded down and up."""
    entries = set(chain.from_iterable(row for step in table for state in step for row in state))
    return _rounded(min(entries), -math.inf), _rounded(max(entries), math.inf)


def _rounded(value: Fraction, direction: float) -> float:
    near = float(value)
    beyond = Fraction(near) < value if direction > 0 else Fraction(near) > value
    return math.nextafter(near, direction) if beyond else near
