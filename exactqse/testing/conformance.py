"""What every online learner has to do, as a class of tests to inherit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from exactqse.errors import LearnerError, NotCoveredError
from exactqse.games import dense
from exactqse.learn.protocol import OnlineLearner
from exactqse.model.game import Game
from exactqse.simulate.environment import Environment
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.simulate.setting import Setting
from exactqse.solve import Solution, solve
from exactqse.trials.guard import content, sealed
from exactqse.trials.online import generators, run_online
from exactqse.trials.records import OnlineRecord


class LearnerConformance:
    """Tests of the protocol of :class:`exactqse.learn.OnlineLearner`, for pytest.

    Inherit it in a class whose name starts with Test, and say how the learner is made::

        class TestMine(LearnerConformance):
            def make(self):
                return Mine()

    Games that ``start`` refuses with NotCoveredError are left out; a learner of particular games
    says which in ``games``. Nothing is said of how well it learns:
    :func:`exactqse.testing.assert_regret_slope` is for that.

    Attributes:
        episodes: of each run.
    """

    episodes = 40

    def make(self) -> OnlineLearner:
        """The learner, made anew each time."""
        raise NotImplementedError("say how the learner is made: def make(self): return Mine()")

    def games(self) -> Sequence[Game]:
        """The games that it is tried in: every observation class, both followers, corners."""
        two = dense(states=2, leader_actions=2, follower_actions=2, horizon=2, seed=3, eta=2)
        three = dense(states=3, leader_actions=2, follower_actions=3, horizon=2, seed=5, eta="1/2")
        corners = [
            dense(states=1, leader_actions=a, follower_actions=b, horizon=1, seed=7, eta=1)
            for a, b in ((1, 1), (1, 2), (2, 1))
        ]
        partial = three.with_(observes=[[0, 2], [1]])
        far = two.with_(gamma="1/2")
        return [two, two.with_(observes="nothing"), three, partial, far, *corners]

    def test_it_covers_some_game(self) -> None:
        """There is a game that it learns in."""
        self._require(bool(self._covered()), "covers none of the games")

    def test_it_keeps_its_protocol(self) -> None:
        """Whatever the game and the noise, the harness finds no fault with it.

        It announces policies and claims that are well formed, asks for nothing hidden, writes to
        nothing that it was given, and announces the same when it is started again.
        """
        for game in self._covered():
            for noise in (NO_NOISE, Noise("bernoulli"), Noise("gaussian", 0.5)):
                record = self._record(game, noise=noise)
                played = sum(stretch.episodes for stretch in record.stretches)
                self._require(played == self.episodes, f"played {played} episodes")

    def test_the_same_seed_gives_the_same_record(self) -> None:
        """Two learners that are made alike announce the same."""
        for game in self._covered():
            same = self._record(game) == self._record(game)
            self._require(same, "made twice and run with one seed, announces different things")

    def test_it_does_not_foresee_the_end(self) -> None:
        """What it announces does not depend on how many episodes there will be."""
        for game in self._covered():
            whole, half = self._record(game), self._record(game, episodes=self.episodes // 2)
            same = _first(whole, half.episodes) == _first(half, half.episodes)
            self._require(same, "announces something else when the run is shorter")

    def test_its_sessions_share_nothing(self) -> None:
        """Two sessions of one learner, taking turns, announce what each announces alone."""
        for game in self._covered():
            learner = self.make()
            alone = [_announced(game, [learner], [seed]) for seed in (0, 1)]
            together = _announced(game, [learner, learner], [0, 1])
            self._require(
                together == [run for runs in alone for run in runs],
                "announces something else when two of its sessions take turns",
            )

    def _covered(self) -> list[Game]:
        return [game for game in self.games() if self._covers(game)]

    def _covers(self, game: Game) -> bool:
        try:
            self._record(game, episodes=1)
        except LearnerError as error:
            if isinstance(error.__cause__, NotCoveredError):
                return False
            raise
        return True

    def _record(
        self, game: Game, *, episodes: int | None = None, noise: Noise = NO_NOISE
    ) -> OnlineRecord:
        count = self.episodes if episodes is None else episodes
        return run_online(game, self.make(), count, 0, noise=noise, optimum=_optimum(game))

    def _require(self, condition: bool, what: str) -> None:  # noqa: FBT001  one of two
        if not condition:
            raise AssertionError(f"learner {self.make().name} {what}")


def _first(record: OnlineRecord, episodes: int) -> list[list[object]]:
    """What was announced and judged in the first episodes."""
    played = [x for x in record.stretches if x.first < episodes]
    last = episodes - played[-1].first
    rows = [[record.policies[x.policy].sha256, *x.row()] for x in played]
    rows[-1][2] = min(last, played[-1].episodes)
    return rows


@lru_cache(maxsize=64)
def _optimum(game: Game) -> Solution:
    """Bounds of J*, coarse where they are dear: conformance does not ask for the regret."""
    return solve(game, gap=1, checker="flint")


def _announced(
    game: Game, learners: Sequence[OnlineLearner], seeds: Sequence[int]
) -> list[list[object]]:
    """What sessions announce that take turns, each in an environment of its own."""
    setting, rounds = Setting.of(game), 8
    randoms = [generators(seed) for seed in seeds]
    sessions = [
        learner.start(setting, own) for learner, (_, own) in zip(learners, randoms, strict=True)
    ]
    environments = [Environment(game) for _ in seeds]
    said: list[list[object]] = [[] for _ in seeds]
    for _ in range(rounds):
        for i, session in enumerate(sessions):
            announcement = session.announce()
            said[i].append(content(announcement))
            count = min(announcement.episodes, 50)
            seen = environments[i].play(announcement.policy, count, randoms[i][0])
            session.observe(sealed(seen))
    return said
