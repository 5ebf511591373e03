"""For tests of your own: strategies for games, and learners held against the certified optimum.

The strategies need the extra ``exactqse[testing]``; what tests learners does not.
"""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.testing.conformance import LearnerConformance
    from exactqse.testing.learners import (
        assert_regret,
        assert_regret_slope,
        assert_suboptimality,
    )
    from exactqse.testing.strategies import (
        covered_games,
        distributions,
        games,
        partitions,
        payoffs,
        policies,
        solved_games,
    )
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "LearnerConformance": "conformance",
            **dict.fromkeys(
                ("assert_regret", "assert_regret_slope", "assert_suboptimality"), "learners"
            ),
            **dict.fromkeys(
                (
                    "covered_games",
                    "distributions",
                    "games",
                    "partitions",
                    "payoffs",
                    "policies",
                    "solved_games",
                ),
                "strategies",
            ),
        },
    )

__all__ = [
    "LearnerConformance",
    "assert_regret",
    "assert_regret_slope",
    "assert_suboptimality",
    "covered_games",
    "distributions",
    "games",
    "partitions",
    "payoffs",
    "policies",
    "solved_games",
]
