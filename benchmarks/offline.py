"""Offline learners against the size of their data.

``python benchmarks/offline.py FOLDER [--seeds 20] [--most 1000000] [--workers 1] [--game NAME]``

Data are drawn with 16 random policies and Bernoulli rewards; MLE-PVI gets ten times as many as the
others at the most. Every trial is kept in FOLDER as soon as it is finished, so a run that is
stopped goes on later. The tables and ``results/offline.json`` hold the certified mean suboptimality
at each size, its log-log slope from K = 1,000 on with a bootstrap interval over the seeds of the
data, how often pessimism held, and an exact binomial test of it. Then a game where data are narrow.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from learning import SUITE
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from exactqse import solve
from exactqse.learn.registry import find
from exactqse.model import Game
from exactqse.simulate import Noise, Random
from exactqse.trials import OfflineSummary, OfflineTrial, run_many_offline, summarise_offline

RESULTS = Path(__file__).parent / "results"
SIZES = (100, 1000, 10_000, 100_000)
MORE = 1_000_000
LEAST = 1000  # the slope is that from here on
PROVEN = "mle-pvi"
MYOPIC = (PROVEN, "mle-pvi-0.2", "plug-in", "mle-bcp", "pmle")
FARSIGHTED = ("pmle",)
BEHAVIOUR = Random(count=16)
SLOPE = -0.4
NARROW_SEEDS = 200


def measured(name: str, said: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a learner."""
    game = SUITE[name]()
    optimum = solve(game, gap="1e-4" if game.gamma else "1e-7", checker="flint")
    labels = FARSIGHTED if game.gamma else MYOPIC
    learners = [find(label, game=game, offline=True) for label in labels]
    options: dict[str, Any] = {
        "behaviour": BEHAVIOUR,
        "noise": Noise("bernoulli"),
        "optimum": optimum,
        "folder": said.folder,
        "workers": said.workers,
    }
    trials = [*run_many_offline(game, learners, SIZES, said.seeds, **options)]
    if PROVEN in labels and said.most == MORE:
        trials += run_many_offline(game, learners[:1], [MORE], said.seeds, **options)
    return [{"game": name, **row(of(trials, label))} for label in labels]


def of(trials: list[OfflineTrial], label: str) -> list[OfflineTrial]:
    """The trials of one learner."""
    return [trial for trial in trials if trial.record.learner == label]


def row(trials: list[OfflineTrial]) -> dict[str, Any]:
    """What the trials of one learner say."""
    found = summarise_offline([trial.record for trial in trials])
    large = [trial.record for trial in trials if trial.record.episodes >= LEAST]
    slope = summarise_offline(large).slope
    held = found.total("pessimism")
    return {
        "learner": found.learner,
        "suboptimality": {size.episodes: float(size.suboptimality) for size in found.sizes},
        "slope": None if slope is None else slope.upper,
        "interval": None if slope is None else slope.interval,
        "pessimism": [held.yes, held.claimed],
        "least": min(size.pessimism.yes for size in found.sizes),
        "refuted": refuted(found),
        "seconds": sum(sum(trial.seconds.values()) for trial in trials),
    }


def refuted(found: OfflineSummary) -> bool:
    """Whether pessimism in 1 - delta of the datasets is refuted."""
    return found.stands("pessimism") == "no"


@dataclass(frozen=True)
class Seldom:
    """Action 0 nearly always, the next seven about once each in 400 episodes, two never."""

    def policies(self, game: Game, _random: Any, _progress: Any = None, /) -> tuple[Any, ...]:
        """One policy."""
        weights = np.array([400.0, *[1.0] * 7, 0.0, 0.0]) / 407
        return (np.broadcast_to(weights, (1, 1, game.follower_actions, 10)).copy(),)

    def __str__(self) -> str:
        return "seldom"


def narrow() -> tuple[Game, Seldom]:
    """One action is known to be worth 3/4, seven worth 1/4 were tried about once each."""
    worth = [["3/4"], *[["1/4"]] * 7, [0], [1]]
    return Game.from_arrays(None, [worth], [worth], eta=1), Seldom()


def narrow_row(said: argparse.Namespace) -> dict[str, Any]:
    """MLE-PVI beside the plug-in learner where data are narrow."""
    game, behaviour = narrow()
    learners = [find(label, game=game, offline=True) for label in (PROVEN, "plug-in")]
    trials = run_many_offline(
        game,
        learners,
        [400],
        NARROW_SEEDS,
        behaviour=behaviour,
        noise=Noise("bernoulli"),
        folder=said.folder,
    )
    pairs = [
        (a.record.suboptimality, b.record.suboptimality)
        for a, b in zip(trials[:NARROW_SEEDS], trials[NARROW_SEEDS:], strict=True)
    ]
    better = sum(a.upper < b.lower for a, b in pairs)
    worse = sum(b.upper < a.lower for a, b in pairs)
    return {
        "datasets": NARROW_SEEDS,
        "mle-pvi": sum(float(a) for a, _ in pairs) / NARROW_SEEDS,
        "plug-in": sum(float(b) for _, b in pairs) / NARROW_SEEDS,
        "better": better,
        "worse": worse,
        "p_value": binomtest(better, better + worse, alternative="greater").pvalue.item(),
    }


def table(rows: list[dict[str, Any]]) -> Table:
    """The rows of one game."""
    result = Table("learner", *(f"{size:,}" for size in (*SIZES, MORE)), "slope", "pessimism")
    result.title = str(rows[0]["game"])
    for found in rows:
        means = found["suboptimality"]
        figures = [f"{means[size]:.4f}" if size in means else "" for size in (*SIZES, MORE)]
        slope = "" if found["interval"] is None else "[{:.2f}, {:.2f}]".format(*found["interval"])
        slope = slope if found["slope"] is None else f"{found['slope']:.2f} {slope}"
        held = "{} of {}".format(*found["pessimism"]) + (", refuted" if found["refuted"] else "")
        result.add_row(found["learner"], *figures, slope, held)
    return result


def verdicts(rows: list[dict[str, Any]]) -> str:
    """The suite's questions, answered."""
    lines = []
    for label in MYOPIC[:3]:
        own = [found for found in rows if found["learner"] == label]
        known = [found for found in own if found["interval"] is not None]
        met = sum(found["interval"][1] <= SLOPE for found in known)
        lines.append(
            f"{label}: the slope's upper end is at most {SLOPE} on {met} of {len(known)} games "
            f"that have a slope, of {len(own)}"
        )
    for label in MYOPIC:
        own = [found for found in rows if found["learner"] == label]
        yes, claimed = (sum(found["pessimism"][i] for found in own) for i in (0, 1))
        against = sum(found["refuted"] for found in own)
        lines.append(f"{label}: pessimism in {yes} of {claimed}, refuted on {against} games")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing, print the tables, write the data."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--most", type=int, default=MORE, choices=[SIZES[-1], MORE])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--game", action="append", choices=list(SUITE))
    said = parser.parse_args()
    console = Console(width=140)
    rows: list[dict[str, Any]] = []
    for name in said.game or SUITE:
        more = measured(name, said)
        rows += more
        console.print(table(more))
    beside = narrow_row(said)
    console.print(verdicts(rows), beside, sep="\n")
    if said.game is None:
        RESULTS.mkdir(exist_ok=True)
        document = {"suite": rows, "narrow": beside}
        (RESULTS / "offline.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
