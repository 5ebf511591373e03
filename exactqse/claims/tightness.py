"""The adversarial search: instances that bring lhs/rhs as high as it gets, and what is proved.

Hypothesis comes first and targets the ratio; then random instances; from the best of both the
coordinates are moved by scipy's optimisers on float64 values of the ratio. The search proves
nothing; the ratio of the instance that it ends with is then bounded from below in ball arithmetic.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
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
from exactqse.claims.targeting import CEILING, targeted
from exactqse.claims.verdict import certified_ratio, largest_ratio

T = TypeVar("T")
_STARTS = 4  # instances from which a local search sets out
_TARGETED = 0.2  # the share of evaluations left to Hypothesis
_FRESH = 0.2  # the share spent on random instances
_EACH = 8  # evaluations that Nelder-Mead wants for each coordinate
_SHRINK, _SMALLEST = 0.85, 1e-4  # of random moves


@dataclass(frozen=True)
class Found(Generic[T]):
    """The instance with the largest ratio that was met.

    Attributes:
        instance: the instance.
        coordinates: what rebuilds it.
        ratio: lhs/rhs is at least this, certified; None where no right side was positive.
        evaluations: how many were made.
        targeted: how many of them Hypothesis chose; 0 where it is not installed.
    """

    instance: T
    coordinates: tuple[float, ...]
    ratio: Fraction | None
    evaluations: int
    targeted: int


@dataclass
class _Best:
    """The best so far, and a budget that ends the search by an exception."""

    value: Callable[[tuple[float, ...]], float]
    budget: int
    ratio: float = -math.inf
    coordinates: tuple[float, ...] = ()
    met: list[tuple[float, tuple[float, ...]]] = field(default_factory=list)
    spent: int = 0
    targeted: int = 0

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


def tightest(
    claim: Claim[T],
    *,
    rng: Generator,
    evaluations: int | None = None,
    starts: Sequence[tuple[float, ...]] = (),
) -> Found[T]:
    """The instance of the largest ratio that a search of so many evaluations meets.

    Args:
        claim: an inequality.
        rng: where random instances come from.
        evaluations: at most so many; the claim's own number by default.
        starts: coordinates of instances to look at first.
    """
    budget = claim.searches if evaluations is None else evaluations

    def value(coordinates: tuple[float, ...]) -> float:
        return approximate_ratio(claim, claim.build(Draw(coordinates)))

    best = _Best(value, max(budget, 1))
    with suppress(_Spent):
        _search(claim, best, rng, starts)
    instance = claim.build(Draw(best.coordinates))
    ratio = certified(claim, instance)
    return Found(instance, best.coordinates, ratio, best.spent, best.targeted)


def _search(
    claim: Claim[T], best: _Best, rng: Generator, starts: Sequence[tuple[float, ...]]
) -> None:
    _target(claim, best, rng)
    for start in starts:
        best.met.append((best(start), start))
    for _ in range(max(int(_FRESH * best.budget), 1)):
        draw = Draw(rng=rng)
        claim.build(draw)
        coordinates = tuple(draw.used)
        best.met.append((best(coordinates), coordinates))
    best.met.sort(reverse=True)
    chosen = [coordinates for _, coordinates in best.met[:_STARTS]]
    share = (best.budget - best.spent) // (2 * len(chosen))
    for start in chosen:
        _climb(best, start, share, rng)
    while True:
        _climb(best, best.coordinates, share, rng)


def _target(claim: Claim[T], best: _Best, rng: Generator) -> None:
    """Let Hypothesis look first; its best is one of the starts."""
    seed = int(rng.integers(1 << 32))  # drawn in any case: what is random is the same without it
    targeted(claim, best, seed=seed, evaluations=int(_TARGETED * best.budget))
    best.targeted = best.spent
    if best.targeted:
        best.met.append((best.ratio, best.coordinates))


def _climb(best: _Best, start: tuple[float, ...], evaluations: int, rng: Generator) -> None:
    """Nelder-Mead where there are evaluations enough for so many coordinates; then random moves."""
    end = best.spent + evaluations
    if evaluations > _EACH * len(start) > 0:
        _simplex(best, start, evaluations)
    _moves(best, start, max(end - best.spent, len(start) + 1), rng)


def _simplex(best: _Best, start: tuple[float, ...], evaluations: int) -> None:
    def loss(x: NDArray[np.float64]) -> float:
        ratio = best(tuple(float(v) for v in np.clip(x, 0.0, 1.0)))
        return -min(max(ratio, -CEILING), CEILING)

    options: Any = {"maxfev": evaluations, "adaptive": True, "xatol": 1e-9, "fatol": 1e-12}
    bounds = [(0.0, 1.0)] * len(start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns of starts on the boundary
        minimize(loss, np.array(start), method="Nelder-Mead", bounds=bounds, options=options)


def _moves(best: _Best, start: tuple[float, ...], evaluations: int, rng: Generator) -> None:
    """Move one to three coordinates at a time, by less when that fails; keep what is better."""
    at, ratio, size = list(start), best(start), 0.3
    for _ in range(evaluations):
        moved = list(at)
        for i in rng.integers(len(at), size=rng.integers(1, 4)).tolist() if at else ():
            moved[i] = min(max(moved[i] + size * rng.standard_normal(), 0.0), 1.0)
        found = best(tuple(moved))
        if found >= ratio:
            at, ratio, size = moved, found, min(2 * size, 0.5)
        else:
            size = max(_SHRINK * size, _SMALLEST)


def approximate_ratio(claim: Claim[T], instance: T) -> float:
    """About the largest lhs/rhs of the instance's pairs with rhs > 0; -inf if there is none."""
    with precision(claim.bits):
        return largest_ratio(list(claim.sides(instance, claim.bits)))


def certified(claim: Claim[T], instance: T) -> Fraction | None:
    """A lower bound of the instance's ratio, by balls at twice the claim's first precision."""
    return certified_ratio(claim.of(instance), min(2 * claim.bits, claim.limit))
