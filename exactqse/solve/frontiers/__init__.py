"""Leaders who remember, for gamma > 0 and finite eta: frontiers of (v, W), backward.

A place's memories offer the follower v = eta V and the leader W; with public lotteries over them
all that matters is the upper right and upper left of their hull. Inner frontiers are achieved,
outer ones proved; both are polylines, refined where the solution uses them.
"""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.solve.frontiers.solver import solve_history, solve_tree
    from exactqse.solve.frontiers.trees import is_tree
else:
    __getattr__, __dir__ = lazy(
        __name__, {"solve_history": "solver", "solve_tree": "solver", "is_tree": "trees"}
    )

__all__ = ["is_tree", "solve_history", "solve_tree"]
