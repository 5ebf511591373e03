"""Instances of C7, C8 and C11: games, and estimates of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactqse.claims.draws import Draw
from exactqse.claims.games import (
    Table,
    draw_cells,
    draw_game,
    draw_kernel,
    draw_policy,
    draw_sizes,
    draw_table,
    game_document,
    make_game,
    policy_rows,
)
from exactqse.model import Game, Policy

GAMMAS = ("0", "1/2", "1")
Responses = list[list[tuple[Fraction, ...]]]  # [h][s][b]


@dataclass(frozen=True)
class Guess:
    """A game, a policy, and any estimates of the leader's values and of the response.

    Attributes:
        game: the game.
        policy: the policy.
        U: [h][s][a][b], any numbers.
        nu: [h][s][b], any distributions.
    """

    game: Game
    policy: Policy
    U: Table
    nu: Responses


@dataclass(frozen=True)
class Models:
    """Two games that share sizes, eta, gamma, what she sees and the first state; and a policy.

    Attributes:
        first: the truth.
        second: an estimate of it.
        policy: one policy of both.
    """

    first: Game
    second: Game
    policy: Policy


def draw_guess(draw: Draw) -> Guess:
    """A game with any gamma, and estimates that have nothing to do with it."""
    sizes = draw_sizes(draw, horizon=3)
    H, S, _, B = sizes
    game = draw_game(draw, sizes, gammas=GAMMAS)
    policy = draw_policy(draw, game)
    nu = [[draw.simplex(B) for _ in range(S)] for _ in range(H)]
    return Guess(game, policy, draw_table(draw, sizes, -2, 2), nu)


def draw_models(draw: Draw, *, horizon: int = 3, gammas: tuple[str, ...] = GAMMAS) -> Models:
    """Two games with nothing else in common."""
    sizes = draw_sizes(draw, horizon=horizon)
    rest: dict[str, Any] = {
        "eta": draw.scale(0.3, 10),
        "gamma": Fraction(draw.choice(gammas)),
        "observes": draw_cells(draw, sizes[3]),
        "rho": draw.simplex(sizes[1]),
    }
    first, second = (
        make_game(
            draw_kernel(draw, sizes), draw_table(draw, sizes), draw_table(draw, sizes), **rest
        )
        for _ in range(2)
    )
    return Models(first, second, draw_policy(draw, first))


def guess_document(guess: Guess) -> dict[str, Any]:
    """The game's file and the rest, exactly."""
    U = [[[[str(x) for x in row] for row in state] for state in step] for step in guess.U]
    nu = [[[str(x) for x in row] for row in step] for step in guess.nu]
    game, policy = game_document(guess.game), policy_rows(guess.policy)
    return {"game": game, "policy": policy, "U": U, "nu": nu}


def models_document(models: Models) -> dict[str, Any]:
    """Both games as files, and the policy."""
    games = {"first": models.first, "second": models.second}
    files = {name: game_document(game) for name, game in games.items()}
    return {**files, "policy": policy_rows(models.policy)}
