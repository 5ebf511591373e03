"""``run_offline``: one offline learner, one dataset."""

from __future__ import annotations

from dataclasses import fields
from types import NoneType

import numpy as np

from exactqse.errors import LearnerError, of_kind
from exactqse.learn.protocol import Announcement, OfflineLearner
from exactqse.model.game import Game
from exactqse.simulate.dataset import Dataset
from exactqse.solve import Solution
from exactqse.trials.answers import judged
from exactqse.trials.arguments import MAX_SEED, natural
from exactqse.trials.evidence import Evidence, coverage
from exactqse.trials.guard import Guard, content, sealed
from exactqse.trials.offline_records import OfflineRecord
from exactqse.trials.online import Clock
from exactqse.trials.optimum import bounds, certified
from exactqse.trials.parameters import RELEASE, name_of, parameters_of
from exactqse.trials.refusals import require_learner
from exactqse.trials.values import Values


def run_offline(
    dataset: Dataset,
    learner: OfflineLearner,
    *,
    game: Game,
    seed: int = 0,
    optimum: Solution | None = None,
    clock: Clock | None = None,
) -> OfflineRecord:
    """Let a learner learn from a dataset, and hold the policy that it announces against the truth.

        suboptimality = J* - J(policy)

    J* is the enclosure of a checked certificate, J an enclosure 1e-12 wide relative to max(1, |J|).

    Args:
        dataset: episodes of this game.
        learner: an offline learner; it is asked twice, and has to announce the same.
        game: the game that the dataset was drawn from, which the learner does not see.
        seed: of the learner's own generator.
        optimum: a certified solution of the game, to use it for many trials; by default
            ``exactqse.solve(game)`` with arb's exp and log in the checker.
        clock: told where the time went.

    Raises:
        LearnerError: the learner breaks its protocol, raises, looks at what is hidden, or
            announces something else when it is asked again with the same seed.
        InputError: not a game, not a seed, a dataset of another game, or another game's optimum.
        NotCoveredError, PrecisionError: as :func:`exactqse.solve`.
    """
    of_kind(game, Game, "a Game", where="game")
    of_kind(dataset, Dataset, "a Dataset", where="dataset")
    of_kind(clock, (Clock, NoneType), "a Clock", where="clock")
    dataset.require_game(game)
    seed = natural(seed, "seed", most=MAX_SEED)
    require_learner(learner, dataset.setting, method="learn")
    best = certified(game, optimum)
    guard, clock = Guard(name_of(learner), dataset.setting), clock or Clock()
    clock.lap(None)
    announcement = _learnt(guard, learner, dataset, seed)
    first = content(announcement)
    if content(_learnt(guard, learner, dataset, seed)) != first:
        what = "announces something else when asked again with the same seed and dataset"
        remedy = "keep nothing between calls, and draw from its own generator only"
        raise LearnerError(what, learner=guard.learner, remedy=remedy)
    clock.lap("learner")
    values, evidence = Values(game), Evidence(game)
    values.number(announcement.policy)
    clock.lap("values")
    for run in dataset.runs:
        evidence.add(run)
    belief, J, star = announcement.belief, values.enclosures[0], bounds(best)
    optimism, pessimism = judged(belief.upper, belief.lower, star, J)
    covered, fits = coverage(evidence, belief.sets)
    clock.lap("evidence")
    return OfflineRecord(
        game_hash=game.hash,
        learner=guard.learner,
        parameters=parameters_of(learner),
        episodes=len(dataset),
        behaviour=dataset.behaviour,
        drawn_with=dataset.seed,
        noise=dataset.setting.noise,
        seed=seed,
        version=RELEASE,
        optimum=star,
        checker="" if best.verdict is None else best.verdict.arithmetic,
        policy=values.hashes[0],
        J=J,
        upper=belief.upper,
        lower=belief.lower,
        optimism=optimism,
        pessimism=pessimism,
        coverage=covered,
        fit=fits,
    )


def _learnt(guard: Guard, learner: OfflineLearner, dataset: Dataset, seed: int) -> Announcement:
    """What the learner announces of its own copy of the dataset."""
    parts = {field.name: getattr(dataset, field.name) for field in fields(Dataset)}
    runs = tuple(sealed(run) for run in dataset.runs)
    copy = Dataset(**{**parts, "setting": guard.setting, "runs": runs})
    random = np.random.default_rng(np.random.SeedSequence(seed).spawn(2)[1])
    with guard.calling("learn"):
        announcement = learner.learn(copy, random)
    return guard.checked(announcement)
