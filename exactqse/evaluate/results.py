"""The six quantities of an evaluation, in any arithmetic, and the backward pass that fills them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, TypeVar

from exactqse.kernel.game import KernelGame

T = TypeVar("T")
R = TypeVar("R")

ByState = tuple[tuple[T, ...], ...]  # [h][s]
ByResponse = tuple[tuple[tuple[T, ...], ...], ...]  # [h][s][b]
ByPair = tuple[tuple[tuple[tuple[T, ...], ...], ...], ...]  # [h][s][a][b]


@dataclass(frozen=True)
class Values(Generic[T]):
    """What a policy does against its follower, all numbers of one kind.

    Attributes:
        V: [h][s], the follower's value V_h(s).
        Q: [h][s][b], the follower's value of an action Q_h(s, b).
        nu: [h][s][b], his response nu_h(b | s).
        U: [h][s][a][b], the leader's value of a pair of actions U_h(s, a, b).
        W: [h][s], the leader's value W_h(s).
        J: the leader's value of the policy, the mean of W_0 under rho.
    """

    V: ByState[T]
    Q: ByResponse[T]
    nu: ByResponse[T]
    U: ByPair[T]
    W: ByState[T]
    J: T

    def numbers(self) -> Iterator[T]:
        """Every number, J first."""
        yield self.J
        yield from chain(*self.V, *self.W)
        yield from chain(*chain(*self.Q, *self.nu))
        yield from chain(*chain(*chain(*self.U)))

    def mapped(self, number: Callable[[T], R], probability: Callable[[T], R]) -> dict[str, Any]:
        """The fields with ``probability`` applied to nu and ``number`` to all else."""
        return {
            "V": _mapped(number, self.V, 2),
            "Q": _mapped(number, self.Q, 3),
            "nu": _mapped(probability, self.nu, 3),
            "U": _mapped(number, self.U, 4),
            "W": _mapped(number, self.W, 2),
            "J": number(self.J),
        }


def _mapped(function: Callable[[T], R], table: Any, axes: int) -> Any:
    if axes == 0:
        return function(table)
    return tuple(_mapped(function, part, axes - 1) for part in table)


@dataclass(frozen=True)
class Stage(Generic[T]):
    """The same at one step and state."""

    V: T
    Q: tuple[T, ...]
    nu: tuple[T, ...]
    U: tuple[tuple[T, ...], ...]
    W: T


def backward(
    game: KernelGame,
    stage: Callable[[int, int, Sequence[Stage[T]]], Stage[T]],
    mean: Callable[[Sequence[Stage[T]]], T],
) -> Values[T]:
    """Every stage from h = H-1 down to 0.

    Args:
        game: the game.
        stage: the stage at (h, s), given those of step h+1, one per state; none when h = H-1.
        mean: J, given the stages of step 0.
    """
    steps: list[tuple[Stage[T], ...]] = []
    for h in reversed(range(game.horizon)):
        after = steps[-1] if steps else ()
        steps.append(tuple(stage(h, s, after) for s in range(game.states)))
    steps.reverse()
    return Values(
        V=tuple(tuple(x.V for x in step) for step in steps),
        Q=tuple(tuple(x.Q for x in step) for step in steps),
        nu=tuple(tuple(x.nu for x in step) for step in steps),
        U=tuple(tuple(x.U for x in step) for step in steps),
        W=tuple(tuple(x.W for x in step) for step in steps),
        J=mean(steps[0]),
    )
