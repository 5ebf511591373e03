"""C11: what a policy loses that is optimal in an estimate.

Pages: proofs/performance-difference.md for C11a, proofs/plug-in.md for the others.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import total
from exactqse.claims.draws import Draw
from exactqse.claims.estimates import Models, draw_models, models_document
from exactqse.claims.games import (
    DIGITS,
    ROUGHLY,
    digits_of,
    draw_far,
    enclosed,
    largest_change,
    make_game,
    numbers_of,
    solved,
    span,
    spans_to_go,
)
from exactqse.claims.verdict import Pairs
from exactqse.evaluate import evaluate
from exactqse.kernel.game import Row
from exactqse.model import Game, Policy

SOURCE = "proofs/plug-in.md"


def evaluation_bound(
    first: Game, second: Game, *, response: bool = True, discounted: bool = True
) -> arb:
    """sup over policies of |J~(pi) - J(pi)| is at most this.

    The sum over h of max |u~ - u| + tv_h R_{h+1} + R_h tanh(eta e_h / 2), with tv_h the largest
    total variation of rows, R_h = sum_{k>=h} span(u~_k), S_h = sum_{k>=h} gamma^(k-h) span(r~_k),
    and e_h = max |r~ - r| + gamma (tv_h S_{h+1} + e_{h+1}) a bound of |Q~ - Q|.
    """
    gamma = first.gamma if discounted else Fraction(0)
    u, r, P = ([_tables(game, name) for game in (first, second)] for name in ("u", "r", "P"))
    R, S = spans_to_go(u[1]), spans_to_go(r[1], gamma)
    eta, error, terms = ball(Fraction(first.eta or 0)), Fraction(0), []
    for h in reversed(range(first.horizon)):
        tv = _variation(P[0][h], P[1][h])
        error = largest_change(r[0][h], r[1][h]) + gamma * (tv * S[h + 1] + error)
        terms.append(ball(largest_change(u[0][h], u[1][h]) + tv * R[h + 1]))
        if response:
            terms.append(ball(R[h]) * (eta * ball(error) / 2).tanh())
    return total(terms)


def _tables(game: Game, name: str) -> list[Any]:
    return [game.at(getattr(game, name), h) for h in range(game.horizon)]


def _variation(first: Any, second: Any) -> Fraction:
    """The largest total variation of two rows at the same (s, a, b)."""
    states = zip(first, second, strict=True)
    pairs = (
        pair
        for table in states
        for rows in zip(*table, strict=True)
        for pair in zip(*rows, strict=True)
    )
    return max(_distance(x, y) for x, y in pairs)


def _distance(first: Row, second: Row) -> Fraction:
    found: dict[int, Fraction] = {}
    for row, sign in ((first, 1), (second, -1)):
        for t, n in zip(row.states, row.numerators, strict=True):
            found[t] = found.get(t, Fraction(0)) + Fraction(sign * n, row.denominator)
    return sum((abs(x) for x in found.values()), Fraction(0)) / 2


def any_policy(
    models: Models, bits: int, *, response: bool = True, discounted: bool = True
) -> Pairs:
    """|J~(pi) - J(pi)| and its bound."""
    first, second = (value(game, models.policy, bits) for game in (models.first, models.second))
    bound = evaluation_bound(models.first, models.second, response=response, discounted=discounted)
    return [(abs(second - first), bound)]


def plug_in(models: Models, bits: int, *, response: bool = True, discounted: bool = True) -> Pairs:
    """J* - J(pi^) and twice the bound, pi^ being optimal in the estimate up to a known gap."""
    planned = solved(models.second, bits)
    gap = ball(planned.upper - planned.lower)
    loss = enclosed(solved(models.first, bits).value) - value(models.first, planned.policy, bits)
    bound = evaluation_bound(models.first, models.second, response=response, discounted=discounted)
    return [(loss, 2 * bound + gap)]


def plug_in_by_odds(models: Models, bits: int, *, swings: int = 2) -> Pairs:
    """J* - J(pi^), and twice the errors of u and P plus R tanh(s/2) plus R g / (g + c (R - g)).

    R is the span of J~, s = eta sum_h max_state span(r~_h - r_h), c = e^(-s), and g the gap up to
    which pi^ is optimal in the estimate. ``swings`` counts the policies whose odds move by e^s.
    """
    planned = solved(models.second, bits)
    loss = enclosed(solved(models.first, bits).value) - value(models.first, planned.policy, bits)
    u, r, P = ([_tables(game, name) for game in (models.first, models.second)] for name in "urP")
    R = spans_to_go(u[1])
    errors, sway = Fraction(0), Fraction(0)
    for h in range(models.first.horizon):
        errors += largest_change(u[0][h], u[1][h]) + _variation(P[0][h], P[1][h]) * R[h + 1]
        sway += max(_span_of_change(*tables) for tables in zip(r[0][h], r[1][h], strict=True))
    gap = min(planned.upper - planned.lower, R[0])
    s = ball(Fraction(models.first.eta or 0)) * ball(sway)
    bound = 2 * ball(errors) + ball(R[0]) * (swings * s / 4).tanh()
    if gap:
        bound += ball(R[0] * gap) / (ball(gap) + (-s).exp() * ball(R[0] - gap))
    return [(loss, bound)]


def _span_of_change(first: Any, second: Any) -> Fraction:
    """max - min of y - x over two tables of one state."""
    pairs = zip(numbers_of(first), numbers_of(second), strict=True)
    return span([y - x for x, y in pairs])


def value(game: Game, policy: Policy, bits: int) -> arb:
    """A ball around J(policy)."""
    return enclosed(evaluate(game, policy, digits_of(bits)).J)


def draw_models_far(draw: Draw) -> Models:
    """Two games with a farsighted follower and nothing else in common."""
    first = draw_far(draw)
    other = draw_far(draw, states=first.states)
    second = replace(first, P=other.P, u=other.u, r=other.r)
    return Models(first, second, Policy.uniform(first))


def draw_estimate(draw: Draw) -> Models:
    """A myopic follower; often only the leader's or only the follower's rewards are estimated."""
    models = draw_models(draw, horizon=2, gammas=("0",))
    known = draw.choice(((), ("P", "r"), ("P", "u")))
    exact = {name: getattr(models.first, name) for name in known}
    return replace(models, second=replace(models.second, **exact))


def draw_swayed(draw: Draw) -> Models:
    """Her actions sway him one way or the other; the estimate knows next to nothing of it."""
    x, tiny, zero = draw.real(0.2, 1), Fraction(1, 1000), Fraction(0)
    u = [[[[zero, Fraction(1)]] * 2]]
    first, second = (
        make_game(None, u, [[r]], eta=Fraction(1), observes=[[0, 1]])
        for r in ([[-x, x], [x, -x]], [[zero, zero], [zero, tiny]])
    )
    return Models(first, second, Policy.uniform(first))


def draw_rewards_only(draw: Draw) -> Models:
    """Estimates of r alone: she pays for the follower's answer to it."""
    models = draw_models(draw, horizon=1, gammas=("0",))
    truth = models.first
    u = [list(map(_rows, step)) for step in truth.u]
    first, second = (
        make_game(
            None,
            u,
            [list(map(_rows, step)) for step in game.r],
            eta=Fraction(truth.eta or 1),
            observes=truth.observes,
            rho=_weights(truth),
        )
        for game in (truth, models.second)
    )
    return Models(first, second, models.policy)


def _rows(table: Any) -> list[list[Fraction]]:
    return [list(row) for row in table]


def _weights(game: Game) -> list[Fraction]:
    found = [Fraction(0)] * game.states
    for s, n in zip(game.rho.states, game.rho.numerators, strict=True):
        found[s] = Fraction(n, game.rho.denominator)
    return found


def draw_ahead(draw: Draw) -> Models:
    """What he may earn in the second step moves his first answer, on which her choice depends."""
    zero, one, safe = Fraction(0), Fraction(1), Fraction(3, 5)
    P = [[[[(one, zero), (zero, one)]] * 2] * 2] * 2
    nothing = [[zero, zero]] * 2
    u = [[[[zero, one], [safe, safe]]] * 2, [nothing] * 2]
    r = [[nothing] * 2] * 2
    change = [r[0], [nothing, [[one, one]] * 2]]
    eta = draw.scale(1.5, 3)
    first, second = (
        make_game(P, u, x, eta=eta, gamma=Fraction(1, 2), observes=[[0, 1]]) for x in (r, change)
    )
    return Models(first, second, Policy.uniform(first))


_BOTH = ("the games share eta, gamma, sizes, the first state and what she sees", "finite eta")
_plug_in: Any = partial(
    Claim[Models],
    statement="J* - J(pi^) is at most twice the evaluation error, for pi^ optimal in the"
    " estimate, plus the gap up to which it is optimal",
    latex=r"J^*-J(\hat\pi)\le 2\sup_\pi|\tilde J(\pi)-J(\pi)|",
    hypotheses=_BOTH,
    source=SOURCE,
    relation="<=",
    sides=plug_in,
    document=models_document,
    limit=128,
    sharp="2 is sharp: errors of u that bring two policies together, one down and one up",
)

CLAIMS: tuple[Claim[Models], ...] = (
    Claim[Models](
        id="C11a",
        title="Evaluation in an estimate",
        statement="|J~(pi) - J(pi)| is at most the sum over steps of the errors of u, of P and of"
        " the response, for every policy",
        latex=r"|\tilde J(\pi)-J(\pi)|\le\sum_h\max|\tilde u_h-u_h|+\mathrm{tv}_hR_{h+1}"
        r"+R_h\tanh(\eta e_h/2)",
        hypotheses=_BOTH,
        source="proofs/performance-difference.md",
        relation="<=",
        sides=any_policy,
        build=draw_models,
        document=models_document,
        instances=200,
        searches=600,
        limit=512,
        sharp="attained at H = 1 where only r differs, as C10a; in general the terms add up",
        mutants=(
            Mutant[Models](
                name="response",
                what="the response errors are lost",
                sides=partial(any_policy, response=False),
                build=draw_rewards_only,
            ),
            Mutant[Models](
                name="gamma",
                what="the follower's error does not propagate",
                sides=partial(any_policy, discounted=False),
                build=draw_ahead,
            ),
        ),
    ),
    _plug_in(
        id="C11b",
        title="Plug-in policies",
        build=draw_estimate,
        instances=40,
        searches=300,
        digits=DIGITS,
        mutants=(
            Mutant[Models](
                name="response",
                what="the response errors are lost",
                sides=partial(plug_in, response=False),
                build=draw_rewards_only,
            ),
        ),
    ),
    _plug_in(
        id="C11c",
        title="Plug-in policies, a farsighted follower",
        build=draw_models_far,
        instances=6,
        searches=0,
        digits=ROUGHLY,
        mutants=(
            Mutant[Models](
                name="gamma",
                what="the follower's error does not propagate",
                sides=partial(plug_in, discounted=False),
                build=draw_ahead,
            ),
        ),
    ),
    Claim[Models](
        id="C11d",
        title="Plug-in policies, by the odds of a response",
        statement="J* - J(pi^) is at most twice the errors of u and P, plus R tanh(s/2), plus what"
        " the gap g of pi^ in the estimate allows; s = eta sum_h span(r~_h - r_h), R = R_0",
        latex=r"J^*-J(\hat\pi)\le2\sum_h(\max|\tilde u_h-u_h|+\mathrm{tv}_hR_{h+1})"
        r"+R\tanh(s/2)+\frac{Rg}{g+e^{-s}(R-g)}",
        hypotheses=("gamma = 0", *_BOTH),
        source=SOURCE,
        relation="<=",
        sides=plug_in_by_odds,
        build=draw_estimate,
        document=models_document,
        instances=40,
        searches=300,
        limit=128,
        digits=DIGITS,
        sharp="sharp for every s at H = 1, where C11b has 2 R tanh(s/4) at best: two policies that"
        " he answers with opposite odds, and an estimate in which they are alike",
        mutants=(
            Mutant[Models](
                name="once",
                what="s is halved, as if the odds of one policy moved only",
                sides=partial(plug_in_by_odds, swings=1),
                build=draw_swayed,
            ),
        ),
    ),
)
