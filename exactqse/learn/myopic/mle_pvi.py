"""MLE-PVI: pessimistic value iteration with a maximum likelihood estimate of the response.

In the style of the algorithm of that name of Chen, Wang and Yang (2023), arXiv 2307.14085, for a
myopic follower with linear rewards; the widths are those of proofs/, not theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactqse.learn.myopic.model import TABULAR, LinearModel
from exactqse.learn.myopic.records import Records
from exactqse.learn.myopic.value_iteration import evaluated, plan
from exactqse.learn.protocol import Announcement, Belief
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.setting import Setting


@dataclass(frozen=True)
class MLEPVI:
    """Pessimistic value iteration, offline, gamma = 0.

    Attributes:
        model: features, failure probability and scale of the widths.
    """

    model: LinearModel = TABULAR
    name: str = "mle-pvi"

    def require(self, setting: Setting) -> None:
        """Raise NotCoveredError for gamma > 0 or an infinite eta, InputError for other sizes."""
        self.model.checked(setting)

    def learn(self, dataset: Dataset, random: np.random.Generator) -> Announcement:
        """The policy that is best if the truth is as bad as the data allow.

        Raises:
            NotCoveredError: gamma > 0 or an infinite eta.
        """
        setting = dataset.setting
        model = self.model.checked(setting)
        records = Records(setting)
        for run in dataset.runs:
            records.add(run)
        estimates = model.estimates(setting, records)
        policy = plan(estimates, -1.0, random)
        sets = (model.likelihood_set(setting, estimates.response),)
        return Announcement(policy, Belief(lower=evaluated(estimates, policy, -1.0), sets=sets))
