"""Evaluation of any policy against a quantal follower: enclosures, float64, closed forms."""

from exactqse.evaluate.enclosures import Evaluation, evaluate
from exactqse.evaluate.float64 import Float64Evaluation, evaluate_float64
from exactqse.evaluate.symbolic import SymbolicEvaluation, evaluate_symbolic

__all__ = [
    "Evaluation",
    "Float64Evaluation",
    "SymbolicEvaluation",
    "evaluate",
    "evaluate_float64",
    "evaluate_symbolic",
]
