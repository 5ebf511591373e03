"""What a certificate costs beside its search, class by class: both checks, and its size.

``python benchmarks/checks.py [class ...]``: some of the classes instead of all. Goals: a check on
flint takes no longer than the search, the kernel's at most 30 times as long, and a leaf at most 100
bytes, compressed. A leaf is a part of a cover that is not divided; where the cover is one part, a
piece of a claim, or a line; where there is none, a leaf of a tree over mixtures. Seconds are this
process's own.
"""

import gzip
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from farsighted import dense, tree
from games import integer_game, large_games
from measure import CONSOLE, show, timed

from exactqse import Game, check, solve
from exactqse.arithmetic import FlintElementary
from exactqse.games import get
from exactqse.kernel.certificate import Certificate, Claim, Leaf, Part
from exactqse.kernel.elementary import INTEGER

LONG = 60.0  # seconds of a check on flint, from which on the kernel's is left out
COLUMNS = ["class", "game", "search, s", "flint / search", "kernel / search", "leaves"]
COLUMNS += ["gzip bytes/leaf", "gap", "ended"]
Games = Iterator[tuple[str, Game, dict[str, Any]]]  # label, game, options of a solve


def nothing(size: int, gap: str) -> Games:
    """One state and step, nothing seen: the games of partitions.py."""
    for seed in range(10):
        yield f"seed {seed}", integer_game((size, size), seed), {"gap": gap}


def cells() -> Games:
    """The same, cells seen."""
    shapes = (6, [[0, 1, 2], [3, 4, 5]]), (6, [[0, 1], [2, 3], [4, 5]])
    for size, seen in (*shapes, (6, [[0, 1, 2, 3], [4], [5]]), (8, [[0, 1, 2, 3], [4, 5, 6, 7]])):
        label = f"{size}x{size}", " ".join("".join(map(str, cell)) for cell in seen)
        for seed in range(3):
            game = integer_game((size, size), seed, observes=seen)
            yield " ".join((*label, f"seed {seed}")), game, {"gap": "1e-6"}


def stages() -> Games:
    """Twenty states, ten steps, nothing seen."""
    for seed in range(3):
        yield f"seed {seed}", integer_game((4, 4), seed, states=20, horizon=10), {"gap": "1e-5"}


def covers(states: int, horizon: int, gap: str, seeds: tuple[int, ...]) -> Games:
    """Farsighted followers: the games of farsighted.py."""
    for seed in seeds:
        yield f"seed {seed}", dense(states, horizon, seed, spread=False), {"gap": gap}


def trees(leader: str) -> Games:
    """Trees of 31 places."""
    for seed in range(4):
        options = {"gap": "1e-6", "leader": leader, "time_limit": 30}
        yield f"seed {seed}", tree(40, 5, 1, seed), options


def remembering() -> Games:
    """Dense games, for a leader who remembers."""
    for seed in range(4):
        options = {"gap": "1e-2", "leader": "history", "time_limit": 60}
        yield f"seed {seed}", dense(3, 3, seed, spread=False), options


def responding(gap: str) -> Games:
    """Best responses to the steps ahead."""
    for seed in range(4):
        game = dense(3, 3, seed, spread=False).with_(eta="inf")
        yield f"seed {seed}", game, {"gap": gap, "time_limit": 60}


def patrols() -> Games:
    """Twenty places: what bounds a leader who remembers is enough."""
    for gamma in ("1/2", "9/10"):
        for observes in ("action", "nothing"):
            game = get("patrol-4").with_(eta="inf", gamma=gamma, observes=observes)
            yield f"gamma {gamma}, {observes}", game, {"gap": "1e-6", "time_limit": 60}


def sharply(observes: str) -> Games:
    """The same for a leader who remembers, in rational arithmetic."""
    for seed in range(4):
        game = dense(4, 4, seed, spread=False).with_(eta="inf", observes=observes)
        yield f"seed {seed}", game, {"gap": "1e-6", "leader": "history", "time_limit": 60}


def digits() -> Games:
    """Myopic followers, to many digits."""
    for label, number, _, build in large_games():
        yield f"{label}, {number} digits", build(), {"digits": number}


CLASSES: dict[str, Callable[[], Games]] = {
    "nothing 6x6, 1e-6": partial(nothing, 6, "1e-6"),
    "nothing 8x8, 1e-6": partial(nothing, 8, "1e-6"),
    "nothing 10x10, 1e-2": partial(nothing, 10, "1e-2"),
    "cells, 1e-6": cells,
    "stages, 1e-5": stages,
    "cover 2x2, 1e-6": partial(covers, 2, 2, "1e-6", (0, 1, 2, 3)),
    "cover 3x3, 1e-3": partial(covers, 3, 3, "1e-3", (0, 1, 2, 3)),
    "cover 4x4, 1e-2": partial(covers, 4, 4, "1e-2", (8, 3, 7, 2, 6, 5)),
    "trees, Markov, 1e-6": partial(trees, "markov"),
    "trees, history, 1e-6": partial(trees, "history"),
    "history 3x3, 1e-2": remembering,
    "eta = inf 3x3, 1e-2": partial(responding, "1e-2"),
    "eta = inf, patrols, 1e-6": patrols,
    "history, eta = inf 4x4, 1e-6": partial(sharply, "action"),
    "the same, nothing seen": partial(sharply, "nothing"),
    "myopic": digits,
}


def leaves_of(certificate: Certificate) -> int:
    """How many leaves there are, see above."""
    nodes: Any = certificate.nodes
    parts = [entry for entry in certificate.cover if isinstance(entry, Part)]
    claims: tuple[Any, ...] = parts[0].claims if len(parts) == 1 else ()
    if claims and not isinstance(claims[0], Claim) and len(claims[0]) > len(claims[0][0]):
        return sum((len(rows) - 1) // len(rows[0]) for rows in claims)
    if claims and isinstance(claims[0], Claim):
        return sum(len(claim.pieces) for claim in claims)
    every = [entry for node in nodes for tree in node.trees for entry in tree] if not parts else []
    return len(parts) + sum(isinstance(entry, Leaf) for entry in every)


def checked(game: Game, certificate: Certificate, *, kernel: bool) -> float:
    """Seconds of a check, which must accept."""
    elementary = INTEGER if kernel else FlintElementary()
    seconds, verdict = timed(partial(check, game, certificate, elementary=elementary))
    if not verdict:
        sys.exit(verdict.reason)
    return seconds


def row(label: str, game: Game, options: dict[str, Any]) -> list[object]:
    """A game's, after its class."""
    _ = game.hash
    search, solution = timed(lambda: solve(game, checker=None, **options))
    certificate = solution.certificate
    flint = checked(game, certificate, kernel=False)
    kernel = f"{checked(game, certificate, kernel=True) / search:.2f}" if flint < LONG else ""
    leaves, size = leaves_of(certificate), len(gzip.compress(certificate.to_bytes()))
    gap = f"{float(certificate.upper - certificate.lower):.1e}"
    times = f"{search:.2f}", f"{flint / search:.2f}", kernel
    return [label, *times, leaves, size // leaves, gap, "early" if solution.effort.stopped else ""]


def main(names: list[str]) -> None:
    """Run some classes."""
    rows: list[list[object]] = []
    for name in names or CLASSES:
        for label, game, options in CLASSES[name]():
            rows.append([name, *row(label, game, options)])
            CONSOLE.print(*rows[-1])
    show("Checks: beside their searches", COLUMNS, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
