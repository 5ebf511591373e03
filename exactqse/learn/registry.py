"""Learners by name, for the command line: those that come with exactqse, and a user's own.

A learner's place is ``module:attribute``. The attribute is a learner, or what makes one when it is
called without arguments: a class, or a function.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any

from exactqse.errors import InputError, shown

ONLINE: dict[str, str] = {}  # name -> place, with default parameters


def find(name: str) -> Any:
    """The learner of that name, or at that place.

    Raises:
        InputError: no such name, module or attribute, or it cannot be made without arguments.
    """
    if name not in ONLINE and ":" not in name:
        near = difflib.get_close_matches(name, ONLINE, n=1, cutoff=0.5)
        known = f"did you mean {near[0]}?" if near else f"known are {', '.join(ONLINE) or 'none'};"
        remedy = f"{known} one of your own is module:attribute"
        raise InputError(f"{shown(name)} is no learner", where="learner", remedy=remedy)
    module, _, attribute = ONLINE.get(name, name).partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"{shown(name)} is not there ({error})", where="learner") from error
    if hasattr(found, "start") and not isinstance(found, type):
        return found
    try:
        return found()
    except TypeError as error:
        what = f"{shown(name)} cannot be made without arguments ({error})"
        raise InputError(what, where="learner", remedy="name a function that makes it") from error
