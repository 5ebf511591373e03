"""The world that learners act in: what they may know, what they see, and the environment itself."""

from typing import TYPE_CHECKING

from exactqse.lazy import lazy

if TYPE_CHECKING:
    from exactqse.simulate.behaviours import (
        BEHAVIOURS,
        Behaviour,
        Narrow,
        Perturbed,
        Random,
        Uniform,
    )
    from exactqse.simulate.dataset import Dataset
    from exactqse.simulate.draw import draw_dataset
    from exactqse.simulate.environment import Environment
    from exactqse.simulate.episodes import Episodes
    from exactqse.simulate.leader_env import LeaderEnv
    from exactqse.simulate.noise import Noise
    from exactqse.simulate.setting import Setting
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **dict.fromkeys(
                ("BEHAVIOURS", "Behaviour", "Narrow", "Perturbed", "Random", "Uniform"),
                "behaviours",
            ),
            "Dataset": "dataset",
            "draw_dataset": "draw",
            "Environment": "environment",
            "Episodes": "episodes",
            "LeaderEnv": "leader_env",
            "Noise": "noise",
            "Setting": "setting",
        },
    )

__all__ = [
    "BEHAVIOURS",
    "Behaviour",
    "Dataset",
    "Environment",
    "Episodes",
    "LeaderEnv",
    "Narrow",
    "Noise",
    "Perturbed",
    "Random",
    "Setting",
    "Uniform",
    "draw_dataset",
]
