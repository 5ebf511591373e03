"""How the cover of a farsighted follower grows: ``python benchmarks/farsighted.py [seconds]``.

Random dense games: rows of P uniform on the simplex, rewards uniform on [0, 1], A = B = 2, eta = 3,
gamma = 9/10, one first state or all of them. The dimension is the number of follower's values that
are halved. Seconds are this process's own; the limit is of the search and the cover together.
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

from exactqse import Game
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


def main(limit: float) -> None:
    rows = []
    for states, horizon, aims, seeds in SIZES:
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
    table = Table(*COLUMNS, title="Farsighted followers")
    for row in rows:
        table.add_row(*map(str, row))
    Console(width=160).print(table)
    RESULTS.mkdir(exist_ok=True)
    data = {"title": "Farsighted followers", "columns": COLUMNS, "rows": rows}
    (RESULTS / "farsighted-followers.json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 120.0)
