"""Policies for a part: given what is to come, the best response at each place is a linear program.

At a place the leader wants W + weight V, and V in the part. Follower action b answers her mixtures
where X_b >= X_b' for all b': one program for each b. His answer should be strict, by a margin that
rounding cannot undo; where it cannot be, exact rationals keep the tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from exactqse.kernel.certificate import Distribution, FarsightedNode
from exactqse.kernel.game import KernelGame
from exactqse.kernel.stage import FailureError
from exactqse.kernel.strong import action_values, best_response, policy_worth
from exactqse.solve.commitment import Mixtures
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.promised.highs import INFINITE, minimise
from exactqse.solve.rounding import short
from exactqse.solve.stage_rational import Stage, commit

_MARGIN = 1e-9  # of a strict answer, relative to the follower's rewards
_SPARE = 1e-9  # by which V may leave the part
_BITS = 44  # of probabilities
_FEW = 16  # bits of a weight
_LONG = 1 << 11  # bits of a probability
_VISITED = 1e-3
Nodes = tuple[FarsightedNode, ...]


def weights_of(own: Floats, lean: Floats, flow: Floats, rho: Floats) -> Floats:
    """What a unit of V is worth at each place, in units of W there: from a part's program."""
    whole = rho @ lean[: len(rho)]
    result: Floats = own + whole / np.maximum(flow.sum(1), _VISITED)
    return result


class Policies:
    """Answers to parts of one game, and the best of them so far, by exact evaluation."""

    def __init__(self, game: KernelGame, model: Model) -> None:
        self.game, self.model = game, model
        self.first = np.concatenate([[0], np.cumsum(model.sizes)]).tolist()
        spread = max(float(np.ptp(layer.r)) for layer in model.layers)
        self.unit = spread * len(model.layers) or 1.0
        self.nodes: Nodes = ()
        self.worth: Fraction | None = None
        self.seen: dict[Nodes, Fraction | None] = {}  # what each is worth, if that is known

    def dive(self, lo: Floats, hi: Floats, weight: Floats) -> None:
        """Keep the policy for the part [lo, hi], (N,) each, if it is the best so far."""
        alphas = self._backward(lo, hi, weight, _MARGIN * self.unit)
        places = zip(self.game.places, alphas, strict=True)
        self.offer(tuple(FarsightedNode(h, s, tuple(map(_short, rows))) for (h, s), rows in places))

    def tie(self, weight: Floats) -> None:
        """Keep the policy of best responses in exact rationals, with ties that are ties."""
        game = self.game
        nodes: list[FarsightedNode] = []
        soft = values = dict.fromkeys(range(game.states), Fraction(0))
        for j in reversed(range(len(game.places))):
            h, s = game.places[j]
            if not nodes or nodes[-1].step != h:
                ahead, after, soft, values = soft, values, {}, {}
            x = action_values(game, game.r, h, s, ahead)
            y = action_values(game, game.u, h, s, after)
            price = short(float(weight[j]), _FEW) if h and weight[j] else Fraction(0)
            pairs = zip(x, y, strict=True)
            goal = tuple(tuple(w + price * v for v, w in zip(*rows, strict=True)) for rows in pairs)
            mixtures = _best(Stage.of(x, goal, game.observes))
            if any(p.denominator.bit_length() > _LONG for row in mixtures for _, p in row):
                return
            V, values[s] = best_response(game, mixtures, x, y)
            soft[s] = game.gamma * V
            nodes.append(FarsightedNode(h, s, mixtures))
        self.offer(tuple(reversed(nodes)))

    def offer(self, nodes: Nodes) -> None:
        """Evaluate a policy."""
        if nodes in self.seen:
            return
        self.seen[nodes] = None
        try:
            self.seen[nodes] = worth = policy_worth(self.game, nodes)
        except FailureError:  # numbers too long
            return
        if self.worth is None or worth > self.worth:
            self.worth, self.nodes = worth, nodes

    def values(self, alphas: Sequence[Floats]) -> Floats:
        """V of each place, (N,), of mixtures (C, A) at each."""
        V: Floats = np.zeros(self.first[-1])
        cell = self.model.cell
        for h in reversed(range(len(self.model.layers))):
            layer = self.model.layers[h]
            after = V[self.first[h + 1] : self.first[h + 1] + layer.P.shape[-1]]
            x = layer.r + self.model.gamma * (layer.P @ after) if len(after) else layer.r
            for k in range(len(x)):
                V[self.first[h] + k] = (alphas[self.first[h] + k][cell] * x[k]).sum(1).max()
        return V

    def _backward(self, lo: Floats, hi: Floats, weight: Floats, margin: float) -> list[Floats]:
        """alpha (C, A) of each place."""
        found: list[Floats] = []
        V: Floats = np.zeros(0)
        W: Floats = np.zeros(0)
        for h in reversed(range(len(self.model.layers))):
            layer, start = self.model.layers[h], self.first[h]
            x, y = layer.r, layer.u
            if V.size:
                x, y = x + self.model.gamma * (layer.P @ V), y + layer.P @ W
            answers = []
            for k in range(len(x)):
                j = start + k
                box = (lo[j], hi[j]) if h else (-np.inf, np.inf)
                answers.append(self._answer(x[k], y[k], box, weight[j] if h else 0.0, margin))
            found = [alpha for alpha, _, _ in answers] + found
            V, W = (np.array([answer[n] for answer in answers]) for n in (1, 2))
        return found

    def _answer(
        self, x: Floats, y: Floats, box: tuple[float, float], weight: float, margin: float
    ) -> tuple[Floats, float, float]:
        """The mixtures (C, A), V and W, with V in the box if that can be."""
        wide = -np.inf, np.inf
        for interval, strict in ((box, margin), (box, 0.0), (wide, margin), (wide, 0.0)):
            found = [self._for_target(b, x, y, interval, weight, strict) for b in range(len(x))]
            known = [answer for answer in found if answer is not None]
            if known:
                return max(known, key=lambda answer: answer[2] + weight * answer[1])
        alpha = np.zeros((len(self.model.cells), x.shape[1]))
        alpha[:, 0] = 1.0
        best = int(x[:, 0].argmax())
        return alpha, float(x[best, 0]), float(y[best, 0])

    def _for_target(
        self,
        b: int,
        x: Floats,
        y: Floats,
        interval: tuple[float, float],
        weight: float,
        margin: float,
    ) -> tuple[Floats, float, float] | None:
        """The best mixtures that b answers."""
        C, A = len(self.model.cells), x.shape[1]
        rows, bounds = [], []
        cell = self.model.cell

        def of(o: int, values: Floats) -> Floats:
            row = np.zeros((C, A))
            row[cell[o]] = values
            return row

        own = of(b, x[b])
        for o in range(len(x)):
            if o != b:
                rows.append(of(o, x[o]) - own)
                bounds.append(-margin)
        for sign, end in ((-1.0, interval[0]), (1.0, interval[1])):
            if np.isfinite(end):
                rows.append(sign * own)
                bounds.append(sign * end + _SPARE * self.unit)
        for c in range(C):
            ones = np.zeros((C, A))
            ones[c] = 1.0
            rows += [ones, -ones]
            bounds += [1.0, -1.0]
        cost = -(of(b, y[b]) + weight * own)
        matrix = np.array(rows).reshape(len(rows), -1)
        limits = np.zeros(C * A), np.ones(C * A)
        found = minimise(cost.ravel(), matrix, np.array(bounds), limits)
        if found is None:
            return None
        alpha = np.clip(found.z, 0.0, 1.0).reshape(C, A)
        alpha /= alpha.sum(1, keepdims=True)
        return alpha, float((alpha[cell[b]] * x[b]).sum()), float((alpha[cell[b]] * y[b]).sum())


def _best(stage: Stage) -> Mixtures:
    """The best commitment: of the programs for each follower action the best."""
    best = Fraction(-2)  # less than any value of a scaled stage
    mixtures: Mixtures = ()
    for b in sorted(range(len(stage.x)), key=lambda b: -max(stage.y[b])):
        if max(stage.y[b]) > best:
            found = commit(stage, b, best)
            best += found.gain
            mixtures = found.mixtures or mixtures
    return mixtures


def least_value(model: Model, x: Floats) -> tuple[float, Floats] | None:
    """min over mixtures of max_b X_b at a place with x (B, A), and the weights that prove it."""
    C, A, B = len(model.cells), x.shape[1], len(x)
    rows = np.zeros((B + 2 * C, C * A + 1))
    for b, c in enumerate(model.cell):
        rows[b, c * A : (c + 1) * A] = x[b]
    rows[:B, -1] = -1.0
    for c in range(C):
        rows[B + 2 * c, c * A : (c + 1) * A] = 1.0
    rows[B + 1 :: 2] = -rows[B::2]
    bounds = np.concatenate([np.zeros(B), np.tile([1.0, -1.0], C)])
    cost = np.append(np.zeros(C * A), 1.0)
    limits = np.append(np.zeros(C * A), -INFINITE), np.append(np.ones(C * A), INFINITE)
    found = minimise(cost, rows, bounds, limits)
    return None if found is None else (found.value, found.price[:B])


def _short(row: Floats) -> Distribution:
    """Multiples of 2^-44; the largest takes what rounding leaves."""
    parts = {a: round(float(p) * 2**_BITS) for a, p in enumerate(row)}
    top = max(parts, key=parts.__getitem__)
    parts[top] += 2**_BITS - sum(parts.values())
    return tuple((a, Fraction(n, 2**_BITS)) for a, n in parts.items() if n)
