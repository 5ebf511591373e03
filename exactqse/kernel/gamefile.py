"""The canonical game file: JSON in, a validated game out, and back (docs: proofs/game-file.md).

Rules that the reader enforces beyond those of ``files.py``: exactly the fields below; numbers are
strings in the grammar of ``numbers.py`` or JSON integers; a row is an object from state index to
probability; tables have 1 or H steps; every rule of ``KernelGame``. The writer's spelling is
unique:
lowest terms, no zero probabilities, stationary where all steps agree. The SHA-256 of those bytes
is the game's hash, so equal games have equal hashes whatever spelling they were read from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from math import gcd
from typing import Any, TypeVar

from exactqse.errors import GameError
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.kernel.game import KernelGame, Row, make_row
from exactqse.kernel.numbers import format_rational, parse_rational

FORMAT = "exactqse-game"
VERSION = 1
_FIELDS = (
    "format",
    "version",
    "horizon",
    "states",
    "leader_actions",
    "follower_actions",
    "eta",
    "gamma",
    "observes",
    "rho",
    "P",
    "u",
    "r",
)
T = TypeVar("T")


def read_game(data: bytes, where: str = "game file") -> KernelGame:
    """The game in ``data``.

    Raises:
        InputError: anything that the rules of this module refuse, with the field's path.
    """
    document = fields_of(parse_json(data, where), _FIELDS, where)
    check_header(document, FORMAT, VERSION, where)
    states, state_names = _labels(document["states"], "states")
    leader, leader_names = _labels(document["leader_actions"], "leader_actions")
    follower, follower_names = _labels(document["follower_actions"], "follower_actions")
    eta = document["eta"]

    def row(value: Any, path: str) -> Row:
        if not isinstance(value, dict):
            raise GameError("is not an object from state to probability", where=path)
        return make_row(
            {index_of(key, path): number(p, f"{path}.{key}") for key, p in value.items()},
            states,
            path,
        )

    return KernelGame(
        horizon=natural(document["horizon"], "horizon"),
        states=states,
        leader_actions=leader,
        follower_actions=follower,
        rho=row(document["rho"], "rho"),
        P=_table(document["P"], row, "P"),
        u=_table(document["u"], number, "u"),
        r=_table(document["r"], number, "r"),
        eta=None if eta == "inf" else number(eta, "eta"),
        gamma=number(document["gamma"], "gamma"),
        observes=tuple(
            tuple(natural(b, "observes") for b in list_of(cell, "observes"))
            for cell in list_of(document["observes"], "observes")
        ),
        names=(state_names, leader_names, follower_names),
    )


def game_bytes(game: KernelGame) -> bytes:
    """The game's canonical file."""

    def labels(count: int, names: tuple[str, ...] | None) -> int | list[str]:
        return count if names is None else list(names)

    return canonical_json(
        {
            "format": FORMAT,
            "version": VERSION,
            "horizon": game.horizon,
            "states": labels(game.states, game.names[0]),
            "leader_actions": labels(game.leader_actions, game.names[1]),
            "follower_actions": labels(game.follower_actions, game.names[2]),
            "eta": "inf" if game.eta is None else format_rational(game.eta),
            "gamma": format_rational(game.gamma),
            "observes": game.observes,
            "rho": _row_document(game.rho),
            "P": _map_table(game.P, _row_document),
            "u": _map_table(game.u, format_rational),
            "r": _map_table(game.r, format_rational),
        }
    )


def game_hash(game: KernelGame) -> str:
    """SHA-256 of the canonical file, in hexadecimal; remembered, since a game never changes."""
    memory = game.__dict__  # as functools.cached_property does; game.py must not import this module
    if "_hash" not in memory:
        memory["_hash"] = hashlib.sha256(game_bytes(game)).hexdigest()
    return str(memory["_hash"])


def _row_document(row: Row) -> dict[int, str]:
    result = {}
    for state, numerator in zip(row.states, row.numerators, strict=True):
        divisor = gcd(numerator, row.denominator)
        below = row.denominator // divisor
        above = numerator // divisor
        result[state] = str(above) if below == 1 else f"{above}/{below}"
    return result


def _map_table(table: Any, entry: Callable[[Any], object]) -> list[Any]:
    return [[[[entry(x) for x in action] for action in state] for state in step] for step in table]


def _table(value: Any, entry: Callable[[Any, str], T], path: str) -> Any:
    """Nested lists [h][s][a][b] as nested tuples, each entry read with its path."""

    def descend(part: Any, depth: int, place: str) -> Any:
        if depth == 0:
            return entry(part, place)
        return tuple(
            descend(x, depth - 1, f"{place}[{i}]") for i, x in enumerate(list_of(part, place))
        )

    return descend(value, 4, path)


def _labels(value: Any, where: str) -> tuple[int, tuple[str, ...] | None]:
    """A count, or a list of names."""
    if isinstance(value, list):
        if not all(isinstance(name, str) for name in value):
            raise GameError("names must be strings", where=where)
        return len(value), tuple(value)
    return natural(value, where), None


def fields_of(value: Any, fields: tuple[str, ...], where: str) -> dict[str, Any]:
    """``value`` as an object with exactly these fields. Raises GameError."""
    if not isinstance(value, dict):
        raise GameError("is not a JSON object", where=where)
    for name in fields:
        if name not in value:
            raise GameError(f"field {name!r} is missing", where=where)
    for name in value:
        if name not in fields:
            raise GameError(f"unknown field {name[:40]!r}", where=where)
    return value


def check_header(document: dict[str, Any], form: str, version: int, where: str) -> None:
    """Raise GameError unless the document names this format and version."""
    if document["format"] != form:
        raise GameError(f"format is not {form!r}", where=where)
    if document["version"] is True or document["version"] != version:
        what = f"version is not {version}"
        raise GameError(what, where=where, remedy="use the release that wrote the file")


def list_of(value: Any, where: str) -> list[Any]:
    """``value`` as a list. Raises GameError."""
    if not isinstance(value, list):
        raise GameError("is not a list", where=where)
    return value


def number(value: Any, where: str) -> Fraction:
    """An exact number: a string, or a JSON integer. Raises InputError."""
    if isinstance(value, str):
        return parse_rational(value, where)
    return Fraction(natural(value, where, least=None))


def natural(value: Any, where: str, least: int | None = 0) -> int:
    """A JSON integer of at least ``least``. Raises GameError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise GameError("is not a number; write an integer or a quoted number", where=where)
    if least is not None and value < least:
        raise GameError(f"{value} is less than {least}", where=where)
    return value


def index_of(key: str, where: str) -> int:
    """A key such as "12" as an index, without signs or leading zeros. Raises GameError."""
    if not (key.isascii() and key.isdigit()) or len(key) > 9 or str(int(key)) != key:
        raise GameError(f"{key[:40]!r} is not an index", where=where)
    return int(key)
