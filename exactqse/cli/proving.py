"""``coq``: a certificate as a file for Coq's kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exactqse.cli.bundles import AsJson, GameChoice
from exactqse.cli.inputs import assumed, load_certificate, load_game, writable
from exactqse.cli.output import emit, error_console, show
from exactqse.coq import CoqOutcome, coq_file, require_coq_covers, run_coq
from exactqse.coq.compiler import coqc, require_coq_name, theories_folder
from exactqse.report import assumption_lines, line, working
from exactqse.writing import write_bytes

NEGATIVE = 1  # the exit code of a file that Coq refuses


def coq_command(
    choice: GameChoice,
    *,
    certificate: Annotated[
        Path, typer.Argument(metavar="CERT", help="The certificate file.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE.v", help="The file to write.", show_default=False)
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Have coqc read it: exit code 0 if accepted, else 1.")
    ] = False,
    precision: Annotated[
        int | None,
        typer.Option(
            metavar="BITS",
            help="Fractional bits, for a finite eta.  \\[default: the least that suffice]",
        ),
    ] = None,
    theories: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The compiled theories.  \\[default: proofs/coq/theories of the checkout]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a file whose Qed proves the certificate's bounds for this game in Coq's kernel.

    It proves J(pi) <= upper for every policy pi, and lower <= J(pi) for the one in the certificate,
    by a checker that is written and proved sound in Coq, and prints what was assumed. For a myopic
    follower (gamma = 0), with any eta, and a farsighted one with a finite eta whose leader
    remembers nothing. A certificate that does not hold fails at Qed.
    """
    writable(out, apart_from=(choice.game, certificate))
    require_coq_name(out)
    game = load_game(choice)
    claim = load_certificate(certificate)
    require_coq_covers(game, claim)
    if check:
        coqc()
        theories_folder(theories)
    with working(error_console(), "writing"):
        text = coq_file(game, claim, precision=precision)
    write_bytes(out, text.encode("ascii"))
    outcome = None
    if check:
        with working(error_console(), "coqc"):
            outcome = run_coq(out, theories=theories)
    if as_json:
        emit({"written": str(out), "coq": _document(outcome), "assumed": assumed(choice)})
    else:
        lines = [f"written to {out}", *([] if outcome is None else _told(outcome))]
        show(*map(line, lines), *assumption_lines(assumed(choice)))
    if outcome is not None and not outcome.accepted:
        raise typer.Exit(NEGATIVE)


def _document(outcome: CoqOutcome | None) -> dict[str, object] | None:
    if outcome is None:
        return None
    return {
        "accepted": outcome.accepted,
        "axioms": list(outcome.axioms),
        "message": outcome.message,
        "seconds": round(outcome.seconds, 3),
    }


def _told(outcome: CoqOutcome) -> list[str]:
    if not outcome.accepted:
        last = outcome.message.splitlines()
        return ["refused by Coq:", *(f"  {text}" for text in last[:8])]
    axioms = [f"  {name}" for name in outcome.axioms]
    return [f"accepted by Coq's kernel in {outcome.seconds:.1f} s; it assumed:", *axioms]
