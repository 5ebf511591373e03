"""Every error that exactqse raises on purpose: what is wrong, where, and what to do about it.

All of them derive from :class:`ExactQSEError`, so one ``except`` clause catches them and
nothing else. The command line prints them as one line and exits with code 2.
"""

from __future__ import annotations


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


class FormatError(InputError):
    """A foreign file (such as Gambit's ``.nfg``) that cannot be read as a two-player game."""


class NotCoveredError(ExactQSEError, NotImplementedError):
    """A well-formed request for a class of games that no solver or checker covers yet."""


class PrecisionError(ExactQSEError, ArithmeticError):
    """A question that stayed undecided at the largest precision that was allowed."""
