"""Learners held against certified equilibria on a suite of games.

``python benchmarks/learning.py FOLDER [--seeds 20] [--episodes 20000] [--workers 2] [--game NAME]``

Every trial is kept in FOLDER as soon as it is finished, so a run that is stopped goes on later. The
table and ``results/learning.json`` hold certified regret (mean over seeds), the log-log slope over
the last decade of episodes with a bootstrap interval, and the verdicts on what was claimed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from exactqse import Game, solve
from exactqse.games import dense, get, inspection_game
from exactqse.learn.registry import find
from exactqse.simulate import Noise
from exactqse.trials import run_many, summarise

RESULTS = Path(__file__).parent / "results"
PRACTICAL = "mle-ovi-practical"
MYOPIC = (PRACTICAL, "mle-ovi", "mle-golf", "omle", "explore-then-commit")
MYOPIC += ("epsilon-greedy", "plug-in", "best-response", "uniform")
FARSIGHTED = ("omle",)
SLOPE = 0.6
NEGLIGIBLE = 1e-6  # regret an episode, as of a plan whose numbers are rounded: it has no slope


def random_game(S: int, A: int, B: int, H: int, seed: int, **change: Any) -> Game:
    """A random dense game at eta = 3."""
    game = dense(states=S, leader_actions=A, follower_actions=B, horizon=H, seed=seed, eta=3)
    return game.with_(**change)


SUITE: dict[str, Callable[[], Game]] = {
    "commitment": lambda: get("conitzer-sandholm-2006"),
    "commitment, blind": lambda: get("conitzer-sandholm-2006").with_(observes="nothing"),
    "Selten-Chmura 7": lambda: get("selten-chmura-2008-7").with_(eta="1/2"),
    "Selten-Chmura 1, blind": lambda: get("selten-chmura-2008-1").with_(
        eta="1/2", observes="nothing"
    ),
    "Ochs 9, blind": lambda: get("ochs-1995-9").with_(observes="nothing"),
    "battle of the sexes, blind": lambda: get("battle-of-the-sexes").with_(observes="nothing"),
    "inspection 2 of 4": lambda: inspection_game(inspections=2, horizon=4),
    "random S3 A2 B2 H3": lambda: random_game(3, 2, 2, 3, 1),
    "random S4 A2 B3 H3": lambda: random_game(4, 2, 3, 3, 2),
    "random S5 A3 B3 H4": lambda: random_game(5, 3, 3, 4, 3),
    "random S6 A2 B2 H2": lambda: random_game(6, 2, 2, 2, 4),
    "random S3 A3 B2 H2, blind": lambda: random_game(3, 3, 2, 2, 5, observes="nothing"),
    "farsighted S2 A2 B2 H2": lambda: random_game(2, 2, 2, 2, 6, gamma="1/2"),
    "farsighted S2 A2 B2 H2, blind": lambda: random_game(
        2, 2, 2, 2, 7, gamma="9/10", observes="nothing"
    ),
}


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    folder: Path
    seeds: int
    episodes: int
    workers: int
    noise: Noise


def measured(name: str, learners: list[str], options: Options) -> list[dict[str, object]]:
    """One row a learner."""
    game = SUITE[name]()
    optimum = solve(game, checker="flint")
    rows = []
    for label in learners:
        trials = run_many(
            game,
            [find(label, game=game)],
            options.episodes,
            options.seeds,
            noise=options.noise,
            optimum=optimum,
            folder=options.folder,
            workers=options.workers,
        )
        found = summarise([trial.record for trial in trials])
        seen = found.regret.upper > NEGLIGIBLE * options.episodes
        slope = found.slope if seen else None
        interval = None if slope is None else slope.interval
        rows.append(
            {
                "game": name,
                "learner": label,
                "regret": str(found.regret),
                "regret_float": float(found.regret.mid),
                "slope": None if slope is None else slope.upper,
                "slope_low": None if interval is None else interval[0],
                "slope_high": None if interval is None else interval[1],
                "optimism": [found.optimism.yes, found.optimism.claimed],
                "pessimism": [found.pessimism.yes, found.pessimism.claimed],
                "coverage": [found.coverage.yes, found.coverage.claimed],
                "widths": [found.widths.yes, found.widths.claimed],
                "seconds": sum(sum(trial.seconds.values()) for trial in trials) / len(trials),
            }
        )
    return rows


def main() -> None:
    """Run what is missing, print the table, write the data."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--episodes", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--game", action="append", choices=list(SUITE))
    parser.add_argument("--learner", action="append", choices=list(MYOPIC))
    said = parser.parse_args()
    options = Options(said.folder, said.seeds, said.episodes, said.workers, Noise("bernoulli"))
    rows: list[dict[str, object]] = []
    console = Console(width=150)
    for name in said.game or SUITE:
        possible = FARSIGHTED if name.startswith("farsighted") else MYOPIC
        learners = [label for label in possible if said.learner is None or label in said.learner]
        more = measured(name, learners, options)
        rows += more
        console.print(table(more))
    RESULTS.mkdir(exist_ok=True)
    if said.game is None and said.learner is None:
        (RESULTS / "learning.json").write_text(json.dumps(rows, indent=1) + "\n")
    console.print(verdicts(rows))


def table(rows: list[dict[str, object]]) -> Table:
    """The rows of one game."""
    columns = ("learner", "regret", "slope", "optimism", "widths", "coverage", "s a run")
    result = Table(*columns, title=str(rows[0]["game"]) if rows else "")
    for row in rows:
        known = row["slope_high"] is not None
        slope = "{slope:.2f} [{slope_low:.2f}, {slope_high:.2f}]" if known else ""
        said = [
            "{} of {}".format(*row[name])  # type: ignore[misc]
            for name in ("optimism", "widths", "coverage")
        ]
        regret = f"{row['regret_float']:.1f}"
        result.add_row(
            str(row["learner"]), regret, slope.format(**row), *said, f"{row['seconds']:.1f}"
        )
    return result


def verdicts(rows: list[dict[str, object]]) -> str:
    """The suite's questions, answered."""
    by_game: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_game.setdefault(str(row["game"]), {})[str(row["learner"])] = row
    lines = []
    slopes = [game[PRACTICAL]["slope_high"] for game in by_game.values() if PRACTICAL in game]
    met = sum(high is not None and high <= SLOPE for high in slopes)
    lines.append(f"{PRACTICAL}: slope's upper end <= {SLOPE} on {met} of {len(slopes)} games")
    pairs = [
        (game[PRACTICAL]["regret_float"], game["explore-then-commit"]["regret_float"])
        for game in by_game.values()
        if PRACTICAL in game and "explore-then-commit" in game
    ]
    lower = sum(a < b for a, b in pairs)
    lines.append(f"{PRACTICAL}: less regret than explore-then-commit on {lower} of {len(pairs)}")
    proven = [game["mle-ovi"] for game in by_game.values() if "mle-ovi" in game]
    for question in ("optimism", "widths", "coverage"):
        yes, claimed = (sum(row[question][i] for row in proven) for i in (0, 1))
        lines.append(f"mle-ovi: {question} in {yes} of {claimed} runs")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
