"""Sweeps along eta for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from exactqse.report.documents import Document, exact_table, game_document
from exactqse.report.solutions import ROWS, line, plain_table
from exactqse.report.text import cell, coarse, counted, short

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.sweep import Change, Sweep

_PLACES = 15  # decimal places in tables; the ends are rounded outward
_FEW = 3  # places whose supports a table writes out


def sweep_document(sweep: Sweep) -> Document:
    """Every point, change and limit, exactly; eta is "inf" at infinity."""
    game = game_document(sweep.game)
    del game["eta"]
    return {
        "game": game,
        "places": [
            {"step": h, "state": s, "follower_actions": list(cell)} for h, s, cell in sweep.places
        ],
        "points": [
            {
                "eta": "inf" if point.eta is None else str(point.eta),
                "lower": str(point.value.lower),
                "upper": str(point.value.upper),
                "enclosure": str(point.value),
                "reason": point.solution.reason,
                "support": support_lists(point.support),
                "support_proved": point.proved,
            }
            for point in sweep.points
        ],
        "width": str(sweep.width),
        "changes": [
            {
                "lower": str(change.lower),
                "upper": str(change.upper),
                "places": list(change.places),
                "before": support_lists(change.before),
                "after": support_lists(change.after),
                "support_proved": change.proved,
                "reason": change.reason,
            }
            for change in sweep.changes
        ],
        "limits": {
            "zero": str(sweep.limits.zero),
            "infinity": exact_table(sweep.limits.infinity),
        },
    }


def support_lists(support: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    """Supports, place by place."""
    return [list(actions) for actions in support]


def sweep_table(game: Game, sweep: Sweep, *, everything: bool = False) -> RenderableType:
    """Per eta the certified enclosure and the support: at most ``ROWS`` rows, or all of them."""
    table = plain_table("the optimal value along eta")
    for heading in ("eta", "J*", "support", "of every optimum"):
        table.add_column(heading, overflow="fold")
    names: dict[tuple[tuple[int, ...], ...], str] = {}
    for point in islice(sweep.points, None if everything else ROWS):
        eta = "inf" if point.eta is None else short(point.eta)
        known = names.setdefault(point.support, f"no. {len(names) + 1}")
        few = "; ".join(_actions(game, actions) for actions in point.support)
        support = few if len(sweep.places) <= _FEW else known
        proved = "proved" if point.proved else "not decided"
        if point.eta is None:
            proved = "strong Stackelberg"
        table.add_row(*map(cell, (eta, str(coarse(point.value, _PLACES)), support, proved)))
    return table


def sweep_lines(game: Game, sweep: Sweep, *, everything: bool = False) -> Iterator[Text]:
    """Changes of the support, the limits, and what is not claimed."""
    if len(sweep.points) > ROWS and not everything:
        left = counted(len(sweep.points) - ROWS, "more row")
        yield line(f"{left}: --all shows them", "dim")
    if wide := sum(not point.reached for point in sweep.points):
        yield line(
            f"wider than asked for at {counted(wide, 'point')}: --json says why", "bold yellow"
        )
    shown = list(islice(sweep.changes, None if everything else ROWS))
    for change in shown:
        yield from change_lines(game, sweep, change)
    if len(shown) < len(sweep.changes):
        left = counted(len(sweep.changes) - len(shown), "more change")
        yield line(f"{left} of the support: --all shows them", "dim")
    yield from limit_lines(sweep)
    yield line(
        "every J* is an enclosure from a checked certificate; nothing is claimed between them",
        "dim",
    )


def change_lines(game: Game, sweep: Sweep, change: Change) -> Iterator[Text]:
    """The bracket, and the supports where they differ."""
    ends = _decimal(change.lower, ROUND_FLOOR), _decimal(change.upper, ROUND_CEILING)
    bracket = f"[{ends[0]}, {ends[1]}]"
    kind = "" if change.proved else " of the computed policy"
    yield line(f"support{kind} changes for some eta in {bracket}")
    for i in islice(change.places, _FEW):
        h, s, follower = sweep.places[i]
        after = ", ".join(game.name("follower", b) for b in follower)
        before, later = (_actions(game, x[i]) for x in (change.before, change.after))
        where = f"step {h}, state {game.name('state', s)}, after {after}"
        yield line(f"  {where}: {before} -> {later}")
    if len(change.places) > _FEW:
        yield line(f"  and at {counted(len(change.places) - _FEW, 'more place')}", "dim")
    if change.reason:
        yield line(f"  not narrowed further: {change.reason}", "dim")


def limit_lines(sweep: Sweep) -> Iterator[Text]:
    """The limits at 0 and infinity."""
    limits = sweep.limits
    yield line(f"limit as eta falls to 0: {limits.zero} (he answers uniformly)")
    infinity = limits.infinity
    if infinity.width == 0:
        end = f"{infinity.lower} (the strong and the weak Stackelberg value)"
        yield line(f"limit as eta grows: {end}")
    elif sweep.game.gamma:
        yield line(
            f"as eta grows, limits lie in {coarse(infinity, _PLACES)}, from a commitment's worst "
            "case to the bound of the strong Stackelberg value"
        )
    else:
        ends = " to ".join(map(short, (infinity.lower, infinity.upper)))
        yield line(
            f"as eta grows, limits lie from the weak to the strong Stackelberg value: {ends}"
        )


def _decimal(value: Fraction, rounding: str) -> Decimal:
    context = Context(prec=12, rounding=rounding)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(context)


def _actions(game: Game, actions: tuple[int, ...]) -> str:
    return ", ".join(game.name("leader", a) for a in actions)
