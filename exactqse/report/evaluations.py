"""Evaluations for the terminal: enclosures of W, V, Q and nu, and closed forms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from exactqse.arithmetic import Enclosure
from exactqse.report.solutions import ROWS, line, plain_table
from exactqse.report.text import cell, coarse, counted

if TYPE_CHECKING:
    from exactqse.evaluate import Evaluation, SymbolicEvaluation
    from exactqse.model.game import Game

_PLACES = 9  # decimal places in tables; the ends are rounded outward


def evaluation_lines(evaluation: Evaluation, digits: int) -> Iterator[Text]:
    """J to the digits asked for, and what is known of it."""
    yield line(f"J = {coarse(evaluation.J, digits)}", "bold")
    how = "exact" if evaluation.J.width == 0 else "enclosed by ball arithmetic"
    yield line(f"{how}; the value of this policy, not of an equilibrium", "dim")


def state_table(game: Game, evaluation: Evaluation, *, everything: bool = False) -> RenderableType:
    """The leader's value W and the follower's value V at every reachable step and state."""
    table = plain_table("values")
    for heading in ("step", "state", "leader's value W", "follower's value V"):
        table.add_column(heading, overflow="fold")
    places = ((h, s) for h, layer in enumerate(game.reachable) for s in layer)
    for h, s in islice(places, None if everything else ROWS):
        values = (_number(evaluation.W[h][s]), _number(evaluation.V[h][s]))
        table.add_row(*map(cell, (str(h), game.name("state", s), *values)))
    return table


def response_table(
    game: Game, evaluation: Evaluation, *, everything: bool = False
) -> RenderableType:
    """The response nu and the follower's value Q of every action there."""
    table = plain_table("the follower's response")
    for heading in ("step", "state", "action", "probability nu", "his value Q"):
        table.add_column(heading, overflow="fold")
    triples = (
        (h, s, b)
        for h, layer in enumerate(game.reachable)
        for s in layer
        for b in range(game.follower_actions)
    )
    for h, s, b in islice(triples, None if everything else ROWS):
        where = (str(h), game.name("state", s)) if b == 0 else ("", "")
        values = (_number(evaluation.nu[h][s][b]), _number(evaluation.Q[h][s][b]))
        table.add_row(*map(cell, (*where, game.name("follower", b), *values)))
    return table


def evaluation_notes(game: Game, *, everything: bool = False) -> Iterator[Text]:
    """What the tables left out."""
    total = sum(map(len, game.reachable)) * game.follower_actions
    if total > ROWS and not everything:
        left = counted(total - ROWS, "more response")
        yield line(f"{left}: --all shows everything, --json gives all digits", "dim")
    else:
        yield line(f"tables show at most {_PLACES} places; --json gives all digits", "dim")


def symbolic_lines(symbolic: SymbolicEvaluation) -> Iterator[Text]:
    """J as a formula, and its LaTeX."""
    yield line(f"J = {symbolic.J}")
    yield line(f"LaTeX: {symbolic.latex()}")


def _number(value: Enclosure) -> str:
    return str(coarse(value, _PLACES))
