"""Learners by name, for the command line: those that come with exactqse, and a user's own.

A learner's place is ``module:attribute``. The attribute is a learner, or what makes one when it is
called without arguments, or with the argument ``game``: a class, or a function. The game is there
for who makes a class of models, and puts the true one among others; the learner never sees which.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from inspect import signature
from typing import Any

from exactqse.errors import ExactQSEError, InputError, shown

ONLINE: dict[str, str] = {  # name -> place, with default parameters
    "mle-ovi": "exactqse.learn.myopic:MLEOVI",
    "mle-ovi-practical": "exactqse.learn.named:practical_ovi",
    "mle-golf": "exactqse.learn.named:golf",
    "omle": "exactqse.learn.named:omle",
    "explore-then-commit": "exactqse.learn.baselines:ExploreThenCommit",
    "epsilon-greedy": "exactqse.learn.baselines:EpsilonGreedy",
    "plug-in": "exactqse.learn.baselines:PlugIn",
    "best-response": "exactqse.learn.baselines:BestResponseLeader",
    "uniform": "exactqse.learn.baselines:UniformLeader",
}

OFFLINE: dict[str, str] = {  # the same, of learners that learn from a dataset
    "mle-pvi": "exactqse.learn.myopic:MLEPVI",
    "mle-pvi-0.2": "exactqse.learn.named_offline:practical_pvi",
    "mle-bcp": "exactqse.learn.named_offline:bcp",
    "pmle": "exactqse.learn.named_offline:pmle",
    "plug-in": "exactqse.learn.named_offline:plug_in",
}


def find(name: str, *, game: object, offline: bool = False) -> Any:
    """The learner of that name, or at that place.

    Args:
        name: of a learner in ``ONLINE``, or in ``OFFLINE``, or a place.
        game: the game that it is going to play, for a function that makes a class of models.
        offline: whether it has to learn from a dataset, and not to play.

    Raises:
        InputError: no such name, module or attribute, it raises when it is imported or made, or it
            cannot be made without arguments.
    """
    names, others = (OFFLINE, ONLINE) if offline else (ONLINE, OFFLINE)
    if name not in names and ":" not in name:
        raise _unknown(name, names, others)
    module, _, attribute = names.get(name, name).partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"{shown(name)} is not there ({error})", where="learner") from error
    except Exception as error:  # the module is the user's own, and may raise anything
        raise _failed(f"the module of {shown(name)}", error) from error
    if hasattr(found, "learn" if offline else "start") and not isinstance(found, type):
        return found
    try:
        return found(**({"game": game} if _takes_game(found) else {}))
    except ExactQSEError:
        raise
    except TypeError as error:
        what = f"{shown(name)} cannot be made without arguments ({error})"
        raise InputError(what, where="learner", remedy="name a function that makes it") from error
    except Exception as error:
        raise _failed(shown(name), error) from error


def _unknown(name: str, names: dict[str, str], others: dict[str, str]) -> InputError:
    if name in others:
        plays = others is ONLINE
        what = f"{name} {'learns from no dataset' if plays else 'plays no episodes'}"
        remedy = f"use exactqse {'learn' if plays else 'learn-offline'}"
        return InputError(what, where="learner", remedy=remedy)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    known = f"did you mean {near[0]}?" if near else f"known are {', '.join(names) or 'none'};"
    remedy = f"{known} one of your own is module:attribute"
    return InputError(f"{shown(name)} is no learner", where="learner", remedy=remedy)


def _failed(what: str, error: Exception) -> InputError:
    """The error of someone else's code, as one of ours."""
    return InputError(f"{what} raised {type(error).__name__}: {error}", where="learner")


def _takes_game(found: Any) -> bool:
    try:
        return "game" in signature(found).parameters
    except (TypeError, ValueError):  # no function, or one of C without a signature
        return False
