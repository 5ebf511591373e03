from __future__ import annotations

import math
from fractions import Fraction
from itertools import chain, product

import mpmath
import numpy as np
import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic import balls as border
from exactqse.errors import InputError, PolicyError, PrecisionError
from exactqse.evaluate import Evaluation, enclosures, evaluate
from exactqse.kernel.elementary import IntegerElementary
from exactqse.kernel.interval import lower, scale, upper
from exactqse.kernel.operators import policy_value
from exactqse.model import Game, Policy

FIELDS = ("V", "Q", "nu", "U", "W", "J")
EPS = Fraction(1, 10**50)


def flat(table):
    return list(chain(*map(flat, table))) if isinstance(table, tuple | list) else [table]


def naive(game, policy, dps=70):
    """The model's formulas as they are written, unshifted, in mpmath."""
    mp = mpmath.mp.clone()
    mp.dps = dps
    H, S, A, B = game.shape
    q = lambda x: mp.mpf(x.numerator) / x.denominator  # noqa: E731
    return q, H, S, A, B


def exact_value(x):
    man, exp = x.man_exp
    return Fraction(man) * Fraction(2) ** exp
