"""Offline data: episodes of announced policies, with all that tells where they come from."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass, fields

from exactqse.errors import DatasetError, of_kind, shown
from exactqse.kernel.game import KernelGame, require_game
from exactqse.kernel.gamefile import game_hash
from exactqse.reading import read_bytes
from exactqse.simulate.checks import check_episodes
from exactqse.simulate.datasetfile import decode, encode
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting
from exactqse.writing import write_bytes

SEEDS = 1 << 128  # as many as numpy draws when none is given
_HEXADECIMAL = frozenset(string.digits + "abcdef")


@dataclass(frozen=True, eq=False)
class Dataset:
    """K episodes, each with the policy that was announced for it. Its file: proofs/dataset-file.md.

    It holds what is seen of a game and what may be known of it: never P, r or the mean of u.

    Attributes:
        setting: what may be known of the game.
        runs: the episodes, grouped by announced policy.
        game_hash: the hash of the game that they were played in.
        behaviour: the behaviour policies, their name with its parameters.
        seed: of the random generator that they were drawn with.
        version: of this package, when they were drawn.

    Raises:
        DatasetError: episodes that no play of a game of this setting leaves, with their place.
    """

    setting: Setting
    runs: tuple[Episodes, ...]
    game_hash: str
    behaviour: str
    seed: int
    version: str

    def __post_init__(self) -> None:
        of_kind(self.setting, Setting, "a Setting", where="dataset.setting")
        if not isinstance(self.runs, tuple) or not self.runs:
            raise DatasetError("is not a tuple of at least one run", where="dataset.runs")
        text = self.game_hash
        if not isinstance(text, str) or len(text) != 64 or not _HEXADECIMAL.issuperset(text):
            raise DatasetError(f"{shown(text)} is no hash of a game", where="dataset.game_hash")
        for name in ("behaviour", "version"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value or not value.isprintable():
                what = f"{shown(value)} is not a line of text"
                raise DatasetError(what, where=f"dataset.{name}")
        if type(self.seed) is not int or not 0 <= self.seed < SEEDS:
            what = f"{shown(self.seed)} is not an integer from 0 to 2^128 - 1"
            raise DatasetError(what, where="dataset.seed")
        for i, run in enumerate(self.runs):
            of_kind(run, Episodes, "Episodes", where=f"dataset.runs[{i}]")
            check_episodes(run, self.setting, f"runs[{i}]")

    def __len__(self) -> int:
        return sum(len(run) for run in self.runs)

    def require_game(self, game: KernelGame) -> None:
        """Raise unless the episodes were played in this game, by its hash and its setting.

        Raises:
            KindError: not a game.
            DatasetError: another game's data, or a setting that is not the game's.
        """
        require_game(game)
        if (found := game_hash(game)) != self.game_hash:
            what = f"was drawn from the game {self.game_hash[:16]}..., not from {found[:16]}..."
            remedy = "take that game, or draw a dataset of this one"
            raise DatasetError(what, where="dataset", remedy=remedy)
        own = Setting.of(game, self.setting.noise)
        for field in fields(Setting):
            if getattr(own, field.name) != getattr(self.setting, field.name):
                raise DatasetError("is not that of the game", where=f"setting.{field.name}")

    def to_bytes(self) -> bytes:
        """The bytes of the file, a function of the fields. Raises FileError if too large."""
        return encode(self)

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "dataset file") -> Dataset:
        """The dataset in the bytes of a file. Raises InputError."""
        return cls(**decode(data, where))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a dataset file, compressed if its name ends in ``.gz``. Raises FileError."""
        write_bytes(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str], game: KernelGame | None = None) -> Dataset:
        """Read a dataset file, and require that its data are of ``game`` if one is given.

        Raises:
            FileError, DatasetError, NumberError: all of them InputError, with the place.
        """
        dataset = cls.from_bytes(read_bytes(path), str(path))
        if game is not None:
            dataset.require_game(game)
        return dataset
