"""What the best solution gives away: where a place's bound is more than any choice is worth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.placewise.answers import Answers
from exactqse.solve.placewise.place import Node, Place
from exactqse.solve.placewise.region import Region

_SPREAD = 0.1  # of a difference in v: what different values for different actions may be worth
_STEPS = np.linspace(0.0, 1.0, 17)[:, None]  # at which what lies between two answers is seen
_FINER = 0.25  # of a loss: if so much is due to few lam, more are made
_SAME = 1e-8
_FINEST = 1e-9  # of lam, relatively
_NEARER = 0.125  # of a piece: so far from what is used it ends
_LITTLE = 1e-13
_STEEPEST = 1e4  # lam, relatively


@dataclass(eq=False)
class Used:
    """A region that the best solution uses, at v, with its share of the leader's value.

    ``alpha`` (B, A) are the mixtures there, once it was looked at.
    """

    place: Place
    leaf: Node
    v: float
    share: float
    alpha: Floats | None = None


@dataclass(frozen=True, eq=False)
class Act:
    """What may be done about a loss: divide at a value or a mixture, or add lam or cuts."""

    loss: float
    place: Place
    leaf: Node
    t: int = -1
    at: float = 0.0
    b: int = -1
    edge: tuple[int, int] = (0, 0)
    lam: Floats = field(default_factory=lambda: np.zeros(0))
    cuts: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def divides(self) -> bool:
        """Whether the region is divided."""
        return self.t >= 0 or self.b >= 0


@dataclass(frozen=True, eq=False)
class Point:
    """What the best solution is at a place: between two answers, the k-th is the nearer.

    Attributes:
        W: its value, (B, A) ``alpha`` its mixtures, (B, T) ``picks`` the values of next places.
        weight: (B,), the probabilities of the follower's actions.
    """

    k: int
    W: float
    weight: Floats
    alpha: Floats
    picks: Floats


def between(found: Answers, i: int, j: int, v: float) -> Point:
    """What of the line from answer i to answer j, in (x, y), has v."""
    tau = _STEPS if i != j else _STEPS[:1]
    x = (1 - tau) * found.x[i] + tau * found.x[j]
    y = (1 - tau) * found.y[i] + tau * found.y[j]
    top = x.max()
    e = np.exp(x - top)
    total = e.sum(1)
    rising = np.maximum.accumulate(top + np.log(total))
    share = float(np.interp(v, rising, tau[:, 0]))
    W = float(np.interp(v, rising, (e * y).sum(1) / total))
    logit = (1 - share) * found.x[i] + share * found.x[j]
    weight = np.exp(logit - logit.max())
    return Point(
        i if share < 1 / 2 else j,
        W,
        weight / weight.sum(),
        (1 - share) * found.alpha[i] + share * found.alpha[j],
        (1 - share) * found.picks[i] + share * found.picks[j],
    )


@dataclass(frozen=True, eq=False)
class Bend:
    """A bound that may give away ``loss`` as it is tied, or as actions share a mixture.

    Attributes:
        k: which of the bounds of the region ``here`` uses.
        picked: the values of the next places that the best solution has.
    """

    loss: float
    here: Used
    k: int
    picked: dict[int, float]

    def acts(self, close: float) -> list[Act]:
        """Divide places where v is another, or mixtures; ``close`` is the margin of roundings."""
        here, picked = self.here, self.picked
        why = here.leaf.held.blame(here.place.site, self.k, close)
        loss = min(here.share * why.bend, self.loss)
        if not loss > _LITTLE:
            return []
        away = {
            t: (v, picked[t])
            for t, v in why.v.items()
            if t in picked and abs(v - picked[t]) > _SAME
        }
        total = sum(abs(v - at) for v, at in away.values())
        acts = [
            Act(loss * abs(v - at) / total, here.place, here.leaf, t=t, at=(v + at) / 2)
            for t, (v, at) in away.items()
        ]
        if not acts and why.edge[0] != why.edge[1]:
            acts = [Act(loss, here.place, here.leaf, b=why.b, edge=why.edge)]
        return acts


@dataclass(frozen=True, eq=False)
class Lost:
    """What is lost at a place, and what is used ``below``."""

    below: list[Used]
    acts: list[Act]
    bend: Bend | None


def losses(here: Used, least: float) -> Lost:
    """The regions that are used at the next places, and what is lost here and in between.

    A tied bound is only suspected where ``least`` or more is lost.
    """
    region = here.leaf.held
    found = region.found
    if here.place.h:
        point, acts = _own(here, region)
    else:
        point, acts = between(found, 0, 0, 0.0), []
    here.alpha, k = point.alpha, point.k
    below: list[Used] = []
    picked: dict[int, float] = {}
    for t, child in enumerate(here.place.after):
        P = (point.alpha * here.place.site.P[:, :, t]).sum(1)
        share = point.weight * P
        picks = point.picks[:, t]
        some = share > 0
        total = float(share[some].sum())
        if total <= 0:
            continue
        vc = float((share[some] * picks[some]).sum() / total)
        spread = float((share[some] * np.abs(picks[some] - vc)).sum())
        line = region.lines[t]
        wide = line.v[-1] - line.v[0] > _SAME
        if spread > _SAME and wide:
            loss = here.share * spread * 2 * _SPREAD
            acts.append(Act(loss, here.place, here.leaf, t=t, at=vc))
        picked[t] = vc
        below += _chord(here, region, t, child, vc, total, acts)
    bend = None
    if found.tied[k].any() or here.place.site.shares:
        bound = region.bound_at(here.v) if here.place.h else region.root
        loss = here.share * (bound - point.W)
        if loss > max(least, _LITTLE):
            bend = Bend(loss, here, k, picked)
    return Lost(below, acts, bend)


def _chord(
    here: Used,
    region: Region,
    t: int,
    child: Place,
    vc: float,
    total: float,
    acts: list[Act],
) -> list[Used]:
    """What the hull over the next place's pieces lies above them."""
    line = region.lines[t]
    hull = float(np.interp(vc, line.v, line.w))
    d = vc - child.site.reference
    value, leaf = child.best_at(d)
    best = leaf.held
    share = here.share * total
    ends, tangent = _tangent(best, d)
    around = np.array([d - _NEARER * (ends[1] - ends[0]), d + _NEARER * (ends[1] - ends[0])])
    if hull - value > _LITTLE:
        bulge = min(max(tangent - value, 0.0), hull - value)
        acts.append(Act(share * bulge, child, leaf, cuts=around))
        if line.v[-1] - line.v[0] > _SAME:
            acts.append(Act(share * (hull - value - bulge), here.place, here.leaf, t=t, at=vc))
    return [Used(child, leaf, d, share)]


def _tangent(region: Region, d: float) -> tuple[tuple[float, float], float]:
    """Both ends of the piece around d, and what it shows at d if it lies above its chord."""
    k = min(max(int(np.searchsorted(region.pieces.ends, d)) - 1, 0), len(region.pieces.of) - 1)
    start, end = float(region.pieces.ends[k]), float(region.pieces.ends[k + 1])
    i = region.pieces.of[k]
    lam, G = float(region.found.lam[i]), float(region.found.G[i])
    middle = (start + end) / 2
    if G >= 0:
        return (start, end), -np.inf
    return (start, end), lam + G * float(np.exp(-middle)) * (1 - (d - middle))


def _own(here: Used, region: Region) -> tuple[Point, list[Act]]:
    """What the best solution is at v, and what the bound gives away there."""
    found, v = region.found, here.v
    at = int(np.searchsorted(np.maximum.accumulate(found.v), v))
    j = min(at, len(found.v) - 1)
    before = found.v[: max(at, 1)]  # free and tied ones need not ascend together
    i = int(np.flatnonzero(before >= before.max() - _SAME)[-1])
    value = region.bound_at(v)
    shares = here.place.site.shares
    if at in (0, len(found.v)):
        point = between(found, i, i, v)
        off = abs(float(found.v[i]) - v)
        if off <= _SAME:
            return point, []
        span = max(1.0, float(found.lam[0] - found.lam[-1]))
        new = found.lam[0] + span if at == 0 else found.lam[-1] - span
        more = value - float(found.W[i])
        if shares and span > _STEEPEST * (1 + abs(value)):
            return point, []
        loss = here.share * max(more if shares else abs(more), _SPREAD * off)
        return point, [Act(loss, here.place, here.leaf, lam=np.array([new]))]
    point = between(found, i, j, v)
    ends, bent = found.W[[j, i]], 0.0
    if shares:
        ends = np.array([region.bound_at(found.v[k]) for k in (j, i)])
        bent = float(np.interp(v, found.v[[i, j]], (ends - found.W[[j, i]])[::-1]))
    lost = value - point.W - bent
    loss = here.share * lost
    if loss <= _LITTLE or found.v[j] - found.v[i] <= _SAME:
        return point, []
    dlam = float(found.lam[i] - found.lam[j])
    z = np.exp(-found.v[[j, i]])  # the best bounds are concave in e^{-v}
    coarse = value - float(np.interp(np.exp(-v), z, ends))
    finer = dlam > _FINEST * (1 + abs(float(found.lam[i])))
    if j - i == 1 and finer and coarse > _FINER * lost:
        a, b = found.lam[i], found.lam[j]
        new = np.array([(3 * a + b) / 4, (a + b) / 2, (a + 3 * b) / 4])
        return point, [Act(loss, here.place, here.leaf, lam=new)]
    return point, _jump(here, region, found, i, j, loss)


def _jump(here: Used, region: Region, found: Answers, i: int, j: int, loss: float) -> list[Act]:
    """Divide between two answers, where they differ most in what the follower sees."""
    site = here.place.site
    best: tuple[float, Act] | None = None
    for b in range(len(site.x)):
        change = found.alpha[i, b] - found.alpha[j, b]
        moved = abs(float(change @ site.x[b]))
        if best is None or moved > best[0]:
            edge = _edge(region, b, found.alpha[i, b], found.alpha[j, b])
            best = moved, Act(loss, here.place, here.leaf, b=b, edge=edge)
    for t in range(len(here.place.after)):
        shift = site.gamma * np.abs(found.picks[i, :, t] - found.picks[j, :, t])
        P = (found.alpha[i] * site.P[:, :, t]).sum(1)
        moved = float(np.nan_to_num(shift * P).max())
        if best is None or moved > best[0]:
            b = int(np.nan_to_num(shift * P).argmax())
            at = float(found.picks[i, b, t] + found.picks[j, b, t]) / 2
            best = moved, Act(loss, here.place, here.leaf, t=t, at=at)
    return [best[1]] if best is not None and best[0] > 0 else []


def _edge(region: Region, b: int, first: Floats, second: Floats) -> tuple[int, int]:
    """The edge of the simplex along which two mixtures differ most."""
    change = np.linalg.solve(region.corners[b].T, first - second)
    i, j = int(change.argmax()), int(change.argmin())
    return (i, j) if i != j else (0, min(1, len(change) - 1))
