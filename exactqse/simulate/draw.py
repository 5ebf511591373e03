"""Drawing offline datasets from a game."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from exactqse.errors import InputError, KindError, of_kind, shown
from exactqse.kernel.game import KernelGame, require_game
from exactqse.kernel.gamefile import game_hash
from exactqse.model.game import Game
from exactqse.simulate.behaviours import BEHAVIOURS, Behaviour
from exactqse.simulate.dataset import SEEDS, Dataset
from exactqse.simulate.environment import Environment
from exactqse.simulate.noise import NO_NOISE, Noise
from exactqse.solve.effort import Watcher, counting

MAX_STEPS = 1 << 25  # of all episodes; a file has 8 bytes or more for each, MAX_BYTES in all


def draw_dataset(
    game: KernelGame,
    *,
    behaviour: Behaviour | str = "uniform",
    episodes: int,
    seed: int,
    noise: Noise = NO_NOISE,
    progress: Watcher | None = None,
) -> Dataset:
    """K episodes of the policies of a behaviour, the same bytes for the same arguments.

    Of n policies each is played in K/n episodes, the first ones in one more where n does not
    divide K. Policies and episodes are drawn from two generators that the seed spawns, so that the
    policies of a seed do not depend on K.

    Args:
        game: any game.
        behaviour: a behaviour, or the name of one with its default parameters: "uniform",
            "perturbed", "random", "narrow".
        episodes: K, at least the number of policies; K H is at most ``MAX_STEPS``.
        seed: from 0 to 2^128 - 1.
        noise: that of the observed leader rewards.
        progress: called with a :class:`exactqse.solve.Standing` now and then.

    Raises:
        InputError: an argument of the wrong kind or out of range; a number of the game is beyond
            the range of float64.
        NotCoveredError: the behaviour needs an equilibrium that no solver covers.
    """
    require_game(game)
    of_kind(noise, Noise, "a Noise", where="noise")
    plan = behaviour_of(behaviour)
    most = MAX_STEPS // game.horizon
    if type(episodes) is not int or not 1 <= episodes <= most:
        raise InputError(f"{shown(episodes)} is not an integer from 1 to {most}", where="episodes")
    if type(seed) is not int or not 0 <= seed < SEEDS:
        raise InputError(f"{shown(seed)} is not an integer from 0 to 2^128 - 1", where="seed")
    if progress is not None and (isinstance(progress, type) or not callable(progress)):
        raise KindError(f"{shown(progress)} is not a function", where="progress")
    face = game if isinstance(game, Game) else Game.from_kernel(game)
    for_policies, for_episodes = np.random.default_rng(seed).spawn(2)
    policies = plan.policies(face, for_policies, progress)
    count = len(policies)
    if count > episodes:
        what = f"{episodes} are too few for {count} policies"
        raise InputError(what, where="episodes", remedy=f"draw at least {count}")
    environment, step = Environment(face, noise), counting(progress)
    runs = []
    for i, policy in enumerate(policies):
        share = episodes // count + (i < episodes % count)
        runs.append(environment.play(policy, share, for_episodes))
        if step is not None:
            step(i + 1, count)
    return Dataset(
        setting=environment.setting,
        runs=tuple(runs),
        game_hash=game_hash(face),
        behaviour=str(plan),
        seed=seed,
        version=version("exactqse"),
    )


def behaviour_of(behaviour: object) -> Behaviour:
    """The behaviour, or that of a name with its default parameters. Raises InputError."""
    if isinstance(behaviour, str):
        if behaviour not in BEHAVIOURS:
            what = f"{shown(behaviour)} is not one of {', '.join(BEHAVIOURS)}"
            raise InputError(what, where="behaviour")
        return BEHAVIOURS[behaviour]()
    of_kind(behaviour, Behaviour, "a behaviour or the name of one", where="behaviour")
    if not isinstance(behaviour, Behaviour):  # said once more for type checkers
        raise TypeError
    return behaviour
