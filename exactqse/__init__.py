"""Certified quantal Stackelberg equilibria of tabular leader-follower Markov games.

Names are imported when they are first used, so that the kernel can be imported without the rest.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse import arithmetic as arithmetic
    from exactqse import claims as claims
    from exactqse import errors as errors
    from exactqse import formats as formats
    from exactqse import games as games
    from exactqse import kernel as kernel
    from exactqse import learn as learn
    from exactqse import model as model
    from exactqse import simulate as simulate
    from exactqse import testing as testing
    from exactqse import trials as trials
    from exactqse.arithmetic import Enclosure
    from exactqse.evaluate import evaluate, evaluate_float64, evaluate_symbolic
    from exactqse.kernel.certificate import Certificate
    from exactqse.kernel.check import Verdict, check
    from exactqse.model import Game, Policy
    from exactqse.solve import (
        Decision,
        Solution,
        WeakSolution,
        decide,
        solve,
        solve_float64,
        solve_weak,
        worst_case,
    )
    from exactqse.sweep import (
        Isolation,
        NearOptimal,
        Sensitivities,
        Sweep,
        eta_grid,
        isolation,
        near_optimal,
        sensitivities,
        sweep,
    )
    from exactqse.trials import run_offline, run_online
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Enclosure",), "arithmetic"),
            **dict.fromkeys(("evaluate", "evaluate_float64", "evaluate_symbolic"), "evaluate"),
            **dict.fromkeys(("Certificate",), "kernel.certificate"),
            **dict.fromkeys(("Verdict", "check"), "kernel.check"),
            **dict.fromkeys(("Game", "Policy"), "model"),
            **dict.fromkeys(("Decision", "Solution", "WeakSolution"), "solve"),
            **dict.fromkeys(
                ("decide", "solve", "solve_float64", "solve_weak", "worst_case"), "solve"
            ),
            **dict.fromkeys(("run_offline", "run_online"), "trials"),
            **dict.fromkeys(
                (
                    "Isolation",
                    "NearOptimal",
                    "Sensitivities",
                    "Sweep",
                    "eta_grid",
                    "isolation",
                    "near_optimal",
                    "sensitivities",
                    "sweep",
                ),
                "sweep",
            ),
        },
        (
            "arithmetic",
            "claims",
            "errors",
            "formats",
            "games",
            "kernel",
            "learn",
            "model",
            "simulate",
            "testing",
            "trials",
        ),
    )

__version__ = "0.1.0"
__all__ = [
    "Certificate",
    "Decision",
    "Enclosure",
    "Game",
    "Isolation",
    "NearOptimal",
    "Policy",
    "Sensitivities",
    "Solution",
    "Sweep",
    "Verdict",
    "WeakSolution",
    "__version__",
    "check",
    "decide",
    "eta_grid",
    "evaluate",
    "evaluate_float64",
    "evaluate_symbolic",
    "isolation",
    "near_optimal",
    "run_offline",
    "run_online",
    "sensitivities",
    "solve",
    "solve_float64",
    "solve_weak",
    "sweep",
    "worst_case",
]


class _Face(ModuleType):
    """A module whose functions keep their names where subpackages are called the same.

    Importing ``exactqse.solve`` binds that name on this module to the subpackage, whoever does it
    and whenever; ``exactqse.solve`` is the function nevertheless. So is ``exactqse.evaluate``.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
