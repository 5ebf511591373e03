"""The public game: the kernel's exact game with the ways in, the ways out and the views."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import GameError, InputError, of_file, of_kind, shown
from exactqse.kernel.game import (
    MAX_HORIZON,
    KernelGame,
    Payoffs,
    Row,
    Transitions,
    require_game,
)
from exactqse.kernel.gamefile import game_bytes, game_hash
from exactqse.model.arrays import (
    distribution,
    exact,
    listed,
    payoffs,
    require_sizes,
    transitions,
    whole,
)
from exactqse.model.gamefile import read_game
from exactqse.reading import read_bytes
from exactqse.writing import write_bytes

_KINDS = ("state", "leader", "follower")
Number = int | float | str | Fraction
Observes = Literal["action", "nothing"] | Sequence[Sequence[int]]


class Game(KernelGame):
    """A leader-follower Markov game (S, A, B, H, rho, P, u, r, eta, gamma), exact and immutable.

    Build one with :meth:`from_arrays` or :meth:`load`; the fields are those of the kernel's game.
    """

    def __eq__(self, other: object) -> bool:
        """Whether it is the same game, with or without this face."""
        return isinstance(other, KernelGame) and all(
            getattr(self, f.name) == getattr(other, f.name) for f in fields(KernelGame)
        )

    __hash__ = KernelGame.__hash__

    @property
    def observes_action(self) -> bool:
        """Whether the leader sees the follower's action before she moves."""
        return len(self.observes) == self.follower_actions

    @classmethod
    def from_arrays(
        cls,
        P: object,
        u: object,
        r: object,
        *,
        rho: object = None,
        horizon: int | None = None,
        eta: Number = 1,
        gamma: Number = 0,
        observes: Observes = "action",
        normalise: bool = False,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> Game:
        """A game from numpy arrays, nested lists, Fractions, ints, floats or strings such as "1/3".

        Args:
            P: transition kernel P_h(s'|s,a,b), shape (S, A, B, S) or (H, S, A, B, S); the last axis
                may be a mapping {s': probability}. None: every state stays where it is.
            u: leader reward, shape (S, A, B) or (H, S, A, B).
            r: follower reward, the same.
            rho: distribution of the first state, shape (S,), or a state's index; by default 0.
            horizon: H; by default that of the per-step tables, else 1.
            eta: the follower's inverse temperature, > 0; "inf" or float("inf") for a best response.
            gamma: the follower's discount factor in [0, 1]; 0 is the myopic follower.
            observes: what the leader sees of b before she moves: "action", "nothing", or a
                partition.
            normalise: divide rows of P and rho by their exact sums, instead of refusing them.
            names: optional {"states": [...], "leader_actions": [...], "follower_actions": [...]}.

        Raises:
            GameError, NumberError: what is wrong, and at which index.
        """
        of_kind(normalise, (bool, np.bool_), "True or False", where="normalise")
        leader, follower = payoffs(u, "u"), payoffs(r, "r")
        states, actions, responses = sizes = _sizes(leader)
        table = _staying(sizes) if P is None else transitions(P, states, normalise=normalise)
        tables = {"P": table, "u": leader, "r": follower}
        for label, given in tables.items():
            require_sizes(given, sizes, label)
        return cls(
            horizon=_horizon(horizon, tables),
            states=states,
            leader_actions=actions,
            follower_actions=responses,
            rho=_first(rho, states, normalise=normalise),
            P=table,
            u=leader,
            r=follower,
            eta=_temperature(eta),
            gamma=exact(gamma, "gamma"),
            observes=_partition(observes, responses),
            names=_names(names),
        )

    @classmethod
    def from_kernel(cls, game: KernelGame) -> Game:
        """The same game with the public face. Raises KindError unless it is a game."""
        require_game(game)
        return cls(**{f.name: getattr(game, f.name) for f in fields(KernelGame)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Game:
        """Read a game file. Raises InputError."""
        data = read_bytes(path)
        with of_file(path):
            return cls.from_kernel(read_game(data, str(path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the canonical game file. Raises FileError."""
        write_bytes(path, game_bytes(self))

    def with_(
        self,
        *,
        eta: Number | None = None,
        gamma: Number | None = None,
        observes: Observes | None = None,
    ) -> Game:
        """The same tables with another follower or another observation. Raises GameError."""
        changes: dict[str, Any] = {}
        if eta is not None:
            changes["eta"] = _temperature(eta)
        if gamma is not None:
            changes["gamma"] = exact(gamma, "gamma")
        if observes is not None:
            changes["observes"] = _partition(observes, self.follower_actions)
        return replace(self, **changes)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical game file, whatever spelling the game was read from."""
        return game_hash(self)

    def name(self, kind: Literal["state", "leader", "follower"], index: int) -> str:
        """The name of a state, a leader action or a follower action; its index when unnamed.

        Raises:
            InputError: another kind, or an index out of range.
        """
        if not isinstance(kind, str) or kind not in _KINDS:
            raise InputError(f"{shown(kind)} is not one of {', '.join(_KINDS)}", where="kind")
        place = _KINDS.index(kind)
        labels, count = self.names[place], self.shape[place + 1]
        if not 0 <= whole(index, "index") < count:
            raise InputError(f"{shown(index)} is not one of 0..{count - 1}", where="index")
        return str(index) if labels is None else labels[index]

    @cached_property
    def u_float(self) -> NDArray[np.float64]:
        """u rounded to float64, shape (1 or H, S, A, B)."""
        return np.array(self.u, dtype=np.float64)

    @cached_property
    def r_float(self) -> NDArray[np.float64]:
        """r rounded to float64, shape (1 or H, S, A, B)."""
        return np.array(self.r, dtype=np.float64)

    @cached_property
    def P_float(self) -> NDArray[np.float64]:
        """P rounded to float64 and dense, shape (1 or H, S, A, B, S)."""
        result = np.zeros((len(self.P), *self.shape[1:], self.states))
        for index in np.ndindex(*result.shape[:-1]):
            h, s, a, b = index
            row = self.P[h][s][a][b]
            values = [n / row.denominator for n in row.numerators]
            result[index][list(row.states)] = values
        return result


def _sizes(u: Payoffs) -> tuple[int, int, int]:
    """(S, A, B), measured along the first entries. Raises GameError where one is 0."""
    try:
        return len(u[0]), len(u[0][0]), len(u[0][0][0])
    except IndexError:
        what = "is empty; there must be a state, a leader action and a follower action"
        raise GameError(what, where="u") from None


def _staying(sizes: tuple[int, int, int]) -> Transitions:
    """The transitions of a game in which every state stays where it is."""
    states, actions, responses = sizes
    stay = (Row(1, (s,), (1,)) for s in range(states))
    return (tuple(((row,) * responses,) * actions for row in stay),)


def _horizon(horizon: object, tables: Mapping[str, Sequence[object]]) -> int:
    """H, with which every table that is per step has to agree. Raises GameError."""
    steps = max(map(len, tables.values())) if horizon is None else horizon
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer):
        raise GameError(f"{shown(horizon)} is not an integer", where="horizon")
    if steps > MAX_HORIZON:
        what = f"{shown(horizon)} is more than {MAX_HORIZON} steps"
        raise GameError(what, where="horizon")
    for label, table in tables.items():
        if steps > 0 and len(table) not in {1, steps}:
            what = f"is given for {len(table)} steps, not for all {steps} or once for every step"
            raise GameError(what, where=label)
    return int(steps)


def _first(rho: object, states: int, *, normalise: bool) -> Row:
    """The distribution of the first state, which may be an index instead; by default state 0."""
    first = 0 if rho is None else rho
    if isinstance(first, int | np.integer) and not isinstance(first, bool):
        first = {int(first): 1}
    return distribution(first, states, "rho", normalise=normalise)


def _temperature(eta: Number) -> Fraction | None:
    if isinstance(eta, str | float | np.floating) and eta in {"inf", float("inf")}:
        return None
    return exact(eta, "eta")


def _partition(
    observes: str | Sequence[Sequence[int]], responses: int
) -> tuple[tuple[int, ...], ...]:
    if isinstance(observes, str):
        if observes == "action":
            return tuple((b,) for b in range(responses))
        if observes == "nothing":
            return (tuple(range(responses)),)
        remedy = 'use "action", "nothing" or a partition such as [[0, 1], [2]]'
        raise GameError(f"{shown(observes)} is unknown", where="observes", remedy=remedy)
    cells = [listed(cell, "observes") for cell in listed(observes, "observes")]
    for cell in cells:
        for b in cell:
            if isinstance(b, bool) or not isinstance(b, int | np.integer):
                raise GameError(f"{shown(b)} is not a follower action's index", where="observes")
    return tuple(sorted(tuple(sorted(int(b) for b in cell)) for cell in cells))


def _names(names: Mapping[str, Sequence[str]] | None) -> Any:
    keys = ("states", "leader_actions", "follower_actions")
    if names is not None and not isinstance(names, Mapping):
        raise GameError(f"is not a mapping from {keys} to lists of strings", where="names")
    given = dict(names or {})
    for key, value in given.items():
        if key not in keys:
            raise GameError(f"{shown(key)} is not one of {keys}", where="names")
        if not all(isinstance(name, str) for name in listed(value, f"names.{key}")):
            raise GameError("holds something that is not a string", where=f"names.{key}")
    return tuple(tuple(given[key]) if key in given else None for key in keys)
