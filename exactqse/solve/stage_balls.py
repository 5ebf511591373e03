"""One stage problem to any precision: Dinkelbach's iteration in arb, then a rounded leaf.

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

_POLISH_STEPS = 40
_CLEAR = 64  # units in the last place that must separate the certified value from every y
Mix = tuple[int, int]  # the two leader actions of a mixture; equal at a vertex


@dataclass(frozen=True)
class Stage:
    """x = eta r and y = U as integers at ``p`` bits, indexed [b][a].

    The certified value gets ``margin`` fractional bits; ``size`` bounds the bits of |y|'s integer
    part.
    """

    x: list[list[int]]
    y: list[list[int]]
    p: int
    margin: int
    size: int


@dataclass(frozen=True)
class CertifiedStage:
    """A certified stage: all of a certificate's node but its step and state."""

    upper: Fraction
    shift: int
    policy: tuple[Distribution, ...]
    majorants: tuple[tuple[str, Fraction], ...]


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
        start: a value to start Newton's iteration from.
        mixes: the maximiser's mixture after each b; None to choose among all at every step.

    Raises:
        PrecisionError: no root was found in the bracket.
    """
    value = None if mixes is None else _polish(stage, arb(start), mixes)
    if value is None:
        return _certify(stage, _search(stage, arb(start)), None)
    return _certify(stage, value, mixes)


def _polish(stage: Stage, value: arb, mixes: list[Mix]) -> arb | None:
    """Newton's iteration with fixed mixtures, from nearby; None when it does not settle."""
    for _ in range(_POLISH_STEPS):
        sums = _sums(_maximisers(stage, value, mixes))
        value = (value + sums.gain / sums.weight).mid()
        if abs(sums.gain) < _settled(stage, value) * sums.weight:
            return value
    return None


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
    for count in range(4 * stage.p + _POLISH_STEPS):
        if not (point >= low and point <= high):
            point = low
        sums = _sums(_maximisers(stage, point, None))
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


def _settled(stage: Stage, value: arb) -> arb:
    return dyadic(1, 8 - stage.p) * (1 + abs(value))


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


def _certify(stage: Stage, value: arb, mixes: list[Mix] | None) -> CertifiedStage:
    """Majorants at the root rounded up by one to two units, the policy from just below the root.

    A maximiser at any value below the root has N/Z at least that value (proofs/dinkelbach.md); one
    from above the root may be worth far less.
    """
    unit = 1 << (stage.p - stage.margin)
    root = int((value * dyadic(1, stage.margin)).mid().ceil().unique_fmpz())
    upper = root + 1
    while any(abs(max(y) - upper * unit) < _CLEAR for y in stage.y):
        upper += 1
    points = _maximisers(stage, dyadic(upper, -stage.margin), mixes)
    if mixes is not None and not _consistent(stage, points, upper * unit):
        return _certify(stage, value, None)
    shift = _shift(points)
    below = _maximisers(stage, dyadic(root - 2, -stage.margin), mixes)
    return CertifiedStage(
        upper=Fraction(upper, 1 << stage.margin),
        shift=shift,
        policy=tuple(_distribution(stage, b, point) for b, point in enumerate(below)),
        majorants=tuple(
            _majorant(stage, b, point, upper * unit, shift) for b, point in enumerate(points)
        ),
    )


def _consistent(stage: Stage, points: list[_Point], upper: int) -> bool:
    """Whether each fixed mixture lies inside its edge and gains where some action gains."""
    return all(
        (point.s > 0) == (max(y) > upper)
        and (point.mix[0] == point.mix[1] or (point.weight > 0 and point.weight < 1))
        for point, y in zip(points, stage.y, strict=True)
    )


def _distribution(stage: Stage, b: int, point: _Point) -> Distribution:
    """The mixture with a weight of half the digits: its loss is of second order."""
    i, j = point.mix
    if i == j:
        return ((i, Fraction(1)),)
    spread = abs(stage.x[b][i] - stage.x[b][j]) >> stage.p
    bits = stage.margin // 2 + spread.bit_length() + stage.size + 8
    weight = Fraction(int((point.weight * dyadic(1, bits)).mid().floor().unique_fmpz()), 1 << bits)
    if not 0 < weight < 1:
        return ((j if weight >= 1 else i, Fraction(1)),)
    return tuple(sorted(((i, 1 - weight), (j, weight))))


def _majorant(stage: Stage, b: int, point: _Point, upper: int, shift: int) -> tuple[str, Fraction]:
    """The tag and the parameter after b: s = w - lambda, or kappa = e^{q - shift} (lambda - w)."""
    half = stage.margin // 2 + stage.size + 16
    spread = (max(stage.x[b]) - min(stage.x[b])) >> stage.p
    if max(stage.y[b]) < upper:
        exponent = point.q - shift
        if exponent < -stage.p:
            return DOWN, Fraction(1, 1 << (stage.p + 40 + spread.bit_length()))
        return DOWN, _rounded(exponent.exp() * -point.s, half)
    full = stage.margin + spread.bit_length() + stage.size + 16
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


def _rounded(value: arb, bits: int) -> Fraction:
    """The midpoint rounded to a dyadic with this many leading bits."""
    mantissa, exponent = value.mid().man_exp()
    number, power = int(mantissa), int(exponent)
    drop = max(number.bit_length() - bits, 0)
    number, power = (number + (1 << drop >> 1)) >> drop, power + drop
    return Fraction(number << power) if power >= 0 else Fraction(number, 1 << -power)
