"""The adversarial search: instances that bring lhs/rhs as high as it gets, and what is proved.

Random instances come first; from the best of them the coordinates are moved by scipy's optimisers
on float64 values of the ratio. The search proves nothing; the ratio of the instance that it ends
with is then bounded from below in ball arithmetic.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import minimize

from exactqse.arithmetic.balls import precision
from exactqse.claims.claim import Claim
from exactqse.claims.draws import Draw
from exactqse.claims.verdict import certified_ratio, largest_ratio

T = TypeVar("T")
_STARTS = 4  # random instances from which a local search sets out
_FRESH = 0.3  # the share of evaluations spent on random instances
_CEILING = 1e9  # ratios beyond it are all alike


@dataclass(frozen=True)
class Found(Generic[T]):
    """The instance with the largest ratio that was met.

    Attributes:
        instance: the instance.
        coordinates: what rebuilds it.
        ratio: lhs/rhs is at least this, certified; None where no right side was positive.
        evaluations: how many were made.
    """

    instance: T
    coordinates: tuple[float, ...]
    ratio: Fraction | None
    evaluations: int


@dataclass
class _Best:
    """The best so far, and a budget that ends the search by an exception."""

    value: Callable[[tuple[float, ...]], float]
    budget: int
    ratio: float = -math.inf
    coordinates: tuple[float, ...] = ()
    met: list[tuple[float, tuple[float, ...]]] = field(default_factory=list)
    spent: int = 0

    def __call__(self, coordinates: tuple[float, ...]) -> float:
        if self.spent >= self.budget:
            raise _Spent
        self.spent += 1
        ratio = self.value(coordinates)
        if ratio > self.ratio:
            self.ratio, self.coordinates = ratio, coordinates
        return ratio


class _Spent(Exception):  # noqa: N818 - a signal, caught here, no error
    """The budget is spent."""


def tightest(claim: Claim[T], *, rng: Generator, evaluations: int | None = None) -> Found[T]:
    """The instance of the largest ratio that a search of so many evaluations meets."""
    budget = claim.searches if evaluations is None else evaluations

    def value(coordinates: tuple[float, ...]) -> float:
        return approximate_ratio(claim, claim.build(Draw(coordinates)))

    best = _Best(value, max(budget, 1))
    try:
        _search(claim, best, rng)
    except _Spent:
        pass
    instance = claim.build(Draw(best.coordinates))
    return Found(instance, best.coordinates, certified(claim, instance), best.spent)


def _search(claim: Claim[T], best: _Best, rng: Generator) -> None:
    fresh = max(int(_FRESH * best.budget), 1)
    for _ in range(fresh):
        draw = Draw(rng=rng)
        claim.build(draw)
        coordinates = tuple(draw.used)
        best.met.append((best(coordinates), coordinates))
    best.met.sort(reverse=True)
    starts = [coordinates for _, coordinates in best.met[:_STARTS]]
    share = (best.budget - best.spent) // (len(starts) + 1)
    for start in starts:
        _climb(best, start, share)
    while True:
        _climb(best, best.coordinates, best.budget)


def _climb(best: _Best, start: tuple[float, ...], evaluations: int) -> None:
    """Nelder-Mead within the cube, on the coordinates that the instance depends on."""

    def loss(x: NDArray[np.float64]) -> float:
        ratio = best(tuple(float(v) for v in np.clip(x, 0.0, 1.0)))
        return -min(max(ratio, -_CEILING), _CEILING)

    options: Any = {"maxfev": evaluations, "adaptive": True, "xatol": 1e-9, "fatol": 1e-12}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns of starts on the boundary
        before = best.spent
        bounds = [(0.0, 1.0)] * len(start)
        if start:
            minimize(loss, np.array(start), method="Nelder-Mead", bounds=bounds, options=options)
    if best.spent == before or best.spent - before < len(start):
        raise _Spent


def approximate_ratio(claim: Claim[T], instance: T) -> float:
    """About the largest lhs/rhs of the instance's pairs with rhs > 0; -inf if there is none."""
    with precision(claim.bits):
        return largest_ratio(list(claim.sides(instance, claim.bits)))


def certified(claim: Claim[T], instance: T) -> Fraction | None:
    """A lower bound of the instance's ratio, by balls at twice the claim's first precision."""
    return certified_ratio(claim.of(instance), min(2 * claim.bits, claim.limit))
