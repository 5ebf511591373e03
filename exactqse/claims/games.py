"""Instances of claims about games, and certified numbers about them as balls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball
from exactqse.claims.draws import Draw
from exactqse.errors import PrecisionError
from exactqse.kernel.gamefile import game_bytes
from exactqse.model import Game, Policy
from exactqse.solve import Solution, solve
from exactqse.solve.api import Leader
from exactqse.solve.solution import uninterrupted

Table = list[list[list[list[Fraction]]]]  # [h][s][a][b]
Kernel = Sequence[
    Sequence[Sequence[Sequence[tuple[Fraction, ...]]]]
]  # [h][s][a][b] -> a distribution
Sizes = tuple[int, int, int, int]  # (H, S, A, B)

SEARCH_GAP = Fraction(1, 10**6)  # where the solver divides simplices
FARSIGHTED_GAP = Fraction(1, 10**5)  # where it divides ranges of values
FARSIGHTED_NODES = 2000  # and parts that it may examine then: a wider enclosure is one, too
_SPARE = 12  # digits of the working precision that are not asked of a solver
DIGITS = 4  # of agreement between values that the solver encloses by a search
ROUGHLY = 1  # where she is blind and he farsighted: rarely such an enclosure stays some 0.01 wide


def draw_sizes(draw: Draw, *, horizon: int = 2, states: int = 2, actions: int = 3) -> Sizes:
    """Sizes of a small game; every player has a choice."""
    H, S = draw.whole(1, horizon), draw.whole(1, states)
    return H, S, draw.whole(1, actions), draw.whole(2, actions)


def draw_table(draw: Draw, sizes: Sizes, low: float = 0, high: float = 1) -> Table:
    """Payoffs in [low, high], per step."""
    H, S, A, B = sizes
    return [
        [[list(draw.reals(B, low, high)) for _ in range(A)] for _ in range(S)] for _ in range(H)
    ]


def draw_kernel(draw: Draw, sizes: Sizes) -> Kernel:
    """Transitions, per step."""
    H, S, A, B = sizes
    return [
        [[[draw.simplex(S) for _ in range(B)] for _ in range(A)] for _ in range(S)]
        for _ in range(H)
    ]


def draw_cells(draw: Draw, follower: int) -> list[list[int]]:
    """What she sees: the action, nothing, or whether it is the last one."""
    kind = draw.whole(0, 3)
    if kind == 0:
        return [list(range(follower))]
    if kind == 1 and follower > 2:
        return [list(range(follower - 1)), [follower - 1]]
    return [[b] for b in range(follower)]


def draw_policy(draw: Draw, game: Game) -> Policy:
    """A policy of the game, alike on each cell."""

    def prescription() -> list[tuple[Fraction, ...]]:
        rows = {b: row for cell in game.observes for row in [_row(draw, game)] for b in cell}
        return [rows[b] for b in range(game.follower_actions)]

    table = [[prescription() for _ in range(game.states)] for _ in range(game.horizon)]
    return Policy.from_arrays(table, game=game)


def _row(draw: Draw, game: Game) -> tuple[Fraction, ...]:
    return draw.simplex(game.leader_actions)


def make_game(
    P: Kernel | None,
    u: Table,
    r: Table,
    *,
    eta: Fraction,
    gamma: Fraction = Fraction(0),
    observes: Sequence[Sequence[int]],
    rho: Sequence[Fraction] | None = None,
) -> Game:
    """The game with these tables."""
    return Game.from_arrays(
        P, u, r, rho=rho, horizon=len(u), eta=eta, gamma=gamma, observes=observes
    )


def draw_game(
    draw: Draw, sizes: Sizes, *, gammas: Sequence[str] = ("0",), hottest: float = 10
) -> Game:
    """A game of these sizes with payoffs in [0, 1], and eta from 0.3 to ``hottest``."""
    return make_game(
        draw_kernel(draw, sizes),
        draw_table(draw, sizes),
        draw_table(draw, sizes),
        eta=draw.scale(0.3, hottest),
        gamma=Fraction(draw.choice(gammas)),
        observes=draw_cells(draw, sizes[3]),
        rho=draw.simplex(sizes[1]),
    )


def draw_far(draw: Draw, *, states: int | None = None) -> Game:
    """A game with a farsighted follower that the solver brings to its gap soon.

    With two states she sees the action: if she does not, 2,000 parts end some 0.05 apart.
    """
    sizes = (2, draw.whole(1, 2) if states is None else states, 2, 2)
    game = draw_game(draw, sizes, gammas=("1/2", "9/10"), hottest=3)
    return game if game.states == 1 else game.with_(observes="action")


def game_document(game: Game) -> dict[str, Any]:
    """The game's file as a dictionary: written alone, it can be solved and checked."""
    document: dict[str, Any] = json.loads(game_bytes(game))
    return document


def policy_rows(policy: Policy) -> Any:
    """A policy as nested lists of strings, [h][s][b][a]."""
    return [
        [[[str(p) for p in row] for row in rows] for rows in step] for step in policy.probabilities
    ]


def enclosed(value: Enclosure) -> arb:
    """A ball around an enclosure, at the working precision."""
    if value.width == 0:
        return ball(value.lower)
    return ball(value.lower).union(ball(value.upper))


def optimum(game: Game, bits: int, *, leader: Leader = "markov") -> arb:
    """A ball around J*, from a certificate that the checker accepted."""
    return enclosed(solved(game, bits, leader=leader).value)


def solved(game: Game, bits: int, *, leader: Leader = "markov") -> Solution:
    """A certified solution: as narrow as the precision where that is cheap, else to a fixed gap.

    Raises:
        PrecisionError: it was not certified.
    """
    if game.gamma:
        found = solve(
            game, gap=FARSIGHTED_GAP, node_limit=FARSIGHTED_NODES, checker="flint", leader=leader
        )
    elif game.eta is None or game.observes_action:
        found = solve(game, digits_of(bits), checker="flint")
    else:
        found = solve(game, gap=SEARCH_GAP, checker="flint")
    if not uninterrupted(found).certified:
        raise PrecisionError(f"a value is not certified: {found.reason}", where="claims")
    return found


def digits_of(bits: int) -> int:
    """Decimal digits to ask for at so many bits."""
    return max(3 * bits // 10 - _SPARE, 1)


def span(table: Any) -> Fraction:
    """The largest number of a nested table less the smallest."""
    numbers = list(numbers_of(table))
    return max(numbers) - min(numbers)


def largest_change(first: Any, second: Any) -> Fraction:
    """The largest |x - y| over two nested tables of one shape."""
    pairs = zip(numbers_of(first), numbers_of(second), strict=True)
    return max(abs(x - y) for x, y in pairs)


def numbers_of(table: Any) -> Iterator[Fraction]:
    """Every number of a nested table."""
    if isinstance(table, Fraction):
        yield table
        return
    for part in table:
        yield from numbers_of(part)


def spans_to_go(table: Sequence[Any], factor: Fraction = Fraction(1)) -> list[Fraction]:
    """R_h = sum over k >= h of factor^(k-h) span(table_k), with R_H = 0 at the end."""
    found = [Fraction(0)]
    for step in reversed(table):
        found.append(span(step) + factor * found[-1])
    return found[::-1]
