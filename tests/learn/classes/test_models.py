"""Whole models: likelihoods by hand, OMLE and PMLE."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from exactqse.errors import ExactQSEError, InputError, NotCoveredError, PolicyError
from exactqse.evaluate import evaluate, evaluate_float64
from exactqse.learn.classes import OMLE, PMLE, ModelClass
from exactqse.learn.classes.announced import announced
from exactqse.learn.classes.likelihood import likelihood_radius, likelihood_set
from exactqse.learn.protocol import Belief, ModelSet
from exactqse.model import Game, Policy
from exactqse.simulate import Environment, Episodes, Noise, Setting
from exactqse.simulate.classes import perturbed_models
from exactqse.solve import solve
from tests.learn.classes.drivers import (
    BERNOULLI,
    GAUSSIAN,
    NONE,
    dataset,
    deterministic,
    is_covered,
    regret,
    run,
    small,
)

LOG3 = math.log(3)
SEEN = 20_000


def coin(r: float, u: object = (0, 1)) -> Game:
    """One step: the follower picks his second action with odds e^r, she has one action."""
    return Game.from_arrays(None, [[list(u)]], [[[0, r]]])  # type: ignore[call-overload]


def names(belief: Belief) -> frozenset[str]:
    (found,) = belief.sets
    assert isinstance(found, ModelSet)
    return found.hashes


def farsighted(seed: int, count: int = 8, spread: str = "1/2") -> tuple[Game, ModelClass]:
    game = small(seed, gamma="1/2")
    return game, ModelClass(perturbed_models(game, count, seed=seed, spread=spread))


CLASSES = {seed: farsighted(seed) for seed in (0, 5)}


def test_the_likelihood_of_responses_by_hand() -> None:
    models = ModelClass((coin(0), coin(LOG3)))
    setting = Setting.of(coin(0))
    b = np.array([[0], [1], [1], [1]])
    zeros = np.zeros((4, 1), np.intp)
    seen = Episodes(np.ones((1, 1, 2, 1)), zeros, b, zeros, b.astype(float))
    expected = [4 * math.log(2), -math.log(1 / 4) - 3 * math.log(3 / 4)]
    assert models.losses(seen, setting) == pytest.approx(expected, rel=1e-14)


def test_the_likelihood_of_moves_and_rewards_by_hand() -> None:
    P = [[[["1/4", "3/4"]]], [[["1/2", "1/2"]]]]
    first = Game.from_arrays(P, [[[0]], [[1]]], [[[0]], [[0]]], horizon=2)
    other = Game.from_arrays(P, [[[0]], [["1/2"]]], [[[0]], [[0]]], horizon=2)
    zeros = np.zeros((1, 2), np.intp)
    seen = Episodes(np.ones((2, 2, 1, 1)), np.array([[0, 1]]), zeros, zeros, np.array([[0.0, 1.0]]))
    losses = {
        noise.kind: ModelClass((first, other)).losses(seen, Setting.of(first, noise))
        for noise in (NONE, BERNOULLI, GAUSSIAN)
    }
    move = -math.log(3 / 4)
    assert losses["none"].tolist() == pytest.approx([move, math.inf])
    assert losses["bernoulli"].tolist() == pytest.approx([move, move + math.log(2)])
    assert losses["gaussian"].tolist() == pytest.approx([move, move + 1 / 4 / (2 * 1 / 4)])


def test_the_radius_by_hand() -> None:
    edge = math.log(4 / 0.1)
    assert likelihood_radius(4, 0.1, 1.0) == pytest.approx(edge)
    assert likelihood_radius(4, 0.1, 0.5) == pytest.approx(edge / 2)
    losses = np.array([7.0, 7 + edge * 0.999, 7 + edge * 1.001, np.inf])
    assert likelihood_set(losses, edge, where="").tolist() == [True, True, False, False]


def test_blocks_grow() -> None:
    blocks = run(Environment(coin(0)), OMLE(ModelClass((coin(0),)), growth=0.5), 100)
    assert [b.played for b in blocks][:7] == [1, 1, 2, 3, 4, 6, 9]
    blocks = run(Environment(coin(0)), OMLE(ModelClass((coin(0),)), growth=0), 9)
    assert [b.played for b in blocks] == [1] * 9


def test_the_set_starts_with_all_and_shrinks_to_the_truth() -> None:
    models = ModelClass((coin(LOG3), coin(0), coin(-LOG3)), gap=Fraction(1, 10**6))
    blocks = run(Environment(coin(0)), OMLE(models), 2000)
    first, last = blocks[0].announcement.belief, blocks[-1].announcement.belief
    assert names(first) == frozenset(models.hashes)
    assert names(last) == {coin(0).hash}
    assert (first.lower, first.upper) == pytest.approx((1 / 4, 3 / 4), abs=1e-6)
    assert (last.lower, last.upper) == pytest.approx((1 / 2, 1 / 2), abs=1e-6)


@pytest.mark.parametrize("noise", [BERNOULLI, GAUSSIAN, NONE])
@pytest.mark.parametrize("seed", [0, 5])
def test_regret_of_omle_stops_growing(seed: int, noise: Noise) -> None:
    game, models = CLASSES[seed]
    blocks = run(Environment(game, noise), OMLE(models), SEEN, seed)
    index = models.models.index(game)
    best = evaluate_float64(game, models.plan(index).policy).J
    total = regret(game, best, blocks)
    played = np.cumsum([b.played for b in blocks])
    assert played[-1] == SEEN
    assert len(blocks) < 50
    assert total[-1] == total[played >= SEEN / 10][0]
    assert noise is not BERNOULLI or 0.1 < total[-1] < 100
    value = solve(game, gap=Fraction(1, 1000)).value
    for block in blocks:
        belief = block.announcement.belief
        J = evaluate(game, Policy.from_arrays(block.announcement.policy, game=game), 15).J
        assert belief.upper is not None
        assert belief.lower is not None
        assert Fraction(belief.upper) >= value.lower
        assert Fraction(belief.lower) <= J.lower
        assert game.hash in names(belief)


def test_bounds_are_those_of_the_models_in_the_set() -> None:
    game, models = CLASSES[0]
    (block,) = run(Environment(game, BERNOULLI), OMLE(models), 1)
    policy, belief = block.announcement.policy, block.announcement.belief
    values = [models.plan(i).value for i in range(len(models))]
    assert belief.upper is not None
    assert 0 <= Fraction(belief.upper) - max(v.upper for v in values) < 1e-15
    rows = Policy.from_arrays(policy, game=game)
    worth = [evaluate(model, rows, 15).J for model in models.models]
    assert belief.lower is not None
    assert 0 <= min(J.lower for J in worth) - Fraction(belief.lower) < 1e-11
    assert values[[v.upper for v in values].index(max(v.upper for v in values))].lower <= max(
        J.upper for J in worth
    )


def test_a_search_that_ends_early_leaves_wider_bounds() -> None:
    game = small(0, gamma="1/2", observes="nothing")
    gap = Fraction(1, 1000)
    early = ModelClass((game,), gap=gap, node_limit=1).plan(0).value
    whole = ModelClass((game,), gap=gap).plan(0).value
    assert whole.width <= gap < early.width
    assert early.overlaps(whole)


def coverage_failures(width_scale: float, delta: float, runs: int = 200) -> int:
    """Runs in which some set lacks the truth, each with another truth."""
    models = ModelClass(tuple(coin(r / 4, (0, 1)) for r in range(-4, 5)))
    learner = OMLE(models, delta=delta, width_scale=width_scale, growth=1)
    failures = 0
    for seed in range(runs):
        truth = models.models[seed % len(models)]
        blocks = run(Environment(truth), learner, 31, seed)
        failures += any(truth.hash not in names(b.announcement.belief) for b in blocks)
    return failures


def test_the_truth_is_covered() -> None:
    assert is_covered(coverage_failures(1, 0.1), 200, 0.1)


def test_a_radius_of_zero_does_not_cover() -> None:
    assert not is_covered(coverage_failures(0, 0.1), 200, 0.1)


def test_same_inputs_same_bytes() -> None:
    game, models = farsighted(0, count=3)
    environment = Environment(game, GAUSSIAN)
    fresh = ModelClass(models.models)
    first, second = (run(environment, OMLE(m), 300, 5) for m in (models, fresh))
    for one, other in zip(first, second, strict=True):
        assert one.announcement.policy.tobytes() == other.announcement.policy.tobytes()
        assert one.announcement.belief == other.announcement.belief


def test_a_run_leaves_nothing_behind() -> None:
    game, models = CLASSES[0]
    learner = OMLE(models)
    first = run(Environment(game, BERNOULLI), learner, 500, 1)
    run(Environment(models.models[-1], BERNOULLI), learner, 500, 2)
    again = run(Environment(game, BERNOULLI), learner, 500, 1)
    assert [b.announcement.belief for b in first] == [b.announcement.belief for b in again]


# ---- offline ----


@pytest.mark.parametrize("noise", [BERNOULLI, GAUSSIAN])
def test_pmle_finds_the_equilibrium_where_data_cover(noise: Noise) -> None:
    game, models = CLASSES[0]
    data = dataset(game, [Policy.uniform(game).as_array(), *deterministic(game)], 400, noise)
    found = PMLE(models).learn(data, np.random.default_rng(0))
    value = solve(game, gap=Fraction(1, 1000)).value
    assert names(found.belief) == {game.hash}
    J = evaluate(game, Policy.from_arrays(found.policy, game=game), 15).J
    assert J.upper >= value.lower
    assert found.belief.lower is not None
    assert found.belief.upper is not None
    assert Fraction(found.belief.lower) <= J.lower
    assert Fraction(found.belief.upper) >= value.lower


def test_pmle_is_the_maximin_of_the_matrix() -> None:
    game, models = CLASSES[5]
    extra = deterministic(game)
    data = dataset(game, extra[:1], 3, BERNOULLI)
    found = PMLE(models, extra).learn(data, np.random.default_rng(0))
    among = [i for i, name in enumerate(models.hashes) if name in names(found.belief)]
    assert len(among) > 1
    policies = [models.plan(i).policy for i in range(len(models))] + extra
    matrix = np.array(
        [[evaluate_float64(models.models[i], policy).J for i in among] for policy in policies]
    )
    assert found.belief.lower == pytest.approx(matrix.min(axis=1).max(), abs=1e-11)
    chosen = [policy.tobytes() for policy in policies].index(found.policy.tobytes())
    assert matrix[chosen].min() == pytest.approx(matrix.min(axis=1).max(), abs=1e-11)


def test_pessimism_of_pmle_holds() -> None:
    game, models = CLASSES[0]
    failures = 0
    for seed in range(60):
        data = dataset(game, [Policy.uniform(game).as_array()], 20, BERNOULLI, seed)
        found = PMLE(models, delta=0.1).learn(data, np.random.default_rng(0))
        J = models.value(models.models.index(game), found.policy)
        assert found.belief.lower is not None
        failures += Fraction(found.belief.lower) > J.upper
    assert is_covered(failures, 60, 0.1)


# ---- what is refused ----

WIDE = Game.from_arrays(None, [[[0, 2]]], [[[0, 1]]])


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ((), "the class is empty"),
        ((coin(0), coin(0)), r"models\[1\]: is the same game as models\[0\]"),
        ((coin(0), coin(1).with_(eta=2)), r"models\[1\]: eta is 2"),
        ((coin(0), coin(1).with_(gamma=1)), r"models\[1\]: gamma is 1"),
        ((coin(0), small(0)), r"models\[1\]: horizon is 2"),
        ((coin(0), None), r"models\[1\]: expected a game, found NoneType"),
        (None, "models: expected a list of games"),
    ],
)
def test_classes_that_are_none(models: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ModelClass(models)  # type: ignore[arg-type]


@pytest.mark.parametrize("learner", [OMLE, PMLE])
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("delta", 0, "not a probability"),
        ("delta", 1, "not a probability"),
        ("delta", math.nan, "not a probability"),
        ("delta", "0.1", "not a probability"),
        ("width_scale", -1, "not a number >= 0"),
        ("width_scale", math.inf, "not a number >= 0"),
    ],
)
def test_options_out_of_range(
    learner: type[OMLE | PMLE], option: str, value: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        learner(ModelClass((coin(0),)), **{option: value})  # type: ignore[arg-type]


def test_a_growth_below_zero_is_refused() -> None:
    with pytest.raises(InputError, match="growth"):
        OMLE(ModelClass((coin(0),)), growth=-1)


@pytest.mark.parametrize(
    ("game", "noise", "error", "message"),
    [
        (small(0), NONE, InputError, "horizon is 1, that of the setting 2"),
        (coin(0).with_(eta=2), NONE, InputError, "eta is 1.0, that of the setting 2.0"),
        (coin(0).with_(observes="nothing"), NONE, InputError, "observes is"),
        (coin(0).with_(eta="inf"), NONE, NotCoveredError, "best-responding"),
        (coin(0, (0, "1/2")), BERNOULLI, InputError, "beyond the known bounds"),
    ],
)
def test_settings_that_the_models_are_not_of(
    game: Game, noise: Noise, error: type[ExactQSEError], message: str
) -> None:
    with pytest.raises(error, match=message):
        OMLE(ModelClass((coin(0),))).start(Setting.of(game, noise), np.random.default_rng(0))


def test_a_class_without_the_truth_is_noticed_where_it_cannot_be() -> None:
    learner = OMLE(ModelClass((WIDE, coin(0, (0, 3)))))
    with pytest.raises(InputError, match="models: what was seen is impossible under every one"):
        run(Environment(coin(0)), learner, 100)


def test_candidates_that_are_no_policies() -> None:
    models = ModelClass((coin(0), coin(1)))
    data = dataset(coin(0), [np.ones((1, 1, 2, 1))], 5, NONE)
    for bad, message in (
        ([np.ones((1, 1, 2, 2))], r"policies\[0\]: has shape"),
        ([np.ones((1, 1, 2, 1)) / 2], r"policies\[0\]: holds rows that are no distributions"),
        ([None], r"policies\[0\]: NoneType is no array"),
        (None, "policies: NoneType is not a list"),
    ):
        with pytest.raises(PolicyError, match=message):
            PMLE(models, bad).learn(data, np.random.default_rng(0))  # type: ignore[arg-type]


def test_announced_rows_sum_to_one_exactly() -> None:
    game = small(1)
    third = Fraction(1, 3)
    row = (third, 1 - third)
    rows = announced(Policy(((((row,) * 2,) * 2),) * 2))
    assert all(sum(map(Fraction, row)) == 1 for row in rows.reshape(-1, 2).tolist())
    assert abs(rows[0, 0, 0, 0] - 1 / 3) < 1e-15
    assert Policy.from_arrays(rows, game=game).as_array().tobytes() == rows.tobytes()
