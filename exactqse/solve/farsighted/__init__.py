"""The search for farsighted followers: gamma > 0, finite eta, any partition, a Markov leader."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.solve.farsighted.solver import solve_farsighted
else:
    __getattr__, __dir__ = lazy(__name__, {"solve_farsighted": "solver"})

__all__ = ["solve_farsighted"]
