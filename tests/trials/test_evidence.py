"""Coverage of confidence sets, against sums over episodes and against responses themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from exactqse import Game, evaluate_float64
from exactqse.games import dense
from exactqse.learn import LikelihoodSet, ModelSet, ResponseSet
from exactqse.simulate import Environment, Episodes
from exactqse.trials.evidence import Evidence, coverage
from exactqse.trials.gauge import holds_response

Floats = NDArray[np.float64]
GAME = dense(states=3, leader_actions=2, follower_actions=3, horizon=2, seed=5, eta=2)
SHAPE = GAME.shape
TRUTH = np.broadcast_to(GAME.r_float, SHAPE)


def played(game: Game, policies: int = 80, each: int = 3) -> list[Episodes]:
    random = np.random.default_rng(0)
    horizon, states, leader, follower = game.shape
    environment = Environment(game)
    return [
        environment.play(
            random.dirichlet(np.ones(leader), size=(horizon, states, follower)), each, random
        )
        for _ in range(policies)
    ]


def with_evidence(game: Game, seen: list[Episodes]) -> Evidence:
    evidence = Evidence(game)
    for episodes in seen:
        evidence.add(episodes)
    return evidence


def likelihood(seen: list[Episodes], r: Floats) -> Floats:
    """Episode by episode: the definition."""
    result = np.zeros(r.shape[:2])
    for episodes in seen:
        for s, b in zip(episodes.s, episodes.b, strict=True):
            for h in range(r.shape[0]):
                q = 2 * np.einsum("ba,ab->b", episodes.policy[h, s[h]], r[h, s[h]])
                result[h, s[h]] += q[b[h]] - np.log(np.exp(q).sum())
    return result


SEEN = played(GAME)
EVIDENCE = with_evidence(GAME, SEEN)
CENTRE = TRUTH + np.random.default_rng(1).normal(0, 0.3, SHAPE)
EXCESS = likelihood(SEEN, CENTRE) - likelihood(SEEN, TRUTH)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_radius_is_compared_at_every_place(sign: int) -> None:
    """1e-6 below or above what the definition gives, at each place alone."""
    around = sign * EXCESS
    assert (around > 0.1).any()
    which = 0 if sign > 0 else 1
    for place in np.argwhere(around > 0.1):
        for step, answer in ((1e-6, "yes"), (-1e-6, "no")):
            radius = np.abs(EXCESS) + 1
            radius[tuple(place)] = around[tuple(place)] + step
            assert EVIDENCE.answer(LikelihoodSet(CENTRE, radius))[which] == answer


def test_pooled_sums_are_compared_with_the_largest_radius() -> None:
    sums = -EXCESS.sum(axis=1)
    h = int(sums.argmax())
    assert sums[h] > 0
    for step, answer in ((1e-6, "yes"), (-1e-6, "no")):
        radius = np.zeros(SHAPE[:2])
        radius[:, 1] = 1e3
        radius[h] = sums[h] / 2
        radius[h, 1] = sums[h] + step
        assert EVIDENCE.answer(LikelihoodSet(CENTRE, radius, pooled=True))[1] == answer


def test_what_rounding_could_turn_is_undecided() -> None:
    radius = np.maximum(EXCESS, 0)
    assert EVIDENCE.answer(LikelihoodSet(CENTRE, radius))[0] == "undecided"
    nothing = Evidence(GAME).answer(LikelihoodSet(CENTRE, np.zeros(SHAPE[:2])))
    assert nothing == ("yes", "yes")


def test_what_comes_again_takes_no_more_memory() -> None:
    evidence = with_evidence(GAME, SEEN * 3)
    assert len(evidence._places) == len(EVIDENCE._places) > 64
    tripled = LikelihoodSet(CENTRE, np.abs(3 * EXCESS) + 1e-6)
    assert evidence.answer(tripled) == ("yes", "yes")
    less = LikelihoodSet(CENTRE, np.abs(3 * EXCESS) * 0.999)
    assert "no" in evidence.answer(less)


def test_a_best_response_has_no_likelihood() -> None:
    game = GAME.with_(eta="inf")
    claimed = LikelihoodSet(CENTRE, np.ones(SHAPE[:2]))
    assert with_evidence(game, SEEN).answer(claimed) == ("undecided", "undecided")


def test_all_claimed_sets_have_to_hold() -> None:
    right, wrong = ModelSet(frozenset({GAME.hash, "x"})), ModelSet(frozenset({"x"}))
    wide = LikelihoodSet(CENTRE, np.abs(EXCESS) + 1)
    assert coverage(EVIDENCE, (right, wide)) == ("yes", "yes")
    assert coverage(EVIDENCE, (right, wrong)) == ("no", "unclaimed")
    assert coverage(EVIDENCE, ()) == ("unclaimed", "unclaimed")


OBSERVED: list[Any] = ["action", [[0, 2], [1]], "nothing"]


def same_response(game: Game, r: Floats) -> bool:
    """Whether responses agree at random policies: they are analytic in the policy."""
    other = Game.from_arrays(
        game.P_float,
        game.u_float,
        r,
        horizon=game.horizon,
        eta=2,
        gamma=game.gamma,
        normalise=True,
    )
    random = np.random.default_rng(2)
    horizon, states, leader, follower = game.shape
    for _ in range(5):
        policy = random.dirichlet(np.ones(leader), size=(horizon, states, follower))
        for cell in game.observes:
            policy[:, :, list(cell)] = policy[:, :, [cell[0]]]
        first, second = evaluate_float64(game, policy).nu, evaluate_float64(other, policy).nu
        if not np.allclose(first, second, rtol=0, atol=1e-10):
            return False
    return True


def changes(game: Game) -> dict[str, Floats]:
    """Changes of r: by nothing, by state, by state and action, by shaping, by chance."""
    random = np.random.default_rng(3)
    horizon, states, leader, _ = game.shape
    zero, c = np.zeros(game.shape), random.normal(size=(horizon + 1, states))
    c[-1] = 0
    P = np.broadcast_to(game.P_float, (*game.shape, states))
    ahead = np.stack([P[h] @ c[h + 1] for h in range(horizon)])
    first = zero.copy()
    first[0] = random.normal(size=(states, leader, 1))
    return {
        "nothing": zero,
        "state": zero + c[:-1, :, None, None],
        "action": zero + random.normal(size=(horizon, states, leader, 1)),
        "first action": first,
        "shaping": c[:-1, :, None, None] - float(game.gamma) * ahead,
        "chance": random.normal(size=game.shape),
    }


@pytest.mark.parametrize(
    "change", ["nothing", "state", "action", "first action", "shaping", "chance"]
)
@pytest.mark.parametrize("gamma", [0, "1/2"])
@pytest.mark.parametrize("observes", OBSERVED)
def test_a_response_set_holds_the_truth_up_to_the_gauge(
    observes: Any, gamma: int | str, change: str
) -> None:
    game = GAME.with_(observes=observes, gamma=gamma)
    r = TRUTH + changes(game)[change]
    decoy = TRUTH * 3
    answer = holds_response(game, ResponseSet(tuple(np.stack([decoy[h], r[h]]) for h in range(2))))
    open_case = (observes, gamma, change) == ("nothing", "1/2", "action")
    if open_case:
        assert answer == "undecided"
    else:
        assert answer == ("yes" if same_response(game, r) else "no")


def test_what_depends_on_the_policy_is_not_taken_for_a_constant() -> None:
    """A later c(s, a) with mean 0 over a is worth something to a policy that is not uniform."""
    game = GAME.with_(observes="nothing", gamma="1/2")
    change = np.zeros(SHAPE)
    change[1] = np.array([1.0, -1.0])[:, None]
    tables = tuple((TRUTH + change)[h][None] for h in range(2))
    assert not same_response(game, TRUTH + change * np.arange(3)[:, None, None])
    assert holds_response(game, ResponseSet(tables)) == "undecided"


def test_a_table_of_another_step_does_not_help() -> None:
    tables = tuple(np.stack([TRUTH[1 - h]]) for h in range(2))
    assert holds_response(GAME, ResponseSet(tables)) == "no"
    assert holds_response(GAME.with_(eta="inf"), ResponseSet(tables)) == "undecided"
    empty = ResponseSet(tuple(np.empty((0, *SHAPE[1:])) for _ in range(2)))
    assert holds_response(GAME, empty) == "no"


def test_one_action_leaves_one_response() -> None:
    game = dense(states=2, leader_actions=2, follower_actions=1, horizon=2, seed=1, eta=1)
    tables = ResponseSet(tuple(np.ones((1, 2, 2, 1)) for _ in range(2)))
    for follower in (game, game.with_(gamma="1/2")):
        assert holds_response(follower, tables) == "yes"
