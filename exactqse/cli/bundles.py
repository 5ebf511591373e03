"""Options that several commands share, declared once.

A *bundle* is a frozen dataclass whose fields are typer parameters. A command names a bundle as the
type of one parameter, and :func:`bundled` spreads it out for typer and gathers it for the command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer


class Arithmetic(StrEnum):
    """Whose exp and log a check uses."""

    KERNEL = "kernel"
    FLINT = "flint"

    @property
    def checker(self) -> Literal["kernel", "flint"]:
        """The same as the literal that ``solve`` takes."""
        return "flint" if self is Arithmetic.FLINT else "kernel"


GameName = Annotated[
    str,
    typer.Argument(
        metavar="GAME",
        help="A game file, a Gambit .nfg file, or a shipped game (see: exactqse games).",
        show_default=False,
    ),
]
Discount = Annotated[
    str | None, typer.Option(metavar="NUMBER", help="The follower's discount factor, 0 to 1.")
]
Observed = Annotated[
    str | None,
    typer.Option(metavar="WHAT", help='What the leader sees: action, nothing, or "0,1|2".'),
]
WhoLeads = Annotated[
    int | None,
    typer.Option(metavar="1|2", help="Which player of an .nfg file leads.  \\[default: 1]"),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, exact, and nothing else.")
]


@dataclass(frozen=True)
class GameChoice:
    """Which game, and changes to it."""

    game: GameName
    eta: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help='Inverse temperature, such as 2, 1/3, 0.1 or "inf".'),
    ] = None
    gamma: Discount = None
    observes: Observed = None
    leader: WhoLeads = None


@dataclass(frozen=True)
class Page:
    """How results are printed."""

    everything: Annotated[bool, typer.Option("--all", help="Print every row of the tables.")] = (
        False
    )
    as_json: AsJson = False


@dataclass(frozen=True)
class SolveFiles:
    """What a solve reads besides the game, and where it writes."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="CERT",
            help="Write the certificate to this file; in a long search every now and then.",
        ),
    ] = None
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the exact policy to this file.")
    ] = None
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="CERT", help="Go on with the search that ended with this certificate."
        ),
    ] = None


@dataclass(frozen=True)
class Aim:
    """How good a solution has to be, and what it may take."""

    digits: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Bounds no wider than 10^-N, 1 to 1000.  "
            "\\[default: 15; 6 if she sees less; 3 if gamma > 0]",
        ),
    ] = None
    gap: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Bounds no wider than this; instead of --digits."),
    ] = None
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Settle for the gap reached by then."),
    ] = None
    node_limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Settle for the gap reached after so many parts."),
    ] = None
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="For gamma > 0: she remembers the history, and randomises publicly."
        ),
    ] = False
    values_only: Annotated[
        bool,
        typer.Option(
            "--values-only",
            help="For gamma > 0: divide the follower's values, not her mixtures, as coq needs it.",
        ),
    ] = False


def bundled(function: Callable[..., None]) -> Callable[..., None]:
    """The command with every bundle among its parameters spread into the bundle's fields."""
    hints = get_type_hints(function, include_extras=True)
    parameters: list[Parameter] = []
    bundles: dict[str, type[Any]] = {}
    for name, parameter in signature(function).parameters.items():
        if is_dataclass(hints[name]):
            bundles[name] = hints[name]
            parameters += _spread(hints[name])
        else:
            kept = parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name])
            parameters.append(kept)

    def command(**values: Any) -> None:
        gathered = {
            name: bundle(**{f.name: values.pop(f.name) for f in fields(bundle)})
            for name, bundle in bundles.items()
        }
        function(**gathered, **values)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    vars(command)["__signature__"] = Signature(parameters)
    return command


def _spread(bundle: type[Any]) -> list[Parameter]:
    hints = get_type_hints(bundle, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(bundle)
    ]
