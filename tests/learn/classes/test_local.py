"""Classes of U_h and theta_h: sets by hand, chains by enumeration, MLE-GOLF and MLE-BCP."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from exactqse.errors import ExactQSEError, InputError, NotCoveredError, PolicyError
from exactqse.evaluate import evaluate, evaluate_float64
from exactqse.learn.classes import MLEBCP, LocalClasses, MLEGolf
from exactqse.learn.classes.chains import Chains, Record, Widths
from exactqse.learn.classes.comparison import comparable, divergence_of
from exactqse.learn.classes.golf import _Session, policy_values
from exactqse.learn.classes.greedy import greedy_step
from exactqse.learn.classes.likelihood import responses
from exactqse.learn.protocol import Belief, ResponseSet
from exactqse.model import Game, Policy
from exactqse.simulate import Environment, Noise, Setting
from exactqse.simulate.classes import (
    optimal_tables,
    perturbed_models,
    policy_tables,
    response_tables,
)
from exactqse.solve import solve, solve_float64
from exactqse.solve.shared_stage import best_shared, cell_of
from tests.learn.classes.drivers import (
    BERNOULLI,
    GAUSSIAN,
    NONE,
    Floats,
    dataset,
    deterministic,
    is_covered,
    local,
    regret,
    run,
    small,
)

SEEN = 20_000
RANDOM = np.random.default_rng(0)
ONE = Game.from_arrays(None, [[[0], [1]]], [[[0], [0]]])  # she picks her reward, he does nothing
UNIT = Setting.of(ONE, BERNOULLI)  # rewards in [0, 1]
EITHER = (np.ones((1, 1, 1, 2)) / 2,)


def tables(belief: Belief) -> tuple[Floats, ...]:
    (found,) = belief.sets
    assert isinstance(found, ResponseSet)
    return found.tables


def one_step(*values: tuple[float, float], theta: int = 1) -> LocalClasses:
    """Values of her two actions in ONE."""
    return LocalClasses(
        (np.zeros((theta, 1, 2, 1)),), (np.array(values, dtype=float).reshape(-1, 1, 2, 1),)
    )


# ---- sets and chains ----


def test_the_misfit_and_the_radius_by_hand() -> None:
    classes = one_step((0, 1), (0.5, 0.5))
    setting = Setting.of(ONE, BERNOULLI)
    record = Record.empty(classes)
    record.after[0, 0, :, 0, 0] = 3, 1
    record.u[0, 0, :, 0] = 0.75, 1
    end = np.zeros((1, 1))
    expected = [9 / 4 * 1 / 16, 9 / 4 * 1 / 16 + 1 / 2 * 1 / 4]
    assert record.misfit(0, classes.U[0], end)[:, 0] == pytest.approx(expected, rel=1e-14)
    logs = 2 * math.log(4 / 0.1) + math.log(4) + math.log(2)
    for scale, share in ((1.0, 1.0), (0.5, 0.5)):
        edge = (share * logs / 4) ** 0.5
        widths = Widths(0.1, scale, 0.0)
        for misfit, inside in ((edge * 0.999, True), (edge * 1.001, False)):
            U = np.zeros((1, 1, 2, 1))
            U[0, 0, :, 0] = 0.25 + misfit / 1.5, 1
            near, found = widths.near(record, 0, U, end, setting, 0.0)
            assert found[0, 0] == pytest.approx(misfit**2)
            assert bool(near[0, 0]) is inside


def test_radii_by_hand() -> None:
    classes = LocalClasses((np.zeros((3, 1, 2, 1)),) * 2, (np.zeros((2, 1, 2, 1)),) * 2)
    record = Record.empty(classes)
    edge = math.log(2 * 2 * 3 / 0.1)  # 2 H n / delta
    record.losses[0] = np.array([0.0, edge * 0.999, edge * 1.001])
    masks = Widths(0.1, 1.0, 0.0).responses(record)
    assert [mask.tolist() for mask in masks] == [[True, True, False], [True] * 3]
    assert not Widths(0.1, 0.9, 0.0).responses(record)[0][1]
    setting = Setting.of(Game.from_arrays(None, [[[0], [1]]], [[[0], [0]]], horizon=2), GAUSSIAN)
    record.after[0, 0, 0, 0, 0] = 1
    W = np.zeros((6, 1))  # N pairs
    logs = 2 * math.log(4 * 5 * 6 * 2 / 0.1) + math.log(2)  # 4 K N H / delta
    edge = (2 * logs / 4) ** 0.5
    widths = Widths(0.1, 1.0, 0.0, policies=5)
    for factor, tolerance, inside in ((0.999, 0, True), (1.001, 0, False), (1.001, 1, True)):
        U = np.array([[[[edge * factor], [0.0]]]])
        near = widths.near(record, 0, U, W, setting, tolerance * edge * 0.001)[0]
        assert near.tolist() == [[inside] * 6]


@pytest.mark.parametrize(
    ("noise", "variance"), [(NONE, 1 / 4), (BERNOULLI, 1 / 2), (GAUSSIAN, 1 / 2)]
)
def test_the_variance_of_targets(noise: Noise, variance: float) -> None:
    widths, setting = Widths(0.5, 1.0, 0.0), Setting.of(ONE, noise)
    record = Record.empty(one_step((0, 1)))
    record.after[0, 0, 0, 0, 0] = 1
    W = np.array([[2.0, 3.0]])
    record.after = np.zeros((1, 1, 2, 1, 2))
    record.after[0, 0, 0, 0] = 1, 0
    edge = (variance * (2 * math.log(8) + math.log(2))) ** 0.5 * 2**0.5
    for factor, inside in ((0.999, True), (1.001, False)):
        U = np.array([[[[2 + edge * factor], [0.0]]]])
        assert bool(widths.near(record, 0, U, W, setting, 0.0)[0][0, 0]) is inside


@pytest.mark.parametrize("noise", [BERNOULLI, GAUSSIAN])
def test_comparison_with_the_class_by_hand(noise: Noise) -> None:
    """Three of ten rewards 1, of a table that says 1/4 beside one that says q."""
    setting, record = Setting.of(ONE, noise), Record.empty(one_step((0, 1)))
    record.after[0, 0, 0, 0, 0], record.u[0, 0, 0, 0] = 10, 3
    end = np.zeros((1, 1))
    radius = math.log(4 * 2 / 0.1)  # 4 K N k H / delta

    def worse(q: float) -> float:
        if noise is GAUSSIAN:
            return 10 * ((0.3 - q) ** 2 - 0.05**2) / (2 * 0.5**2)
        return 3 * math.log(0.25 / q) + 7 * math.log(0.75 / (1 - q))

    def agrees(q: float, scale: float, tolerance: float = 0) -> bool:
        U = one_step((0.25, 1), (q, 1)).U[0]
        agree = Widths(0.1, scale, 0.0).agree(record, 0, U, end, setting, tolerance)[0]
        assert agree[0, 0]
        return bool(agree[1, 0])

    for q in (0.6, 0.8):
        edge = worse(q) / radius
        assert edge > 0
        assert agrees(q, edge * 1.001)
        assert not agrees(q, edge * 0.999)
        assert agrees(q + 0.05, edge * 1.001, tolerance=0.05)
        assert not agrees(q + 0.05, edge * 0.999, tolerance=0.05)
    assert agrees(1.01, 10) is (noise is GAUSSIAN)  # rewards lie in [0, 1]


@pytest.mark.parametrize("observes", ["action", "nothing"])
def test_greedy_values_enclose_those_of_other_engines(observes: str) -> None:
    game = small(2, observes=observes)
    U, theta = RANDOM.random((2, 3, 2, 2, 2))
    found = greedy_step(U, theta, Setting.of(game))
    assert found.W.shape == (3, 3, 2)
    assert 0 <= found.excess < 2e-6
    for i, j, s in np.ndindex(3, 3, 2):
        nu = responses(theta[j : j + 1], found.policy[i, j], 3)[0, s]
        worth = nu @ np.einsum("ba,ab->b", found.policy[i, j, s], U[i, s])
        assert -1e-12 <= found.W[i, j, s] - worth <= found.excess + 1e-12
        cells = game.observes
        x, y = 3 * theta[j, s].T, U[i, s].T
        other = best_shared(x, y, cell_of(cells), np.random.default_rng(1))[1]
        assert found.W[i, j, s] >= other - 1e-12
        assert found.W[i, j, s] <= other + found.excess + 1e-9


def chain_products(found: Chains, thetas: Sequence[np.ndarray]) -> Iterator[list[tuple[int, int]]]:
    """All chains, one by one."""
    steps = [list(np.ndindex(*alive.shape)) for alive in found.alive]
    for chain in product(*steps):
        pairs = [(int(U), int(theta)) for U, theta in chain]
        flat = [U * found.alive[h].shape[1] + theta for h, (U, theta) in enumerate(pairs)]
        after = [*flat[1:], 0]
        if all(thetas[h][theta] for h, (_, theta) in enumerate(pairs)) and all(
            found.agree[h][U, after[h]] for h, (U, _) in enumerate(pairs)
        ):
            yield pairs


@pytest.mark.parametrize("seed", range(4))
def test_chains_are_those_that_enumeration_finds(seed: int) -> None:
    game = small(seed)
    game = Game.from_arrays(game.P_float[0], game.u_float[0], game.r_float[0], horizon=3,
                            eta=3, normalise=True)  # fmt: skip
    classes = local(game, 3, seed, "3/4")
    learner = MLEGolf(classes, width_scale=0.5)
    environment = Environment(game, BERNOULLI)
    session = learner.start(environment.setting, RANDOM)
    uniform = Policy.uniform(game).as_array()
    session.observe(environment.play(uniform, 30, np.random.default_rng(seed)))
    thetas = session._widths.responses(session._record)
    found = session._chains(thetas)
    everything = list(chain_products(found, thetas))
    assert 0 < len(everything) < 9**3
    first = {chain[0] for chain in everything}
    assert first == {tuple(map(int, p)) for p in np.argwhere(found.alive[0])}
    assert all(found.best_fit(pair) in everything for pair in first)
    announcement = session.announce()
    W, rho = [step.W for step in session._greedy], np.array(environment.setting.rho)
    best = max(rho @ W[0][chain[0]] for chain in everything)
    assert announcement.belief.upper == pytest.approx(best, abs=3e-6)
    values = policy_values(classes, announcement.policy, 3)
    worth = [
        rho @ values[0][chain[0]]
        - sum((W[h][chain[h]] - values[h][chain[h]]).max() for h in (1, 2))
        for chain in everything
    ]
    assert announcement.belief.lower == pytest.approx(min(worth), abs=6e-6)


# ---- MLE-GOLF ----


@pytest.mark.parametrize("noise", [BERNOULLI, GAUSSIAN, NONE])
@pytest.mark.parametrize("seed", [0, 1])
def test_regret_of_golf_stops_growing(seed: int, noise: Noise) -> None:
    game = small(seed)
    blocks = run(Environment(game, noise), MLEGolf(local(game, 5, seed)), SEEN, seed)
    best = solve(game)
    total = regret(game, float(best.lower), blocks)
    played = np.cumsum([b.played for b in blocks])
    assert played[-1] == SEEN
    assert len(blocks) < 50
    assert total[-1] - total[played >= SEEN / 4][0] < 1e-6
    assert noise is not BERNOULLI or 0.1 < total[-1] < 100
    for block in blocks:
        belief = block.announcement.belief
        J = evaluate(game, Policy.from_arrays(block.announcement.policy, game=game), 15).J
        assert belief.upper is not None
        assert belief.lower is not None
        assert Fraction(belief.upper) >= best.lower
        assert Fraction(belief.lower) <= J.lower
        for h, table in enumerate(tables(belief)):
            assert any(np.array_equal(r, game.r_float[h]) for r in table)
    assert [len(table) for table in tables(blocks[0].announcement.belief)] == [5, 5]
    last = blocks[-1].announcement.belief
    assert [len(table) for table in tables(last)] == [1, 1]
    assert last.upper is not None
    assert last.lower is not None
    assert last.upper - last.lower < 1e-5


def test_a_leader_who_sees_nothing() -> None:
    game = small(0, observes="nothing")
    learner = MLEGolf(local(game, 3, 1))
    blocks = run(Environment(game, BERNOULLI), learner, SEEN)
    value = solve(game, gap=Fraction(1, 10**6)).value
    beliefs = [block.announcement.belief for block in blocks]
    assert all(Fraction(b.upper or 0) >= value.lower for b in beliefs)
    assert beliefs[-1].upper == pytest.approx(beliefs[-1].lower, abs=1e-5)
    assert beliefs[-1].upper == pytest.approx(float(value.lower), abs=1e-5)


def excluded(session: _Session, truth: list[tuple[int, int]]) -> bool:
    """Whether the true chain is not among those that agree."""
    thetas = session._widths.responses(session._record)
    return truth not in chain_products(session._chains(thetas), thetas)


def coverage_failures(width_scale: float, delta: float, runs: int = 250) -> int:
    """Runs in which some block's chains lack the true one."""
    game = small(3)
    game = Game.from_arrays(game.P_float, game.u_float, game.r_float, eta=3, normalise=True)
    models = perturbed_models(game, 2, seed=1, spread="1/4")
    classes = local(game, 2, 1, "1/4")
    true = models.index(game)
    learner = MLEGolf(classes, delta=delta, width_scale=width_scale)
    environment, uniform = Environment(game, BERNOULLI), Policy.uniform(game).as_array()
    failures = 0
    for seed in range(runs):
        random = np.random.default_rng(seed)
        session = learner.start(environment.setting, RANDOM)
        for played in (1, 2, 5, 10, 20):
            session.observe(environment.play(uniform, played, random))
            if excluded(session, [(true, true)] * 2):
                failures += 1
                break
    return failures


def test_the_true_chain_is_covered() -> None:
    assert is_covered(coverage_failures(1, 0.1), 250, 0.1)


def test_a_radius_of_zero_does_not_cover() -> None:
    assert not is_covered(coverage_failures(0, 0.1), 250, 0.1)


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_the_true_table_is_covered_by_comparison(share: float) -> None:
    """Of eleven means, 0.3 is the truth; without the radius it is lost almost always."""
    U, delta, runs = np.linspace(0, 1, 11).reshape(-1, 1, 1, 1), 0.1, 300
    failures = 0
    for seed in range(runs):
        total = np.cumsum(np.random.default_rng(seed).random(200) < 0.3)
        inside = [
            comparable(
                np.full((1, 1, 1), n),
                (mean := np.full((1, 1, 1, 1), total[n - 1] / n)),
                U,
                divergence_of(np.full((1, 1, 1), n), mean, np.zeros((1, 1)), UNIT, np.ones(1)),
                radius=share * math.log(11 / delta),
                tolerance=0.0,
            )[3, 0]
            for n in (1, 2, 5, 10, 20, 50, 100, 200)
        ]
        failures += not all(inside)
    assert is_covered(failures, runs, delta) is bool(share)


def test_what_was_refuted_stays_refuted() -> None:
    """Until nothing is left: then the truth was among it."""
    learner = MLEGolf(one_step((0.5, 0), (0.9, 0)))
    session = learner.start(UNIT, RANDOM)
    record = session._record
    few, half, most = (4, 2), (1000, 500), (1000, 900)  # few rewards agree with both tables
    seen = ((0, 0), few, half, few, most, few, half)
    uppers = []
    for n, total in seen:
        record.after[0, 0, 0, 0, 0], record.u[0, 0, 0, 0] = n, total
        uppers.append(session.announce().belief.upper)
    assert uppers == pytest.approx([0.9, 0.9, 0.5, 0.5, 0.9, 0.9, 0.5], abs=1e-5)


def test_hellinger_distances_sum_to_what_the_page_says() -> None:
    theta = np.linspace(0, 1, 6)[:, None, None, None] * np.array([0.0, 1.0])
    pi = np.ones((1, 2, 1))
    nu = responses(theta, pi, 3.0)[:, 0]
    true, delta, runs = 2, 0.1, 300
    hellinger = 1 - np.sqrt(nu * nu[true]).sum(axis=1)
    failures = {"stated": 0, "without": 0}
    for seed in range(runs):
        b = np.random.default_rng(seed).random(200) >= nu[true, 0]
        losses = -np.cumsum(np.log(nu[:, b.astype(int)]), axis=1)
        excess = hellinger[:, None] * np.arange(1, 201) - (losses - losses[true]) / 2
        failures["stated"] += bool((excess > math.log(6 / delta)).any())
        failures["without"] += bool((excess > 0.5).any())
    assert is_covered(failures["stated"], runs, delta)
    assert not is_covered(failures["without"], runs, delta)


@pytest.mark.parametrize("shift", [-1, 1])
def test_classes_that_hold_the_truth_within_slack(shift: int) -> None:
    """Values of later steps are off by 2 slack seen from the step before, which data resolve."""
    slack, game = 0.02, small(5)
    models = perturbed_models(game, 2, seed=1)
    true = models.index(game)
    U = optimal_tables(models)
    moved = (U[0] - shift * slack, U[1] + shift * slack)
    learners = [
        MLEGolf(LocalClasses(response_tables(models), moved), slack=slack * share)
        for share in (1, 0.01)
    ]
    environment, uniform = Environment(game, BERNOULLI), Policy.uniform(game).as_array()
    seen = environment.play(uniform, 200_000, np.random.default_rng(0))
    lost = []
    for learner in learners:
        session = learner.start(environment.setting, RANDOM)
        session.observe(seen)
        lost.append(excluded(session, [(true, true)] * 2))
    assert lost == [False, True]
    session = learners[0].start(environment.setting, RANDOM)
    session.observe(seen)
    announcement = session.announce()
    value = solve_float64(game).J
    assert announcement.belief.upper is not None
    assert announcement.belief.lower is not None
    assert value <= announcement.belief.upper < value + 2 * slack + 1e-6
    J = evaluate_float64(game, announcement.policy).J
    assert J - 6 * slack < announcement.belief.lower <= J


def test_statistics_do_not_grow_with_what_was_seen() -> None:
    game = small(0)
    classes = local(game, 3, 0)
    record = Record.empty(classes)
    sizes = [x.size for x in (record.u, record.after, *record.losses)]
    environment, uniform = Environment(game, BERNOULLI), Policy.uniform(game).as_array()
    seen = environment.play(uniform, 1000, np.random.default_rng(0))
    record.add(seen, classes, 3.0)
    assert [x.size for x in (record.u, record.after, *record.losses)] == sizes
    assert record.after.sum() == 2000
    assert record.u.sum() == pytest.approx(seen.u.sum())
    nu = responses(classes.theta[1], uniform[1], 3.0)
    logs = np.log(nu[:, seen.s[:, 1], seen.b[:, 1]]).sum(axis=1)
    assert record.losses[1] == pytest.approx(-logs)


def test_same_inputs_same_bytes() -> None:
    game = small(1)
    first, second = (
        run(Environment(game, GAUSSIAN), MLEGolf(local(game, 4, 2)), 300, 5) for _ in range(2)
    )
    for one, other in zip(first, second, strict=True):
        assert one.announcement.policy.tobytes() == other.announcement.policy.tobytes()
        mine, others = one.announcement.belief, other.announcement.belief
        assert (mine.upper, mine.lower) == (others.upper, others.lower)
        assert [t.tobytes() for t in tables(mine)] == [t.tobytes() for t in tables(others)]


# ---- MLE-BCP ----


def test_pessimism_avoids_what_was_not_tried() -> None:
    classes = one_step((0, 1), (0, -1), (0.9, 1))
    policies = [np.array([[[row]]], dtype=float) for row in ((1, 0), (0, 1), (0.5, 0.5))]
    data = dataset(ONE, policies[:1], 200, BERNOULLI)
    found = MLEBCP(classes, policies).learn(data, RANDOM)
    assert found.policy.tolist() == policies[0].tolist()
    assert found.belief.lower == pytest.approx(0, abs=1e-5)
    data = dataset(ONE, policies[:2], 200, BERNOULLI)
    found = MLEBCP(classes, policies).learn(data, RANDOM)
    assert found.policy.tolist() == policies[1].tolist()
    assert found.belief.lower == pytest.approx(1, abs=1e-5)


def bcp(game: Game, seed: int, delta: float = 0.1) -> MLEBCP:
    models = perturbed_models(game, 4, seed=seed, spread="1/2")
    policies = [*deterministic(game), solve_float64(game).policy]
    classes = LocalClasses(response_tables(models), policy_tables(models, policies))
    return MLEBCP(classes, policies, delta=delta)


@pytest.mark.parametrize("noise", [BERNOULLI, GAUSSIAN, NONE])
def test_bcp_finds_the_equilibrium_where_data_cover(noise: Noise) -> None:
    game = small(0)
    data = dataset(game, [Policy.uniform(game).as_array(), *deterministic(game)], 4000, noise)
    found = bcp(game, 0).learn(data, RANDOM)
    J = evaluate(game, Policy.from_arrays(found.policy, game=game), 15).J
    assert float(J.upper) >= float(solve(game).lower) - 1e-9
    assert found.belief.lower == pytest.approx(float(J.lower), abs=1e-5)
    assert [len(table) for table in tables(found.belief)] == [1, 1]


def test_pessimism_of_bcp_holds() -> None:
    game = small(0)
    learner = bcp(game, 0)
    failures, least = 0, []
    for seed in range(40):
        data = dataset(game, [Policy.uniform(game).as_array()], 30, BERNOULLI, seed)
        found = learner.learn(data, RANDOM)
        J = evaluate_float64(game, found.policy).J
        assert found.belief.lower is not None
        failures += found.belief.lower > J
        least.append(found.belief.lower)
    assert is_covered(failures, 40, 0.1)
    assert len(set(least)) > 1


# ---- what is refused ----

PLAIN = np.zeros((1, 1, 2, 1))


@pytest.mark.parametrize(
    ("theta", "U", "message"),
    [
        ((), (), "theta: has no steps"),
        ((PLAIN[:0],), (PLAIN,), r"theta\[0\]: the class is empty"),
        ((PLAIN,), (PLAIN[:0],), r"U\[0\]: the class is empty"),
        ((PLAIN,), (PLAIN, PLAIN), "U: has 2 steps, theta has 1"),
        ((PLAIN,), (np.zeros((1, 1, 2, 2)),), r"U\[0\]: has tables of shape \(1, 2, 2\)"),
        ((PLAIN[0],), (PLAIN,), r"theta\[0\]: has shape \(1, 2, 1\)"),
        ((PLAIN + math.nan,), (PLAIN,), r"theta\[0\]: holds a number that is not finite"),
        ((None,), (PLAIN,), r"theta\[0\]: NoneType is not an array"),
        (None, (PLAIN,), "theta: None is not a list"),
    ],
)
def test_classes_that_are_none(theta: object, U: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        LocalClasses(theta, U)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["delta", "width_scale", "growth", "slack"])
def test_options_out_of_range(option: str) -> None:
    with pytest.raises(InputError, match=f"{option}: -1"):
        MLEGolf(one_step((0, 1)), **{option: -1})
    if option != "growth":
        with pytest.raises(InputError, match=f"{option}: -1"):
            MLEBCP(one_step((0, 1)), EITHER, **{option: -1})


@pytest.mark.parametrize(
    ("game", "error", "message"),
    [
        (small(0), InputError, r"classes: \(H, S, A, B\) is \(1, 1, 2, 1\), that of the setting"),
        (ONE.with_(gamma=1), NotCoveredError, "farsighted"),
        (ONE.with_(eta="inf"), NotCoveredError, "best-responding"),
    ],
)
def test_settings_that_the_classes_are_not_of(
    game: Game, error: type[ExactQSEError], message: str
) -> None:
    with pytest.raises(error, match=message):
        MLEGolf(one_step((0, 1))).start(Setting.of(game), RANDOM)
    data = dataset(game, [Policy.uniform(game).as_array()], 1, NONE)
    with pytest.raises(error, match=message):
        MLEBCP(one_step((0, 1)), EITHER).learn(data, RANDOM)


def test_a_class_without_the_truth_is_noticed() -> None:
    classes = one_step((0.5, 0), (1, 0.5))
    with pytest.raises(InputError, match="classes: no chain of"):
        run(Environment(ONE, BERNOULLI), MLEGolf(classes), SEEN)
    data = dataset(ONE, EITHER, 1000, BERNOULLI)
    with pytest.raises(InputError, match=r"policies\[0\]: no chain of"):
        MLEBCP(classes, EITHER).learn(data, RANDOM)


def test_policy_classes_that_are_none() -> None:
    with pytest.raises(InputError, match="the policy class is empty"):
        MLEBCP(one_step((0, 1)), ())
    data = dataset(ONE, EITHER, 1, NONE)
    with pytest.raises(PolicyError, match=r"policies\[0\]: has shape"):
        MLEBCP(one_step((0, 1)), (np.ones((1, 1, 1, 3)),)).learn(data, RANDOM)
