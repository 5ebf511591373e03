"""The exact objects users hold: games, policies, and the game's graph."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.model.game import Game
    from exactqse.model.graph import GraphReport, describe_graph, game_graph
    from exactqse.model.policy import Policy
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Game": "game",
            "Policy": "policy",
            **dict.fromkeys(("GraphReport", "describe_graph", "game_graph"), "graph"),
        },
    )

__all__ = ["Game", "GraphReport", "Policy", "describe_graph", "game_graph"]
