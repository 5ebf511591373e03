"""Leaders who remember: the follower's values of step 0, of every policy worth a level.

For every lam, W_0(s) <= lam + G(lam) e^{-v} with v = eta V_0(s). A lam above the bound of W_0(s)
limits v from below, one below the level from above (proofs/near-optimal-values.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from flint import arb

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball, enclosure, precision
from exactqse.kernel.elementary import Elementary
from exactqse.kernel.farsighted import PartBounds, parts
from exactqse.kernel.interval import enclose
from exactqse.kernel.stage import FailureError
from exactqse.solve.solution import Solution

_STEPS = 40  # distances of lam, each twice the one before
_BITS = 64


def first_values(
    solution: Solution, level: Fraction, elementary: Elementary
) -> dict[tuple[int, int], Enclosure]:
    """Around V_0(s) at (0, s) for each first state, of her strategies worth the level.

    Of those without a lottery at step 0.
    """
    game, certificate = solution.game, solution.certificate
    (bounds,) = parts(game, certificate, certificate.precision, elementary)
    claims: tuple[Any, ...] = bounds.part.claims
    rho = game.rho
    uppers = [claims[j].pieces[0].upper for j in range(len(rho.states))]
    pairs = zip(rho.numerators, uppers, strict=True)
    lost = sum((n * upper for n, upper in pairs), Fraction(0)) - level * rho.denominator
    with precision(certificate.precision + _BITS):
        return {
            (0, s): _range(bounds, j, uppers[j] - lost / n, uppers[j])
            for j, (s, n) in enumerate(zip(rho.states, rho.numerators, strict=True))
        }


def _range(bounds: PartBounds, j: int, level: Fraction, upper: Fraction) -> Enclosure:
    """Around V at place j of step 0, if W there is at least the level and at most upper."""
    p, eta = bounds.p, bounds.game.eta or Fraction(1)
    claim: Any = bounds.part.claims[j]
    frontiers = bounds.frontiers() or {}
    after = {s: f for (step, s), f in frontiers.items() if step == 1}
    radius = {f.j: f.radius for f in frontiers.values()}
    stage = bounds.stage(j, claim.shift << p, after, radius)

    def height(lam: Fraction) -> Fraction | None:
        """At least e^{v - shift} (W - lam); None if the majorants do not show it."""
        at = enclose(*lam.as_integer_ratio(), p)
        try:
            (_, high), _ = stage.bound(bounds.game.observes, claim.pieces[0].trees, at)
        except FailureError:
            return None
        return Fraction(high, 1 << p)

    whole = [Fraction(end, 1 << p) for end in bounds.range_of(j, after)]
    lows, highs = [whole[0]], [whole[1]]
    for distance in _distances(upper - level, p):
        above, below = height(upper + distance), height(level - distance)
        if above is not None and above < 0:
            ratio = ball(-above / (upper + distance - level))
            lows.append(enclosure(claim.shift + ratio.log()).lower)
        if below is not None and below > 0:
            highs.append(enclosure(claim.shift + arb.log(ball(below / distance))).upper)
    return Enclosure(max(lows) / eta, min(highs) / eta)


def _distances(width: Fraction, p: int) -> Iterator[Fraction]:
    """From that of the bounds, or what is told apart at p bits, upward."""
    least = max(width, Fraction(1, 1 << p // 2))
    return (least * 2**k for k in range(_STEPS))
