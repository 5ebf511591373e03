"""The world that learners act in: what they may know, what they see, and the environment itself."""

from exactqse.simulate.dataset import Dataset
from exactqse.simulate.environment import Environment
from exactqse.simulate.episodes import Episodes
from exactqse.simulate.noise import Noise
from exactqse.simulate.setting import Setting

__all__ = ["Dataset", "Environment", "Episodes", "Noise", "Setting"]
