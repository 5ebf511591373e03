"""Assertions about learners: certified regret, its slope, suboptimality."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import between
from exactqse.learn.protocol import OfflineLearner, OnlineLearner
from exactqse.model.arrays import exact
from exactqse.model.game import Game
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.solve import Solution
from exactqse.trials import OfflineRecord, Summary, run_many, run_offline, summarise


def assert_regret_slope(
    game: Game,
    learner: OnlineLearner,
    *,
    at_most: float,
    episodes: int,
    seeds: int | Sequence[int] = 5,
    noise: Noise = NO_NOISE,
    optimum: Solution | None = None,
    workers: int = 1,
) -> Summary:
    """Fail unless the log-log slope of certified regret, T/10 to T, is at most ``at_most``.

    What is compared is the upper end of the 95% bootstrap interval over seeds; with one seed, the
    upper end of the slope's enclosure. Regret that is not bounded away from 0 has no slope, and
    fails: :func:`assert_regret` is for that.

    Raises:
        AssertionError: it is larger, or there is none; the message has the numbers.
        LearnerError, InputError: as :func:`exactqse.trials.run_many`.
    """
    summary = _tried(game, learner, episodes, seeds, noise, optimum, workers)
    slope, who = summary.slope, _who(summary)
    if slope is None:
        what = f"{who}: regret {_shown(summary.regret)} is not bounded away from 0: no slope"
        raise AssertionError(what)
    interval = slope.interval or (slope.lower, slope.upper)
    if not interval[1] <= at_most:
        kind = "95%" if slope.interval else "one seed"
        raise AssertionError(
            f"{who}: slope of certified regret {slope.lower:.4f}..{slope.upper:.4f}, {kind} "
            f"[{interval[0]:.4f}, {interval[1]:.4f}], is not at most {at_most}; "
            f"regret {_shown(summary.regret)}"
        )
    return summary


def assert_regret(
    game: Game,
    learner: OnlineLearner,
    *,
    at_most: Fraction | float | str,
    episodes: int,
    seeds: int | Sequence[int] = 5,
    noise: Noise = NO_NOISE,
    optimum: Solution | None = None,
    workers: int = 1,
) -> Summary:
    """Fail unless the certified regret of all episodes, meaned over seeds, is at most ``at_most``.

    Raises:
        AssertionError: it is larger, or its enclosure does not decide it.
        LearnerError, InputError: as :func:`exactqse.trials.run_many`.
    """
    bound = exact(at_most, "at_most")
    summary = _tried(game, learner, episodes, seeds, noise, optimum, workers)
    _require(summary.regret, bound, f"{_who(summary)}: regret", at_most)
    return summary


def assert_suboptimality(
    dataset: Dataset,
    learner: OfflineLearner,
    *,
    game: Game,
    at_most: Fraction | float | str,
    seed: int = 0,
    optimum: Solution | None = None,
) -> OfflineRecord:
    """Fail unless the certified suboptimality J* - J of what is learnt is at most ``at_most``.

    Raises:
        AssertionError: it is larger, or its enclosure does not decide it.
        LearnerError, InputError: as :func:`exactqse.run_offline`.
    """
    bound = exact(at_most, "at_most")
    record = run_offline(dataset, learner, game=game, seed=seed, optimum=optimum)
    who = f"learner {record.learner}, {record.episodes} episodes of {record.behaviour}"
    _require(record.suboptimality, bound, f"{who}: suboptimality", at_most)
    return record


def _tried(
    game: Game,
    learner: OnlineLearner,
    episodes: int,
    seeds: int | Sequence[int],
    noise: Noise,
    optimum: Solution | None,
    workers: int,
) -> Summary:
    trials = run_many(
        game, [learner], episodes, seeds, noise=noise, optimum=optimum, workers=workers
    )
    return summarise([trial.record for trial in trials])


def _require(value: Enclosure, bound: Fraction, what: str, stated: object) -> None:
    if value.upper > bound:
        verb = "is not" if value.lower > bound else "is not certainly"
        raise AssertionError(f"{what} {_shown(value)} {verb} at most {stated}")


def _who(summary: Summary) -> str:
    return f"learner {summary.learner}, {summary.episodes} episodes, {len(summary.seeds)} seeds"


def _shown(value: Enclosure) -> str:
    return between(value.lower, value.upper)
