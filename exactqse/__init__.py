"""Certified quantal Stackelberg equilibria of tabular leader-follower Markov games."""

from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import Verdict, check
from exactqse.model import Game, Policy

__version__ = "0.1.0"
__all__ = ["Certificate", "Game", "Policy", "Verdict", "__version__", "check"]
