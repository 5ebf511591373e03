"""All benchmarks in one run: ``make bench``. Prints tables, writes their data to results/.

Every comparison is interleaved in one process and told as a ratio of medians: machines are noisy.
"""

import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from pathlib import Path

import mpmath_peer
import scip_peer
from rich.console import Console
from rich.table import Table

from exactqse import Game, check, solve
from exactqse.arithmetic import FlintElementary
from exactqse.games import families
from exactqse.kernel.elementary import INTEGER

RESULTS = Path(__file__).parent / "results"
CONSOLE = Console(width=100)


def timed(function: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def show(title: str, columns: list[str], rows: list[list[object]]) -> None:
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*map(str, row))
    CONSOLE.print(table)
    data = {"title": title, "columns": columns, "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    name = title.split(":", maxsplit=1)[0].replace(" ", "-").lower()
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1, default=str) + "\n")


def large_games() -> list[tuple[str, int, float, Callable[[], Game]]]:
    """(label, digits, goal in seconds, game)."""
    shape = {"leader_actions": 5, "follower_actions": 5, "seed": 1}
    small = {"states": 10, "leader_actions": 3, "follower_actions": 3, "horizon": 10, "seed": 1}
    return [
        ("S=30 A=B=5 H=10 dense", 50, 0.5, lambda: families.dense(states=30, horizon=10, **shape)),
        (
            "S=100 A=B=5 H=20 sparse (10)",
            50,
            5.0,
            lambda: families.sparse(states=100, horizon=20, successors=10, **shape),
        ),
        ("S=10 A=B=3 H=10 dense", 1000, 2.0, lambda: families.dense(**small)),
    ]


def certified_games(repetitions: int) -> None:
    columns = ["game", "digits", "solve, s (range)", "goal, s", "kernel/solve (goal 30)"]
    columns += ["flint/solve (goal 1)", "hash, s", "certificate, bytes"]
    rows = [
        certified_row(label, digits, goal, build(), repetitions)
        for label, digits, goal, build in large_games()
    ]
    show("Certified games: median of interleaved runs", columns, rows)


def certified_row(
    label: str, digits: int, goal: float, game: Game, repetitions: int
) -> list[object]:
    hashing, _ = timed(lambda: game.hash)
    times: dict[str, list[float]] = {"solve": [], "kernel": [], "flint": []}
    for _ in range(repetitions):
        seconds, solution = timed(lambda: solve(game, digits, checker=None))
        times["solve"].append(seconds)
        for name, elementary in (("kernel", INTEGER), ("flint", FlintElementary())):
            function = partial(check, game, solution.certificate, elementary=elementary)
            seconds, verdict = timed(function)
            times[name].append(seconds)
            if not verdict:
                sys.exit(f"{label}: {verdict.reason}")
    medians = {name: statistics.median(values) for name, values in times.items()}
    return [
        label,
        digits,
        f"{medians['solve']:.3f} ({min(times['solve']):.3f} to {max(times['solve']):.3f})",
        goal,
        f"{medians['kernel'] / medians['solve']:.2f}",
        f"{medians['flint'] / medians['solve']:.2f}",
        f"{hashing:.3f}",
        len(solution.certificate.to_bytes()),
    ]


def scaling(repetitions: int) -> None:
    rows: list[list[object]] = []
    for states, horizon in ((10, 10), (10, 40), (40, 10), (40, 40)):
        game = families.sparse(
            states=states,
            horizon=horizon,
            successors=5,
            leader_actions=3,
            follower_actions=3,
            seed=1,
        )
        _ = game.hash
        runs = [timed(partial(solve, game, 50, checker=None)) for _ in range(repetitions)]
        seconds = statistics.median(t for t, _ in runs)
        nodes = runs[0][1].effort.nodes
        size = len(runs[0][1].certificate.to_bytes())
        rows.append(
            [
                states,
                horizon,
                nodes,
                f"{seconds:.3f}",
                f"{1e3 * seconds / nodes:.3f}",
                size // nodes,
            ]
        )
    columns = ["S", "H", "nodes", "solve, s", "ms a node", "bytes a node"]
    show("Growth: time and size against S x H", columns, rows)


def stages(repetitions: int) -> None:
    rows: list[list[object]] = []
    for size in (3, 4, 5):
        for seed in range(3):
            game = families.dense(
                states=1,
                leader_actions=size,
                follower_actions=size,
                horizon=1,
                seed=seed,
            )
            _ = game.hash
            rows.append(stage_row(game, size, seed, repetitions))
    columns = ["A=B", "seed", "solve, ms", "certified, ms", "mpmath / solve", "SCIP / solve"]
    columns += ["SCIP status", "SCIP's error"]
    show("Stages: one state, one step, 50 digits, against peers", columns, rows)


def stage_row(game: Game, size: int, seed: int, repetitions: int) -> list[object]:
    eta, r, u = game.eta, game.r[0][0], game.u[0][0]
    x = [[eta * r[a][b] for a in range(size)] for b in range(size)]
    y = [[u[a][b] for a in range(size)] for b in range(size)]
    floats = [[[float(v) for v in row] for row in table] for table in (x, y)]
    times: dict[str, list[float]] = {"solve": [], "checked": [], "mpmath": [], "scip": []}
    for n in range(repetitions):
        times["solve"].append(timed(lambda: solve(game, 50, checker=None))[0])
        seconds, solution = timed(lambda: solve(game, 50))
        times["checked"].append(seconds)
        seconds, (_, _, holds) = timed(lambda: mpmath_peer.solve_stage(x, y, 50))
        times["mpmath"].append(seconds)
        if not holds:
            sys.exit("the mpmath peer's certificate sum is positive")
        if n < 3:
            seconds, (value, status) = timed(lambda: scip_peer.solve_stage(*floats))
            times["scip"].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    error = Fraction(value) - solution.value.mid
    return [
        size,
        seed,
        f"{1e3 * medians['solve']:.2f}",
        f"{1e3 * medians['checked']:.2f}",
        f"{medians['mpmath'] / medians['solve']:.1f}",
        f"{medians['scip'] / medians['solve']:.0f}",
        status,
        f"{float(error):+.1e}",
    ]


def digits_of_mpmath(repetitions: int) -> None:
    """The same stages at more digits: where multiplication, not overhead, is what counts."""
    rows: list[list[object]] = []
    for digits in (15, 50, 200, 1000):
        game = families.dense(states=1, leader_actions=5, follower_actions=5, horizon=1, seed=0)
        _ = game.hash
        eta, r, u = game.eta, game.r[0][0], game.u[0][0]
        x = [[eta * r[a][b] for a in range(5)] for b in range(5)]
        y = [[u[a][b] for a in range(5)] for b in range(5)]
        ours, theirs = [], []
        for _ in range(repetitions):
            ours.append(timed(partial(solve, game, digits, checker=None))[0])
            theirs.append(timed(partial(mpmath_peer.solve_stage, x, y, digits))[0])
        solve_ms, mpmath_ms = (1e3 * statistics.median(values) for values in (ours, theirs))
        ratio = mpmath_ms / solve_ms
        rows.append([digits, f"{solve_ms:.2f}", f"{mpmath_ms:.2f}", f"{ratio:.1f}"])
    show("Digits: one stage, A=B=5", ["digits", "solve, ms", "mpmath, ms", "ratio"], rows)


def peak_memory() -> None:
    """Peak memory of a fresh process that builds and solves the S=100 game."""
    script = [sys.executable, __file__, "memory"]
    megabytes = int(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    show("Memory: S=100 A=B=5 H=20, whole process", ["peak, MB", "goal"], [[megabytes, 1000]])


def main() -> None:
    if sys.argv[1:] == ["memory"]:
        game = large_games()[1][3]()
        solve(game, 50, checker="flint")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    names = ("exactqse", "python-flint", "numpy", "mpmath", "pyscipopt")
    CONSOLE.print(f"Python {platform.python_version()}", {name: version(name) for name in names})
    peak_memory()  # first: a child starts with its parent's peak
    certified_games(5)
    scaling(3)
    stages(7)
    digits_of_mpmath(5)


if __name__ == "__main__":
    main()
