"""J* of a game from a checked certificate: computed once, used for every trial in the game."""

from __future__ import annotations

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import InputError, of_kind
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash
from exactqse.solve import Solution, solve
from exactqse.solve.solution import uninterrupted


def certified(game: KernelGame, optimum: Solution | None) -> Solution:
    """The solution, once it is a certified one of this game; by default what ``solve`` finds.

    Raises:
        InputError: not certified, of another game, or for a leader who remembers the history.
        NotCoveredError, PrecisionError: as :func:`exactqse.solve`.
    """
    if optimum is None:
        return uninterrupted(solve(game, checker="flint"))
    remedy = "give what exactqse.solve(game) returns"
    of_kind(optimum, Solution, "a Solution", where="optimum", remedy=remedy)
    if not optimum.certified:
        raise InputError("no checker has accepted it", where="optimum", remedy=remedy)
    if game_hash(optimum.game) != game_hash(game):
        raise InputError("is that of another game", where="optimum", remedy=remedy)
    if optimum.remembers:
        what = "is that of a leader who remembers the history, and no learner does"
        raise InputError(what, where="optimum", remedy=remedy)
    return optimum


def bounds(optimum: Solution) -> Enclosure:
    """What the checker proved of J*. Raises InputError when it proved nothing."""
    verdict = optimum.verdict
    if verdict is None or verdict.lower is None or verdict.upper is None:
        raise InputError("no checker has accepted it", where="optimum")
    return Enclosure(verdict.lower, verdict.upper)
