"""The harness's side of the protocol: everything a learner does is watched and checked here.

A learner is handed read-only memory and a setting that notes what it is asked for. What it
announces is copied and checked; what it raises becomes a LearnerError with its cause.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import ExactQSEError, LearnerError, shown
from exactqse.learn.protocol import (
    Announcement,
    Belief,
    ConfidenceSet,
    LikelihoodSet,
    ModelSet,
    ResponseSet,
)
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import HiddenError, Setting

Floats = NDArray[np.float64]
TOLERANCE = 1e-9  # of the sum of a row


class WatchedSetting(Setting):
    """A setting that notes what it was asked for and may not tell."""

    def __getattr__(self, name: str) -> object:
        try:
            return super().__getattr__(name)
        except HiddenError:
            vars(self).setdefault("_asked", []).append(name)
            raise


class Guard:
    """Calls one learner and checks what it announces.

    Args:
        learner: its name, for errors.
        setting: what it may know.
    """

    def __init__(self, learner: str, setting: Setting) -> None:
        self.learner = learner
        parts = {field.name: getattr(setting, field.name) for field in fields(Setting)}
        self.setting = WatchedSetting(**parts)
        self.episode: int | None = None

    @contextmanager
    def calling(self, method: str) -> Iterator[None]:
        """A block in which the learner's method is called. Raises LearnerError if it fails."""
        try:
            yield
        except HiddenError as error:
            raise self._error(f"{method}: {error}") from error
        except Exception as error:
            remedy = ""
            if isinstance(error, ValueError) and "read-only" in str(error):
                remedy = "what a learner is given is not its own to write to: copy it"
            ours = isinstance(error, ExactQSEError)  # it says itself what is wrong
            what = (
                f"{method}: {error}" if ours else f"{method} raised {type(error).__name__}: {error}"
            )
            raise self._error(what, remedy=remedy) from error
        if asked := vars(self.setting).get("_asked"):
            what = f"{method} asked the setting for {', '.join(sorted(set(asked)))}"
            raise self._error(what, remedy="a learner sees settings and episodes only")

    def checked(self, announcement: object) -> Announcement:
        """A copy of the announcement, with plain numbers in it. Raises LearnerError."""
        if not isinstance(announcement, Announcement):
            self._fail(f"announced {type(announcement).__name__}, not an Announcement")
        count = announcement.episodes
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
            self._fail(f"announced {shown(count)} episodes", remedy="at least one, an integer")
        policy = self._policy(announcement.policy)
        return Announcement(policy, self._belief(announcement.belief), int(count))

    def _policy(self, policy: object) -> Floats:
        if not isinstance(policy, np.ndarray) or policy.dtype != np.float64:
            kind = getattr(policy, "dtype", type(policy).__name__)
            self._fail(f"announced a policy of {kind}, not an array of float64")
        if policy.shape != self.setting.shape:
            self._fail(f"announced a policy of shape {policy.shape}, not {self.setting.shape}")
        pi = np.array(policy, order="C")
        self._everywhere(np.isfinite(pi), "announced a probability that is NaN or infinite")
        self._everywhere(pi >= 0, "announced a negative probability")
        totals = pi.sum(axis=-1)
        within = np.abs(totals - 1) <= TOLERANCE
        what = f"announced probabilities that do not sum to 1 within {TOLERANCE}"
        self._everywhere(within, what)
        for cell in self.setting.observes:
            rows = pi[:, :, list(cell)]
            what = f"announced rows that differ on the cell {list(cell)} that she cannot tell apart"
            self._everywhere(rows == rows[:, :, :1], what, remedy="make them equal exactly")
        return pi

    def _belief(self, belief: object) -> Belief:
        if not isinstance(belief, Belief):
            self._fail(f"believes {type(belief).__name__}, not a Belief")
        upper, lower = self._bound(belief.upper, "upper"), self._bound(belief.lower, "lower")
        if not isinstance(belief.sets, tuple):
            self._fail(f"claims sets in a {type(belief.sets).__name__}, not in a tuple")
        for claimed in belief.sets:
            self._set(claimed)
        return Belief(upper=upper, lower=lower, sets=belief.sets)

    def _bound(self, value: object, which: str) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
            self._fail(f"claims {shown(value)} as {which} bound", remedy="a float, or None")
        if not math.isfinite(number := float(value)):
            self._fail(f"claims {number} as {which} bound", remedy="None claims nothing")
        return number

    def _set(self, claimed: ConfidenceSet) -> None:
        horizon, states, follower, leader = self.setting.shape
        table = (horizon, states, leader, follower)
        match claimed:
            case LikelihoodSet():
                self._table(claimed.centre, table, "the centre of a LikelihoodSet")
                self._table(claimed.radius, table[:2], "the radius of a LikelihoodSet")
                self._everywhere(claimed.radius >= 0, "claims a negative radius")
            case ResponseSet():
                if not isinstance(claimed.tables, tuple) or len(claimed.tables) != horizon:
                    self._fail(f"claims a ResponseSet that is not a tuple of {horizon} tables")
                for h, tables in enumerate(claimed.tables):
                    expected = (len(tables), *table[1:])
                    self._table(tables, expected, f"step {h} of a ResponseSet")
            case ModelSet():
                hashes = claimed.hashes
                if not isinstance(hashes, frozenset) or not all(isinstance(x, str) for x in hashes):
                    self._fail("claims a ModelSet that is not a frozenset of hashes")
            case _:
                self._fail(f"claims a {type(claimed).__name__}, which is no confidence set")

    def _table(self, value: object, shape: tuple[int, ...], what: str) -> None:
        if not isinstance(value, np.ndarray) or value.dtype != np.float64:
            self._fail(f"claims {what} that is no array of float64")
        if value.shape != shape:
            self._fail(f"claims {what} of shape {value.shape}, not {shape}")
        if not np.isfinite(value).all():
            self._fail(f"claims {what} with a number that is NaN or infinite")

    def _everywhere(self, right: NDArray[np.bool_], what: str, *, remedy: str = "") -> None:
        """Raise at the first (h, s) where something is not right."""
        if not right.all():
            h, s = np.argwhere(~right)[0, :2].tolist()
            raise self._error(what, step=h, state=s, remedy=remedy)

    def _fail(self, what: str, *, remedy: str = "") -> NoReturn:
        raise self._error(what, remedy=remedy)

    def _error(self, what: str, **place: Any) -> LearnerError:
        return LearnerError(what, learner=self.learner, episode=self.episode, **place)


def sealed(episodes: Episodes) -> Episodes:
    """The same episodes in memory that nobody can make writable."""
    names = ("policy", "s", "b", "a", "u")
    return Episodes(**{name: _sealed(getattr(episodes, name)) for name in names})


def _sealed(array: NDArray[Any]) -> NDArray[Any]:
    return np.frombuffer(array.tobytes(), dtype=array.dtype).reshape(array.shape)


def content(announcement: Announcement) -> tuple[object, ...]:
    """All that was announced, comparable."""
    belief = announcement.belief
    sets = [tuple(_bytes(part) for part in vars(claimed).values()) for claimed in belief.sets]
    policy = announcement.policy.tobytes()
    return policy, announcement.episodes, belief.upper, belief.lower, sets


def _bytes(part: object) -> object:
    if isinstance(part, np.ndarray):
        return part.shape, part.tobytes()
    return tuple(map(_bytes, part)) if isinstance(part, tuple) else part
