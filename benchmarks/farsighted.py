"""How the cover of a farsighted follower grows, and trees.

``python benchmarks/farsighted.py [seconds] [SxH ...]``: the limit, and sizes instead of all.

Random dense games: rows of P uniform on the simplex, rewards uniform on [0, 1], A = B = 2, eta = 3,
gamma = 9/10, one first state or all of them. The dimension is the number of follower's values that
are halved. Seconds are this process's own; the limit is of the search and the cover together.
Trees: S x H = 200, every place has one predecessor and one follower action that lead to it.
"""

import gzip
import json
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from exactqse import Game, solve
from exactqse.arithmetic import FlintElementary
from exactqse.kernel.certificate import Part
from exactqse.kernel.check import check
from exactqse.solve.effort import Budget
from exactqse.solve.farsighted import solve_farsighted

RESULTS = Path(__file__).parent / "results"
COLUMNS = [
    *("S", "H", "first", "dimension", "seed", "aim", "gap", "solve, s", "flint check, s"),
    *("examined", "leaves", "tables", "gzip bytes/leaf", "ended"),
]
SIZES = [
    (2, 2, "10^-2 10^-4 10^-6 10^-8", 4),
    (2, 3, "10^-1 10^-2 10^-3", 4),
    (3, 3, "10^-1 10^-2 10^-3 10^-4", 4),
    (4, 4, "10^-1 10^-2", 10),
]


def dense(states: int, horizon: int, seed: int, *, spread: bool) -> Game:
    """A game whose first state is 0, or drawn from a random distribution."""
    random = np.random.default_rng(seed)
    shape = horizon, states, 2, 2
    P = random.dirichlet(np.ones(states), size=shape)
    u, r = random.random((2, *shape))
    rho = random.dirichlet(np.ones(states)).tolist() if spread else 0
    return Game.from_arrays(P, u, r, rho=rho, eta=3, gamma="9/10", normalise=True)


TREES = [
    (40, 5, 1),
    (50, 4, 2),
    (20, 10, 1),
    (10, 20, 1),
]  # S, H, children of a place and follower action
TREE_LIMIT = 10.0
TREE_COLUMNS = [
    *("S", "H", "places", "seed", "who remembers: gap", "s"),
    *("Markov: gap", "s", "of it the flint check", "ended"),
]


def tree(states: int, horizon: int, own: int, seed: int) -> Game:
    """A game in which nothing merges: children of their own, as far as there is room.

    Where there is none for every follower action, a place has one child for all of them.
    """
    random = np.random.default_rng(seed)
    P = np.zeros((horizon, states, 2, 2, states))
    now = 1
    for h in range(horizon):
        count = own if now * 2 * own <= states else 0
        for s in range(states):
            for b in range(2):
                first = (2 * s + b) * count
                kids = list(range(first, first + count)) if s < now and count else [s]
                for a in range(2):
                    P[h, s, a, b, kids] = random.dirichlet(np.ones(len(kids)))
        now = now * 2 * count if count else now
    u, r = random.random((2, horizon, states, 2, 2))
    return Game.from_arrays(P, u, r, rho=0, eta=3, gamma="9/10", normalise=True)


def trees() -> list[list[object]]:
    """Leaders who remember, and Markov ones, to 1e-6, ten seconds each."""
    rows: list[list[object]] = []
    for states, horizon, own in TREES:
        for seed in range(3):
            game = tree(states, horizon, own, seed)
            times, found = [], []
            for leader in ("history", "markov"):
                start = time.process_time()
                found.append(
                    solve(game, gap="1e-6", leader=leader, time_limit=TREE_LIMIT, checker="flint")
                )
                times.append(f"{time.process_time() - start:.1f}")
            start = time.process_time()
            check(game, found[1].certificate, elementary=FlintElementary())
            checked = f"{time.process_time() - start:.2f}"
            gaps = [f"{float(one.upper - one.lower):.1e}" for one in found]
            places = sum(map(len, game.reachable))
            row = [states, horizon, places, seed, gaps[0], times[0], gaps[1], times[1], checked]
            rows.append([*row, found[1].effort.stopped])
            print(*rows[-1], flush=True)
    return rows


def measured(game: Game, aim: str, limit: float) -> list[object]:
    """Aim, gap, seconds of the solve and of a check, and the size of the cover."""
    start = time.process_time()
    gap = Fraction(10) ** int(aim.removeprefix("10^"))
    certificate, effort = solve_farsighted(game, gap, Budget(seconds=limit))
    middle = time.process_time()
    verdict = check(game, certificate, elementary=FlintElementary())
    end = time.process_time()
    if not verdict:
        raise SystemExit(verdict.reason)
    leaves = sum(isinstance(entry, Part) for entry in certificate.cover)
    size = len(gzip.compress(certificate.to_bytes()))
    found = f"{float(certificate.upper - certificate.lower):.1e}"
    times = f"{middle - start:.2f}", f"{end - middle:.2f}"
    counts = effort.work, leaves, len(certificate.slopes), size // leaves
    return [aim, found, *times, *counts, "early" if effort.stopped else ""]


def main(limit: float, only: list[str]) -> None:
    rows = []
    for states, horizon, aims, seeds in SIZES:
        if only and f"{states}x{horizon}" not in only:
            continue
        for spread in (False, True):
            for seed in range(seeds if not spread else min(seeds, 4)):
                game = dense(states, horizon, seed, spread=spread)
                dimension = sum(map(len, game.reachable[1:]))
                for aim in aims.split():
                    head = states, horizon, "all" if spread else "one", dimension, seed
                    row = [*head, *measured(game, aim, limit)]
                    print(*row, flush=True)
                    rows.append(row)
                    if row[-1]:
                        break
    report("Farsighted followers", COLUMNS, rows)
    if not only or "trees" in only:
        report("Trees", TREE_COLUMNS, trees())


def report(title: str, columns: list[str], rows: list[list[object]]) -> None:
    """A table, and its data."""
    if not rows:
        return
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*map(str, row))
    Console(width=160).print(table)
    RESULTS.mkdir(exist_ok=True)
    data = {"title": title, "columns": columns, "rows": rows}
    name = title.lower().replace(" ", "-")
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 120.0, sys.argv[2:])
