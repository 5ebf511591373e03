"""Mutants have to fail: an instance that violates each one is looked for and proved to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Generic, TypeVar

from numpy.random import Generator

from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.draws import Draw
from exactqse.claims.tightness import tightest
from exactqse.claims.verdict import Outcome, Verdict, decide
from exactqse.errors import PrecisionError

T = TypeVar("T")


@dataclass(frozen=True)
class Refutation(Generic[T]):
    """An instance on which a claim is proved to fail.

    Attributes:
        instance: the instance.
        coordinates: what rebuilds it.
        verdict: "violated", and at which precision.
    """

    instance: T
    coordinates: tuple[float, ...]
    verdict: Verdict


def judge(claim: Claim[T], instance: T) -> Verdict:
    """What is proved of the claim on one instance; nothing if a side cannot be enclosed."""
    options = {"bits": claim.bits, "limit": claim.limit, "digits": claim.digits}
    try:
        return decide(claim.of(instance), claim.relation, **options)
    except PrecisionError:
        return Verdict(Outcome.UNDECIDED, claim.limit, -math.inf)


def refute(
    claim: Claim[T], mutant: Mutant[T], *, rng: Generator, instances: int | None = None
) -> Refutation[T] | None:
    """An instance that violates the mutant: a random one, else the one that a search ends with.

    None when none is found.
    """
    changed = claim.mutated(mutant)
    for _ in range(claim.instances if instances is None else instances):
        draw = Draw(rng=rng)
        found = refuted_at(changed, changed.build(draw), tuple(draw.used))
        if found is not None:
            return found
    if claim.relation == "=" or not claim.searches:
        return None
    most = tightest(changed, rng=rng)
    return refuted_at(changed, most.instance, most.coordinates)


def refuted_at(
    claim: Claim[T], instance: T, coordinates: tuple[float, ...]
) -> Refutation[T] | None:
    """The refutation, if this instance is one."""
    verdict = judge(claim, instance)
    if verdict.outcome is not Outcome.VIOLATED:
        return None
    return Refutation(instance, coordinates, verdict)
