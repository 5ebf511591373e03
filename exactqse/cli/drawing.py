"""``draw``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import exactqse
from exactqse.cli.bundles import AsJson, GameChoice
from exactqse.cli.inputs import assumed, load_game, writable
from exactqse.cli.output import emit, error_console, show
from exactqse.errors import InputError
from exactqse.report import assumption_lines, dataset_document, dataset_lines, line, working

if TYPE_CHECKING:
    from exactqse.simulate import Behaviour


class BehaviourName(StrEnum):
    """The behaviour policies."""

    UNIFORM = "uniform"
    PERTURBED = "perturbed"
    RANDOM = "random"
    NARROW = "narrow"


class NoiseKind(StrEnum):
    """The noise of observed rewards."""

    NONE = "none"
    BERNOULLI = "bernoulli"
    GAUSSIAN = "gaussian"


@dataclass(frozen=True)
class BehaviourChoice:
    """Which policies are announced."""

    behaviour: Annotated[
        BehaviourName | None,
        typer.Option(
            help="What is announced: the uniform policy; the equilibrium perturbed; random "
            "policies; or one policy that leaves much unseen.  \\[default: uniform]"
        ),
    ] = None
    policies: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many policies, perturbed or random.  \\[default: 8]"),
    ] = None
    epsilon: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="How far perturbed ones are from the equilibrium.  \\[default: 0.5]"
        ),
    ] = None
    node_limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Settle for the equilibrium found after so many parts."),
    ] = None
    concentration: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="The Dirichlet parameter of random policies.  \\[default: 1]"
        ),
    ] = None
    never: Annotated[
        int | None,
        typer.Option(
            metavar="A",
            help="The action that a narrow policy avoids.  \\[default: all but one, everywhere]",
        ),
    ] = None

    def build(self) -> Behaviour:
        """The behaviour. Raises InputError for an option that it has not, or out of range."""
        name = self.behaviour or BehaviourName.UNIFORM
        kind = exactqse.simulate.BEHAVIOURS[name.value]
        takes = {field.name for field in fields(kind)}
        given = {}
        for field in fields(self)[1:]:
            parameter = "count" if field.name == "policies" else field.name
            value = getattr(self, field.name)
            if value is None:
                continue
            if parameter not in takes:
                option = option_of(field.name)
                what = f"means nothing for the behaviour {name}"
                raise InputError(what, where=option, remedy="leave it out")
            given[parameter] = value
        return kind(**given)

    def given(self) -> list[str]:
        """The options that were given."""
        parts = [field.name for field in fields(self)]
        return [option_of(name) for name in parts if getattr(self, name) is not None]


def option_of(name: str) -> str:
    """How an option is typed."""
    return f"--{name.replace('_', '-')}"


def draw_command(
    choice: GameChoice,
    behaviour: BehaviourChoice,
    *,
    episodes: Annotated[
        int, typer.Option(metavar="K", help="How many episodes.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The file to write.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(metavar="N", help="Of the random generator.")] = 0,
    noise: Annotated[
        NoiseKind, typer.Option(help="The noise of the observed rewards.")
    ] = NoiseKind.NONE,
    sd: Annotated[
        float, typer.Option(metavar="X", help="The standard deviation of gaussian noise.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Draw an offline dataset: episodes of announced policies, for learners to learn from.

    It holds what is seen and what may be known, never P, r or the mean of u. The same options give
    the same bytes. A FILE whose name ends in .gz is compressed.
    """
    writable(out, apart_from=(choice.game,))
    plan = behaviour.build()
    disturbance = exactqse.simulate.Noise(noise.value, sd)
    game = load_game(choice)
    with working(error_console(), "drawing") as progress:
        dataset = exactqse.simulate.draw_dataset(
            game,
            behaviour=plan,
            episodes=episodes,
            seed=seed,
            noise=disturbance,
            progress=progress,
        )
        dataset.save(out)
    if as_json:
        emit({**dataset_document(game, dataset), "written": str(out), "assumed": assumed(choice)})
        return
    notes = assumption_lines(assumed(choice))
    show(*dataset_lines(dataset), *notes, line(f"data written to {out}"))
