"""Where episodes come from: draws of states, actions and observed rewards in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError
from exactqse.model.game import Game
from exactqse.simulate.episodes import Integers
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


class World:
    """First states, observed rewards and next states of a game, many episodes at once.

    The follower plays no part in it, nor does his reward.

    Args:
        game: the game.
        noise: that of the observed leader rewards.

    Raises:
        InputError: a number of the game is beyond the range of float64.
    """

    def __init__(self, game: Game, noise: Noise = NO_NOISE) -> None:
        self.setting = Setting.of(game, noise)
        steps = range(game.horizon)
        self._start = cumulative(np.array(self.setting.rho))
        try:
            self._P = [cumulative(game.P_float[h if len(game.P) > 1 else 0]) for h in steps]
            self._u = [game.u_float[h if len(game.u) > 1 else 0] for h in steps]
        except OverflowError as error:
            raise InputError("a number is beyond the range of float64", where="game") from error

    def first(self, episodes: int, random: np.random.Generator) -> Integers:
        """First states, shape (episodes,)."""
        return drawn(np.broadcast_to(self._start, (episodes, len(self._start))), random)

    def after(
        self, h: int, s: Integers, a: Integers, b: Integers, random: np.random.Generator
    ) -> tuple[Floats, Integers]:
        """Observed rewards of step h, then next states; all shapes (episodes,)."""
        setting = self.setting
        u = setting.noise.observed(self._u[h][s, a, b], setting.u_bounds, random)
        return u, drawn(self._P[h][s, a, b], random)


def cumulative(probabilities: Floats) -> Floats:
    """Distribution functions along the last axis that end at exactly 1."""
    total = np.cumsum(np.maximum(probabilities, 0), axis=-1)
    result: Floats = total / total[..., -1:]
    return result


def drawn(distribution: Floats, random: np.random.Generator) -> Integers:
    """One index per row of distribution functions, shape (episodes, n).

    Never an index of probability 0, since a uniform draw is below 1.
    """
    uniform = random.random((len(distribution), 1))
    result: Integers = np.count_nonzero(distribution <= uniform, axis=1)
    return result
