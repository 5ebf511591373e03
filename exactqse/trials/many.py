"""Many online trials: learners x seeds, in processes, each kept in a folder once it is finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from exactqse.learn.protocol import OnlineLearner
from exactqse.model.game import Game
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
from exactqse.trials.online import Clock, run_online
from exactqse.trials.optimum import certified
from exactqse.trials.parameters import name_of
from exactqse.trials.records import OnlineRecord
from exactqse.trials.refusals import require_online


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
        record: what it found.
        seconds: where the time went, by the parts of :class:`Clock`; no part of the record.
    """

    record: OnlineRecord
    seconds: dict[str, float]


@dataclass(frozen=True)
class _Plan:
    """A trial to be done."""

    game: Game
    learner: OnlineLearner
    episodes: int
    seed: int
    noise: Noise
    optimum: Solution
    folder: Path | None

    @property
    def size(self) -> int:
        """Progress counts episodes."""
        return self.episodes

    @property
    def learners(self) -> tuple[OnlineLearner]:
        """The learner."""
        return (self.learner,)

    @cached_property
    def file(self) -> Path | None:
        """Named by the learner, a digest of all that the record depends on, and the seed."""
        if self.folder is None:
            return None
        noise = [self.noise.kind, str(self.noise.sd)]
        parts = [identity(self.game, self.learner, self.episodes), noise, ends(self.optimum)]
        return trial_file(self.folder, name_of(self.learner), parts, self.seed)

    def run(self, progress: Progress | None = None) -> Trial:
        """Do it, and keep it."""
        clock = Clock()
        record = run_online(
            self.game,
            self.learner,
            self.episodes,
            self.seed,
            noise=self.noise,
            optimum=self.optimum,
            progress=progress,
            clock=clock,
        )
        if self.file is not None:
            keep(self.file, record, clock.seconds)
        return Trial(record, clock.seconds)

    def kept(self) -> Trial | None:
        """The trial of an earlier run; None when there is none. Raises FileError."""
        if self.file is None or not self.file.exists():
            return None
        record = OnlineRecord.load(self.file)
        found = record.game_hash, record.learner, record.episodes, record.seed, record.noise
        name = name_of(self.learner)
        planned = self.game.hash, name, self.episodes, self.seed, self.noise
        require_own(self.file, found, planned)
        return Trial(record, seconds_of(self.file))


def run_many(
    game: Game,
    learners: Sequence[OnlineLearner],
    episodes: int,
    seeds: int | Sequence[int],
    *,
    noise: Noise = NO_NOISE,
    optimum: Solution | None = None,
    folder: Path | str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[Trial, ...]:
    """Every learner with every seed: :func:`run_online` of each, in that order.

    Args:
        game: the game.
        learners: online learners.
        episodes: T of each trial.
        seeds: the seeds, or how many: 0, 1, ...
        noise: that of the observed leader rewards.
        optimum: as of :func:`run_online`.
        folder: where finished trials are kept and found again; it is made if it is not there, and
            not left empty.
        workers: processes. With more than one, learners have to be importable there.
        progress: called with (episodes played, episodes in all).

    Raises:
        LearnerError: of the first trial that fails; those finished by then are kept.
        FileError: the folder or a file in it cannot be used.
        InputError, NotCoveredError, PrecisionError: as :func:`run_online`.
    """
    count, numbers, workers = require_online(
        game, learners, episodes, seeds, noise=noise, workers=workers
    )
    place = None if folder is None else Path(folder)
    best = certified(game, optimum)
    plans = [
        _Plan(game, learner, count, seed, noise, best, place)
        for learner in learners
        for seed in numbers
    ]
    with kept_in(place):
        return finished(plans, workers, progress)
