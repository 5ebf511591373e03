"""The command line. Exit codes: 0 success, 1 a negative verdict, 2 bad input, 130 interrupted.

And 141 where nobody reads the output to its end. An interrupted search prints what it has by then.
Results go to the output, progress and errors to the error stream. An error is one line. What only
some commands need is used by its public name, ``exactqse.solve``, which imports it then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Annotated

import typer

from exactqse import __version__
from exactqse.cli.bundles import bundled
from exactqse.cli.claiming import claims
from exactqse.cli.drawing import draw_command
from exactqse.cli.evaluating import evaluate_command
from exactqse.cli.gamefiles import convert_command, games, show_command
from exactqse.cli.learning import learn_command
from exactqse.cli.learning_offline import learn_offline_command
from exactqse.cli.output import complain, complain_of_usage
from exactqse.cli.proving import coq_command
from exactqse.cli.solving import INTERRUPTED, check_command, decide_command, solve_command
from exactqse.cli.sweeping import sensitivities_command, sweep_command
from exactqse.errors import ExactQSEError

__all__ = ["app", "main"]

BAD_INPUT = 2
UNREAD = 141  # what shells say of a command whose reader went away, such as head
_UsageError: type[Exception] = typer.BadParameter.mro()[1]  # typer gives it no name of its own

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(*, asked: bool) -> None:
    if asked:
        sys.stdout.write(f"exactqse {__version__}\n")
        raise typer.Exit


@app.callback()
def describe(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Certified quantal Stackelberg equilibria of tabular leader-follower Markov games.

    GAME is a game file, a Gambit .nfg file, or the name of a shipped game.
    """


_commands: dict[str, Callable[..., None]] = {
    "solve": solve_command,
    "check": check_command,
    "coq": coq_command,
    "evaluate": evaluate_command,
    "decide": decide_command,
    "sweep": sweep_command,
    "sensitivities": sensitivities_command,
    "learn": learn_command,
    "learn-offline": learn_offline_command,
    "draw": draw_command,
    "show": show_command,
    "convert": convert_command,
}
for _name, _command in _commands.items():
    app.command(_name)(bundled(_command))
app.add_typer(games, name="games")
app.add_typer(claims, name="claims")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; the arguments are the process's by default."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    with _roomy_streams():
        try:
            code = app(args=words, prog_name="exactqse", standalone_mode=False)
        except SystemExit as end:
            if isinstance(end.__context__, BrokenPipeError):
                return UNREAD  # typer would have it 1, a negative verdict
            return end.code if isinstance(end.code, int) else BAD_INPUT if end.code else 0
        except _UsageError as error:
            complain_of_usage(error)
            return BAD_INPUT
        except (ExactQSEError, OSError) as error:
            complain(error)
            return BAD_INPUT
        except (KeyboardInterrupt, typer.Abort):
            sys.stderr.write("interrupted: there is no result\n")
            return INTERRUPTED
    return code if isinstance(code, int) else 0


@contextmanager
def _roomy_streams() -> Iterator[None]:
    """Let exact integers of any length and names in any script be printed, within the block."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)
