"""``solve``, ``check`` and ``decide``."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import exactqse
from exactqse.cli.bundles import Aim, Arithmetic, AsJson, GameChoice, Page, SolveFiles
from exactqse.cli.inputs import (
    assumed,
    default_digits,
    load_certificate,
    load_game,
    number,
    writable,
)
from exactqse.cli.output import emit, error_console, show
from exactqse.errors import InputError
from exactqse.kernel.check import check
from exactqse.kernel.elementary import INTEGER
from exactqse.report import (
    assumption_lines,
    check_document,
    check_lines,
    decision_document,
    decision_lines,
    line,
    policy_lines,
    solution_document,
    solution_lines,
    weak_document,
    weak_lines,
    working,
)
from exactqse.solve.effort import counting

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.solve import Solution, WeakSolution

NEGATIVE = 1  # the exit code of a negative verdict
INTERRUPTED = 130  # that of a command that Ctrl-C ended, whether or not it has a result

Checker = Annotated[Arithmetic, typer.Option(help="Whose exp and log the checker uses.")]


def solve_command(
    choice: GameChoice,
    files: SolveFiles,
    page: Page,
    aim: Aim,
    *,
    checker: Checker = Arithmetic.KERNEL,
) -> None:
    """Solve a game: certified bounds of J* and the policy that attains them.

    Covers whatever the leader observes of the follower's action, any gamma and any eta. With --eta
    inf, ties are broken in her favour; the value with ties against her is shown beside it, for
    gamma > 0 or a solve that is stopped only that of the policy. Every solve can be: Ctrl-C prints
    and writes the best so far, with exit code 130; once more aborts. Where there is a search (she
    sees less than the action, or gamma > 0), --resume goes on from there, but not for gamma > 0
    with --eta inf.
    """
    _require_consistent(aim, files)
    writable(files.out, apart_from=(choice.game,))
    writable(files.policy, apart_from=(choice.game, files.out, files.resume))
    gap = None if aim.gap is None else number(aim.gap, "--gap")
    game = load_game(choice)
    digits = default_digits(game) if aim.digits is None and gap is None else aim.digits
    solution = _solution(game, replace(aim, digits=digits), gap, files, checker)
    weak = _weak(game, solution)
    written = _save(solution, files)
    if page.as_json:
        names = {key: None if path is None else str(path) for key, path in written.items()}
        more = {"digits": digits, "written": names, "assumed": assumed(choice)}
        emit({**solution_document(solution), "weak": weak_document(weak), **more})
    else:
        saved = [f"{key} written to {path}" for key, path in written.items() if path is not None]
        show(
            *solution_lines(solution),
            *weak_lines(weak),
            *policy_lines(game, solution, everything=page.everything),
            *assumption_lines(assumed(choice)),
            *map(line, saved),
        )
    if solution.effort.interrupted:
        raise typer.Exit(INTERRUPTED)


def _solution(
    game: Game, aim: Aim, gap: Fraction | None, files: SolveFiles, checker: Arithmetic
) -> Solution:
    known = None if files.resume is None else load_certificate(files.resume)

    def keep(solution: Solution) -> None:
        if files.out is not None:
            solution.certificate.save(files.out)

    with working(error_console(), "solving") as progress:
        return exactqse.solve(
            game,
            aim.digits,
            gap=gap,
            time_limit=aim.time_limit,
            node_limit=aim.node_limit,
            leader="history" if aim.history else "markov",
            mixtures=not aim.values_only,
            resume=known,
            checker=checker.checker,
            progress=progress,
            keep=None if files.out is None else keep,
        )


def _weak(game: Game, solution: Solution) -> WeakSolution | Fraction | None:
    """The value with ties against her; for gamma > 0, or if the solve was stopped, the policy's."""
    if game.eta is not None or solution.remembers:
        return None
    if game.gamma or solution.effort.stopped:
        return exactqse.worst_case(solution)
    with working(error_console(), "breaking ties against her") as progress:
        return exactqse.solve_weak(game, progress=counting(progress))


def _save(solution: Solution, files: SolveFiles) -> dict[str, Path | None]:
    """Write what is to be written, and say where."""
    if files.out is not None:
        solution.certificate.save(files.out)
    if files.policy is not None:
        solution.policy.save(files.policy)
    return {"certificate": files.out, "policy": files.policy}


def _require_consistent(aim: Aim, files: SolveFiles) -> None:
    if aim.digits is not None and aim.gap is not None:
        raise InputError("says the same as --digits", where="--gap", remedy="give one of them")
    if aim.history and files.policy is not None:
        what = "a leader who remembers has no table of a policy"
        raise InputError(what, where="--policy", remedy="her memories are in the certificate")


def check_command(
    choice: GameChoice,
    *,
    certificate: Annotated[
        Path, typer.Argument(metavar="CERT", help="The certificate file.", show_default=False)
    ],
    precision: Annotated[
        int | None,
        typer.Option(metavar="BITS", help="Fractional bits.  \\[default: the certificate's]"),
    ] = None,
    arithmetic: Checker = Arithmetic.KERNEL,
    as_json: AsJson = False,
) -> None:
    """Check a certificate against its game. Exit code 0 if accepted, else 1.

    Rejected: an inequality is shown to fail. Inconclusive: try more bits.
    """
    game = load_game(choice)
    claim = load_certificate(certificate)
    elementary = (
        INTEGER if arithmetic is Arithmetic.KERNEL else exactqse.arithmetic.FlintElementary()
    )
    with working(error_console(), "checking"):
        verdict = check(game, claim, precision=precision, elementary=elementary)
    if as_json:
        emit({**check_document(game, verdict), "assumed": assumed(choice)})
    else:
        show(*check_lines(verdict), *assumption_lines(assumed(choice)))
    if not verdict:
        raise typer.Exit(NEGATIVE)


def decide_command(
    choice: GameChoice,
    *,
    at_least: Annotated[
        str,
        typer.Option(metavar="X", help="The threshold, exact: 3, 1/3, 0.1.", show_default=False),
    ],
    max_digits: Annotated[
        int, typer.Option(metavar="N", help="Digits at which to give up, 1 to 1000.")
    ] = 320,
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Time after which to give up."),
    ] = None,
    checker: Checker = Arithmetic.KERNEL,
    as_json: AsJson = False,
) -> None:
    """Decide whether J* >= X. Exit code 0 for yes, 1 for no and for undecided."""
    threshold = number(at_least, "--at-least")
    game = load_game(choice)
    with working(error_console(), "deciding") as progress:
        decision = exactqse.decide(
            game,
            threshold,
            max_digits=max_digits,
            time_limit=time_limit,
            checker=checker.checker,
            progress=progress,
        )
    if as_json:
        emit({**decision_document(decision), "assumed": assumed(choice)})
    else:
        show(*decision_lines(decision), *assumption_lines(assumed(choice)))
    if decision.solution.effort.interrupted and decision.answer == "undecided":
        raise typer.Exit(INTERRUPTED)
    if decision.answer != "yes":
        raise typer.Exit(NEGATIVE)
