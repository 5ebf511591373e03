"""C17: J* as eta falls to 0, with a rate (proofs/temperature-rates.md)."""

from __future__ import annotations

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
    ROUGHLY,
    draw_cells,
    draw_far,
    draw_kernel,
    draw_sizes,
    draw_table,
    game_document,
    make_game,
    optimum,
    spans_to_go,
)
from exactqse.claims.verdict import Pairs
from exactqse.model import Game
from exactqse.sweep.extremes import uniform_value

SOURCE = "proofs/temperature-rates.md"


def draw_warm(draw: Draw) -> Game:
    """A myopic follower and small eta."""
    sizes = draw_sizes(draw, horizon=2)
    u = draw_table(draw, sizes)
    if draw.choice((False, True)):
        u = [[[[Fraction(round(x)) for x in row] for row in t] for t in step] for step in u]
    return make_game(
        draw_kernel(draw, sizes),
        u,
        draw_table(draw, sizes),
        eta=draw.scale(0.02, 4),
        observes=draw_cells(draw, sizes[3]),
        rho=draw.simplex(sizes[1]),
    )


def to_uniform(
    game: Game, bits: int, *, over: fmpq | int = 4, cooled: bool = True, whole: bool = True
) -> Pairs:
    """|J*(eta) - J_0| and sum_h R_h tanh(eta S_h / 4), S_h = sum_{k>=h} gamma^(k-h) span(r_k)."""
    steps = range(game.horizon)
    R = spans_to_go([game.at(game.u, h) for h in steps])
    S = spans_to_go([game.at(game.r, h) for h in steps], game.gamma)
    eta = ball(Fraction(game.eta or 0)) if cooled else arb(1)
    bound = total(ball(R[h]) * (eta * ball(S[h]) / over).tanh() for h in steps if whole or h)
    return [(abs(optimum(game, bits) - ball(uniform_value(game))), bound)]


def draw_early(draw: Draw) -> Game:
    """She is paid in the first step only, and has no choice."""
    zero, one = Fraction(0), Fraction(1)
    u, r = ([[[[x, one]]], [[[zero, zero]]]] for x in (zero, Fraction(1, 2)))
    gamma = Fraction(1, 2)
    return make_game(None, u, r, eta=draw.scale(1, 3), gamma=gamma, observes=[[0], [1]])


_uniform: Any = partial(
    Claim[Game],
    statement="|J*(eta) - J_0| is at most sum_h R_h tanh(eta S_h / 4), with R_h and S_h the"
    " sums of spans of u and of discounted r from step h on",
    latex=r"|J^*(\eta)-J_0|\le\sum_hR_h\tanh(\eta S_h/4)",
    source=SOURCE,
    relation="<=",
    sides=to_uniform,
    document=game_document,
    limit=128,
    sharp="sharp as eta falls to 0: H = 1, B = 2, no choice of hers",
)

CLAIMS: tuple[Claim[Game], ...] = (
    _uniform(
        id="C17a",
        title="The limit of an indifferent follower, with a rate",
        hypotheses=("gamma = 0",),
        build=draw_warm,
        instances=60,
        searches=400,
        digits=DIGITS,
        mutants=(
            Mutant[Game](
                name="constant",
                what="1/4 becomes 1/4.4",
                sides=partial(to_uniform, over=fmpq(22, 5)),
            ),
            Mutant[Game](
                name="temperature", what="eta is lost", sides=partial(to_uniform, cooled=False)
            ),
        ),
    ),
    _uniform(
        id="C17b",
        title="The same, a farsighted follower",
        hypotheses=("gamma > 0",),
        build=draw_far,
        instances=10,
        searches=0,
        digits=ROUGHLY,
        mutants=(
            Mutant[Game](
                name="steps",
                what="the first step is left out",
                sides=partial(to_uniform, whole=False),
                build=draw_early,
            ),
        ),
    ),
)
