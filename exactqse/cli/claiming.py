"""The group ``claims``."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

import exactqse
from exactqse.cli.bundles import AsJson, bundled
from exactqse.cli.inputs import writable
from exactqse.cli.output import emit, error_console, show
from exactqse.cli.solving import INTERRUPTED
from exactqse.errors import FileError, InputError
from exactqse.kernel.files import canonical_json
from exactqse.report import (
    claim_document,
    claim_lines,
    claim_table,
    draw_claims,
    drawable,
    example_document,
    finding_document,
    finding_lines,
    findings_table,
    line,
    to_json,
    working,
)
from exactqse.solve.effort import Standing
from exactqse.writing import write_bytes

if TYPE_CHECKING:
    from exactqse.claims import Example, Finding

FAILED = 1
_GAME_FORMAT = "exactqse-game"

claims = typer.Typer(
    help="The theory as statements that are checked in ball arithmetic.",
    invoke_without_command=True,
)


@dataclass(frozen=True)
class Which:
    """Which claims."""

    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Such as C3, or C2 for C2a, C2b and C2c; all by default."
        ),
    ] = None
    files: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="A Python file with claims; it is run."),
    ] = None

    def chosen(self) -> tuple[Any, ...]:
        """The claims. Raises InputError."""
        found = exactqse.claims.gathered(self.files or ())
        return exactqse.claims.selected(found, self.ids or ())


@dataclass(frozen=True)
class RunFiles:
    """Where a run writes."""

    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all findings as JSON to this file.")
    ] = None
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the ratios: a .pdf, .png or .svg file."),
    ] = None
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write the tightest instances and those against a claim, games as game files.",
        ),
    ] = None

    def checked(self) -> None:
        """Refuse files that could not be written, before any work is done."""
        writable(self.out)
        writable(self.picture, apart_from=(self.out,))
        if self.picture is not None:
            drawable(self.picture)
        if self.save is not None and not self.save.is_dir():
            if self.save.exists():
                raise FileError("is no folder", where=str(self.save), remedy="name a folder")
            writable(self.save)

    def make_folder(self) -> None:
        """Make the folder of instances if there is none. Raises FileError."""
        if self.save is None:
            return
        try:
            self.save.mkdir(exist_ok=True)
        except OSError as error:
            what = f"cannot be made ({error.strerror})"
            raise FileError(what, where=str(self.save)) from error


@claims.callback()
def claims_default(context: typer.Context) -> None:
    """The theory as statements: list them, show one, or run them."""
    if context.invoked_subcommand is None:
        show(claim_table(exactqse.claims.gathered()))


def list_claims(which: Which, *, as_json: AsJson = False) -> None:
    """List the claims."""
    found = which.chosen()
    if as_json:
        emit({"claims": [claim_document(claim) for claim in found]})
    else:
        show(claim_table(found))


def show_claims(which: Which, *, as_json: AsJson = False) -> None:
    """Show claims in full: statement, LaTeX, hypotheses, what is known of the constant, mutants."""
    found = which.chosen()
    if as_json:
        emit({"claims": [claim_document(claim) for claim in found]})
        return
    for claim in found:
        show(*claim_lines(claim))


def run_claims(
    which: Which,
    files: RunFiles,
    *,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Ten times as many instances, and the mutants."),
    ] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Refute the mutants of each claim as well.")
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the random instances.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Check claims on random and adversarial instances; exit code 1 unless all hold."""
    files.checked()
    chosen = which.chosen()
    if files.picture is not None and not any(map(_has_ratio, chosen)):
        what = "none of these claims is an inequality, so there is no ratio to draw"
        raise InputError(what, where="--picture", remedy="leave it out")
    files.make_folder()
    findings: list[Finding] = []
    interrupted = False
    try:
        with _stoppable():
            for i, claim in enumerate(chosen):
                title = f"{claim.id} ({i + 1} of {len(chosen)})"
                findings.append(_found(claim, title, seed=seed, deep=deep, mutants=mutants))
    except KeyboardInterrupt:
        interrupted = True
    if findings or not interrupted:
        _report(findings, files, as_json=as_json)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAILED)


def _found(claim: Any, title: str, *, seed: int, deep: bool, mutants: bool) -> Finding:
    with working(error_console(), title) as told:

        def progress(_: str, done: int, count: int) -> None:
            told(Standing(done, count))

        found: Finding = exactqse.claims.run(
            claim, seed=seed, deep=deep, mutants=mutants, progress=progress
        )
    return found


@contextmanager
def _stoppable() -> Iterator[None]:
    """Within the block Ctrl-C ends the run, not only the solve that happens to be under way."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report(findings: list[Finding], files: RunFiles, *, as_json: bool) -> None:
    document = {"findings": [finding_document(finding) for finding in findings]}
    saved = []
    if files.out is not None:
        write_bytes(files.out, (to_json(document) + "\n").encode("ascii"))
        saved.append(f"data written to {files.out}")
    if files.picture is not None and any(f.ratio is not None for f in findings):
        draw_claims(findings, files.picture)
        saved.append(f"picture written to {files.picture}")
    elif files.picture is not None:
        saved.append(f"there is no ratio to draw: {files.picture} is not written")
    if files.save is not None:
        names = [name for finding in findings for name in _saved(finding, files.save)]
        saved.append(f"{len(names)} files written to {files.save}")
    if as_json:
        emit(document)
    else:
        show(findings_table(findings), *finding_lines(findings), *map(line, saved))


def _has_ratio(claim: Any) -> bool:
    """Whether a run may end with a ratio: of an inequality that is searched."""
    return getattr(claim, "relation", "") == "<=" and claim.searches > 0


def _saved(finding: Finding, folder: Path) -> Iterator[str]:
    """Write the instances of a finding; games among them as game files of their own."""
    examples = [] if finding.worst is None else [("worst", finding.worst)]
    examples += [(f"against-{i}", example) for i, example in enumerate(finding.against)]
    for word, example in examples:
        yield from _saved_example(finding, folder, f"{finding.claim.id}-{word}", example)


def _saved_example(finding: Finding, folder: Path, name: str, example: Example) -> Iterator[str]:
    head = {"claim": finding.claim.id, "seed": finding.seed}
    document = {**head, **example_document(example)}
    write_bytes(folder / f"{name}.json", (to_json(document) + "\n").encode("ascii"))
    yield name
    parts = {"": example.document, **{f"-{k}": v for k, v in example.document.items()}}
    for key, part in parts.items():
        if isinstance(part, dict) and part.get("format") == _GAME_FORMAT:
            write_bytes(folder / f"{name}{key}.game.json", canonical_json(part))
            yield f"{name}{key}"


_commands: dict[str, Callable[..., None]] = {
    "list": list_claims,
    "show": show_claims,
    "run": run_claims,
}
for _name, _command in _commands.items():
    claims.command(_name)(bundled(_command))
