"""Gambit's ``.nfg`` files of two players, both dialects, as one-state games.

Grammar (the format is described in Gambit's manual, "Game representation formats"; spaces and line
breaks separate tokens and mean nothing else)::

    file       = "NFG" "1" ("R" | "D") TEXT "{" TEXT TEXT "}" strategies [TEXT] body
    strategies = "{" COUNT COUNT "}"  |  "{" "{" TEXT... "}" "{" TEXT... "}" "}"
    body       = (NUMBER NUMBER)...            payoff dialect: both payoffs of every profile
               | "{" outcome... "}" INDEX...   outcome dialect: the outcome of every profile
    outcome    = "{" TEXT NUMBER [","] NUMBER "}"

The strategy of player 1 varies fastest. Outcomes are counted from 1, and index 0 pays nothing.
Numbers are exact. The two texts before the body (title and comment) are not kept. Rules beyond the
grammar: UTF-8, at most ``MAX_BYTES`` bytes and ``MAX_PROFILES`` profiles, nothing after the body.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn, TypeVar

from exactqse.errors import FormatError, NumberError, of_kind, shown
from exactqse.kernel.numbers import parse_rational
from exactqse.model.game import Game, Number, Observes
from exactqse.reading import read_bytes

MAX_BYTES = 1 << 24
MAX_PROFILES = 1_000_000

_TOKEN = re.compile(r'"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"|[{},"]|[^\s{},"]+', re.DOTALL)
_QUOTE = '"'
T = TypeVar("T")
Names = tuple[str, ...]
Payoff = tuple[Fraction, Fraction]


def load_nfg(
    path: str | os.PathLike[str],
    *,
    leader: Literal[1, 2] = 1,
    eta: Number = 1,
    gamma: Number = 0,
    observes: Observes = "action",
) -> Game:
    """The game in a ``.nfg`` file; see :func:`read_nfg`. Raises InputError."""
    data = read_bytes(path)
    return read_nfg(data, leader=leader, eta=eta, gamma=gamma, observes=observes, where=str(path))


def read_nfg(
    data: bytes,
    *,
    leader: Literal[1, 2] = 1,
    eta: Number = 1,
    gamma: Number = 0,
    observes: Observes = "action",
    where: str = "nfg file",
) -> Game:
    """The one-state, one-step game in ``data``: u(0,a,b) and r(0,a,b) are the two players' payoffs.

    Args:
        data: the file's bytes.
        leader: the player who leads, 1 or 2; the other one follows.
        eta: the follower's inverse temperature.
        gamma: the follower's discount factor.
        observes: what the leader sees of b before she moves.
        where: what messages call the file.

    Strategy names become action names, unless they are blank, repeated, or just "1", "2", ...

    Raises:
        FormatError: not a two-player ``.nfg`` file, with the line at fault.
        GameError, NumberError: eta, gamma or observes out of their domain.
    """
    if not isinstance(leader, int) or leader not in {1, 2}:
        raise FormatError(f"{shown(leader)} is not a player", where="leader", remedy="use 1 or 2")
    of_kind(data, bytes, "the file's bytes", where=where)
    if len(data) > MAX_BYTES:
        raise FormatError(f"is larger than {MAX_BYTES} bytes", where=where)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 at byte {error.start}"
        raise FormatError(what, where=where, remedy="convert it to UTF-8") from error
    names, payoffs = _Reader(text, where).file()
    rows, columns = len(names[0]), len(names[1])
    first, second = (
        [[payoffs[i + rows * j][player] for j in range(columns)] for i in range(rows)]
        for player in (0, 1)
    )
    if leader == 2:
        names = names[1], names[0]
        first, second = _transposed(second), _transposed(first)
    labels = {
        kind: actions
        for kind, actions in zip(("leader_actions", "follower_actions"), names, strict=True)
        if _tell_apart(actions)
    }
    return Game.from_arrays(
        None, [first], [second], eta=eta, gamma=gamma, observes=observes, names=labels
    )


def _transposed(table: list[list[Fraction]]) -> list[list[Fraction]]:
    return [list(column) for column in zip(*table, strict=True)]


def _tell_apart(names: Names) -> bool:
    """Whether the names say more than the actions' numbers do."""
    numbers = tuple(str(i + 1) for i in range(len(names)))
    return len(set(names)) == len(names) and all(n.strip() for n in names) and names != numbers


@dataclass(frozen=True, slots=True)
class _Token:
    """A quoted text (``quoted``, with its escapes resolved), a word, or one of ``{ } ,``."""

    value: str
    quoted: bool
    start: int

    def __str__(self) -> str:
        return f'the text "{self.value[:40]}"' if self.quoted else repr(self.value[:40])


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        quoted = match["text"] is not None
        value = match["text"].replace(r"\"", _QUOTE) if quoted else match[0]
        yield _Token(value, quoted, match.start())


class _Reader:
    """Reads one file from its tokens with one token of lookahead; a method is a grammar rule."""

    def __init__(self, text: str, where: str) -> None:
        self._text = text
        self._where = where
        self._tokens = _tokens(text)
        self._next: _Token | None = None
        self._shift()

    def file(self) -> tuple[tuple[Names, Names], list[Payoff]]:
        """The strategies of both players, and the payoffs with player 1's strategy fastest."""
        self._header()
        self._quoted("the title")
        count = len(self._braced(lambda: self._quoted("a player's name")))
        if count != 2:
            self._fail(f"has {count} player{'s' * (count != 1)}, not 2")
        names = self._strategies()
        profiles = len(names[0]) * len(names[1])
        if profiles > MAX_PROFILES:
            self._fail(f"has {profiles} strategy profiles, more than {MAX_PROFILES}")
        if self._next is not None and self._next.quoted:
            self._quoted("the comment")
        payoffs = self._outcome_body(profiles) if self._at("{") else self._payoff_body(profiles)
        if self._next is not None:
            self._fail(f"{self._next} after the last of {profiles} profiles")
        return names, payoffs

    def _header(self) -> None:
        if self._at("EFG"):
            remedy = "export its strategic form as .nfg"
            self._fail("is an extensive game (.efg), which is not read", remedy)
        if not self._at("NFG"):
            self._fail("does not begin with NFG, so it is not an .nfg file")
        self._take("NFG")
        if not self._at("1"):
            self._fail(f"expected the version 1, found {self._next or 'the end'}")
        self._take("1")
        if not (self._at("R") or self._at("D")):
            self._fail(f"expected the number type R or D, found {self._next or 'the end'}")
        self._word("R or D")

    def _strategies(self) -> tuple[Names, Names]:
        groups = self._braced(self._player_strategies)
        if len(groups) != 2:
            self._fail(f"gives strategies of {len(groups)} players, not 2")
        return groups[0], groups[1]

    def _player_strategies(self) -> Names:
        if self._at("{"):
            names = tuple(self._braced(lambda: self._quoted("a strategy's name")))
        else:
            count = self._count("a number of strategies")
            if count > MAX_PROFILES:
                self._fail(f"a player has {count} strategies, more than {MAX_PROFILES}")
            names = tuple(str(i + 1) for i in range(count))
        if not names:
            self._fail("a player has no strategies")
        return names

    def _payoff_body(self, profiles: int) -> list[Payoff]:
        payoffs = []
        for i in range(profiles):
            if self._next is None:
                self._fail(f"ends after {i} of {profiles} profiles; it may be truncated")
            payoffs.append((self._number(), self._number()))
        return payoffs

    def _outcome_body(self, profiles: int) -> list[Payoff]:
        outcomes = [(Fraction(0), Fraction(0)), *self._braced(self._outcome)]
        payoffs = []
        for i in range(profiles):
            if self._next is None:
                self._fail(f"ends after {i} of {profiles} profiles; it may be truncated")
            index = self._count("the index of an outcome")
            if index >= len(outcomes):
                self._fail(f"outcome {index} is not one of 0..{len(outcomes) - 1}")
            payoffs.append(outcomes[index])
        return payoffs

    def _outcome(self) -> Payoff:
        self._take("{")
        self._quoted("an outcome's name")
        first = self._number()
        if self._at(","):
            self._take(",")
        second = self._number()
        if not self._at("}"):
            self._fail(f"an outcome with more than 2 payoffs, at {self._next or 'the end'}")
        self._take("}")
        return first, second

    def _braced(self, item: Callable[[], T]) -> list[T]:
        self._take("{")
        items = []
        while not self._at("}"):
            items.append(item())
        self._take("}")
        return items

    def _quoted(self, meaning: str) -> str:
        if self._next is not None and not self._next.quoted:
            self._fail(f"expected {meaning} in quotes, found {self._next}")
        return self._advance(meaning).value

    def _word(self, meaning: str) -> str:
        if self._next is not None and (self._next.quoted or self._next.value in "{},"):
            self._fail(f"expected {meaning}, found {self._next}")
        return self._advance(meaning).value

    def _number(self) -> Fraction:
        word = self._word("a payoff")
        try:
            return parse_rational(word)
        except NumberError as error:
            self._fail(f"payoff {error.what}", error.remedy)

    def _count(self, meaning: str) -> int:
        word = self._word(meaning)
        if not (word.isascii() and word.isdigit()) or len(word) > 9:
            self._fail(f"{word[:40]!r} is not {meaning}, a natural number below 10^9")
        return int(word)

    def _at(self, value: str) -> bool:
        return self._next is not None and not self._next.quoted and self._next.value == value

    def _take(self, value: str) -> None:
        if self._next is not None and not self._at(value):
            self._fail(f"expected {value!r}, found {self._next}")
        self._advance(repr(value))

    def _advance(self, meaning: str) -> _Token:
        token = self._next
        if token is None:
            self._fail(f"ends where {meaning} should be; it may be truncated")
        self._shift()
        return token

    def _shift(self) -> None:
        self._next = next(self._tokens, None)
        if self._at(_QUOTE):
            self._fail("opens a quote that is never closed; it may be truncated")

    def _fail(self, what: str, remedy: str = "") -> NoReturn:
        start = len(self._text) if self._next is None else self._next.start
        line = self._text.count("\n", 0, start) + 1
        raise FormatError(what, where=f"{self._where}, line {line}", remedy=remedy)
