"""One stage problem in fixed-point integers: from a good start to a rounded leaf.

All numbers are integers at p fractional bits; only exp is asked of arb. Newton's iteration is that
of proofs/dinkelbach.md with the mixtures held fixed, lambda <- N/Z, where the mixture of i and j
has w = lambda + s and q = x_i + (y_i - w)/s (proofs/two-actions.md). Then every choice is compared
with all others at the certified value, and the leaf's parameters are put where the majorants of
proofs/joint-majorant.md are tight. Nothing here is believed: rounding only has to be good enough
for ``check`` to accept the result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite, log
from typing import NamedTuple

from exactqse.arithmetic.balls import exp_fixed, precision
from exactqse.kernel.certificate import DOWN, UP, Distribution
from exactqse.solve.stage_scalar import Mix

_ROUNDS = 4  # of choosing anew after Newton's iteration
_NEWTON_STEPS = 12  # at full precision
_FIRST_BITS = 120  # of the first step: a float64 start is good for half of them
_CLEAR = 64  # units in the last place that must separate the certified value from every y
_LEAST_SLOPE = 1 << 20  # s in units of the last place, below which they do not resolve an edge
_ASTRAY = 60  # an exponent above the shift that no good start leads to
_TIE = 1e-9  # differences of logarithms that float64 leaves to exact arithmetic
_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Stage:
    """x = eta r and y = U as integers at ``p`` bits, indexed [b][a].

    The certified value gets ``margin`` fractional bits; ``size`` bounds the bits of |y|'s integer
    part. ``powers`` remembers exponentials.
    """

    x: list[list[int]]
    y: list[list[int]]
    p: int
    margin: int
    size: int
    powers: dict[int, int] = field(default_factory=dict)

    def exp(self, n: int) -> int:
        """About e^n at p bits; the caller has set arb's working precision."""
        if n not in self.powers:
            self.powers[n] = exp_fixed(n, self.p)
        return self.powers[n]

    def slope(self, b: int, mix: Mix) -> int:
        """S = (y_i - y_j)/(x_j - x_i) of a falling edge."""
        (i, j), x, y = mix, self.x[b], self.y[b]
        return ((y[i] - y[j]) << self.p) // (x[j] - x[i])


class Choice(NamedTuple):
    """The maximiser after one b at the certified value: its mixture, q, s = w - lambda, its lead.

    ``s`` has ``bits`` fractional bits. ``clear``: a vertex from which every direction falls so
    clearly that s may be rounded to half of the digits.
    """

    mix: Mix
    q: int
    s: int
    bits: int
    clear: bool


@dataclass(frozen=True, slots=True)
class CertifiedStage:
    """A certified stage: all of a certificate's node but its step and state."""

    upper: Fraction
    shift: int
    policy: tuple[Distribution, ...]
    majorants: tuple[tuple[str, Fraction], ...]


def polish(stage: Stage, start: float, mixes: list[Mix]) -> CertifiedStage | None:
    """Solve a stage from a nearby value and the mixtures there; None when they do not hold."""
    if not isfinite(start):
        return None
    above, below = start.as_integer_ratio()
    value = (above << stage.p) // below
    for _ in range(_ROUNDS):
        found = _newton(stage, value, mixes)
        if found is None:
            return None
        value = found
        upper = certified_value(stage, value)
        choices = _choices(stage, mixes, upper)
        if choices is None:
            return None
        better = [each.mix for each in choices]
        if better == mixes or (_is_inside(stage, value, mixes) and _is_above(stage, choices)):
            return certify(stage, upper, choices, policy(stage, value, mixes))
        mixes = better
    return None


def _is_inside(stage: Stage, value: int, mixes: list[Mix]) -> bool:
    """Whether the mixtures have weights between 0 and 1 at the value."""
    return all(
        i == j or y[j] < value + stage.slope(b, (i, j)) < y[i]
        for b, ((i, j), y) in enumerate(zip(mixes, stage.y, strict=True))
    )


def _is_above(stage: Stage, choices: list[Choice]) -> bool:
    """Whether F < 0 at the certified value, clearly, where the choices are the maximisers."""
    shift = _shift(stage, choices)
    gain = sum(stage.exp(each.q - shift) * each.s for each in choices)
    return gain < -1 << (2 * stage.p - stage.margin - 4)


def _shift(stage: Stage, choices: list[Choice]) -> int:
    """The largest exponent, rounded down to an integer, at p bits."""
    return max(each.q for each in choices) >> stage.p << stage.p


def _choices(stage: Stage, mixes: list[Mix], upper: int) -> list[Choice] | None:
    choices = []
    for b, mix in enumerate(mixes):
        each = choice(stage, b, mix, upper)
        if each is None:
            return None
        choices.append(each)
    return choices


def _newton(stage: Stage, value: int, mixes: list[Mix]) -> int | None:
    """The root for fixed mixtures; None when the iteration does not settle.

    A step d well below s, the least slope of a mixed edge, leaves an error of about d^2/(2 s) at
    most (proofs/dinkelbach.md). Steps at fewer bits come first; vertices alone need no step at all.
    """
    p, one = stage.p, 1 << stage.p
    vertices, edges = [], []
    for b, mix in enumerate(mixes):
        x, y = stage.x[b][mix[0]], stage.y[b][mix[0]]
        if mix[0] == mix[1]:
            vertices.append((x, y))
        else:
            s = stage.slope(b, mix)
            if s < _LEAST_SLOPE:
                return None
            edges.append((x - one, y, s))
    top = [x for x, _ in vertices] + [x + ((y - value) << p) // s for x, y, s in edges]
    shift = max(top) >> p << p
    weights = [(stage.exp(x - shift), y) for x, y in vertices]
    z, n = sum(e for e, _ in weights), sum(e * y for e, y in weights)
    if not edges:
        return n // z
    least = min(s for _, _, s in edges)
    for bits in _precisions(p):
        total, weighed = z, n
        with precision(bits + 32):
            for x, y, s in edges:
                exponent = x + ((y - value) << p) // s - shift
                if exponent >> p > _ASTRAY:
                    return None
                e = exp_fixed(exponent >> (p - bits), bits) << (p - bits)
                total += e
                weighed += e * (value + s)
        if not total:
            return None
        step = weighed // total - value
        value += step
        small = 4 * abs(step) < least and step * step <= least << p >> (stage.margin + 10)
        if small and bits == p:
            return value
    return None


def _precisions(p: int) -> list[int]:
    """The bits of each Newton step: doubling up to p, then p as often as it takes."""
    bits = [p]
    while bits[0] > _FIRST_BITS:
        bits.insert(0, bits[0] // 2 + 8)
    return bits + [p] * _NEWTON_STEPS


def certified_value(stage: Stage, value: int) -> int:
    """The root rounded up by one to two units of the margin, clear of every largest y."""
    drop = stage.p - stage.margin
    upper = 1 - (-value >> drop)
    while any(abs(max(y) - (upper << drop)) < _CLEAR for y in stage.y):
        upper += 1
    return upper


def choice(stage: Stage, b: int, mix: Mix, upper: int) -> Choice | None:
    """The maximiser after b at the certified value, given a mixture that should be near it.

    None when it is not that mixture and no vertex nearly tied with it.
    """
    value = upper << (stage.p - stage.margin)
    if max(stage.y[b]) > value:
        return _rising(stage, b, mix, value)
    try:
        return _falling(stage, b, mix[0], value)
    except OverflowError:  # exponents beyond float64
        return None


def _rising(stage: Stage, b: int, mix: Mix, value: int) -> Choice | None:
    """``mix`` if no point lies above the tangent (q - q_i) + (w - w_i)/s = 0 of its level set."""
    (i, j), x, y, p = mix, stage.x[b], stage.y[b], stage.p
    s = y[i] - value if i == j else stage.slope(b, mix)
    if s <= 0 or (i != j and not (y[j] < value + s < y[i] and s >= _LEAST_SLOPE)):
        return None
    clear = i == j
    within = 1 << (2 * p - stage.margin - 4 - len(stage.y).bit_length())
    for a, w in enumerate(y):
        if a not in mix:
            fall = w - y[i] << p
            rise = (x[a] - x[i]) * s + fall
            if i == j and rise > 0:  # tied with a at the root, and past the tie at this value
                edge = (a, i) if fall > 0 else (i, a)
                found = _rising(stage, b, edge, value) if x[edge[0]] < x[edge[1]] else None
                if found is not None:
                    return found
            if rise > within:
                return None
            clear = clear and rise < -(abs(fall) >> (_half(stage) - 4)) - (s << p >> 30)
    q = x[i] if i == j else x[i] + ((y[i] - value - s) << p) // s
    return Choice(mix, q, s, p, clear)


def _falling(stage: Stage, b: int, k: int, value: int) -> Choice:
    """The vertex with the least e^x (value - y), where every y is below ``value``.

    Logarithms of integers and float64 tell most of them apart; e^{x_a - x_k} does the others.
    """
    x, y, one = stage.x[b], stage.y[b], 1 << stage.p
    known = log(value - y[k])
    for a, w in enumerate(y):
        if a != k:
            lead = (x[a] - x[k]) / one + log(value - w) - known
            if lead < -_TIE or (
                lead < _TIE and stage.exp(x[a] - x[k]) * (value - w) < (value - y[k]) << stage.p
            ):
                k, known = a, log(value - w)
    return Choice((k, k), x[k], y[k] - value, stage.p, clear=False)


def policy(stage: Stage, value: int, mixes: list[Mix]) -> tuple[Distribution, ...]:
    """The mixtures' weights at a value near the root."""
    return tuple(_distribution(stage, b, mix, value) for b, mix in enumerate(mixes))


def _distribution(stage: Stage, b: int, mix: Mix, value: int) -> Distribution:
    """The mixture with a weight of half the digits: its loss is of second order."""
    i, j = mix
    if i == j:
        return ((i, _ONE),)
    x, y = stage.x[b], stage.y[b]
    spread = abs(x[i] - x[j]) >> stage.p
    bits = stage.margin // 2 + spread.bit_length() + stage.size + 8
    weight = ((y[i] - value - stage.slope(b, mix)) << bits) // (y[i] - y[j])
    if not 0 < weight < 1 << bits:
        return ((j if weight > 0 else i, _ONE),)
    first, second = (Fraction(part, 1 << bits) for part in ((1 << bits) - weight, weight))
    return ((i, first), (j, second)) if i < j else ((j, second), (i, first))


def certify(
    stage: Stage, upper: int, choices: list[Choice], prescribed: tuple[Distribution, ...]
) -> CertifiedStage:
    """The leaf with the certified value ``upper``, in units of the margin."""
    shift = _shift(stage, choices)
    return CertifiedStage(
        upper=Fraction(upper, 1 << stage.margin),
        shift=shift >> stage.p,
        policy=prescribed,
        majorants=tuple(_majorant(stage, b, each, shift) for b, each in enumerate(choices)),
    )


def _majorant(stage: Stage, b: int, chosen: Choice, shift: int) -> tuple[str, Fraction]:
    """The tag and the parameter after b: s = w - lambda, or kappa = e^{q - shift} (lambda - w)."""
    x, p = stage.x[b], stage.p
    if chosen.s >= 0 and chosen.clear:
        return UP, _rounded(chosen.s, chosen.bits, _half(stage))
    spread = (max(x) - min(x)) >> p
    if chosen.s >= 0:
        full = stage.margin + spread.bit_length() + stage.size + 16
        return UP, _rounded(chosen.s, chosen.bits, full)
    kappa = stage.exp(chosen.q - shift) * -chosen.s >> chosen.bits
    if kappa:
        return DOWN, _rounded(kappa, p, _half(stage))
    return DOWN, Fraction(1, 1 << (p + 40 + spread.bit_length()))


def _half(stage: Stage) -> int:
    return stage.margin // 2 + stage.size + 16


def _rounded(number: int, bits: int, leading: int) -> Fraction:
    """A number with ``bits`` fractional bits, rounded to so many leading bits."""
    drop = max(number.bit_length() - leading, 0)
    number = (number + (1 << drop >> 1)) >> drop
    left = bits - drop
    return Fraction(number, 1 << left) if left >= 0 else Fraction(number << -left)


def worth(stage: Stage, leaf: CertifiedStage, gaps: list[list[int]]) -> int:
    """W = sum_b e^{q_b} w_b / sum_b e^{q_b} of the leaf's policy, with y less by ``gaps``.

    There is one gap for each action of the policy after each b.
    """
    points = []
    for b, by_b in enumerate(leaf.policy):
        x, y = stage.x[b], stage.y[b]
        if len(by_b) == 1:
            a = by_b[0][0]
            points.append((x[a], y[a] - gaps[b][0]))
            continue
        q = w = 0
        for (a, share), gap in zip(by_b, gaps[b], strict=True):
            above, below = share.as_integer_ratio()
            q += x[a] * above // below
            w += (y[a] - gap) * above // below
        points.append((q, w))
    moved = max(points)[0] >> stage.p << stage.p
    weights = [stage.exp(q - moved) for q, _ in points]
    return sum(e * w for e, (_, w) in zip(weights, points, strict=True)) // sum(weights)
