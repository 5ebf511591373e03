"""Optimal policies against a farsighted follower who best responds: threats that may be changed.

Where an answer is worth less to him than V, after each of her actions or after one that she may
lean towards, her mixture after it can be moved without his caring (proofs/threats.md).
"""

from __future__ import annotations

from fractions import Fraction

from exactqse.arithmetic import Enclosure
from exactqse.kernel.game import KernelGame
from exactqse.kernel.strong import action_values
from exactqse.sweep.isolate import CellOptima, Isolation
from exactqse.sweep.near import Group, NearOptimal

ZERO, ONE = Fraction(0), Fraction(1)
Values = dict[tuple[int, int], Enclosure]


def threatened(near: NearOptimal) -> Isolation:
    """The report for gamma > 0, eta = infinity and a Markov leader, from the ranges of V."""
    solution = near.solution
    game, policy = solution.game, solution.policy
    places = []
    for h, s in game.places:
        free = [movable(game, h, s, _values(group)) for group in near.groups]
        some = set[int]().union(*free) if all(free) else set()
        for c, cell in enumerate(game.observes):
            given = policy[h][s][cell[0]]
            places.append(_cell((h, s, cell), given, several=c in some))
    return Isolation(solution, tuple(places), ())


def movable(game: KernelGame, h: int, s: int, V: Values) -> set[int]:
    """Cells of which her mixture after one, at least, can be moved; none if that is not proved.

    That is so for every optimal policy whose values are in the ranges.
    """
    if game.leader_actions == 1:
        return set()
    high = _answers(game, h, s, {t: x.upper for (step, t), x in V.items() if step == h + 1})
    low = _answers(game, h, s, {t: x.lower for (step, t), x in V.items() if step == h + 1})
    floor = max(map(min, zip(*low, strict=True)))
    least = max(V[h, s].lower, floor) if h else floor
    tops = [[max(row[b] for b in cell) for row in high] for cell in game.observes]
    idle = {c for c, worth in enumerate(tops) if max(worth) < least}
    able = {c for c, worth in enumerate(tops) if min(worth) < least}
    return idle or (able if len(able) > 1 else set())


def _answers(game: KernelGame, h: int, s: int, after: dict[int, Fraction]) -> list[list[Fraction]]:
    """x [a][b] = r + gamma P V'."""
    ahead = {t: game.gamma * value for t, value in after.items()}
    rows = action_values(game, game.r, h, s, ahead or dict.fromkeys(range(game.states), ZERO))
    return [list(row) for row in rows]


def _values(group: Group) -> Values:
    return {(x.step, x.state): x.value for x in group.values}


def _cell(
    where: tuple[int, int, tuple[int, ...]], given: tuple[Fraction, ...], *, several: bool
) -> CellOptima:
    step, state, members = where
    one = len(given) == 1
    return CellOptima(
        step=step,
        state=state,
        cell=members,
        weights=(Enclosure(ONE if one else ZERO, ONE),) * len(given),
        support=tuple(range(len(given))),
        proved=one,
        unique=one,
        several=several,
        radius=max(max(p, 1 - p) for p in given) if not one else ZERO,
    )
