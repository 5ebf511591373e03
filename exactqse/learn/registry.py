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

from exactqse.errors import InputError, shown
from exactqse.learn.classes.golf import MLEGolf
from exactqse.learn.classes.local import LocalClasses
from exactqse.learn.classes.models import ModelClass
from exactqse.learn.classes.omle import OMLE
from exactqse.model.game import Game
from exactqse.simulate.classes import optimal_tables, perturbed_models, response_tables

_HERE = "exactqse.learn.registry"
ONLINE = {  # name -> place, with default parameters
    "mle-ovi": "exactqse.learn.myopic.mle_ovi:MLEOVI",
    "omle": f"{_HERE}:omle",
    "mle-golf": f"{_HERE}:mle_golf",
    "explore-then-commit": "exactqse.learn.baselines.online:ExploreThenCommit",
    "plug-in": "exactqse.learn.baselines.online:PlugIn",
    "epsilon-greedy": "exactqse.learn.baselines.online:EpsilonGreedy",
    "best-response": "exactqse.learn.baselines.online:BestResponseLeader",
    "uniform": "exactqse.learn.baselines.online:UniformLeader",
}
MODELS = 8  # of the classes that are made around a game


def find(name: str, *, game: object) -> Any:
    """The learner of that name, or at that place.

    Args:
        name: of a learner in ``ONLINE``, or a place.
        game: the game that it is going to play, for a function that makes a class of models.

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
        return found(**({"game": game} if _takes_game(found) else {}))
    except TypeError as error:
        what = f"{shown(name)} cannot be made without arguments ({error})"
        raise InputError(what, where="learner", remedy="name a function that makes it") from error


def _takes_game(found: Any) -> bool:
    try:
        return "game" in signature(found).parameters
    except (TypeError, ValueError):  # no function, or one of C without a signature
        return False


def omle(*, game: Game) -> OMLE:
    """OMLE over 8 models, the game among 7 others with P, u and r of their own."""
    return OMLE(ModelClass(perturbed_models(game, MODELS, seed=0)))


def mle_golf(*, game: Game) -> MLEGolf:
    """MLE-GOLF over the tables of the same 8 models. Raises NotCoveredError for gamma > 0."""
    models = perturbed_models(game, MODELS, seed=0)
    return MLEGolf(LocalClasses(U=optimal_tables(models), theta=response_tables(models)))
