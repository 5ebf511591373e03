"""Three-valued comparisons: what an enclosure leaves open is undecided."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from trial_learners import Fixed

import exactqse
from exactqse import Enclosure, run_online
from exactqse.games import dense
from exactqse.learn import Belief
from exactqse.trials.answers import Answer, all_of, at_least, at_most, judged

ONE_TO_TWO = Enclosure(Fraction(1), Fraction(2))


@pytest.mark.parametrize(
    ("bound", "most", "least"),
    [
        (Fraction(1, 2), "no", "yes"),
        (Fraction(1), "undecided", "yes"),
        (Fraction(3, 2), "undecided", "undecided"),
        (Fraction(2), "yes", "undecided"),
        (Fraction(5, 2), "yes", "no"),
    ],
)
def test_comparisons_with_an_enclosure(bound: Fraction, most: Answer, least: Answer) -> None:
    assert at_most(ONE_TO_TWO, bound) == most
    assert at_least(ONE_TO_TWO, bound) == least
    assert judged(float(bound), float(bound), ONE_TO_TWO, ONE_TO_TWO) == (most, least)
    exact = Enclosure(bound, bound)
    assert at_most(exact, bound) == at_least(exact, bound) == "yes"


def test_nothing_claimed_is_not_judged() -> None:
    assert judged(None, None, ONE_TO_TWO, ONE_TO_TWO) == ("unclaimed", "unclaimed")


@pytest.mark.parametrize(
    ("answers", "together"),
    [
        (["yes", "undecided", "no", "unclaimed"], "no"),
        (["yes", "undecided", "unclaimed"], "undecided"),
        (["yes", "unclaimed"], "yes"),
        (["unclaimed"], "unclaimed"),
        ([], "unclaimed"),
    ],
)
def test_one_no_settles_it(answers: list[Answer], together: Answer) -> None:
    assert all_of(answers) == all_of(reversed(answers)) == together


@pytest.mark.parametrize(
    ("width", "answer"), [("1/2", "no"), ("1", "undecided"), ("7/4", "undecided"), ("2", "yes")]
)
def test_widths_are_compared_with_both_ends_of_the_regret(width: str, answer: Answer) -> None:
    """Widths of 1/2 to 2 an episode, and an enclosure of J* that leaves a regret of 1 to 2."""
    game = dense(states=1, leader_actions=2, follower_actions=2, horizon=1, seed=3, eta=2)
    best = exactqse.solve(game, 5, checker="flint")
    plan = Fixed(np.full((1, 1, 2, 2), 0.5), Belief(upper=float(Fraction(width)), lower=0.0))
    record = run_online(game, plan, 10, 0, optimum=best)
    J = Fraction(3)
    policies = (replace(record.policies[0], J=Enclosure(J, J)),)
    wide = replace(record, optimum=Enclosure(J + 1, J + 2), policies=policies)
    assert wide.final_regret == Enclosure(Fraction(10), Fraction(20))
    assert wide.widths == answer
