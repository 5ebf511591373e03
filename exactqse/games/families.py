"""Random families: the same seed and sizes give the same game, exactly, on every machine.

Randomness is the raw stream of ``numpy.random.PCG64(seed)``, which numpy promises never to change
(NEP 19), reduced modulo the range of each integer; the bias is below 2^-40. Tables differ from step
to step. Payoffs are thousandths in [0, 1]; a row of P is a row of integer weights 1..1000 over
their exact sum.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import GameError, shown
from exactqse.kernel.game import Payoffs, Row, Transitions
from exactqse.model.arrays import exact, whole
from exactqse.model.game import Game, Number
from exactqse.model.rows import reduced_row

Shape = tuple[int, int, int, int]  # (H, S, A, B)
MAX_ENTRIES = 10**8
_GRID = 1000


def dense(
    *,
    states: int,
    leader_actions: int,
    follower_actions: int,
    horizon: int,
    seed: int,
    eta: Number = 5,
) -> Game:
    """Independent payoffs; every state follows every other with positive probability.

    Raises:
        GameError: a size below 1, or a negative seed.
    """
    shape = _shape(horizon, states, leader_actions, follower_actions)
    bits = _stream(seed)
    u, r = _payoffs(bits, shape), _payoffs(bits, shape)
    return _game(shape, _rows(bits, shape, states), u, r, eta)


def sparse(
    *,
    states: int,
    leader_actions: int,
    follower_actions: int,
    horizon: int,
    seed: int,
    eta: Number = 5,
    successors: int = 10,
) -> Game:
    """Independent payoffs; each row of P has min(successors, states) states, drawn anew.

    Raises:
        GameError: a size below 1, or a negative seed.
    """
    shape = _shape(horizon, states, leader_actions, follower_actions)
    if whole(successors, "successors") < 1:
        raise GameError(f"there must be at least one, not {successors}", where="successors")
    bits = _stream(seed)
    u, r = _payoffs(bits, shape), _payoffs(bits, shape)
    return _game(shape, _rows(bits, shape, min(successors, states)), u, r, eta)


def zero_sum(
    *,
    states: int,
    leader_actions: int,
    follower_actions: int,
    horizon: int,
    seed: int,
    eta: Number = 5,
) -> Game:
    """Opposed interests: r = -u, with dense rows. Raises GameError as :func:`dense`."""
    shape = _shape(horizon, states, leader_actions, follower_actions)
    bits = _stream(seed)
    u = _payoffs(bits, shape)
    return _game(shape, _rows(bits, shape, states), u, _mapped(u, lambda x: -x), eta)


def common_interest(
    *,
    states: int,
    leader_actions: int,
    follower_actions: int,
    horizon: int,
    seed: int,
    eta: Number = 5,
) -> Game:
    """Shared interests: r = u, with dense rows. Raises GameError as :func:`dense`."""
    shape = _shape(horizon, states, leader_actions, follower_actions)
    bits = _stream(seed)
    u = _payoffs(bits, shape)
    return _game(shape, _rows(bits, shape, states), u, u, eta)


def nearly_tied(
    *,
    states: int,
    leader_actions: int,
    follower_actions: int,
    horizon: int,
    seed: int,
    eta: Number = 5,
    spread: Number = "1e-12",
) -> Game:
    """All action pairs of an (h, s) are nearly alike: hard for floats, not for exact arithmetic.

    u_h(s,a,b) = c_h(s) + spread * k/1000 and r_h(s,a,b) = d_h(s) + spread * l/1000 with random k
    and l in 0..1000, and P_h(.|s,a,b) is the same for all (a, b).

    Raises:
        GameError: a size below 1, or a negative seed.
        NumberError: a spread that is not an exact number.
    """
    shape = _shape(horizon, states, leader_actions, follower_actions)
    small = exact(spread, "spread")
    alike = (horizon, states, 1, 1)
    bits = _stream(seed)
    tables = []
    for _ in range(2):
        base, change = _payoffs(bits, alike), _payoffs(bits, shape)
        tables.append(
            tuple(
                tuple(
                    tuple(tuple(c[0][0] + small * x for x in row) for row in state)
                    for c, state in zip(*pair, strict=True)
                )
                for pair in zip(base, change, strict=True)
            )
        )
    P = tuple(
        tuple(((state[0][0],) * follower_actions,) * leader_actions for state in step)
        for step in _rows(bits, alike, states)
    )
    return _game(shape, P, tables[0], tables[1], eta)


def _shape(horizon: int, states: int, leader: int, follower: int) -> Shape:
    sizes = {
        "horizon": horizon,
        "states": states,
        "leader_actions": leader,
        "follower_actions": follower,
    }
    H, S, A, B = (whole(count, label) for label, count in sizes.items())
    for label, count in zip(sizes, (H, S, A, B), strict=True):
        if count < 1:
            raise GameError(f"there must be at least one, not {shown(count)}", where=label)
    if H * S * A * B > MAX_ENTRIES:
        raise GameError(f"there are more than {MAX_ENTRIES} entries (h, s, a, b)", where="sizes")
    return H, S, A, B


def _stream(seed: int) -> np.random.PCG64:
    if whole(seed, "seed") < 0:
        raise GameError(f"{seed} is negative", where="seed")
    return np.random.PCG64(seed)


def _integers(
    bits: np.random.PCG64, least: int, most: int, shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """Integers in least..most."""
    raw = bits.random_raw(int(np.prod(shape))).reshape(shape)
    drawn: NDArray[np.int64] = (raw % np.uint64(most - least + 1)).astype(np.int64) + least
    return drawn


def _payoffs(bits: np.random.PCG64, shape: Shape) -> Payoffs:
    grid = [Fraction(n, _GRID) for n in range(_GRID + 1)]
    return tuple(
        tuple(tuple(tuple(grid[n] for n in row) for row in state) for state in step)
        for step in _integers(bits, 0, _GRID, shape).tolist()
    )


def _rows(bits: np.random.PCG64, shape: Shape, successors: int) -> Transitions:
    """Rows over ``successors`` distinct states each, drawn one (h, s) at a time."""
    horizon, states, leader, follower = shape
    return tuple(
        tuple(_rows_at(bits, (leader, follower), states, successors) for _ in range(states))
        for _ in range(horizon)
    )


def _rows_at(
    bits: np.random.PCG64, actions: tuple[int, int], states: int, successors: int
) -> tuple[tuple[Row, ...], ...]:
    weights = _integers(bits, 1, _GRID, (*actions, successors)).tolist()
    if successors < states:
        keys = bits.random_raw(actions[0] * actions[1] * states).reshape(*actions, states)
        support = np.sort(np.argsort(keys, axis=-1, kind="stable")[..., :successors]).tolist()
    else:
        support = [[range(states)] * actions[1]] * actions[0]
    return tuple(
        tuple(
            reduced_row(sum(row), tuple(after), tuple(row), "P")
            for row, after in zip(by_b, supports, strict=True)
        )
        for by_b, supports in zip(weights, support, strict=True)
    )


def _mapped(table: Payoffs, change: Callable[[Fraction], Fraction]) -> Payoffs:
    return tuple(
        tuple(tuple(tuple(change(x) for x in row) for row in state) for state in step)
        for step in table
    )


def _game(shape: Shape, P: Transitions, u: Payoffs, r: Payoffs, eta: Number) -> Game:
    """The myopic follower's game whose first state is uniform and whose leader sees the action."""
    horizon, states, leader, follower = shape
    return Game(
        horizon=horizon,
        states=states,
        leader_actions=leader,
        follower_actions=follower,
        rho=Row(states, tuple(range(states)), (1,) * states),
        P=P,
        u=u,
        r=r,
        eta=Fraction(1),
        gamma=Fraction(0),
        observes=tuple((b,) for b in range(follower)),
    ).with_(eta=eta)
