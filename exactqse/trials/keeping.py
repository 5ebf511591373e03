"""Trials that are kept in a folder as soon as they are finished, done here or in processes.

A trial's file is named by what the trial is made of, and written to a temporary name that is then
renamed. So a run that was interrupted or killed loses only the trials it was in the middle of, and
the next run with the same folder goes on with the rest.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

from exactqse.errors import ExactQSEError, FileError, LearnerError
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.model.game import Game
from exactqse.reading import read_bytes
from exactqse.solve import Solution
from exactqse.trials.parameters import RELEASE, name_of, parameters_of
from exactqse.writing import write_bytes

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
Progress = Callable[[int, int], None]


class Plan(Protocol[T_co]):
    """Trials that are done together."""

    @property
    def size(self) -> int:
        """How much work it is, in what progress counts."""

    @property
    def learners(self) -> Sequence[object]:
        """Whose trials they are."""

    def kept(self) -> T_co | None:
        """What an earlier run left; None unless it is all there. Raises FileError."""

    def run(self, progress: Progress | None = None) -> T_co:
        """Do what is not there yet, and keep it."""


class Record(Protocol):
    """What a trial leaves behind."""

    def save(self, path: Path) -> None:
        """Write its file."""


def trial_file(folder: Path, name: str, parts: object, seed: int) -> Path:
    """The file of a trial.

    Args:
        folder: where it is.
        name: the learner's.
        parts: all that the record depends on, but the seed: JSON without floats, Fractions in it.
        seed: the seed.
    """
    digest = hashlib.sha256(canonical_json(parts)).hexdigest()[:12]
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.").lower() or "learner"
    return folder / f"{slug[:40]}-{digest}-{seed}.json"


def identity(game: Game, learner: object, episodes: int) -> list[Any]:
    """What every record depends on, and its release."""
    return [RELEASE, game.hash, name_of(learner), parameters_of(learner), episodes]


def ends(optimum: Solution) -> list[Fraction]:
    """The bounds of J*, on which every record depends."""
    return [optimum.lower, optimum.upper]


def keep(file: Path, record: Record, seconds: dict[str, float]) -> None:
    """Write a record, and beside it where the time went, which is no part of it."""
    milliseconds = {part: round(1000 * x) for part, x in seconds.items()}
    write_bytes(_clock_file(file), canonical_json(milliseconds))
    record.save(file)


def seconds_of(file: Path) -> dict[str, float]:
    """Where the time of a kept trial went."""
    clock = _clock_file(file)
    spent = parse_json(read_bytes(clock), str(clock)) if clock.exists() else {}
    return {part: x / 1000 for part, x in spent.items()}


def require_own(file: Path, found: Sequence[object], planned: Sequence[object]) -> None:
    """Raise FileError unless the record in a trial's file is that of the trial."""
    if list(found) != list(planned):
        remedy = "name another folder"
        raise FileError("is the record of another trial", where=str(file), remedy=remedy)


@contextmanager
def kept_in(folder: Path | None) -> Iterator[None]:
    """A block in which the folder is there. One that was made and is left empty is removed again.

    Raises:
        FileError: it cannot be made.
    """
    if folder is None:
        yield
        return
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        _make(folder)
        yield
    finally:
        for path in new:
            with suppress(OSError):  # what is not empty stays
                path.rmdir()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot be made ({error.strerror})", where=str(folder)) from error


def finished(plans: Sequence[Plan[T]], workers: int, progress: Progress | None) -> tuple[T, ...]:
    """What all plans come to, in their order: kept, or done now.

    Raises:
        LearnerError: of the first trial that fails; those finished by then are kept.
        FileError: a file cannot be used.
    """
    done = {i: found for i, plan in enumerate(plans) if (found := plan.kept()) is not None}
    left = {i: plan for i, plan in enumerate(plans) if i not in done}
    running = _in_processes(left, workers, progress) if workers > 1 else _here(left, progress)
    done.update(running)
    return tuple(done[i] for i in range(len(plans)))


def _here(plans: dict[int, Plan[T]], progress: Progress | None) -> Iterator[tuple[int, T]]:
    before, total = 0, sum(plan.size for plan in plans.values())
    for i, plan in plans.items():
        yield i, plan.run(None if progress is None else partial(_shifted, progress, before, total))
        before += plan.size


def _shifted(progress: Progress, before: int, total: int, done: int, _count: int) -> None:
    progress(before + done, total)


def _in_processes(
    plans: dict[int, Plan[T]], workers: int, progress: Progress | None
) -> Iterator[tuple[int, T]]:
    for plan in plans.values():
        for learner in plan.learners:
            _require_portable(learner)
    done, total = 0, sum(plan.size for plan in plans.values())
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_on_interrupt)
    try:
        futures = {pool.submit(plan.run): i for i, plan in plans.items()}
        for future in as_completed(futures):
            i = futures[future]
            yield i, future.result()
            done += plans[i].size
            if progress is not None:
                progress(done, total)
    except BrokenProcessPool as error:
        remedy = "finished trials are kept if there is a folder: run it again to go on"
        raise ExactQSEError("a process ended before its trial", remedy=remedy) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _end_on_interrupt() -> None:
    """A worker ends at once on Ctrl-C: what it has finished is kept, and the rest is lost."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _require_portable(learner: object) -> None:
    try:
        pickle.dumps(learner)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        what = f"cannot be handed to another process ({error})"
        remedy = "define it in a module of its own, or use workers=1"
        raise LearnerError(what, learner=name_of(learner), remedy=remedy) from error


def _clock_file(file: Path) -> Path:
    return file.with_suffix(".milliseconds")
