"""Games shipped with the package: from the literature, constructed, and random families."""

from exactqse.games.catalogue import Entry, catalogue, get
from exactqse.games.families import common_interest, dense, nearly_tied, sparse, zero_sum
from exactqse.games.matrix import (
    battle_of_the_sexes,
    conitzer_sandholm,
    matrix_game,
    ochs,
    selten_chmura,
)
from exactqse.games.patrol import inspection_game, patrol_game
from exactqse.games.security import security_five, security_game

__all__ = [
    "Entry",
    "battle_of_the_sexes",
    "catalogue",
    "common_interest",
    "conitzer_sandholm",
    "dense",
    "get",
    "inspection_game",
    "matrix_game",
    "nearly_tied",
    "ochs",
    "patrol_game",
    "security_five",
    "security_game",
    "selten_chmura",
    "sparse",
    "zero_sum",
]
