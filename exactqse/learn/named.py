"""Learners that need more than a class to be made: practical widths, and classes around a game."""

from __future__ import annotations

from exactqse.errors import NotCoveredError
from exactqse.learn.classes import OMLE, LocalClasses, MLEGolf, ModelClass
from exactqse.learn.myopic import MLEOVI, LinearModel
from exactqse.model.game import Game
from exactqse.simulate.classes import optimal_tables, perturbed_models, response_tables

PRACTICAL = 0.6  # of the proven widths; benchmarks/README.md says what it was seen to do
PRACTICAL_RESPONSE = 0.2  # the response's bound d directions at once, and one of them is needed
_MODELS = 8
_SEED = 1


def practical_ovi() -> MLEOVI:
    """MLE-OVI with three fifths and a fifth of the proven widths: no guarantee, far less regret."""
    model = LinearModel(width_scale=PRACTICAL, response_scale=PRACTICAL_RESPONSE)
    return MLEOVI(model, name="mle-ovi-practical")


def omle(game: Game) -> OMLE:
    """OMLE over eight games, the true one among them."""
    return OMLE(ModelClass(perturbed_models(game, _MODELS, seed=_SEED)))


def golf(game: Game) -> MLEGolf:
    """MLE-GOLF over the rewards and the optimal values of eight games, the true one among them.

    Raises:
        NotCoveredError: a farsighted or a best-responding follower.
    """
    require_myopic(game, "mle-golf", "omle")
    models = perturbed_models(game, _MODELS, seed=_SEED)
    return MLEGolf(LocalClasses(response_tables(models), optimal_tables(models)))


def require_myopic(game: Game, learner: str, other: str) -> None:
    """Raise NotCoveredError unless the follower is a myopic quantal one."""
    if game.gamma or game.eta is None:
        what = f"{learner} is for a myopic quantal follower"
        raise NotCoveredError(what, where="learner", remedy=f"use {other}, where eta is finite")
