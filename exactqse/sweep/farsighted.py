"""Isolation and derivatives for a farsighted follower, from boxes that hold every optimal policy.

At a fixed policy, with D, nu and dJ/dx_b as in adjoint.py (x_b = eta r + gamma P v'):

    dJ/du_h(s,a,b) = D_h(s) nu_b alpha_b(a)
    dJ/dr_h(s,a,b) = eta alpha_b(a) dJ/dx_b
    dJ/deta        = sum_{h,s,b} dJ/dx_b sum_a alpha_b(a) r_h(s, a, b)

(proofs/one-optimal-policy.md).
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.sweep.adjoint import Place
from exactqse.sweep.boxes import ZERO, hull, mean, support_of
from exactqse.sweep.isolate import SPARE_BITS, CellOptima, Isolation, probability
from exactqse.sweep.near import NearOptimal
from exactqse.sweep.policies import Key, PolicyBox, Search
from exactqse.sweep.sensitivity import Sensitivities, table_of

Table = list[list[arb]]  # [a][b]


class FarsightedOptima:
    """The optimal policies of a solved game with gamma > 0, in balls."""

    def __init__(self, near: NearOptimal) -> None:
        self.near, self.game = near, near.solution.game
        self.bits = near.solution.certificate.precision + SPARE_BITS
        with precision(self.bits):
            self.search = Search(near)
            self.found = self.search.run()

    def isolation(self) -> Isolation:
        """The report."""
        with precision(self.bits):
            places = tuple(self._place(place, c) for place, c in self.search.exact)
        return Isolation(self.near.solution, places, ())

    def _place(self, place: Place, c: int) -> CellOptima:
        cell, (step, state) = self.game.observes[c], place
        given = self.near.solution.policy[step][state][cell[0]]
        boxes, several = self.found.boxes, False
        bounds, unique = [Enclosure(p, p) for p in given], True
        if not all(box.reaches[place].D.is_zero() for box in boxes):
            come = all(box.reaches[place].D > 0 for box in boxes)
            for first, *others in self.search.classes[place, c]:
                whole = probability(hull([box.weights[place, c][first] for box in boxes]))
                share = Enclosure(Fraction(0), whole.upper) if others else whole
                for a in (first, *others):
                    bounds[a] = share
                if others and whole.upper > 0:
                    unique, several = False, several or (come and whole.lower > 0)
        support = tuple(a for a, w in enumerate(bounds) if w.upper > 0)
        return CellOptima(
            step=step,
            state=state,
            cell=cell,
            weights=tuple(bounds),
            support=support,
            proved=all(bounds[a].lower > 0 for a in support),
            unique=unique and (self.found.unique or len(support) == 1),
            several=several,
            radius=max(max(p - w.lower, w.upper - p) for p, w in zip(given, bounds, strict=True)),
        )

    def sensitivities(self) -> Sensitivities:
        """Around the derivatives at all optimal policies."""
        with precision(self.bits):
            slopes = [self._slopes(box) for box in self.found.boxes]
            eta = enclosure(hull([x for x, _, _ in slopes]))
            u, r = (
                {place: _hulls([found[k][place] for found in slopes]) for place in self.game.places}
                for k in (1, 2)
            )
            shape = self.game.shape
            by_u, by_r = table_of(u, shape, probability), table_of(r, shape)
            return Sensitivities(self.isolation(), eta, by_u, by_r)

    def _slopes(self, box: PolicyBox) -> tuple[arb, dict[Place, Table], dict[Place, Table]]:
        """In eta, u and r, over one box."""
        balls, total = self.search.balls, ZERO
        eta, actions = ball(self.game.eta or Fraction(0)), range(self.game.leader_actions)
        u: dict[Place, Table] = {}
        r: dict[Place, Table] = {}
        for place in self.game.places:
            stage, reach = box.stages[place], box.reaches[place]
            shares = [self._shares(box, (place, balls.cell_of[b])) for b in range(len(stage.nu))]
            flows = [reach.D * n for n in stage.nu]
            u[place] = [[f * w[a] for f, w in zip(flows, shares, strict=True)] for a in actions]
            r[place] = [
                [eta * push * w[a] for push, w in zip(reach.push, shares, strict=True)]
                for a in actions
            ]
            for b, (push, rewards) in enumerate(zip(reach.push, balls.r[place], strict=True)):
                weights = box.weights[place, balls.cell_of[b]]
                total += push * mean(weights, rewards, support_of(weights)) / eta
        return total, u, r

    def _shares(self, box: PolicyBox, key: Key) -> list[arb]:
        """The weights [a] of a cell; of actions that are alike each may have any part of theirs."""
        shares = list(box.weights[key])
        for first, *others in self.search.classes[key]:
            for a in (first, *others) if others else ():
                shares[a] = box.weights[key][first].union(ZERO)
        return shares


def _hulls(tables: list[Table]) -> Table:
    """Entry by entry."""
    return [
        [hull(entries) for entries in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)
    ]
