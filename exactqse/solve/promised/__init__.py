"""The search for farsighted followers who best respond: gamma > 0, eta infinite, any partition."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.solve.promised.solver import solve_promised
else:
    __getattr__, __dir__ = lazy(__name__, {"solve_promised": "solver"})

__all__ = ["solve_promised"]
