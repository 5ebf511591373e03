"""The growth of certified regret over seeds: log-log slopes with bootstrap intervals.

With x_i = log t_i and y_i = log R(t_i), R the mean over seeds, the least-squares slope

    sum_i w_i y_i,   w_i = (x_i - mean x) / sum_j (x_j - mean x)^2

is linear in y, so that R in [lower, upper] puts it between the sums with the ends that the signs of
w say. Seeds are drawn again with replacement; the interval goes from the 2.5% quantile of the lower
ends to the 97.5% quantile of the upper ends. Logarithms and sums are float64
(proofs/trial-record.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError
from exactqse.trials.offline_records import OfflineRecord
from exactqse.trials.records import OnlineRecord

Floats = NDArray[np.float64]
DECADE_POINTS = 20
RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Slope:
    """A log-log slope.

    Attributes:
        lower, upper: of the mean curve, between the slopes that its enclosures leave.
        interval: 95%, by the bootstrap over seeds; None for a single one, or where regret of some
            draw of seeds is not bounded away from 0.
    """

    lower: float
    upper: float
    interval: tuple[float, float] | None


def decade(episodes: int) -> tuple[int, ...]:
    """About 20 numbers of episodes from T/10 to T, evenly spaced on the logarithmic scale."""
    first = max(1, episodes // 10)
    grid = np.rint(np.geomspace(first, episodes, DECADE_POINTS)).astype(int)
    return tuple(sorted(set(grid.tolist())))


def regret_slope(records: Sequence[OnlineRecord], *, seed: int = 0) -> Slope | None:
    """The slope of cumulative regret over the last decade of episodes, T/10 to T.

    None where the mean regret is not bounded away from 0: it has no logarithm.

    Args:
        records: trials of one learner in one game, equally long.
        seed: of the bootstrap.

    Raises:
        InputError: no records, or records of different lengths or games.
    """
    episodes = same_trial(records).episodes
    times = decade(episodes)
    ends = [[record.regret(t) for t in times] for record in records]
    lower = np.array([[float(x.lower) for x in curve] for curve in ends])
    upper = np.array([[float(x.upper) for x in curve] for curve in ends])
    return slope(times, lower, upper, seed=seed)


def suboptimality_slope(records: Sequence[OfflineRecord], *, seed: int = 0) -> Slope | None:
    """The slope of suboptimality against the number of episodes of the data.

    None where the mean suboptimality of some size is not bounded away from 0.

    Args:
        records: trials of one learner in one game, with the same seeds for each size of the data;
            what the bootstrap draws again are the seeds that the data were drawn with.
        seed: of the bootstrap.

    Raises:
        InputError: records of different games, learners or behaviours, or no table sizes x seeds.
    """
    same_parts(records, ("game_hash", "learner", "parameters", "behaviour", "noise"))
    table = {(record.drawn_with, record.episodes): record.suboptimality for record in records}
    seeds, sizes = (sorted(set(part)) for part in zip(*table, strict=True))
    if not len(table) == len(records) == len(seeds) * len(sizes):
        what = f"{len(records)} records are no table of {len(sizes)} sizes and {len(seeds)} seeds"
        raise InputError(what, where="records", remedy="use the same seeds for each size, once")
    ends = [[table[row, size] for size in sizes] for row in seeds]
    lower = np.array([[float(x.lower) for x in row] for row in ends])
    upper = np.array([[float(x.upper) for x in row] for row in ends])
    return slope(sizes, lower, upper, seed=seed)


def slope(times: Sequence[int], lower: Floats, upper: Floats, *, seed: int = 0) -> Slope | None:
    """The slope of the mean of some curves, each between its lower and its upper, against times.

    Args:
        times: n of them, positive, at least two.
        lower: the curves' lower ends, shape (seeds, n).
        upper: their upper ends, the same shape.
        seed: of the bootstrap.
    """
    if len(times) < 2:
        raise InputError("a slope needs two times", where="times", remedy="use more episodes")
    seeds = len(lower)
    ends = _slopes(times, lower.mean(axis=0)[None], upper.mean(axis=0)[None])
    if not np.isfinite(ends).all():
        return None
    low, high = ends[:, 0].tolist()
    interval = None
    if seeds > 1:
        draws = np.random.default_rng(seed).integers(seeds, size=(RESAMPLES, seeds))
        weights = np.zeros((RESAMPLES, seeds))
        np.add.at(weights, (np.arange(RESAMPLES)[:, None], draws), 1 / seeds)
        drawn = _slopes(times, weights @ lower, weights @ upper)
        if np.isfinite(drawn).all():
            tail = (1 - LEVEL) / 2
            quantiles = np.quantile(drawn[0], tail), np.quantile(drawn[1], 1 - tail)
            interval = float(min(quantiles[0], low)), float(max(quantiles[1], high))
    return Slope(low, high, interval)


def _slopes(times: Sequence[int], lower: Floats, upper: Floats) -> Floats:
    """Least and largest slopes of some mean curves, shape (2, curves); not finite where R is 0."""
    x = np.log(np.array(times, dtype=np.float64))
    x -= x.mean()
    w = x / (x**2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.log(lower), np.log(upper)
        rise, fall = np.maximum(w, 0), np.minimum(w, 0)
        least, largest = low @ rise + high @ fall, high @ rise + low @ fall
    return np.stack([least, largest])


def same_trial(records: Sequence[OnlineRecord]) -> OnlineRecord:
    """The first record. Raises InputError unless all are of one game, learner and length."""
    same_parts(records, ("game_hash", "learner", "parameters", "episodes", "noise"))
    return records[0]


def same_parts(
    records: Sequence[OnlineRecord] | Sequence[OfflineRecord], parts: Sequence[str]
) -> None:
    """Raise InputError unless there are records, and these parts of them are the same."""
    if not records:
        raise InputError("there are no records", where="records")
    for record in records:
        for part in parts:
            if getattr(record, part) != getattr(records[0], part):
                raise InputError(f"the records differ in {part}", where="records")
