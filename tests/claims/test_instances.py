"""What instances are made of, by other arithmetic; and special instances that claims hold on."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest

from exactqse.arithmetic.balls import precision
from exactqse.claims import Claim, Draw, builtin
from exactqse.claims.distributions import Pair, Responses, draw_pair
from exactqse.claims.estimates import draw_guess
from exactqse.claims.games import largest_change, numbers_of, span, spans_to_go
from exactqse.claims.plugin import draw_ahead, draw_rewards_only
from exactqse.claims.potential import draw_features
from exactqse.claims.refuting import judge
from exactqse.claims.sensitivity import draw_chain
from exactqse.claims.strong_limit import draw_committed, draw_tied
from exactqse.claims.uniform_limit import draw_early

CLAIMS = {claim.id: claim for claim in builtin() if isinstance(claim, Claim)}


def reference(pair: Pair) -> dict[str, Any]:
    """The same quantities by mpmath, from their definitions."""
    eta, q, D = (mpmath.mpf(x.numerator) / x.denominator for x in (pair.eta,)), pair.q, pair.D
    (eta,) = eta
    first = [mpmath.mpf(x.numerator) / x.denominator for x in q]
    change = [mpmath.mpf(x.numerator) / x.denominator for x in D]
    second = [x + d for x, d in zip(first, change, strict=True)]
    nus = []
    for rewards in (first, second):
        weights = [mpmath.exp(eta * x) for x in rewards]
        nus.append([w / sum(weights) for w in weights])
    nu, nu2 = nus
    mean = sum(p * d for p, d in zip(nu, change, strict=True))
    pairs = list(zip(nu, nu2, strict=True))
    return {
        "span": max(change) - min(change),
        "divergence": sum(p * mpmath.log(p / s) for p, s in pairs),
        "distance": sum(abs(p - s) for p, s in pairs),
        "hellinger": 1 - sum(mpmath.sqrt(p * s) for p, s in pairs),
        "delta": [d - mean for d in change],
        "ell": [mpmath.log(s / p) for p, s in pairs],
    }


def test_responses_are_what_their_definitions_say() -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        pair = draw_pair(Draw(rng=rng))
        with mpmath.workdps(120), precision(400):
            wanted, found = reference(pair), Responses(pair)
            for name, value in wanted.items():
                ball = getattr(found, name)
                many = zip(ball, value, strict=True) if isinstance(value, list) else [(ball, value)]
                for x, y in many:
                    assert (
                        abs(mpmath.mpf(x.mid().str(110, radius=False)) - y) < mpmath.mpf(10) ** -60
                    )


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("C10d", draw_chain),
        ("C11a", draw_ahead),
        ("C11a", draw_rewards_only),
        ("C11b", draw_rewards_only),
        ("C16a", draw_tied),
        ("C16a", draw_committed),
        ("C17b", draw_early),
        ("C12a", partial(draw_features, longer=Fraction(40))),
    ],
)
def test_claims_hold_where_their_mutants_fail(name: str, build: Callable[[Draw], Any]) -> None:
    claim = CLAIMS[name]
    rng = claim.generator(5)
    for _ in range(5):
        assert judge(claim, build(Draw(rng=rng))).outcome.good


def test_what_is_assumed_of_features_is_so() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_features(Draw(rng=rng)).vectors for _ in range(200)]
    lengths = [sum((x * x for x in vector), Fraction(0)) for part in drawn for vector in part]
    assert max(lengths) == 1
    assert sum(x > Fraction(99, 100) for x in lengths) > 100


def test_guesses_and_pairs_are_proper() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        assert all(sum(row) == 1 for step in draw_guess(Draw(rng=rng)).nu for row in step)
        pair = draw_pair(Draw(rng=rng))
        assert min(pair.D) < max(pair.D)
        assert sum(pair.mu) == 1


def test_spans_of_tables() -> None:
    table = [[[Fraction(1), Fraction(4)]], [[Fraction(0), Fraction(-2)]]]
    assert list(numbers_of(table)) == [1, 4, 0, -2]
    assert span(table) == 6
    assert spans_to_go(table) == [5, 2, 0]
    assert spans_to_go(table, Fraction(1, 2)) == [4, 2, 0]
    assert largest_change(table, [[[Fraction(1), Fraction(1)]], [[Fraction(1), Fraction(0)]]]) == 3
