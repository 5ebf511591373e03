"""``run_online``: one learner, one game, one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from types import NoneType
from typing import Any

import numpy as np

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import KindError, LearnerError, of_kind, shown
from exactqse.learn.protocol import Announcement, OnlineLearner, Session
from exactqse.model.game import Game
from exactqse.simulate.environment import Environment
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.solve import Solution
from exactqse.trials.answers import judged
from exactqse.trials.arguments import MAX_SEED, natural
from exactqse.trials.evidence import Evidence, coverage
from exactqse.trials.guard import Guard, content, sealed
from exactqse.trials.optimum import bounds, certified
from exactqse.trials.parameters import RELEASE, name_of, parameters_of
from exactqse.trials.records import Announced, OnlineRecord, Stretch
from exactqse.trials.refusals import require_learners
from exactqse.trials.values import Values

AT_ONCE = 1 << 17  # episodes, at most, that are played and handed over at once: memory is bounded
REPEATED = 48  # announcements that a learner has to make again when it is started again
Progress = Callable[[int, int], None]


@dataclass
class Clock:
    """Seconds spent in each part of a trial: "learner", "environment", "values", "evidence"."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=perf_counter)

    def lap(self, part: str | None) -> None:
        """The time since the last lap belongs to this part; to none with None."""
        now = perf_counter()
        if part is not None:
            self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


def run_online(
    game: Game,
    learner: OnlineLearner,
    episodes: int,
    seed: int,
    *,
    noise: Noise = NO_NOISE,
    optimum: Solution | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> OnlineRecord:
    """Let a learner play T episodes, and hold what it announced against the truth.

        regret(t) = sum_{i < t} J* - J(pi_i)

    J* is the enclosure of a checked certificate. J of each distinct announced policy, each row
    divided by its exact sum, is an enclosure too, 1e-12 wide relative to max(1, |J|); nothing is
    estimated by play. The environment and the learner draw from two children of one SeedSequence.

    Args:
        game: the game.
        learner: an online learner; after the run it is started again and has to repeat itself.
        episodes: T, at least 1.
        seed: a natural number.
        noise: that of the observed leader rewards.
        optimum: a certified solution of the game, to use it for many trials; by default
            ``exactqse.solve(game)`` with arb's exp and log in the checker.
        progress: called with (episodes played, T).
        clock: told where the time went.

    Raises:
        LearnerError: the learner breaks its protocol, raises, looks at what is hidden, or
            announces something else when it is started again with the same seed and episodes.
        InputError: not a game, a count, a seed, or an optimum of this game.
        NotCoveredError, PrecisionError: as :func:`exactqse.solve`.
    """
    of_kind(game, Game, "a Game", where="game")
    of_kind(noise, Noise, "a Noise", where="noise")
    count, seed = natural(episodes, "episodes", least=1), natural(seed, "seed", most=MAX_SEED)
    of_kind(clock, (Clock, NoneType), "a Clock", where="clock")
    if isinstance(progress, type) or not (progress is None or callable(progress)):
        raise KindError(f"{shown(progress)} is not a function", where="progress")
    require_learners(game, [learner], noise, method="start")
    best = certified(game, optimum)
    trial = _Trial(game, learner, seed, noise, bounds(best), clock or Clock())
    trial.play(count, progress)
    trial.repeat()
    return OnlineRecord(
        game_hash=game.hash,
        learner=trial.guard.learner,
        parameters=trial.parameters,
        episodes=count,
        seed=seed,
        noise=noise,
        version=RELEASE,
        optimum=trial.optimum,
        checker="" if best.verdict is None else best.verdict.arithmetic,
        policies=trial.announced(),
        stretches=tuple(trial.stretches),
    )


def generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """The environment's generator and the learner's: separate children of one SeedSequence."""
    first, second = np.random.SeedSequence(seed).spawn(2)
    return np.random.default_rng(first), np.random.default_rng(second)


class _Trial:
    """A run while it goes on."""

    def __init__(
        self,
        game: Game,
        learner: OnlineLearner,
        seed: int,
        noise: Noise,
        optimum: Enclosure,
        clock: Clock,
    ) -> None:
        self.environment = Environment(game, noise)
        self.learner, self.seed, self.optimum, self.clock = learner, seed, optimum, clock
        self.guard = Guard(name_of(learner), self.environment.setting)
        self.parameters = parameters_of(learner)
        self.values, self.evidence = Values(game), Evidence(game)
        self.stretches: list[Stretch] = []
        self.first: list[tuple[object, Episodes]] = []

    def play(self, count: int, progress: Progress | None) -> None:
        """Play ``count`` episodes."""
        random, own = generators(self.seed)
        self.clock.lap(None)
        session = self._start(own)
        played = 0
        while played < count:
            announcement = self._announced(session, played)
            chunk = min(announcement.episodes, count - played, AT_ONCE)
            stretch = self._judged(announcement, played, chunk)
            self._append(stretch)
            said = content(announcement) if len(self.first) < REPEATED else None
            seen = sealed(self.environment.play(announcement.policy, chunk, random))
            self.clock.lap("environment")
            if said is not None:
                self.first.append((said, seen))
            self._observe(session, seen)
            self.evidence.add(seen)
            self.clock.lap("evidence")
            played += chunk
            if progress is not None:
                progress(played, count)

    def repeat(self) -> None:
        """Start the learner again: with the same episodes it has to announce the same."""
        _, own = generators(self.seed)
        session, played = self._start(own), 0
        for said, seen in self.first:
            if content(self._announced(session, played)) != said:
                what = "announces something else when started again with the same seed and episodes"
                remedy = "keep what it learns in its sessions, and draw from its own generator only"
                raise LearnerError(what, learner=self.guard.learner, episode=played, remedy=remedy)
            self._observe(session, seen)
            played += len(seen)
        self.clock.lap("learner")

    def announced(self) -> tuple[Announced, ...]:
        """The distinct policies and their values."""
        pairs = zip(self.values.hashes, self.values.enclosures, strict=True)
        return tuple(Announced(sha, J) for sha, J in pairs)

    def _start(self, random: np.random.Generator) -> Session:
        self.guard.episode = None
        with self.guard.calling("start"):
            return self.learner.start(self.guard.setting, random)

    def _announced(self, session: Session, played: int) -> Announcement:
        self.guard.episode = played
        with self.guard.calling("announce"):
            announcement = session.announce()
        self.clock.lap("learner")
        return self.guard.checked(announcement)

    def _observe(self, session: Session, seen: Episodes) -> None:
        with self.guard.calling("observe"):
            session.observe(seen)
        self.clock.lap("learner")

    def _judged(self, announcement: Announcement, played: int, chunk: int) -> Stretch:
        belief = announcement.belief
        policy = self.values.number(announcement.policy)
        self.clock.lap("values")
        covered, fits = coverage(self.evidence, belief.sets)
        self.clock.lap("evidence")
        upper, lower = belief.upper, belief.lower
        said = judged(upper, lower, self.optimum, self.values.enclosures[policy])
        return Stretch(played, chunk, policy, upper, lower, *said, coverage=covered, fit=fits)

    def _append(self, stretch: Stretch) -> None:
        """Add a stretch, as part of the last one if nothing but its episodes differs."""
        if self.stretches and _same(self.stretches[-1], stretch):
            last = self.stretches.pop()
            longer = last.episodes + stretch.episodes
            stretch = Stretch(last.first, longer, *_rest(stretch))
        self.stretches.append(stretch)


def _rest(stretch: Stretch) -> tuple[Any, ...]:
    return (
        stretch.policy,
        stretch.upper,
        stretch.lower,
        stretch.optimism,
        stretch.pessimism,
        stretch.coverage,
        stretch.fit,
    )


def _same(a: Stretch, b: Stretch) -> bool:
    return _rest(a) == _rest(b)
