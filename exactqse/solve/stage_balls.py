"""One stage problem to any precision: Dinkelbach's iteration in arb, then a rounded certificate leaf.

Numbers come in as integers at p fractional bits and leave as short rationals. Nothing here is
believed: rounding only has to be good enough for ``check`` to accept the result. The iteration is
that of proofs/dinkelbach.md, the maximisers those of proofs/two-actions.md, and the leaf's
parameters sit where the majorants of proofs/joint-majorant.md are tight.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from exactqse.arithmetic.balls import dyadic
from exactqse.errors import PrecisionError
from exactqse.kernel.certificate import DOWN, UP, Distribution

_MAX_STEPS = 500
_CLEAR = 64  # units in the last place that must separate the certified value from every y
Mix = tuple[int, int]  # the two leader actions of a mixture; equal at a vertex


@dataclass(frozen=True)
class Stage:
    """x = eta r and y = U as integers at ``p`` bits, indexed [b][a].

    The certified value gets ``margin`` fractional bits, at least ``p - margin`` of them to spare.
    """

    x: list[list[int]]
    y: list[list[int]]
    p: int
    margin: int


@dataclass(frozen=True)
class Leaf:
    """A certified stage: all of a certificate's node but its step and state."""

    upper: Fraction
    shift: int
    policy: tuple[Distribution, ...]
    majorants: tuple[tuple[str, Fraction], ...]
    newton_steps: int


@dataclass(frozen=True)
class _Point:
    """A maximiser after one b: its mixture, the weight of the second action, q, w, s = w - value."""

    mix: Mix
    weight: arb
    q: arb
    w: arb
    s: arb


def refine(stage: Stage, start: float, mixes: list[Mix] | None) -> Leaf:
    """Solve a stage and certify it; the caller has set arb's working precision.

    Args:
        stage: the problem.
        start: a value to start Newton's iteration from.
        mixes: the maximiser's mixture after each b; None to choose among all at every step.

    Raises:
        PrecisionError: Newton's iteration did not settle.
    """
    value = arb(start)
    settled = dyadic(1, 8 - stage.p)
    for count in range(_MAX_STEPS):
        points = _maximisers(stage, value, mixes)
        new = _quotient(points)
        done = abs(new - value) < settled * (1 + abs(new))
        value = new.mid()
        if done:
            return _certify(stage, value, mixes, count + 1)
    raise PrecisionError("Newton's iteration did not settle", remedy="raise the precision")


def _quotient(points: list[_Point]) -> arb:
    shift = _shift(points)
    weights = [(point.q - shift).exp() for point in points]
    above = sum((e * point.w for e, point in zip(weights, points, strict=True)), arb(0))
    return above / sum(weights, arb(0))


def _shift(points: list[_Point]) -> int:
    """An integer near the largest exponent."""
    return max(int(point.q.mid().floor().unique_fmpz()) for point in points)


def _maximisers(stage: Stage, value: arb, mixes: list[Mix] | None) -> list[_Point]:
    count = range(len(stage.x))
    if mixes is not None:
        return [_point(stage, b, value, mixes[b]) for b in count]
    return [_maximiser(stage, b, value) for b in count]


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


def _certify(stage: Stage, value: arb, mixes: list[Mix] | None, newton_steps: int) -> Leaf:
    """Round the root up by one to two units, and place the majorants at that value."""
    unit = 1 << (stage.p - stage.margin)
    root = int((value * dyadic(1, stage.margin)).mid().ceil().unique_fmpz())
    upper = root + 1
    while any(abs(max(y) - upper * unit) < _CLEAR for y in stage.y):
        upper += 1
    points = _maximisers(stage, dyadic(upper, -stage.margin), mixes)
    shift = _shift(points)
    return Leaf(
        upper=Fraction(upper, 1 << stage.margin),
        shift=shift,
        policy=tuple(_distribution(stage, b, point) for b, point in enumerate(points)),
        majorants=tuple(
            _majorant(stage, b, point, upper * unit, shift) for b, point in enumerate(points)
        ),
        newton_steps=newton_steps,
    )


def _distribution(stage: Stage, b: int, point: _Point) -> Distribution:
    """The mixture with a weight of half the digits: its loss is of second order."""
    i, j = point.mix
    if i == j:
        return ((i, Fraction(1)),)
    spread = abs(stage.x[b][i] - stage.x[b][j]) >> stage.p
    bits = stage.margin // 2 + spread.bit_length() + _magnitude(stage.y, stage.p) + 8
    weight = Fraction(int((point.weight * dyadic(1, bits)).mid().floor().unique_fmpz()), 1 << bits)
    if not 0 < weight < 1:
        return ((j if weight >= 1 else i, Fraction(1)),)
    return tuple(sorted(((i, 1 - weight), (j, weight))))


def _majorant(stage: Stage, b: int, point: _Point, upper: int, shift: int) -> tuple[str, Fraction]:
    """The tag and the parameter after b: s = w - lambda, or kappa = e^{q - shift} (lambda - w)."""
    half = stage.margin // 2 + _magnitude(stage.y, stage.p) + 16
    spread = (max(stage.x[b]) - min(stage.x[b])) >> stage.p
    if max(stage.y[b]) < upper:
        exponent = point.q - shift
        if exponent < -stage.p:
            return DOWN, Fraction(1, 1 << (stage.p + 40 + spread.bit_length()))
        return DOWN, _rounded(exponent.exp() * -point.s, half)
    full = stage.margin + spread.bit_length() + _magnitude(stage.y, stage.p) + 16
    return UP, _rounded(point.s, half if _strict_vertex(stage, b, point, upper, half) else full)


def _strict_vertex(stage: Stage, b: int, point: _Point, upper: int, bits: int) -> bool:
    """Whether every direction from the vertex falls so clearly that a rounded s does not matter."""
    k, j = point.mix
    if k != j:
        return False
    x, y, p = stage.x[b], stage.y[b], stage.p
    s = y[k] - upper
    return s > 0 and all(
        (x[a] - x[k]) * s + ((y[a] - y[k]) << p)
        < -(abs(y[a] - y[k]) << p >> (bits - 4)) - (s << p >> 30)
        for a in range(len(x))
        if a != k
    )


def _magnitude(table: list[list[int]], p: int) -> int:
    """The bits of the integer part of the largest entry."""
    return max((abs(v) >> p).bit_length() for row in table for v in row)


def _rounded(value: arb, bits: int) -> Fraction:
    """The midpoint rounded to a dyadic with this many leading bits."""
    mantissa, exponent = value.mid().man_exp()
    number, power = int(mantissa), int(exponent)
    drop = max(number.bit_length() - bits, 0)
    number, power = (number + (1 << drop >> 1)) >> drop, power + drop
    return Fraction(number << power) if power >= 0 else Fraction(number, 1 << -power)
