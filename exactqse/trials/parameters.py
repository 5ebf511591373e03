"""A learner's parameters as plain data, so that a record names them and is the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import numpy as np

from exactqse.errors import LearnerError
from exactqse.kernel.game import KernelGame
from exactqse.kernel.gamefile import game_hash

RELEASE = version("exactqse")  # named with every record


def name_of(learner: object) -> str:
    """The learner's name. Raises LearnerError unless it is a printable text."""
    name = getattr(learner, "name", None)
    if not isinstance(name, str) or not name or not name.isprintable():
        what = "has no name, a text that tables and pictures can show"
        raise LearnerError(what, learner=type(learner).__name__)
    return name


def require_method(learner: object, method: str, *, remedy: str) -> None:
    """Raise LearnerError unless the learner has the method: the other kind has another one."""
    if not callable(getattr(learner, method, None)):
        raise LearnerError(f"has no method {method}", learner=name_of(learner), remedy=remedy)


def parameters_of(learner: object) -> dict[str, Any]:
    """The learner's public fields, its name apart: those of a dataclass, else its attributes.

    What begins with an underscore is no parameter: a cache, say, whose contents come and go.
    """
    if is_dataclass(learner):
        names = [field.name for field in fields(learner)]
    else:
        names = sorted(getattr(learner, "__dict__", {}))
    public = [name for name in names if name != "name" and not name.startswith("_")]
    return {name: plain(getattr(learner, name)) for name in public}


def plain(value: object) -> Any:
    """JSON without floats. Numbers are exact; an array or a game is named by its SHA-256."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, int | float | Fraction):
        return str(value)
    if isinstance(value, np.ndarray):
        data = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return {"shape": list(value.shape), "dtype": value.dtype.str, "sha256": data}
    if isinstance(value, KernelGame):
        return {"game": game_hash(value)}
    return _compound(value)


def _compound(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(part) for part in value), key=str)
    kind = value if callable(value) and hasattr(value, "__qualname__") else type(value)
    named = f"{kind.__module__}:{kind.__qualname__}"
    return {"is": named, **parameters_of(value)} if is_dataclass(value) else {"is": named}
