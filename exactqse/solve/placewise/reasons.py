"""Why a bound is no less where several follower actions share a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exactqse.solve.farsighted.model import Floats, Integers
from exactqse.solve.frontiers.hulls import along
from exactqse.solve.placewise.cells import total, touching_at
from exactqse.solve.placewise.columns import Parameters, majorants
from exactqse.solve.placewise.mixtures import Best, Cell, best_of
from exactqse.solve.placewise.ties import Blame, Choices, Offers

_MOSTLY = 0.5  # of what is lost
_HUGE = 1e300
_SAME = 1e-8  # in v


def reason(
    cells: Sequence[Cell],
    offers: list[Offers],
    choices: Choices,
    G: float,
    lam: float,
    close: float,
) -> Blame:
    """Why G is no less, as `ties.blame`; of a cell whose mixture bends the bound, an edge."""
    at_lam = np.array([lam])
    best = best_of(cells, offers, choices, at_lam)
    at, point = int(best.at[0]), best.point
    parameters = touching_at(cells, offers, point, at_lam, close)
    pairs = zip(offers, parameters, strict=True)
    every = [majorants(offer.x, offer.y, of, at_lam) for offer, of in pairs]
    e = np.exp(point[:, 0, 0])
    worth = e * (point[:, 1, 0] - lam)
    above = np.minimum(total(cells, every)[0] - worth.sum(), _HUGE)
    bend = max(G - float(worth.sum()), 0.0) / float(e.sum())
    moved = np.abs(choices.v - choices.v[at]).sum(1)
    other = int(np.where(above > _MOSTLY * above.max(), moved, 0.0).argmax())
    if moved[other] > _SAME and above[at] < _MOSTLY * above.max():
        return Blame(bend, _named(choices, other), 0, (0, 0))
    lost = [total([cell], every)[0, at] - worth[list(cell)].sum() for cell in cells]
    k = int(np.argmax(lost))
    if len(cells[k]) == 1:
        return Blame(bend, *_alone(offers, choices, best, cells[k][0], lam))
    rows = [
        _Member(offers[b], parameters[b], *best.picks[b], every[b][0, at], point[b])
        for b in cells[k]
    ]
    why = _Reason(rows, best.weights[cells[k][0]][0], at, at_lam)
    v, edge = why.untouched(choices, lost[k]) or why.picks(lost[k]) or ({}, why.edge)
    return Blame(bend, v, cells[k][0], edge)


def _named(choices: Choices, q: int) -> dict[int, float]:
    return dict(zip(choices.ties, choices.v[q].tolist(), strict=True))


def _alone(
    offers: list[Offers], choices: Choices, best: Best, b: int, lam: float
) -> tuple[dict[int, float], int, tuple[int, int]]:
    """Of an action that shares no mixture: the highest value, which no majorant that falls has."""
    y, corner, at = offers[b].y, offers[b].of.corner, int(best.at[0])
    here = int(y[at].argmax())
    edge = int(corner[best.picks[b][0][0]]), int(corner[here])
    return _named(choices, int(y.max(1).argmax()) if y[at, here] < lam else at), b, edge


@dataclass(frozen=True, eq=False)
class _Member:
    """An action of a cell that loses.

    Attributes:
        offer: what it offers.
        of: its majorant, which comes to ``every`` (A,) at the corners with the best choice.
        i, far: its picks at the best mixture, as `best_on` has them.
        point: (2, 1), what it is there.
    """

    offer: Offers
    of: Parameters
    i: Integers
    far: Floats
    every: Floats
    point: Floats

    def kept(self, at: int) -> tuple[Floats, Floats]:
        """(x, y) at each corner (A,), with these picks."""
        x, y = (along(z[at], self.i, self.far) for z in (self.offer.x, self.offer.y))
        return x, y

    def picked(self, pick: int) -> dict[int, float]:
        """The values of the next places that it leads to."""
        v = self.offer.of.v[pick]
        return {int(t): float(v[t]) for t in np.flatnonzero(np.isfinite(v))}


Why = tuple[dict[int, float], tuple[int, int]]


@dataclass(frozen=True, eq=False)
class _Reason:
    """Why a cell loses: its best mixture by weights (A,), with choice ``at``, at one lam."""

    members: list[_Member]
    weights: Floats
    at: int
    lam: Floats

    def untouched(self, choices: Choices, lost: float) -> Why | None:
        """If a majorant does not touch, since the member is worth more than 0 elsewhere: where.

        With another choice, with other picks, or at a corner.
        """
        rows = [(member, *member.point) for member in self.members]
        over = [
            float(majorants(x[:, None], y[:, None], one.of, self.lam)[0, 0])
            - float(np.exp(x[0]) * (y[0] - self.lam[0]))
            for one, x, y in rows
        ]
        if not sum(over) > _MOSTLY * lost:
            return None
        member, lam = self.members[int(np.argmax(over))], self.lam[0]
        y = member.offer.y
        if y[self.at].max() < lam:
            return _named(choices, int(y.max((1, 2)).argmax())), (0, 0)
        corner = int(y[self.at].max(1).argmax())
        kept = member.kept(self.at)[1]
        if kept.max() < lam:
            return member.picked(int(y[self.at, corner].argmax())), (0, 0)
        return {}, (int(kept.argmax()), int(kept.argmin()))

    @property
    def edge(self) -> tuple[int, int]:
        """Along which the majorants bend most, with the picks that are best at the mixture."""
        i, j = np.triu_indices(len(self.weights), 1)
        bend = np.zeros(len(i))
        for one in self.members:
            tables = one.kept(self.at)
            x, y = (np.concatenate([z[i], z[j], (z[i] + z[j]) / 2])[:, None] for z in tables)
            first, last, middle = majorants(x, y, one.of, self.lam)[0].reshape(3, -1)
            bend += np.minimum((first + last) / 2 - middle, _HUGE)
        worst = int(bend.argmax())
        return int(i[worst]), int(j[worst])

    def picks(self, lost: float) -> Why | None:
        """Values of next places that are picked at the corner to blame, if these lose most."""
        corner = int(np.sum([one.every for one in self.members], axis=0).argmax())
        more: list[tuple[float, dict[int, float]]] = []
        for one in self.members:
            x, y = (z[self.at, corner][:, None] for z in (one.offer.x, one.offer.y))
            pick = int(majorants(x, y, one.of, self.lam)[0].argmax())
            x, y = (z[corner : corner + 1, None] for z in one.kept(self.at))
            kept = float(majorants(x, y, one.of, self.lam)[0, 0])
            more.append((float(one.every[corner]) - kept, one.picked(pick)))
        if not sum(loss for loss, _ in more) > _MOSTLY * lost:
            return None
        return max(more, key=lambda pair: pair[0])[1], (0, 0)
