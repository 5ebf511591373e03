"""What a claim is: a statement with two sides, instances, and mutants that have to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.random import Generator

from exactqse.claims.draws import Draw
from exactqse.claims.verdict import Pairs, Relation, Sides
from exactqse.errors import ClaimError, shown

T = TypeVar("T")

TwoSides = Callable[[T, int], Pairs]
Build = Callable[[Draw], T]
Trial = Callable[[Generator], bool]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What claims of both kinds say of themselves.

    Attributes:
        id: such as C3; claims that belong together share its beginning, C2a and C2b.
        title: a few words.
        statement: in words.
        latex: the formula.
        hypotheses: what is assumed, in words.
        source: a page in proofs/, or a reference.
        sharp: what is known of the constant, in words; empty when nothing is.
    """

    id: str
    title: str
    statement: str
    latex: str
    source: str
    hypotheses: tuple[str, ...] = ()
    sharp: str = ""

    def __post_init__(self) -> None:
        for name in ("id", "title", "statement", "latex", "source", "sharp"):
            value = getattr(self, name)
            if not isinstance(value, str) or not (value or name == "sharp"):
                raise ClaimError(f"{name} is {shown(value)}, not a text", where=shown(self.id))
        if not self.id.isidentifier():
            what = "is not made of letters, digits and _"
            raise ClaimError(what, where=f"id {shown(self.id)}")

    def generator(self, seed: int) -> Generator:
        """The random numbers of this claim under a seed."""
        return np.random.default_rng([seed, *self.id.encode()])


@dataclass(frozen=True, kw_only=True)
class Mutant(Generic[T]):
    """A claim changed so that it is false, with what has to be refuted.

    Attributes:
        name: one word or two.
        what: what was changed.
        sides: in place of the claim's; None keeps them.
        build: in place of the claim's instances; None keeps them.
    """

    name: str
    what: str
    sides: TwoSides[T] | None = None
    build: Build[T] | None = None


@dataclass(frozen=True, kw_only=True)
class Claim(Statement, Generic[T]):
    """lhs <= rhs, or lhs = rhs, for every instance that the hypotheses allow.

    Attributes:
        relation: "<=" or "=".
        sides: from an instance and a number of bits, which is the working precision then, to pairs
            of enclosures (arb, or fmpq where exact); all of the pairs have to be related.
        build: an instance from a :class:`Draw`; it satisfies the hypotheses.
        document: an instance as a dictionary for JSON.
        mutants: false variants, each to be refuted by a run.
        instances: how many a run checks by default.
        searches: how many evaluations its adversarial search may take by default.
        bits: the first precision.
        limit: the largest precision tried.
        digits: of agreement, where the two sides cannot be told apart.
    """

    relation: Relation
    sides: TwoSides[T]
    build: Build[T]
    document: Callable[[T], Mapping[str, Any]]
    mutants: tuple[Mutant[T], ...] = ()
    instances: int = 1000
    searches: int = 1000
    bits: int = 128
    limit: int = 4096
    digits: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.relation not in {"<=", "="}:
            what = f"the relation {shown(self.relation)} is not '<=' or '='"
            raise ClaimError(what, where=self.id)
        for name in ("sides", "build", "document"):
            if not callable(getattr(self, name)):
                raise ClaimError(f"{name} is not a function", where=self.id)
        _checked_counts(self, ("instances", "searches", "bits", "limit", "digits"))
        _checked_mutants(self.id, self.mutants)

    def of(self, instance: T) -> Sides:
        """The two sides of an instance, as functions of the precision."""
        return lambda bits: self.sides(instance, bits)

    def mutated(self, mutant: Mutant[T]) -> Claim[T]:
        """The mutant as a claim of its own."""
        return replace(
            self,
            title=f"{self.title} ({mutant.name})",
            sides=mutant.sides or self.sides,
            build=mutant.build or self.build,
            mutants=(),
        )


@dataclass(frozen=True, kw_only=True)
class CoverageMutant:
    """A trial changed so that it succeeds less often than claimed."""

    name: str
    what: str
    trial: Trial


@dataclass(frozen=True, kw_only=True)
class Coverage(Statement):
    """An event that has probability at least ``level``.

    Attributes:
        level: 1 - delta.
        trial: draws one run and says whether the event happened in it.
        mutants: trials whose event is rarer, each to be caught.
        trials: at most so many are made by default.
    """

    level: Fraction
    trial: Trial
    mutants: tuple[CoverageMutant, ...] = ()
    trials: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.level, Fraction) or not 0 < self.level < 1:
            what = f"level {shown(self.level)} is not a Fraction in (0, 1)"
            raise ClaimError(what, where=self.id)
        if not callable(self.trial):
            raise ClaimError("trial is not a function", where=self.id)
        _checked_counts(self, ("trials",))
        _checked_mutants(self.id, self.mutants)


def _checked_counts(claim: Statement, names: Sequence[str]) -> None:
    for name in names:
        value = getattr(claim, name)
        least = 0 if name == "searches" else 1
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            what = f"{name} is {shown(value)}, not an integer of at least {least}"
            raise ClaimError(what, where=claim.id)


def _checked_mutants(name: str, mutants: Sequence[Mutant[Any] | CoverageMutant]) -> None:
    names = [mutant.name for mutant in mutants]
    if len(set(names)) < len(names):
        raise ClaimError(f"two mutants have one name among {names}", where=name)
