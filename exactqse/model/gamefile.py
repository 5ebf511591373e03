"""Reads a game file: JSON in, a validated game out (proofs/game-file.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exactqse.errors import GameError
from exactqse.kernel.codec import check_header, demand, fields_of, number, typed
from exactqse.kernel.files import parse_json
from exactqse.kernel.game import KernelGame, Row
from exactqse.kernel.gamefile import FIELDS, FORMAT, SETS, VERSION
from exactqse.model.rows import make_row


def read_game(data: bytes, where: str = "game file") -> KernelGame:
    """The game in ``data``.

    Raises:
        InputError: anything that the rules of this module refuse, with the field's path.
    """
    document = fields_of(parse_json(data, where), FIELDS, where)
    check_header(document, FORMAT, VERSION, where)
    sizes, names = zip(*(_labels(document[name], name) for name in SETS), strict=True)

    def row(value: Any, path: str) -> Row:
        if not isinstance(value, dict):
            raise GameError("is not an object from state to probability", where=path)
        pairs = {index_of(key, path): number(p, f"{path}.{key}") for key, p in value.items()}
        return make_row(pairs, sizes[0], path)

    horizon, rho = natural(document["horizon"], "horizon"), row(document["rho"], "rho")
    P, u, r = (_table(document[name], row if name == "P" else number, name) for name in "Pur")
    eta = None if document["eta"] == "inf" else number(document["eta"], "eta")
    gamma = number(document["gamma"], "gamma")
    observes = _table(document["observes"], natural, "observes", 2)
    return KernelGame(
        horizon, sizes[0], sizes[1], sizes[2], rho, P, u, r, eta, gamma, observes, names
    )


def _table(value: Any, entry: Callable[[Any, str], object], path: str, depth: int = 4) -> Any:
    """Nested lists, [h][s][a][b], as nested tuples, each entry read with its path."""
    if depth == 0:
        return entry(value, path)
    parts = enumerate(typed(list, value, path))
    return tuple([_table(x, entry, f"{path}[{i}]", depth - 1) for i, x in parts])


def _labels(value: Any, where: str) -> tuple[int, tuple[str, ...] | None]:
    """A count, or a list of names."""
    if isinstance(value, list):
        if not all(isinstance(name, str) for name in value):
            raise GameError("names must be strings", where=where)
        return len(value), tuple(value)
    return natural(value, where), None


def natural(value: Any, where: str, least: int = 0) -> int:
    """A JSON integer of at least ``least``. Raises GameError."""
    found = typed(int, value, where)
    demand(found >= least, f"{found} is less than {least}", where, GameError)
    return found


def index_of(key: str, where: str) -> int:
    """A key such as "12" as an index, without signs or leading zeros. Raises GameError."""
    fits = key.isascii() and key.isdigit() and len(key) <= 9 and str(int(key)) == key
    demand(fits, f"{key[:40]!r} is not an index", where, GameError)
    return int(key)
