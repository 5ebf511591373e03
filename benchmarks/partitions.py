"""Leaders who see less than the action: branch and bound here, SCIP, and what a certificate costs.

Games have integer payoffs 0..10 and eta = 1/2 unless said otherwise. The time of a search is the
slower of two, one before SCIP and one after it.
"""

import gzip
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import scip_peer
from games import integer_game
from measure import CONSOLE, show, timed

from exactqse import Game, Solution, check, solve
from exactqse.arithmetic import FlintElementary
from exactqse.kernel.certificate import Leaf
from exactqse.kernel.elementary import INTEGER, Elementary

SEARCH_LIMIT = 120.0  # seconds; a search that reaches it says so
Cells = list[list[int]]


@dataclass(frozen=True)
class Measured:
    """A search with its checks: seconds, and the size of the certificate."""

    solution: Solution
    search: float
    kernel: float
    flint: float
    leaves: int
    raw: int
    packed: int

    def row(self) -> list[object]:
        """Search, s; kernel / search; flint / search; leaves; bytes a leaf, raw and gzip."""
        return [
            f"{self.search:.2f}",
            f"{self.kernel / self.search:.1f}",
            f"{self.flint / self.search:.2f}",
            self.leaves,
            f"{self.raw / self.leaves:.0f}",
            f"{self.packed / self.leaves:.0f}",
        ]


COLUMNS = ["search, s", "kernel / search", "flint / search", "leaves", "bytes/leaf", "gzip"]


def searched(game: Game, gap: str) -> tuple[float, Solution]:
    return timed(lambda: solve(game, gap=gap, checker=None, time_limit=SEARCH_LIMIT))


def checked(game: Game, solution: Solution, elementary: Elementary) -> float:
    """Seconds of a check, which must accept."""
    function = partial(check, game, solution.certificate, elementary=elementary)
    seconds, verdict = timed(function)
    if not verdict:
        sys.exit(f"not certified: {verdict.reason}")
    return seconds


def leaves_of(solution: Solution) -> int:
    trees = [tree for node in solution.certificate.nodes for tree in node.trees]
    return sum(isinstance(entry, Leaf) for tree in trees for entry in tree)


def measured(game: Game, solution: Solution, search: float) -> Measured:
    data = solution.certificate.to_bytes()
    return Measured(
        solution,
        search,
        checked(game, solution, INTEGER),
        checked(game, solution, FlintElementary()),
        leaves_of(solution),
        len(data),
        len(gzip.compress(data)),
    )


def asked_of_scip(game: Game, gap: str, limit: float) -> tuple[float, scip_peer.Found]:
    """SCIP on the first state of the last step, where y = u; it may stop at our gap too."""
    actions, responses = range(game.leader_actions), range(game.follower_actions)
    u, r = game.at(game.u, game.horizon - 1)[0], game.at(game.r, game.horizon - 1)[0]
    x = [[float(game.eta * r[a][b]) for a in actions] for b in responses]
    y = [[float(u[a][b]) for a in actions] for b in responses]
    return timed(
        partial(
            scip_peer.solve_stage,
            *(x, y, list(game.observes)),
            absolute_gap=float(gap),
            seconds=limit,
        )
    )


def compared(game: Game, gap: str, limit: float) -> tuple[list[object], Measured, float]:
    """A row, its numbers here, and SCIP's seconds."""
    first, _ = searched(game, gap)
    seconds, found = asked_of_scip(game, gap, limit)
    second, solution = searched(game, gap)
    here = measured(game, solution, max(first, second))
    value = solution.value.mid
    errors = [float(Fraction(bound) - value) for bound in (found.primal, found.dual)]
    wrong = found.primal > float(solution.upper) or found.dual < float(solution.lower)
    row: list[object] = [
        *here.row(),
        f"{float(solution.upper - solution.lower):.1e}",
        f"{seconds:.2f}",
        f"{seconds / here.search:.1f}",
        found.status,
        *(f"{error:+.1e}" for error in errors),
        "wrong" if wrong else "",
    ]
    CONSOLE.print(game.leader_actions, *row)  # SCIP may take its time: show what there is
    return row, here, seconds


VERSUS = [*COLUMNS, "gap", "SCIP, s", "SCIP / search", "SCIP status", "primal", "dual", ""]
# (size, gap, seconds, how many of ten)
GOALS = [(6, "1e-6", 1.0, 10), (8, "1e-6", 30.0, 9), (10, "1e-2", 60.0, 8)]


def stages(seeds: int, limit: float) -> None:
    """One state, one step, observes nothing: the goals, one by one."""
    rows: list[list[object]] = []
    summary: list[list[object]] = []
    for size, gap, goal, _ in GOALS:
        found = [compared(integer_game((size, size), seed), gap, limit) for seed in range(seeds)]
        rows += [[f"{size}x{size}", gap, seed, *row] for seed, (row, _, _) in enumerate(found)]
        summary.append([f"{size}x{size}", gap, goal, *summed(found, goal)])
    show("Nothing seen: one state against SCIP", ["size", "to", "seed", *VERSUS], rows)
    columns = ["size", "to", "goal, s", "within it", "search, s (median, worst)"]
    columns += ["faster than SCIP", "SCIP's bounds wrong", "all kernel / search"]
    columns += ["all flint / search", "all gzip/leaf"]
    show("Nothing seen summary: the goals", columns, summary)


def summed(found: Sequence[tuple[list[object], Measured, float]], goal: float) -> list[object]:
    here = [h for _, h, _ in found]
    times = [h.search for h in here]
    within = sum(h.search < goal and h.solution.reached for h in here)
    total = sum(times)
    return [
        f"{within} of {len(here)}",
        f"{statistics.median(times):.2f}, {max(times):.2f}",
        f"{sum(seconds > h.search for _, h, seconds in found)} of {len(here)}",
        sum(row[-1] == "wrong" for row, _, _ in found),
        f"{sum(h.kernel for h in here) / total:.1f}",
        f"{sum(h.flint for h in here) / total:.2f}",
        f"{sum(h.packed for h in here) / sum(h.leaves for h in here):.0f}",
    ]


def cells(seeds: int, limit: float) -> None:
    """One state, one step, partitions of the follower's actions."""
    shapes: list[tuple[int, str, Cells]] = [
        (6, "1e-6", [[0, 1, 2], [3, 4, 5]]),
        (6, "1e-6", [[0, 1], [2, 3], [4, 5]]),
        (6, "1e-6", [[0, 1, 2, 3], [4], [5]]),
        (8, "1e-6", [[0, 1, 2, 3], [4, 5, 6, 7]]),
    ]
    rows: list[list[object]] = []
    for size, gap, partition in shapes:
        for seed in range(min(seeds, 3)):
            game = integer_game((size, size), seed, observes=partition)
            label = " ".join("".join(map(str, cell)) for cell in partition)
            row, _, _ = compared(game, gap, limit)
            rows.append([f"{size}x{size}", label, gap, seed, *row])
    show("Cells seen: one state against SCIP", ["size", "cells", "to", "seed", *VERSUS], rows)


def horizons(seeds: int, limit: float) -> None:
    """Many states and steps; SCIP is given one stage of them."""
    rows: list[list[object]] = []
    for seed in range(min(seeds, 3)):
        game = integer_game((4, 4), seed, states=20, horizon=10)
        gap = "1e-5"  # 1e-6 for each of ten steps
        seconds, solution = searched(game, gap)
        here = measured(game, solution, seconds)
        stage, found = asked_of_scip(game, "1e-6", limit)
        nodes = len(solution.certificate.nodes)
        gained = f"{float(solution.upper - solution.lower):.1e}"
        rows.append([seed, *here.row(), gained, nodes, f"{stage:.2f}", found.status])
    columns = ["seed", *COLUMNS, "gap", "stages", "SCIP, one stage, s", "status"]
    show("Horizon: H=10 S=20 A=B=4, 1e-6 a step, observes nothing (goal 60 s)", columns, rows)


def growth(seeds: int, _: float) -> None:
    """Leaves against dimension and tolerance: medians over games, one state, nothing seen."""
    gaps = ("1e-1", "1e-2", "1e-4", "1e-6", "1e-8")
    shapes = [(n, n) for n in (2, 4, 6, 8)] + [(4, 8), (8, 4), (16, 4), (4, 16)]
    rows: list[list[object]] = []
    for shape in shapes:
        games = [integer_game(shape, seed) for seed in range(min(seeds, 5))]
        cells: list[str] = []
        for gap in gaps:
            counts = [leaves_of(searched(game, gap)[1]) for game in games]
            cells.append(f"{statistics.median(counts):.0f} ({max(counts)})")
        rows.append([f"{shape[0]}x{shape[1]}", *cells])
    columns = ["A x B", *(f"to {gap}" for gap in gaps)]
    show("Leaves: median and largest, against size and tolerance", columns, rows)


GROUPS: dict[str, Callable[[int, float], None]] = {
    "partition-growth": growth,
    "partition-horizons": horizons,
    "partition-cells": cells,
    "partition-stages": stages,
}
