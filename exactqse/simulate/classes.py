"""Finite classes that hold a true game, for learners that enumerate them: nature's side.

The same seed gives the same class on every machine: randomness is the raw stream of
``numpy.random.PCG64(seed)``, reduced modulo the range of each integer, as in
:mod:`exactqse.games`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from exactqse.errors import InputError, NotCoveredError, shown
from exactqse.evaluate.float64 import evaluate_float64
from exactqse.kernel.game import Payoffs, Row, Transitions, require_game
from exactqse.model.arrays import exact, whole
from exactqse.model.game import Game, Number
from exactqse.model.rows import make_row
from exactqse.solve.api import solve
from exactqse.solve.backward_float64 import solve_float64
from exactqse.solve.solution import myopic_nodes, uninterrupted

Floats = NDArray[np.float64]
_GRID = 1000
_GAP = Fraction(1, 10**6)  # by branch and bound
TABLES = ("P", "u", "r")


def perturbed_models(
    game: Game,
    count: int,
    *,
    seed: int,
    spread: Number = "1/4",
    vary: Collection[str] = TABLES,
) -> tuple[Game, ...]:
    """``count`` games, the given one among them at a random place.

    The others have the same sizes, rho, eta, gamma and partition, and

        u' = (1 - spread) u + spread v,   P' = (1 - spread) P + spread Q,

    r' like u', with independent v on a grid of thousandths between the least and the largest reward
    and rows Q with weights 1..1000 on the states that the row of P reaches: no P' shows itself by a
    move that P never makes.

    Args:
        game: the truth.
        count: at least 1.
        seed: a nonnegative integer.
        spread: in (0, 1].
        vary: which of P, u and r differ from the truth's.

    Raises:
        InputError: an argument out of range, or games that come out alike.
    """
    require_game(game)
    size, share = whole(count, "count"), exact(spread, "spread")
    if size < 1:
        raise InputError(f"there must be at least one, not {size}", where="count")
    if whole(seed, "seed") < 0:
        raise InputError(f"{seed} is negative", where="seed")
    if not 0 < share <= 1:
        raise InputError(f"{shown(spread)} is not in (0, 1]", where="spread")
    if not vary or any(table not in TABLES for table in vary):
        raise InputError(f"{shown(vary)} are not among {', '.join(TABLES)}", where="vary")
    draw = _Draw(np.random.PCG64(seed), share)
    place = draw.integer(size)
    others = [_perturbed(game, draw, vary) for _ in range(size - 1)]
    models = (*others[:place], game, *others[place:])
    if len({model.hash for model in models}) < size:
        what = "two games of the class are the same"
        raise InputError(what, where="vary", remedy="vary other tables; rewards must differ")
    return models


def response_tables(models: Sequence[Game]) -> tuple[Floats, ...]:
    """Theta_h: the different follower rewards of the models at each step, each (n_h, S, A, B)."""
    return _distinct([np.broadcast_to(model.r_float, model.shape) for model in models])


def optimal_tables(models: Sequence[Game]) -> tuple[Floats, ...]:
    """U_h: the different U*_h = u_h + P_h W*_{h+1} of the models at each step, (k_h, S, A, B).

    In float64 for a leader who sees the action, else from certified bounds that are 10^-6 wide, and
    at states that are reached only: pairs elsewhere do not matter.

    Raises:
        NotCoveredError: a farsighted or a best-responding follower.
    """
    for model in models:
        if model.gamma or model.eta is None:
            what = "U* of a farsighted or a best-responding follower"
            raise NotCoveredError(what, remedy="use whole models")
    return _distinct([_leader_values(model) for model in models])


def policy_tables(models: Sequence[Game], policies: Sequence[Floats]) -> tuple[Floats, ...]:
    """U_h: the different U^pi_h of the models under the policies at each step, (k_h, S, A, B)."""
    return _distinct([evaluate_float64(m, pi).U for m in models for pi in policies])


class _Draw:
    """Draws of exact numbers."""

    def __init__(self, bits: np.random.PCG64, share: Fraction) -> None:
        self.bits, self.share = bits, share

    def integer(self, count: int) -> int:
        """0..count-1."""
        return int(self.bits.random_raw()) % count

    def reward(self, x: Fraction, low: Fraction, high: Fraction) -> Fraction:
        """(1 - share) x + share v, v between low and high."""
        v = low + (high - low) * self.integer(_GRID + 1) / _GRID
        return (1 - self.share) * x + self.share * v

    def row(self, row: Row) -> Row:
        """(1 - share) row + share Q, Q on the same states."""
        weights = [1 + self.integer(_GRID) for _ in row.states]
        total = sum(weights)
        mixed = {
            s: (1 - self.share) * Fraction(n, row.denominator) + self.share * Fraction(w, total)
            for s, n, w in zip(row.states, row.numerators, weights, strict=True)
        }
        return make_row(mixed, row.states[-1] + 1, "P")


def _perturbed(game: Game, draw: _Draw, vary: Collection[str]) -> Game:
    P: Transitions = game.P
    if "P" in vary:
        P = tuple(
            tuple(tuple(tuple(map(draw.row, by_b)) for by_b in state) for state in step)
            for step in game.P
        )
    u = _rewards(game.u, draw) if "u" in vary else game.u
    r = _rewards(game.r, draw) if "r" in vary else game.r
    return replace(game, P=P, u=u, r=r)


def _rewards(table: Payoffs, draw: _Draw) -> Payoffs:
    entries = set(chain.from_iterable(row for step in table for state in step for row in state))
    low, high = min(entries), max(entries)
    return tuple(
        tuple(tuple(tuple(draw.reward(x, low, high) for x in row) for row in s) for s in step)
        for step in table
    )


def _leader_values(game: Game) -> Floats:
    horizon, states = game.shape[:2]
    W = np.zeros((horizon + 1, states))
    if game.observes_action:
        W[:-1] = solve_float64(game).W
    else:
        for node in myopic_nodes(uninterrupted(solve(game, gap=_GAP)).certificate):
            W[node.step, node.state] = node.upper
    P = np.broadcast_to(game.P_float, (*game.shape, states))
    ahead: Floats = game.u_float + np.einsum("hsabt,ht->hsab", P, W[1:])
    return ahead


def _distinct(tables: Sequence[Floats]) -> tuple[Floats, ...]:
    """[h], those of the tables (H, S, A, B) that differ at step h, in the order given."""
    if not tables:
        raise InputError("the class is empty", where="models", remedy="give a game or more")
    steps = []
    for h in range(len(tables[0])):
        own = {table[h].tobytes(): table[h] for table in tables}
        steps.append(np.stack(list(own.values())))
    return tuple(steps)
