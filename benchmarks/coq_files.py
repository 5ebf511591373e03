"""Certificates to ten digits inside Coq's kernel: what coqc takes for the files of `exactqse coq`.

J* is between 1 and 10 in these games. To 10^-10 where the leader sees the action; to 10^-9, ten
digits in all, where she does not: a search in float64 ends at 1.1e-10 there.

``python benchmarks/coq_files.py``, after ``make proofs``. Times are coqc's own on a processor, and
by the clock; each file is read three times.
"""

import resource
import statistics
import sys
import tempfile
from pathlib import Path

from measure import show, timed

from exactqse import Game, solve
from exactqse.coq import coq_file, run_coq
from exactqse.games import families, get

REPETITIONS = 3
SEEDS = range(1, 7)  # of the game that takes longest


def games() -> list[tuple[str, int, float, Game]]:
    """(label, decimal places, goal in seconds, game)."""
    prescription = families.dense(
        states=5, leader_actions=4, follower_actions=4, horizon=10, seed=1
    )
    return [
        ("the 2x2 commitment game", 10, 3, get("conitzer-sandholm-2006")),
        ("S=5 A=B=4 H=10, eta = 5, sees the action", 10, 30, prescription),
        *(
            (f"S=3 A=B=3 H=5, eta = {eta}, sees nothing, seed {seed}", 9, 10, blind(eta, seed))
            for eta, seed in (("1/2", 1), (1, 1), *((5, seed) for seed in SEEDS))
        ),
    ]


def blind(eta: int | str, seed: int) -> Game:
    game = families.dense(
        states=3, leader_actions=3, follower_actions=3, horizon=5, seed=seed, eta=eta
    )
    return game.with_(observes="nothing")


def own_seconds() -> float:
    """What finished child processes have taken of a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def row(label: str, places: int, goal: float, game: Game, folder: Path) -> list[object]:
    seconds, solution = timed(lambda: solve(game, places))
    if not (solution.certified and solution.reached):
        sys.exit(f"{label}: {solution.reason}")
    path = folder / "certificate.v"
    emitting, text = timed(lambda: coq_file(game, solution.certificate))
    path.write_text(text)
    own, wall = [], []
    for _ in range(REPETITIONS):
        before = own_seconds()
        outcome = run_coq(path)
        own.append(own_seconds() - before)
        wall.append(outcome.seconds)
        if not outcome.accepted:
            sys.exit(f"{label}: {outcome.message}")
    spread = f"{statistics.median(own):.1f} ({min(own):.1f} to {max(own):.1f})"
    clock = f"{statistics.median(wall):.1f}"
    return [
        label,
        places,
        f"{seconds:.2f}",
        f"{emitting:.2f}",
        path.stat().st_size,
        text.count("ELeaf"),
        spread,
        clock,
        goal,
    ]


def main() -> None:
    columns = [
        "game",
        "places",
        "solve, s",
        "emit, s",
        "file, bytes",
        "leaves",
        "coqc, own s",
        "by the clock",
        "goal",
    ]
    with tempfile.TemporaryDirectory() as name:
        rows = [row(*game, Path(name)) for game in games()]
    show("Certificates in Coq: to ten digits", columns, rows)


if __name__ == "__main__":
    main()
