"""One region of a place: what its choices give there, and the bounds lam + G e^{-v} that hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from exactqse.solve.farsighted.model import Booleans, Floats
from exactqse.solve.frontiers.envelope import Pieces, pieces
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.placewise.columns import (
    Column,
    Parameters,
    Reply,
    column,
    free_bound,
    reply,
    tied_bound,
)

_CHORD = 1.5 * 2.0**-29  # what the checker's chords of the logarithm lose, relatively
_WIDE = 0.15  # of pieces that lie above their chords
_TURNS = 3  # of the slopes of a tie


@dataclass(frozen=True, eq=False)
class Site:
    """What a place is made of; T places of the next step may follow.

    Attributes:
        x, u: (B, A), eta r less the reference, and the leader's reward.
        P: (B, A, T).
        gamma: of the follower.
        reference: the middle of the range of v.
        tie: the one next place that several actions lead to, each with a probability that does not
            depend on the leader; None if there is no such place, or are several.
    """

    x: Floats
    u: Floats
    P: Floats
    gamma: float
    reference: float
    tie: int | None


@dataclass(frozen=True, eq=False)
class Answers:
    """What is best, and proved, at L values of lam.

    Attributes:
        lam: (L,), descending.
        G: (L,), with which W <= lam + G e^{-(v - reference)}.
        v, W: (L,), what the best choices give.
        x, y: (L, B).
        alpha: (L, B, A).
        picks: (L, B, T), values at the next places.
        sigma: (L,), of the tie; not a number where each transition picks its own value.
        bend: (L,), what of W the bound gives away since the tied value is not known.
        majorants: for each b, which falls and its parameter.
    """

    lam: Floats
    G: Floats
    v: Floats
    W: Floats
    x: Floats
    y: Floats
    alpha: Floats
    picks: Floats
    sigma: Floats
    bend: Floats
    majorants: tuple[Parameters, ...]


@dataclass(eq=False)
class Region:
    """A leaf of a place's divisions.

    Attributes:
        box: for each next place that was divided, the interval of its v.
        corners: for each follower action, the simplex of its mixtures (A, A).
        lam: at which bounds are made, descending.
        cuts: v, from the reference, at which pieces are divided that lie above their chords.
        marks: v at which all are: there boxes of the place before begin or end.
        low, high: the range of v; low > high where no policy is.
    """

    box: dict[int, tuple[float, float]]
    corners: dict[int, Floats]
    lam: Floats
    cuts: Floats
    marks: Floats
    seen: tuple[int, ...] = ()
    low: float = np.inf
    high: float = -np.inf
    lines: list[Polyline] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    found: Answers = field(init=False)
    pieces: Pieces = field(init=False)
    root: float = np.inf

    @property
    def empty(self) -> bool:
        """Whether no policy is in it."""
        return self.low > self.high

    def meet(self, site: Site, lines: list[Polyline], versions: tuple[int, ...]) -> None:
        """See what the next places offer now."""
        self.seen, self.lines = versions, lines
        rows = range(len(site.x))
        self.columns = [
            column(site.x[b], site.u[b], site.P[b], site.gamma, self.corners[b], lines)
            for b in rows
        ]
        lows = np.array([of.x.min() for of in self.columns])
        highs = np.array([of.x.max() for of in self.columns])
        self.low = float(np.logaddexp.reduce(lows))
        self.high = float(np.logaddexp.reduce(highs))

    def prove(self, site: Site, close: float, worth: float) -> None:
        """The bounds at its lam, and which is the least where."""
        self.found = self.answers(site, self.lam, close)
        self.cut(worth)

    def cut(self, worth: float) -> None:
        """The pieces."""
        G = self.found.G + _CHORD * np.abs(self.found.G)
        grid = np.arange(self.low, self.high, _WIDE)[1:] if G.min() < 0 else np.zeros(0)
        some = pieces(self.found.lam, G, (self.low, self.high), np.append(self.cuts, grid), worth)
        self.pieces = _marked(some, self.marks)

    def bound_at(self, v: float) -> float:
        """The least bound at a v (from the reference) of its range; a stale range may be short."""
        k = min(max(int(np.searchsorted(self.pieces.ends, v)) - 1, 0), len(self.pieces.of) - 1)
        i = self.pieces.of[k]
        return float(self.found.lam[i] + self.found.G[i] * np.exp(-v))

    def needed(self) -> Floats:
        """The lam of pieces, and those beside them."""
        of = np.unique(self.pieces.of)
        near = np.unique(np.concatenate([of - 1, of, of + 1]))
        lam: Floats = self.found.lam[near[(near >= 0) & (near < len(self.found.lam))]]
        return lam

    def spans(self) -> tuple[Floats, Floats, Floats, Floats]:
        """(d, K) at both ends of each piece, d from the reference."""
        d, K, _ = self.pieces.points(self.found.lam, self.found.G)
        m = len(self.pieces.of)
        return d[:m], d[m:], K[:m], K[m:]

    def answers(self, site: Site, lam: Floats, close: float) -> Answers:
        """Free or tied, whichever bounds G lower."""
        replies = [reply(of, lam) for of in self.columns]
        bounds = [
            free_bound(of, at, lam, close) for of, at in zip(self.columns, replies, strict=True)
        ]
        G = np.sum([g for g, _ in bounds], axis=0)
        free = _answers(lam, G, replies, tuple(p for _, p in bounds))
        if site.tie is None:
            return free
        line = self.lines[site.tie]
        radius = float(line.v[-1] - line.v[0]) / 2
        return _better(free, self._tied(site, site.tie, free, line, radius))

    def _tied(self, site: Site, t: int, free: Answers, line: Polyline, radius: float) -> Answers:
        """With one value at the tied place: sigma where no dv is better than another."""
        lam = free.lam
        middle = (line.v[-1] + line.v[0]) / 2
        P = site.P[:, 0, t]
        flat = [self._flat(site, b, t, middle) for b in range(len(P))]
        e = np.exp(free.x)
        sigma = _slope(site.gamma, e, P, free.y - lam[:, None])
        for turn in range(_TURNS):
            value = line.w + sigma[:, None] * (line.v - middle)
            at = value.argmax(1)
            phi = value[np.arange(len(lam)), at]
            replies = [_lifted(of, lam, p * phi) for of, p in zip(flat, P, strict=True)]
            x = np.array([one.x for one in replies]).T
            y = np.array([one.y for one in replies]).T
            if turn + 1 < _TURNS:
                sigma = _slope(site.gamma, np.exp(x), P, y - lam[:, None])
        total, lean = np.zeros((2, len(lam)))
        majorants = []
        for of, one, p in zip(flat, replies, P, strict=True):
            under = Reply(one.x, one.y - p * phi, one.alpha, one.v)
            A, L, parameters = tied_bound(
                of, under, lam - p * phi, sigma * p, site.gamma * p, radius
            )
            total, lean = total + A, lean + L
            majorants.append(parameters)
        G = total + np.abs(lean) * radius
        plain = (np.exp(x) * (y - lam[:, None])).sum(1)
        shift = (line.v[at] - middle)[:, None]
        moved = [
            Reply(
                one.x + site.gamma * p * shift[:, 0],
                one.y - sigma * p * shift[:, 0],
                one.alpha,
                _put(one.v, t, line.v[at], p),
            )
            for one, p in zip(replies, P, strict=True)
        ]
        bend = np.maximum(total - plain, 0) / np.exp(x).sum(1)
        return _answers(lam, G, moved, tuple(majorants), sigma, bend)

    def _flat(self, site: Site, b: int, t: int, middle: float) -> Column:
        """The column of b with (middle, 0) at the tied place."""
        lines = [*self.lines]
        lines[t] = Polyline(np.array([middle]), np.zeros(1), np.zeros(1, dtype=np.intp))
        return column(site.x[b], site.u[b], site.P[b], site.gamma, self.corners[b], lines)


def _marked(some: Pieces, marks: Floats) -> Pieces:
    """Divided at each mark that is inside."""
    k = np.searchsorted(some.ends, marks)
    inside = (k > 0) & (k < len(some.ends))
    inside[inside] &= marks[inside] < some.ends[k[inside]]
    if not inside.any():
        return some
    ends = np.concatenate([some.ends[1:], marks[inside]])
    order = np.argsort(ends, kind="stable")
    of = np.concatenate([some.of, some.of[k[inside] - 1]])[order]
    return Pieces(of, np.concatenate([some.ends[:1], ends[order]]))


def _slope(gamma: float, e: Floats, P: Floats, gain: Floats) -> Floats:
    found: Floats = gamma * (e * P * gain).sum(1) / np.maximum((e * P).sum(1), 1e-300)
    return found


def _lifted(of: Column, lam: Floats, more: Floats) -> Reply:
    """The best reply where y is ``more`` (L,) larger."""
    one = reply(of, lam - more)
    return Reply(one.x, one.y + more, one.alpha, one.v)


def _put(v: Floats, t: int, value: Floats, p: float) -> Floats:
    found = v.copy()
    if p > 0:
        found[:, t] = value
    return found


def _answers(
    lam: Floats,
    G: Floats,
    replies: list[Reply],
    majorants: tuple[Parameters, ...],
    sigma: Floats | None = None,
    bend: Floats | None = None,
) -> Answers:
    x = np.array([one.x for one in replies]).T
    y = np.array([one.y for one in replies]).T
    top = x.max(1)
    e = np.exp(x - top[:, None])
    total = e.sum(1)
    return Answers(
        lam,
        G,
        top + np.log(total),
        (e * y).sum(1) / total,
        x,
        y,
        np.array([one.alpha for one in replies]).swapaxes(0, 1),
        np.array([one.v for one in replies]).swapaxes(0, 1),
        np.full(len(lam), np.nan) if sigma is None else sigma,
        np.zeros(len(lam)) if bend is None else bend,
        majorants,
    )


def _better(free: Answers, tied: Answers) -> Answers:
    use: Booleans = tied.G < free.G

    def pick(a: Floats, b: Floats) -> Floats:
        return np.where(use.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    names = ("G", "v", "W", "x", "y", "alpha", "picks", "sigma", "bend")
    rows = {name: pick(getattr(free, name), getattr(tied, name)) for name in names}
    majorants = tuple(
        (np.where(use, q[0], p[0]), np.where(use, q[1], p[1]))
        for p, q in zip(free.majorants, tied.majorants, strict=True)
    )
    return replace(free, majorants=majorants, **rows)
