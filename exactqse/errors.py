"""Every error that exactqse raises on purpose: what is wrong, where, and what to do about it.

All of them derive from :class:`ExactQSEError`, so one ``except`` clause catches them and
nothing else. The command line prints them as one line and exits with code 2. The functions below
write the parts of messages; nothing but messages relies on them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

_SHOWN = 60  # characters of a value in a message


class ExactQSEError(Exception):
    """The root of all errors of this package.

    Args:
        what: what is wrong, in one clause.
        where: the place (a field, an index, a file), empty when there is only one.
        remedy: what the reader can do, empty when it is obvious from ``what``.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        message = f"{where}: {what}" if where else what
        super().__init__(f"{message}; {remedy}" if remedy else message)


class InputError(ExactQSEError, ValueError):
    """Something handed in is malformed: the caller can mend it."""


class KindError(InputError, TypeError):
    """An argument of the wrong kind altogether, such as None where a game is needed."""


class NumberError(InputError):
    """A text or a value that is not an exact rational number within the stated limits."""


class FileError(InputError):
    """A file that cannot be read, is too large, too deep, truncated, or not strict JSON."""


class GameError(InputError):
    """Tables or fields that do not make a leader-follower Markov game."""


class PolicyError(InputError):
    """Numbers that do not make a policy of the leader in the game at hand."""


class CertificateError(InputError):
    """A certificate that is malformed, or one that speaks about another game."""


class ClaimError(InputError):
    """A claim that cannot be registered, found or evaluated."""


class DatasetError(InputError):
    """Offline data that no play of a game could have left, or data of another game."""


class FormatError(InputError):
    """A foreign file (such as Gambit's ``.nfg``) that cannot be read as a two-player game."""


class LearnerError(InputError):
    """A learner that breaks its protocol, raises, looks at what is hidden, or cannot be repeated.

    Args:
        what: what is wrong, in one clause.
        learner: the learner's name.
        episode: the number of episodes played before; None before or after the run.
        step: the step h, where there is one.
        state: the state s, where there is one.
        remedy: what its author can do.
    """

    def __init__(
        self,
        what: str,
        *,
        learner: str = "",
        episode: int | None = None,
        step: int | None = None,
        state: int | None = None,
        remedy: str = "",
    ) -> None:
        self.learner, self.episode, self.step, self.state = learner, episode, step, state
        places = (("episode", episode), ("step", step), ("state", state))
        parts = [f"learner {learner}", *(f"{name} {i}" for name, i in places if i is not None)]
        super().__init__(what, where=", ".join(parts), remedy=remedy)

    def __reduce__(self) -> tuple[object, ...]:
        """Processes hand errors on: one is made again from its message, then from its fields."""
        return _remade, (type(self), self.args, vars(self))


class NotCoveredError(ExactQSEError, NotImplementedError):
    """A well-formed request for a class of games that no solver or checker covers yet."""


class PrecisionError(ExactQSEError, ArithmeticError):
    """A question that stayed undecided at the largest precision that was allowed."""


def _remade(
    kind: type[LearnerError], arguments: tuple[object, ...], parts: dict[str, object]
) -> LearnerError:
    error = kind.__new__(kind, *arguments)
    vars(error).update(parts)
    return error


@contextmanager
def of_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Have errors about what is in a file name the file as well: its fields have no other name."""
    name = str(path)
    try:
        yield
    except InputError as error:
        if error.where.startswith(name):
            raise
        where = f"{name}: {error.where}" if error.where else name
        raise type(error)(error.what, where=where, remedy=error.remedy) from error


def of_kind(
    value: object,
    kind: type[object] | tuple[type[object], ...],
    expected: str,
    *,
    where: str,
    remedy: str = "",
) -> None:
    """Raise KindError unless ``value`` is an instance of ``kind``, and no class itself."""
    if isinstance(value, type) or not isinstance(value, kind):
        what = f"expected {expected}, found {type(value).__name__}"
        raise KindError(what, where=where, remedy=remedy)


def shown(value: object) -> str:
    """``value`` as a message shows it: one short line."""
    try:
        plain = str(value) if isinstance(value, Fraction) else repr(value)
        text = " ".join(plain.split())
    except ValueError:  # an integer of more digits than Python writes
        return f"{type(value).__name__} of many digits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def approximate(value: Fraction, rounding: str = ROUND_HALF_EVEN) -> str:
    """Four significant decimal digits."""
    context = Context(prec=4, rounding=rounding)
    above, below = Decimal(value.numerator), Decimal(value.denominator)
    return str(context.divide(above, below).normalize(context))


def at_least(value: Fraction) -> str:
    """A lower bound of ``value`` in words, rounded down so that it is one."""
    return f"at least {approximate(value, ROUND_FLOOR)}"


def between(low: Fraction, high: Fraction) -> str:
    """An interval, rounded outward."""
    return f"[{approximate(low, ROUND_FLOOR)}, {approximate(high, ROUND_CEILING)}]"
