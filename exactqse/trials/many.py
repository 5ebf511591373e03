"""Many trials: learners x seeds, in processes, each kept in a folder as soon as it is finished.

A trial's file is named by what the trial is made of, and written to a temporary name that is then
renamed. So a run that was interrupted or killed loses only the trials it was in the middle of, and
the next run with the same folder goes on with the rest.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path

from exactqse.errors import ExactQSEError, FileError, InputError, LearnerError, of_kind
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.learn.protocol import OnlineLearner
from exactqse.model.game import Game
from exactqse.reading import read_bytes
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.solve import Solution
from exactqse.trials.arguments import MAX_SEED, natural
from exactqse.trials.online import Clock, Progress, run_online
from exactqse.trials.optimum import certified
from exactqse.trials.parameters import RELEASE, name_of, parameters_of
from exactqse.trials.records import OnlineRecord
from exactqse.writing import write_bytes


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

    @cached_property
    def file(self) -> Path | None:
        """Named by the learner, a digest of all that the record depends on, and the seed."""
        if self.folder is None:
            return None
        name = name_of(self.learner)
        parts = [RELEASE, self.game.hash, name, parameters_of(self.learner), self.episodes]
        noise, bounds = [self.noise.kind, str(self.noise.sd)], [*_ends(self.optimum)]
        digest = hashlib.sha256(canonical_json([parts, noise, bounds])).hexdigest()[:12]
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.").lower() or "learner"
        return self.folder / f"{slug[:40]}-{digest}-{self.seed}.json"

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
            milliseconds = {part: round(1000 * x) for part, x in clock.seconds.items()}
            write_bytes(_clock_file(self.file), canonical_json(milliseconds))
            record.save(self.file)
        return Trial(record, clock.seconds)

    def kept(self) -> Trial | None:
        """The trial of an earlier run; None when there is none. Raises FileError."""
        if self.file is None or not self.file.exists():
            return None
        record = OnlineRecord.load(self.file)
        same = record.game_hash, record.learner, record.episodes, record.seed, record.noise
        name = name_of(self.learner)
        if same != (self.game.hash, name, self.episodes, self.seed, self.noise):
            remedy = "name another folder"
            raise FileError("is the record of another trial", where=str(self.file), remedy=remedy)
        clock = _clock_file(self.file)
        spent = parse_json(read_bytes(clock), str(clock)) if clock.exists() else {}
        return Trial(record, {part: x / 1000 for part, x in spent.items()})


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
        folder: where finished trials are kept and found again; it is made if it is not there.
        workers: processes. With more than one, learners have to be importable there.
        progress: called with (episodes played, episodes in all).

    Raises:
        LearnerError: of the first trial that fails; those finished by then are kept.
        FileError: the folder or a file in it cannot be used.
        InputError, NotCoveredError, PrecisionError: as :func:`run_online`.
    """
    of_kind(game, Game, "a Game", where="game")
    of_kind(noise, Noise, "a Noise", where="noise")
    of_kind(learners, Sequence, "a sequence of learners", where="learners")
    count, workers = natural(episodes, "episodes", least=1), natural(workers, "workers", least=1)
    chosen = range(natural(seeds, "seeds", least=1)) if isinstance(seeds, int) else seeds
    numbers = [natural(seed, "seeds", most=MAX_SEED) for seed in chosen]
    if not learners or not numbers:
        raise InputError("there is nothing to run", where="learners" if numbers else "seeds")
    place = None if folder is None else _made(Path(folder))
    best = certified(game, optimum)
    plans = [
        _Plan(game, learner, count, seed, noise, best, place)
        for learner in learners
        for seed in numbers
    ]
    done = {i: trial for i, plan in enumerate(plans) if (trial := plan.kept()) is not None}
    left = {i: plan for i, plan in enumerate(plans) if i not in done}
    running = _in_processes(left, workers, progress) if workers > 1 else _here(left, progress)
    done.update(running)
    return tuple(done[i] for i in range(len(plans)))


def _here(plans: dict[int, _Plan], progress: Progress | None) -> Iterator[tuple[int, Trial]]:
    for finished, (i, plan) in enumerate(plans.items()):
        before, total = finished * plan.episodes, len(plans) * plan.episodes
        yield i, plan.run(None if progress is None else partial(_shifted, progress, before, total))


def _shifted(progress: Progress, before: int, total: int, played: int, _count: int) -> None:
    progress(before + played, total)


def _in_processes(
    plans: dict[int, _Plan], workers: int, progress: Progress | None
) -> Iterator[tuple[int, Trial]]:
    for plan in plans.values():
        _require_portable(plan.learner)
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_on_interrupt)
    try:
        futures = {pool.submit(plan.run): i for i, plan in plans.items()}
        for finished, future in enumerate(as_completed(futures), start=1):
            i = futures[future]
            yield i, future.result()
            if progress is not None:
                progress(finished * plans[i].episodes, len(plans) * plans[i].episodes)
    except BrokenProcessPool as error:
        remedy = "finished trials are kept if there is a folder: run it again to go on"
        raise ExactQSEError("a process ended before its trial", remedy=remedy) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _end_on_interrupt() -> None:
    """A worker ends at once on Ctrl-C: what it has finished is kept, and the rest is lost."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _require_portable(learner: OnlineLearner) -> None:
    try:
        pickle.dumps(learner)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        what = f"cannot be handed to another process ({error})"
        remedy = "define it in a module of its own, or use workers=1"
        raise LearnerError(what, learner=name_of(learner), remedy=remedy) from error


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot be made ({error.strerror})", where=str(folder)) from error
    return folder


def _ends(optimum: Solution) -> tuple[Fraction, Fraction]:
    return optimum.lower, optimum.upper


def _clock_file(file: Path) -> Path:
    return file.with_suffix(".milliseconds")
