"""One region of a place: what its choices give there, and the bounds lam + G e^{-v} that hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from exactqse.solve.farsighted.model import Floats
from exactqse.solve.frontiers.envelope import Pieces, pieces
from exactqse.solve.frontiers.hulls import Polyline
from exactqse.solve.placewise.answers import Answers, Site, answers_of, better, joined
from exactqse.solve.placewise.bracket import Bracket
from exactqse.solve.placewise.cells import shared
from exactqse.solve.placewise.columns import (
    Column,
    Parameters,
    column,
    either,
    free_bound,
    majorants,
    reply,
)
from exactqse.solve.placewise.reasons import reason
from exactqse.solve.placewise.ties import (
    Blame,
    Choices,
    Lone,
    Offers,
    blame,
    choices_of,
    few,
    lone_of,
    offers_of,
    tied,
)

GRAIN = 2.0**30  # ends are whole numbers of its parts: the checker knows them exactly
_TURNS = 8  # for first bounds, and for those of one lam
_NEWTON = 60
_NEAR = 1e-3  # of what is close: the last step
_WIDE = 0.15  # of pieces that lie above their chords
_NEARER = _WIDE * 0.5 ** np.arange(1, 15)


@dataclass(eq=False)
class Region:
    """A leaf of a place's divisions.

    Attributes:
        box: for each next place that was divided, the interval of its v.
        corners: for each follower action, the simplex of its mixtures (A, A).
        lam: at which bounds are made, descending.
        cuts: v, from the reference, at which pieces are divided that lie above their chords.
        marks: v at which all are: there boxes of the place before begin or end.
        known: what was found before, of it or of what it is half of.
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
    _columns: list[Column] = field(default_factory=list)
    _lone: list[Lone] = field(default_factory=list)
    known: Answers | None = None
    found: Answers = field(init=False)
    pieces: Pieces = field(init=False)
    root: float = np.inf

    def meet(self, site: Site, lines: list[Polyline], versions: tuple[int, ...]) -> None:
        """See what the next places offer now."""
        self.seen, self.lines, self._columns = versions, lines, []
        least, most = (np.array([line.v[end] for line in lines]) for end in (0, -1))
        pairs = [(of @ site.x[b], site.gamma * of @ site.P[b]) for b, of in self.corners.items()]
        self.low = float(np.logaddexp.reduce([(x + P @ least).min() for x, P in pairs]))
        self.high = float(np.logaddexp.reduce([(x + P @ most).max() for x, P in pairs]))

    def columns(self, site: Site) -> list[Column]:
        """What each action offers, where the next places are free."""
        if not self._columns:
            self._columns = [
                column(
                    site.x[b],
                    site.u[b],
                    site.P[b],
                    site.gamma,
                    self.corners[b],
                    self.lines,
                    shares=site.sharing(b),
                )
                for b in range(len(site.x))
            ]
        return self._columns

    def sees(self, lines: list[Polyline]) -> bool:
        """Whether it was proved over just this."""
        pairs = zip(self.lines, lines, strict=True)
        return bool(self.seen) and all(a.same(b) for a, b in pairs)

    def prove(self, site: Site, close: float, worth: float) -> None:
        """The bounds at its lam, and which is the least where."""
        self.found = self.known = self.answers(site, self.lam, close)
        self.cut(site, worth)

    def refine(self, site: Site, close: float, worth: float) -> None:
        """The same, where only lam and cuts were added since."""
        lam = np.setdiff1d(self.lam, self.found.lam)[::-1]
        if len(lam):
            self.found = self.known = joined(self.found, self.answers(site, lam, close))
        self.cut(site, worth)

    def prove_root(self, site: Site, close: float) -> None:
        """About the least lam at which G is 0 or less, by Newton's steps, or by halves.

        G would be convex, and fall by e^v, if the majorants were the best ones; where actions share
        a mixture they rarely are, and secants are nearer. Where no lam is met
        at which G is 0 the last one stands for it, until it is written. What is best may jump at
        the root, and is what it is just below.
        """
        lam, bad, near = self.root, -np.inf, _NEAR * close
        below: Answers | None = None
        if not np.isfinite(lam):
            lam = min(float(of.y.min()) for of in self.columns(site))
        self.root = np.inf
        between = Bracket()
        for _ in range(_NEWTON):
            found = self.answers(site, np.array([lam]), close)
            step = float(found.G[0] * np.exp(-found.v[0]))
            if step > near and lam > bad:
                bad, below = lam, found
            elif step <= near and lam < self.root:
                self.root, self.found, self.known = lam, found, found
            if abs(step) <= near:
                return
            if below is not None and self.root - bad <= near:
                self.found = below
                return
            if site.shares:
                lam = between.next(lam, step)
                continue
            lam += step
            if lam <= bad or lam >= self.root:
                lam = (bad + self.root) / 2
        if not np.isfinite(self.root):
            self.root, self.found = lam, found

    def cut(self, site: Site, worth: float) -> None:
        """The pieces."""
        G, ends = self.found.G, (self.low, self.high)
        grid = np.arange(*ends, _WIDE)[1:] if G.min() < 0 else np.zeros(0)
        # no choice has less than some v, where actions share a mixture: bounds fall steeply there
        near = self.found.v.min() - _NEARER if site.shares else np.zeros(0)
        cuts = np.concatenate([self.cuts, grid, near])
        some = pieces(self.found.lam, G, ends, cuts, worth)
        inner = np.clip(np.round(some.ends[1:-1] * GRAIN) / GRAIN, *ends)
        some = replace(some, ends=np.concatenate([some.ends[:1], inner, some.ends[-1:]]))
        self.pieces = _marked(some, self.marks)

    def mark(self, d: float) -> None:
        """Divide a piece."""
        self.marks = np.unique(np.append(self.marks, d))
        self.pieces = _marked(self.pieces, self.marks)

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
        """Free or tied, whichever bounds G lower; with majorants of before where these are.

        Where all next places are tied, these are enough: no majorants prove less when tied. But the
        free ones are another choice of these, where the tied ones come to nothing.
        """
        known = self._known(lam)
        if site.shares:
            return self._shared(site, lam, close, known)
        at_once = None
        if ties := few(site, self.lines, self.known):
            turns = 0 if known is not None and len(lam) > 1 else _TURNS
            at_once = tied(*self.offers(site, ties), lam, close, known, turns)
            all_tied = len(ties) == len(self.lines)
            if known is not None and all_tied and np.isfinite(at_once.G).all():
                return at_once
        columns = self.columns(site)
        replies = [reply(of, lam) for of in columns]
        bounds = [free_bound(of, at, lam, close) for of, at in zip(columns, replies, strict=True)]
        if known is not None:
            rows = zip(columns, bounds, known, strict=True)
            bounds = [_less(one, majorants(of.x, of.y, old, lam), old) for of, one, old in rows]
        G = np.sum([g for g, _ in bounds], axis=0)
        free = answers_of(lam, G, replies, tuple(p for _, p in bounds))
        return free if at_once is None else better(free, at_once)

    def _shared(
        self, site: Site, lam: Floats, close: float, known: tuple[Parameters, ...] | None
    ) -> Answers:
        """The same where some actions share a mixture."""

        def proved(ties: list[int]) -> Answers:
            return shared(site.cells, *self.offers(site, ties), lam, close, known)

        ties = few(site, self.lines, self.known)
        if not ties:
            return proved([])
        at_once = proved(ties)
        if known is not None and len(ties) == len(self.lines) and np.isfinite(at_once.G).all():
            return at_once
        return better(proved([]), at_once)

    def offers(self, site: Site, ties: list[int]) -> tuple[list[Offers], Choices]:
        """What each action offers with each choice of a vertex at each of these places."""
        lone = self._lone
        if len(ties) < len(self.lines):
            lone = lone_of(site, self.corners, self.lines, ties)
        elif not lone:
            lone = self._lone = lone_of(site, self.corners, self.lines, ties)
        choices = choices_of(ties, self.lines)
        return offers_of(lone, choices, site.gamma), choices

    def blame(self, site: Site, k: int, close: float) -> Blame:
        """Of the k-th bound, which is tied, or where actions share a mixture."""
        found, ties = self.found, np.flatnonzero(self.found.tied[k]).tolist()
        offers, worth = self.offers(site, ties), (float(found.G[k]), float(found.lam[k]))
        if site.shares:
            return reason(site.cells, *offers, *worth, close)
        return blame(*offers, *worth, close)

    def _known(self, lam: Floats) -> tuple[Parameters, ...] | None:
        """The majorants of before, at the nearest lam."""
        known = self.known
        if known is None:
            return None
        k = np.searchsorted(-known.lam, -lam)
        k = np.minimum(k, len(known.lam) - 1)
        return tuple((down[k], value[k]) for down, value in known.majorants)


def _less(
    one: tuple[Floats, Parameters], other: Floats, known: Parameters
) -> tuple[Floats, Parameters]:
    """The lesser bound for each lam, and its majorants."""
    bound, parameters = one
    less = other < bound
    return np.where(less, other, bound), either(less, known, parameters)


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
