"""Offline data: episodes of announced policies, with all that tells where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from exactqse.simulate.episodes import Episodes
from exactqse.simulate.setting import Setting


@dataclass(frozen=True, eq=False)
class Dataset:
    """K episodes, each with the policy that was announced for it.

    Attributes:
        setting: what may be known of the game.
        runs: the episodes, grouped by announced policy.
        game_hash: the hash of the game that they were played in.
        behaviour: the name of the behaviour policy.
        seed: of the random generator that they were drawn with.
        version: of this package, when they were drawn.
    """

    setting: Setting
    runs: tuple[Episodes, ...]
    game_hash: str
    behaviour: str
    seed: int
    version: str

    def __len__(self) -> int:
        return sum(len(run) for run in self.runs)
