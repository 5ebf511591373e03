"""Instances of claims about one response: rewards q and q~ on a finite set, and a temperature.

V = (1/eta) log sum_b e^(eta q_b),   nu_b = e^(eta (q_b - V)),   and V~, nu~ the same for q~
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.claims.draws import Draw

MOST = 5  # follower actions


@dataclass(frozen=True)
class Pair:
    """Two rewards of one follower.

    Attributes:
        eta: his inverse temperature.
        q: [b], the first rewards.
        D: [b], the second less the first; not constant.
        mu: [b], a distribution, for claims about one that is no response.
    """

    eta: Fraction
    q: tuple[Fraction, ...]
    D: tuple[Fraction, ...]
    mu: tuple[Fraction, ...]


def draw_pair(draw: Draw) -> Pair:
    """Temperatures and rewards of very different sizes; D often has two values only.

    Never constant D: then nu = nu~, and most claims say 0 <= 0.
    """
    count = draw.whole(2, MOST)
    eta, size = draw.scale(0.1, 20), draw.scale(0.1, 10)
    change = draw.scale(1e-4, 3)
    q = tuple(size * x for x in draw.reals(count, -1, 1))
    D = [change * x for x in draw.reals(count, -1, 1)]
    if draw.choice((False, True)):
        D = [change * (x > 0) for x in D]
    if min(D) == max(D):
        D[0] += change
    return Pair(eta, q, tuple(D), draw.simplex(count))


def pair_document(pair: Pair) -> dict[str, Any]:
    """The instance as it is, exactly."""
    return {
        "eta": str(pair.eta),
        "q": [str(x) for x in pair.q],
        "D": [str(x) for x in pair.D],
        "mu": [str(x) for x in pair.mu],
    }


class Responses:
    """Balls around everything about a pair, at the working precision; computed when asked for."""

    __slots__ = ("D", "V", "V2", "eta", "nu", "nu2", "q", "q2")

    def __init__(self, pair: Pair) -> None:
        self.eta = ball(pair.eta)
        self.q = [ball(x) for x in pair.q]
        self.D = [ball(x) for x in pair.D]
        self.q2 = [x + d for x, d in zip(self.q, self.D, strict=True)]
        self.V, self.nu = response(self.eta, self.q)
        self.V2, self.nu2 = response(self.eta, self.q2)

    @property
    def span(self) -> arb:
        """max D - min D."""
        return largest(self.D) - smallest(self.D)

    @property
    def delta(self) -> list[arb]:
        """D - E_nu D."""
        mean = dot(self.nu, self.D)
        return [d - mean for d in self.D]

    @property
    def ell(self) -> list[arb]:
        """l = log(nu~ / nu) = eta (D - (V~ - V))."""
        rise = self.V2 - self.V
        return [self.eta * (d - rise) for d in self.D]

    @property
    def divergence(self) -> arb:
        """KL(nu, nu~) = E_nu log(nu / nu~)."""
        return -dot(self.nu, self.ell)

    @property
    def distance(self) -> arb:
        """The 1-norm of nu~ - nu."""
        return total(abs(y - x) for x, y in zip(self.nu, self.nu2, strict=True))

    @property
    def hellinger(self) -> arb:
        """Hel^2 = (1/2) sum (sqrt nu - sqrt nu~)^2, by nu (1 - e^(l/2))^2: nothing cancels."""
        roots = ((x, (e / 2).expm1()) for x, e in zip(self.nu, self.ell, strict=True))
        return total(x * root * root for x, root in roots) / 2


def response(eta: arb, q: Sequence[arb]) -> tuple[arb, list[arb]]:
    """V and nu."""
    weights = [(eta * x).exp() for x in q]
    Z = total(weights)
    return Z.log() / eta, [w / Z for w in weights]


def total(terms: Any) -> arb:
    """Their sum."""
    return sum(terms, arb(0))


def dot(x: Sequence[arb], y: Sequence[arb]) -> arb:
    """sum_b x_b y_b."""
    return total(a * b for a, b in zip(x, y, strict=True))


def largest(values: Sequence[arb]) -> arb:
    """An enclosure of the maximum."""
    return reduce(arb.max, values)


def smallest(values: Sequence[arb]) -> arb:
    """An enclosure of the minimum."""
    return reduce(arb.min, values)


def entropy(weights: Sequence[Fraction]) -> arb:
    """- sum mu log mu, with 0 log 0 = 0."""
    return -total(ball(w) * ball(w).log() for w in weights if w)
