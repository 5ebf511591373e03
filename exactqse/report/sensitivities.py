"""Isolation and sensitivities for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from exactqse.report.documents import Document, exact_table, solution_document
from exactqse.report.near import other_document, other_line
from exactqse.report.solutions import ROWS, line, plain_table
from exactqse.report.text import cell, coarse, counted

if TYPE_CHECKING:
    from exactqse.arithmetic import Enclosure
    from exactqse.model.game import Game
    from exactqse.sweep import Isolation, Sensitivities

_PLACES = 9  # decimal places in tables; the ends are rounded outward
_VERDICTS = {
    "isolated": "isolated: exactly one policy is optimal from every step and state on",
    "multiple": "multiple: several policies are optimal",
    "undecided": "undecided: other policies may be optimal",
}
_REACHED = "isolated: exactly one policy is optimal, at the steps and states that it reaches"
_REMEDY = "more digits may decide it; in Python, isolation of near_optimal with more parts, too"


def sensitivities_document(found: Sensitivities) -> Document:
    """The solution, its isolation, and dJ*/deta, dJ*/du and dJ*/dr [h][s][a][b]."""
    return {
        **solution_document(found.isolation.solution),
        "isolation": isolation_document(found.isolation),
        "sensitivities": {
            "differentiable": found.isolated,
            "eta": exact_table(found.eta),
            "u": exact_table(found.u),
            "r": exact_table(found.r),
        },
    }


def undifferentiated_document(isolation: Isolation) -> Document:
    """The solution and its isolation, for eta = infinity."""
    return {
        **solution_document(isolation.solution),
        "isolation": isolation_document(isolation),
        "sensitivities": None,
    }


def isolation_document(isolation: Isolation) -> Document:
    """The verdict, per place the weights [a] that every optimum has, and other policies."""
    return {
        "verdict": isolation.verdict,
        "radius": str(isolation.radius),
        "places": [
            {
                "step": place.step,
                "state": place.state,
                "follower_actions": list(place.cell),
                "weights": exact_table(place.weights),
                "support": list(place.support),
                "support_proved": place.proved,
                "unique": place.unique,
            }
            for place in isolation.places
        ],
        "ties": [
            {
                "step": tie.step,
                "state": tie.state,
                "follower_actions": list(tie.cell),
                "leader_action": tie.action,
                "value_at_least": str(tie.value),
            }
            for tie in isolation.ties
        ],
        "played": [
            {
                "step": x.step,
                "state": x.state,
                "follower_action": x.response,
                "weights": exact_table(x.weights),
            }
            for x in isolation.played
        ],
        "others": list(map(other_document, isolation.others)),
    }


def isolation_lines(
    game: Game, isolation: Isolation, *, everything: bool = False
) -> Iterator[Text]:
    """The verdict, what is played, the radius, and other policies."""
    style = "bold green" if isolation.verdict == "isolated" else "bold yellow"
    farsighted, verdict = bool(game.gamma), isolation.verdict
    yield line(_REACHED if farsighted and verdict == "isolated" else _VERDICTS[verdict], style)
    if farsighted and verdict == "undecided":
        yield line(_REMEDY, "dim")
    if game.eta is None:
        yield line(_played(game, isolation), "dim")
    if game.eta is None and farsighted:
        yield from _threats(game, isolation)
        return
    radius = f"{float(isolation.radius):.3g}"
    where = ", at the steps and states that its policy reaches" if farsighted else ""
    yield line(f"every optimal probability is within {radius} of the certified policy's{where}")
    for tie in islice(isolation.ties, None if everything else ROWS):
        after = ", ".join(game.name("follower", b) for b in tie.cell)
        where = f"step {tie.step}, state {game.name('state', tie.state)}, after {after}"
        yield line(f"within the gap too: {game.name('leader', tie.action)} at {where}")
    if len(isolation.ties) > ROWS and not everything:
        yield line(f"{counted(len(isolation.ties) - ROWS, 'more tie')}: --all shows them", "dim")
    yield from map(other_line, isolation.others)


def _threats(game: Game, isolation: Isolation) -> Iterator[Text]:
    """Where what she does after answers that he does not give may be changed."""
    free = [place for place in isolation.places if place.several]
    if free:
        where = f"step {free[0].step}, state {game.name('state', free[0].state)}"
        yield line(
            f"after answers that are worth less to him her mixtures may move, first at {where}"
        )


def _played(game: Game, isolation: Isolation) -> str:
    """Whether optimal policies against a follower who best responds differ in what is played."""
    if isolation.is_played_alike:
        return "where optimal policies lead, the same is played for all of them"
    if not isolation.played:
        return "what is played where optimal policies lead is undecided"
    places = [(x.step, x.state) for x in isolation.played]
    h, s = next(
        place
        for place, x in zip(places, isolation.played, strict=True)
        if places.count(place) > 1 or any(w.width for w in x.weights)
    )
    where = f"step {h}, state {game.name('state', s)}"
    return f"what is played where optimal policies lead may differ, first at {where}"


def sensitivity_lines(found: Sensitivities) -> Iterator[Text]:
    """dJ*/deta, and what the numbers are."""
    if found.isolated:
        yield line(f"dJ*/deta = {found.eta}", "bold")
        yield line("J* is differentiable; derivatives are enclosed by ball arithmetic", "dim")
    else:
        yield line(f"both one-sided derivatives of J* in eta lie in {found.eta}", "bold")
        yield line("J* may have kinks: every enclosure holds both one-sided derivatives", "dim")


def sensitivity_table(
    game: Game, found: Sensitivities, *, everything: bool = False
) -> RenderableType:
    """The derivatives in u and r that are not surely 0: at most ``ROWS`` rows, or all of them."""
    table = plain_table("sensitivities of J*")
    for heading in ("step", "state", "leader", "follower", "dJ*/du", "dJ*/dr"):
        table.add_column(heading, overflow="fold")
    for h, s, a, b in islice(_rows(game, found), None if everything else ROWS):
        names = game.name("state", s), game.name("leader", a), game.name("follower", b)
        values = _number(found.u[h][s][a][b]), _number(found.r[h][s][a][b])
        table.add_row(*map(cell, (str(h), *names, *values)))
    return table


def sensitivity_notes(
    game: Game, found: Sensitivities, *, everything: bool = False
) -> Iterator[Text]:
    """What the table left out."""
    left = sum(1 for _ in _rows(game, found)) - ROWS
    if left > 0 and not everything:
        yield line(f"{counted(left, 'more row')}: --all shows them, --json gives all digits", "dim")
    yield line("entries that are not in the table have derivative 0", "dim")


def _rows(game: Game, found: Sensitivities) -> Iterator[tuple[int, int, int, int]]:
    for h, layer in enumerate(game.reachable):
        pairs = range(game.leader_actions), range(game.follower_actions)
        for s, a, b in product(layer, *pairs):
            if any(end != 0 for x in (found.u, found.r) for end in _ends(x[h][s][a][b])):
                yield h, s, a, b


def _ends(value: Enclosure) -> tuple[object, object]:
    return value.lower, value.upper


def _number(value: Enclosure) -> str:
    return str(coarse(value, _PLACES))
