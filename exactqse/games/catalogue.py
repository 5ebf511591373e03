"""The games shipped with the package, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from exactqse.errors import InputError, of_kind, shown
from exactqse.games import families, matrix, patrol, security
from exactqse.model.game import Game

_SIZES = {"states": 4, "leader_actions": 3, "follower_actions": 3, "horizon": 4, "seed": 1}
_OWN = "exactqse.games.families, sizes S=4, A=B=3, H=4, seed 1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One game of the catalogue.

    Attributes:
        name: what :func:`get` calls it.
        title: what it is, in a line.
        source: where its construction and its numbers come from.
        build: makes the game.
    """

    name: str
    title: str
    source: str
    build: Callable[[], Game]


def catalogue() -> tuple[Entry, ...]:
    """Every shipped game, literature first."""
    return (*_literature(), *_constructed(), *_random())


def get(name: str) -> Game:
    """The shipped game with this name.

    Raises:
        InputError: no such name, with the names nearest to it.
    """
    of_kind(name, str, "a name", where="game", remedy="list the names with `exactqse games`")
    entries = {entry.name: entry for entry in catalogue()}
    if name in entries:
        return entries[name].build()
    near = difflib.get_close_matches(name, entries, n=3, cutoff=0.4)
    remedy = f"did you mean {', '.join(near)}?" if near else "list the names with `exactqse games`"
    raise InputError(f"no shipped game is called {shown(name)}", where="game", remedy=remedy)


def _literature() -> list[Entry]:
    return [
        Entry(
            "conitzer-sandholm-2006",
            "2x2 game in which commitment pays",
            "Conitzer and Sandholm (2006), Computing the optimal strategy to commit to, EC",
            matrix.conitzer_sandholm,
        ),
        *(
            Entry(
                f"selten-chmura-2008-{number}",
                f"experimental 2x2 game {number}{', constant-sum' if number <= 6 else ''}",
                "Selten and Chmura (2008), Stationary Concepts for Experimental 2x2-Games, AER 98",
                partial(matrix.selten_chmura, number),
            )
            for number in range(1, 13)
        ),
        *(
            Entry(
                f"ochs-1995-{up_left}",
                f"matching pennies, row's Up-Left payoff {up_left}",
                "Ochs (1995), Games with Unique, Mixed Strategy Equilibria, GEB 10",
                partial(matrix.ochs, up_left),
            )
            for up_left in (1, 4, 9)
        ),
        Entry(
            "battle-of-the-sexes",
            "2x2 coordination with opposed tastes",
            "payoffs of section 3 of Nau, Gomez Canovas and Hansen (2004), IJGT 32",
            matrix.battle_of_the_sexes,
        ),
    ]


def _constructed() -> list[Entry]:
    return [
        Entry(
            "security-5",
            "one defender, five targets",
            "construction of Kiekintveld et al. (2009), AAMAS; own numbers",
            security.security_five,
        ),
        Entry(
            "inspection-3-of-8",
            "three inspections for eight periods; states count those left",
            "after Dresher (1962), RAND RM-2972-ARPA; own payoffs",
            partial(patrol.inspection_game, inspections=3, horizon=8),
        ),
        Entry(
            "patrol-4",
            "a patroller on a ring of four sites, six steps, moves that may fail",
            "own construction and numbers (exactqse.games.patrol)",
            partial(patrol.patrol_game, sites=4, horizon=6),
        ),
    ]


def _random() -> list[Entry]:
    return [
        Entry("random-dense", "random, dense rows", _OWN, partial(families.dense, **_SIZES)),
        Entry(
            "random-sparse",
            "random, two successors a row",
            _OWN,
            partial(families.sparse, **_SIZES, successors=2),
        ),
        Entry("random-zero-sum", "random, r = -u", _OWN, partial(families.zero_sum, **_SIZES)),
        Entry(
            "random-common-interest",
            "random, r = u",
            _OWN,
            partial(families.common_interest, **_SIZES),
        ),
        Entry(
            "random-nearly-tied",
            "random, action pairs within 1e-12 of each other",
            _OWN,
            partial(families.nearly_tied, **_SIZES),
        ),
    ]
