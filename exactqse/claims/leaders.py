"""C18, and what Theorem 1 means for games: who sees or remembers more is worth no less.

Pages: proofs/leaders.md; proofs/certificate-soundness.md for C9h.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from flint import fmpq

from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.draws import Draw
from exactqse.claims.games import (
    DIGITS,
    ROUGHLY,
    draw_far,
    draw_game,
    draw_policy,
    draw_sizes,
    game_document,
    optimum,
    policy_rows,
)
from exactqse.claims.plugin import value
from exactqse.claims.verdict import Pairs
from exactqse.model import Game, Policy

SOURCE = "proofs/leaders.md"


@dataclass(frozen=True)
class Played:
    """A game and a policy of it."""

    game: Game
    policy: Policy


def draw_played(draw: Draw) -> Played:
    """A myopic follower; up to two states and steps."""
    game = draw_game(draw, draw_sizes(draw))
    return Played(game, draw_policy(draw, game))


def draw_played_far(draw: Draw) -> Played:
    """A farsighted follower."""
    game = draw_far(draw)
    return Played(game, draw_policy(draw, game))


def played_document(played: Played) -> dict[str, Any]:
    """The game's file and the policy."""
    return {"game": game_document(played.game), "policy": policy_rows(played.policy)}


def draw_blind(draw: Draw) -> Game:
    """A myopic follower, and a leader who sees nothing."""
    return draw_game(draw, draw_sizes(draw)).with_(observes="nothing")


def draw_seeing_far(draw: Draw) -> Game:
    """A farsighted follower, and a leader who sees his action."""
    return draw_far(draw).with_(observes="action")


def draw_blind_far(draw: Draw) -> Game:
    """A farsighted follower, and a leader who sees nothing."""
    return draw_far(draw, states=1).with_(observes="nothing")


def no_policy_beats_it(played: Played, bits: int, *, share: fmpq | int = 1) -> Pairs:
    """J(pi), and J* by its certificate."""
    best = optimum(played.game, bits)
    return [(value(played.game, played.policy, bits), share * best)]


def seeing(game: Game, bits: int, *, sign: int = 1) -> Pairs:
    """J* as the game is, and J* when she sees the action."""
    pair = optimum(game, bits), optimum(game.with_(observes="action"), bits)
    return [pair if sign > 0 else pair[::-1]]


def remembering(game: Game, bits: int, *, blind: bool = False) -> Pairs:
    """J* over Markov policies, and over policies that remember the history.

    ``blind`` lets only the first of them see the action.
    """
    with_memory = game.with_(observes="nothing") if blind else game
    markov = game.with_(observes="action") if blind else game
    return [(optimum(markov, bits), optimum(with_memory, bits, leader="history"))]


_claim: Any = partial(Claim, relation="<=", limit=128, searches=0)
_beaten: Any = partial(
    _claim,
    statement="J(pi) is at most the certified J*, for every policy",
    latex=r"J(\pi)\le J^*",
    source="proofs/certificate-soundness.md",
    sides=no_policy_beats_it,
    document=played_document,
    sharp="attained by the optimal policy",
    mutants=(
        Mutant[Any](
            name="constant",
            what="0.9 times it",
            sides=partial(no_policy_beats_it, share=fmpq(9, 10)),
        ),
    ),
)

CLAIMS: tuple[Claim[Any], ...] = (
    _beaten(
        id="C9h",
        title="No policy beats the certified value",
        hypotheses=("gamma = 0, finite eta", "any partition that she sees"),
        build=draw_played,
        instances=60,
        searches=150,
        digits=DIGITS,
    ),
    _beaten(
        id="C9i",
        title="No policy beats the certified value, a farsighted follower",
        hypotheses=("gamma > 0, finite eta", "any partition that she sees"),
        build=draw_played_far,
        instances=12,
        digits=ROUGHLY,
    ),
    _claim(
        id="C18a",
        title="Seeing more never hurts the leader",
        statement="J* does not fall when she sees the action in place of nothing",
        latex=r"J^*_{\mathrm{nothing}}\le J^*_{\mathrm{action}}",
        hypotheses=("gamma = 0",),
        source=SOURCE,
        sides=seeing,
        build=draw_blind,
        document=game_document,
        instances=40,
        digits=DIGITS,
        sharp="attained where she has no use for it",
        mutants=(Mutant[Any](name="sign", what="reversed", sides=partial(seeing, sign=-1)),),
    ),
    _claim(
        id="C18b",
        title="Seeing more never hurts, a farsighted follower",
        statement="the same for gamma > 0",
        latex=r"J^*_{\mathrm{nothing}}\le J^*_{\mathrm{action}}",
        hypotheses=("gamma > 0",),
        source=SOURCE,
        sides=seeing,
        build=draw_blind_far,
        document=game_document,
        instances=8,
        digits=ROUGHLY,
        mutants=(Mutant[Any](name="sign", what="reversed", sides=partial(seeing, sign=-1)),),
    ),
    _claim(
        id="C18c",
        title="Remembering never hurts the leader",
        statement="J* over Markov policies is at most J* over policies that remember the history",
        latex=r"J^*_{\mathrm{Markov}}\le J^*_{\mathrm{history}}",
        hypotheses=("gamma > 0", "public randomisation"),
        source=SOURCE,
        sides=remembering,
        build=draw_seeing_far,
        document=game_document,
        instances=16,
        digits=DIGITS,
        sharp="attained on trees",
        mutants=(
            Mutant[Any](
                name="observation",
                what="who remembers sees nothing, the other the action",
                sides=partial(remembering, blind=True),
            ),
        ),
    ),
)
