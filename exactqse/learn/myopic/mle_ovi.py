"""MLE-OVI: optimistic value iteration with a maximum likelihood estimate of the response.

In the style of the algorithm of that name of Chen, Wang and Yang (2023), arXiv 2307.14085, for a
myopic follower with linear rewards; the widths are those of proofs/, not theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.learn.myopic.model import TABULAR, LinearModel
from exactqse.learn.myopic.records import Records
from exactqse.learn.myopic.value_iteration import (
    evaluated,
    occupancy,
    optimistic_value,
    plan,
)
from exactqse.learn.protocol import Announcement, Belief
from exactqse.learn.schedule import block, require_growth, until_doubled
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MLEOVI:
    """Optimistic value iteration, online, gamma = 0.

    Attributes:
        model: features, failure probability and scale of the widths.
        growth: a new policy is planned when the number of episodes has grown by this factor, or
            earlier, when the visits of some pair are expected to have doubled.

    Raises:
        InputError: a parameter out of range.
    """

    model: LinearModel = TABULAR
    growth: float = 1.07
    name: str = "mle-ovi"

    def __post_init__(self) -> None:
        require_growth(self.growth)

    def require(self, setting: Setting) -> None:
        """Raise NotCoveredError for gamma > 0 or an infinite eta, InputError for other sizes."""
        self.model.checked(setting)

    def start(self, setting: Setting, random: np.random.Generator) -> OVISession:
        """A new run. Raises NotCoveredError for gamma > 0 or an infinite eta."""
        return OVISession(self, self.model.checked(setting), setting, random)


class OVISession:
    """One run of MLE-OVI."""

    def __init__(
        self, learner: MLEOVI, model: LinearModel, setting: Setting, random: np.random.Generator
    ) -> None:
        self._learner, self._model, self._setting, self._random = learner, model, setting, random
        self._records = Records(setting)
        self._policy: Floats | None = None
        self._theta: Floats | None = None

    def announce(self) -> Announcement:
        """The policy that is best if the truth is as good as the data allow."""
        estimates = self._model.estimates(self._setting, self._records, self._theta)
        self._theta = estimates.response.theta
        self._policy = plan(estimates, 1.0, self._random, self._policy)
        belief = Belief(
            upper=optimistic_value(estimates),
            lower=evaluated(estimates, self._policy, -1.0),
            sets=(self._model.likelihood_set(self._setting, estimates.response),),
        )
        most = block(self._records.episodes, self._learner.growth)
        expected = occupancy(estimates, self._policy, self._records.transitions())
        episodes = until_doubled(self._records.n, expected, most)
        return Announcement(self._policy, belief, episodes)

    def observe(self, episodes: Episodes) -> None:
        """Count them."""
        self._records.add(episodes)
