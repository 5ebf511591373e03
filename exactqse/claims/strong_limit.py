"""C16: J* as eta grows, with rates (proofs/temperature-rates.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import total
from exactqse.claims.draws import Draw
from exactqse.claims.games import (
    DIGITS,
    draw_game,
    draw_sizes,
    game_document,
    make_game,
    optimum,
    solved,
    span,
    spans_to_go,
)
from exactqse.claims.verdict import Pairs
from exactqse.evaluate import evaluate
from exactqse.model import Game, Policy

SOURCE = "proofs/temperature-rates.md"
Rows = tuple[tuple[Fraction, ...], ...]  # [b][a]


@dataclass(frozen=True)
class Mixing:
    """A myopic game of finite eta, and a number between 0 and 1.

    Attributes:
        game: the game.
        share: how much of a policy that makes the targets strictly best is mixed in (C16a), or
            what a follower forgoes without noticing (C16b).
    """

    game: Game
    share: Fraction


def draw_mixing(draw: Draw, *, horizon: int = 2) -> Mixing:
    """Two steps for C16a; one state and step for C16b."""
    game = draw_game(draw, draw_sizes(draw, horizon=horizon, states=horizon))
    return Mixing(game.with_(eta=draw.scale(0.5, 60)), draw.real(0, 0.5))


def mixing_document(mixing: Mixing) -> dict[str, Any]:
    """The game's file and the share."""
    return {"game": game_document(mixing.game), "share": str(mixing.share)}


def rest(game: Game, margin: Fraction) -> arb:
    """(B - 1) / (B - 1 + e^(eta margin)): what actions worse by the margin get at most."""
    others = game.follower_actions - 1
    return others / (others + (ball(Fraction(game.eta or 0)) * ball(margin)).exp())


def from_below(
    mixing: Mixing, bits: int, *, spoil: Fraction = Fraction(0), charged: bool = True
) -> Pairs:
    """J_S - J*(eta), and sum_h R_h (t + (B-1)/(B-1 + e^(eta m_h))).

    J_S is the strong Stackelberg value, t the share, m_h the least margin by which the targets are
    best under the strong policy with the share of a stricter one mixed in. ``spoil`` is added to
    the margins; unless ``charged`` the share t is left out.
    """
    game, t = mixing.game, mixing.share
    extreme = game.with_(eta="inf")
    strong = solved(extreme, bits)
    margins = mixed_margins(extreme, strong.policy, t)
    R = spans_to_go([game.at(game.u, h) for h in range(game.horizon)])
    paid = ball(t) if charged else arb(0)
    bound = total(ball(R[h]) * (paid + rest(game, m + spoil)) for h, m in enumerate(margins))
    return [(ball(strong.lower) - optimum(game, bits), bound)]


def mixed_margins(extreme: Game, policy: Policy, share: Fraction) -> list[Fraction]:
    """[h]: the least margin, over reachable states, of the best response's actions when mixed."""
    answers = evaluate(extreme, policy, 1).nu
    found = []
    for h in range(extreme.horizon):
        margins = []
        for s in extreme.reachable[h]:
            target = next(b for b, nu in enumerate(answers[h][s]) if nu.lower == 1)
            r = extreme.at(extreme.r, h)[s]
            strict = max(_pure(extreme), key=lambda rows: _margin(r, rows, target))
            rows = policy.probabilities[h][s]
            blend = tuple(
                tuple((1 - share) * p + share * q for p, q in zip(*pair, strict=True))
                for pair in zip(rows, strict, strict=True)
            )
            margins.append(_margin(r, blend, target))
        found.append(min(margins))
    return found


def _pure(game: Game) -> Iterator[Rows]:
    """Every pure prescription that the leader can make."""
    cells, count = game.observes, game.leader_actions
    for actions in product(range(count), repeat=len(cells)):
        chosen = {b: a for cell, a in zip(cells, actions, strict=True) for b in cell}
        yield tuple(
            tuple(Fraction(a == chosen[b]) for a in range(count))
            for b in range(game.follower_actions)
        )


def _margin(r: Any, rows: Any, target: int) -> Fraction:
    """q_target less the largest other q."""
    q = [sum(p * r[a][b] for a, p in enumerate(row)) for b, row in enumerate(rows)]
    return Fraction(q[target] - max(x for b, x in enumerate(q) if b != target))


def from_above(mixing: Mixing, bits: int, *, tolerant: bool = True) -> Pairs:
    """J*(eta) - J_S(e), and span(u) (B-1)/(B-1 + e^(eta e)), for a game of one state and step.

    J_S(e) is the strong Stackelberg value against a follower who forgoes e for her sake.
    """
    game, e = mixing.game, mixing.share
    bound = ball(span(game.u)) * rest(game, e)
    value = tolerated(game, e if tolerant else Fraction(0), bits)
    return [(optimum(game, bits) - ball(value), bound)]


def tolerated(game: Game, e: Fraction, bits: int) -> Fraction:
    """J_S(e): the largest strong value when one of his actions is made worth e more."""
    values = []
    for target in range(game.follower_actions):
        r = [
            [
                [[x + e * (b == target) for b, x in enumerate(row)] for row in state]
                for state in step
            ]
            for step in game.r
        ]
        u = [[[list(row) for row in state] for state in step] for step in game.u]
        raised = make_game(None, u, r, eta=Fraction(1), observes=game.observes).with_(eta="inf")
        values.append(solved(raised, bits).upper)
    return max(values)


def draw_tied(draw: Draw) -> Mixing:
    """No choice of hers, and he is indifferent: no margin can be had."""
    zero, one = Fraction(0), Fraction(1)
    u, r = [[[[zero, one]]]], [[[[zero, zero]]]]
    game = make_game(None, u, r, eta=draw.scale(5, 60), observes=[[0], [1]])
    return Mixing(game, Fraction(0))


def draw_committed(draw: Draw) -> Mixing:
    """The strong policy makes him indifferent, and she pays for every margin (see C16a)."""
    u = [[[[Fraction(2), Fraction(4)], [Fraction(1), Fraction(3)]]]]
    r = [[[[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]]]
    game = make_game(None, u, r, eta=draw.scale(20, 60), observes=[[0, 1]])
    return Mixing(game, draw.real(0.3, 0.6))


CLAIMS: tuple[Claim[Mixing], ...] = (
    Claim[Mixing](
        id="C16a",
        title="The strong value from below, with a rate",
        statement="J_S - J*(eta) is at most sum_h R_h (t + (B-1)/(B-1 + e^(eta m_h))), m_h the"
        " margin of the targets once a share t of a stricter policy is mixed in",
        latex=r"J_S-J^*(\eta)\le\sum_hR_h\Bigl(t+\frac{B-1}{B-1+e^{\eta m_h(t)}}\Bigr)",
        hypotheses=("gamma = 0", "0 <= t <= 1"),
        source=SOURCE,
        relation="<=",
        sides=from_below,
        build=draw_mixing,
        document=mixing_document,
        instances=60,
        searches=400,
        limit=128,
        digits=DIGITS,
        sharp="attained at t = 0, H = 1, no choice of hers; t ~ log(eta M)/(eta M) where a policy"
        " makes the targets best by M gives the rate log(eta)/eta",
        mutants=(
            Mutant[Mixing](
                name="margin",
                what="ties are taken for a margin of 1",
                sides=partial(from_below, spoil=Fraction(1)),
                build=draw_tied,
            ),
            Mutant[Mixing](
                name="share",
                what="what the stricter policy costs is left out",
                sides=partial(from_below, charged=False),
                build=draw_committed,
            ),
        ),
    ),
    Claim[Mixing](
        id="C16b",
        title="The strong value from above, with a rate",
        statement="J*(eta) - J_S(e) is at most span(u) (B-1)/(B-1 + e^(eta e)), J_S(e) the strong"
        " value against a follower who forgoes e for the leader's sake",
        latex=r"J^*(\eta)-J_S(\varepsilon)\le\mathrm{span}(u)\,"
        r"\frac{B-1}{B-1+e^{\eta\varepsilon}},\quad J_S(\varepsilon)\to J_S",
        hypotheses=("gamma = 0", "one state, one step", "e >= 0"),
        source=SOURCE,
        relation="<=",
        sides=from_above,
        build=partial(draw_mixing, horizon=1),
        document=mixing_document,
        instances=60,
        searches=400,
        limit=128,
        digits=DIGITS,
        sharp="sharp for every B, eta and e: no choice of hers, and all that he forgoes more than e"
        " for is what she wants",
        mutants=(
            Mutant[Mixing](
                name="tolerance",
                what="J_S in place of J_S(e)",
                sides=partial(from_above, tolerant=False),
            ),
        ),
    ),
)
