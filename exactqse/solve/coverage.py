"""Which games a solver is for."""

from __future__ import annotations

from exactqse.errors import NotCoveredError
from exactqse.kernel.game import KernelGame


def require_best_response(game: KernelGame) -> None:
    """Raise NotCoveredError unless gamma = 0 and eta is infinite."""
    missing = [f"gamma = {game.gamma} > 0"] if game.gamma else []
    missing += [f"eta = {game.eta}"] if game.eta is not None else []
    if missing:
        remedy = 'the covered case is gamma = 0 and eta = "inf", with any observes'
        raise NotCoveredError(f"not covered: {', '.join(missing)}", remedy=remedy)


def require_quantal(game: KernelGame) -> None:
    """Raise NotCoveredError unless eta is finite."""
    if game.eta is None:
        remedy = "every finite eta is covered"
        raise NotCoveredError("not covered: eta = infinity", remedy=remedy)


def observes_action(game: KernelGame) -> bool:
    """Whether the leader sees the follower's action before she moves."""
    return len(game.observes) == game.follower_actions


def is_searched(game: KernelGame) -> bool:
    """Whether it is solved by branch and bound, or by frontiers."""
    easy = game.eta is None or observes_action(game) or game.leader_actions == 1
    return bool(game.gamma) or not easy
