"""Learners over finite classes, enumerated exactly: MLE-GOLF, MLE-BCP, OMLE, PMLE.

Whole models (:class:`ModelClass`) for OMLE and PMLE, any gamma; tables of the follower's reward and
of the leader's values at each step (:class:`LocalClasses`) for MLE-GOLF and MLE-BCP, gamma = 0. The
classes hold candidates; which of them is the truth no learner knows.
"""

from exactqse.learn.classes.bcp import MLEBCP
from exactqse.learn.classes.golf import MLEGolf
from exactqse.learn.classes.local import LocalClasses
from exactqse.learn.classes.models import ModelClass
from exactqse.learn.classes.omle import OMLE
from exactqse.learn.classes.pmle import PMLE

__all__ = ["MLEBCP", "OMLE", "PMLE", "LocalClasses", "MLEGolf", "ModelClass"]
