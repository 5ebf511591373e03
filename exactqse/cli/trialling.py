"""What the commands that let learners learn have in common."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import exactqse
from exactqse.cli.inputs import writable
from exactqse.errors import FileError, InputError, shown
from exactqse.report import drawable

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.simulate import Noise

Gap = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="Bounds of J* no wider.  \\[default: solve's]"),
]
Workers = Annotated[int, typer.Option(metavar="N", help="Processes.")]


@dataclass(frozen=True)
class TrialFiles:
    """Where the trials are kept."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep every finished trial here, and go on with those that are here.",
        ),
    ] = None
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the curves to a .pdf, .png or .svg file, and their data to a .json beside "
            "it.",
        ),
    ] = None

    def data(self, *, apart_from: tuple[Path | str | None, ...]) -> Path | None:
        """The file of the picture's data, once everything can be written.

        Raises:
            InputError: something cannot be written, or it is one of the files named.
        """
        if self.out is not None:
            there = next((p for p in (self.out, *self.out.parents) if p.exists()), Path())
            if not there.is_dir():
                raise FileError("is no folder", where=str(there), remedy="name a folder")
        if self.picture is None:
            return None
        drawable(self.picture)
        data = self.picture.with_suffix(".json")
        for path in (self.picture, data):
            writable(path, apart_from=apart_from)
        return data

    def written(self, data: Path | None) -> dict[str, str | None]:
        """What was written, for JSON."""
        files = {"trials": self.out, "picture": self.picture, "data": data}
        return {key: None if path is None else str(path) for key, path in files.items()}

    def lines(self, data: Path | None) -> list[str]:
        """The same in words."""
        saved = [] if self.out is None else [f"trials kept in {self.out}"]
        if self.picture is not None:
            saved.append(f"picture written to {self.picture}, its data to {data}")
        return saved


def learners_named(names: str, game: Game, *, offline: bool = False) -> list[Any]:
    """The learners of a list of names. Raises InputError."""
    from exactqse.learn.registry import find  # noqa: PLC0415  what only these commands need

    if ":" in names and "" not in sys.path:
        sys.path.insert(0, "")  # a learner of one's own is looked for in the working folder too
    each = [name.strip() for name in names.split(",")]
    for name in each:
        if each.count(name) > 1:
            remedy = "name each learner once"
            raise InputError(f"{shown(name)} comes twice", where="--learner", remedy=remedy)
    return [find(name, game=game, offline=offline) for name in each]


def noise_named(text: str) -> Noise:
    """None, bernoulli, or gaussian:SD. Raises InputError."""
    kind, _, sd = text.partition(":")
    try:
        value = float(sd or 0)
    except ValueError:
        remedy = "use none, bernoulli, or gaussian:0.1"
        raise InputError(f"{shown(text)} is no noise", where="--noise", remedy=remedy) from None
    return exactqse.simulate.Noise(kind, value)  # type: ignore[arg-type]


def added(seconds: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Where the time of several trials went."""
    total: Counter[str] = Counter()
    for spent in seconds:
        total.update(spent)
    return dict(total)


def in_milliseconds(seconds: Iterable[Mapping[str, float]]) -> list[dict[str, int]]:
    """The same for JSON."""
    return [{part: round(1000 * x) for part, x in times.items()} for times in seconds]
