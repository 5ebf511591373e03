"""Policies by cells."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from exactqse.kernel.certificate import Distribution
from exactqse.kernel.game import KernelGame
from exactqse.model.policy import Policy

Mixtures = tuple[Distribution, ...]  # [cell]


def full_policy(game: KernelGame, mixtures: Mapping[tuple[int, int], Mixtures]) -> Policy:
    """The policy with these mixtures at (step, state); action 0 where nothing is said."""
    blank: Mixtures = (((0, Fraction(1)),),) * len(game.observes)

    def rows(place: tuple[int, int]) -> tuple[tuple[Fraction, ...], ...]:
        by_cell = zip(game.observes, map(dict, mixtures.get(place, blank)), strict=True)
        weights = {b: mixture for cell, mixture in by_cell for b in cell}
        actions, responses = range(game.leader_actions), range(game.follower_actions)
        return tuple(tuple(weights[b].get(a, Fraction(0)) for a in actions) for b in responses)

    states = range(game.states)
    return Policy(tuple(tuple(rows((h, s)) for s in states) for h in range(game.horizon)))
