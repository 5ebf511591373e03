"""A game, its graph and the catalogue for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby, product
from operator import itemgetter
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from exactqse.kernel.game import Row
from exactqse.kernel.gamefile import game_hash
from exactqse.report.solutions import ROWS, line, plain_table
from exactqse.report.text import cell, counted, mixture, short

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.model.graph import GraphReport, Place

MATRIX = 6  # follower actions of a matrix game that fit side by side
_LISTED = 8  # places, layers or names listed before "..."


def game_summary(game: Game) -> RenderableType:
    """Sizes, parameters, names, and the hash."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    rho = zip(game.rho.states, game.rho.numerators, strict=True)
    starts = ((game.name("state", s), Fraction(n, game.rho.denominator)) for s, n in rho)
    facts = (
        ("horizon H", str(game.horizon)),
        ("states S", _sized(game.states, game.names[0])),
        ("leader actions A", _sized(game.leader_actions, game.names[1])),
        ("follower actions B", _sized(game.follower_actions, game.names[2])),
        ("first state", mixture(starts)),
        ("eta", "infinity (best response)" if game.eta is None else short(game.eta)),
        ("gamma", "0 (myopic)" if game.gamma == 0 else short(game.gamma)),
        ("leader observes", _observes(game)),
    )
    for label, value in facts:
        grid.add_row(label, cell(value))
    return Group(grid, line(f"hash {game_hash(game)}", "dim"))


def assumption_lines(assumed: Mapping[str, str]) -> Iterator[Text]:
    """What was taken for the parameters that neither the file nor an option gives."""
    if assumed:
        values = ", ".join(f"{name} = {value}" for name, value in assumed.items())
        options = ", ".join(f"--{name}" for name in assumed)
        yield line(f"assumed: {values}; change with {options}", "dim")


def _sized(count: int, names: Sequence[str] | None) -> str:
    return str(count) if names is None else f"{count}: {_some(names)}"


def _some(items: Sequence[str]) -> str:
    left = len(items) - _LISTED
    return ", ".join(items[:_LISTED]) + (f", ... ({left:,} more)" if left > 0 else "")


def _observes(game: Game) -> str:
    if game.observes_action:
        return "the follower's action"
    if len(game.observes) == 1:
        return "nothing"
    cells = (", ".join(game.name("follower", b) for b in part) for part in game.observes)
    return " | ".join(cells)


def graph_lines(game: Game, graph: GraphReport, *, everything: bool = False) -> Iterator[Text]:
    """Layers, what is never reached, and where paths merge."""
    places = game.horizon * game.states
    moves = counted(graph.edges, "move")
    reached = f"{graph.reachable:,} of {counted(places, 'node')}"
    yield line(f"graph: {reached} (step, state) reachable, {moves}")
    if game.horizon > 1:
        sizes = [str(size) for size in graph.layer_sizes]
        yield line(f"  layers: {', '.join(sizes) if everything else _some(sizes)}")
    if graph.unreachable:
        listed = _places(game, graph.unreachable, everything=everything)
        yield line(f"  never reached, skipped: {listed}")
    if game.horizon == 1:
        return
    if graph.is_tree:
        yield line("  shape: a tree, no two paths merge")
    else:
        listed = _places(game, graph.merging, everything=everything)
        yield line(f"  shape: paths merge at {listed}")


def _places(game: Game, places: Sequence[Place], *, everything: bool) -> str:
    """Such as "step 1: a, b; step 2: a"."""
    by_step: dict[int, list[str]] = {}
    for h, s in places if everything else places[:_LISTED]:
        by_step.setdefault(h, []).append(game.name("state", s))
    text = "; ".join(f"step {h}: {', '.join(names)}" for h, names in by_step.items())
    left = len(places) - _LISTED
    return text if everything or left <= 0 else f"{text}; ... ({left:,} more)"


def reward_tables(game: Game, *, everything: bool = False) -> Iterator[RenderableType]:
    """Rewards u, r and moves: a matrix for a small matrix game, else a row per (h, s, a, b).

    At most ``ROWS`` rows unless ``everything`` is asked for; only reachable states are shown.
    """
    if game.horizon == game.states == 1 and game.follower_actions <= MATRIX:
        yield line("rewards u, r; the leader chooses the row", "bold")
        yield _matrix(game)
        return
    steps = max(len(game.P), len(game.u), len(game.r))
    pairs = range(game.leader_actions), range(game.follower_actions)
    layers = game.reachable if steps > 1 else (sorted(set().union(*game.reachable)),)
    places = [
        (h, s, a, b) for h, layer in enumerate(layers) for s in layer for a, b in product(*pairs)
    ]
    shown = places if everything else places[:ROWS]
    yield _reward_table(game, shown, stationary=steps == 1)
    if len(shown) < len(places):
        left = counted(len(places) - len(shown), "more row")
        yield line(f"{left}: --all shows them", "dim")


def _matrix(game: Game) -> Table:
    """Leader actions in rows, follower actions in columns, "u, r" in the cells."""
    table = Table(box=ROUNDED)
    table.add_column("", style="bold", overflow="fold")
    for b in range(game.follower_actions):
        table.add_column(cell(game.name("follower", b)), overflow="fold", justify="center")
    for a, (u, r) in enumerate(zip(game.u[0][0], game.r[0][0], strict=True)):
        cells = (f"{short(x)}, {short(y)}" for x, y in zip(u, r, strict=True))
        table.add_row(cell(game.name("leader", a)), *map(cell, cells))
    return table


def _reward_table(
    game: Game, places: Sequence[tuple[int, int, int, int]], *, stationary: bool
) -> Table:
    table = plain_table("rewards and moves" + (", the same at every step" if stationary else ""))
    for heading in (*([] if stationary else ["step"]), "state", "leader", "follower"):
        table.add_column(heading, overflow="fold")
    for heading in "ur":
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("next state", overflow="fold")
    before: list[str] = []
    for h, s, a, b in places:
        now = [*([] if stationary else [str(h)]), game.name("state", s), game.name("leader", a)]
        keys = [x if now[: i + 1] != before[: i + 1] else "" for i, x in enumerate(now)]
        before = now
        rewards = (short(game.at(table, h)[s][a][b]) for table in (game.u, game.r))
        last = game.horizon == 1 or (not stationary and h == game.horizon - 1)
        after = "" if last else _next_state(game, game.at(game.P, h)[s][a][b])
        table.add_row(*map(cell, (*keys, game.name("follower", b), *rewards, after)))
    return table


def _next_state(game: Game, row: Row) -> str:
    pairs = zip(row.states, row.numerators, strict=True)
    return mixture((game.name("state", t), Fraction(n, row.denominator)) for t, n in pairs)


def catalogue_blocks(entries: Iterable[tuple[str, str, str, Game]]) -> Iterator[RenderableType]:
    """Name, sizes and title of the shipped games under their sources."""
    yield line("name, sizes H S A B (steps, states, leader's and follower's actions), title")
    for source, group in groupby(entries, key=itemgetter(2)):
        yield line("")
        yield line(source, "dim")
        grid = Table.grid(padding=(0, 2))
        for width in (24, 7):
            grid.add_column(min_width=width, no_wrap=True)
        grid.add_column(overflow="fold")
        for name, title, _, game in group:
            sizes = " ".join(map(str, game.shape))
            grid.add_row(*map(cell, (f"  {name}", sizes, title)))
        yield grid
