"""Checking a claim: random instances, the adversarial search, and mutants when they are asked for.

The same claim, seed and depth give the same findings, but for the times. What holds on every
instance that was tried is not proved by that: proofs are in proofs/.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numpy.random import Generator

from exactqse.claims.claim import Claim, Coverage
from exactqse.claims.draws import Draw, checked_coordinates
from exactqse.claims.refuting import judge, refute
from exactqse.claims.registry import AnyClaim
from exactqse.claims.sequential import Sequential, exact_p_values, sequential_test
from exactqse.claims.shrinking import shrunk
from exactqse.claims.tightness import tightest
from exactqse.claims.verdict import Outcome, worst
from exactqse.errors import ClaimError, InputError, shown

Progress = Callable[[str, int, int], None]  # the claim's id, done, of how many
ERROR = Fraction(1, 1000)  # of a verdict on a probability
DEEPER = 10
_KEPT = 3  # instances with large ratios that the search starts from
_SHOWN = 3  # instances of a bad outcome that are kept


@dataclass(frozen=True)
class Example:
    """One instance.

    Attributes:
        coordinates: what rebuilds it: ``claim.build(Draw(coordinates))``.
        document: the instance for JSON, exactly.
        outcome: what was found on it.
    """

    coordinates: tuple[float, ...]
    document: Mapping[str, Any]
    outcome: Outcome


@dataclass(frozen=True)
class Mutation:
    """What became of a mutant.

    Attributes:
        name: its name.
        what: what was changed.
        refuted: whether it was refuted, as it has to be.
        example: the instance that does it, for mutants of inequalities and identities.
    """

    name: str
    what: str
    refuted: bool
    example: Example | None = None


@dataclass(frozen=True)
class Finding:
    """What a run found of a claim.

    Attributes:
        claim: the claim.
        seed: of its random numbers.
        outcome: HOLDS unless some instance says otherwise, or a mutant was not refuted.
        counts: instances (trials) by outcome.
        ratio: the largest lhs/rhs met is at least this, certified; None where no rhs was positive.
        worst: the instance with that ratio.
        against: the first instances that violate the claim or leave it undecided; before them, if
            it is violated, a simple one that Hypothesis shrank.
        bits: the largest precision that an instance took.
        evaluations: of the adversarial search.
        targeted: how many of them Hypothesis chose; 0 where it is not installed.
        seconds: wall time.
        mutations: mutants, where asked for.
        test: of a probability.
        p_values: exact binomial ones of the same trials, which assume that their number was fixed.
    """

    claim: AnyClaim
    seed: int
    outcome: Outcome
    counts: Mapping[Outcome, int]
    seconds: float
    ratio: Fraction | None = None
    worst: Example | None = None
    against: tuple[Example, ...] = ()
    bits: int = 0
    evaluations: int = 0
    targeted: int = 0
    mutations: tuple[Mutation, ...] = ()
    test: Sequential | None = None
    p_values: tuple[float, float] | None = None

    @property
    def instances(self) -> int:
        """How many random instances, or trials."""
        return sum(self.counts.values())

    @property
    def good(self) -> bool:
        """Whether the claim held and every mutant that was tried did not."""
        return self.outcome.good and all(m.refuted for m in self.mutations)


def run(
    claim: AnyClaim,
    *,
    seed: int = 0,
    deep: bool = False,
    mutants: bool = False,
    progress: Progress | None = None,
) -> Finding:
    """Check a claim.

    Args:
        claim: the claim.
        seed: of its random numbers, 0 or more.
        deep: ten times as many instances and evaluations, and the mutants.
        mutants: refute the mutants as well.
        progress: told of every instance.

    Raises:
        ClaimError: the claim's own functions fail.
        InputError: a negative seed.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"{shown(seed)} is not an integer of at least 0", where="seed")
    start = time.monotonic()
    rng = claim.generator(seed)
    plan = _Plan(DEEPER if deep else 1, mutants or deep, progress)
    try:
        if isinstance(claim, Coverage):
            found = _run_coverage(claim, rng, plan)
        else:
            found = _run_claim(claim, rng, plan)
    except (ArithmeticError, LookupError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        what = f"its functions fail: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ClaimError(what, where=claim.id) from error
    return Finding(claim=claim, seed=seed, seconds=time.monotonic() - start, **found)


@dataclass
class _Tally:
    """What the random instances of a claim came to."""

    claim: Claim[Any]
    counts: Counter[Outcome] = field(default_factory=Counter)
    bits: int = 0
    against: list[Example] = field(default_factory=list)
    largest: list[tuple[float, tuple[float, ...]]] = field(default_factory=list)

    def add(self, draw: Draw) -> None:
        """Judge the instance that a draw builds."""
        instance = self.claim.build(draw)
        verdict = judge(self.claim, instance)
        coordinates = tuple(draw.used)
        self.counts[verdict.outcome] += 1
        self.bits = max(self.bits, verdict.bits)
        if not verdict.outcome.good and len(self.against) < _SHOWN:
            document = _documented(self.claim, instance)
            self.against.append(Example(coordinates, document, verdict.outcome))
        if math.isfinite(verdict.ratio):
            self.largest = sorted([*self.largest, (verdict.ratio, coordinates)])[-_KEPT:]


@dataclass(frozen=True)
class _Plan:
    """How much is done: ``times`` the claim's own numbers, and whether the mutants are tried."""

    times: int
    mutants: bool
    progress: Progress | None

    def tell(self, claim: AnyClaim, done: int, count: int) -> None:
        """Tell of one more instance."""
        if self.progress is not None:
            self.progress(claim.id, done, count)


def _run_claim(claim: Claim[Any], rng: Generator, plan: _Plan) -> dict[str, Any]:
    tally, count = _Tally(claim), plan.times * claim.instances
    for i in range(count):
        tally.add(Draw(rng=rng))
        plan.tell(claim, i + 1, count)
    found: dict[str, Any] = {}
    if claim.relation == "<=" and claim.searches:
        starts = [coordinates for _, coordinates in reversed(tally.largest)]
        most = tightest(claim, rng=rng, evaluations=plan.times * claim.searches, starts=starts)
        outcome = judge(claim, most.instance).outcome
        example = Example(most.coordinates, _documented(claim, most.instance), outcome)
        found = {
            "ratio": most.ratio,
            "worst": example,
            "evaluations": most.evaluations,
            "targeted": most.targeted,
        }
        if not outcome.good:
            tally.counts[outcome] += 1
            tally.against.append(example)
    violated = [e for e in tally.against if e.outcome is Outcome.VIOLATED]
    simple = [_simplest(claim, e) for e in violated[:1]]
    mutations = tuple(_mutation(claim, m, rng) for m in claim.mutants) if plan.mutants else ()
    return {
        "outcome": worst(o for o in tally.counts if tally.counts[o]),
        "counts": dict(tally.counts),
        "against": (*simple, *tally.against),
        "bits": tally.bits,
        "mutations": mutations,
        **found,
    }


def _simplest(claim: Claim[Any], example: Example) -> Example:
    """The example shrunk."""
    return replay(claim, shrunk(claim, example.coordinates))


def _mutation(claim: Claim[Any], mutant: Any, rng: Generator) -> Mutation:
    found = refute(claim, mutant, rng=rng)
    if found is None:
        return Mutation(mutant.name, mutant.what, refuted=False)
    document = _documented(claim, found.instance)
    example = Example(found.coordinates, document, found.verdict.outcome)
    return Mutation(mutant.name, mutant.what, refuted=True, example=example)


def _run_coverage(claim: Coverage, rng: Generator, plan: _Plan) -> dict[str, Any]:
    error = ERROR if plan.times == 1 else ERROR / 1000
    count = plan.times * claim.trials

    def trials() -> Iterator[bool]:
        for i in range(count):
            plan.tell(claim, i + 1, count)
            yield claim.trial(rng)

    test = sequential_test(trials(), level=claim.level, error=error)
    mutations = []
    for mutant in claim.mutants if plan.mutants else ():
        outcomes = (mutant.trial(rng) for _ in range(claim.trials))
        caught = sequential_test(outcomes, level=claim.level, error=error).outcome
        mutations.append(Mutation(mutant.name, mutant.what, caught is Outcome.VIOLATED))
    counts = {
        Outcome.HOLDS: test.successes,
        Outcome.VIOLATED: test.trials - test.successes,
    }
    return {
        "outcome": test.outcome,
        "counts": counts,
        "test": test,
        "p_values": exact_p_values(test.successes, test.trials, level=claim.level),
        "mutations": tuple(mutations),
    }


def replay(claim: Claim[Any], coordinates: object) -> Example:
    """The instance of these coordinates, and what is found on it. Raises InputError."""
    values = checked_coordinates(coordinates)
    instance = claim.build(Draw(values))
    return Example(values, _documented(claim, instance), judge(claim, instance).outcome)


def _documented(claim: Claim[Any], instance: Any) -> Mapping[str, Any]:
    """The instance's document, once it is seen that JSON can hold it. Raises TypeError."""
    document = claim.document(instance)
    json.dumps(document)
    return document
