"""Small learners whose regret, claims and faults are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exactqse.evaluate import evaluate_float64
from exactqse.learn import Announcement, Belief, LikelihoodSet, ModelSet
from exactqse.model import Game
from exactqse.simulate import Dataset, Episodes, Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fixed:
    """Announces one policy with one belief, so many episodes at a time."""

    policy: Floats
    belief: Belief = field(default_factory=Belief)
    chunk: int = 1
    name: str = "fixed"

    def start(self, setting: Setting, random: np.random.Generator) -> _FixedSession:
        del setting, random
        return _FixedSession(self)


@dataclass
class _FixedSession:
    learner: Fixed
    taken: int = 0

    def announce(self) -> Announcement:
        return Announcement(self.learner.policy, self.learner.belief, self.learner.chunk)

    def observe(self, episodes: Episodes) -> None:
        self.taken += len(episodes)


@dataclass(frozen=True, eq=False)
class FiniteMLE:
    """Maximum likelihood over a few games, by the follower's actions alone, then that one's plan.

    Attributes:
        games: the models, with what the learner takes for the follower's eta and gamma in them.
        plans: the policy to announce under each.
        hashes: what it calls them.
        radius: of the confidence set, log(|games| / delta).
    """

    games: tuple[Game, ...]
    plans: tuple[Floats, ...]
    hashes: tuple[str, ...]
    uppers: tuple[float, ...]
    radius: float
    name: str = "finite MLE"

    def start(self, setting: Setting, random: np.random.Generator) -> _FiniteSession:
        del setting, random
        return _FiniteSession(self, np.zeros(len(self.games)))


@dataclass
class _FiniteSession:
    learner: FiniteMLE
    likelihood: Floats

    def announce(self) -> Announcement:
        kept = self.likelihood >= self.likelihood.max() - self.learner.radius
        best = max(np.flatnonzero(kept), key=lambda i: (self.learner.uppers[i], -i))
        hashes = frozenset(np.array(self.learner.hashes)[kept].tolist())
        belief = Belief(upper=self.learner.uppers[best], sets=(ModelSet(hashes),))
        return Announcement(self.learner.plans[best], belief, episodes=5)

    def observe(self, episodes: Episodes) -> None:
        steps = np.arange(episodes.s.shape[1])
        for i, game in enumerate(self.learner.games):
            nu = evaluate_float64(game, episodes.policy).nu
            self.likelihood[i] += np.log(nu[steps, episodes.s, episodes.b]).sum()


@dataclass(frozen=True)
class ResponseMLE:
    """Plays at random, and estimates r at each place by gradient ascent, for a given eta.

    It is only good for few episodes of small games: the likelihood is gone through each time.
    """

    scale: float
    radius: float
    name: str = "response MLE"

    def start(self, setting: Setting, random: np.random.Generator) -> _ResponseSession:
        return _ResponseSession(self, setting, random, [])


@dataclass
class _ResponseSession:
    learner: ResponseMLE
    setting: Setting
    random: np.random.Generator
    seen: list[Episodes]

    def announce(self) -> Announcement:
        horizon, states, follower, leader = self.setting.shape
        policy = self.random.dirichlet(np.ones(leader), size=(horizon, states, follower))
        radius = np.full((horizon, states), self.learner.radius)
        claimed = LikelihoodSet(self._estimate(), radius)
        return Announcement(policy, Belief(sets=(claimed,)), episodes=100)

    def observe(self, episodes: Episodes) -> None:
        self.seen.append(episodes)

    def _estimate(self) -> Floats:
        horizon, states, follower, leader = self.setting.shape
        r = np.zeros((horizon, states, leader, follower))
        assert self.setting.eta is not None
        eta = self.setting.eta * self.learner.scale
        low, high = self.setting.r_bounds
        steps = np.arange(horizon)
        for _ in range(100 if self.seen else 0):
            gradient, visits = np.zeros_like(r), np.ones((horizon, states))
            for episodes in self.seen:
                q = np.einsum("hsba,hsab->hsb", episodes.policy, r)
                nu = np.exp(eta * (q - q.max(axis=2, keepdims=True)))
                nu /= nu.sum(axis=2, keepdims=True)
                counts = np.zeros_like(nu)
                np.add.at(counts, (steps, episodes.s, episodes.b), 1)
                seen = counts.sum(axis=2)
                residual = counts - seen[..., None] * nu
                gradient += eta * np.einsum("hsb,hsba->hsab", residual, episodes.policy)
                visits += seen
            r = np.clip(r + gradient / (eta**2 * visits[..., None, None]), low, high)
        return r


@dataclass(frozen=True)
class UniformLeader:
    """Plays every action alike, and claims J* <= H max u, J >= H min u."""

    chunk: int = 10
    delta: float = 0.1
    name: str = "uniform leader"

    def start(self, setting: Setting, random: np.random.Generator) -> _FixedSession:
        del random
        low, high = (bound * setting.horizon for bound in setting.u_bounds)
        r = np.zeros((setting.horizon, setting.states, setting.leader_actions, 1))
        r = np.repeat(r, setting.follower_actions, axis=3)
        claimed = LikelihoodSet(r, np.full(r.shape[:2], 1e9))
        policy = np.full(setting.shape, 1 / setting.leader_actions)
        return _FixedSession(Fixed(policy, Belief(high, low, (claimed,)), self.chunk))


def guessing() -> Fixed:
    """Always the first action, of a leader with two, in a game of the shape (1, 1, 2, 2)."""
    return Fixed(np.array([[[[1.0, 0.0], [1.0, 0.0]]]]), Belief(upper=0.0), name="first action")


@dataclass(frozen=True)
class Uninterested:
    """Learns the uniform policy from any data."""

    name: str = "uninterested"

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        del random
        shape = dataset.setting.shape
        return Announcement(np.full(shape, 1 / shape[-1]))
