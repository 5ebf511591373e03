"""Along the temperature, and around a certified equilibrium: limits, isolation, sensitivities."""

from exactqse.sweep.along_eta import Change, Sweep, SweepPoint, sweep
from exactqse.sweep.around import isolation, sensitivities
from exactqse.sweep.grid import eta_grid
from exactqse.sweep.isolate import CellOptima, Isolation, Played, Tie
from exactqse.sweep.limits import Limits, limits
from exactqse.sweep.near import Group, NearOptimal, NearPolicy, ValueRange, near_optimal
from exactqse.sweep.sensitivity import Sensitivities

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
