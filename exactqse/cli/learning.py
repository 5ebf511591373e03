"""``learn``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import exactqse
from exactqse.cli.bundles import AsJson, GameChoice
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
from exactqse.report import (
    assumption_lines,
    draw_learning,
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
    gap: Gap = None
    workers: Workers = 1


def learn_command(
    choice: GameChoice, plan: Plan, files: TrialFiles, *, as_json: AsJson = False
) -> None:
    """Let learners play a game that they do not know, and hold them against the certified optimum.

    Regret, and whether the learners' own claims held, come from exact evaluations of every policy
    they announced, never from what was drawn. Ctrl-C loses no finished trial if there is a folder.
    """
    data = files.data(apart_from=(choice.game,))
    noise = noise_named(plan.noise)
    gap = None if plan.gap is None else number(plan.gap, "--gap")
    game = load_game(choice)
    learners = learners_named(plan.learners, game)
    exactqse.trials.require_online(
        game, learners, plan.episodes, plan.seeds, noise=noise, workers=plan.workers
    )
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
    files: TrialFiles,
    solution: Solution,
    groups: list[list[Trial]],
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print and write what the trials, one list for each learner, say together."""
    summaries = [exactqse.trials.summarise([trial.record for trial in group]) for group in groups]
    seconds = [added(trial.seconds for trial in group) for group in groups]
    noise = str(groups[0][0].record.noise)
    document = {**learning_document(solution, noise, summaries), "assumed": assumed(choice)}
    if files.picture is not None and data is not None:
        write_bytes(data, (to_json(document) + "\n").encode("ascii"))
        draw_learning(summaries, files.picture)
    if as_json:
        written, spent = files.written(data), in_milliseconds(seconds)
        emit({**document, "written": written, "milliseconds": spent})
        return
    show(
        learning_table(summaries, seconds),
        *learning_lines(solution, summaries, seconds),
        *assumption_lines(assumed(choice)),
        *map(line, files.lines(data)),
    )


def _grouped(trials: tuple[Trial, ...], seeds: int) -> list[list[Trial]]:
    return [list(trials[i : i + seeds]) for i in range(0, len(trials), seeds)]
