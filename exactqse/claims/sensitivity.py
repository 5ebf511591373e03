"""C10: how far J* moves with the payoffs (proofs/stage-sensitivity.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb, fmpq

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import total
from exactqse.claims.draws import Draw
from exactqse.claims.games import (
    DIGITS,
    Table,
    draw_cells,
    draw_kernel,
    draw_sizes,
    draw_table,
    game_document,
    largest_change,
    make_game,
    numbers_of,
    optimum,
    span,
    spans_to_go,
)
from exactqse.claims.verdict import Pairs
from exactqse.model import Game

SOURCE = "proofs/stage-sensitivity.md"


@dataclass(frozen=True)
class Moved:
    """Two games with a myopic follower that differ in the payoffs only.

    Attributes:
        first: the game.
        second: the other one.
    """

    first: Game
    second: Game

    def table(self, name: str) -> tuple[list[Any], list[Any]]:
        """u or r of both, one table per step."""
        steps = range(self.first.horizon)
        first, second = (
            [game.at(getattr(game, name), h) for h in steps] for game in (self.first, self.second)
        )
        return first, second


def draw_moved(draw: Draw, *, of: str, horizon: int = 1) -> Moved:
    """A game and one whose u or r is another; changes of every size, many of two values."""
    sizes = draw_sizes(draw, horizon=horizon, states=horizon)
    tables = {"u": draw_table(draw, sizes), "r": draw_table(draw, sizes)}
    if draw.choice((False, True)):
        tables["u"] = _mapped(tables["u"], lambda x: Fraction(x > Fraction(1, 2)))
    size, change = draw.scale(1e-3, 2), draw_table(draw, sizes, -1, 1)
    if draw.choice((False, True)):
        change = _mapped(change, lambda x: Fraction(1 if x > 0 else -1))
    moved = {**tables, of: _added(tables[of], change, size)}
    rest: dict[str, Any] = {"eta": draw.scale(0.3, 10), "observes": draw_cells(draw, sizes[3])}
    rest["rho"] = draw.simplex(sizes[1])
    P = draw_kernel(draw, sizes)
    games = (make_game(P, x["u"], x["r"], **rest) for x in (tables, moved))
    return Moved(*games)


def draw_chain(draw: Draw) -> Moved:
    """His first action decides the second state, which is all that she is paid for."""
    zero, one = Fraction(0), Fraction(1)
    P = [[[[(one, zero), (zero, one)]]] * 2] * 2
    u = [[[[zero, zero]]] * 2, [[[zero, zero]], [[one, one]]]]
    r = [[[[zero, zero]]] * 2] * 2
    change = [[[[zero, draw.real(0.1, 1)]]] * 2, r[1]]
    eta, observes = draw.scale(0.3, 10), [[0], [1]]
    games = (make_game(P, u, x, eta=eta, observes=observes) for x in (r, change))
    return Moved(*games)


def _mapped(table: Table, change: Callable[[Fraction], Fraction]) -> Table:
    return [[[[change(x) for x in row] for row in state] for state in step] for step in table]


def _added(table: Table, change: Table, size: Fraction) -> Table:
    pairs = zip(table, change, strict=True)
    return [
        [
            [[x + size * d for x, d in zip(*rows, strict=True)] for rows in zip(*t, strict=True)]
            for t in zip(*step, strict=True)
        ]
        for step in pairs
    ]


def moved_document(moved: Moved) -> dict[str, Any]:
    """Both games as files."""
    games = {"first": moved.first, "second": moved.second}
    return {name: game_document(game) for name, game in games.items()}


def difference(moved: Moved, bits: int) -> arb:
    """|J*(second) - J*(first)|."""
    return abs(optimum(moved.second, bits) - optimum(moved.first, bits))


def _eta(moved: Moved) -> arb:
    if moved.first.eta is None:
        raise AssertionError
    return ball(moved.first.eta)


def by_rewards(moved: Moved, bits: int, *, over: fmpq | int = 2, cooled: bool = True) -> Pairs:
    """|W*(U, r~) - W*(U, r)| and span(U) tanh(eta max |r~ - r| / 2)."""
    x = ball(largest_change(*moved.table("r"))) * (_eta(moved) if cooled else 1)
    width = ball(span(moved.table("u")[0]))
    return [(difference(moved, bits), width * (x / over).tanh())]


def by_span_of_rewards(moved: Moved, bits: int, *, over: fmpq | int = 4) -> Pairs:
    """|W*(U, r~) - W*(U, r)| and span(U) tanh(eta span(r~ - r) / 4)."""
    width = ball(span(moved.table("u")[0]))
    x = _eta(moved) * ball(span_of_change(*moved.table("r")))
    return [(difference(moved, bits), width * (x / over).tanh())]


def span_of_change(first: Any, second: Any) -> Fraction:
    """max(second - first) - min(second - first) over all entries."""
    pairs = zip(numbers_of(first), numbers_of(second), strict=True)
    changes = [y - x for x, y in pairs]
    return max(changes) - min(changes)


def by_values(moved: Moved, bits: int, *, scale: fmpq | int = 1) -> Pairs:
    """|W*(U~, r) - W*(U, r)| and max |U~ - U|."""
    return [(difference(moved, bits), scale * ball(largest_change(*moved.table("u"))))]


def over_a_horizon(moved: Moved, bits: int, *, last_only: bool = False) -> Pairs:
    """|J*(r~) - J*(r)| and sum_h R_h tanh(eta span(r~_h - r_h) / 4), R_h = sum_{k>=h} span(u_k)."""
    u, (r, r2) = moved.table("u")[0], moved.table("r")
    R, eta = spans_to_go(u), _eta(moved)
    terms = []
    for h in range(moved.first.horizon):
        width = span(u[h]) if last_only else R[h]
        x = eta * ball(span_of_change([r[h]], [r2[h]]))
        terms.append(ball(width) * (x / 4).tanh())
    return [(difference(moved, bits), total(terms))]


def over_a_horizon_by_values(moved: Moved, bits: int, *, mean: bool = False) -> Pairs:
    """|J*(u~) - J*(u)| and sum_h max |u~_h - u_h|."""
    pairs = zip(*moved.table("u"), strict=True)
    bound = total(ball(largest_change(*pair)) for pair in pairs)
    return [(difference(moved, bits), bound / moved.first.horizon if mean else bound)]


_claim: Any = partial(
    Claim[Moved],
    document=moved_document,
    source=SOURCE,
    relation="<=",
    instances=60,
    searches=400,
    limit=128,
    digits=DIGITS,
)
_mutant: Any = Mutant[Moved]
_of_r: Any = partial(draw_moved, of="r")
_of_u: Any = partial(draw_moved, of="u")
_long_r: Any = partial(draw_moved, of="r", horizon=2)
_long_u: Any = partial(draw_moved, of="u", horizon=2)
_TANH = "of two values, no choice of hers, and nu of the larger 1/(1 + e^(eta span/2))"

CLAIMS: tuple[Claim[Moved], ...] = (
    _claim(
        id="C10a",
        title="Stage value against rewards",
        statement="changing r moves W* by at most span(U) tanh(eta max |r~ - r| / 2)",
        latex=r"|W^*(U,\tilde r)-W^*(U,r)| \le"
        r" \mathrm{span}(U)\tanh(\eta\max|\tilde r-r|/2)",
        sides=by_rewards,
        build=_of_r,
        sharp=f"attained: U and r~ - r {_TANH}; C10b is never larger",
        mutants=(
            _mutant(
                name="constant",
                what="1/2 becomes 1/2.1",
                sides=partial(by_rewards, over=fmpq(21, 10)),
            ),
            _mutant(
                name="temperature", what="eta is lost", sides=partial(by_rewards, cooled=False)
            ),
        ),
    ),
    _claim(
        id="C10b",
        title="Stage value against rewards, up to their gauge",
        statement="changing r moves W* by at most span(U) tanh(eta span(r~ - r) / 4)",
        latex=r"|W^*(U,\tilde r)-W^*(U,r)| \le"
        r" \mathrm{span}(U)\tanh(\eta\,\mathrm{span}(\tilde r-r)/4)",
        sides=by_span_of_rewards,
        build=_of_r,
        sharp=f"attained: U and r~ - r {_TANH}",
        mutants=(
            _mutant(
                name="constant",
                what="1/4 becomes 1/4.2",
                sides=partial(by_span_of_rewards, over=fmpq(42, 10)),
            ),
        ),
    ),
    _claim(
        id="C10c",
        title="Stage value against the leader's values",
        statement="changing U moves W* by at most max |U~ - U|",
        latex=r"|W^*(\tilde U,r)-W^*(U,r)| \le \max|\tilde U-U|",
        sides=by_values,
        build=_of_u,
        sharp="attained: U~ - U constant",
        mutants=(
            _mutant(name="constant", what="times 0.9", sides=partial(by_values, scale=fmpq(9, 10))),
        ),
    ),
    _claim(
        id="C10d",
        title="Rewards over a horizon",
        statement="changing r moves J* by at most sum_h R_h tanh(eta span(r~_h - r_h) / 4),"
        " R_h = sum_{k >= h} span(u_k)",
        latex=r"|J^*(\tilde r)-J^*(r)| \le"
        r" \sum_h R_h\tanh(\eta\,\mathrm{span}(\tilde r_h-r_h)/4)",
        hypotheses=("gamma = 0",),
        sides=over_a_horizon,
        build=_long_r,
        sharp="attained at H = 1, as C10b",
        mutants=(
            _mutant(
                name="width",
                what="span(u_h) in place of what is to go",
                sides=partial(over_a_horizon, last_only=True),
                build=draw_chain,
            ),
        ),
    ),
    _claim(
        id="C10e",
        title="The leader's values over a horizon",
        statement="changing u moves J* by at most sum_h max |u~_h - u_h|",
        latex=r"|J^*(\tilde u)-J^*(u)| \le \sum_h \max|\tilde u_h-u_h|",
        sides=over_a_horizon_by_values,
        build=_long_u,
        sharp="attained: u~_h - u_h constant",
        mutants=(
            _mutant(
                name="mean",
                what="the mean over the steps",
                sides=partial(over_a_horizon_by_values, mean=True),
            ),
        ),
    ),
)
