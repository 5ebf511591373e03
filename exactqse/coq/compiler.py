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
_FAILED_QED = re.compile(r"claim_is_accepted|Unable to unify|has type|while it is expected")


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


def run_coq(path: Path, *, theories: Path | None = None) -> CoqOutcome:
    """Have coqc read a file that ``coq_file`` made.

    Raises:
        FileError: no coqc, or no compiled theories.
    """
    words = [coqc(), "-q", "-Q", str(theories_folder(theories)), _LIBRARY, str(path)]
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    seconds = time.monotonic() - begun
    if done.returncode:
        return CoqOutcome(accepted=False, axioms=(), message=done.stderr.strip(), seconds=seconds)
    return CoqOutcome(accepted=True, axioms=axioms_in(done.stdout), message="", seconds=seconds)


def axioms_in(report: str) -> tuple[str, ...]:
    """The names in the answers to Print Assumptions."""
    return tuple(
        sorted(
            set(re.findall(r"^([A-Za-z_][\w.']*)(?= :|\s*$)", report, re.MULTILINE)) - {"Axioms"}
        )
    )
