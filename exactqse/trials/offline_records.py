"""What an offline trial leaves behind: plain frozen data, one file (proofs/trial-record.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from exactqse.arithmetic.enclosure import Enclosure
from exactqse.errors import FileError
from exactqse.kernel.codec import check_header, fields_of
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.kernel.numbers import format_rational, parse_rational
from exactqse.reading import read_bytes
from exactqse.simulate.noise import Noise
from exactqse.trials.answers import Answer, judged
from exactqse.trials.values import coarse
from exactqse.writing import write_bytes

FORMAT = "exactqse-offline-record"
VERSION = 1


@dataclass(frozen=True)
class OfflineRecord:
    """One offline trial: dataset x learner, held against a certified J*.

    Attributes:
        game_hash: the game.
        learner, parameters: the learner's name and its fields.
        episodes: K.
        behaviour, drawn_with: the dataset's behaviour policy, and the seed that it was drawn with.
        noise: that of the observed leader rewards.
        seed: of the learner's own generator.
        version: of this package.
        optimum: the certified enclosure of J*.
        checker: the arithmetic of the checker that accepted it.
        policy: the SHA-256 of the announced policy's float64 table.
        J: of the announced policy, each row divided by its exact sum.
        upper, lower: what the learner claimed; None where it claimed nothing.
        optimism: J* <= upper?
        pessimism: lower <= J?
        coverage: is the truth in every claimed set?
        fit: is the estimate of every LikelihoodSet about as likely as the truth?
    """

    game_hash: str
    learner: str
    parameters: dict[str, Any]
    episodes: int
    behaviour: str
    drawn_with: int
    noise: Noise
    seed: int
    version: str
    optimum: Enclosure
    checker: str
    policy: str
    J: Enclosure
    upper: float | None
    lower: float | None
    optimism: Answer
    pessimism: Answer
    coverage: Answer
    fit: Answer

    @property
    def suboptimality(self) -> Enclosure:
        """J* - J of the announced policy. Its lower end is at least 0."""
        best = coarse(self.optimum)
        lower = max(best.lower - self.J.upper, Fraction(0))
        return Enclosure(lower, best.upper - self.J.lower)

    def document(self) -> dict[str, Any]:
        """The record as the JSON of its file: exact numbers as text."""
        parts = {_key(field.name): _plain(getattr(self, field.name)) for field in fields(self)}
        more = {"suboptimality": _plain(self.suboptimality)}
        return {"format": FORMAT, "version": VERSION, **parts, **more}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the record's file, the same bytes for the same trial. Raises FileError."""
        write_bytes(path, canonical_json(self.document()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> OfflineRecord:
        """Read a record's file. Raises FileError unless it is one, with answers that are right."""
        data, where = read_bytes(path), str(path)
        names = [field.name for field in fields(cls)]
        try:
            expected = ("format", "version", *map(_key, names), "suboptimality")
            value = fields_of(parse_json(data, where), expected, where)
            check_header(value, FORMAT, VERSION, where)
            record = cls(**{name: _read(name, value[_key(name)]) for name in names})
            same = canonical_json(record.document()) == canonical_json(value)
            said = judged(record.upper, record.lower, record.optimum, record.J)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise FileError(f"is no record of a trial ({error})", where=where) from error
        if not same or said != (record.optimism, record.pessimism):
            raise FileError("does not add up to what it states", where=where)
        return record


def _key(name: str) -> str:
    """What a field is called in the file, where ``version`` is that of the format."""
    return "package" if name == "version" else name


def _plain(value: object) -> Any:
    if isinstance(value, Enclosure):
        return [format_rational(value.lower), format_rational(value.upper)]
    if isinstance(value, Noise):
        return {"kind": value.kind, "sd": str(value.sd)}
    if isinstance(value, int):
        return str(value)  # a seed may be longer than JSON's integers
    return repr(value) if isinstance(value, float) else value


def _read(name: str, value: Any) -> Any:
    """A field from its JSON."""
    if name in {"optimum", "J"}:
        return Enclosure(*map(parse_rational, value))
    if name == "noise":
        return Noise(value["kind"], float(value["sd"]))
    if name in {"upper", "lower"}:
        return None if value is None else float(value)
    if name in {"episodes", "drawn_with", "seed"}:
        return int(value)
    return value
