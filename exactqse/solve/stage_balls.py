"""One stage problem that float64 cannot decide: a bracketed root search in arb.

Numbers come in as integers at p fractional bits. Nothing here is believed: rounding only has to be
good enough for ``check`` to accept the result. The iteration is that of proofs/dinkelbach.md, the
maximisers, chosen anew at every step, those of proofs/two-actions.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from exactqse.arithmetic.balls import dyadic
from exactqse.errors import PrecisionError
from exactqse.solve.stage_fixed import (
    CertifiedStage,
    Choice,
    Stage,
    certified_value,
    certify,
    choice,
    policy,
    polish,
)
from exactqse.solve.stage_scalar import Mix

_EXTRA_STEPS = 40


@dataclass(frozen=True)
class _Point:
    """A maximiser after one b: its mixture, the second action's weight, q, w, s = w - value."""

    mix: Mix
    weight: arb
    q: arb
    w: arb
    s: arb


def refine(stage: Stage, start: float, mixes: list[Mix] | None) -> CertifiedStage:
    """Solve a stage and certify it; the caller has set arb's working precision.

    Args:
        stage: the problem.
        start: a value to start from.
        mixes: the maximiser's mixture after each b, to try first; None to choose among all at every
            step.

    Raises:
        PrecisionError: no root was found in the bracket.
    """
    leaf = None if mixes is None else polish(stage, start, mixes)
    return _certify(stage, _search(stage, arb(start))) if leaf is None else leaf


def _search(stage: Stage, point: arb) -> arb:
    """The root of F in a bracket, choosing among all mixtures at every step.

    N/Z is a lower bound wherever it is taken; a point with F < 0 is an upper bound. Newton's step
    is taken on ln(P/M) where the exponentials are too steep for Dinkelbach's; every third step
    bisects, whatever the other two do. The bracket need only be as narrow as the certified value's
    last place: :func:`_certify` steps outside it.
    """
    low = dyadic(min(map(min, stage.y)), -stage.p)
    high = dyadic(max(map(max, stage.y)), -stage.p)
    width = dyadic(1, -stage.margin - 4)
    for count in range(4 * stage.p + _EXTRA_STEPS):
        if not (point >= low and point <= high):
            point = low
        sums = _sums(_maximisers(stage, point))
        quotient = (point + sums.gain / sums.weight).mid()
        low = max(low, quotient)
        high = point if sums.gain < 0 else high
        if high - low < 2 * width:
            return low
        ahead = (point + sums.log_step).mid() if sums.log_step is not None else low
        if count % 3 != 2 and _is_probe(sums, quotient - point, width):
            point = (low + width).mid()
        elif count % 3 != 2 and ahead >= low and ahead < high:
            point = ahead
        else:
            point = ((low + high) / 2).mid()
    raise PrecisionError("the root search did not settle", remedy="raise the precision")


def _is_probe(sums: _Sums, step: arb, width: arb) -> bool:
    """Whether Newton stopped moving from below: the root is near only if F < 0 a little further.

    (A follower action with w = lambda adds to Z and nothing to F, and can hold Newton up anywhere.)
    """
    return bool(sums.gain >= 0 and step < width)


@dataclass(frozen=True)
class _Sums:
    """Z, F = N - lambda Z, and Newton's step on ln(P/M) when P/M is far from 1."""

    weight: arb
    gain: arb
    log_step: arb | None


def _sums(points: list[_Point]) -> _Sums:
    shift = _shift(points)
    pairs = [((point.q - shift).exp(), point) for point in points]
    above = sum((e * point.s for e, point in pairs if point.s > 0), arb(0))
    below = sum((-e * point.s for e, point in pairs if point.s < 0), arb(0))
    step = None
    if above > 0 and below > 0 and not 0.25 < above / below < 4:
        slope = sum((e / (above if point.s > 0 else below) for e, point in pairs), arb(0))
        step = (above / below).log() / slope
    return _Sums(sum((e for e, _ in pairs), arb(0)), (above - below).mid(), step)


def _shift(points: list[_Point]) -> int:
    """An integer near the largest exponent."""
    return max(int(point.q.mid().floor().unique_fmpz()) for point in points)


def _maximisers(stage: Stage, value: arb) -> list[_Point]:
    return [_maximiser(stage, b, value) for b in range(len(stage.x))]


def _maximiser(stage: Stage, b: int, value: arb) -> _Point:
    """The maximiser of e^q (w - value) after b, among all vertices and all falling edges."""
    x, y = stage.x[b], stage.y[b]
    actions = range(len(x))
    vertices = [_point(stage, b, value, (a, a)) for a in actions]
    positive = [point for point in vertices if point.s > 0]
    if not positive:
        return min(vertices, key=_log_gain)
    pairs = [(i, j) for i in actions for j in actions if x[i] < x[j] and y[i] > y[j]]
    edges = [_point(stage, b, value, pair) for pair in pairs]
    return max(
        positive + [point for point in edges if point.weight > 0 and point.weight < 1],
        key=_log_gain,
    )


def _log_gain(point: _Point) -> arb:
    """q + ln |w - value|."""
    return point.q + abs(point.s).log() if point.s != 0 else arb.neg_inf()


def _point(stage: Stage, b: int, value: arb, mix: Mix) -> _Point:
    i, j = mix
    x, y = stage.x[b], stage.y[b]
    xi, yi = dyadic(x[i], -stage.p), dyadic(y[i], -stage.p)
    if i == j:
        return _Point(mix, arb(0), xi, yi, (yi - value).mid())
    s = (arb(y[i] - y[j]) / (x[j] - x[i])).mid()
    w = (value + s).mid()
    weight = ((yi - w) / dyadic(y[i] - y[j], -stage.p)).mid()
    return _Point(mix, weight, (xi + (yi - w) / s).mid(), w, s)


def _certify(stage: Stage, value: arb) -> CertifiedStage:
    """Majorants at the root rounded up by one to two units, the policy from just below the root.

    A maximiser at any value below the root has N/Z at least that value (proofs/dinkelbach.md); one
    from above the root may be worth far less.
    """
    root = int((value * dyadic(1, stage.margin)).mid().ceil().unique_fmpz())
    drop = stage.p - stage.margin
    upper = certified_value(stage, root << drop)
    points = _maximisers(stage, dyadic(upper, -stage.margin))
    below = [point.mix for point in _maximisers(stage, dyadic(root - 2, -stage.margin))]
    choices = [_choice(stage, b, point, upper) for b, point in enumerate(points)]
    prescribed = policy(stage, (root - 2) << drop, below)
    return certify(stage, upper, choices, prescribed)


def _choice(stage: Stage, b: int, point: _Point, upper: int) -> Choice:
    """The point, compared once more with all others; as arb found it, where that fails."""
    found = choice(stage, b, point.mix, upper)
    if found is not None:
        return found
    mantissa, exponent = point.s.man_exp()
    q = int((point.q * dyadic(1, stage.p)).mid().floor().unique_fmpz())
    return Choice(point.mix, q, int(mantissa), -int(exponent), clear=False)
