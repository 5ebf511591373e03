"""What is best, and proved, at a place for some values of lam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats, Integers
from exactqse.solve.placewise.columns import Parameters, Reply

_ROWS = "lam", "G", "v", "W", "x", "y", "alpha", "picks", "tied", "down", "size"


@dataclass(frozen=True, eq=False)
class Site:
    """What a place is made of; T places of the next step may follow.

    Attributes:
        x, u: (B, A), eta r less the reference, and the leader's reward.
        P: (B, A, T).
        gamma: of the follower.
        reference: the middle of the range of v.
        ties: the next places that several of the follower's actions lead to.
        cells: the follower's actions after which she plays one mixture.
    """

    x: Floats
    u: Floats
    P: Floats
    gamma: float
    reference: float
    ties: list[int]
    cells: tuple[tuple[int, ...], ...]

    @property
    def shares(self) -> bool:
        """Whether some actions share a mixture."""
        return len(self.cells) < len(self.x)

    def sharing(self, b: int) -> bool:
        """Whether b shares its mixture with another action."""
        return self.shares and len(self.cell_of(b)) > 1

    def cell_of(self, b: int) -> tuple[int, ...]:
        """The actions that share a mixture with b."""
        return next(cell for cell in self.cells if b in cell)


@dataclass(frozen=True, eq=False)
class Answers:
    """What is best, and proved, at L values of lam.

    Attributes:
        lam: (L,), descending.
        G: (L,), with which W <= lam + G e^{-(v - reference)}.
        v, W: (L,), what the best choices give.
        x, y: (L, B).
        alpha: (L, B, A).
        picks: (L, B, T), values at the next places.
        tied: (L, T), to which places all transitions must pick one point for the bound to hold.
        down, size: (L, B), which majorants fall, and their parameters.
    """

    lam: Floats
    G: Floats
    v: Floats
    W: Floats
    x: Floats
    y: Floats
    alpha: Floats
    picks: Floats
    tied: Booleans
    down: Booleans
    size: Floats

    @property
    def majorants(self) -> tuple[Parameters, ...]:
        """For each b, which falls and its parameter."""
        return tuple(zip(self.down.T, self.size.T, strict=True))

    @classmethod
    def of_points(
        cls,
        bounds: tuple[Floats, Floats],
        points: tuple[Floats, Floats],
        alpha: Floats,
        picks: Floats,
        tied: Booleans,
        majorants: Parameters,
    ) -> Answers:
        """From lam and G (L,), the best (x, y) of each action (L, B), and majorants (L, B)."""
        x, y = points
        top = x.max(1)
        e = np.exp(x - top[:, None])
        total = e.sum(1)
        v, W = top + np.log(total), (e * y).sum(1) / total
        return cls(*bounds, v, W, x, y, alpha, picks, tied, *majorants)

    def some(self, ks: Integers | slice) -> Answers:
        """Those of the lam with these numbers."""
        return Answers(**{name: getattr(self, name)[ks] for name in _ROWS})


def answers_of(
    lam: Floats,
    G: Floats,
    replies: list[Reply],
    majorants: tuple[Parameters, ...],
    ties: Sequence[int] = (),
) -> Answers:
    """From one reply and its majorants for each follower action; all bounds have the same ties."""
    tied = np.zeros((len(lam), replies[0].v.shape[1]), dtype=bool)
    tied[:, list(ties)] = True
    x, y = (np.array(rows).T for rows in zip(*((one.x, one.y) for one in replies), strict=True))
    return Answers.of_points(
        (lam, G),
        (x, y),
        np.array([one.alpha for one in replies]).swapaxes(0, 1),
        np.array([one.v for one in replies]).swapaxes(0, 1),
        tied,
        (np.array([down for down, _ in majorants]).T, np.array([size for _, size in majorants]).T),
    )


def better(free: Answers, tied: Answers) -> Answers:
    """Whichever bounds G lower, for each lam, which are the same."""
    use: Booleans = tied.G < free.G

    def pick(a: Any, b: Any) -> Any:
        return np.where(use.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    return _combined(free, tied, pick)


def joined(some: Answers, others: Answers) -> Answers:
    """Both, at lam that differ."""
    order = np.argsort(-np.concatenate([some.lam, others.lam]), kind="stable")
    return _combined(some, others, lambda a, b: np.concatenate([a, b])[order])


def _combined(some: Answers, others: Answers, of: Callable[[Any, Any], Any]) -> Answers:
    """Every table made of two."""
    return Answers(**{name: of(getattr(some, name), getattr(others, name)) for name in _ROWS})
