"""Evaluation of any policy against a quantal follower: enclosures, float64, closed forms."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.evaluate.announced import LeaderValues
    from exactqse.evaluate.enclosures import Evaluation, evaluate
    from exactqse.evaluate.float64 import Float64Evaluation, evaluate_float64
    from exactqse.evaluate.symbolic import SymbolicEvaluation, evaluate_symbolic
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "LeaderValues": "announced",
            **dict.fromkeys(("Evaluation", "evaluate"), "enclosures"),
            **dict.fromkeys(("Float64Evaluation", "evaluate_float64"), "float64"),
            **dict.fromkeys(("SymbolicEvaluation", "evaluate_symbolic"), "symbolic"),
        },
    )

__all__ = [
    "Evaluation",
    "Float64Evaluation",
    "LeaderValues",
    "SymbolicEvaluation",
    "evaluate",
    "evaluate_float64",
    "evaluate_symbolic",
]
