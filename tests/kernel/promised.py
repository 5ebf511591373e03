"""The bound of a part for a farsighted follower who best responds, in exact rationals throughout.

Written apart from the kernel, from proofs/farsighted-strong.md: numbers that are affine in dv are
dictionaries from places to coefficients, and ``ALONE`` to what stands alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product

from exactqse.kernel.certificate import Part, Slope
from exactqse.kernel.game import Payoffs
from exactqse.model import Game

ALONE = -1
Form = dict[int, Fraction]
Forms = list[list[Form]]  # [a][b]


def combined(terms: Iterable[tuple[Fraction | int, Form]]) -> Form:
    """The sum of multiples of forms."""
    total: Form = defaultdict(Fraction)
    for weight, form in terms:
        for i, n in form.items():
            total[i] += weight * n
    return total


def largest(form: Form, radius: Form) -> Fraction:
    """The largest value where |dv_i| <= radius_i."""
    spread = (abs(n) * radius[i] for i, n in form.items() if i != ALONE)
    return form[ALONE] + sum(spread, Fraction(0))


def ahead(game: Game, rewards: Payoffs, h: int, s: int, after: Mapping[int, Form]) -> Forms:
    """A reward plus the mean of what comes after it."""
    P = game.at(game.P, h)[s]

    def entry(a: int, b: int) -> Form:
        row = P[a][b]
        pairs = zip(row.states, row.numerators, strict=True) if after else ()
        means = [(Fraction(n, row.denominator), after[t]) for t, n in pairs]
        return combined([(1, {ALONE: game.at(rewards, h)[s][a][b]}), *means])

    B = range(game.follower_actions)
    return [[entry(a, b) for b in B] for a in range(game.leader_actions)]


def target_bound(
    game: Game, x: Forms, y: Forms, target: tuple[int, Sequence[Fraction]], lean: Form, radius: Form
) -> Fraction:
    """At least Y_b + sum_b' weights_b' X_b' - lean, over all mixtures and all dv."""
    b, weights = target
    total, common = Fraction(0), combined([(-1, lean)])
    for cell in game.observes:
        forms = [
            combined([(1, y_a[b])] * (b in cell) + [(weights[o], x_a[o]) for o in cell])
            for x_a, y_a in zip(x, y, strict=True)
        ]
        pivot = max(forms, key=lambda form: form[ALONE])
        common = combined([(1, common), (1, pivot)])
        total += max(largest(combined([(1, form), (-1, pivot)]), radius) for form in forms)
    return total + largest(common, radius)


def true_bound(
    game: Game, x: Forms, y: Forms, target: tuple[int, Sequence[Fraction]], lean: Form, radius: Form
) -> Fraction:
    """The largest Y_b + sum_b' weights_b' X_b' - lean, by enumeration: no pivots."""
    b, weights = target
    cells = [
        [
            combined([(1, y_a[b])] * (b in cell) + [(weights[o], x_a[o]) for o in cell])
            for x_a, y_a in zip(x, y, strict=True)
        ]
        for cell in game.observes
    ]
    profiles = product(*cells)
    return max(
        largest(combined([(-1, lean), *((1, form) for form in profile)]), radius)
        for profile in profiles
    )


Interval = tuple[Fraction, Fraction]


class Exact:
    """A part's claims: K by place, and its bound of J; None where it is seen to be empty.

    With ``given``, the box is all that is known of V, and bounds are by enumeration.
    """

    def __init__(
        self,
        game: Game,
        part: Part,
        slopes: Sequence[Slope],
        box: Mapping[int, Interval],
        *,
        given: bool = False,
    ) -> None:
        self.given = given
        self.game, self.part, self.slopes, self.box = game, part, slopes, box
        self.K: dict[int, Fraction] = {}
        self.middle: dict[int, Fraction] = {}
        self.radius: Form = {}
        self.bound: Fraction | None = None
        V: dict[int, Form] = {}
        W: dict[int, Form] = {}
        for h in reversed(range(game.horizon)):
            later = V, W
            V, W = {}, {}
            for j, (step, s) in enumerate(game.places):
                if step != h:
                    continue
                claim = self.claim(j, ahead(game, game.r, h, s, later[0]), later[1])
                if claim is None:
                    return
                V[s], W[s] = claim
        rho = zip(game.rho.states, game.rho.numerators, strict=True)
        mean = combined((Fraction(n, game.rho.denominator), W[s]) for s, n in rho)
        self.bound = largest(mean, self.radius)

    def claim(self, j: int, x: Forms, after: Mapping[int, Form]) -> tuple[Form, Form] | None:
        """gamma V and W of place j as forms."""
        game, (h, s) = self.game, self.game.places[j]
        y = ahead(game, game.u, h, s, after)
        columns = list(zip(*x, strict=True))
        low = max(
            min(2 * form[ALONE] - largest(form, self.radius) for form in column)
            for column in columns
        )
        high = max(largest(form, self.radius) for column in columns for form in column)
        own, others = (self.slopes[j].own if h else Fraction(0)), dict(self.slopes[j].others)
        least, most = self.box.get(j, (low, high))
        low, high = (least, most) if self.given else (max(low, least), min(high, most))
        if low > high:
            return None
        middle, radius = ((low + high) / 2, (high - low) / 2) if h else (high, high - low)
        bounds = []
        duals = self.part.claims[j]
        assert isinstance(duals, tuple)
        for b, row in enumerate(duals):
            mu = [m if i == b else max(m, Fraction(0)) for i, m in enumerate(row)]
            weights = [-m for m in mu]
            weights[b] = own + sum(mu)
            lean = {ALONE: (own + mu[b]) * middle - abs(mu[b]) * radius, **others}
            bound = true_bound if self.given else target_bound
            bounds.append(bound(game, x, y, (b, weights), lean, self.radius))
        self.K[j], self.middle[j], self.radius[j] = max(bounds), middle, radius
        W = {ALONE: self.K[j], j: -own, **others}
        floor = min(v for step in game.u for state in step for by_a in state for v in by_a)
        if h and largest(W, self.radius) < (game.horizon - h) * floor:
            return None
        return {ALONE: game.gamma * middle, j: game.gamma}, W
