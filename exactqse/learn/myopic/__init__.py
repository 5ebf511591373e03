"""Learners against a myopic follower with linear (tabular) rewards: MLE-OVI and MLE-PVI."""

from exactqse.learn.myopic.mle_ovi import MLEOVI
from exactqse.learn.myopic.mle_pvi import MLEPVI
from exactqse.learn.myopic.model import LinearModel

__all__ = ["MLEOVI", "MLEPVI", "LinearModel"]
