"""The leader's policy, exact: pi_h(a | s, b) as rationals. Its file: proofs/policy-file.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import GameError, PolicyError, approximate, of_file, of_kind
from exactqse.kernel.codec import check_header, fields_of, number, typed
from exactqse.kernel.files import canonical_json, parse_json
from exactqse.kernel.game import KernelGame, require_game
from exactqse.kernel.numbers import format_rational
from exactqse.model.arrays import exact, listed
from exactqse.reading import read_bytes
from exactqse.writing import write_bytes

FORMAT = "exactqse-policy"
VERSION = 1


@dataclass(frozen=True)
class Policy:
    """A Markov policy: ``policy[h][s][b][a]`` = pi_h(a | s, b), rationals summing to 1.

    A leader who sees less than the action has equal rows for the actions of one cell.
    """

    probabilities: tuple[tuple[tuple[tuple[Fraction, ...], ...], ...], ...]

    def __post_init__(self) -> None:
        level: list[Any] = [self.probabilities]
        for kind in (tuple, tuple, tuple, tuple, Fraction):
            if any(type(part) is not kind for part in level):
                what = "needs nested tuples [h][s][b][a] of Fraction, no other types"
                remedy = "build it with Policy.from_arrays"
                raise PolicyError(what, where="pi", remedy=remedy)
            level = [] if kind is Fraction else list(chain.from_iterable(level))

    def __getitem__(self, h: int) -> tuple[tuple[tuple[Fraction, ...], ...], ...]:
        """The table of step h, [s][b][a]."""
        return self.probabilities[h]

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.probabilities)

    @classmethod
    def from_arrays(cls, pi: object, *, game: KernelGame, normalise: bool = False) -> Policy:
        """A policy from an array or nested lists, shape (H, S, B, A), floats at their exact value.

        Args:
            pi: the probabilities.
            game: the game that it is for: shape, and rows that agree within the cells she sees.
            normalise: divide every row by its exact sum, instead of refusing it.

        Raises:
            PolicyError, NumberError: what is wrong, and at which [h][s][b].
        """
        require_game(game)
        of_kind(normalise, (bool, np.bool_), "True or False", where="normalise")

        def row(values: object, where: str) -> tuple[Fraction, ...]:
            entries = tuple(exact(v, where) for v in _listed(values, where))
            total = sum(entries, Fraction(0))
            return tuple(p / total for p in entries) if normalise and total > 0 else entries

        table = tuple(
            tuple(
                tuple(row(dist, f"pi[{h}][{s}][{b}]") for b, dist in enumerate(_listed(x, "pi")))
                for s, x in enumerate(_listed(step, "pi"))
            )
            for h, step in enumerate(_listed(pi, "pi"))
        )
        return cls(table).validated(game)

    def validated(self, game: KernelGame) -> Policy:
        """This policy, once every rule of the class holds in the game. Raises PolicyError."""
        require_game(game)
        horizon, states, leader, follower = game.shape
        table = self.probabilities
        if len(table) != horizon or any(len(step) != states for step in table):
            raise PolicyError(f"must have the shape [{horizon}][{states}][b][a]", where="pi")
        for h, step in enumerate(table):
            for s, rows in enumerate(step):
                if len(rows) != follower:
                    raise PolicyError(f"needs {follower} rows", where=f"pi[{h}][{s}]")
                for b, row in enumerate(rows):
                    _check_row(row, leader, f"pi[{h}][{s}][{b}]")
                for cell in game.observes:
                    if any(rows[b] != rows[cell[0]] for b in cell):
                        what = f"rows differ on the cell {list(cell)} that she cannot tell apart"
                        raise PolicyError(what, where=f"pi[{h}][{s}]")
        return self

    def as_array(self) -> NDArray[np.float64]:
        """The probabilities rounded to float64, shape (H, S, B, A)."""
        return np.array(self.probabilities, dtype=np.float64)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a policy file. Raises FileError."""
        table = [
            [[[format_rational(p) for p in row] for row in rows] for rows in step]
            for step in self.probabilities
        ]
        document = {"format": FORMAT, "version": VERSION, "pi": table}
        write_bytes(path, canonical_json(document))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, game: KernelGame) -> Policy:
        """Read a policy file for a game. Raises InputError."""
        require_game(game)
        data = read_bytes(path)
        with of_file(path):
            return _read(data, str(path)).validated(game)

    @classmethod
    def uniform(cls, game: KernelGame) -> Policy:
        """Every leader action with equal probability, everywhere."""
        require_game(game)
        row = (Fraction(1, game.leader_actions),) * game.leader_actions
        return cls((((row,) * game.follower_actions,) * game.states,) * game.horizon)


def _read(data: bytes, where: str) -> Policy:
    """The policy in a file's bytes. Raises InputError."""
    try:
        value = fields_of(parse_json(data, where), ("format", "version", "pi"), where)
        check_header(value, FORMAT, VERSION, where)
        table = tuple(
            tuple(
                tuple(
                    tuple(number(p, f"pi[{h}][{s}][{b}]") for p in typed(list, row, "pi"))
                    for b, row in enumerate(typed(list, rows, "pi"))
                )
                for s, rows in enumerate(typed(list, step, "pi"))
            )
            for h, step in enumerate(typed(list, value["pi"], "pi"))
        )
    except GameError as error:
        raise PolicyError(error.what, where=error.where, remedy=error.remedy) from error
    return Policy(table)


def _listed(value: object, where: str) -> list[object]:
    try:
        return listed(value, where)
    except GameError as error:
        raise PolicyError(error.what, where=where) from error


def _check_row(row: tuple[Fraction, ...], leader: int, where: str) -> None:
    if len(row) != leader:
        raise PolicyError(f"has {len(row)} probabilities, not {leader}", where=where)
    if any(p < 0 for p in row):
        raise PolicyError("a probability is negative", where=where)
    if (total := sum(row, Fraction(0))) != 1:
        side = "above" if total > 1 else "below"
        what = f"probabilities sum to {approximate(abs(total - 1))} {side} 1"
        raise PolicyError(what, where=where)
