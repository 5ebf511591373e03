"""``show``, ``convert`` and the group ``games``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import exactqse
from exactqse.cli.bundles import AsJson, GameChoice, Page
from exactqse.cli.inputs import assumed, load_game, writable
from exactqse.cli.output import emit, show
from exactqse.report import (
    assumption_lines,
    catalogue_blocks,
    catalogue_document,
    game_document,
    game_summary,
    graph_lines,
    line,
    reward_tables,
    show_document,
)

if TYPE_CHECKING:
    from exactqse.model.game import Game

games = typer.Typer(help="The games shipped with exactqse.", invoke_without_command=True)
OutFile = Annotated[
    Path, typer.Option("--out", metavar="OUT", help="The file to write.", show_default=False)
]


def show_command(choice: GameChoice, page: Page) -> None:
    """Show a game: sizes, parameters, hash, graph and rewards."""
    game = load_game(choice)
    graph = exactqse.model.describe_graph(game)
    if page.as_json:
        emit({**show_document(game, graph), "assumed": assumed(choice)})
        return
    show(
        game_summary(game),
        *assumption_lines(assumed(choice)),
        *graph_lines(game, graph, everything=page.everything),
        *reward_tables(game, everything=page.everything),
    )


def convert_command(choice: GameChoice, *, out: OutFile, as_json: AsJson = False) -> None:
    """Write a game as a canonical game file, with changes if any are asked for."""
    writable(out)
    _export(load_game(choice), out, assumed(choice), as_json=as_json)


@games.callback()
def games_default(context: typer.Context) -> None:
    """The games shipped with exactqse: list them, or export one as a game file."""
    if context.invoked_subcommand is None:
        list_games(as_json=False)


@games.command("list")
def list_games(*, as_json: AsJson = False) -> None:
    """List the shipped games."""
    entries = [
        (entry.name, entry.title, entry.source, entry.build())
        for entry in exactqse.games.catalogue()
    ]
    if as_json:
        emit(catalogue_document(entries))
    else:
        show(*catalogue_blocks(entries))


@games.command("export")
def export_game(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    out: OutFile,
    as_json: AsJson = False,
) -> None:
    """Write a shipped game as a canonical game file."""
    writable(out)
    _export(exactqse.games.get(name), out, {}, as_json=as_json)


def _export(game: Game, out: Path, taken: dict[str, str], *, as_json: bool) -> None:
    game.save(out)
    if as_json:
        emit({"game": game_document(game), "written": str(out), "assumed": taken})
    else:
        wrote = line(f"wrote {out}"), line(f"hash {game.hash}", "dim")
        show(*wrote, *assumption_lines(taken))
