"""Several optimal policies because the game looks the same once actions have changed places.

An exchange at (h, s) and a cell is a permutation of the leader's actions, and one of the cell's,
that leave u, r and P there as they are. It turns an optimal policy into an optimal one. If none
that stays as it is can be optimal, which a certified solve of a game with means for entries shows,
several are (proofs/exchanges.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import islice

from exactqse.errors import GameError, NumberError, PrecisionError
from exactqse.evaluate import evaluate
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.game import KernelGame, Row, T
from exactqse.model.policy import Policy
from exactqse.model.rows import make_row, probabilities
from exactqse.solve.api import solve
from exactqse.solve.checking import Checker
from exactqse.solve.solution import Solution, uninterrupted
from exactqse.sweep.isolate import CellOptima, Isolation
from exactqse.sweep.near import NearPolicy, distance

_SEEN = 1000  # permutations that are looked at,
_STEPS = 10_000  # and beginnings of some
_EACH = 4  # of a cell that are tried: those that leave the fewest policies as they are
_EVALUATED = 32  # of all cells
_TRIED = 8  # solves
_NODES = 2000  # of each
Table = tuple[tuple[tuple[tuple[T, ...], ...], ...], ...]  # [h][s][a][b]
Permutation = tuple[int, ...]  # [a]: where it goes
Columns = list[tuple[int, ...]]  # [b]: entries of a table


def exchanged(found: Isolation) -> Isolation:
    """What was undecided, as "multiple", with another optimal policy, where an exchange shows it.

    Finite eta. Nothing is shown where means, or bounds, are beyond what can be computed with.

    Raises:
        KeyboardInterrupt: Ctrl-C ended a solve.
    """
    if found.verdict != "undecided":
        return found
    solution = found.solution
    every = (
        (number, goes)
        for number, place in enumerate(found.places)
        for goes in _exchanges(solution, place)
    )
    tried = []
    for number, goes in islice(every, _EVALUATED):
        with suppress(GameError):
            tried.append((_lost(solution, found.places[number], goes), number, goes))
    for lost, number, goes in sorted(tried, reverse=True)[:_TRIED]:
        place = found.places[number]
        if lost > 0 and _is_needed(solution, place, goes, lost):
            others = (_other(solution, place, goes),)
            places = list(found.places)
            places[number] = replace(place, several=True)
            return replace(found, places=tuple(places), others=others)
    return found


def exchanges(
    game: KernelGame, step: int, state: int, cell: tuple[int, ...]
) -> Iterator[Permutation]:
    """The permutations of the leader's actions that do, with some one of the cell's actions.

    Action after action gets an image, as long as the columns of the actions so far and those of
    their images are the same in some order. Not all are told if that takes too long.
    """
    tables = [game.u, game.r, *([game.P] if step + 1 < game.horizon else [])]
    entries = zip(*(game.at(table, step)[state] for table in tables), strict=True)
    number: dict[object, int] = {}
    rows = [
        [number.setdefault(tuple(table[b] for table in row), len(number)) for b in cell]
        for row in entries
    ]
    left = _STEPS
    nothing: Columns = [() for _ in cell]
    stack: list[tuple[Permutation, Columns, Columns]] = [((), nothing, nothing)]
    while stack and left:
        goes, given, images = stack.pop()
        left -= 1
        if len(goes) == len(rows):
            yield goes
            continue
        given = _with(given, rows[len(goes)])
        known, free = sorted(given), (a for a in reversed(range(len(rows))) if a not in goes)
        moved = [((*goes, a), _with(images, rows[a])) for a in free]
        stack += [(more, given, found) for more, found in moved if sorted(found) == known]


def _with(columns: Columns, row: list[int]) -> Columns:
    return [(*column, entry) for column, entry in zip(columns, row, strict=True)]


def _exchanges(solution: Solution, place: CellOptima) -> list[Permutation]:
    """Those that move the certified policy, first those that leave the fewest policies alone."""
    if place.unique or len(place.cell) == 1:
        return []
    game = solution.game
    given = solution.policy[place.step][place.state][place.cell[0]]
    every = islice(exchanges(game, place.step, place.state, place.cell), _SEEN)
    moving = {goes for goes in every if any(given[a] != given[b] for a, b in enumerate(goes))}
    return sorted(moving, key=lambda goes: (len(orbits(goes)), goes))[:_EACH]


def orbits(goes: Permutation) -> list[tuple[int, ...]]:
    """Its cycles: the actions that a policy that stays as it is takes with equal probability."""
    found, left = [], set(range(len(goes)))
    while left:
        cycle = [min(left)]
        while goes[cycle[-1]] != cycle[0]:
            cycle.append(goes[cycle[-1]])
        found.append(tuple(cycle))
        left -= {*cycle}
    return found


def averaged(
    game: KernelGame, step: int, state: int, cell: tuple[int, ...], goes: Permutation
) -> KernelGame:
    """With means over orbits for the entries of a cell: what policies that stay give."""
    of = {a: orbit for orbit in orbits(goes) for a in orbit}

    def table(steps: Table[T], mean: Callable[[list[T]], T]) -> Table[T]:
        found = [game.at(steps, h) for h in range(game.horizon)]
        layer = found[step]
        rows = layer[state]
        changed = tuple(
            tuple(
                mean([rows[o][b] for o in of[a]]) if b in cell else entry
                for b, entry in enumerate(row)
            )
            for a, row in enumerate(rows)
        )
        found[step] = (*layer[:state], changed, *layer[state + 1 :])
        return tuple(found)

    def mixed(rows: list[Row]) -> Row:
        shares = [*map(probabilities, rows)]
        states = {t for share in shares for t in share}
        means = {t: _mean([share.get(t, Fraction(0)) for share in shares]) for t in states}
        return make_row(means, game.states, "P")

    u, r, P = table(game.u, _mean), table(game.r, _mean), table(game.P, mixed)
    return replace(game, u=u, r=r, P=P)


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _averaged(solution: Solution, place: CellOptima, goes: Permutation) -> KernelGame:
    return averaged(solution.game, place.step, place.state, place.cell, goes)


def _lost(solution: Solution, place: CellOptima, goes: Permutation) -> Fraction:
    """How much less the certified policy is worth where entries are means."""
    return solution.lower - evaluate(_averaged(solution, place, goes), solution.policy).J.upper


def _is_needed(solution: Solution, place: CellOptima, goes: Permutation, lost: Fraction) -> bool:
    """Whether no policy that stays as it is is worth as much as the certified one."""
    verdict = solution.verdict
    checker: Checker = "kernel" if not verdict or verdict.arithmetic == INTEGER.name else "flint"
    game = _averaged(solution, place, goes)
    with suppress(GameError, NumberError, PrecisionError):
        fixed = uninterrupted(solve(game, gap=lost / 2, node_limit=_NODES, checker=checker))
        return fixed.certified and fixed.upper < solution.lower
    return False


def _other(solution: Solution, place: CellOptima, goes: Permutation) -> NearPolicy:
    """The certified policy after the exchange, which is worth the same."""
    table = [[list(rows) for rows in step] for step in solution.policy.probabilities]
    for b in place.cell:
        given = table[place.step][place.state][b]
        back = sorted(range(len(goes)), key=goes.__getitem__)
        table[place.step][place.state][b] = tuple(given[a] for a in back)
    policy = Policy(tuple(tuple(tuple(rows) for rows in step) for step in table))
    J = evaluate(solution.game, policy).J
    return NearPolicy(policy, J, distance(solution.game, policy, solution.policy), None)
