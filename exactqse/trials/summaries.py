"""Many seeds of one learner in one game, summed up: regret, slope, rates of right claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.stats import binomtest

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import InputError
from exactqse.trials.answers import Answer
from exactqse.trials.offline_records import OfflineRecord
from exactqse.trials.records import QUESTIONS, OnlineRecord
from exactqse.trials.slopes import LEVEL, Slope, decade, regret_slope, same_trial

CURVE_POINTS = 60
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Rate:
    """How many runs gave each answer to a question.

    Attributes:
        yes, no, undecided, unclaimed: the runs.
    """

    yes: int
    no: int
    undecided: int
    unclaimed: int

    @property
    def claimed(self) -> int:
        """The runs in which something was claimed."""
        return self.yes + self.no + self.undecided

    @property
    def interval(self) -> tuple[float, float] | None:
        """The exact (Clopper-Pearson) 95% interval of the probability of "yes".

        An undecided run counts as "no" for its lower end and as "yes" for its upper end. None
        where nothing was claimed.
        """
        if not self.claimed:
            return None
        low, high = (
            binomtest(yes, self.claimed).proportion_ci(LEVEL, method="exact")
            for yes in (self.yes, self.yes + self.undecided)
        )
        return float(low.low), float(high.high)

    def at_least(self, probability: float, *, error: float = 1 - LEVEL) -> Answer:
        """Whether the probability of "yes" is at least this, by an exact binomial test.

        "no": it is refuted, even if every undecided run were a "yes". "yes": it is not refuted,
        even if every undecided run were a "no". What is right is refuted with probability
        ``error`` at most.
        """
        if not 0 <= probability <= 1:
            raise InputError(f"{probability} is not a probability", where="probability")
        if not self.claimed:
            return "unclaimed"
        best, worst = (
            binomtest(yes, self.claimed, probability, alternative="less").pvalue
            for yes in (self.yes + self.undecided, self.yes)
        )
        if best < error:
            return "no"
        return "undecided" if worst < error else "yes"


@dataclass(frozen=True)
class Curve:
    """Cumulative regret over seeds.

    Attributes:
        episodes: the numbers of episodes t.
        mean: the enclosure of the mean of regret(t) over seeds.
        quantiles: of the midpoints over seeds, one tuple for each of 0.1, 0.5, 0.9; float64.
    """

    episodes: tuple[int, ...]
    mean: tuple[Enclosure, ...]
    quantiles: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Summary:
    """What the seeds of one learner in one game say together.

    Attributes:
        game_hash, learner, parameters, episodes: what they share.
        seeds: which they are.
        regret: the mean of the final regret.
        slope: of the mean regret over the last decade; None where it is not bounded away from 0.
        curve: regret along the episodes.
        optimism, pessimism, coverage, fit, widths: runs, by their answer over all episodes.
    """

    game_hash: str
    learner: str
    parameters: dict[str, Any]
    episodes: int
    seeds: tuple[int, ...]
    regret: Enclosure
    slope: Slope | None
    curve: Curve
    optimism: Rate
    pessimism: Rate
    coverage: Rate
    fit: Rate
    widths: Rate

    @property
    def delta(self) -> float | None:
        """The learner's parameter delta: its sets hold the truth with probability 1 - delta."""
        return delta_of(self.parameters)

    @property
    def covers(self) -> Answer:
        """Whether coverage in 1 - delta of the runs stands; "unclaimed" without a delta."""
        return "unclaimed" if self.delta is None else self.coverage.at_least(1 - self.delta)


def summarise(records: Sequence[OnlineRecord]) -> Summary:
    """Sum up the trials of one learner in one game.

    Raises:
        InputError: no records, or records of different games, learners or lengths.
    """
    first = same_trial(records)
    rates = {question: rate(records, question) for question in QUESTIONS}
    return Summary(
        game_hash=first.game_hash,
        learner=first.learner,
        parameters=first.parameters,
        episodes=first.episodes,
        seeds=tuple(record.seed for record in records),
        regret=mean([record.regret() for record in records]),
        slope=None if first.episodes == 1 else regret_slope(records),
        curve=_curve(records),
        **rates,
    )


def rate(records: Sequence[OnlineRecord] | Sequence[OfflineRecord], question: str) -> Rate:
    """How many runs, online or offline, gave each answer to a question such as "pessimism"."""
    found = Counter(getattr(record, question) for record in records)
    return Rate(found["yes"], found["no"], found["undecided"], found["unclaimed"])


def _curve(records: Sequence[OnlineRecord]) -> Curve:
    episodes = records[0].episodes
    grid = np.rint(np.geomspace(1, episodes, CURVE_POINTS)).astype(int).tolist()
    times = tuple(sorted({*grid, *decade(episodes)}))
    values = [[record.regret(t) for record in records] for t in times]
    middles = np.array([[float(x) for x in row] for row in values])
    quantiles = np.quantile(middles, QUANTILES, axis=1)
    return Curve(times, tuple(map(mean, values)), tuple(map(tuple, quantiles.tolist())))


def mean(values: Sequence[Enclosure]) -> Enclosure:
    """The enclosure of the mean of what some enclosures hold."""
    lower, upper = (sum(ends, Fraction(0)) for ends in zip(*map(_ends, values), strict=True))
    return Enclosure(lower / len(values), upper / len(values))


def _ends(value: Enclosure) -> tuple[Fraction, Fraction]:
    return value.lower, value.upper


def delta_of(parameters: dict[str, Any]) -> float | None:
    """A learner's parameter delta, its own or that of a part of it; None without one."""
    text = _found(parameters, "delta")
    return None if text is None else float(text)


def _found(parameters: dict[str, Any], name: str) -> str | None:
    """The parameter of that name, the learner's or one of a part of it."""
    if isinstance(text := parameters.get(name), str):
        return text
    parts = (part for part in parameters.values() if isinstance(part, dict))
    return next((text for part in parts if (text := _found(part, name))), None)
