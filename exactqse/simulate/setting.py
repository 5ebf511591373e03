"""What a learner may know of a game before its first episode: everything but P, u and r."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from exactqse.errors import GameError, InputError, of_kind, shown
from exactqse.kernel.game import MAX_HORIZON, KernelGame, Payoffs, check_partition
from exactqse.simulate.noise import NO_NOISE, Noise, is_real

TOLERANCE = 1e-9  # of sums of probabilities in float64
_HIDDEN = ("P", "u", "r", "game", "P_float", "u_float", "r_float")
_SIZES = ("horizon", "states", "leader_actions", "follower_actions")


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

    Raises:
        InputError: a field of another type, or out of its range, with its name.
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

    def __post_init__(self) -> None:
        for name in _SIZES:
            most = MAX_HORIZON if name == "horizon" else sys.maxsize
            size = getattr(self, name)
            if type(size) is not int or not 1 <= size <= most:
                _refuse(name, f"{shown(size)} is not an integer from 1 to {most}")
        _check_distribution(self.rho, self.states)
        if self.eta is not None and not (is_real(self.eta) and self.eta > 0):
            _refuse("eta", f"{shown(self.eta)} is not a positive number, nor None for infinity")
        if not (is_real(self.gamma) and 0 <= self.gamma <= 1):
            _refuse("gamma", f"{shown(self.gamma)} is not in [0, 1]")
        _check_cells(self.observes, self.follower_actions)
        for name in ("u_bounds", "r_bounds"):
            ends = getattr(self, name)
            if not (_are_reals(ends) and len(ends) == 2 and ends[0] <= ends[1]):
                _refuse(name, f"{shown(ends)} is not a pair of numbers, the lesser one first")
        of_kind(self.noise, Noise, "a Noise", where="setting.noise")

    @classmethod
    def of(cls, game: KernelGame, noise: Noise = NO_NOISE) -> Setting:
        """The setting of a game. Bounds are rounded outward to float64, other numbers to nearest.

        Raises:
            InputError: a number is beyond the range of float64.
        """
        try:
            return cls._rounded(game, noise)
        except OverflowError as error:
            raise InputError("a number is beyond the range of float64", where="game") from error

    @classmethod
    def _rounded(cls, game: KernelGame, noise: Noise) -> Setting:
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


def _refuse(name: str, what: str) -> None:
    raise InputError(what, where=f"setting.{name}")


def _are_reals(values: object) -> bool:
    return isinstance(values, tuple) and all(map(is_real, values))


def _check_distribution(rho: tuple[float, ...], states: int) -> None:
    if not _are_reals(rho) or len(rho) != states or min(rho) < 0:
        _refuse("rho", f"is not a tuple of {states} probabilities")
    if abs(math.fsum(rho) - 1) > TOLERANCE:
        _refuse("rho", f"probabilities sum to {math.fsum(rho):.12g}, not to 1")


def _check_cells(cells: tuple[tuple[int, ...], ...], count: int) -> None:
    nested = isinstance(cells, tuple) and all(isinstance(cell, tuple) for cell in cells)
    if not nested or any(type(b) is not int for b in chain.from_iterable(cells)):
        _refuse("observes", f"{shown(cells)} is not a tuple of tuples of integers")
    try:
        check_partition(cells, count)
    except GameError as error:
        _refuse("observes", error.what)


def _bounds(table: Payoffs) -> tuple[float, float]:
    """The least and the largest entry, rounded down and up; OverflowError beyond float64."""
    entries = set(chain.from_iterable(row for step in table for state in step for row in state))
    return _outward(min(entries), -math.inf), _outward(max(entries), math.inf)


def _outward(value: Fraction, direction: float) -> float:
    near = float(value)
    beyond = Fraction(near) < value if direction > 0 else Fraction(near) > value
    return math.nextafter(near, direction) if beyond else near
