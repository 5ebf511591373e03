"""Strategies that draw exact games, policies and certificates, and shrink towards plain ones.

A game shrinks towards one state, one action each, one step, zero payoffs, moves that stay in state
0, eta = 1, gamma = 0 and a leader who sees the action. Rows are integer weights over their sum, so
that zero probabilities and degenerate rows are common and every row sums to exactly 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st

from exactqse.kernel.certificate import Certificate
from exactqse.model.game import Game
from exactqse.model.policy import Policy
from exactqse.solve import solve

T = TypeVar("T")
Cells = tuple[tuple[int, ...], ...]

GAMMAS = (Fraction(0), Fraction(1, 2), Fraction(9, 10), Fraction(1))
ETAS = (Fraction(1), Fraction(1, 3), Fraction(5), Fraction(100), None)
_MAX_WEIGHT = 4
_PLAIN_ONE_IN = 8


def payoffs(*, wide: bool = True) -> st.SearchStrategy[Fraction]:
    """Exact payoffs: small integers, small fractions, and with ``wide`` also from 1e-6 to 1e6.

    Ties are common, since the grids are small.
    """
    plain = st.integers(-3, 3).map(Fraction)
    fractions = st.builds(Fraction, st.integers(-20, 20), st.sampled_from((1, 2, 3, 10)))
    if not wide:
        return st.one_of(plain, fractions)
    large = st.integers(-(10**6), 10**6).map(Fraction)
    tiny = st.builds(Fraction, st.integers(-9, 9), st.just(10**6))
    return st.one_of(plain, fractions, tiny, large)


def distributions(size: int) -> st.SearchStrategy[tuple[Fraction, ...]]:
    """Exact distributions over 0..size-1, many of them sparse or degenerate.

    Shrinks towards certainty of 0.
    """

    def normalised(weights: list[int]) -> tuple[Fraction, ...]:
        total = sum(weights)
        if not total:
            return _certainty(size)
        return tuple(Fraction(w, total) for w in weights)

    entries = st.integers(0, _MAX_WEIGHT)
    return st.lists(entries, min_size=size, max_size=size).map(normalised)


@st.composite
def partitions(draw: st.DrawFn, size: int) -> Cells:
    """Partitions of 0..size-1; shrinks towards all singletons ("action")."""
    labels = [draw(st.one_of(st.just(b), st.integers(0, b))) for b in range(size)]
    cells: dict[int, list[int]] = {}
    for b, label in enumerate(labels):
        cells.setdefault(label, []).append(b)
    return tuple(sorted(tuple(cell) for cell in cells.values()))


@st.composite
def games(
    draw: st.DrawFn,
    *,
    max_states: int = 3,
    max_leader_actions: int = 3,
    max_follower_actions: int = 3,
    max_horizon: int = 3,
    gammas: st.SearchStrategy[Fraction] | None = None,
    etas: st.SearchStrategy[Fraction | None] | None = None,
    observes: Literal["action", "nothing", "any"] = "any",
    wide: bool = True,
) -> Game:
    """Any game of the model within these sizes.

    Args:
        draw: given by hypothesis.
        max_states: S is 1..max_states.
        max_leader_actions: A is 1..max_leader_actions.
        max_follower_actions: B is 1..max_follower_actions.
        max_horizon: H is 1..max_horizon; each table is stationary or per-step.
        gammas: discount factors; by default some in [0, 1].
        etas: inverse temperatures, None for infinity; by default 1/3 to 100, and infinity.
        observes: what the leader sees; "any" draws a partition.
        wide: whether payoffs of very different sizes are drawn.
    """
    states = draw(st.integers(1, max_states))
    leader = draw(st.integers(1, max_leader_actions))
    follower = draw(st.integers(1, max_follower_actions))
    horizon = draw(st.integers(1, max_horizon))
    rewards, rows = payoffs(wide=wide), distributions(states)

    def table(entries: st.SearchStrategy[T], plain: T) -> Any:
        steps = draw(st.sampled_from(sorted({1, horizon})))
        return _filled(draw, (steps, states, leader, follower), entries, plain)

    eta = draw(st.sampled_from(ETAS) if etas is None else etas)
    cells = draw(partitions(follower)) if observes == "any" else observes
    return Game.from_arrays(
        table(rows, _certainty(states)),
        table(rewards, Fraction(0)),
        table(rewards, Fraction(0)),
        rho=draw(rows),
        horizon=horizon,
        eta="inf" if eta is None else eta,
        gamma=draw(st.sampled_from(GAMMAS) if gammas is None else gammas),
        observes=cells,
    )


def covered_games(
    *,
    max_states: int = 3,
    max_leader_actions: int = 3,
    max_follower_actions: int = 3,
    max_horizon: int = 3,
    wide: bool = True,
) -> st.SearchStrategy[Game]:
    """Games that ``solve`` takes to any digits: gamma = 0, finite eta, she sees the action."""
    return games(
        max_states=max_states,
        max_leader_actions=max_leader_actions,
        max_follower_actions=max_follower_actions,
        max_horizon=max_horizon,
        gammas=st.just(Fraction(0)),
        etas=st.sampled_from([eta for eta in ETAS if eta is not None]),
        observes="action",
        wide=wide,
    )


@st.composite
def policies(draw: st.DrawFn, game: Game) -> Policy:
    """Exact policies of a game, alike for actions that the leader cannot tell apart.

    Shrinks towards action 0 everywhere.
    """
    rows = distributions(game.leader_actions)

    def prescription() -> list[tuple[Fraction, ...]]:
        drawn = {b: row for cell in game.observes for row in [draw(rows)] for b in cell}
        return [drawn[b] for b in range(game.follower_actions)]

    table = [[prescription() for _ in range(game.states)] for _ in range(game.horizon)]
    return Policy.from_arrays(table, game=game)


@st.composite
def solved_games(
    draw: st.DrawFn,
    *,
    max_states: int = 2,
    max_leader_actions: int = 3,
    max_follower_actions: int = 3,
    max_horizon: int = 2,
    digits: int = 6,
    wide: bool = False,
) -> tuple[Game, Certificate]:
    """A covered game, and the certificate that ``solve`` writes for it to that many digits.

    The certificate has not been checked: give it to ``exactqse.check``.
    """
    game = draw(
        covered_games(
            max_states=max_states,
            max_leader_actions=max_leader_actions,
            max_follower_actions=max_follower_actions,
            max_horizon=max_horizon,
            wide=wide,
        )
    )
    return game, solve(game, digits, checker=None).certificate


def _certainty(size: int) -> tuple[Fraction, ...]:
    """The distribution over 0..size-1 that is sure of 0."""
    return (Fraction(1),) + (Fraction(0),) * (size - 1)


def _filled(draw: st.DrawFn, axes: tuple[int, ...], entries: st.SearchStrategy[T], plain: T) -> Any:
    """A nested list over the axes, some of its parts all ``plain``.

    A plain part takes one draw whatever its size, so that sizes can shrink without moving what
    matters.
    """
    if not axes:
        return draw(entries)
    if draw(st.integers(0, _PLAIN_ONE_IN - 1)) == 0:
        return _constant(axes, plain)
    return [_filled(draw, axes[1:], entries, plain) for _ in range(axes[0])]


def _constant(axes: tuple[int, ...], plain: T) -> Any:
    return [_constant(axes[1:], plain) for _ in range(axes[0])] if axes else plain
