"""What every evaluation asks of its arguments."""

from __future__ import annotations

from fractions import Fraction

from exactqse.errors import InputError, PolicyError, shown
from exactqse.kernel.game import KernelGame
from exactqse.model.policy import Policy

MAX_DIGITS = 1000


def checked_digits(digits: object) -> int:
    """The digits asked for. Raises InputError unless they are an integer in 1..MAX_DIGITS."""
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= MAX_DIGITS:
        remedy = f"ask for 1 to {MAX_DIGITS} digits"
        raise InputError(
            f"{shown(digits)} is not a number of digits", where="digits", remedy=remedy
        )
    return digits


def checked_policy(game: KernelGame, policy: object) -> Policy:
    """The policy, once it is an exact policy of this game. Raises KindError or PolicyError."""
    if not isinstance(policy, Policy):
        what = f"{type(policy).__name__} is not a Policy"
        raise PolicyError(what, where="policy", remedy="build one with Policy.from_arrays")
    return policy.validated(game)


def mean(weights: tuple[Fraction, ...], values: tuple[Fraction, ...]) -> Fraction:
    """sum_i weights_i values_i, exactly."""
    pairs = zip(weights, values, strict=True)
    return sum((w * x for w, x in pairs if w), Fraction(0))
