"""Tests of a Bernoulli mean against a level: exact at a fixed number of trials, or at any time.

The anytime-valid test bets against each of two hypotheses, p <= level and p >= level. Whoever bets
a share lam of 1 on the next outcome multiplies a capital by a factor of mean at most 1 while the
hypothesis is true, so by Ville's inequality the capital ever reaches 1/error with probability at
most error (proofs/sequential-tests.md). The trials need not be independent, only to succeed with
a probability on the hypothesis's side given what came before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal

from flint import arb

from exactqse.arithmetic.balls import ball, exact_fraction, precision
from exactqse.claims.verdict import Outcome
from exactqse.errors import InputError, shown

Side = Literal["above", "below"]
_BETS = 16  # shares that are bet at once, with equal capital
_BITS = 128


@dataclass(frozen=True)
class Sequential:
    """How a sequential test ended.

    Attributes:
        outcome: HOLDS (p > level is believed), VIOLATED (p < level), or UNDECIDED.
        trials: how many were made.
        successes: how many of them succeeded.
        level: what the mean is compared with.
        error: the probability of HOLDS if p <= level, and of VIOLATED if p >= level, is at most
            this, whenever the test is stopped.
    """

    outcome: Outcome
    trials: int
    successes: int
    level: Fraction
    error: Fraction


def sequential_test(outcomes: Iterable[bool], *, level: Fraction, error: Fraction) -> Sequential:
    """Take outcomes until the verdict is clear, or until there are no more.

    Raises:
        InputError: the level or the error is not between 0 and 1.
    """
    for name, value in (("level", level), ("error", error)):
        if not isinstance(value, Fraction) or not 0 < value < 1:
            raise InputError(f"{shown(value)} is not a Fraction in (0, 1)", where=name)
    end = partial(Sequential, level=level, error=error)
    trials = successes = 0
    for success in outcomes:
        trials, successes = trials + 1, successes + bool(success)
        failures = trials - successes
        if capital(successes, failures, level=level, side="above") * error >= 1:
            return end(Outcome.HOLDS, trials, successes)
        if capital(successes, failures, level=level, side="below") * error >= 1:
            return end(Outcome.VIOLATED, trials, successes)
    return end(Outcome.UNDECIDED, trials, successes)


def capital(successes: int, failures: int, *, level: Fraction, side: Side) -> Fraction:
    """A lower bound of the capital of who bets that the mean is above (below) the level.

    The mean over j = 1..16 of (1 + lam (1 - p))^successes (1 - lam p)^failures, p the level and
    lam = j/(16 p); for "below" the same with failures for successes and 1 - p for p. In whatever
    order the outcomes came, the capital is this.
    """
    wins, losses, p = successes, failures, level
    if side == "below":
        wins, losses, p = failures, successes, 1 - level
    with precision(_BITS):
        total = arb(0)
        for j in range(1, _BETS + 1):
            lam = Fraction(j, _BETS) / p
            total += _power(1 + lam * (1 - p), wins) * _power(1 - lam * p, losses)
        return exact_fraction((total / _BETS).lower())


def _power(base: Fraction, count: int) -> arb:
    """base^count, exactly 1 for count 0."""
    return ball(base) ** count if base else arb(not count)


def exact_p_values(successes: int, trials: int, *, level: Fraction) -> tuple[float, float]:
    """One-sided exact binomial p-values, for p >= level and for p <= level.

    The first is small when there are too few successes, the second when there are many. They are
    valid for a number of independent trials that was fixed beforehand. (scipy.stats.binomtest)
    """
    from scipy.stats import binomtest  # noqa: PLC0415 - slow to import

    p = float(level)
    less = binomtest(successes, trials, p, alternative="less").pvalue
    return float(less), float(binomtest(successes, trials, p, alternative="greater").pvalue)
