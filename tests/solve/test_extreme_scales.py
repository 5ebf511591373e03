"""Games whose numbers leave float64's range, or whose payoffs vanish beside their exponents."""

from fractions import Fraction

import pytest

from exactqse import Game, check, evaluate, solve
from exactqse.arithmetic import Enclosure, FlintElementary

COMMITMENT = ([[2, 4], [1, 3]], [[1, 0], [0, 1]])


def scaled(table: list[list[int]], factor: Fraction) -> list[list[list[Fraction]]]:
    return [[[value * factor for value in row] for row in table]]


@pytest.mark.parametrize("power", [400, 900, -400])
def test_payoffs_of_any_size_scale_the_value(power: int) -> None:
    factor = Fraction(10) ** power
    u, r = COMMITMENT
    solution = solve(Game.from_arrays(None, scaled(u, factor), [r]), 10)
    value = solve(Game.from_arrays(None, [u], [r]), max(power, 0) + 10).value
    assert solution.certified
    assert solution.value.overlaps(Enclosure(value.lower * factor, value.upper * factor))


@pytest.mark.parametrize(("eta", "reward"), [("1e400", 1), ("1", "1e400"), ("1e-400", "1e800")])
def test_exponents_beyond_float64_are_solved(eta: str, reward: int | str) -> None:
    # He moves right for the least advantage, and she plays up there but for that much: J* nears 4.
    r = scaled(COMMITMENT[1], Fraction(reward))
    game = Game.from_arrays(None, [COMMITMENT[0]], r, eta=eta)
    solution = solve(game, 20)
    assert check(game, solution.certificate, elementary=FlintElementary())
    assert evaluate(game, solution.policy, 25).J.overlaps(solution.value)
    assert 4 in solution.value
    assert solution.effort.work == 1


def test_a_root_far_beyond_many_short_newton_steps_is_reached() -> None:
    # Until lambda = 9/10 both actions gain, and the first one's weight makes each step 10^-400.
    u, r = [[1, "9/10"], [0, "9/10"]], [[0, 0], [1, 0]]
    game = Game.from_arrays(None, [u], [r], eta="1e400")
    solution = solve(game, 20)
    assert solution.certified
    assert 1 in solution.value


@pytest.mark.parametrize("digits", [1, 10, 70])
def test_payoffs_below_the_digits_asked_need_no_root_within_them(digits: int) -> None:
    u = [["-3e-60", "2e-60"], [0, "3e-60"]]
    r = [["-2e-30", 2], ["1e-48", 0]]
    solution = solve(Game.from_arrays(None, [u], [r], eta="1e48"), digits)
    assert solution.certified
    assert Fraction(3, 10**60) in solution.value


def test_stages_within_the_range_of_float64_are_still_searched_there() -> None:
    u = [[[2, 4], [1, 3]], [["2e400", 4], [1, 3]]]
    r = [COMMITMENT[1]] * 2
    game = Game.from_arrays(None, u, r, rho=["1/2", "1/2"])
    solution = solve(game, 10)
    assert solution.certified
    assert solution.effort.work == 1


def test_quotients_beyond_float64_are_no_warning() -> None:
    u, r = [["1e306", 0], ["-1e308", "2e306"]], [[0, "1e2"], ["3e2", "-2e-20"]]
    assert solve(Game.from_arrays(None, [u], [r], eta="1e-30"), 5).certified
    u, r = [["2e-400", "3e-398"], ["3e-420", "1e-401"]], [[0, "-3e-1"], [1, "-1e-1"]]
    assert solve(Game.from_arrays(None, [u], [r], eta="1e300"), 1).certified
