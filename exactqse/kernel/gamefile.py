"""The canonical game file: JSON in, a validated game out, and back (proofs/game-file.md).

The writer's spelling is unique, and its SHA-256 is the game's hash, so equal games have equal
hashes whatever spelling they were read from.
"""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from math import gcd
from typing import Any

from exactqse.errors import GameError
from exactqse.kernel.codec import check_header, fields_of, index_of, natural, number, typed
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.kernel.game import KernelGame, Row, make_row
from exactqse.kernel.numbers import format_rational

FORMAT, VERSION = "exactqse-game", 1
_SETS = ("states", "leader_actions", "follower_actions")
_FIELDS = ("format", "version", "horizon", *_SETS, "eta", "gamma", "observes", "rho", "P", "u", "r")


def read_game(data: bytes, where: str = "game file") -> KernelGame:
    """The game in ``data``.

    Raises:
        InputError: anything that the rules of this module refuse, with the field's path.
    """
    document = fields_of(parse_json(data, where), _FIELDS, where)
    check_header(document, FORMAT, VERSION, where)
    sizes, names = zip(*(_labels(document[name], name) for name in _SETS), strict=True)

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


def game_bytes(game: KernelGame) -> bytes:
    """The game's canonical file."""
    labels = (k if n is None else [*n] for n, k in zip(game.names, game.shape[1:], strict=True))
    eta, gamma = ("inf" if x is None else format_rational(x) for x in (game.eta, game.gamma))
    head = (FORMAT, VERSION, game.horizon, *labels)
    values = (*head, eta, gamma, game.observes, game.rho, game.P, game.u, game.r)
    return canonical_json(dict(zip(_FIELDS, values, strict=True)), _text)


def game_hash(game: KernelGame) -> str:
    """SHA-256 of the canonical file, in hexadecimal; remembered, since a game never changes."""
    # as functools.cached_property does; game.py must not import this module
    if "_hash" not in game.__dict__:
        game.__dict__["_hash"] = hashlib.sha256(game_bytes(game)).hexdigest()
    return str(game.__dict__["_hash"])


def _text(value: Row | Fraction) -> object:
    """What stands for a row or a number in the file."""
    if not isinstance(value, Row):
        return format_rational(value)
    d, pairs = value.denominator, zip(value.states, value.numerators, strict=True)
    reduced = ((t, n // gcd(n, d), d // gcd(n, d)) for t, n in pairs)
    return {t: str(above) if below == 1 else f"{above}/{below}" for t, above, below in reduced}


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
