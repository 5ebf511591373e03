"""Hypothesis strategies for games, policies and certificates, for tests of your own.

Needs the extra ``exactqse[testing]``.
"""

from exactqse.testing.strategies import (
    covered_games,
    distributions,
    games,
    partitions,
    payoffs,
    policies,
    solved_games,
)

__all__ = [
    "covered_games",
    "distributions",
    "games",
    "partitions",
    "payoffs",
    "policies",
    "solved_games",
]
