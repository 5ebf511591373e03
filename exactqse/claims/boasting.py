"""Learners who say less than they know: a share of their widths, or of their sets' radii.

They learn and act as the learners that they are made of, so that a claim about announced widths or
radii is all that is wrong with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.random import Generator

from exactqse.learn.protocol import (
    Announcement,
    Belief,
    LikelihoodSet,
    OfflineLearner,
    OnlineLearner,
    Session,
)
from exactqse.simulate.dataset import Dataset
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting


def boasting(found: Announcement, *, width: float, radius: float) -> Announcement:
    """The announcement with a share of upper - lower, from lower up, and of the sets' radii."""
    lower, upper = found.belief.lower, found.belief.upper
    if lower is not None and upper is not None:
        upper = lower + width * (upper - lower)
    sets = tuple(
        replace(claimed, radius=radius * claimed.radius)
        if isinstance(claimed, LikelihoodSet)
        else claimed
        for claimed in found.belief.sets
    )
    return replace(found, belief=Belief(upper=upper, lower=lower, sets=sets))


@dataclass(frozen=True)
class Boastful:
    """An online learner with such announcements.

    Attributes:
        learner: who learns and acts.
        width: the share of its widths that is announced.
        radius: the share of its likelihood sets' radii.
    """

    learner: OnlineLearner
    width: float = 1.0
    radius: float = 1.0
    name: str = "boastful"

    def start(self, setting: Setting, random: Generator) -> Session:
        """A run of the learner."""
        return _Run(self, self.learner.start(setting, random))


@dataclass(frozen=True)
class _Run:
    learner: Boastful
    session: Session

    def announce(self) -> Announcement:
        """What the learner announces, changed."""
        shares = {"width": self.learner.width, "radius": self.learner.radius}
        return boasting(self.session.announce(), **shares)

    def observe(self, episodes: Episodes) -> None:
        """Hand the episodes on."""
        self.session.observe(episodes)


@dataclass(frozen=True)
class BoastfulOffline:
    """The same of an offline learner, which announces no width.

    Attributes:
        learner: who learns.
        radius: the share of its likelihood sets' radii that is announced.
    """

    learner: OfflineLearner
    radius: float
    name: str = "boastful"

    def learn(self, dataset: Dataset, random: Generator) -> Announcement:
        """What the learner announces, changed."""
        return boasting(self.learner.learn(dataset, random), width=1.0, radius=self.radius)
