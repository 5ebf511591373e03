"""Games whose numbers leave float64's range, or whose payoffs vanish beside their exponents."""

from fractions import Fraction

import numpy as np
import pytest

from exactqse import Game, check, evaluate, solve
from exactqse.arithmetic import Enclosure, FlintElementary
from exactqse.errors import PrecisionError
from exactqse.solve.api import Leader

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


@pytest.mark.parametrize("observes", ["nothing", [[0, 2], [1]]])
@pytest.mark.parametrize("eta", ["1e-3", "1e3", "1e400"])
def test_one_leader_action_is_solved_like_prescriptions(observes: object, eta: str) -> None:
    random = np.random.default_rng(3)
    P = random.dirichlet(np.ones(2), size=(2, 2, 1, 3))
    u, r = random.integers(-9, 10, (2, 2, 2, 1, 3)).tolist()
    seen = Game.from_arrays(P, u, r, eta=eta, normalise=True)
    game = seen.with_(observes=observes)
    solution, other = solve(game, 20), solve(seen, 20)
    assert solution.certified
    assert solution.reached
    assert solution.value.overlaps(other.value)
    assert solve(game.with_(gamma="1/2", eta=2), 3).certified


FAR = {
    "values": ("1e80", 1, "beyond the range of float64"),
    "exponents": (1, "1e80", "beyond the range of float64"),
    "differences": (1, "1e60", "range over more than a cover of few parts|can tell apart"),
}


@pytest.mark.parametrize("case", FAR)
@pytest.mark.parametrize("leader", ["markov", "history"])
@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_farsighted_games_beyond_float64_are_refused(
    case: str, leader: Leader, observes: str
) -> None:
    big, far, text = FAR[case]
    game = farsighted(Fraction(big), Fraction(far)).with_(observes=observes)
    with pytest.raises(PrecisionError, match=text):
        solve(game, gap=1, leader=leader, node_limit=20)


def farsighted(big: Fraction, far: Fraction, H: int = 2) -> Game:
    random = np.random.default_rng(5)
    P = random.dirichlet(np.ones(2), size=(H, 2, 2, 2))
    u, r = random.integers(-9, 10, (2, H, 2, 2, 2)).tolist()
    u, r = (
        [[[[v * f for v in c] for c in b] for b in a] for a in table]
        for table, f in ((u, big), (r, far))
    )
    return Game.from_arrays(P, u, r, eta=1, gamma=1, rho=[0.5, 0.5], normalise=True)


@pytest.mark.parametrize("leader", ["markov", "history"])
@pytest.mark.parametrize(
    "scale", [(10**60, 1), (Fraction(1, 10**60), 1), (1, Fraction(1, 10**60)), (0, 1), (1, 0)]
)
def test_farsighted_games_of_odd_scale_are_enclosed(
    scale: tuple[Fraction, Fraction], leader: Leader
) -> None:
    game = farsighted(*map(Fraction, scale))
    size = abs(Fraction(scale[0])) or 1
    solution = solve(game, gap=size / 10, leader=leader, checker="flint", time_limit=20)
    assert solution.certified
    assert solution.upper - solution.lower <= size


def test_gaps_beyond_all_values_cost_nothing() -> None:
    game = farsighted(Fraction(1, 10**30), Fraction(1))
    for leader in ("markov", "history"):
        solution = solve(game, gap=1, leader=leader, node_limit=300)  # type: ignore[arg-type]
        assert solution.certified
        assert abs(solution.upper) < Fraction(1, 10**27)


def test_steep_trees_are_searched_where_frontiers_are_not() -> None:
    u, r = [[[1, 0], [0, 1]]], [[[0, 1], [1, 0]]]
    game = Game.from_arrays(None, u, r, horizon=3, eta=1000, gamma="1/2")
    with pytest.raises(PrecisionError, match="range of more than 500"):
        solve(game, gap="1/10", leader="history")
    assert solve(game, gap="1/10", node_limit=200, checker="flint").certified
