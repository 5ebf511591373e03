"""``evaluate``."""

from __future__ import annotations

from typing import Annotated

import typer

import exactqse
from exactqse.cli.bundles import GameChoice, Page
from exactqse.cli.inputs import assumed, load_game, load_policy
from exactqse.cli.output import emit, error_console, show
from exactqse.report import (
    assumption_lines,
    evaluation_document,
    evaluation_lines,
    evaluation_notes,
    response_table,
    state_table,
    symbolic_document,
    symbolic_lines,
    working,
)


def evaluate_command(
    choice: GameChoice,
    page: Page,
    *,
    policy: Annotated[
        str,
        typer.Argument(
            metavar="POLICY", help="A policy file, or the word uniform.", show_default=False
        ),
    ],
    digits: Annotated[
        int, typer.Option(metavar="N", help="Enclosures no wider than 10^-N, 1 to 1000.")
    ] = 15,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Print J in closed form instead (small games).")
    ] = False,
) -> None:
    """Evaluate a policy against the follower: J, W, V and his response nu.

    Covers every gamma, every eta up to infinity, and every observation.
    """
    game = load_game(choice)
    plan = load_policy(policy, game)
    with working(error_console(), "evaluating"):
        evaluation = exactqse.evaluate(game, plan, digits)
        formula = exactqse.evaluate_symbolic(game, plan) if symbolic else None
    if page.as_json:
        closed = {} if formula is None else {"symbolic": symbolic_document(formula)}
        document = evaluation_document(game, evaluation)
        emit({**document, **closed, "digits": digits, "assumed": assumed(choice)})
        return
    show(*evaluation_lines(evaluation, digits))
    if formula is not None:
        show(*symbolic_lines(formula), *assumption_lines(assumed(choice)))
        return
    show(
        state_table(game, evaluation, everything=page.everything),
        response_table(game, evaluation, everything=page.everything),
        *evaluation_notes(game, everything=page.everything),
        *assumption_lines(assumed(choice)),
    )
