"""Offline learners against the size of their data: ``python benchmarks/offline.py [--seeds 10]``.

Data are drawn with 16 random policies. The table and ``results/offline.json`` hold the certified
mean suboptimality at each size, its log-log slope with a bootstrap interval over the seeds of the
data, and how often pessimism held.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from learning import SUITE
from rich.console import Console
from rich.table import Table

from exactqse import run_offline, solve
from exactqse.learn.classes import MLEBCP, PMLE, LocalClasses, ModelClass
from exactqse.learn.myopic import MLEPVI, LinearModel
from exactqse.learn.protocol import OfflineLearner
from exactqse.model import Game
from exactqse.simulate import Noise, Random, draw_dataset
from exactqse.simulate.classes import perturbed_models, policy_tables, response_tables
from exactqse.trials import suboptimality_slope

RESULTS = Path(__file__).parent / "results"
SIZES = (100, 300, 1000, 3000, 10_000)
SPREAD = "1/16"
MODELS = 8


def learners(game: Game) -> list[OfflineLearner]:
    """Those that can learn in this game."""
    models = perturbed_models(game, MODELS, seed=1, spread=SPREAD)
    plans: list[OfflineLearner] = [PMLE(ModelClass(models))]
    if game.gamma:
        return plans
    policies = [solve(model, gap="1e-6").policy.as_array() for model in models]
    classes = LocalClasses(response_tables(models), policy_tables(models, policies))
    linear: list[OfflineLearner] = [
        MLEPVI(),
        MLEPVI(LinearModel(width_scale=0.2), name="mle-pvi-0.2"),
        MLEPVI(LinearModel(width_scale=0.0), name="plug-in"),
    ]
    return [*linear, MLEBCP(classes, policies), *plans]


def main() -> None:
    """Draw, learn, hold against the truth."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--game", action="append", choices=list(SUITE))
    said = parser.parse_args()
    rows: list[dict[str, Any]] = []
    table = Table("game", "learner", *map(str, SIZES), "slope", "pessimism")
    for name in said.game or SUITE:
        game = SUITE[name]()
        optimum = solve(game, gap="1e-6" if not game.gamma else "1e-4", checker="flint")
        drawn = {
            (size, seed): draw_dataset(
                game,
                behaviour=Random(count=16),
                episodes=size,
                seed=seed,
                noise=Noise("bernoulli"),
            )
            for size in SIZES
            for seed in range(said.seeds)
        }
        for learner in learners(game):
            records = [
                run_offline(data, learner, game=game, optimum=optimum) for data in drawn.values()
            ]
            found = suboptimality_slope(records)
            interval = None if found is None else found.interval
            means = [
                sum(float(r.suboptimality.upper) for r in records if r.episodes == size)
                / said.seeds
                for size in SIZES
            ]
            held = sum(record.pessimism == "yes" for record in records)
            claimed = sum(record.pessimism != "unclaimed" for record in records)
            rows.append(
                {
                    "game": name,
                    "learner": learner.name,
                    "suboptimality": means,
                    "slope": None if found is None else found.upper,
                    "interval": interval,
                    "pessimism": [held, claimed],
                }
            )
            shown = "" if found is None or interval is None else f"{found.upper:.2f} "
            shown += "" if interval is None else f"[{interval[0]:.2f}, {interval[1]:.2f}]"
            figures = [f"{mean:.4f}" for mean in means]
            table.add_row(name, learner.name, *figures, shown, f"{held} of {claimed}")
            Console(width=160).print(f"{name}: {learner.name} done", highlight=False)
    if said.game is None:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "offline.json").write_text(json.dumps(rows, indent=1) + "\n")
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
