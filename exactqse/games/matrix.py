"""One-state, one-step games from the literature, and the way to write more.

All payoffs here are facts stated in the cited papers. Every game is built with a leader who sees
the follower's action, eta = 1 and gamma = 0; ``game.with_(...)`` changes the follower or what she
sees.
"""

from __future__ import annotations

from collections.abc import Sequence

from exactqse.errors import GameError, InputError, shown
from exactqse.model.arrays import depth, whole
from exactqse.model.game import Game, Number, Observes

# Selten and Chmura (2008), "Stationary Concepts for Experimental 2x2-Games", American Economic
# Review 98(3): the row player's payoffs (Up-Left, Up-Right, Down-Left, Down-Right), then the column
# player's. Games 1 to 6 are constant-sum.
_SELTEN_CHMURA = (
    ((10, 0, 9, 10), (8, 18, 9, 8)),
    ((9, 0, 6, 8), (4, 13, 7, 5)),
    ((8, 0, 7, 10), (6, 14, 7, 4)),
    ((7, 0, 5, 9), (4, 11, 6, 2)),
    ((7, 0, 4, 8), (2, 9, 5, 1)),
    ((7, 1, 3, 8), (1, 7, 5, 0)),
    ((10, 4, 9, 14), (12, 22, 9, 8)),
    ((9, 3, 6, 11), (7, 16, 7, 5)),
    ((8, 3, 7, 13), (9, 17, 7, 4)),
    ((7, 2, 5, 11), (6, 13, 6, 2)),
    ((7, 2, 4, 10), (4, 11, 5, 1)),
    ((7, 3, 3, 10), (3, 9, 5, 0)),
)
_ROWS, _COLUMNS = ("Up", "Down"), ("Left", "Right")


def matrix_game(
    leader_payoffs: object,
    follower_payoffs: object,
    *,
    eta: Number = 1,
    gamma: Number = 0,
    observes: Observes = "action",
    leader_names: Sequence[str] | None = None,
    follower_names: Sequence[str] | None = None,
) -> Game:
    """The game with one state and one step: u(0,a,b) and r(0,a,b) are the entries [a][b].

    Args:
        leader_payoffs: shape (A, B), in any spelling that :meth:`Game.from_arrays` takes.
        follower_payoffs: the same shape.
        eta: the follower's inverse temperature.
        gamma: the follower's discount factor.
        observes: what the leader sees of b before she moves.
        leader_names: optional names of the leader's actions.
        follower_names: optional names of the follower's actions.

    Raises:
        GameError, NumberError: tables that are no matrices of one shape, or a field out of its
            domain.
    """
    for label, table in (("leader", leader_payoffs), ("follower", follower_payoffs)):
        if (axes := depth(table)) != 2:
            raise GameError(f"have {axes} axes, not 2 (A, B)", where=f"the {label}'s payoffs")
    names = {"leader_actions": leader_names, "follower_actions": follower_names}
    return Game.from_arrays(
        None,
        [leader_payoffs],
        [follower_payoffs],
        eta=eta,
        gamma=gamma,
        observes=observes,
        names={kind: labels for kind, labels in names.items() if labels is not None},
    )


def conitzer_sandholm() -> Game:
    """The 2x2 game of Conitzer and Sandholm (2006), in which commitment beats every equilibrium.

    Source: "Computing the optimal strategy to commit to", ACM Conference on Electronic Commerce.
    """
    return matrix_game([[2, 4], [1, 3]], [[1, 0], [0, 1]])


def selten_chmura(number: int) -> Game:
    """Game ``number`` (1 to 12) of Selten and Chmura (2008); the row player leads.

    Raises:
        InputError: another number.
    """
    if whole(number, "number") not in range(1, 13):
        raise InputError(f"{shown(number)} is not one of 1..12", where="number")
    row, column = _SELTEN_CHMURA[number - 1]
    return _two_by_two(row, column)


def ochs(up_left: int) -> Game:
    """A matching-pennies game of Ochs (1995); the row player leads.

    Source: "Games with Unique, Mixed Strategy Equilibria: An Experimental Study", Games and
    Economic Behavior 10.

    The row player gets ``up_left`` at Up-Left and 1 at Down-Right, the column player gets 1 at
    Up-Right and Down-Left, and all else pays 0. The experiments have up_left = 1, 4 and 9.

    Raises:
        InputError: another value.
    """
    if whole(up_left, "up_left") not in {1, 4, 9}:
        raise InputError(f"{shown(up_left)} is not one of 1, 4, 9", where="up_left")
    return _two_by_two((up_left, 0, 0, 1), (0, 1, 1, 0))


def battle_of_the_sexes() -> Game:
    """Battle of the Sexes with the payoffs (3,2; 0,0; 0,0; 2,3); the row player leads.

    Source of the payoffs: section 3 of Nau, Gomez Canovas and Hansen (2004), "On the geometry of
    Nash equilibria and correlated equilibria", International Journal of Game Theory 32.
    """
    rows, columns = ("Top", "Bottom"), ("Left", "Right")
    return matrix_game(
        [[3, 0], [0, 2]], [[2, 0], [0, 3]], leader_names=rows, follower_names=columns
    )


def _two_by_two(row: tuple[int, ...], column: tuple[int, ...]) -> Game:
    leader, follower = ([table[:2], table[2:]] for table in (row, column))
    return matrix_game(leader, follower, leader_names=_ROWS, follower_names=_COLUMNS)
