"""The environment: a game played against its quantal follower, many episodes at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.evaluate.float64 import evaluate_float64
from exactqse.model.game import Game
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.simulate.world import World, cumulative, drawn

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
        self._world = World(game, noise)
        self.setting = self._world.setting
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
        state = self._world.first(episodes, random)
        for h in range(horizon):
            s[:, h] = state
            b[:, h] = response = drawn(self._nu[h, state], random)
            a[:, h] = action = drawn(self._pi[h, state, response], random)
            u[:, h], state = self._world.after(h, state, action, response, random)
        return Episodes(policy.copy(), s, b, a, u)

    def _announce(self, policy: Floats) -> None:
        key = policy.tobytes()
        if key != self._announced:
            nu = evaluate_float64(self._game, policy).nu
            self._nu, self._pi = cumulative(nu), cumulative(policy)
            self._announced = key
