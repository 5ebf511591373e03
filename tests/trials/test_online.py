"""Learners whose regret and claims are known beforehand prove the harness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from trial_learners import FiniteMLE, Fixed, ResponseMLE

import exactqse
from exactqse import Enclosure, Game, Policy, run_online
from exactqse.errors import FileError, InputError
from exactqse.games import dense, get
from exactqse.learn import Announcement, Belief
from exactqse.simulate import Episodes, Noise, Setting
from exactqse.trials import OnlineRecord, online

GAME = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
SOLUTION = exactqse.solve(GAME, 20, checker="flint")
BEST = SOLUTION.policy.as_array()
UNIFORM = Policy.uniform(GAME).as_array()


def trial(learner: object, episodes: int = 20, seed: int = 0) -> OnlineRecord:
    return run_online(GAME, learner, episodes, seed, optimum=SOLUTION)  # type: ignore[arg-type]


def test_the_perfect_learner_has_no_regret() -> None:
    record = trial(Fixed(BEST))
    assert 0 in record.final_regret
    assert record.final_regret.width < Fraction(1, 10**9)
    assert len(record.stretches) == len(record.policies) == 1


def test_regret_is_that_of_exact_arithmetic() -> None:
    record = trial(Fixed(UNIFORM, chunk=7))
    J = exactqse.evaluate(GAME, Policy.uniform(GAME), 30).J
    for t in (0, 1, 7, 20):
        exact = Enclosure(t * (SOLUTION.lower - J.upper), t * (SOLUTION.upper - J.lower))
        assert record.regret(t).overlaps(exact)
        assert record.regret(t).width < Fraction(1, 10**9)
    with pytest.raises(InputError, match=r"21 is not one of 0\.\.20"):
        record.regret(21)


@pytest.mark.parametrize(
    ("upper", "answer"),
    [
        (float(SOLUTION.upper) + 1e-6, "yes"),
        (0.0, "no"),
        (float(SOLUTION.lower) - 1e-6, "no"),
        (None, "unclaimed"),
    ],
)
def test_a_claim_about_the_optimum_is_compared_with_it(upper: float | None, answer: str) -> None:
    assert trial(Fixed(BEST, Belief(upper=upper))).optimism == answer


def test_a_claim_within_the_enclosure_is_undecided() -> None:
    wide = exactqse.solve(GAME, 5, checker="flint")
    inside = float(wide.value.mid)
    record = run_online(GAME, Fixed(BEST, Belief(upper=inside)), 3, 0, optimum=wide)
    assert wide.lower < Fraction(inside) < wide.upper
    assert record.optimism == "undecided"


def test_pessimism_and_widths() -> None:
    J = float(exactqse.evaluate(GAME, Policy.uniform(GAME), 30).J)
    top = float(SOLUTION.upper) + 1e-6
    honest = trial(Fixed(UNIFORM, Belief(upper=top, lower=J - 1e-6)))
    assert (honest.optimism, honest.pessimism, honest.widths) == ("yes", "yes", "yes")
    proud = trial(Fixed(UNIFORM, Belief(upper=top, lower=J + 1e-6)))
    assert (proud.optimism, proud.pessimism, proud.widths) == ("yes", "no", "yes")
    narrow = trial(Fixed(UNIFORM, Belief(upper=J, lower=J)))
    assert (narrow.optimism, narrow.widths) == ("no", "no")
    assert trial(Fixed(UNIFORM, Belief(upper=top))).widths == "unclaimed"


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.json" for i in range(3)]
    for file, seed in zip(files, (5, 5, 2**127), strict=True):
        learner = ResponseMLE(scale=1.0, radius=9.0)
        run_online(GAME, learner, 300, seed, optimum=SOLUTION, noise=Noise("bernoulli")).save(file)
    first, second, other = (file.read_bytes() for file in files)
    assert first == second != other
    record = OnlineRecord.load(files[0])
    assert record.parameters == {"scale": "1.0", "radius": "9.0"}
    assert OnlineRecord.load(files[2]).seed == 2**127
    assert (record.seed, record.noise, record.game_hash) == (5, Noise("bernoulli"), GAME.hash)
    assert record.version == exactqse.__version__
    record.save(files[1])
    assert files[1].read_bytes() == first


def test_a_record_that_was_changed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    trial(Fixed(UNIFORM, Belief(upper=0.0))).save(file)
    text = file.read_text()
    for old, new in (
        ('"optimism":"no"', '"optimism":"yes"'),
        ('"regret":["', '"regret":["1'),
        ('"stretches":[[0', '"stretches":[[1'),
        ('"seed":"0"', '"seed":0'),
        ('"episodes":20,', '"episodes":21,'),
        ('"version":1', '"version":2'),
        ('"seed":"0",', ""),
    ):
        assert old in text
        file.write_text(text.replace(old, new))
        with pytest.raises(FileError):
            OnlineRecord.load(file)


def test_an_optimum_that_is_none_is_refused() -> None:
    learner = Fixed(BEST)
    other = exactqse.solve(GAME.with_(eta=3), 5, checker="flint")
    with pytest.raises(InputError, match="optimum: is that of another game"):
        run_online(GAME, learner, 1, 0, optimum=other)
    unchecked = exactqse.solve(GAME, 5, checker=None)
    with pytest.raises(InputError, match="no checker has accepted it"):
        run_online(GAME, learner, 1, 0, optimum=unchecked)
    far = GAME.with_(gamma="1/2")
    memory = exactqse.solve(far, gap=1, leader="history", checker="flint")
    with pytest.raises(InputError, match="remembers the history"):
        run_online(far, learner, 1, 0, optimum=memory)


@pytest.mark.parametrize(("episodes", "seed"), [(0, 0), (True, 0), (1.5, 0), (1, -1), (1, "0")])
def test_counts_and_seeds_are_natural_numbers(episodes: int, seed: int) -> None:
    with pytest.raises(InputError, match="is not an integer >= "):
        run_online(GAME, Fixed(BEST), episodes, seed, optimum=SOLUTION)


def test_a_run_has_an_end() -> None:
    with pytest.raises(InputError, match="episodes: 1000000001 is more than 1000000000"):
        run_online(GAME, Fixed(BEST), 10**9 + 1, 0, optimum=SOLUTION)


def test_very_many_episodes_are_not_played_at_once() -> None:
    sizes: list[int] = []
    learner, total = Fixed(UNIFORM, chunk=10**9), 2 * online.AT_ONCE + 5
    run_online(
        GAME, learner, total, 0, optimum=SOLUTION, progress=lambda done, _total: sizes.append(done)
    )
    assert sizes == [online.AT_ONCE, 2 * online.AT_ONCE, total]


MODELS = tuple(
    dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=seed, eta=2)
    for seed in (3, 8, 9)
)
SOLVED = tuple(exactqse.solve(game, 8, checker=None) for game in MODELS)
MLE = FiniteMLE(
    games=MODELS,
    plans=tuple(solution.policy.as_array() for solution in SOLVED),
    hashes=tuple(game.hash for game in MODELS),
    uppers=tuple(float(solution.upper) + 1e-7 for solution in SOLVED),
    radius=float(np.log(3 / 0.01)),
)


def test_a_right_model_passes_every_check() -> None:
    record = trial(MLE, 600)
    assert (record.optimism, record.coverage) == ("yes", "yes")
    assert record.gap(record.stretches[-1]).upper < Fraction(1, 10**6)


def scaled(game: Game, factor: int | Fraction) -> Game:
    """The game with the follower's reward multiplied."""
    r = tuple(
        tuple(tuple(tuple(x * factor for x in row) for row in state) for state in step)
        for step in game.r
    )
    return replace(game, r=r)


@pytest.mark.parametrize(("eta", "answer"), [(2, "yes"), (8, "no"), ("1/2", "no")])
def test_a_wrong_temperature_is_caught(eta: int | str, answer: str) -> None:
    models = (GAME, scaled(GAME, 4), scaled(GAME, Fraction(1, 4)))
    learner = replace(
        MLE,
        games=tuple(game.with_(eta=eta) for game in models),
        hashes=tuple(game.hash for game in models),
        plans=(BEST, UNIFORM, UNIFORM),
    )
    assert trial(learner, 1000).coverage == answer


@pytest.mark.parametrize(("gamma", "answer"), [(1, "yes"), (0, "no")])
def test_a_wrong_discount_is_caught(gamma: int, answer: str) -> None:
    """His action is the next state, and one is worth more; the decoy pays for that at once."""
    P = [[[{b: 1} for b in range(2)]] * 2] * 2
    u = [[[0, 1], [1, 2]]] * 2
    later = [[[0, 0]] * 2, [[2, 2]] * 2]
    at_once = [[[0, 2]] * 2] * 2
    follower = {"eta": 1, "gamma": 1}
    game = Game.from_arrays(P, u, [[[[0, 0]] * 2] * 2, later], **follower)  # type: ignore[arg-type]
    decoy = Game.from_arrays(P, u, [at_once, later], **follower)  # type: ignore[arg-type]
    plan = Policy.uniform(game).as_array()
    learner = FiniteMLE(
        games=(game.with_(gamma=gamma), decoy.with_(gamma=gamma)),
        plans=(plan, plan),
        hashes=(game.hash, decoy.hash),
        uppers=(9.0, 9.0),
        radius=float(np.log(2 / 0.01)),
    )
    solution = exactqse.solve(game, gap=1, checker="flint")
    assert run_online(game, learner, 300, 0, optimum=solution).coverage == answer


def test_an_estimate_for_another_temperature_does_not_fit() -> None:
    right, wrong = (trial(ResponseMLE(scale=x, radius=9.0), 2000) for x in (1.0, 4.0))
    assert (right.coverage, right.fit) == ("yes", "yes")
    assert wrong.fit == "no"


@dataclass(frozen=True)
class Watching:
    """Plays uniformly, draws so many numbers of its own, and keeps what it saw outside."""

    seen: list[Episodes]
    draws: int
    name: str = "watching"

    def start(self, setting: Setting, random: np.random.Generator) -> Watching:
        del setting
        random.random(self.draws)
        return self

    def announce(self) -> Announcement:
        return Announcement(UNIFORM, episodes=30)

    def observe(self, episodes: Episodes) -> None:
        self.seen.append(episodes)


def test_what_a_learner_draws_does_not_move_the_world() -> None:
    runs: list[list[Episodes]] = [[], [], []]
    for run, draws, seed in zip(runs, (0, 9, 0), (1, 1, 2), strict=True):
        trial(Watching(run, draws), 30, seed)
    first, second, other = (run[0].s.tobytes() + run[0].b.tobytes() for run in runs)
    assert first == second != other


def test_a_learner_has_a_generator_of_its_own() -> None:
    draws: list[float] = []

    class Drawing(Watching):
        def start(self, setting: Setting, random: np.random.Generator) -> Watching:
            draws.append(random.random())
            return super().start(setting, random)

    trial(Drawing([], 0), 1, 1)
    world = np.random.default_rng(np.random.SeedSequence(1).spawn(2)[0]).random()
    assert draws[0] == draws[1] != world
    assert draws[0] != np.random.default_rng(1).random()


def test_an_exact_optimum_is_reached_exactly() -> None:
    game = get("conitzer-sandholm-2006").with_(eta="inf", observes="nothing")
    strong = exactqse.solve(game)
    even = Fixed(np.full((1, 1, 2, 2), 0.5), Belief(upper=3.5, lower=3.5))
    record = run_online(game, even, 5, 0, optimum=strong)
    assert (record.optimism, record.pessimism, record.widths) == ("yes", "yes", "yes")
    assert record.final_regret == Enclosure(Fraction(0), Fraction(0))
    less = Fixed(np.full((1, 1, 2, 2), 0.5), Belief(upper=np.nextafter(3.5, 0), lower=0.0))
    assert run_online(game, less, 5, 0, optimum=strong).optimism == "no"


def test_policies_that_differ_anywhere_are_two() -> None:
    class Alternating(Watching):
        def announce(self) -> Announcement:
            policy = UNIFORM.copy()
            if len(self.seen) % 2:
                policy[-1, -1, -1] = [0.25, 0.75]
            return Announcement(policy)

        def start(self, setting: Setting, random: np.random.Generator) -> Watching:
            self.seen.clear()
            return super().start(setting, random)

    record = trial(Alternating([], 0), 6)
    assert len(record.policies) == 2
    assert [stretch.policy for stretch in record.stretches] == [0, 1, 0, 1, 0, 1]
    gaps = {record.gap(stretch) for stretch in record.stretches}
    assert len(gaps) == 2
    assert record.final_regret.lower == 3 * sum(gap.lower for gap in gaps)
