"""Derivatives of the optimal value J* in eta, u and r, by the envelope theorem.

With the occupancy d_h(s), the response nu and the means w_b = sum_a alpha_b(a) U_h(s, a, b):

    dJ/du_h(s,a,b) = d_h(s) nu_b alpha_b(a)
    dJ/dr_h(s,a,b) = d_h(s) eta nu_b alpha_b(a) (w_b - W_h(s))
    dJ/deta        = sum_{h,s} d_h(s) sum_b nu_b (w_b - W_h(s)) sum_a alpha_b(a) r_h(s, a, b)

at a fixed policy. Their ranges over all optimal policies contain the one-sided derivatives of J*
(proofs/sensitivities.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.solve.solution import myopic_nodes
from exactqse.sweep.boxes import Region, StageBalls, response
from exactqse.sweep.isolate import Isolation, Optima

ByPair = tuple[tuple[tuple[tuple[Enclosure, ...], ...], ...], ...]  # [h][s][a][b]
Place = tuple[int, int]


@dataclass(frozen=True)
class Sensitivities:
    """Derivatives of J* in each single parameter, all others fixed.

    If ``isolated`` J* is differentiable, and each number is an enclosure of its derivative. If not,
    each encloses both one-sided derivatives, which always exist; J* may have a kink.

    Attributes:
        isolation: where the optimal policies are.
        eta: dJ*/deta.
        u, r: [h][s][a][b], dJ*/du_h(s, a, b) and dJ*/dr_h(s, a, b) of tables that may differ from
            step to step. The derivative in an entry that serves all steps is their sum over h where
            isolated, and lies in the sum of their enclosures otherwise.
    """

    isolation: Isolation
    eta: Enclosure
    u: ByPair
    r: ByPair

    @property
    def isolated(self) -> bool:
        """Whether exactly one optimal policy matters, proved: J* is differentiable."""
        return self.isolation.verdict == "isolated"


def stagewise_sensitivities(optima: Optima) -> Sensitivities:
    """Enclosures of dJ*/deta, dJ*/du and dJ*/dr for gamma = 0."""
    with precision(optima.bits):
        slopes = _Slopes(optima)
        shape = optima.game.shape
        eta, u, r = enclosure(slopes.eta), table_of(slopes.u, shape), table_of(slopes.r, shape)
    return Sensitivities(optima.isolation(), eta, u, r)


def table_of(
    entries: dict[Place, list[list[arb]]],
    shape: Sequence[int],
    ends: Callable[[arb], Enclosure] = enclosure,
) -> ByPair:
    """[h][s][a][b], with 0 at the places without an entry."""
    horizon, states, leader, follower = shape
    nothing = Enclosure(Fraction(0), Fraction(0))
    blank = ((nothing,) * follower,) * leader
    found = {
        place: tuple(tuple(ends(x) for x in row) for row in table)
        for place, table in entries.items()
    }
    return tuple(tuple(found.get((h, s), blank) for s in range(states)) for h in range(horizon))


class _Slopes:
    """The derivatives over the boxes of the optimal policies, forward in h."""

    def __init__(self, optima: Optima) -> None:
        self.game = optima.game
        rho = self.game.rho
        reach = {
            s: arb(n) / rho.denominator for s, n in zip(rho.states, rho.numerators, strict=True)
        }
        nodes = myopic_nodes(optima.solution.certificate)
        self.shifts = {(node.step, node.state): node.shift for node in nodes}
        self.flows: dict[Place, list[tuple[int, int, arb]]] = {}
        self.eta = arb(0)
        self.u: dict[Place, list[list[arb]]] = {}
        self.r: dict[Place, list[list[arb]]] = {}
        for step, layer in enumerate(self.game.reachable):
            after: dict[int, arb] = {}
            for s in layer:
                place = step, s
                if s in reach:  # else no optimal policy comes here
                    stage, regions = optima.stages[place], optima.regions[place]
                    self._stage(place, reach[s], stage, regions)
                    self._move(place, after)
            reach = after

    def _stage(
        self, place: Place, reach: arb, stage: StageBalls, regions: Sequence[Region]
    ) -> None:
        """The derivatives in the entries at one place that is reached with this probability."""
        eta = ball(self.game.eta or Fraction(0))
        shift = self.shifts[place]
        means = {b: m for x in regions for b, m in zip(x.cell.members, x.means, strict=True)}
        nu = response([means[b][0] for b in sorted(means)])
        sizes = self.game.leader_actions, self.game.follower_actions
        u, r = ([[arb(0)] * sizes[1] for _ in range(sizes[0])] for _ in range(2))
        self.u[place], self.r[place] = u, r
        self.flows[place] = []
        for region in regions:
            for b in region.cell.members:
                z, w = means[b]
                flow = reach * nu[b]
                gain = flow * (w - stage.value)
                self.eta += gain * (z + shift) / eta
                for i in region.support:
                    weight, actions = region.box[i], region.cell.classes[i]
                    self.flows[place].append((actions[0], b, flow * weight))
                    share = weight if len(actions) == 1 else weight.union(arb(0))
                    for a in actions:
                        u[a][b], r[a][b] = flow * share, eta * gain * share

    def _move(self, place: Place, after: dict[int, arb]) -> None:
        """Add what leads from here to the states of the next step."""
        h, s = place
        rows = self.game.at(self.game.P, h)[s]
        for a, b, flow in self.flows[place]:
            row = rows[a][b]
            for t, n in zip(row.states, row.numerators, strict=True):
                after[t] = after.get(t, arb(0)) + flow * n / row.denominator
