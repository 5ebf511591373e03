"""Along the temperature, and around a certified equilibrium: limits, isolation, sensitivities."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.sweep.along_eta import Change, Sweep, SweepPoint, sweep
    from exactqse.sweep.around import isolation, sensitivities
    from exactqse.sweep.extremes import Limits, limits
    from exactqse.sweep.grid import eta_grid
    from exactqse.sweep.isolate import CellOptima, Isolation, Played, Tie
    from exactqse.sweep.near import Group, NearOptimal, NearPolicy, ValueRange, near_optimal
    from exactqse.sweep.sensitivity import Sensitivities
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(("Change", "Sweep", "SweepPoint", "sweep"), "along_eta"),
            **dict.fromkeys(("isolation", "sensitivities"), "around"),
            "eta_grid": "grid",
            **dict.fromkeys(("CellOptima", "Isolation", "Played", "Tie"), "isolate"),
            **dict.fromkeys(("Limits", "limits"), "extremes"),
            **dict.fromkeys(
                ("Group", "NearOptimal", "NearPolicy", "ValueRange", "near_optimal"), "near"
            ),
            "Sensitivities": "sensitivity",
        },
    )

__all__ = [
    "CellOptima",
    "Change",
    "Group",
    "Isolation",
    "Limits",
    "NearOptimal",
    "NearPolicy",
    "Played",
    "Sensitivities",
    "Sweep",
    "SweepPoint",
    "Tie",
    "ValueRange",
    "eta_grid",
    "isolation",
    "limits",
    "near_optimal",
    "sensitivities",
    "sweep",
]
