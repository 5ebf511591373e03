"""Finite classes of the follower's reward and of the leader's values, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, KindError, NotCoveredError, shown
from exactqse.learn.classes.options import require_quantal
from exactqse.simulate.setting import Setting

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LocalClasses:
    """Theta_h and U_h for every step h; the truth is in each of them, whatever the gauge of r.

    Attributes:
        theta: follower rewards r_h, for each step (n_h, S, A, B).
        U: leader values U_h, for each step (k_h, S, A, B).

    Raises:
        InputError: no steps, an empty class, shapes that differ, or numbers that are not finite.
    """

    theta: tuple[Floats, ...]
    U: tuple[Floats, ...]

    def __post_init__(self) -> None:
        for where in ("theta", "U"):
            object.__setattr__(self, where, _tables(getattr(self, where), where))
        if len(self.theta) != len(self.U):
            what = f"has {len(self.U)} steps, theta has {len(self.theta)}"
            raise InputError(what, where="U")
        shape = self.theta[0].shape[1:]
        for where, tables in (("theta", self.theta), ("U", self.U)):
            for h, table in enumerate(tables):
                if table.shape[1:] != shape:
                    what = f"has tables of shape {table.shape[1:]}, theta[0] of {shape}"
                    raise InputError(what, where=f"{where}[{h}]")

    def require(self, setting: Setting) -> float:
        """The follower's eta.

        Raises:
            InputError: classes of another shape than the setting's.
            NotCoveredError: a farsighted or a best-responding follower.
        """
        eta = require_quantal(setting)
        if setting.gamma:
            what = f"a farsighted follower (gamma = {setting.gamma:g}) has no local likelihood"
            raise NotCoveredError(what, remedy="use OMLE or PMLE")
        shape = setting.states, setting.leader_actions, setting.follower_actions
        found = len(self.theta), *self.theta[0].shape[1:]
        if found != (setting.horizon, *shape):
            what = f"(H, S, A, B) is {found}, that of the setting {(setting.horizon, *shape)}"
            raise InputError(what, where="classes", remedy="give classes of this setting")
        return eta

    @property
    def scale(self) -> float:
        """1 + the largest |U|."""
        return 1 + max(float(np.abs(table).max()) for table in self.U)


def _tables(value: object, where: str) -> tuple[Floats, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        raise KindError(f"{shown(value)} is not a list of arrays", where=where)
    if not len(value):
        raise InputError("has no steps", where=where)
    return tuple(_table(table, f"{where}[{h}]") for h, table in enumerate(value))


def _table(value: object, where: str) -> Floats:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise KindError(f"{type(value).__name__} is not an array of floats", where=where)
    if value.ndim != 4:
        raise InputError(f"has shape {value.shape}, not (n, S, A, B)", where=where)
    if not value.size:
        raise InputError("the class is empty", where=where, remedy="give a table or more")
    if not np.isfinite(value).all():
        raise InputError("holds a number that is not finite", where=where)
    table = value.astype(np.float64)
    table.setflags(write=False)
    return table
