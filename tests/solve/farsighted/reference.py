"""The bound of a certificate's parts, one number at a time, straight from the formulas.

Written from proofs/farsighted-bound.md in Python floats, independent of the search and of the
kernel: values of the follower are V, not eta V, as in the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, inf, log

from exactqse.kernel.certificate import Certificate, Claim, Leaf, Part, Piece, Split, ValueSplit
from exactqse.kernel.game import KernelGame

Place = tuple[int, int]
Box = dict[Place, tuple[float, float]]
Corner = list[float]
Simplices = dict[tuple[Place, int], list[Corner]]


def parts_of(certificate: Certificate, actions: int) -> Iterator[tuple[Part, Box, Simplices]]:
    """Every part with the interval of each place, and the simplex of each cell, that was halved."""
    stack: list[tuple[Box, Simplices]] = [({}, {})]
    for entry in certificate.cover:
        box, simplices = stack.pop()
        if isinstance(entry, Part):
            yield entry, box, simplices
            continue
        place = entry.step, entry.state
        if isinstance(entry, ValueSplit):
            low, high = box.get(place, (-inf, inf))
            at = float(entry.at)
            stack.append(({**box, place: (max(low, at), high)}, simplices))
            stack.append(({**box, place: (low, min(high, at))}, simplices))
            continue
        where = place, entry.cell
        halves = _halves(simplices.get(where) or _pure(actions), entry.edge)
        stack += [(box, {**simplices, where: half}) for half in halves]


class Reference:
    """The claims of one part."""

    def __init__(
        self,
        game: KernelGame,
        certificate: Certificate,
        part: Part,
        box: Box,
        simplices: Simplices | None = None,
    ) -> None:
        self.game, self.simplices = game, simplices or {}
        self.eta, self.gamma = float(game.eta or 0), float(game.gamma)
        self.places = [(node.step, node.state) for node in certificate.nodes]
        self.claims = dict(zip(self.places, part.claims, strict=True))
        table = certificate.slopes[part.slopes]
        self.own = {p: float(s.own) for p, s in zip(self.places, table, strict=True)}
        self.c = {
            p: {self.places[j]: float(v) for j, v in s.others}
            for p, s in zip(self.places, table, strict=True)
        }
        self.low: dict[Place, float] = {}
        self.high: dict[Place, float] = {}
        self.points: dict[Place, list[tuple[float, float]]] = {}
        self.empty = self._contract(box)

    def middle(self, j: Place) -> float:
        return (self.low[j] + self.high[j]) / 2

    def radius(self, j: Place) -> float:
        return (self.high[j] - self.low[j]) / 2

    def _row(self, h: int, s: int, a: int, b: int) -> dict[Place, float]:
        if h + 1 == self.game.horizon:
            return {}
        row = self.game.at(self.game.P, h)[s][a][b]
        pairs = zip(row.states, row.numerators, strict=True)
        return {(h + 1, t): n / row.denominator for t, n in pairs}

    def _reward(self, h: int, s: int, a: int, b: int, v: dict[Place, float]) -> float:
        reward = float(self.game.at(self.game.r, h)[s][a][b])
        ahead = sum(p * v[t] for t, p in self._row(h, s, a, b).items())
        return reward + self.gamma * ahead

    def _contract(self, box: Box) -> bool:
        A, B = range(self.game.leader_actions), range(self.game.follower_actions)
        cells = [c for b in B for c, cell in enumerate(self.game.observes) if b in cell]
        for h, s in reversed(self.places):
            if h == 0:
                break
            ends = []
            for values, pick in ((self.low, min), (self.high, max)):
                q = [
                    pick(
                        sum(corner[a] * self._reward(h, s, a, b, values) for a in A)
                        for corner in self.corners((h, s), cells[b])
                    )
                    for b in B
                ]
                top = max(q)
                ends.append(top + log(sum(exp(self.eta * (x - top)) for x in q)) / self.eta)
            low, high = box.get((h, s), (-inf, inf))
            self.low[h, s], self.high[h, s] = max(low, ends[0]), min(high, ends[1])
            if self.low[h, s] > self.high[h, s]:
                return True
        return False

    def corners(self, j: Place, cell: int) -> list[Corner]:
        return self.simplices.get((j, cell)) or _pure(self.game.leader_actions)

    def phi(self, j: Place, sigma: float) -> float:
        return max(k + sigma * d for d, k in self.points[j])

    def bound(self) -> dict[int, tuple[float, float]]:
        """By first state: lam, and the G that must not be positive."""
        for j in reversed(self.places):
            if j[0]:
                self.points[j] = self._hull(j, self.claims[j])
        found = {}
        for h, s in self.places:
            if h == 0:
                piece = self.claims[h, s].pieces[0]
                found[s] = float(piece.upper), self.G((h, s), piece)
        return found

    def worth(self) -> float:
        """sum_s rho(s) lam_s + sum_j rho_j |sum_s rho(s) c_sj|."""
        rho = self.game.rho
        total, lean = 0.0, dict.fromkeys(self.radii, 0.0)
        for s, n in zip(rho.states, rho.numerators, strict=True):
            weight = n / rho.denominator
            total += weight * float(self.claims[0, s].pieces[0].upper)
            for j, c in self.c[0, s].items():
                lean[j] += weight * c
        return total + sum(self.radii[j] * abs(c) for j, c in lean.items())

    def _hull(self, j: Place, claim: Claim) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        start, last = -self.radius(j), self.radius(j)
        for piece in claim.pieces:
            end = last if piece.end is None else float(piece.end) - self.middle(j)
            end = max(start, min(end, last))
            G, lam, eta = self.G(j, piece), float(piece.upper), self.eta
            mid = (start + end) / 2
            for d in (start, end):
                factor = exp(-eta * d) if G >= 0 else exp(-eta * mid) * (1 - eta * (d - mid))
                points.append((d, lam + G * factor))
            start = end
        return points

    def G(self, j: Place, piece: Piece) -> float:
        total, common = 0.0, dict.fromkeys(self.radii, 0.0)
        for c, (cell, tree) in enumerate(zip(self.game.observes, piece.trees, strict=True)):
            forms = []
            for leaf, corners in _leaves(tree, self.corners(j, c)):
                for corner in corners:
                    A, L = 0.0, dict.fromkeys(self.radii, 0.0)
                    for b, majorant in zip(cell, leaf.majorants, strict=True):
                        known = (
                            self.tangent(j, piece, b, corners[majorant])
                            if isinstance(majorant, int)
                            else majorant
                        )
                        a, slopes = self.form(j, piece, b, corner, known)
                        A += a
                        for i, x in slopes.items():
                            L[i] += x
                    forms.append((A, L))
            pivot = max(forms, key=lambda form: form[0])[1]
            total += max(
                A + sum(self.radii[i] * abs(x - pivot[i]) for i, x in L.items()) for A, L in forms
            )
            for i, x in pivot.items():
                common[i] += x
        return total + sum(self.radii[i] * abs(x) for i, x in common.items())

    @property
    def radii(self) -> dict[Place, float]:
        return {j: self.radius(j) for j in self.places if j[0]}

    def value(self, j: Place, b: int, corner: Corner) -> float:
        """u + P phi with the places' own slopes."""
        _, u, P = self._means(j, b, corner)
        return u + sum(p * self.phi(t, self.own[t]) for t, p in P.items() if p)

    def tangent(self, j: Place, piece: Piece, b: int, corner: Corner) -> tuple[str, float]:
        """The majorant that is tangent at a corner, at the middles."""
        gain = self.value(j, b, corner) - float(piece.upper)
        return ("up", gain) if gain > 0 else ("down", -gain * exp(self._means(j, b, corner)[0]))

    def form(
        self, j: Place, piece: Piece, b: int, corner: Corner, majorant: tuple[str, object]
    ) -> tuple[float, dict[Place, float]]:
        """A and L of one follower action at one corner."""
        tag, number = majorant
        lam, parameter = float(piece.upper), float(number)  # type: ignore[arg-type]
        x, u, P = self._means(j, b, corner)
        free = self.eta * self.gamma * parameter
        sigma = {t: free if tag == "up" and self.claims[t].free else self.own[t] for t in P}
        y = u + sum(p * self.phi(t, sigma[t]) for t, p in P.items() if p)
        ahead = dict.fromkeys(P, 0.0)
        for t, p in P.items():
            for i, c in self.c[t].items():
                ahead[i] += p * c
        lean = {i: ahead[i] - self.c[j].get(i, 0.0) - P[i] * sigma[i] for i in P}
        push = {i: self.eta * self.gamma * P[i] for i in P}
        if tag == "up":
            g = {i: push[i] + lean[i] / parameter for i in P}
            D = sum(self.radii[i] * abs(z) for i, z in g.items())
            height = parameter * exp(x + (y - lam) / parameter - 1)
            return height * (exp(D) - D), {i: height * z for i, z in g.items()}
        T = lam - y
        delta = sum(self.radii[i] * abs(z) for i, z in lean.items())
        if delta >= T:
            raise ValueError("down needs y < lam")
        A = -parameter * (1 + x + log((T - delta) / parameter) + delta / T)
        return A, {i: -parameter * (push[i] - lean[i] / T) for i in P}

    def _means(self, j: Place, b: int, corner: Corner) -> tuple[float, float, dict[Place, float]]:
        """x, u and P under the mixture."""
        h, s = j
        middles = {i: self.middle(i) for i in self.radii}
        x = -self.eta * middles[j] if h else -float(self.claims[j].shift)
        u, P = 0.0, dict.fromkeys(self.radii, 0.0)
        for a, weight in enumerate(corner):
            x += weight * self.eta * self._reward(h, s, a, b, middles)
            u += weight * float(self.game.at(self.game.u, h)[s][a][b])
            for t, p in self._row(h, s, a, b).items():
                P[t] += weight * p
        return x, u, P


def _leaves(
    tree: tuple[Leaf | Split, ...], simplex: list[Corner]
) -> Iterator[tuple[Leaf, list[Corner]]]:
    stack = [simplex]
    for entry in tree:
        part = stack.pop()
        if isinstance(entry, Leaf):
            yield entry, part
            continue
        stack += _halves(part, entry)


def _pure(actions: int) -> list[Corner]:
    return [[float(a == k) for a in range(actions)] for k in range(actions)]


def _halves(part: list[Corner], edge: Split) -> list[list[Corner]]:
    """The second one first."""
    middle = [(x + y) / 2 for x, y in zip(part[edge.i], part[edge.j], strict=True)]
    return [[*part[:k], middle, *part[k + 1 :]] for k in (edge.j, edge.i)]
