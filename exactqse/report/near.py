"""What is known of near-optimal policies against a farsighted follower, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from exactqse.arithmetic import Enclosure
from exactqse.report.documents import Document, exact_table, policy_document
from exactqse.report.solutions import ROWS, line, plain_table
from exactqse.report.text import cell, coarse, counted

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.sweep import NearOptimal, NearPolicy, ValueRange

_PLACES = 9  # decimal places in the table; the ends are rounded outward


def near_optimal_document(found: NearOptimal) -> Document:
    """The ranges of the follower's values, and the other policies."""
    return {
        "near_optimal": {
            "level": str(found.level),
            "parts": found.parts,
            "examined": found.examined,
            "values": _ranges(found.values),
            "groups": [
                {"parts": group.parts, "values": _ranges(group.values)} for group in found.groups
            ],
            "others": list(map(other_document, found.others)),
        },
    }


def other_document(other: NearPolicy) -> Document:
    """Another policy within the gap."""
    return {
        "value": exact_table(other.value),
        "distance": str(other.distance),
        "group": other.group,
        "policy": policy_document(other.policy),
    }


def _ranges(values: Iterable[ValueRange]) -> list[Document]:
    return [{"step": x.step, "state": x.state, "value": exact_table(x.value)} for x in values]


def near_optimal_lines(found: NearOptimal) -> Iterator[Text]:
    """What is proved, and the other policies."""
    count, parts = len(found.groups), counted(found.parts, "part")
    least = coarse(Enclosure(found.level, found.level), _PLACES).upper  # true of a larger one, too
    whose = f"the follower's values, of every policy with J >= {Enclosure(least, least)}"
    if count > 1:
        what = f"all in one of {count} separate groups: several policies may be optimal, far apart"
        yield line(f"{whose}, are in the ranges of {parts}, {what}")
    else:
        yield line(f"{whose}, are in the ranges of one group of {parts}")
    for other in found.others:
        where = "" if other.group is None or count == 1 else f", in group {other.group}"
        yield other_line(other, where)


def other_line(other: NearPolicy, where: str = "") -> Text:
    """Another policy within the gap."""
    value, distance = coarse(other.value, _PLACES), float(other.distance)
    what = f"a policy with J = {value}, whose probabilities differ by up to {distance:.3g}"
    return line(f"within the gap too: {what}{where}")


def near_optimal_table(
    game: Game, found: NearOptimal, *, everything: bool = False
) -> RenderableType:
    """Ranges of V_h(s) by group: at most ``ROWS`` rows, or all of them."""
    table = plain_table("the follower's values")
    several = len(found.groups) > 1
    for heading in (*(("group",) if several else ()), "step", "state", "V"):
        table.add_column(heading, overflow="fold")
    for g, x in islice(_rows(found), None if everything else ROWS):
        words = str(x.step), game.name("state", x.state), str(coarse(x.value, _PLACES))
        table.add_row(*map(cell, ((str(g),) if several else ()) + words))
    return table


def near_optimal_notes(found: NearOptimal, *, everything: bool = False) -> Iterator[Text]:
    """What the table left out."""
    left = sum(1 for _ in _rows(found)) - ROWS
    if left > 0 and not everything:
        yield line(f"{counted(left, 'more row')}: --all shows them, --json gives all digits", "dim")


def _rows(found: NearOptimal) -> Iterator[tuple[int, ValueRange]]:
    for number, group in enumerate(found.groups):
        for x in group.values:
            yield number, x
