"""coqc: where it is, where the theories are, and what it said of a file."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from exactqse.errors import FileError

GET_COQ = (
    "install it with: apt-get update && apt-get install coq (Debian, Ubuntu), or see coq.inria.fr"
)
_LIBRARY = "ExactQSE"
_UNPROVED = re.compile(r"Unable to unify|has\s+type")  # where a proof proves something else
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.v", re.ASCII)


@dataclass(frozen=True, slots=True)
class CoqOutcome:
    """What coqc said of a file.

    Attributes:
        accepted: whether Coq's kernel accepted all of it.
        axioms: the names of what it assumed, sorted; () unless accepted.
        message: coqc's own words, empty if accepted.
        seconds: how long it took.
    """

    accepted: bool
    axioms: tuple[str, ...]
    message: str
    seconds: float


def theories_folder(folder: Path | None = None) -> Path:
    """Where the compiled theories are. Raises FileError."""
    chosen = (
        Path(__file__).resolve().parents[2] / "proofs" / "coq" / "theories"
        if folder is None
        else folder
    )
    if not (chosen / "Checker.v").is_file():
        what = "has no Coq theories of exactqse"
        raise FileError(
            what, where=str(chosen), remedy="name proofs/coq/theories of a checkout with --theories"
        )
    if not (chosen / "Checker.vo").is_file():
        raise FileError(
            "is not compiled", where=str(chosen / "Checker.v"), remedy="run: make proofs"
        )
    return chosen


def coqc() -> str:
    """The path of coqc. Raises FileError."""
    found = shutil.which("coqc")
    if found is None:
        raise FileError("is not installed", where="coqc", remedy=GET_COQ)
    return found


def require_coq_name(path: Path) -> None:
    """Refuse a file that coqc would not read for its name. Raises FileError."""
    if not _NAME.fullmatch(path.name):
        what = "is no file name that coqc takes"
        remedy = "use letters, digits and _, no digit first, and .v at the end"
        raise FileError(what, where=str(path), remedy=remedy)


def run_coq(path: Path, *, theories: Path | None = None) -> CoqOutcome:
    """Have coqc read a file that ``coq_file`` made. It is refused if a proof does not prove.

    Raises:
        FileError: no coqc, no compiled theories, or coqc ended before it could judge the proofs:
            theories of another version, too little memory.
    """
    require_coq_name(path)
    words = [coqc(), "-q", "-Q", str(theories_folder(theories)), _LIBRARY, str(path)]
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    seconds = time.monotonic() - begun
    if done.returncode:
        message = _refusal(done, path)
        return CoqOutcome(accepted=False, axioms=(), message=message, seconds=seconds)
    return CoqOutcome(accepted=True, axioms=axioms_in(done.stdout), message="", seconds=seconds)


def _refusal(done: subprocess.CompletedProcess[str], path: Path) -> str:
    """Why a proof was refused. Raises FileError where coqc failed for another reason."""
    message = done.stderr.strip()
    if not _UNPROVED.search(message):
        said = message.partition("Error:")[2] or message or f"exit code {done.returncode}"
        what = f"coqc could not judge it: {' '.join(said.split())[:200]}"
        remedy = "run make proofs with this coqc; if it ran out of memory, give it more"
        raise FileError(what, where=str(path), remedy=remedy)
    return message


def axioms_in(report: str) -> tuple[str, ...]:
    """The names in the answers to Print Assumptions."""
    return tuple(
        sorted(
            set(re.findall(r"^([A-Za-z_][\w.']*)(?= :|\s*$)", report, re.MULTILINE)) - {"Axioms"}
        )
    )
