"""Offline learners that need more than a class to be made: other widths, classes around a game."""

from __future__ import annotations

from exactqse.learn.classes import MLEBCP, PMLE, LocalClasses, ModelClass
from exactqse.learn.myopic import MLEPVI, LinearModel
from exactqse.learn.named import require_myopic
from exactqse.model.game import Game
from exactqse.simulate.classes import perturbed_models, policy_tables, response_tables
from exactqse.solve.api import solve

_PRACTICAL = 0.2  # of the proven widths; benchmarks/README.md says what it was seen to do
_MODELS = 8
_SEED = 1
_SPREAD = "1/16"
_GAP = "1/1000000"  # of the models' equilibria, where they are found by branch and bound


def practical_pvi() -> MLEPVI:
    """MLE-PVI with a fifth of the proven widths: no guarantee, and far less pessimism."""
    return MLEPVI(LinearModel(width_scale=_PRACTICAL), name=f"mle-pvi-{_PRACTICAL}")


def plug_in() -> MLEPVI:
    """MLE-PVI without widths: the best policy if the estimates were the truth."""
    return MLEPVI(LinearModel(width_scale=0.0), name="plug-in")


def pmle(game: Game) -> PMLE:
    """PMLE over eight games, the true one among them."""
    return PMLE(ModelClass(_models(game)))


def bcp(game: Game) -> MLEBCP:
    """MLE-BCP over the rewards of eight games, and the values of their equilibria in them.

    Raises:
        NotCoveredError: a farsighted or a best-responding follower.
        KeyboardInterrupt: Ctrl-C ended a search; the policy found by then depends on when.
    """
    require_myopic(game, "mle-bcp", "pmle")
    models = _models(game)
    found = [solve(model, gap=_GAP, checker=None) for model in models]
    if any(solution.effort.interrupted for solution in found):
        raise KeyboardInterrupt
    policies = [solution.policy.as_array() for solution in found]
    return MLEBCP(LocalClasses(response_tables(models), policy_tables(models, policies)), policies)


def _models(game: Game) -> tuple[Game, ...]:
    return perturbed_models(game, _MODELS, seed=_SEED, spread=_SPREAD)
