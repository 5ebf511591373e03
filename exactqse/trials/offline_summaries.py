"""Offline trials of one learner, summed up: suboptimality against K, rates of right claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.simulate.noise import Noise
from exactqse.trials.answers import Answer
from exactqse.trials.offline_records import OfflineRecord
from exactqse.trials.slopes import LEVEL, Slope, same_parts, suboptimality_slope
from exactqse.trials.summaries import QUANTILES, Rate, delta_of, mean, rate

OFFLINE_QUESTIONS = ("optimism", "pessimism", "coverage", "fit")


@dataclass(frozen=True)
class AtSize:
    """What the datasets of one size say together.

    Attributes:
        episodes: K.
        seeds: those that the data were drawn with.
        suboptimality: the enclosure of the mean of J* - J over the datasets.
        quantiles: 0.1, 0.5 and 0.9 of the midpoints; float64.
        optimism, pessimism, coverage, fit: datasets, by their answer.
    """

    episodes: int
    seeds: tuple[int, ...]
    suboptimality: Enclosure
    quantiles: tuple[float, ...]
    optimism: Rate
    pessimism: Rate
    coverage: Rate
    fit: Rate


@dataclass(frozen=True)
class OfflineSummary:
    """What the datasets that one learner learnt from in one game say together.

    Attributes:
        game_hash, learner, parameters, behaviour, noise: what they share.
        sizes: by the number of episodes, increasing.
        slope: of the mean suboptimality against K; None for a single size, for sizes with different
            seeds, or where the mean is not bounded away from 0 at some size.
    """

    game_hash: str
    learner: str
    parameters: dict[str, Any]
    behaviour: str
    noise: Noise
    sizes: tuple[AtSize, ...]
    slope: Slope | None

    @property
    def delta(self) -> float | None:
        """The learner's parameter delta: what it claims holds with probability 1 - delta."""
        return delta_of(self.parameters)

    @property
    def same_seeds(self) -> bool:
        """Whether every size has the same seeds, so that sizes can be compared seed by seed."""
        return _same_seeds(self.sizes)

    def total(self, question: str) -> Rate:
        """The datasets of all sizes, by their answer."""
        rates = [getattr(size, question) for size in self.sizes]
        names = ("yes", "no", "undecided", "unclaimed")
        return Rate(**{name: sum(getattr(found, name) for found in rates) for name in names})

    def stands(self, question: str) -> Answer:
        """Whether "pessimism", say, in 1 - delta of the datasets stands; "unclaimed" without delta.

        An exact binomial test at each size, whose datasets are independent; those of one seed and
        different sizes are not. "no": some size refutes it at 5% over the number of sizes, so that
        what is right is refuted with probability 5% at most (proofs/trial-record.md).
        """
        if self.delta is None:
            return "unclaimed"
        error = (1 - LEVEL) / len(self.sizes)
        answers = {
            getattr(size, question).at_least(1 - self.delta, error=error) for size in self.sizes
        }
        order: tuple[Answer, ...] = ("no", "undecided", "yes")
        return next((answer for answer in order if answer in answers), "unclaimed")


def summarise_offline(records: Sequence[OfflineRecord]) -> OfflineSummary:
    """Sum up the offline trials of one learner in one game.

    Raises:
        InputError: no records, or records of different games, learners, behaviours or noises.
    """
    same_parts(records, ("game_hash", "learner", "parameters", "behaviour", "noise"))
    first = records[0]
    by_size: dict[int, list[OfflineRecord]] = {}
    for record in sorted(records, key=lambda record: (record.episodes, record.drawn_with)):
        by_size.setdefault(record.episodes, []).append(record)
    sizes = tuple(_at(some) for some in by_size.values())
    comparable = _same_seeds(sizes) and len(sizes) > 1
    return OfflineSummary(
        game_hash=first.game_hash,
        learner=first.learner,
        parameters=first.parameters,
        behaviour=first.behaviour,
        noise=first.noise,
        sizes=sizes,
        slope=suboptimality_slope(records) if comparable else None,
    )


def _at(records: Sequence[OfflineRecord]) -> AtSize:
    gaps = [record.suboptimality for record in records]
    quantiles = np.quantile([float(gap.mid) for gap in gaps], QUANTILES)
    return AtSize(
        episodes=records[0].episodes,
        seeds=tuple(record.drawn_with for record in records),
        suboptimality=mean(gaps),
        quantiles=tuple(quantiles.tolist()),
        **{question: rate(records, question) for question in OFFLINE_QUESTIONS},
    )


def _same_seeds(sizes: Sequence[AtSize]) -> bool:
    return len({size.seeds for size in sizes}) == 1
