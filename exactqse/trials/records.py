"""What a trial leaves behind: plain frozen data whose file is the same for the same inputs.

Its numbers, and its file field by field: proofs/trial-record.md.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Any

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import FileError, GameError, InputError, shown
from exactqse.kernel.codec import check_header, fields_of
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.kernel.numbers import format_rational, parse_rational
from exactqse.reading import read_bytes
from exactqse.simulate.noise import Noise
from exactqse.trials.answers import ANSWERS, Answer, all_of, at_least, judged
from exactqse.trials.arguments import MAX_SEED, natural
from exactqse.trials.values import coarse
from exactqse.writing import write_bytes

FORMAT = "exactqse-online-record"
VERSION = 1
_FIELDS = (
    "format",
    "version",
    "package",
    "game",
    "learner",
    "parameters",
    "episodes",
    "seed",
    "noise",
    "checker",
    "optimum",
    "regret",
    "answers",
    "policies",
    "stretches",
)
QUESTIONS = ("optimism", "pessimism", "coverage", "fit", "widths")


@dataclass(frozen=True)
class Stretch:
    """Consecutive episodes with one policy and one belief.

    Attributes:
        first: the number of episodes before.
        episodes: how many.
        policy: the policy's index in the record.
        upper, lower: what the learner claimed; None where it claimed nothing.
        optimism: J* <= upper?
        pessimism: lower <= J(policy)?
        coverage: is the truth in every claimed set?
        fit: is the estimate of every LikelihoodSet about as likely as the truth?
    """

    first: int
    episodes: int
    policy: int
    upper: float | None
    lower: float | None
    optimism: Answer
    pessimism: Answer
    coverage: Answer
    fit: Answer

    @property
    def width(self) -> Fraction | None:
        """upper - lower, exactly; None unless both were claimed."""
        if self.upper is None or self.lower is None:
            return None
        return Fraction(self.upper) - Fraction(self.lower)

    def row(self) -> list[Any]:
        """The fields in their order, claims as text."""
        claims = (None if x is None else repr(x) for x in (self.upper, self.lower))
        answers = self.optimism, self.pessimism, self.coverage, self.fit
        return [self.first, self.episodes, self.policy, *claims, *answers]


@dataclass(frozen=True)
class Announced:
    """A policy of a record: the SHA-256 of its float64 table, and J of it."""

    sha256: str
    J: Enclosure


@dataclass(frozen=True)
class OnlineRecord:
    """One online trial: game x learner x seed, held against a certified J*.

    Attributes:
        game_hash: the game.
        learner, parameters: the learner's name and its fields.
        episodes: T.
        seed: of the SeedSequence that both the environment and the learner draw from.
        noise: that of the observed leader rewards.
        version: of this package.
        optimum: the certified enclosure of J*.
        checker: the arithmetic of the checker that accepted it.
        policies: the distinct policies that were announced.
        stretches: what was played, in order.
    """

    game_hash: str
    learner: str
    parameters: dict[str, Any]
    episodes: int
    seed: int
    noise: Noise
    version: str
    optimum: Enclosure
    checker: str
    policies: tuple[Announced, ...]
    stretches: tuple[Stretch, ...]

    def gap(self, stretch: Stretch) -> Enclosure:
        """J* - J(policy): the regret of one episode of a stretch. Its lower end is at least 0."""
        best, J = self._best, self.policies[stretch.policy].J
        return Enclosure(max(best.lower - J.upper, Fraction(0)), best.upper - J.lower)

    def regret(self, episodes: int | None = None) -> Enclosure:
        """The cumulative regret sum_{i < t} J* - J(pi_i) of the first t episodes, by default all.

        Raises:
            InputError: t is not one of 0..T.
        """
        t = self.episodes if episodes is None else episodes
        if isinstance(t, bool) or not isinstance(t, int) or not 0 <= t <= self.episodes:
            raise InputError(f"{shown(t)} is not one of 0..{self.episodes}", where="episodes")
        i = bisect_right(self._firsts, t) - 1
        before, rest, gap = self._sums[i], t - self._firsts[i], self.gap(self.stretches[i])
        return Enclosure(before[0] + rest * gap.lower, before[1] + rest * gap.upper)

    @property
    def final_regret(self) -> Enclosure:
        """The regret of all episodes."""
        return self.regret()

    def count(self, question: str) -> dict[Answer, int]:
        """How many episodes have each answer to "optimism", "pessimism", "coverage" or "fit"."""
        result: dict[Answer, int] = dict.fromkeys(ANSWERS, 0)
        for stretch in self.stretches:
            result[getattr(stretch, question)] += stretch.episodes
        return result

    def answer(self, question: str) -> Answer:
        """Whether it was so in every episode where it was claimed."""
        return all_of(getattr(stretch, question) for stretch in self.stretches)

    @property
    def optimism(self) -> Answer:
        """Whether J* <= upper in every episode where the learner claimed it."""
        return self.answer("optimism")

    @property
    def pessimism(self) -> Answer:
        """Whether lower <= J(policy) in every episode where the learner claimed it."""
        return self.answer("pessimism")

    @property
    def coverage(self) -> Answer:
        """Whether the truth was in the claimed sets in every episode."""
        return self.answer("coverage")

    @property
    def fit(self) -> Answer:
        """Whether the estimates were about as likely as the truth in every episode."""
        return self.answer("fit")

    @property
    def widths(self) -> Answer:
        """Whether the claimed widths, upper - lower, add up to at least the regret.

        Where some episode has no width, nothing was claimed.
        """
        widths = [(stretch.width, stretch.episodes) for stretch in self.stretches]
        known = [width * n for width, n in widths if width is not None]
        if len(known) < len(widths):
            return "unclaimed"
        total, regret = sum(known, Fraction(0)), self.regret()
        return at_least(Enclosure(total - regret.upper, total - regret.lower), Fraction(0))

    @cached_property
    def _best(self) -> Enclosure:
        return coarse(self.optimum)

    @cached_property
    def _firsts(self) -> list[int]:
        return [stretch.first for stretch in self.stretches]

    @cached_property
    def _sums(self) -> list[tuple[Fraction, Fraction]]:
        """The regret before each stretch."""

        def added(total: tuple[Fraction, Fraction], stretch: Stretch) -> tuple[Fraction, Fraction]:
            gap = self.gap(stretch)
            return total[0] + stretch.episodes * gap.lower, total[1] + stretch.episodes * gap.upper

        return list(accumulate(self.stretches, added, initial=(Fraction(0), Fraction(0))))

    def document(self) -> dict[str, Any]:
        """The record as the JSON of its file; all but ``regret`` and ``answers`` is its data."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "package": self.version,
            "game": self.game_hash,
            "learner": self.learner,
            "parameters": self.parameters,
            "episodes": self.episodes,
            "seed": str(self.seed),  # may be longer than JSON's integers
            "noise": {"kind": self.noise.kind, "sd": str(self.noise.sd)},
            "checker": self.checker,
            "optimum": _ends(self.optimum),
            "regret": _ends(self.regret()),
            "answers": {question: getattr(self, question) for question in QUESTIONS},
            "policies": [[policy.sha256, *_ends(policy.J)] for policy in self.policies],
            "stretches": [stretch.row() for stretch in self.stretches],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the record's file, the same bytes for the same trial. Raises FileError."""
        write_bytes(path, canonical_json(self.document()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> OnlineRecord:
        """Read a record's file. Raises FileError unless it is one, with sums that are right."""
        data, where = read_bytes(path), str(path)
        try:
            value = fields_of(parse_json(data, where), _FIELDS, where)
            check_header(value, FORMAT, VERSION, where)
        except GameError as error:
            raise FileError(error.what, where=error.where, remedy=error.remedy) from error
        try:
            record = _read(value)
            _require_whole(record)
            same = canonical_json(record.document()) == canonical_json(value)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise FileError(f"is no record of a trial ({error})", where=where) from error
        if not same:
            raise FileError("does not add up to the regret or answers it states", where=where)
        return record


def _require_whole(record: OnlineRecord) -> None:
    """Raise ValueError unless stretches cover the episodes and are judged by their numbers."""
    natural(record.seed, "seed", most=MAX_SEED)
    played = 0
    for stretch in record.stretches:
        natural(stretch.policy, "policy")
        J = record.policies[stretch.policy].J
        said = judged(stretch.upper, stretch.lower, record.optimum, J)
        if said != (stretch.optimism, stretch.pessimism) or stretch.first != played:
            raise InputError(f"the stretch from episode {shown(stretch.first)} is wrong")
        if not {stretch.coverage, stretch.fit} <= set(ANSWERS):
            raise InputError(f"the stretch from episode {shown(stretch.first)} has no answers")
        played += natural(stretch.episodes, "episodes", least=1)
    if played != record.episodes:
        raise InputError(f"has stretches for {played} episodes, not for {shown(record.episodes)}")


def _read(value: dict[str, Any]) -> OnlineRecord:
    return OnlineRecord(
        game_hash=value["game"],
        learner=value["learner"],
        parameters=value["parameters"],
        episodes=value["episodes"],
        seed=int(value["seed"]),
        noise=Noise(value["noise"]["kind"], float(value["noise"]["sd"])),
        version=value["package"],
        optimum=_enclosure(*value["optimum"]),
        checker=value["checker"],
        policies=tuple(Announced(sha, _enclosure(*ends)) for sha, *ends in value["policies"]),
        stretches=tuple(
            Stretch(first, count, policy, _float(upper), _float(lower), *answers)
            for first, count, policy, upper, lower, *answers in value["stretches"]
        ),
    )


def _ends(value: Enclosure) -> list[str]:
    return [format_rational(value.lower), format_rational(value.upper)]


def _enclosure(lower: str, upper: str) -> Enclosure:
    return Enclosure(parse_rational(lower), parse_rational(upper))


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)
