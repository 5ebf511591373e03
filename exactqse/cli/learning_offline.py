"""``learn-offline``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import exactqse
from exactqse.cli.bundles import AsJson, GameChoice
from exactqse.cli.drawing import BehaviourChoice, option_of
from exactqse.cli.inputs import assumed, load_game, number
from exactqse.cli.output import emit, error_console, show
from exactqse.cli.solving import INTERRUPTED
from exactqse.cli.trialling import (
    Gap,
    TrialFiles,
    Workers,
    added,
    in_milliseconds,
    learners_named,
    noise_named,
)
from exactqse.errors import InputError, shown
from exactqse.report import (
    assumption_lines,
    draw_offline,
    line,
    offline_document,
    offline_lines,
    offline_table,
    to_json,
    working,
)
from exactqse.solve.effort import counting
from exactqse.writing import write_bytes

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.simulate import Behaviour, Dataset, Noise
    from exactqse.solve import Solution
    from exactqse.trials import OfflineTrial

_SIZES = "100,1000,10000"
_SEEDS = 10


@dataclass(frozen=True)
class Learners:
    """Which learners."""

    learners: Annotated[
        str,
        typer.Option(
            "--learner",
            metavar="NAME[,NAME...]",
            help="mle-pvi, mle-pvi-0.2, mle-bcp, pmle, plug-in; or module:attribute for one of "
            "your own.",
            show_default=False,
        ),
    ]
    gap: Gap = None
    workers: Workers = 1


@dataclass(frozen=True)
class Drawn:
    """How much is drawn, and how often."""

    sizes: Annotated[
        str | None,
        typer.Option(metavar="K[,K...]", help=f"Episodes of the datasets.  \\[default: {_SIZES}]"),
    ] = None
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N", help=f"Datasets of each size: seeds 0 to N-1.  \\[default: {_SEEDS}]"
        ),
    ] = None
    noise: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="Of the rewards seen: none, bernoulli, or gaussian:SD.  \\[default: none]",
        ),
    ] = None

    def given(self) -> list[str]:
        """The options that were given."""
        names = [field.name for field in fields(self)]
        return [option_of(name) for name in names if getattr(self, name) is not None]

    def counts(self) -> list[int]:
        """The sizes. Raises InputError."""
        words = [word.strip() for word in (_SIZES if self.sizes is None else self.sizes).split(",")]
        for word in words:
            if not (word.isascii() and word.isdigit() and len(word) < 10):
                remedy = f"use numbers of episodes, such as {_SIZES}"
                raise InputError(f"{shown(word)} is no size", where="--sizes", remedy=remedy)
        return [int(word) for word in words]


DataFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="Learn from this file, written by `exactqse draw`, and draw nothing; may be repeated.",
    ),
]


@dataclass(frozen=True)
class _Job:
    """What is to be run: with datasets if they are given, else drawn."""

    game: Game
    learners: list[Any]
    datasets: list[Dataset]
    sizes: list[int]
    seeds: int
    behaviour: Behaviour
    noise: Noise

    def require(self, workers: int) -> None:
        """Raise an error unless it can be run, before the game is solved."""
        if self.datasets:
            exactqse.trials.require_datasets(
                self.game, self.learners, self.datasets, workers=workers
            )
            return
        exactqse.trials.require_offline(
            self.game, self.learners, self.sizes, self.seeds, noise=self.noise, workers=workers
        )

    def run(self, **options: Any) -> tuple[OfflineTrial, ...]:
        """Run it."""
        if self.datasets:
            found = exactqse.trials.run_on_datasets
            return found(self.game, self.learners, self.datasets, **options)
        return exactqse.trials.run_many_offline(
            self.game,
            self.learners,
            self.sizes,
            self.seeds,
            behaviour=self.behaviour,
            noise=self.noise,
            **options,
        )


def learn_offline_command(
    choice: GameChoice,
    learners: Learners,
    behaviour: BehaviourChoice,
    drawn: Drawn,
    files: TrialFiles,
    *,
    data: DataFiles = None,
    as_json: AsJson = False,
) -> None:
    """Let learners learn from data alone, and hold them against the certified optimum.

    Datasets of several sizes are drawn while a behaviour policy is announced, each learner
    announces one policy for each, and J* - J of it is certified: how it falls as data grow, and how
    often what the learner claims of its policy, lower <= J, held. Ctrl-C loses no finished trial
    if there is a folder.
    """
    given = data or []
    written = files.data(apart_from=(choice.game, *given))
    gap = None if learners.gap is None else number(learners.gap, "--gap")
    job = _job(choice, learners, behaviour, drawn, given)
    job.require(learners.workers)
    with working(error_console(), "solving") as progress:
        solution = exactqse.solve(job.game, gap=gap, checker="flint", progress=progress)
    if solution.effort.interrupted:
        raise typer.Exit(INTERRUPTED)
    with working(error_console(), "learning") as progress:
        trials = job.run(
            optimum=solution,
            folder=files.out,
            workers=learners.workers,
            progress=counting(progress),
        )
    each = len(trials) // len(job.learners)
    groups = [trials[i : i + each] for i in range(0, len(trials), each)]
    _report(choice, files, solution, groups, written, as_json=as_json)


def _job(
    choice: GameChoice,
    learners: Learners,
    behaviour: BehaviourChoice,
    drawn: Drawn,
    data: list[Path],
) -> _Job:
    """All that was asked for, read. Raises InputError."""
    for option in (*behaviour.given(), *drawn.given()) if data else ():
        what = "means nothing for data from a file"
        raise InputError(what, where=option, remedy="leave it out, or leave out --data")
    plan, sizes = behaviour.build(), drawn.counts()
    noise = noise_named("none" if drawn.noise is None else drawn.noise)
    game = load_game(choice)
    return _Job(
        game=game,
        learners=learners_named(learners.learners, game, offline=True),
        datasets=[exactqse.simulate.Dataset.load(path, game) for path in data],
        sizes=sizes,
        seeds=_SEEDS if drawn.seeds is None else drawn.seeds,
        behaviour=plan,
        noise=noise,
    )


def _report(
    choice: GameChoice,
    files: TrialFiles,
    solution: Solution,
    groups: Sequence[Sequence[OfflineTrial]],
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print and write what the trials, one list for each learner, say together."""
    summarise = exactqse.trials.summarise_offline
    summaries = [summarise([trial.record for trial in group]) for group in groups]
    seconds = [added(trial.seconds for trial in group) for group in groups]
    document = {**offline_document(solution, summaries), "assumed": assumed(choice)}
    if files.picture is not None and data is not None:
        write_bytes(data, (to_json(document) + "\n").encode("ascii"))
        draw_offline(summaries, files.picture)
    if as_json:
        written, spent = files.written(data), in_milliseconds(seconds)
        emit({**document, "written": written, "milliseconds": spent})
        return
    show(
        offline_table(summaries),
        *offline_lines(solution, summaries, seconds),
        *assumption_lines(assumed(choice)),
        *map(line, files.lines(data)),
    )
