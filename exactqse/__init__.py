"""Certified quantal Stackelberg equilibria of tabular leader-follower Markov games."""

from exactqse.arithmetic import Enclosure
from exactqse.evaluate import evaluate, evaluate_float64, evaluate_symbolic
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.check import Verdict, check
from exactqse.model import Game, Policy
from exactqse.solve import Decision, Solution, decide, solve, solve_float64

__version__ = "0.1.0"
__all__ = [
    "Certificate",
    "Decision",
    "Enclosure",
    "Game",
    "Policy",
    "Solution",
    "Verdict",
    "__version__",
    "check",
    "decide",
    "evaluate",
    "evaluate_float64",
    "evaluate_symbolic",
    "solve",
    "solve_float64",
]
