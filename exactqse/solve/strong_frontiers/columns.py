"""The columns of a place over frontiers of the next step.

A frontier is the vertices (V, W) of a concave polyline, V ascending. Towards a direction the vertex
that suits it best is picked at every next state, whatever the leader's action; D picks tell all
directions apart. With V', W' the first vertices, and with those of pick d,

    x_b(a) = r + gamma P V',          y_b(a) = u + P W',
    X_b(a, d) = r + gamma P V'_d,     Y_b(a, d) = u + P W'_d.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from exactqse.kernel.game import KernelGame, expectation
from exactqse.kernel.strong import Table, action_values
from exactqse.model.rows import probabilities
from exactqse.solve.strong_frontiers.threats import Threat, threat

Vertex = tuple[Fraction, Fraction]
Frontier = Sequence[Vertex]
Point = tuple[Fraction, Fraction]
Pick = tuple[int, ...]  # of each next state, in the order of ``Columns.states``


@dataclass(frozen=True, eq=False)
class Columns:
    """A place, and the frontiers of the states that may follow."""

    game: KernelGame
    h: int
    s: int
    after: Mapping[int, Frontier]
    values: dict[int, tuple[dict[int, Fraction], ...]] = field(default_factory=dict)  # by d
    known: dict[tuple[int, int, int], Point] = field(default_factory=dict)

    @cached_property
    def states(self) -> tuple[int, ...]:
        """Those that may follow."""
        rows = self.game.at(self.game.P, self.h)[self.s] if self.after else ()
        return tuple(sorted({t for by_b in rows for row in by_b for t in row.states}))

    @cached_property
    def steps(self) -> list[tuple[Fraction, int, Fraction, Fraction]]:
        """(falling slope, number of the state, gamma dV, dW) of all edges, steepest rise first."""
        found = []
        for k, t in enumerate(self.states):
            for (v, w), (v_next, w_next) in zip(self.after[t], self.after[t][1:], strict=False):
                right, up = v_next - v, w_next - w
                found.append((-up / right, k, self.game.gamma * right, up))
        return sorted(found)

    @cached_property
    def picks(self) -> list[Pick]:
        """[d]: the vertices that are picked together, from the least V to the most."""
        at = [0] * len(self.states)
        found = [tuple(at)]
        for _, k, _, _ in self.steps:
            at[k] += 1
            found.append(tuple(at))
        return found

    def towards(self, w: Fraction) -> int:
        """The pick with the largest Y_b + w X_b, whatever b and a."""
        return bisect_left(self.steps, self.game.gamma * w, key=lambda step: step[0])

    def first(self, k: int) -> dict[int, Fraction]:
        """V (k = 0) or W (1) of the first vertices, by state."""
        if not self.after:
            return dict.fromkeys(range(self.game.states), Fraction(0))
        return {t: line[0][k] for t, line in self.after.items()}

    @cached_property
    def x(self) -> Table:
        """[a][b]."""
        V = {t: self.game.gamma * v for t, v in self.first(0).items()}
        return action_values(self.game, self.game.r, self.h, self.s, V)

    @cached_property
    def y(self) -> Table:
        """[a][b]."""
        return action_values(self.game, self.game.u, self.h, self.s, self.first(1))

    def point(self, b: int, a: int, d: int) -> Point:
        """(X, Y) of a pick."""
        if (b, a, d) not in self.known:
            if d not in self.values:
                pairs = list(zip(self.states, self.picks[d], strict=True))
                lines = self.after
                self.values[d] = tuple({t: lines[t][i][k] for t, i in pairs} for k in (0, 1))
            game, (V, W) = self.game, self.values[d]
            row = game.at(game.P, self.h)[self.s][a][b]
            X, Y = (game.at(table, self.h)[self.s][a][b] for table in (game.r, game.u))
            if self.after:
                X, Y = X + game.gamma * expectation(row, V), Y + expectation(row, W)
            self.known[b, a, d] = X, Y
        return self.known[b, a, d]

    def shares(self, b: int, a: int) -> list[Fraction]:
        """P(t | s, a, b) of ``states``."""
        known = probabilities(self.game.at(self.game.P, self.h)[self.s][a][b])
        return [known.get(t, Fraction(0)) for t in self.states]

    @cached_property
    def threats(self) -> list[Threat]:
        """By cell."""
        return [threat(self.x, cell) for cell in self.game.observes]

    @cached_property
    def most(self) -> tuple[Fraction, int, int]:
        """(V, b, a): the most that he can get."""
        last = {t: self.game.gamma * line[-1][0] for t, line in self.after.items()}
        high = action_values(self.game, self.game.r, self.h, self.s, last or self.first(0))
        return max((v, b, a) for a, row in enumerate(high) for b, v in enumerate(row))
