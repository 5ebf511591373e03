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
from exactqse.claims.estimates import Models, draw_guess
from exactqse.claims.games import largest_change, make_game, numbers_of, span, spans_to_go
from exactqse.claims.plugin import draw_ahead, draw_rewards_only, draw_swayed
from exactqse.claims.potential import draw_features
from exactqse.claims.refuting import judge
from exactqse.claims.sensitivity import draw_chain
from exactqse.claims.strong_limit import Mixing, draw_committed, draw_tied
from exactqse.claims.tightness import certified
from exactqse.claims.uniform_limit import draw_early
from exactqse.model import Game, Policy

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
        ("C11b", draw_swayed),
        ("C11d", draw_swayed),
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


def stage(u: list[list[Fraction]], r: list[list[Fraction]], eta: Fraction) -> Game:
    """One state and step; she sees the action. Tables are [a][b]."""
    cells = [[b] for b in range(len(u[0]))]
    return make_game(None, [[u]], [[r]], eta=eta, observes=cells)


def test_plug_in_policies_lose_twice_the_error() -> None:
    """Errors of u bring two policies together, one down and one up (proofs/plug-in.md)."""
    zero, x, tiny = Fraction(0), Fraction(1, 2), Fraction(1, 1000)
    r = [[zero] * 2] * 2
    rows = [[[zero] * 2, [2 * x] * 2], [[x + tiny] * 2, [x] * 2]]
    first, second = (stage(u, r, Fraction(1)) for u in rows)
    models = Models(first, second, Policy.uniform(first))
    assert judge(CLAIMS["C11b"], models).outcome.good
    ratio = certified(CLAIMS["C11b"], models)
    assert ratio is not None
    assert Fraction(996, 1000) < ratio < 1


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_the_odds_of_two_responses_are_as_far_apart_as_the_bound_says(at: float) -> None:
    models = draw_swayed(Draw([at]))
    ratio, other = (certified(CLAIMS[name], models) for name in ("C11d", "C11b"))
    assert ratio is not None
    assert other is not None
    assert Fraction(995, 1000) < ratio < 1
    assert other < ratio


@pytest.mark.parametrize("count", [1, 2])
def test_the_strong_value_from_above_is_sharp(count: int) -> None:
    """All that he forgoes more than e for is what she wants (proofs/temperature-rates.md)."""
    zero, e = Fraction(0), Fraction(1, 4)
    u, r = [[zero] + [Fraction(1)] * count], [[zero] + [-e - Fraction(1, 10**6)] * count]
    mixing = Mixing(stage(u, r, Fraction(8)), e)
    assert judge(CLAIMS["C16b"], mixing).outcome.good
    ratio = certified(CLAIMS["C16b"], mixing)
    assert ratio is not None
    assert Fraction(99999, 100000) < ratio < 1


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
