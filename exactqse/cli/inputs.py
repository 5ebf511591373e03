"""From what the user typed to games, policies, numbers and output files."""

from __future__ import annotations

import difflib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import exactqse
from exactqse.cli.bundles import GameChoice
from exactqse.errors import FileError, GameError, InputError, of_file
from exactqse.kernel.certificate import Certificate
from exactqse.kernel.numbers import parse_rational

if TYPE_CHECKING:
    from exactqse.model.game import Game, Observes
    from exactqse.model.policy import Policy

UNIFORM = "uniform"
_GAMBIT = {".nfg", ".efg"}
_WORDS: dict[str, Observes] = {"action": "action", "nothing": "nothing"}


def load_game(choice: GameChoice) -> Game:
    """The chosen game: a file if there is one at that path, else a shipped game of that name.

    Raises:
        InputError: neither, a malformed file, or options out of their domain.
    """
    game = _read(choice)
    return game.with_(eta=choice.eta, gamma=choice.gamma, observes=observes(choice.observes, game))


def assumed(choice: GameChoice) -> dict[str, str]:
    """What an .nfg file leaves open and no option says, with what is taken for it.

    (gamma is open too, and of no effect in a game of one step.)
    """
    if Path(choice.game).suffix.lower() not in _GAMBIT:
        return {}
    taken = {"eta": "1", "leader": "player 1", "observes": "action"}
    return {name: value for name, value in taken.items() if getattr(choice, name) is None}


def _read(choice: GameChoice) -> Game:
    path = Path(choice.game)
    gambit = path.suffix.lower() in _GAMBIT
    if choice.leader is not None and not gambit:
        what = f"says who leads in an .nfg file, and {choice.game} is none"
        raise InputError(what, where="--leader", remedy="leave it out")
    if _exists(path):
        leader = _leader(choice.leader)
        if gambit:
            return exactqse.formats.load_nfg(path, leader=leader)
        return exactqse.Game.load(path)
    entries = {entry.name: entry for entry in exactqse.games.catalogue()}
    if choice.game in entries:
        return entries[choice.game].build()
    raise InputError(
        "is neither a file nor a shipped game",
        where=choice.game[:80],
        remedy=_near(path, list(entries)),
    )


def _exists(path: Path) -> bool:
    """Whether something is there, readable or not; a text that can be no path is not there."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _leader(player: int | None) -> Literal[1, 2]:
    if player not in {None, 1, 2}:
        raise InputError(f"{player} is not a player", where="--leader", remedy="use 1 or 2")
    return 2 if player == 2 else 1


def _near(path: Path, names: list[str]) -> str:
    """What the user may have meant: near names of shipped games, and of files beside the path."""
    try:
        beside = [str(path.parent / other.name) for other in path.parent.iterdir()]
    except OSError:
        beside = []
    near = difflib.get_close_matches(str(path), [*names, *beside], n=3, cutoff=0.5)
    begun = [name for name in names if name.startswith(str(path))][:3]
    if found := list(dict.fromkeys((*begun, *near)))[:3]:
        return f"did you mean {' or '.join(found)}?"
    return "`exactqse games` lists the shipped ones"


def observes(text: str | None, game: Game) -> Observes | None:
    """Either word, or cells of follower actions such as "0,1|2". Raises GameError."""
    if text is None or text in _WORDS:
        return None if text is None else _WORDS[text]
    cells = [[part.strip() for part in cell.split(",")] for cell in text.split("|")]
    if not all(part.isascii() and part.isdigit() for cell in cells for part in cell):
        last = game.follower_actions - 1
        what = (
            f"{text!r} is not action, nothing, or a partition of the follower's actions 0..{last}"
        )
        raise GameError(what, where="--observes", remedy='write a partition as "0,1|2"')
    return [[int(part) for part in cell if len(part) < 10] for cell in cells]


def load_certificate(path: Path) -> Certificate:
    """The certificate in a file. Raises InputError, with the file's name."""
    with of_file(path):
        return Certificate.load(path)


def load_policy(text: str, game: Game) -> Policy:
    """The policy in a file, or the uniform one. Raises InputError."""
    if text == UNIFORM and not _exists(Path(text)):
        return exactqse.Policy.uniform(game)
    return exactqse.Policy.load(text, game=game)


def default_digits(game: Game) -> int:
    """How many digits are asked for where no option says it."""
    return 3 if game.gamma else 15 if game.observes_action else 6


def number(text: str, where: str) -> Fraction:
    """An exact number. Raises NumberError."""
    return parse_rational(text, where)


def writable(path: Path | None, *, apart_from: tuple[Path | str | None, ...] = ()) -> None:
    """Refuse, before any work is done, a file that could not be written or that is an input.

    Raises:
        FileError: its folder is not there, it is a folder, or it is one of the files named.
    """
    if path is None:
        return
    if not path.parent.is_dir():
        raise FileError("its folder does not exist", where=str(path), remedy="make it first")
    if path.is_dir():
        raise FileError("is a folder", where=str(path), remedy="name a file")
    for other in apart_from:
        if other is not None and path.resolve() == Path(other).resolve():
            raise FileError("would be overwritten", where=str(path), remedy="name another file")
