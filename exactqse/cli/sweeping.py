"""``sweep`` and ``sensitivities``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import exactqse
from exactqse.cli.bundles import Discount, GameChoice, GameName, Observed, Page, WhoLeads
from exactqse.cli.inputs import assumed, default_digits, load_game, number, writable
from exactqse.cli.output import emit, error_console, show
from exactqse.cli.solving import INTERRUPTED
from exactqse.errors import InputError
from exactqse.report import (
    assumption_lines,
    draw_sweep,
    drawable,
    isolation_lines,
    line,
    near_optimal_document,
    near_optimal_lines,
    near_optimal_notes,
    near_optimal_table,
    sensitivities_document,
    sensitivity_lines,
    sensitivity_notes,
    sensitivity_table,
    solution_lines,
    sweep_document,
    sweep_lines,
    sweep_table,
    to_json,
    undifferentiated_document,
    working,
)
from exactqse.solve.effort import counting
from exactqse.writing import write_bytes

if TYPE_CHECKING:
    from rich.console import RenderableType

    from exactqse.model import Game
    from exactqse.report.documents import Document
    from exactqse.solve.solution import Solution
    from exactqse.sweep import NearOptimal

_POINTS = 9


@dataclass(frozen=True)
class Along:
    """Which game, and along which eta."""

    game: GameName
    etas: Annotated[
        str | None,
        typer.Option("--eta", metavar="LIST", help="Inverse temperatures, such as 0.1,1,10,inf."),
    ] = None
    start: Annotated[
        str | None, typer.Option("--from", metavar="NUMBER", help="The least eta of a grid.")
    ] = None
    stop: Annotated[
        str | None, typer.Option("--to", metavar="NUMBER", help="The largest eta of a grid.")
    ] = None
    points: Annotated[
        int | None,
        typer.Option(metavar="N", help="The number of points of the grid.  \\[default: 9]"),
    ] = None
    log: Annotated[bool, typer.Option("--log", help="A grid on the logarithmic scale.")] = False
    gamma: Discount = None
    observes: Observed = None
    leader: WhoLeads = None

    @property
    def choice(self) -> GameChoice:
        """The game, whose own eta plays no part."""
        return GameChoice(self.game, gamma=self.gamma, observes=self.observes, leader=self.leader)

    def values(self) -> list[Fraction | str]:
        """The list and the grid. Raises InputError when there is neither, or half a grid."""
        words = [] if self.etas is None else [word.strip() for word in self.etas.split(",")]
        listed = [word if word == "inf" else number(word, "--eta") for word in words]
        if (self.start is None) != (self.stop is None):
            raise InputError("--from needs --to, and --to needs --from", where="grid")
        if self.start is None or self.stop is None:
            self._require_no_grid()
            if not listed:
                remedy = "give --eta 0.1,1,10,inf or --from 0.1 --to 10"
                raise InputError("no eta is given", where="sweep", remedy=remedy)
            return listed
        ends = number(self.start, "--from"), number(self.stop, "--to")
        points = _POINTS if self.points is None else self.points
        return [*listed, *exactqse.eta_grid(*ends, points, log=self.log)]

    def _require_no_grid(self) -> None:
        """Refuse what only a grid has. Raises InputError."""
        for option, given in (("--points", self.points is not None), ("--log", self.log)):
            if given:
                what = "means nothing without a grid"
                raise InputError(what, where=option, remedy="give --from and --to, or leave it out")


@dataclass(frozen=True)
class SweepFiles:
    """Where a sweep writes."""

    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all data as JSON to this file.")
    ] = None
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw J* along eta: a .pdf, .png or .svg file."),
    ] = None


Digits = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Bounds no wider than 10^-N, 1 to 1000.  "
        "\\[default: 15; 6 if she sees less; 3 if gamma > 0]",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Settle for the gap reached by then, at each eta."),
]


def sweep_command(
    along: Along,
    files: SweepFiles,
    page: Page,
    *,
    digits: Digits = None,
    width: Annotated[
        str,
        typer.Option(metavar="X", help="Bracket changes of the support within a factor 1 + X."),
    ] = "1/1000",
    time_limit: TimeLimit = None,
) -> None:
    """Certified bounds of J* along eta, the support, where it changes, and limits.

    Covers any follower and whatever the leader observes; supports are proved, and changes
    bracketed, for gamma = 0.
    """
    writable(files.out, apart_from=(along.game,))
    writable(files.picture, apart_from=(along.game, files.out))
    if files.picture is not None:
        drawable(files.picture)
    etas, relative = along.values(), number(width, "--width")
    game = load_game(along.choice)
    taken = assumed(replace(along.choice, eta="all"))
    digits = default_digits(game) if digits is None else digits
    with working(error_console(), "sweeping") as progress:
        found = exactqse.sweep(
            game, etas, digits, width=relative, time_limit=time_limit, progress=counting(progress)
        )
    document = {**sweep_document(found), "digits": digits, "assumed": taken}
    saved = []
    if files.out is not None:
        write_bytes(files.out, (to_json(document) + "\n").encode("ascii"))
        saved.append(f"data written to {files.out}")
    if files.picture is not None:
        draw_sweep(found, files.picture)
        saved.append(f"picture written to {files.picture}")
    if page.as_json:
        names = {"data": files.out, "picture": files.picture}
        emit({**document, "written": {k: None if v is None else str(v) for k, v in names.items()}})
        return
    show(
        sweep_table(game, found, everything=page.everything),
        *sweep_lines(game, found, everything=page.everything),
        *assumption_lines(taken),
        *map(line, saved),
    )


def sensitivities_command(
    choice: GameChoice, page: Page, *, digits: Digits = None, time_limit: TimeLimit = None
) -> None:
    """Solve, tell whether the optimum is the only one, and differentiate J* by eta, u and r.

    Covers whatever the leader observes; J* is differentiated for finite eta only. For gamma > 0 it
    tells besides in what ranges the follower's values are for all optimal policies, and which other
    good policies were met.
    """
    game = load_game(choice)
    digits = default_digits(game) if digits is None else digits
    with working(error_console(), "solving") as progress:
        solution = exactqse.solve(game, digits, time_limit=time_limit, progress=progress)
        found = _around(game, solution, page)
    if page.as_json:
        emit({**found.document, "digits": digits, "assumed": assumed(choice)})
    else:
        show(*solution_lines(solution), *found.blocks, *assumption_lines(assumed(choice)))
    if solution.effort.interrupted:
        raise typer.Exit(INTERRUPTED)


@dataclass(frozen=True)
class _Found:
    """As JSON, and for the terminal."""

    document: Document
    blocks: tuple[RenderableType, ...]


def _around(game: Game, solution: Solution, page: Page) -> _Found:
    """What the sensitivities, the isolation and the near-optimal policies tell of a solution."""
    if not game.gamma:
        tell = _isolation if game.eta is None else _sensitivities
        return tell(game, solution, page)
    near = exactqse.near_optimal(solution)
    values = _near(game, near, page)
    if game.eta is None:
        one = _isolation(game, near, page)
        return _Found({**one.document, **values.document}, (*one.blocks, *values.blocks))
    found = _sensitivities(game, near, page)
    return _Found({**found.document, **values.document}, (*found.blocks, *values.blocks))


def _isolation(game: Game, solution: Solution | NearOptimal, page: Page) -> _Found:
    found = exactqse.isolation(solution)
    lines = isolation_lines(game, found, everything=page.everything)
    blocks = *lines, line("J* is differentiated for finite eta only", "dim")
    return _Found(undifferentiated_document(found), blocks)


def _sensitivities(game: Game, solution: Solution | NearOptimal, page: Page) -> _Found:
    found, everything = exactqse.sensitivities(solution), page.everything
    blocks = (
        *isolation_lines(game, found.isolation, everything=everything),
        *sensitivity_lines(found),
        sensitivity_table(game, found, everything=everything),
        *sensitivity_notes(game, found, everything=everything),
    )
    return _Found(sensitivities_document(found), blocks)


def _near(game: Game, near: NearOptimal, page: Page) -> _Found:
    everything = page.everything
    blocks = (
        *near_optimal_lines(near),
        *([near_optimal_table(game, near, everything=everything)] if near.values else ()),
        *near_optimal_notes(near, everything=everything),
    )
    return _Found(near_optimal_document(near), blocks)
