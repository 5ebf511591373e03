"""The exact objects users hold: games, policies, and the game's graph."""

from exactqse.model.game import Game
from exactqse.model.policy import Policy

__all__ = ["Game", "Policy"]
