"""Loops over episodes, datasets, and classes that the tests of this room share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from exactqse.evaluate import evaluate_float64
from exactqse.games import dense
from exactqse.learn import Announcement, OnlineLearner
from exactqse.learn.classes import LocalClasses
from exactqse.model import Game
from exactqse.simulate import Dataset, Environment, Noise
from exactqse.simulate.classes import optimal_tables, perturbed_models, response_tables

Floats = NDArray[np.float64]
BERNOULLI, GAUSSIAN, NONE = Noise("bernoulli"), Noise("gaussian", 0.5), Noise()
LEVEL = 1e-3  # at which a coverage below 1 - delta is called one


@dataclass(frozen=True, eq=False)
class Block:
    """An announcement, and for how many episodes it was played."""

    announcement: Announcement
    played: int


def run(
    environment: Environment, learner: OnlineLearner, episodes: int, seed: int = 0
) -> list[Block]:
    """Play so many episodes."""
    random = np.random.default_rng(seed)
    session = learner.start(environment.setting, np.random.default_rng(seed + 1))
    blocks, left = [], episodes
    while left:
        announcement = session.announce()
        played = min(left, announcement.episodes)
        session.observe(environment.play(announcement.policy, played, random))
        blocks.append(Block(announcement, played))
        left -= played
    return blocks


def regret(game: Game, best: float, blocks: Sequence[Block]) -> Floats:
    """Cumulative, after each block."""
    values = [best - evaluate_float64(game, b.announcement.policy).J for b in blocks]
    return np.cumsum([value * b.played for value, b in zip(values, blocks, strict=True)])


def dataset(
    game: Game, policies: Sequence[Floats], episodes: int, noise: Noise, seed: int = 0
) -> Dataset:
    """So many episodes of each policy."""
    environment, random = Environment(game, noise), np.random.default_rng(seed)
    runs = tuple(environment.play(policy, episodes, random) for policy in policies)
    return Dataset(environment.setting, runs, game.hash, "given", seed, "test")


def small(seed: int, **changes: str | float) -> Game:
    """S = H = A = B = 2, eta = 3."""
    sizes = {"states": 2, "leader_actions": 2, "follower_actions": 2, "horizon": 2}
    return dense(**sizes, seed=seed, eta=3).with_(**changes)  # type: ignore[arg-type]


def local(game: Game, count: int, seed: int, spread: str = "1/2") -> LocalClasses:
    """Classes of theta and U* that hold the truth."""
    models = perturbed_models(game, count, seed=seed, spread=spread)
    return LocalClasses(response_tables(models), optimal_tables(models))


def deterministic(game: Game) -> list[Floats]:
    """All policies of pure actions that depend on nothing but the step's number."""
    horizon, states, leader, follower = game.shape
    rows = np.eye(leader)
    choices = np.array(np.meshgrid(*[range(leader)] * horizon)).reshape(horizon, -1).T
    return [
        np.broadcast_to(rows[list(c)][:, None, None], (horizon, states, follower, leader)).copy()
        for c in choices
    ]


def is_covered(failures: int, runs: int, delta: float) -> bool:
    """Whether so many failures are compatible with a probability of at most delta of each."""
    return bool(binomtest(failures, runs, delta, alternative="greater").pvalue > LEVEL)
