"""The environment: a game played against its quantal follower, many episodes at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.evaluate.float64 import evaluate_float64
from exactqse.model.game import Game
from exactqse.simulate.episodes import Episodes, Integers
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


class Environment:
    """A game, its follower and the noise: it plays announced policies and tells what is seen.

    Sampling is by inverse distribution functions in float64. The follower answers the policy as a
    whole, by :func:`exactqse.evaluate_float64`.

    Args:
        game: the game, any eta and gamma.
        noise: that of the observed leader rewards.

    Raises:
        InputError: a number of the game is beyond the range of float64.
    """

    def __init__(self, game: Game, noise: Noise = NO_NOISE) -> None:
        self._game = game
        self.setting = Setting.of(game, noise)
        steps = range(game.horizon)
        self._start = _cumulative(np.array(self.setting.rho))
        self._P = [_cumulative(game.P_float[h if len(game.P) > 1 else 0]) for h in steps]
        self._u = [game.u_float[h if len(game.u) > 1 else 0] for h in steps]
        self._announced: bytes = b""
        self._nu: Floats = np.zeros(0)
        self._pi: Floats = np.zeros(0)

    def play(self, policy: Floats, episodes: int, random: np.random.Generator) -> Episodes:
        """Play ``episodes`` episodes with one announced policy, shape (H, S, B, A).

        Raises:
            PolicyError: not a policy of this game.
        """
        self._announce(policy)
        horizon = self.setting.horizon
        s, b, a = np.empty((3, episodes, horizon), dtype=np.intp)
        u = np.empty((episodes, horizon))
        state = _drawn(np.broadcast_to(self._start, (episodes, len(self._start))), random)
        for h in range(horizon):
            s[:, h] = state
            b[:, h] = response = _drawn(self._nu[h, state], random)
            a[:, h] = action = _drawn(self._pi[h, state, response], random)
            mean = self._u[h][state, action, response]
            u[:, h] = self.setting.noise.observed(mean, self.setting.u_bounds, random)
            state = _drawn(self._P[h][state, action, response], random)
        return Episodes(policy.copy(), s, b, a, u)

    def _announce(self, policy: Floats) -> None:
        key = policy.tobytes()
        if key != self._announced:
            nu = evaluate_float64(self._game, policy).nu
            self._nu, self._pi = _cumulative(nu), _cumulative(policy)
            self._announced = key


def _cumulative(probabilities: Floats) -> Floats:
    """Distribution functions along the last axis that end at exactly 1."""
    total = np.cumsum(np.maximum(probabilities, 0), axis=-1)
    result: Floats = total / total[..., -1:]
    return result


def _drawn(cumulative: Floats, random: np.random.Generator) -> Integers:
    """One index per row; never one of probability 0, since a uniform draw is below 1."""
    uniform = random.random((len(cumulative), 1))
    result: Integers = np.count_nonzero(cumulative <= uniform, axis=1)
    return result
