"""Second derivatives of J over a box of policies, and the one maximiser where it is concave.

A coordinate moves weight of one cell from one leader action to another. The derivatives of
adjoint.py are differentiated once more along it, backward and forward; where the Hessian in all
free coordinates is negative definite on the box, J has one maximiser there at most, and an interval
Newton step encloses it (proofs/one-optimal-policy.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat

from exactqse.arithmetic.balls import ball
from exactqse.sweep.adjoint import Balls, Limits, Place, Reach, Stage, Weights
from exactqse.sweep.boxes import ZERO, heaviest, meet, support_of

Column = list[arb]


@dataclass(frozen=True)
class Coordinate:
    """Weight moved at a place and a cell from action ``base`` to action ``a``."""

    place: Place
    cell: int
    a: int
    base: int


def coordinates(weights: Weights, reaches: Mapping[Place, Reach]) -> list[Coordinate]:
    """Those in which policies of the box can differ, from the heaviest action of each cell."""
    found = []
    for (place, c), box in weights.items():
        support = support_of(box)
        if not reaches[place].D.is_zero():
            base = heaviest(box, support)
            found += [Coordinate(place, c, a, base) for a in support if a != base]
    return found


def gradient(
    balls: Balls,
    stages: Mapping[Place, Stage],
    reaches: Mapping[Place, Reach],
    along: Sequence[Coordinate],
) -> list[arb]:
    """dJ by each coordinate."""
    found = []
    for k in along:
        stage, reach, total = stages[k.place], reaches[k.place], ZERO
        for b in balls.game.observes[k.cell]:
            x, y = stage.X[b], stage.Y[b]
            flow = reach.D * stage.nu[b]
            total += reach.push[b] * (x[k.a] - x[k.base]) + flow * (y[k.a] - y[k.base])
        found.append(total)
    return found


@dataclass(frozen=True)
class Second:
    """The derivatives of a pass along one coordinate."""

    balls: Balls
    weights: Weights
    stages: Mapping[Place, Stage]
    reaches: Mapping[Place, Reach]

    def hessian(self, along: Sequence[Coordinate]) -> arb_mat:
        """The second derivatives of J, one row for each coordinate."""
        return arb_mat([self._row(k, along) for k in along])

    def _row(self, k: Coordinate, along: Sequence[Coordinate]) -> list[arb]:
        moved = self._backward(k)
        pushes, flows = self._forward(k, moved)
        row = []
        for other in along:
            stage, reach, total = self.stages[other.place], self.reaches[other.place], ZERO
            step, a, i = moved[other.place], other.a, other.base
            for b in self.balls.game.observes[other.cell]:
                total += pushes[other.place][b] * (stage.X[b][a] - stage.X[b][i])
                total += flows[other.place][b] * (stage.Y[b][a] - stage.Y[b][i])
                total += reach.push[b] * (step.X[b][a] - step.X[b][i])
                total += reach.D * stage.nu[b] * (step.Y[b][a] - step.Y[b][i])
            row.append(total)
        return row

    def _backward(self, k: Coordinate) -> dict[Place, Stage]:
        """The derivatives of every stage; of gains, those of y_b - W."""
        found: dict[Place, Stage] = {}
        for place in reversed(self.balls.game.places):
            stage, X, Y, x, y = self.stages[place], [], [], [], []
            for b, lines in enumerate(self.balls.rows[place]):
                box = self.weights[place, self.balls.cell_of[b]]
                X.append(
                    [
                        self.balls.gamma * sum((p * found[t].v for t, p in line), ZERO)
                        for line in lines
                    ]
                )
                Y.append([sum((p * found[t].W for t, p in line), ZERO) for line in lines])
                x.append(sum((w * v for w, v in zip(box, X[b], strict=True)), ZERO))
                y.append(sum((w * v for w, v in zip(box, Y[b], strict=True)), ZERO))
                if place == k.place and self.balls.cell_of[b] == k.cell:
                    x[b] += stage.X[b][k.a] - stage.X[b][k.base]
                    y[b] += stage.Y[b][k.a] - stage.Y[b][k.base]
            v = sum((n * z for n, z in zip(stage.nu, x, strict=True)), ZERO)
            nu = [n * (z - v) for n, z in zip(stage.nu, x, strict=True)]
            each = zip(stage.nu, stage.gains, x, y, strict=True)
            W = sum((n * (g * z + w) for n, g, z, w in each), ZERO)
            found[place] = Stage(X, Y, x, y, nu, v, W, [w - W for w in y])
        return found

    def _forward(
        self, k: Coordinate, moved: Mapping[Place, Stage]
    ) -> tuple[dict[Place, Column], dict[Place, Column]]:
        """By place the derivatives of dJ/dx_b and of D nu_b, [b]."""
        D: dict[Place, arb] = defaultdict(arb)
        M: dict[Place, arb] = defaultdict(arb)
        pushes, flows = {}, {}
        for place in self.balls.game.places:
            stage, reach, step = self.stages[place], self.reaches[place], moved[place]
            push = [
                n * (reach.D * up + D[place] * gain + M[place]) + turn * (reach.D * gain + reach.M)
                for n, gain, turn, up in zip(
                    stage.nu, stage.gains, step.nu, step.gains, strict=True
                )
            ]
            pairs = zip(stage.nu, step.nu, strict=True)
            flow = [D[place] * n + reach.D * turn for n, turn in pairs]
            pushes[place], flows[place] = push, flow
            for b, a, w, line in self.balls.moves(place, self.weights):
                shift = 0
                if place == k.place and self.balls.cell_of[b] == k.cell:
                    shift = (a == k.a) - (a == k.base)
                more = flow[b] * w + shift * reach.D * stage.nu[b]
                lean = push[b] * w + shift * reach.push[b]
                for t, p in line:
                    D[t] += more * p
                    M[t] += self.balls.gamma * lean * p
        return pushes, flows


def negative_definite(table: arb_mat) -> bool:
    """Whether every symmetric matrix within is: after a congruence its rows are dominated.

    The congruence, from the middle's eigenvectors in float64, is as good as any: where C'(-H)C is
    positive definite, C is regular, and so is -H.
    """
    middle = np.array([[float(v.mid()) for v in row] for row in table.tolist()])
    if not np.isfinite(middle).all():
        return False
    values, vectors = np.linalg.eigh(-(middle + middle.T) / 2)
    if not (values > 0).all():
        return False
    C = arb_mat([[ball(Fraction(v)) for v in row] for row in (vectors / np.sqrt(values)).tolist()])
    rows = (C.transpose() * table * C).tolist()
    return all(
        sum((v.abs_upper() for j, v in enumerate(row) if j != i), row[i]) < 0
        for i, row in enumerate(rows)
    )


def concave(balls: Balls, weights: Weights) -> bool:
    """Whether J is strictly concave on the box, in all that its policies may differ in."""
    second = second_order(balls, weights)
    along = coordinates(weights, second.reaches)
    return not along or negative_definite(second.hessian(along))


def newton(balls: Balls, weights: Weights) -> Weights:
    """The box around its one maximiser; itself if that may lie on its border or no step helps."""
    second = second_order(balls, weights)
    along = coordinates(weights, second.reaches)
    boxes = [weights[k.place, k.cell] for k in along]
    if not along or not all(box[a] > 0 for box in boxes for a in support_of(box)):
        return weights
    point = dict(weights)
    for k in along:
        box = [w.mid() for w in weights[k.place, k.cell]]
        box[k.base] = 1 - sum((w for a, w in enumerate(box) if a != k.base), ZERO)
        point[k.place, k.cell] = box
    inner = second_order(balls, point)
    slopes = gradient(balls, inner.stages, inner.reaches, along)
    try:
        step = second.hessian(along).solve(arb_mat([[g] for g in slopes]))
    except ZeroDivisionError:
        return weights
    moved = {key: list(box) for key, box in weights.items()}
    for k, shift in zip(along, step.entries(), strict=True):
        box = moved[k.place, k.cell]
        box[k.a] = meet(box[k.a], point[k.place, k.cell][k.a] - shift)
    for k in along:
        box = moved[k.place, k.cell]
        rest = sum((w for a, w in enumerate(box) if a != k.base), ZERO)
        box[k.base] = meet(box[k.base], 1 - rest)
    return moved


def second_order(balls: Balls, weights: Weights) -> Second:
    """Of all policies in the box, wherever their values are: it is convex."""
    stages = balls.backward(weights, Limits()) or {}
    return Second(balls, weights, stages, balls.forward(weights, stages))
