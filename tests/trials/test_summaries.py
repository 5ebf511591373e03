"""Slopes, rates and curves of learners whose growth of regret is known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import beta
from trial_learners import Fixed

import exactqse
from exactqse import Policy, run_online
from exactqse.errors import InputError
from exactqse.games import dense
from exactqse.learn import Belief, ModelSet
from exactqse.trials import OnlineRecord, Rate, regret_slope, slope, summarise

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 20, checker="flint")
BEST = SOLUTION.policy.as_array()
UNIFORM = Policy.uniform(GAME).as_array()
TIMES = tuple(range(100, 1001, 50))


def trials(learner: Fixed, seeds: int = 3, episodes: int = 400) -> list[OnlineRecord]:
    return [run_online(GAME, learner, episodes, i, optimum=SOLUTION) for i in range(seeds)]


def test_constant_regret_has_slope_one() -> None:
    found = regret_slope(trials(Fixed(UNIFORM, chunk=30)))
    assert found is not None
    assert found.interval is not None
    assert found.interval[0] <= found.lower <= 1 + 1e-12
    assert found.interval[1] >= found.upper >= 1 - 1e-12
    assert found.interval[1] - found.interval[0] < 1e-6


def test_no_regret_has_no_slope() -> None:
    assert regret_slope(trials(Fixed(BEST))) is None
    assert summarise(trials(Fixed(BEST))).slope is None


@pytest.mark.parametrize("power", [0.25, 0.5, 1.0])
def test_powers_have_their_exponent(power: float) -> None:
    random = np.random.default_rng(0)
    scales = random.uniform(1, 3, size=(20, 1))
    curves = scales * np.array(TIMES) ** power
    found = slope(TIMES, curves, curves)
    assert found is not None
    assert found.lower == pytest.approx(power, abs=1e-12)
    assert found.upper == pytest.approx(power, abs=1e-12)


def test_the_interval_holds_the_slope_of_the_mean_as_often_as_it_says() -> None:
    """Curves t^p with p drawn anew: the mean curve of very many seeds has nearly one slope."""
    random = np.random.default_rng(1)
    held, tried = 0, 60
    truth = slope(TIMES, *2 * [_powers(random, 4000)])
    assert truth is not None
    for _ in range(tried):
        found = slope(TIMES, *2 * [_powers(random, 20)])
        assert found is not None
        assert found.interval is not None
        held += found.interval[0] <= truth.lower <= found.interval[1]
    assert beta.ppf(0.999, held + 1, max(tried - held, 1)) > 0.93
    assert held < tried  # it is no trivial interval


def _powers(random: np.random.Generator, seeds: int) -> np.ndarray:
    powers = random.normal(0.5, 0.1, size=(seeds, 1))
    return np.array(TIMES) ** powers


def test_a_wide_enclosure_widens_the_slope() -> None:
    curve = np.array(TIMES)[None] ** 0.5
    found = slope(TIMES, curve - 1, curve + 1)
    assert found is not None
    assert found.lower < 0.45
    assert found.upper > 0.55
    assert found.interval is None  # one seed
    for tilt in (-1, 1):  # any curve in between has its slope in between
        inside = curve + tilt * np.linspace(-1, 1, len(TIMES))
        middle = slope(TIMES, inside, inside)
        assert middle is not None
        assert found.lower <= middle.lower <= middle.upper <= found.upper


def test_the_bootstrap_is_seeded() -> None:
    curves = _powers(np.random.default_rng(2), 5)
    first, again, other = (slope(TIMES, curves, curves, seed=i) for i in (0, 0, 1))
    assert first == again != other


def test_records_of_different_trials_are_not_mixed() -> None:
    records = trials(Fixed(UNIFORM))
    for change in ({"learner": "another"}, {"episodes": 7}, {"game_hash": "0"}):
        with pytest.raises(InputError, match=f"the records differ in {next(iter(change))}"):
            summarise([records[0], replace(records[1], **change)])
    with pytest.raises(InputError, match="there are no records"):
        summarise([])


def test_a_summary_adds_up() -> None:
    upper = float(SOLUTION.lower) - 1e-3
    records = trials(Fixed(UNIFORM, Belief(upper=upper), chunk=30))
    found = summarise(records)
    assert found.seeds == (0, 1, 2)
    assert found.optimism == Rate(yes=0, no=3, undecided=0, unclaimed=0)
    assert found.coverage == Rate(0, 0, 0, unclaimed=3)
    assert found.coverage.interval is None
    total = sum((record.final_regret.lower for record in records), Fraction(0))
    assert found.regret.lower == total / 3
    assert found.curve.episodes[0] == 1
    assert found.curve.episodes[-1] == 400
    assert found.curve.mean[-1] == found.regret
    assert found.curve.quantiles[1][-1] == pytest.approx(float(found.regret))
    assert (found.delta, found.covers) == (None, "unclaimed")


def test_exact_binomial_intervals() -> None:
    """Clopper and Pearson's ends are quantiles of beta distributions."""
    rate = Rate(yes=17, no=2, undecided=1, unclaimed=5)
    assert rate.interval is not None
    assert rate.interval[0] == pytest.approx(beta.ppf(0.025, 17, 4))
    assert rate.interval[1] == pytest.approx(beta.ppf(0.975, 19, 2))


@pytest.mark.parametrize(
    ("rate", "answer"),
    [
        (Rate(20, 0, 0, 0), "yes"),
        (Rate(17, 3, 0, 0), "no"),
        (Rate(19, 1, 0, 0), "yes"),
        (Rate(17, 0, 3, 0), "undecided"),
        (Rate(0, 0, 0, 9), "unclaimed"),
    ],
)
def test_a_rate_is_tested_against_a_level(rate: Rate, answer: str) -> None:
    """P(at most 17 of 20) at 0.99 is 0.001; P(at most 19) is 0.18."""
    assert rate.at_least(0.99) == answer


@pytest.mark.parametrize(("delta", "answer"), [("0.1", "no"), ("0.9", "yes")])
def test_coverage_is_tested_against_one_minus_delta(delta: str, answer: str) -> None:
    """In none of three runs: P(0 of 3) is 0.001 at 0.9, and 0.73 at 0.1."""
    wrong = Fixed(UNIFORM, Belief(sets=(ModelSet(frozenset({"0" * 64})),)), chunk=30)
    parameters = {"part": {"is": "a model", "delta": delta}}
    records = [replace(record, parameters=parameters) for record in trials(wrong)]
    found = summarise(records)
    assert (found.delta, found.covers) == (float(delta), answer)
    assert found.coverage.no == 3
