"""Learners of the quantal Stackelberg equilibrium: they never see the follower's reward."""

from exactqse.learn.protocol import (
    Announcement,
    Belief,
    LikelihoodSet,
    ModelSet,
    OfflineLearner,
    OnlineLearner,
    ResponseSet,
    Session,
)

__all__ = [
    "Announcement",
    "Belief",
    "LikelihoodSet",
    "ModelSet",
    "OfflineLearner",
    "OnlineLearner",
    "ResponseSet",
    "Session",
]
