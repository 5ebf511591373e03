"""The leader's problem as an environment of Gymnasium. It needs the extra ``gymnasium``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, NotCoveredError, PolicyError
from exactqse.evaluate.float64 import best_response, evaluate_float64, quantal_response
from exactqse.kernel.game import KernelGame, require_game
from exactqse.model.game import Game
from exactqse.model.policy import Policy
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.simulate.world import World, cumulative, drawn

try:
    import gymnasium
    from gymnasium.envs.registration import EnvSpec
    from gymnasium.spaces import Box, MultiDiscrete
except ModuleNotFoundError as error:
    remedy = 'install it with: pip install "exactqse[gymnasium]"'
    raise InputError("gymnasium is not installed", where="LeaderEnv", remedy=remedy) from error

Floats = NDArray[np.float64]
Observation = NDArray[np.int64]
ID = "exactqse/Leader-v0"


class LeaderEnv(gymnasium.Env[Observation, Floats]):
    """One episode is one play of the game; one action is the prescription of one step.

    - Action: weights in [0, 1] of shape (cells * A,), one row of A weights for each cell of the
      follower's actions that the leader can tell apart. alpha(a | cell) is the row divided by its
      sum; a row of zeros is the uniform distribution.
    - Observation: (h, s), the step and the state, in {0..H} x {0..S-1}; h = H at the end.
    - Reward: the leader's observed reward u, with its noise.
    - ``terminated`` after H steps; ``truncated`` never.
    - ``info``, after a step: "prescription" (cells, A), "follower_action", "leader_action".

    The follower's reward is nowhere in the public face, nor are P and the mean of u.

    Args:
        game: with a follower whose response to a step's prescription does not depend on later
            ones: gamma = 0 and a finite eta, or H = 1.
        noise: that of the observed rewards.

    Raises:
        NotCoveredError: another follower.
        InputError: a number of the game is beyond the range of float64.
    """

    def __init__(self, game: KernelGame, noise: Noise = NO_NOISE) -> None:
        require_game(game)
        _require_memoryless(game)
        face = game if isinstance(game, Game) else Game.from_kernel(game)
        evaluate_float64(face, Policy.uniform(face))  # refuses what float64 cannot hold
        self.metadata = {"render_modes": []}
        self._game = face
        self._world = World(face, noise)
        self._place: tuple[int, int] | None = None
        self.setting = self._world.setting
        cells, leader = len(face.observes), face.leader_actions
        self.action_space = Box(0.0, 1.0, (cells * leader,), np.float64)
        self.observation_space = MultiDiscrete([face.horizon + 1, face.states])

        def again(**_: Any) -> LeaderEnv:  # what gymnasium.make calls, and keeps; it shows no game
            return LeaderEnv(face, noise)

        self.spec = EnvSpec(ID, entry_point=again)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; ``options`` mean nothing."""
        super().reset(seed=seed, options=options)
        self._place = 0, int(self._world.first(1, self.np_random)[0])
        return self._seen(self._place), {}

    def step(self, action: Floats) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Announce a prescription, and play one step.

        Raises:
            PolicyError: no array of weights in [0, 1] of the right shape.
            InputError: no episode has begun, or it is over.
        """
        if self._place is None:
            raise InputError("no episode is under way", where="step", remedy="call reset()")
        h, s = self._place
        rows = self._prescription(action)
        alpha = np.empty((self.setting.follower_actions, self.setting.leader_actions))
        for cell, row in zip(self.setting.observes, rows, strict=True):
            alpha[list(cell)] = row
        state = np.array([s])
        b = drawn(cumulative(self._response(h, s, alpha)), self.np_random)
        a = drawn(cumulative(alpha[b]), self.np_random)
        u, after = self._world.after(h, state, a, b, self.np_random)
        place = h + 1, int(after[0])
        over = place[0] == self.setting.horizon
        self._place = None if over else place
        info = {"prescription": rows, "follower_action": int(b[0]), "leader_action": int(a[0])}
        return self._seen(place), float(u[0]), over, False, info

    def _prescription(self, action: Any) -> Floats:
        """Distributions over the leader's actions, shape (cells, A)."""
        shape = self.action_space.shape
        weights = np.asarray(action)
        if weights.dtype.kind not in "fiu" or weights.shape != shape:
            raise PolicyError(f"is not an array of {shape} numbers", where="action")
        weights = weights.astype(np.float64)
        if not ((weights >= 0) & (weights <= 1)).all():
            raise PolicyError("a weight is not in [0, 1]", where="action")
        rows = weights.reshape(len(self.setting.observes), -1)
        rows[rows.max(axis=1) == 0] = 1
        rows /= rows.max(axis=1, keepdims=True)  # so that no sum of tiny weights loses its digits
        rows /= rows.sum(axis=1, keepdims=True)
        return rows

    def _response(self, h: int, s: int, alpha: Floats) -> Floats:
        """nu(b | s) for the prescription alpha(a | b), shape (1, B)."""
        r, u = (
            table[h if len(table) > 1 else 0, s]
            for table in (self._game.r_float, self._game.u_float)
        )
        Q = np.einsum("ba,ab->b", alpha, r)[None]
        if self._game.eta is None:
            return best_response(Q, np.einsum("ba,ab->b", alpha, u)[None])[1]
        return quantal_response(Q, float(self._game.eta))[1]

    @staticmethod
    def _seen(place: tuple[int, int]) -> Observation:
        return np.array(place, dtype=np.int64)


def _require_memoryless(game: KernelGame) -> None:
    if game.horizon == 1 or (game.gamma == 0 and game.eta is not None):
        return
    why = f"gamma = {game.gamma} > 0" if game.gamma else "eta = infinity, ties in her favour"
    what = f"not covered: {why}: the response depends on what she plays in later steps"
    remedy = "play whole policies with exactqse.simulate.Environment"
    raise NotCoveredError(what, where="LeaderEnv", remedy=remedy)
