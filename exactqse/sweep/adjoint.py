"""Values and first derivatives of J over boxes of policies against a farsighted follower.

With x_b = eta r + gamma P v', y_b = u + P W' under the leader's mixture, v = ln sum_b e^{x_b} (that
is eta V), nu_b = e^{x_b - v} and W = sum_b nu_b y_b; and forward, with the probability D of a place
and M = dJ/dv there, both 0 before the first step but D = rho:

    dJ/dx_b = D nu_b (y_b - W) + M nu_b
    D'(t)   = sum_b D nu_b sum_a alpha_b(a) P(t | a, b)
    M'(t)   = sum_b dJ/dx_b gamma sum_a alpha_b(a) P(t | a, b)
    dJ/dalpha_c(a) = sum_{b in c} dJ/dx_b x_b(a) + D nu_b y_b(a)

(proofs/one-optimal-policy.md). All numbers are balls around those of every policy in the box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.kernel.game import KernelGame, Row
from exactqse.sweep.boxes import UNIT, ZERO, Box, hull, mean, meet, response, support_of
from exactqse.sweep.caps import corners_of, term

Place = tuple[int, int]  # step, state
Weights = Mapping[tuple[Place, int], Box]  # by place and cell: [a]
Range = Mapping[Place, arb]
Table = list[list[arb]]  # [b][a]
Line = list[tuple[Place, arb]]  # a distribution of places of the next step


@dataclass(frozen=True)
class Limits:
    """What is known of the policies that matter: v and the least W, by place; and any ``lam``."""

    v: Range = field(default_factory=dict)
    floor: Range = field(default_factory=dict)
    lam: Range = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One place: X, Y are [b][a], the other lists [b]."""

    X: Table
    Y: Table
    x: list[arb]
    y: list[arb]
    nu: list[arb]
    v: arb
    W: arb
    gains: list[arb]  # y_b - W


@dataclass(frozen=True)
class Reach:
    """One place, forward: D, and dJ/dx_b over D nu_b and over 1."""

    D: arb
    M: arb
    lean: arb  # M/D
    ahead: list[arb]  # y_b - W + M/D
    push: list[arb]  # dJ/dx_b


class Balls:
    """A game in balls, at the precision at which it is made."""

    def __init__(self, game: KernelGame) -> None:
        eta = game.eta or Fraction(0)
        self.game, self.gamma = game, ball(game.gamma)
        self.cell_of = {b: c for c, cell in enumerate(game.observes) for b in cell}
        self.r: dict[Place, Table] = {}
        self.u: dict[Place, Table] = {}
        self.rows: dict[Place, list[list[Line]]] = {}
        pairs = range(game.follower_actions), range(game.leader_actions)
        for h, s in game.places:
            r, u, P = game.at(game.r, h)[s], game.at(game.u, h)[s], game.at(game.P, h)[s]
            last = h + 1 == game.horizon
            self.r[h, s] = [[ball(eta * r[a][b]) for a in pairs[1]] for b in pairs[0]]
            self.u[h, s] = [[ball(u[a][b]) for a in pairs[1]] for b in pairs[0]]
            self.rows[h, s] = [
                [[] if last else _line(P[a][b], h + 1) for a in pairs[1]] for b in pairs[0]
            ]

    def backward(self, weights: Weights, limits: Limits) -> dict[Place, Stage] | None:
        """Every place; None if no policy of the box is within the limits."""
        found: dict[Place, Stage] = {}
        for place in reversed(self.game.places):
            stage = self._stage(place, weights, found, limits)
            if stage is None:
                return None
            found[place] = stage
        return found

    def _stage(
        self, place: Place, weights: Weights, after: Mapping[Place, Stage], limits: Limits
    ) -> Stage | None:
        X, Y, x, y = [], [], [], []
        for b, lines in enumerate(self.rows[place]):
            r, u = self.r[place][b], self.u[place][b]
            X.append(
                [
                    e + self.gamma * sum((p * after[t].v for t, p in line), ZERO)
                    for e, line in zip(r, lines, strict=True)
                ]
            )
            Y.append(
                [
                    e + sum((p * after[t].W for t, p in line), ZERO)
                    for e, line in zip(u, lines, strict=True)
                ]
            )
            box = weights[place, self.cell_of[b]]
            support = support_of(box)
            x.append(mean(box, X[b], support))
            y.append(mean(box, Y[b], support))
        v, nu = soft_maximum(x), response(x)
        if place in limits.v:
            if not v.overlaps(limits.v[place]):
                return None
            v = meet(v, limits.v[place])
        gains = [
            sum((nu[c] * (own - other) for c, other in enumerate(y) if c != b), ZERO)
            for b, own in enumerate(y)
        ]
        W = meet(y[0] - gains[0], hull(y))
        if place in limits.lam:
            most = self._cap(place, weights, X, Y, v, limits.lam[place])
            least = max(W.lower(), limits.floor.get(place, W.lower()))
            most = min(W.upper(), most.upper())
            if most < least:
                return None
            W = least.union(most)
            if not all(gain.overlaps(own - W) for gain, own in zip(gains, y, strict=True)):
                return None
            gains = [meet(gain, own - W) for gain, own in zip(gains, y, strict=True)]
        return Stage(X, Y, x, y, nu, v, W, gains)

    def _cap(
        self,
        place: Place,
        weights: Weights,
        X: Table,
        Y: Table,
        v: arb,
        lam: arb,
    ) -> arb:
        """An upper bound of W."""
        total = lam
        for b, (own, gain) in enumerate(zip(X, Y, strict=True)):
            box = weights[place, self.cell_of[b]]
            z = [x - v for x in corners_of(box, own)]
            total += term(z, [y - lam for y in corners_of(box, gain)])
        return total

    def forward(self, weights: Weights, stages: Mapping[Place, Stage]) -> dict[Place, Reach]:
        """Every place."""
        rho = self.game.rho
        D = dict.fromkeys(self.game.places, ZERO)
        for s, n in zip(rho.states, rho.numerators, strict=True):
            D[0, s] = arb(n) / rho.denominator
        M = dict.fromkeys(self.game.places, ZERO)
        means: dict[Place, list[arb]] = {}
        found = {}
        for place, stage in ((place, stages[place]) for place in self.game.places):
            reach, lean = meet(D[place], UNIT), ZERO
            if means.get(place):
                lean = hull(means[place])
                if reach > 0 and lean.overlaps(M[place] / reach):  # if not, no policy is left
                    lean = meet(M[place] / reach, lean)
            ahead = [gain + lean for gain in stage.gains]
            push = [reach * n * g for n, g in zip(stage.nu, ahead, strict=True)]
            found[place] = Reach(reach, M[place], lean, ahead, push)
            for b, _, w, line in self.moves(place, weights):
                if w.is_zero() or reach.is_zero():
                    continue
                for t, p in line:
                    D[t] += reach * stage.nu[b] * w * p
                    M[t] += self.gamma * push[b] * w * p
                    means.setdefault(t, []).append(self.gamma * ahead[b])
        return found

    def moves(self, place: Place, weights: Weights) -> Iterator[tuple[int, int, arb, Line]]:
        """Each pair b, a with the weight of a after b, and where it leads."""
        for b, lines in enumerate(self.rows[place]):
            box = weights[place, self.cell_of[b]]
            for a, (w, line) in enumerate(zip(box, lines, strict=True)):
                yield b, a, w, line

    def difference(self, c: int, stage: Stage, reach: Reach, a: int, i: int) -> arb:
        """dJ/dalpha_c(a) - dJ/dalpha_c(i), over D, and over nu_b too where b is alone."""
        members = self.game.observes[c]
        total = ZERO
        for b in members:
            slope = reach.ahead[b] * (stage.X[b][a] - stage.X[b][i]) + stage.Y[b][a] - stage.Y[b][i]
            total += slope if len(members) == 1 else stage.nu[b] * slope
        return total


def _line(row: Row, step: int) -> Line:
    pairs = zip(row.states, row.numerators, strict=True)
    return [((step, t), arb(n) / row.denominator) for t, n in pairs]


def soft_maximum(x: Sequence[arb]) -> arb:
    """ln sum_b e^{x_b}, increasing in each."""

    def at(ends: list[arb]) -> arb:
        top = max(ends)
        return top + sum(((end - top).exp() for end in ends), ZERO).log()

    return at([z.lower() for z in x]).union(at([z.upper() for z in x]))
