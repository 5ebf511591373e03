"""Error and power of the tests, by the exact distribution of what they say."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from exactqse.claims import Outcome, exact_p_values, sequential_test
from exactqse.claims.sequential import capital
from exactqse.errors import InputError

LEVEL, ERROR, TRIALS = Fraction(4, 5), Fraction(1, 20), 80


def verdicts(mean: Fraction) -> dict[Outcome, Fraction]:
    """The exact probability of every verdict within so many independent trials."""
    waiting, ended = {0: Fraction(1)}, defaultdict(Fraction)
    for n in range(1, TRIALS + 1):
        after: dict[int, Fraction] = defaultdict(Fraction)
        for wins, chance in waiting.items():
            after[wins + 1] += chance * mean
            after[wins] += chance * (1 - mean)
        waiting = {}
        for wins, chance in after.items():
            above, below = (
                capital(wins, n - wins, level=LEVEL, side=side) * ERROR >= 1
                for side in ("above", "below")
            )
            if above or below:
                ended[Outcome.HOLDS if above else Outcome.VIOLATED] += chance
            else:
                waiting[wins] = chance
    ended[Outcome.UNDECIDED] = sum(waiting.values(), Fraction(0))
    return ended


def test_the_error_is_as_stated_at_the_level() -> None:
    found = verdicts(LEVEL)
    assert sum(found.values()) == 1
    assert Fraction(1, 1000) < found[Outcome.HOLDS] <= ERROR
    assert Fraction(1, 1000) < found[Outcome.VIOLATED] <= ERROR


def test_the_power_away_from_the_level() -> None:
    assert verdicts(Fraction(98, 100))[Outcome.HOLDS] > Fraction(9, 10)
    assert verdicts(Fraction(1, 2))[Outcome.VIOLATED] > Fraction(99, 100)


def test_a_test_stops_as_soon_as_it_is_clear() -> None:
    found = sequential_test((True for _ in range(10**9)), level=LEVEL, error=ERROR)
    assert (found.outcome, found.successes) == (Outcome.HOLDS, found.trials)
    need = found.trials
    assert capital(need, 0, level=LEVEL, side="above") >= 20
    assert capital(need - 1, 0, level=LEVEL, side="above") < 20
    assert Fraction(5, 4) ** need / 16 >= 20 or need < 26


def test_few_trials_leave_it_undecided() -> None:
    found = sequential_test([True] * 5, level=LEVEL, error=ERROR)
    assert (found.outcome, found.trials) == (Outcome.UNDECIDED, 5)


def test_a_wrong_radius_is_caught() -> None:
    rng = np.random.default_rng(1)
    outcomes = (rng.random() < 0.6 for _ in range(1000))
    found = sequential_test(outcomes, level=Fraction(9, 10), error=Fraction(1, 1000))
    assert found.outcome is Outcome.VIOLATED
    assert found.trials < 100


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (5, 7), (7, 7)])
def test_exact_p_values_are_tails(successes: int, trials: int) -> None:
    less, greater = exact_p_values(successes, trials, level=Fraction(3, 4))
    chance = [comb(trials, k) * 0.75**k * 0.25 ** (trials - k) for k in range(trials + 1)]
    assert less == pytest.approx(sum(chance[: successes + 1]))
    assert greater == pytest.approx(sum(chance[successes:]))


@pytest.mark.parametrize("level", [Fraction(0), Fraction(1), 0.5])
def test_bad_levels_are_refused(level: Fraction) -> None:
    with pytest.raises(InputError, match=r"level: .* is not a Fraction in"):
        sequential_test([True], level=level, error=ERROR)
