"""What is known of the optimal policies around a certified one: whether it is alone, and slopes."""

from __future__ import annotations

from dataclasses import replace

from exactqse.errors import NotCoveredError
from exactqse.solve.solution import Solution, certified
from exactqse.sweep.exchanges import exchanged
from exactqse.sweep.farsighted import FarsightedOptima
from exactqse.sweep.isolate import Isolation, Optima
from exactqse.sweep.near import NearOptimal, near_optimal
from exactqse.sweep.sensitivity import Sensitivities, stagewise_sensitivities
from exactqse.sweep.strong import strong_isolation
from exactqse.sweep.threats import threatened


def isolation(solution: Solution | NearOptimal) -> Isolation:
    """Where the optimal policies of a solved game are, and whether there is exactly one.

    The bounds are those of the checked certificate; what follows from them is ball arithmetic, or
    exact rational arithmetic for eta = infinity.

    Args:
        solution: a certified one, for gamma > 0 of a Markov leader; or what
            :func:`near_optimal` found of it, with more parts, where the default leaves it
            undecided.

    Raises:
        KindError, InputError: no solution, or one that no checker accepted.
        NotCoveredError: gamma > 0 and a leader who remembers.
    """
    found = solution.solution if isinstance(solution, NearOptimal) else certified(solution)
    if found.game.eta is None and not found.game.gamma:
        return strong_isolation(found)
    if found.game.eta is None and not found.remembers:
        return threatened(solution if isinstance(solution, NearOptimal) else near_optimal(found))
    return exchanged(_optima(solution).isolation())


def sensitivities(solution: Solution | NearOptimal) -> Sensitivities:
    """Enclosures of dJ*/deta, dJ*/du and dJ*/dr at a solved game.

    Args:
        solution: as for :func:`isolation`, of finite eta.

    Raises:
        KindError, InputError: no solution, or one that no checker accepted.
        NotCoveredError: eta = infinity; or gamma > 0 and a leader who remembers.
    """
    optima = _optima(solution)
    if isinstance(optima, FarsightedOptima):
        found = optima.sensitivities()
    else:
        found = stagewise_sensitivities(optima)
    return replace(found, isolation=exchanged(found.isolation))


def _optima(solution: Solution | NearOptimal) -> Optima | FarsightedOptima:
    near = solution if isinstance(solution, NearOptimal) else None
    found = certified(solution) if near is None else near.solution
    if found.remembers or (found.game.gamma and found.game.eta is None):
        what = "a leader who remembers" if found.remembers else "gamma > 0 and eta = infinity"
        told = not found.remembers or found.game.eta is not None
        remedy = "see near_optimal" if told else "solve for a Markov leader"
        raise NotCoveredError(f"not covered: {what}", where="solution", remedy=remedy)
    if not found.game.gamma:
        return Optima(found)
    return FarsightedOptima(near or near_optimal(found))
