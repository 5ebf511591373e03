"""Markov leaders on trees, for gamma > 0 and finite eta: bounds that are divided place by place.

A place's frontier need not be concave for a leader who draws no lots. Its choices are divided into
regions, by the values of the next places and by her mixtures, each with bounds of its own; what a
place proves is the highest of them at each v, seen through the boxes of the place before.
"""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.solve.placewise.solver import solve_places
else:
    __getattr__, __dir__ = lazy(__name__, {"solve_places": "solver"})

__all__ = ["solve_places"]
