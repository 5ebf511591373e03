from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from exactqse.arithmetic.balls import ball, precision
from exactqse.errors import InputError, KindError
from exactqse.evaluate import evaluate
from exactqse.games import dense, get
from exactqse.kernel.certificate import DOWN, UP, Leaf, Node
from exactqse.kernel.check import check
from exactqse.model import Game, Policy
from exactqse.solve import solve
from exactqse.sweep import Isolation, isolation
from exactqse.sweep.region import _cut, _heights, _majorants
from exactqse.testing import covered_games, games, payoffs

COMMITMENT = get("conitzer-sandholm-2006")
FINITE = st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(5)])


def test_the_weight_of_the_commitment_game_is_a_closed_form() -> None:
    """After b = 1 she mixes with weight 1 - omega, where omega e^omega = 1."""
    found = isolation(solve(COMMITMENT, 40))
    first, second = found.places
    assert found.verdict == "isolated"
    assert (first.support, second.support) == ((0,), (0, 1))
    assert first.weights[0].width == 0
    weight = second.weights[1]
    assert 0 < weight.width < Fraction(1, 10**39)
    with precision(300):
        low, high = (ball(1 - end) for end in (weight.upper, weight.lower))
        assert low * low.exp() < 1 < high * high.exp()
    assert found.radius < Fraction(1, 10**20)
    assert found.supports_proved
    assert found.ties == ()


def test_a_pure_commitment_is_isolated_at_radius_zero() -> None:
    found = isolation(solve(COMMITMENT.with_(observes="nothing")))
    assert found.verdict == "isolated"
    assert found.radius == 0
    assert found.support == ((0,),)


def test_a_mixed_commitment_is_isolated() -> None:
    found = isolation(solve(COMMITMENT.with_(observes="nothing", eta=5)))
    assert found.verdict == "isolated"
    assert found.support == ((0, 1),)
    assert found.radius < Fraction(1, 10**5)


def agree(coarse: Isolation, fine: Isolation) -> None:
    """Both enclose the same optima."""
    for first, second in zip(coarse.places, fine.places, strict=True):
        assert all(x.overlaps(y) for x, y in zip(first.weights, second.weights, strict=True))
        if first.unique:
            assert set(first.support) >= set(second.support)
        if first.unique and second.unique:
            assert not (first.proved and second.proved) or first.support == second.support


@settings(max_examples=60, deadline=None)
@given(covered_games())
def test_more_digits_agree_with_fewer(game: Game) -> None:
    coarse, fine = (isolation(solve(game, digits)) for digits in (4, 20))
    agree(coarse, fine)
    if fine.verdict == "isolated":  # the optimum is in the boxes, and so near to the finer policy
        for place, near in zip(coarse.places, fine.places, strict=True):
            row = fine.solution.policy.probabilities[place.step][place.state][place.cell[0]]
            for p, weight in zip(row, place.weights, strict=True):
                assert weight.lower - near.radius <= p <= weight.upper + near.radius


def test_answers_that_are_hardly_given_have_an_optimum_too() -> None:
    """After one of probability e^-49 the policy is free at 20 digits; the optimum is known."""
    u, r = [[[-1, 2], [0, 0], [0, 0]]], [[[-1, 49], [87, 0], [0, 0]]]
    found = isolation(solve(Game.from_arrays(None, u, r, eta=1), 20))
    assert found.verdict == "isolated"
    assert found.places[0].support == (0,)
    assert found.radius in {0, 1}


@settings(max_examples=15, deadline=None)
@given(
    games(
        max_states=2,
        max_horizon=2,
        gammas=st.just(Fraction(0)),
        etas=FINITE,
        observes="any",
        wide=False,
    )
)
def test_narrower_gaps_agree_with_wider_for_every_partition(game: Game) -> None:
    agree(*(isolation(solve(game, gap=gap)) for gap in ("1e-3", "1e-7")))


@settings(max_examples=30, deadline=None)
@given(
    games(
        max_horizon=2,
        gammas=st.just(Fraction(0)),
        etas=st.just(Fraction(1, 3)),
        observes="action",
        wide=False,
    )
)
def test_pure_actions_outside_the_boxes_are_strictly_worse(game: Game) -> None:
    """All responses have probabilities above 10^-7: what is worse is so by far more than 10^-20."""
    solution = solve(game, 20)
    best = evaluate(game, solution.policy, 45).W
    for place in isolation(solution).places:
        h, s, (b,) = place.step, place.state, place.cell
        for a, weight in enumerate(place.weights):
            if weight.upper == 1:
                continue
            table = [[list(rows) for rows in step] for step in solution.policy.probabilities]
            table[h][s][b] = tuple(Fraction(a == i) for i in range(game.leader_actions))
            changed = Policy(tuple(tuple(map(tuple, step)) for step in table))
            worse = evaluate(game, changed, 45).W[h][s]
            assert worse.upper < best[h][s].lower


def test_digits_tell_a_near_tie_from_a_tie() -> None:
    """Near eta = 1.0211735 the answers 0 and 1 to b = 0 are almost equally good."""
    game = COMMITMENT.with_(eta="1.0211735")
    rough = isolation(solve(game, 1))
    assert rough.verdict == "undecided"
    assert not rough.supports_proved
    found = isolation(solve(game, 20))
    assert found.verdict == "isolated"
    assert len(found.places[0].support) == 1
    assert set(found.places[0].support) < set(rough.places[0].support)
    assert {tie.cell for tie in rough.ties} >= {(0,)}


def test_an_exact_value_decides_what_its_bounds_do_not() -> None:
    """The certified policy is worth 1 exactly, and the other action less."""
    game = Game.from_arrays(None, [[[1], ["0.99999999999999"]]], [[[0], [1]]])
    found = isolation(solve(game, 2))
    assert found.solution.value.width > Fraction(1, 1000)
    assert found.verdict == "isolated"
    assert found.radius == 0


def test_where_the_last_step_would_lead_makes_no_difference() -> None:
    """Two actions pay alike, and lead to two states that are worth 1 each."""
    ways = [[["1", "0"]], [["0", "1"]]]
    P, u, r = [[ways, ways]] * 2, [[[[1], [1]]] * 2] * 2, [[[[0], [0]]] * 2] * 2
    game = Game.from_arrays(P, u, r, horizon=2, gamma=0)
    places = {place.step: place for place in isolation(solve(game)).places}
    assert places[1].several
    assert not places[0].several
    assert [weight.width for weight in places[1].weights] == [1, 1]


def test_alike_actions_make_several_optima() -> None:
    u, r = [[[2, 4], [1, 3], [1, 3]]], [[[1, 0], [0, 1], [0, 1]]]
    found = isolation(solve(Game.from_arrays(None, u, r), 30))
    assert found.verdict == "multiple"
    second = found.places[1]
    assert second.support == (0, 1, 2)
    assert [w.lower for w in second.weights[1:]] == [0, 0]
    assert not second.proved
    assert second.weights[0].width < Fraction(1, 10**20)


def test_ties_are_listed_with_their_value() -> None:
    """One response: both actions are worth 1, though he likes one better."""
    game = Game.from_arrays(None, [[[1], [1]]], [[[0], [1]]])
    found = isolation(solve(game, 10))
    assert found.verdict == "undecided"
    assert [(tie.step, tie.state, tie.cell) for tie in found.ties] == [(0, 0, (0,))]
    tie = found.ties[0]
    assert found.solution.policy.probabilities[0][0][0][tie.action] == 0
    assert found.solution.lower <= tie.value <= 1


def test_a_later_step_decides_an_earlier_one() -> None:
    """Both actions of step 0 pay alike; they lead to states worth 2 and 3."""
    P = [[[{1: 1}], [{2: 1}]], [[{1: 1}], [{1: 1}]], [[{2: 1}], [{2: 1}]]]
    u = [[[0], [0]], [[2], [1]], [[3], [1]]]
    game = Game.from_arrays(P, u, [[[0], [0]]] * 3, horizon=2)
    found = isolation(solve(game, 10))
    assert found.verdict == "isolated"
    assert found.support == ((1,), (0,), (0,))


def test_what_is_not_certified_is_refused() -> None:
    unchecked = solve(COMMITMENT, 5, checker=None)
    with pytest.raises(InputError, match="solution: is not certified; solve with a checker"):
        isolation(unchecked)
    with pytest.raises(KindError, match="solution: expected a solution, found NoneType"):
        isolation(None)  # type: ignore[arg-type]


def test_a_rejected_certificate_is_refused() -> None:
    solution = solve(COMMITMENT, 5)
    assert solution.verdict is not None
    verdict = replace(solution.verdict, outcome="rejected")
    with pytest.raises(InputError, match="is not certified"):
        isolation(replace(solution, verdict=verdict))


@given(
    st.lists(st.tuples(payoffs(wide=False), payoffs(wide=False)), min_size=2, max_size=3),
    st.sampled_from([UP, DOWN]),
    st.fractions(min_value=Fraction(1, 10), max_value=10, max_denominator=10),
    st.integers(0, 8),
)
def test_majorants_at_corners_bound_the_sum_between_them(
    corners: list[tuple[Fraction, Fraction]], tag: str, parameter: Fraction, eighths: int
) -> None:
    """Also where Dn has no meaning at some corner."""
    with precision(100):
        pairs = [(ball(z), ball(d)) for z, d in corners]
        heights = _majorants((tag, parameter), pairs)
        share = Fraction(eighths, 8)
        (z, d), (t, e) = corners[:2]
        exponent, factor = (1 - share) * z + share * t, (1 - share) * d + share * e
        bound = (heights[0] * (8 - eighths) + heights[1] * eighths) / 8
        assert not ball(exponent).exp() * ball(factor) > bound


def test_a_cut_keeps_what_reaches_the_floor() -> None:
    with precision(100):
        one, zero = arb(1), arb(0)
        corners = [[one, zero, zero], [zero, one, zero], [zero, zero, one]]
        box = _cut(corners, [arb(0), arb(-1), arb(-2)], arb(-0.5))
        assert box is not None
        assert [float(w.upper()) for w in box] == pytest.approx([1, 0.5, 0.25])
        assert [float(w.lower()) for w in box] == pytest.approx([0.5, 0, 0], abs=1e-8)
        assert _cut(corners, [arb(-1)] * 3, arb(-0.5)) is None


@pytest.mark.parametrize("seed", range(3))
def test_random_games_of_several_steps_are_isolated(seed: int) -> None:
    game = dense(states=3, leader_actions=3, follower_actions=3, horizon=3, seed=seed, eta=2)
    found = isolation(solve(game, 25))
    assert found.verdict == "isolated"
    assert found.supports_proved
    assert found.radius < Fraction(1, 10**10)


@pytest.mark.parametrize("shift", [-3, 0, 7])
def test_a_leaf_at_another_scale_bounds_the_same_sum(shift: int) -> None:
    """Up with s = 1 at z - shift, times e^shift, is Up at z."""
    with precision(100):
        points = [[arb(2), arb(5)], [arb(-1), arb(3)]]
        heights = _heights(points, Leaf(((UP, Fraction(1)),), shift), arb(4))
        for height, (z, y) in zip(heights, points, strict=True):
            truth = (z + (y - 4) - 1).exp()
            assert height >= truth.lower()
            assert height < truth * (1 + arb(2) ** -80)


def opposed(off: Fraction = Fraction(0), *, steps: int = 1, way: Fraction = Fraction(0)) -> Game:
    """r = -u but for ``off``, seen; after answer 1 three actions are in a line but for these.

    With two steps he is led to one of two states with a probability in the line but for ``way``.
    """
    r = [
        [Fraction(0), Fraction(1, 2)],
        [Fraction(1), Fraction(-1, 2)],
        [Fraction(3), Fraction(-5, 2)],
    ]
    u = [[-x for x in row] for row in r]
    u[2][1] += off
    if steps == 1:
        return Game.from_arrays(None, [u], [r], eta=3)
    ways = [Fraction(1, 4), Fraction(1, 2), 1 + way]  # as 1/2, -1/2, -5/2 are
    rows = [[[1 - w, w]] * 2 for w in ways]
    return Game.from_arrays([rows, rows], [u, u], [r, r], horizon=steps, eta=3, gamma=0, rho=[1, 0])


@pytest.mark.parametrize("steps", [1, 2])
def test_actions_in_a_line_make_several_optima(steps: int) -> None:
    game = opposed(steps=steps)
    solution = solve(game, 20)
    found = isolation(solution)
    several = [place for place in found.places if place.several]
    assert {place.cell for place in several} == {(1,)}
    assert {place.step for place in several} == {*range(steps)}
    assert found.verdict == "multiple"
    r = [game.r[0][0][a][1] for a in range(3)]
    values = []
    for place in several[-1:]:
        given = solution.policy[place.step][place.state][1]
        mean = sum((p * x for p, x in zip(given, r, strict=True)), Fraction(0))
        for i, j in ((0, 1), (0, 2)):
            share = (mean - r[j]) / (r[i] - r[j])
            if 0 <= share <= 1:
                mixture = tuple(
                    share if a == i else 1 - share if a == j else Fraction(0) for a in range(3)
                )
                table = [[list(rows) for rows in step] for step in solution.policy.probabilities]
                table[place.step][place.state][1] = mixture
                policy = Policy(tuple(tuple(map(tuple, step)) for step in table))
                values.append((mixture, evaluate(game, policy).J))
    assert len({mixture for mixture, _ in values}) == 2
    assert values[0][1].overlaps(values[1][1])
    assert values[0][1].overlaps(evaluate(game, solution.policy).J)


@pytest.mark.parametrize(
    "game",
    [
        opposed(Fraction(1, 100)),
        opposed(Fraction(-1, 100)),
        opposed(Fraction(1, 100), steps=2),
    ],
)
def test_out_of_the_line_they_do_not(game: Game) -> None:
    assert not any(place.several for place in isolation(solve(game, 20)).places)


def test_where_they_lead_is_in_the_line_too() -> None:
    game = opposed(steps=2, way=Fraction(-1, 100))
    steps = {place.step for place in isolation(solve(game, 20)).places if place.several}
    assert steps == {1}


def test_the_end_of_a_line_is_one_optimum() -> None:
    """After answer 0 she takes the end."""
    for steps in (1, 2):
        places = isolation(solve(opposed(steps=steps), 20)).places
        assert all(place.unique for place in places if place.cell == (0,))


@pytest.mark.parametrize(("sign", "eta", "end", "off"), [(-1, 3, 2, "2/5"), (1, 1, 0, "1/20")])
def test_what_may_be_the_end_is_not_between(sign: int, eta: int, end: int, off: str) -> None:
    """By a policy that misses the end all three actions may have weight; it is the end."""
    r = [[x, 3 - x] for x in (0, 1, 3)]
    u = [[sign * x for x in row] for row in r]
    game = Game.from_arrays(None, [u], [r], eta=eta)
    solution = solve(game, 20)
    assert solution.policy[0][0][1][end] == 1
    (node,) = solution.certificate.nodes
    assert isinstance(node, Node)
    shares = {end: 1 - Fraction(off), 1: Fraction(off)}
    missing = replace(node, policy=(node.policy[0], tuple(sorted(shares.items()))))
    mixture = tuple(shares.get(a, Fraction(0)) for a in range(3))
    lower = evaluate(game, Policy((((solution.policy[0][0][0], mixture),),))).J.lower
    certificate = replace(solution.certificate, lower=lower - Fraction(1, 10**9), nodes=(missing,))
    verdict = check(game, certificate)
    assert verdict
    rough = isolation(replace(solution, certificate=certificate, verdict=verdict))
    assert rough.places[1].support == (0, 1, 2)
    assert not rough.places[1].several


def test_of_two_answers_nothing_is_said() -> None:
    blind = isolation(solve(opposed().with_(observes="nothing"), 3))
    assert blind.places[0].support == (0, 1, 2)
    assert not blind.places[0].several
