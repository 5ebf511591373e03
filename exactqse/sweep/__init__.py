"""Along the temperature, and around a certified equilibrium: limits, isolation, sensitivities."""

from exactqse.sweep.along_eta import Change, Sweep, SweepPoint, sweep
from exactqse.sweep.grid import eta_grid
from exactqse.sweep.isolate import CellOptima, Isolation, Tie, isolation
from exactqse.sweep.limits import Limits, limits
from exactqse.sweep.sensitivity import Sensitivities, sensitivities

__all__ = [
    "CellOptima",
    "Change",
    "Isolation",
    "Limits",
    "Sensitivities",
    "Sweep",
    "SweepPoint",
    "Tie",
    "eta_grid",
    "isolation",
    "limits",
    "sensitivities",
    "sweep",
]
