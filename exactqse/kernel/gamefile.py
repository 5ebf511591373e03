"""The canonical game file, and its hash (proofs/game-file.md).

Its spelling is unique, and its SHA-256 is the game's hash, so equal games have equal hashes
whatever spelling they were read from. Hence a reader need not be trusted: of a canonical file the
hash is that of its bytes only if the game is the one in it.
"""

import hashlib
from fractions import Fraction
from math import gcd

from exactqse.kernel.files import canonical_json
from exactqse.kernel.game import KernelGame, Row
from exactqse.kernel.numbers import format_rational

FORMAT, VERSION = "exactqse-game", 1
SETS = ("states", "leader_actions", "follower_actions")
FIELDS = ("format", "version", "horizon", *SETS, "eta", "gamma", "observes", "rho", "P", "u", "r")


def game_bytes(game: KernelGame) -> bytes:
    """The game's canonical file."""
    labels = (k if n is None else [*n] for n, k in zip(game.names, game.shape[1:], strict=True))
    eta, gamma = ("inf" if x is None else format_rational(x) for x in (game.eta, game.gamma))
    tables = eta, gamma, game.observes, game.rho, game.P, game.u, game.r
    values = zip(FIELDS, (FORMAT, VERSION, game.horizon, *labels, *tables), strict=True)
    return canonical_json(dict(values), _text)


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
