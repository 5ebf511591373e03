"""``learn``."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import exactqse
from exactqse.cli.bundles import AsJson, GameChoice
from exactqse.cli.inputs import assumed, load_game, number, writable
from exactqse.cli.output import emit, error_console, show
from exactqse.cli.solving import INTERRUPTED
from exactqse.errors import FileError, InputError, shown
from exactqse.report import (
    assumption_lines,
    draw_learning,
    drawable,
    learning_document,
    learning_lines,
    learning_table,
    line,
    to_json,
    working,
)
from exactqse.solve.effort import counting
from exactqse.writing import write_bytes

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.simulate import Noise
    from exactqse.solve import Solution
    from exactqse.trials import Trial


@dataclass(frozen=True)
class Plan:
    """Which learners, and how often."""

    learners: Annotated[
        str,
        typer.Option(
            "--learner",
            metavar="NAME[,NAME...]",
            help="mle-ovi, mle-ovi-practical, mle-golf, omle, explore-then-commit, epsilon-greedy, "
            "plug-in, best-response, uniform; or module:attribute for one of your own.",
            show_default=False,
        ),
    ]
    episodes: Annotated[int, typer.Option(metavar="T", help="Episodes of each trial.")] = 1000
    seeds: Annotated[int, typer.Option(metavar="K", help="Seeds 0 to K-1 for each learner.")] = 5
    noise: Annotated[
        str,
        typer.Option(metavar="KIND", help="Of the rewards seen: none, bernoulli, or gaussian:SD."),
    ] = "none"
    gap: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Bounds of J* no wider.  \\[default: solve's]"),
    ] = None
    workers: Annotated[int, typer.Option(metavar="N", help="Processes.")] = 1


@dataclass(frozen=True)
class LearnFiles:
    """Where the trials are kept."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep every finished trial here, and go on with those that are here.",
        ),
    ] = None
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw regret to a .pdf, .png or .svg file, and its data to a .json beside it.",
        ),
    ] = None


def learn_command(
    choice: GameChoice, plan: Plan, files: LearnFiles, *, as_json: AsJson = False
) -> None:
    """Let learners play a game that they do not know, and hold them against the certified optimum.

    Regret, and whether the learners' own claims held, come from exact evaluations of every policy
    they announced, never from what was drawn. Ctrl-C loses no finished trial if there is a folder.
    """
    data = _data_file(choice, files)
    names = [name.strip() for name in plan.learners.split(",")]
    noise = _noise(plan.noise)
    gap = None if plan.gap is None else number(plan.gap, "--gap")
    game = load_game(choice)
    learners = [_learner(name, game) for name in names]
    with working(error_console(), "solving") as progress:
        solution = exactqse.solve(game, gap=gap, checker="flint", progress=progress)
    if solution.effort.interrupted:
        raise typer.Exit(INTERRUPTED)
    with working(error_console(), "learning") as progress:
        trials = exactqse.trials.run_many(
            game,
            learners,
            plan.episodes,
            plan.seeds,
            noise=noise,
            optimum=solution,
            folder=files.out,
            workers=plan.workers,
            progress=counting(progress),
        )
    _report(choice, files, solution, _grouped(trials, plan.seeds), data, as_json=as_json)


def _report(
    choice: GameChoice,
    files: LearnFiles,
    solution: Solution,
    groups: list[list[Trial]],
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print and write what the trials, one list for each learner, say together."""
    summaries = [exactqse.trials.summarise([trial.record for trial in group]) for group in groups]
    seconds = [_added(group) for group in groups]
    noise = str(groups[0][0].record.noise)
    document = {**learning_document(solution, noise, summaries), "assumed": assumed(choice)}
    saved = [] if files.out is None else [f"trials kept in {files.out}"]
    if files.picture is not None and data is not None:
        write_bytes(data, (to_json(document) + "\n").encode("ascii"))
        draw_learning(summaries, files.picture)
        saved.append(f"picture written to {files.picture}, its data to {data}")
    if as_json:
        written = {"trials": files.out, "picture": files.picture, "data": data}
        names = {key: None if path is None else str(path) for key, path in written.items()}
        spent = [{part: round(1000 * x) for part, x in times.items()} for times in seconds]
        emit({**document, "written": names, "milliseconds": spent})
        return
    show(
        learning_table(summaries, seconds),
        *learning_lines(solution, summaries, seconds),
        *assumption_lines(assumed(choice)),
        *map(line, saved),
    )


def _data_file(choice: GameChoice, files: LearnFiles) -> Path | None:
    """The file of the picture's data, once everything can be written. Raises InputError."""
    if files.out is not None and files.out.exists() and not files.out.is_dir():
        raise FileError("is no folder", where=str(files.out), remedy="name a folder")
    if files.picture is None:
        return None
    drawable(files.picture)
    data = files.picture.with_suffix(".json")
    for path in (files.picture, data):
        writable(path, apart_from=(choice.game,))
    return data


def _learner(name: str, game: Game) -> Any:
    from exactqse.learn.registry import find  # noqa: PLC0415  what only this command needs

    if ":" in name and "" not in sys.path:
        sys.path.insert(0, "")  # a learner of one's own is looked for in the working folder too
    return find(name, game=game)


def _noise(text: str) -> Noise:
    """None, bernoulli, or gaussian:SD. Raises InputError."""
    kind, _, sd = text.partition(":")
    try:
        value = float(sd or 0)
    except ValueError:
        remedy = "use none, bernoulli, or gaussian:0.1"
        raise InputError(f"{shown(text)} is no noise", where="--noise", remedy=remedy) from None
    return exactqse.simulate.Noise(kind, value)  # type: ignore[arg-type]


def _grouped(trials: tuple[Trial, ...], seeds: int) -> list[list[Trial]]:
    return [list(trials[i : i + seeds]) for i in range(0, len(trials), seeds)]


def _added(trials: list[Trial]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for trial in trials:
        total.update(trial.seconds)
    return dict(total)
