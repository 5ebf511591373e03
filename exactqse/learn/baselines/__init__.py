"""What a reader wants to see beaten: leaders who explore in a fixed way, or who err about him."""

from exactqse.learn.baselines.online import (
    BestResponseLeader,
    EpsilonGreedy,
    ExploreThenCommit,
    PlugIn,
    UniformLeader,
)

__all__ = ["BestResponseLeader", "EpsilonGreedy", "ExploreThenCommit", "PlugIn", "UniformLeader"]
