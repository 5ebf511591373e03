"""A cover that no rewards are too large for: W_h(s) is at most the largest sum of u to come.

With all slopes 0, lam the largest y plus some T > 0, and Down for every action: at a corner

    A + sum_j rho_j |L_j| <= -kappa (1 + x + ln(T/kappa) - 3 R),

which a small kappa keeps below T e^{-eta rho_own} however large x and R are, and which is negative
with a reference that is low enough, at step 0 (proofs/farsighted-bound.md). Parts are halved only
until such a kappa can be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log, log2

import numpy as np

from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import DOWN, Claim, Cover, Leaf, Part, Piece, Slope, ValueSplit
from exactqse.kernel.game import KernelGame, expectation
from exactqse.solve.farsighted.boxes import contract
from exactqse.solve.farsighted.model import Floats, Model
from exactqse.solve.farsighted.slopes import offsets
from exactqse.solve.rounding import short

_PARTS = 1 << 10
_SPLIT_BITS = 24
_LEAST = -10_000  # log2 of kappa
_SPARE = 48  # bits of the arithmetic beyond kappa's
_ROUNDING = 1e-9  # of float64's exponents, relative


@dataclass(frozen=True)
class Coarse:
    """A cover with its tables and its bound, and the fractional bits that a checker needs."""

    entries: Cover
    tables: tuple[tuple[Slope, ...], ...]
    upper: Fraction
    precision: int


def coarse_cover(game: KernelGame, model: Model, room: Fraction) -> Coarse:
    """Its bound is at most ``room`` above the largest sum of u.

    Raises:
        PrecisionError: too many parts would be needed.
    """
    step = Fraction(1, 1 << max(1, (2 * game.horizon / room).__ceil__().bit_length()))
    uppers = _uppers(game, step)
    lo, hi = np.full((2, offsets(model)[-1], 1), np.inf)
    stack, least = [(-lo, hi)], 0
    entries: list[Part | ValueSplit] = []
    places = [place for place in game.places if place[0]]
    while stack:
        lo, hi, _ = contract(model, *stack.pop())
        part = _Part(game, model, lo[:, 0], hi[:, 0], step)
        if part.least >= _LEAST:
            least = min(least, part.least)
            entries.append(part.claims(uppers))
            continue
        if len(stack) + len(entries) > _PARTS:
            what = "the follower's exponents range over more than a cover of few parts can take"
            raise PrecisionError(what, remedy="rescale the rewards, or lower eta")
        j = int((hi - lo).argmax())
        middle = short(float(lo[j, 0] + hi[j, 0]) / 2, _SPLIT_BITS)
        entries.append(ValueSplit(*places[j], middle))
        at = float(middle)
        first, second = hi.copy(), lo.copy()
        first[j], second[j] = at, at
        stack += [(second, hi), (lo, first)]
    tables = ((Slope(Fraction(0)),) * len(game.places),)
    rows = {s: uppers[0, s] for s in game.reachable[0]}
    size = model.eta * sum(float(np.abs(layer.r).max()) for layer in model.layers)
    bits = _SPARE - least + ceil(log2(size + 2))
    return Coarse(tuple(entries), tables, expectation(game.rho, rows), bits)


def _uppers(game: KernelGame, step: Fraction) -> dict[tuple[int, int], Fraction]:
    """lam of each place: the largest y plus ``step``; the points of a claim are less above lam."""
    found: dict[tuple[int, int], Fraction] = {}
    A, B = range(game.leader_actions), range(game.follower_actions)
    for h, s in reversed(game.places):
        u = game.at(game.u, h)[s]
        after = (
            {t: found[h + 1, t] + step for t in game.reachable[h + 1]}
            if h + 1 < game.horizon
            else {}
        )
        rows = game.at(game.P, h)[s]
        ahead = [[expectation(rows[a][b], after) if after else Fraction(0) for b in B] for a in A]
        found[h, s] = max(u[a][b] + ahead[a][b] for a in A for b in B) + step
    return found


class _Part:
    """The majorants of one part: at every place a shift, and log2 of kappa."""

    def __init__(
        self, game: KernelGame, model: Model, lo: Floats, hi: Floats, step: Fraction
    ) -> None:
        self.game, self.model, self.step = game, model, step
        self.middle, self.radius = (lo + hi) / 2, (hi - lo) / 2
        self.rows = list(self._rows())
        self.least = min(power for _, power in self.rows)

    def _rows(self) -> Iterator[tuple[int, int]]:
        model, first, step = self.model, offsets(self.model), log(self.step)
        for h, layer in enumerate(model.layers):
            x, reach = model.eta * layer.r, np.zeros(layer.r.shape)
            if h + 1 < len(model.layers):
                later = slice(first[h + 1], first[h + 2])
                unit = model.eta * model.gamma
                x = x + unit * (layer.P @ self.middle[later])
                reach = 3 * unit * (layer.P @ self.radius[later])
            for k in range(len(x)):
                if h == 0:
                    low = (x[k] - reach[k]).min()
                    yield floor(low - _ROUNDING * np.abs(x[k]).max()) - 1, floor(step / log(2))
                    continue
                own = first[h] + k
                wide = model.eta * self.radius[own]
                size = np.abs(x[k] - model.eta * self.middle[own]).max() + reach[k].max()
                far = 2 * (size + wide + abs(step) + log(model.scale + 2) + 10)
                power = step - wide * (1 + _ROUNDING) - log(4 * len(x[k]) * far)
                yield 0, floor(power / log(2))

    def claims(self, uppers: dict[tuple[int, int], Fraction]) -> Part:
        """The part, with lam of each place."""
        claims = []
        for place, (shift, power) in zip(self.game.places, self.rows, strict=True):
            kappa = DOWN, Fraction(1, 1 << -power)
            trees = tuple((Leaf((kappa,) * len(cell)),) for cell in self.game.observes)
            claims.append(Claim(0, shift, (Piece(uppers[place], trees),)))
        return Part(tuple(claims))
