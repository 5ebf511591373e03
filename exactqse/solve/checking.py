"""Who checks what a search found, and what they said of it."""

from __future__ import annotations

from typing import Literal

from exactqse.arithmetic.balls import FlintElementary
from exactqse.errors import InputError, shown
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import Verdict, check
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.game import KernelGame

Checker = Literal["kernel", "flint"]


def require_checker(checker: object, choices: str) -> None:
    """Raise InputError, with the choices there are, unless it is a checker's name."""
    if not isinstance(checker, str) or checker not in {"kernel", "flint"}:
        raise InputError(f"{shown(checker)} is not {choices}", where="checker")


def verdict_of(game: KernelGame, certificate: Certificate, checker: Checker) -> Verdict:
    """What the checker says of a certificate. Raises InputError if it is of another game."""
    return check(
        game, certificate, elementary=INTEGER if checker == "kernel" else FlintElementary()
    )
