"""All benchmarks in one run: ``make bench``. Prints tables, writes their data to results/.

Every comparison is interleaved in one process and told as a ratio of medians: machines are noisy.
Times are those of this process on a processor. ``--only`` takes some of the groups, and
``--scip-limit`` gives SCIP less time, for a quick look.
"""

import argparse
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib.metadata import version

import claim_rates
import mpmath
import mpmath_peer
import mpmath_plain
import partitions
import scip_peer
from games import large_games
from measure import CONSOLE, show, timed

from exactqse import Game, Solution, check, solve
from exactqse.arithmetic import FlintElementary
from exactqse.games import families
from exactqse.kernel.elementary import INTEGER

Payoffs = list[list[Fraction]]


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
    columns = ["A=B", "seed", *COMPARED, "SCIP / solve", "SCIP status", "SCIP's error"]
    show("Stages: one state, one step, 50 digits, against peers", columns, rows)


def tables(game: Game) -> tuple[Payoffs, Payoffs]:
    """x = eta r and y = u of the only stage, [b][a]."""
    actions, responses = range(game.leader_actions), range(game.follower_actions)
    x = [[game.eta * game.r[0][0][a][b] for a in actions] for b in responses]
    return x, [[game.u[0][0][a][b] for a in actions] for b in responses]


def interleaved(
    jobs: dict[str, Callable[[], object]], repetitions: int
) -> tuple[dict[str, float], dict[str, object]]:
    """Each job's median time in milliseconds, all of them in turn; and its result.

    A turn is ten calls in a row, after one that is not counted: with another job's code and data
    in the processor's caches the first call of a short job takes half as long again.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    results = {}
    for _ in range(repetitions):
        for name, job in jobs.items():
            results[name] = job()
            seconds, _ = timed(lambda job=job: [job() for _ in range(10)])
            times[name].append(1e3 * seconds / 10)
    return {name: statistics.median(values) for name, values in times.items()}, results


def stage_jobs(game: Game, digits: int) -> dict[str, Callable[[], object]]:
    """The stage solved and certified here and on mpmath."""
    x, y = tables(game)
    claim = mpmath_peer.search(x, y, digits)
    return {
        "solve": partial(solve, game, digits, checker=None),
        "flint": partial(solve, game, digits, checker="flint"),
        "kernel": partial(solve, game, digits, checker="kernel"),
        "search": partial(mpmath_peer.search, x, y, digits),
        "certify": partial(mpmath_peer.certify, x, y, claim, digits),
        "plain": partial(mpmath_plain.solve_stage, x, y, digits),
    }


def compared(game: Game, digits: int, repetitions: int) -> tuple[list[object], Solution]:
    """Three times in milliseconds, and mpmath's as multiples of them."""
    medians, results = interleaved(stage_jobs(game, digits), repetitions)
    solution, claim = results["solve"], results["search"]
    meets = claim.lower <= solution.upper and solution.lower <= claim.upper
    if not (meets and results["certify"] and results["plain"][2]):
        sys.exit("mpmath's claim is not proved, or contradicts the certificate")
    both = medians["search"] + medians["certify"]
    row = [f"{medians[name]:.3f}" for name in ("solve", "flint", "kernel")]
    row += [f"{medians[name] / medians['solve']:.1f}" for name in ("plain", "search")]
    row += [f"{both / medians[name]:.1f}" for name in ("flint", "kernel")]
    return row, solution


COMPARED = ["solve, ms", "with flint check, ms", "with kernel check, ms", "plain mpf / solve"]
COMPARED += ["mpf search / solve", "mpf + iv / flint", "mpf + iv / kernel"]


def stage_row(game: Game, size: int, seed: int, repetitions: int) -> list[object]:
    row, solution = compared(game, 50, repetitions)
    floats = [[[float(v) for v in line] for line in table] for table in tables(game)]
    jobs = {
        "solve": partial(solve, game, 50, checker=None),
        "scip": partial(scip_peer.solve_stage, *floats),
    }
    medians, results = interleaved(jobs, 3)
    found = results["scip"]
    ratio = medians["scip"] / medians["solve"]
    error = float(Fraction(found.primal) - solution.value.mid)
    return [size, seed, *row, f"{ratio:.0f}", found.status, f"{error:+.1e}"]


def digits_of_mpmath(repetitions: int) -> None:
    """The same stage at more digits: where multiplication, not overhead, is what counts."""
    game = families.dense(states=1, leader_actions=5, follower_actions=5, horizon=1, seed=0)
    _ = game.hash
    rows = [[digits, *compared(game, digits, repetitions)[0]] for digits in (15, 50, 200, 1000)]
    show("Digits: one stage, A=B=5", ["digits", *COMPARED], rows)


def peak_memory() -> None:
    """Peak memory of a fresh process that builds and solves the S=100 game."""
    script = [sys.executable, __file__, "large"]
    megabytes = int(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    show("Memory: S=100 A=B=5 H=20, whole process", ["peak, MB", "goal"], [[megabytes, 1000]])


GROUPS: dict[str, Callable[[], None]] = {
    "memory": peak_memory,  # first: a child starts with its parent's peak
    "certified": partial(certified_games, 5),
    "scaling": partial(scaling, 3),
    "stages": partial(stages, 15),
    "digits": partial(digits_of_mpmath, 7),
    "claims": claim_rates.rates,
    "claims-run": claim_rates.everything,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*GROUPS, *partitions.GROUPS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--scip-limit", type=float, default=90, help="seconds a game, partitions")
    parser.add_argument("--seeds", type=int, default=10, help="games of a size, partitions")
    return parser.parse_args()


def main() -> None:
    if sys.argv[1:] == ["large"]:
        game = large_games()[1][3]()
        solve(game, 50, checker="flint")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    options = arguments()
    names = ("exactqse", "python-flint", "numpy", "mpmath", "gmpy2", "pyscipopt")
    CONSOLE.print(f"Python {platform.python_version()}", {name: version(name) for name in names})
    CONSOLE.print(f"mpmath's integers: {mpmath.libmp.BACKEND} (MPMATH_NOGMPY=1 for python)")
    for name, group in GROUPS.items():
        if name in options.only:
            group()
    for name, compared in partitions.GROUPS.items():
        if name in options.only:
            compared(options.seeds, options.scip_limit)


if __name__ == "__main__":
    main()
