"""Drawn games, each with a policy and a part of a cover around its values: for several tests."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

from exactqse.evaluate import evaluate
from exactqse.kernel.certificate import (
    UP,
    Certificate,
    Claim,
    FarsightedNode,
    Leaf,
    Part,
    Piece,
    Slope,
    Split,
    Tree,
)
from exactqse.kernel.elementary import INTEGER
from exactqse.kernel.farsighted import PartBounds
from exactqse.kernel.gamefile import game_hash
from exactqse.model import Game, Policy

Simplices = dict[tuple[int, int], tuple[tuple[int, ...], ...]]

P = 60
ONE = 1 << P
SIZES = (Fraction(1, 100), Fraction(1, 20), Fraction(1, 3), Fraction(10))


def rational(draw: Random, most: int = 2) -> Fraction:
    return Fraction(draw.randint(-10 * most, 10 * most), 10)


def distribution(draw: Random, size: int) -> list[Fraction]:
    weights = [draw.choice([0, 0, 1, 2, 5]) for _ in range(size)]
    if not any(weights):
        weights[draw.randrange(size)] = 1
    return [Fraction(w, sum(weights)) for w in weights]


class Drawn:
    """A game, a policy, and a part around the policy's values with drawn hints."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = Random(seed)
        self.S, self.A, self.B = draw.randint(1, 3), draw.choice([1, 2, 2, 3]), draw.randint(1, 3)
        self.H = draw.choice([2, 3, 3])
        steps = draw.choice([1, self.H])

        def table(entry: Any) -> Any:
            A, B = range(self.A), range(self.B)
            return [
                [[[entry() for _ in B] for _ in A] for _ in range(self.S)] for _ in range(steps)
            ]

        cells: dict[int, list[int]] = {}
        for b in range(self.B):
            cells.setdefault(draw.randrange(self.B), []).append(b)
        self.game = Game.from_arrays(
            table(lambda: distribution(draw, self.S)),
            table(lambda: rational(draw)),
            table(lambda: rational(draw)),
            horizon=self.H,
            rho=distribution(draw, self.S),
            eta=draw.choice([Fraction(1, 3), Fraction(1), Fraction(3)]),
            gamma=draw.choice([Fraction(1, 2), Fraction(9, 10), Fraction(1)]),
            observes=tuple(sorted(map(tuple, cells.values()))),
        )
        self.places = [(h, s) for h, layer in enumerate(self.game.reachable) for s in layer]
        self.centre = self.policy(Fraction(1))
        values = evaluate(self.game, self.centre, digits=15)
        self.V, self.W = values.V, values.W
        self.box: dict[int, Any] = {}
        width = draw.choice(SIZES)
        for j, (h, s) in enumerate(self.places):
            if h and draw.random() < 0.9:
                low = self.V[h][s].mid * self.game.eta - width * draw.randint(1, 99) / 100
                self.box[j] = (int(low * ONE), int((low + width) * ONE))
        self.certificate = self.certify()

    def policy(self, share: Fraction) -> Policy:
        """Drawn, and mixed with the centre if ``share`` < 1."""
        table = []
        for h in range(self.H):
            table.append([])
            for s in range(self.S):
                own = {
                    b: row
                    for c in self.game.observes
                    for row in [distribution(self.draw, self.A)]
                    for b in c
                }
                rows = [own[b] for b in range(self.B)]
                if share < 1:
                    near = self.centre.probabilities[h][s]
                    rows = [
                        [share * p + (1 - share) * q for p, q in zip(row, other, strict=True)]
                        for row, other in zip(rows, near, strict=True)
                    ]
                table[-1].append(rows)
        return Policy.from_arrays(table, game=self.game)

    def tree(self, cell: tuple[int, ...], depth: int) -> Tree:
        draw = self.draw
        if depth and self.A > 1 and draw.random() < 0.4:
            i, j = draw.sample(range(self.A), 2)
            return (Split(i, j), *self.tree(cell, depth - 1), *self.tree(cell, depth - 1))
        choices = [
            draw.randrange(self.A)
            if draw.random() < 0.8
            else (UP, Fraction(draw.randint(1, 300), 100))
            for _ in cell
        ]
        return (Leaf(tuple(choices)),)

    def certify(self) -> Certificate:
        draw, claims, slopes = self.draw, [], []
        for h, s in self.places:
            ends = [
                self.V[h][s].mid + rational(draw, 1) / 10
                for _ in range(draw.choice([0, 0, 1, 2]) if h else 0)
            ]
            pieces = tuple(
                Piece(
                    self.W[h][s].mid.limit_denominator(100) + rational(draw, 1) + int(h == 0),
                    tuple(self.tree(cell, 2) for cell in self.game.observes),
                    end,
                )
                for end in (*sorted(ends), None)
            )
            claims.append(Claim(int(draw.random() < 0.4), 0, pieces))
            later = [i for i, (k, _) in enumerate(self.places) if k > h]
            others = tuple((i, rational(draw, 1)) for i in later if draw.random() < 0.6)
            slopes.append(Slope(rational(draw, 1), others))
        sure = ((0, Fraction(1)),)
        nodes = tuple(
            FarsightedNode(h, s, (sure,) * len(self.game.observes)) for h, s in self.places
        )
        bounds = Fraction(-1000), Fraction(1000)
        cover = (Part(tuple(claims)),)
        return Certificate(game_hash(self.game), P, *bounds, nodes, (tuple(slopes),), cover)

    def part(self, simplices: Simplices | None = None) -> PartBounds:
        part = self.certificate.cover[0]
        assert isinstance(part, Part)
        least, most = ({j: ends[k] for j, ends in self.box.items()} for k in (0, 1))
        box = least, most, simplices or {}
        return PartBounds(self.game, self.certificate, part, box, P, INTEGER, "cover[0]")


@cache
def drawn(seed: int) -> Drawn:
    return Drawn(seed)
