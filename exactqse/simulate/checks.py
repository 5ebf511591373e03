"""What recorded episodes must be like: no play of the game would have left anything else."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import DatasetError, shown
from exactqse.simulate.episodes import Episodes, Integers
from exactqse.simulate.setting import TOLERANCE, Setting

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def check_episodes(run: Episodes, setting: Setting, where: str) -> None:
    """Raise DatasetError, with the place, unless these are episodes of a game of this setting.

    The policy has shape (H, S, B, A), rows without negative entries that sum to 1 and agree within
    the cells that the leader sees, to 1e-9. There is an episode; s, b, a and u have shape (K, H),
    indices are in range, rho(s_0) > 0, pi_h(a | s, b) > 0, and u is a number that the noise can
    give: within the bounds without noise, one of them under Bernoulli noise.
    """
    check_policy(run.policy, setting, f"{where}.policy")
    _check_shapes(run, setting, where)
    sizes = {"s": setting.states, "b": setting.follower_actions, "a": setting.leader_actions}
    for name, size in sizes.items():
        values: Integers = getattr(run, name)
        _none(
            (values < 0) | (values >= size), f"{where}.{name}", f"is not in 0..{size - 1}", values
        )
    start = run.s[:, 0]
    impossible = np.array(setting.rho)[start] == 0
    _none(impossible, f"{where}.s", "is a first state of probability 0", start)
    steps = np.arange(setting.horizon)
    never = run.policy[steps, run.s, run.b, run.a] == 0
    _none(never, f"{where}.a", "is an action that the announced policy never plays there", run.a)
    _check_rewards(run.u, setting, f"{where}.u")


def check_policy(policy: Floats, setting: Setting, where: str) -> None:
    """Raise DatasetError unless this is an array of a policy; see :func:`check_episodes`."""
    if not _is_array(policy, "f") or policy.shape != setting.shape:
        what = f"needs shape {setting.shape}, (H, S, B, A), of float64"
        raise DatasetError(what, where=where)
    _none(~np.isfinite(policy) | (policy < 0), where, "is not a probability", policy)
    totals = policy.sum(axis=-1)
    _none(np.abs(totals - 1) > TOLERANCE, where, "is what the probabilities sum to, not 1", totals)
    for cell in setting.observes:
        apart = np.ptp(policy[:, :, list(cell)], axis=2).max(axis=-1) > TOLERANCE
        if apart.any():
            h, s = np.argwhere(apart)[0]
            what = f"rows differ on the cell {list(cell)} that she cannot tell apart"
            raise DatasetError(what, where=f"{where}[{h}][{s}]")


def _check_shapes(run: Episodes, setting: Setting, where: str) -> None:
    if not isinstance(run.s, np.ndarray) or run.s.ndim == 0 or len(run.s) == 0:
        raise DatasetError("there is no episode", where=f"{where}.s")
    shape = (len(run.s), setting.horizon)
    for name, kind in (("s", "i"), ("b", "i"), ("a", "i"), ("u", "f")):
        array = getattr(run, name)
        if not _is_array(array, kind) or array.shape != shape:
            word = "integers" if kind == "i" else "float64"
            what = f"needs shape {shape}, (episodes, H), of {word}"
            raise DatasetError(what, where=f"{where}.{name}")


def _check_rewards(u: Floats, setting: Setting, where: str) -> None:
    low, high = setting.u_bounds
    _none(~np.isfinite(u), where, "is not a finite number", u)
    if setting.noise.kind == "none":
        outside = (u < low) | (u > high)
        _none(outside, where, f"is not within the bounds [{low}, {high}] of u", u)
    if setting.noise.kind == "bernoulli":
        what = f"is neither {low} nor {high}, as Bernoulli noise has it"
        _none((u != low) & (u != high), where, what, u)


def _none(bad: Flags, where: str, what: str, values: NDArray[np.generic]) -> None:
    """Raise DatasetError at the first place that is bad, with the value there."""
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        refuse(values[place].item(), what, where + "".join(f"[{i}]" for i in place))


def refuse(value: object, what: str, where: str) -> NoReturn:
    """Raise DatasetError: the value, and what is wrong with it."""
    raise DatasetError(f"{shown(value)} {what}", where=where)


def _is_array(value: object, kind: str) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == {"i": np.intp, "f": np.float64}[kind]
