"""Security games: a defender covers one of several targets, an attacker picks one to attack.

The construction is the standard one of the field (Kiekintveld, Jain, Tsai, Pita, Ordonez and Tambe,
2009, "Computing optimal randomized resource allocations for massive security games", AAMAS), with
one resource: each target has four payoffs, the defender's and the attacker's, covered or not.
"""

from __future__ import annotations

from collections.abc import Sequence

from exactqse.errors import GameError
from exactqse.games.matrix import matrix_game
from exactqse.model.arrays import exact, listed
from exactqse.model.game import Game, Number, Observes


def security_game(
    *,
    defender_covered: Sequence[Number],
    defender_uncovered: Sequence[Number],
    attacker_covered: Sequence[Number],
    attacker_uncovered: Sequence[Number],
    eta: Number = 1,
    observes: Observes = "action",
) -> Game:
    """The one-state game in which action a covers target a and action b attacks target b.

        u(a, b) = defender_covered[b] if a = b, else defender_uncovered[b];   r likewise.

    Each sequence has one entry per target. With observes = "nothing" it is the game of the
    literature: the defender mixes over targets and moves unseeing. With "action" she has announced
    how she answers an attack on each target, for instance with what probability the one unit at
    hand is sent there.

    Raises:
        GameError: sequences of different lengths, no target, or a target where cover harms the
            defender or helps the attacker.
        NumberError: an entry that is not an exact number.
    """
    given = {
        "defender_covered": defender_covered,
        "defender_uncovered": defender_uncovered,
        "attacker_covered": attacker_covered,
        "attacker_uncovered": attacker_uncovered,
    }
    tables = [
        [exact(x, f"{label}[{b}]") for b, x in enumerate(listed(entries, label))]
        for label, entries in given.items()
    ]
    targets = len(tables[0])
    if not targets or any(len(table) != targets for table in tables):
        lengths = ", ".join(str(len(table)) for table in tables)
        what = f"sequences of lengths {lengths}; each needs one entry per target"
        raise GameError(what, where="security game")
    for b, (good, bad, caught, gain) in enumerate(zip(*tables, strict=True)):
        if good < bad or caught > gain:
            what = "cover must not harm the defender nor help the attacker"
            raise GameError(what, where=f"target {b}")
    dc, du, ac, au = tables
    return matrix_game(
        [[dc[b] if a == b else du[b] for b in range(targets)] for a in range(targets)],
        [[ac[b] if a == b else au[b] for b in range(targets)] for a in range(targets)],
        eta=eta,
        observes=observes,
        leader_names=[f"cover {i}" for i in range(1, targets + 1)],
        follower_names=[f"attack {i}" for i in range(1, targets + 1)],
    )


def security_five() -> Game:
    """Five targets of rising worth. The numbers are this package's own."""
    return security_game(
        defender_covered=(1, 2, 2, 3, 4),
        defender_uncovered=(-2, -3, -5, -6, -9),
        attacker_covered=(-1, -2, -3, -4, -6),
        attacker_uncovered=(2, 3, 4, 6, 8),
    )
