"""Sufficient statistics of what was seen: their size depends on S, A, B, H and how many policies.

Episodes of one policy are counted, not kept, so that memory and the cost of an estimate grow with
the number of distinct policies (logarithmic in the episodes, see schedule.py) and not with t.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


class Records:
    """Counts of everything that the estimators need.

    Attributes:
        n: visits of (h, s, a, b), shape (H, S, A, B).
        reward: sums of observed leader rewards, the same shape.
        after: visits of (h, s, a, b) followed by s', shape (H - 1, S, A, B, S).
        policies: the distinct announced policies, shape (P, H, S, B, A).
        responses: how often b was answered to each of them, shape (P, H, S, B).
        episodes: how many there were.
    """

    def __init__(self, setting: Setting) -> None:
        horizon, states, follower, leader = setting.shape
        pairs = (horizon, states, leader, follower)
        self.n = np.zeros(pairs)
        self.reward = np.zeros(pairs)
        self.after = np.zeros((horizon - 1, *pairs[1:], states))
        self.policies = np.zeros((0, *setting.shape))
        self.responses = np.zeros((0, horizon, states, follower))
        self.episodes = 0
        self._places: dict[bytes, int] = {}

    def add(self, seen: Episodes) -> None:
        """Count some more episodes."""
        place = self._place(seen.policy)
        h = np.broadcast_to(np.arange(seen.s.shape[1]), seen.s.shape)
        at = (h, seen.s, seen.a, seen.b)
        np.add.at(self.n, at, 1)
        np.add.at(self.reward, at, seen.u)
        np.add.at(self.after, (*(part[:, :-1] for part in at), seen.s[:, 1:]), 1)
        np.add.at(self.responses[place], (h, seen.s, seen.b), 1)
        self.episodes += len(seen)

    def transitions(self) -> Floats:
        """Frequencies of s' after (h, s, a, b), uniform where nothing was seen; as ``after``."""
        states = self.after.shape[-1]
        seen = self.after.sum(axis=-1, keepdims=True)
        return np.where(seen > 0, self.after / np.maximum(seen, 1), 1 / states)

    def _place(self, policy: Floats) -> int:
        key = policy.tobytes()
        if key not in self._places:
            self._places[key] = len(self._places)
            self.policies = np.concatenate([self.policies, policy[None]])
            empty = np.zeros((1, *self.responses.shape[1:]))
            self.responses = np.concatenate([self.responses, empty])
        return self._places[key]
