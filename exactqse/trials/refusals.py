"""What trials refuse before a game is solved and before anything is played."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from exactqse.errors import DatasetError, InputError, of_kind
from exactqse.learn.protocol import OfflineLearner, OnlineLearner
from exactqse.model.game import Game
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.draw import MAX_STEPS
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.simulate.setting import Setting
from exactqse.trials.arguments import MAX_SEED, natural
from exactqse.trials.guard import Guard
from exactqse.trials.parameters import name_of, require_method

T = TypeVar("T")
_OTHER = {
    "start": "an offline learner takes a dataset: use run_offline",
    "learn": "an online learner plays: use run_online",
}


def require_learners(
    game: Game,
    learners: Sequence[OnlineLearner] | Sequence[OfflineLearner],
    noise: Noise,
    *,
    method: str,
) -> None:
    """Raise an error unless these learners can serve in this game.

    Args:
        game: the game.
        learners: at least one.
        noise: that of the observed leader rewards.
        method: "start" of online learners, "learn" of offline ones.

    Raises:
        LearnerError: a learner is of the other kind, or refuses the setting.
        InputError: no learners, or not a game, a sequence, or a noise.
    """
    of_kind(game, Game, "a Game", where="game")
    of_kind(noise, Noise, "a Noise", where="noise")
    of_kind(learners, Sequence, "a sequence of learners", where="learners")
    if not learners:
        raise InputError("there is nothing to run", where="learners", remedy="name a learner")
    setting = Setting.of(game, noise)
    for learner in learners:
        require_learner(learner, setting, method=method)


def require_learner(
    learner: OnlineLearner | OfflineLearner, setting: Setting, *, method: str
) -> None:
    """The same of one. A learner that has a method ``require`` is asked."""
    require_method(learner, method, remedy=_OTHER[method])
    ask = getattr(learner, "require", None)
    if callable(ask):
        guard = Guard(name_of(learner), setting)
        with guard.calling("require"):
            ask(guard.setting)


def require_online(
    game: Game,
    learners: Sequence[OnlineLearner],
    episodes: int,
    seeds: int | Sequence[int],
    *,
    noise: Noise = NO_NOISE,
    workers: int = 1,
) -> tuple[int, list[int], int]:
    """What :func:`exactqse.trials.run_many` asks of its arguments, before a game is solved.

    Returns:
        the episodes, the seeds, and the processes.

    Raises:
        LearnerError, InputError: as run_many.
    """
    count, workers = natural(episodes, "episodes", least=1), natural(workers, "workers", least=1)
    numbers = _seeds(seeds)
    require_learners(game, learners, noise, method="start")
    return count, numbers, workers


def require_offline(
    game: Game,
    learners: Sequence[OfflineLearner],
    sizes: Sequence[int],
    seeds: int | Sequence[int],
    *,
    noise: Noise = NO_NOISE,
    workers: int = 1,
) -> tuple[list[int], list[int], int]:
    """What :func:`exactqse.trials.run_many_offline` asks of its arguments, before a game is solved.

    Returns:
        the sizes, the seeds, and the processes.

    Raises:
        LearnerError, InputError: as run_many_offline.
    """
    of_kind(sizes, Sequence, "a sequence of numbers of episodes", where="sizes")
    workers, numbers = natural(workers, "workers", least=1), different(_seeds(seeds), "seeds")
    require_learners(game, learners, noise, method="learn")
    most = MAX_STEPS // game.horizon
    counts = [natural(size, "sizes", least=1, most=most) for size in sizes]
    if not counts:
        raise InputError("there is nothing to run", where="sizes")
    return different(counts, "sizes"), numbers, workers


def require_datasets(
    game: Game,
    learners: Sequence[OfflineLearner],
    datasets: Sequence[Dataset],
    *,
    workers: int = 1,
) -> int:
    """What :func:`exactqse.trials.run_on_datasets` asks of its arguments, before a game is solved.

    Returns:
        the processes.

    Raises:
        DatasetError, LearnerError, InputError: as run_on_datasets.
    """
    of_kind(datasets, Sequence, "a sequence of datasets", where="datasets")
    workers = natural(workers, "workers", least=1)
    if not datasets:
        raise InputError("there is nothing to run", where="datasets")
    for i, dataset in enumerate(datasets):
        of_kind(dataset, Dataset, "a Dataset", where=f"datasets[{i}]")
        dataset.require_game(game)
        kind, first = ((x.behaviour, x.setting.noise) for x in (dataset, datasets[0]))
        if kind != first:
            name = "behaviour" if kind[0] != first[0] else "noise"
            what = f"differs from the first in its {name}"
            remedy = "take data of one kind at a time"
            raise DatasetError(what, where=f"datasets[{i}]", remedy=remedy)
    different([content_of(dataset) for dataset in datasets], "datasets")
    require_learners(game, learners, datasets[0].setting.noise, method="learn")
    return workers


def different(values: list[T], where: str) -> list[T]:
    """The values. Raises InputError when one comes twice: it would count twice."""
    if len(set(values)) < len(values):
        raise InputError("the same comes twice", where=where, remedy="name each one once")
    return values


def content_of(dataset: Dataset) -> str:
    """The SHA-256 of the dataset's file."""
    return hashlib.sha256(dataset.to_bytes()).hexdigest()


def _seeds(seeds: int | Sequence[int]) -> list[int]:
    chosen = range(natural(seeds, "seeds", least=1)) if isinstance(seeds, int) else seeds
    numbers = [natural(seed, "seeds", most=MAX_SEED) for seed in chosen]
    if not numbers:
        raise InputError("there is nothing to run", where="seeds")
    return numbers
