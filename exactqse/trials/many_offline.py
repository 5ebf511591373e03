"""Many offline trials: learners x datasets, in processes, each kept in a folder once finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exactqse.learn.protocol import OfflineLearner
from exactqse.model.game import Game
from exactqse.simulate.behaviours import Behaviour
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.draw import behaviour_of, draw_dataset
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.solve import Solution
from exactqse.trials.keeping import (
    Progress,
    ends,
    finished,
    identity,
    keep,
    kept_in,
    require_own,
    seconds_of,
    trial_file,
)
from exactqse.trials.offline import run_offline
from exactqse.trials.offline_records import OfflineRecord
from exactqse.trials.online import Clock
from exactqse.trials.optimum import certified
from exactqse.trials.parameters import name_of
from exactqse.trials.refusals import content_of, require_datasets, require_offline


@dataclass(frozen=True)
class OfflineTrial:
    """A finished offline trial.

    Attributes:
        record: what it found.
        seconds: where the time went, by the parts of :class:`Clock`; no part of the record.
    """

    record: OfflineRecord
    seconds: dict[str, float]


@dataclass(frozen=True, eq=False)
class _Source:
    """Data: those of a file, or what they are going to be drawn with, when they are needed."""

    behaviour: Behaviour | str  # the name alone of those that are given
    episodes: int
    seed: int
    noise: Noise
    given: Dataset | None = None

    def dataset(self, game: Game) -> Dataset:
        """The data."""
        if self.given is not None:
            return self.given
        return draw_dataset(
            game,
            behaviour=self.behaviour,
            episodes=self.episodes,
            seed=self.seed,
            noise=self.noise,
        )

    def parts(self) -> list[Any]:
        """What tells them from others, but for their size and seed."""
        noise = [self.noise.kind, str(self.noise.sd)]
        content = "" if self.given is None else content_of(self.given)
        return [str(self.behaviour), noise, content]


@dataclass(frozen=True, eq=False)
class _Plan:
    """What all learners make of one dataset, which is drawn once."""

    game: Game
    learners: tuple[OfflineLearner, ...]
    source: _Source
    optimum: Solution
    folder: Path | None

    @property
    def size(self) -> int:
        """Progress counts trials."""
        return len(self.learners)

    def run(self, progress: Progress | None = None) -> tuple[OfflineTrial, ...]:
        """Do those that are not there yet, and keep them."""
        clock = Clock()
        dataset = self.source.dataset(self.game)
        clock.lap("data")
        done = []
        for i, learner in enumerate(self.learners):
            done.append(self._kept(learner) or self._run(learner, dataset, clock))
            clock = Clock()
            if progress is not None:
                progress(i + 1, self.size)
        return tuple(done)

    def kept(self) -> tuple[OfflineTrial, ...] | None:
        """Those of an earlier run; None unless all are there. Raises FileError."""
        found = [trial for learner in self.learners if (trial := self._kept(learner)) is not None]
        return tuple(found) if len(found) == self.size else None

    def _run(self, learner: OfflineLearner, dataset: Dataset, clock: Clock) -> OfflineTrial:
        seed, game, best = self.source.seed, self.game, self.optimum
        record = run_offline(dataset, learner, game=game, seed=seed, optimum=best, clock=clock)
        if (file := self._file(learner)) is not None:
            keep(file, record, clock.seconds)
        return OfflineTrial(record, clock.seconds)

    def _kept(self, learner: OfflineLearner) -> OfflineTrial | None:
        file, source = self._file(learner), self.source
        if file is None or not file.exists():
            return None
        record = OfflineRecord.load(file)
        found = [record.game_hash, record.learner, record.episodes, record.seed]
        found += [record.drawn_with, record.behaviour, record.noise]
        planned = [self.game.hash, name_of(learner), source.episodes, source.seed]
        planned += [source.seed, str(source.behaviour), source.noise]
        require_own(file, found, planned)
        return OfflineTrial(record, seconds_of(file))

    def _file(self, learner: OfflineLearner) -> Path | None:
        """Named by the learner, a digest of all that the record depends on, and the seed."""
        if self.folder is None:
            return None
        own = identity(self.game, learner, self.source.episodes)
        parts = [own, self.source.parts(), ends(self.optimum)]
        return trial_file(self.folder, name_of(learner), parts, self.source.seed)


def run_many_offline(
    game: Game,
    learners: Sequence[OfflineLearner],
    sizes: Sequence[int],
    seeds: int | Sequence[int],
    *,
    behaviour: Behaviour | str = "uniform",
    noise: Noise = NO_NOISE,
    optimum: Solution | None = None,
    folder: Path | str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[OfflineTrial, ...]:
    """Every learner on datasets of every size and seed: :func:`run_offline` of each, in that order.

    A dataset is what :func:`exactqse.simulate.draw_dataset` draws with these arguments; its seed is
    the learner's too.

    Args:
        game: the game.
        learners: offline learners.
        sizes: numbers of episodes K, all different.
        seeds: the seeds, or how many: 0, 1, ...
        behaviour: what is announced while data are drawn.
        noise: that of the observed leader rewards.
        optimum: as of :func:`run_offline`.
        folder: where finished trials are kept and found again; it is made if it is not there, and
            not left empty.
        workers: processes. With more than one, learners have to be importable there.
        progress: called with (trials done, trials in all).

    Raises:
        LearnerError: of the first trial that fails; those finished by then are kept.
        FileError: the folder or a file in it cannot be used.
        InputError, NotCoveredError, PrecisionError: as :func:`run_offline`.
    """
    counts, numbers, workers = require_offline(
        game, learners, sizes, seeds, noise=noise, workers=workers
    )
    plan = behaviour_of(behaviour)
    sources = [_Source(plan, size, seed, noise) for size in counts for seed in numbers]
    return _run(game, learners, sources, optimum, folder, workers, progress)


def run_on_datasets(
    game: Game,
    learners: Sequence[OfflineLearner],
    datasets: Sequence[Dataset],
    *,
    optimum: Solution | None = None,
    folder: Path | str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[OfflineTrial, ...]:
    """Every learner on every one of some datasets: :func:`run_offline` of each, in that order.

    Args:
        game: the game that they were drawn from.
        learners: offline learners; the seed of their own generator is that of the data.
        datasets: of one behaviour and one noise, all different.
        optimum: as of :func:`run_many_offline`.
        folder: the same.
        workers: the same.
        progress: the same.

    Raises:
        DatasetError: data of another game, of different behaviours or noises, or the same twice.
        LearnerError, FileError, InputError, NotCoveredError, PrecisionError: as
            :func:`run_many_offline`.
    """
    workers = require_datasets(game, learners, datasets, workers=workers)
    sources = [
        _Source(data.behaviour, len(data), data.seed, data.setting.noise, given=data)
        for data in datasets
    ]
    return _run(game, learners, sources, optimum, folder, workers, progress)


def _run(
    game: Game,
    learners: Sequence[OfflineLearner],
    sources: Sequence[_Source],
    optimum: Solution | None,
    folder: Path | str | None,
    workers: int,
    progress: Progress | None,
) -> tuple[OfflineTrial, ...]:
    place, best = None if folder is None else Path(folder), certified(game, optimum)
    plans = [_Plan(game, tuple(learners), source, best, place) for source in sources]
    with kept_in(place):
        by_data = finished(plans, workers, progress)
    return tuple(_by_learner(by_data, len(learners)))


def _by_learner(
    by_data: tuple[tuple[OfflineTrial, ...], ...], learners: int
) -> Iterator[OfflineTrial]:
    for i in range(learners):
        for trials in by_data:
            yield trials[i]
