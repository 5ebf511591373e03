"""The same algorithm written on mpmath, for one stage: the search on mpf, its certificate on iv.

Each half does the job of its counterpart here. ``search``: the same float64 start, Newton's
iteration with the mixtures held fixed (exponentials of vertices once, the precision doubled from
step to step), every choice compared with the others at the certified value, the policy and the
majorants rounded to exact rationals, a lower bound. ``certify``: both inequalities of that claim in
interval arithmetic, with one exponential for each "up" majorant, since exp increases.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mpmath import iv, mp, mpf

from exactqse.solve.stage_scalar import Mix, start

Table = list[list[Fraction]]
Distribution = list[tuple[int, Fraction]]
GUARD = 48  # bits beyond those of the digits


@dataclass(frozen=True)
class Claim:
    """lower <= value of the policy <= W <= upper, and the majorants that prove it."""

    lower: Fraction
    upper: Fraction
    policy: list[Distribution]
    shift: int
    majorants: list[tuple[str, Fraction]]


def search(x: Table, y: Table, digits: int) -> Claim:
    """A claim with upper - lower <= 10^-digits about the stage x = eta r, y = u, [b][a]."""
    margin = (10**digits).bit_length() + 3
    top = max(map(max, x))
    found = start(
        [[float(v - top) for v in row] for row in x], [[float(v) for v in row] for row in y]
    )
    if found is None:
        raise ValueError("float64 does not settle")
    mp.prec = margin + GUARD
    xs, ys = ([[mpf(v.numerator) / v.denominator for v in row] for row in t] for t in (x, y))
    value, mixes = newton(xs, ys, mpf(found[0]), found[1]), found[1]
    units = int(mp.ceil(mp.ldexp(value, margin))) + 1
    upper = mp.ldexp(units, -margin)
    points = [point(*each, upper) for each in zip(xs, ys, mixes, strict=True)]
    for b, at in enumerate(points):
        require_best(xs[b], ys[b], at, upper)
    shift = int(mp.floor(max(q for q, _ in points)))
    policy = [weights(*each, value) for each in zip(xs, ys, mixes, strict=True)]
    worth = mp.ldexp(policy_value(xs, ys, policy, mp), margin)
    return Claim(
        lower=Fraction(int(mp.floor(worth - mp.ldexp(1, -10))), 1 << margin),
        upper=Fraction(units, 1 << margin),
        policy=policy,
        shift=shift,
        majorants=[majorant(q, w - upper, shift) for q, w in points],
    )


def newton(xs: list[list[mpf]], ys: list[list[mpf]], value: mpf, mixes: list[Mix]) -> mpf:
    """The root for fixed mixtures: lambda <- N/Z."""
    plain = [(xs[b][i], ys[b][i]) for b, (i, j) in enumerate(mixes) if i == j]
    mixed = [b for b, (i, j) in enumerate(mixes) if i != j]
    shift = max([q for q, _ in plain] + [max(xs[b]) for b in mixed])
    weighed = [(mp.exp(q - shift), w) for q, w in plain]
    above, below = mp.fdot(weighed), mp.fsum(e for e, _ in weighed)
    if not mixed:
        return above / below
    full, bits = mp.prec, 100
    while True:
        mp.prec = bits = min(bits, full)
        n, z = above, below
        for b in mixed:
            q, w = point(xs[b], ys[b], mixes[b], value)
            e = mp.exp(q - shift)
            n, z = n + e * w, z + e
        step = n / z - value
        value += step
        if bits == full and abs(step) < mp.ldexp(1, -full // 2):
            return value
        bits *= 2


def point(x: list[mpf], y: list[mpf], mix: Mix, value: mpf) -> tuple[mpf, mpf]:
    """(q, w) of the best mixture of two actions, or of the one."""
    i, j = mix
    if i == j:
        return x[i], y[i]
    s = (y[i] - y[j]) / (x[j] - x[i])
    return x[i] + (y[i] - value) / s - 1, value + s


def require_best(x: list[mpf], y: list[mpf], at: tuple[mpf, mpf], value: mpf) -> None:
    """Raise ValueError unless no point lies above the tangent at (q, w); or unless it is least."""
    q, w = at
    s = w - value
    if s > 0:
        small = mp.ldexp(1, -mp.prec + GUARD // 2)
        best = all((p - q) * s + v - w < small for p, v in zip(x, y, strict=True))
    else:
        known = q + mp.log(-s)
        best = all(p + mp.log(value - v) >= known for p, v in zip(x, y, strict=True))
    if not best:
        raise ValueError("another choice is better")


def weights(x: list[mpf], y: list[mpf], mix: Mix, value: mpf) -> Distribution:
    """The mixture, its weight rounded to half of the digits: the loss is of second order."""
    i, j = mix
    if i == j:
        return [(i, Fraction(1))]
    bits = mp.prec // 2
    weight = int(mp.ldexp((y[i] - point(x, y, mix, value)[1]) / (y[i] - y[j]), bits))
    return [(i, Fraction((1 << bits) - weight, 1 << bits)), (j, Fraction(weight, 1 << bits))]


def majorant(q: mpf, s: mpf, shift: int) -> tuple[str, Fraction]:
    """The tag and the parameter, a rational: s = w - lambda, or e^{q - shift} (lambda - w)."""
    if s > 0:
        return "up", Fraction(int(mp.ldexp(s, mp.prec)), 1 << mp.prec)
    return "down", Fraction(int(mp.ldexp(-s * mp.exp(q - shift), mp.prec)), 1 << mp.prec)


def policy_value(
    xs: list[list[Any]], ys: list[list[Any]], policy: list[Distribution], on: Any
) -> Any:
    """N/Z of a policy on mp or on iv."""
    n = z = on.mpf(0)
    shift = max(map(max, xs)) if on is mp else 0
    for x, y, by_b in zip(xs, ys, policy, strict=True):
        q = w = on.mpf(0)
        for a, share in by_b:
            p = on.mpf(share.numerator) / share.denominator
            q, w = q + p * x[a], w + p * y[a]
        e = on.exp(q - shift)
        n, z = n + e * w, z + e
    return n / z


def certify(x: Table, y: Table, claim: Claim, digits: int) -> bool:
    """Whether both inequalities of the claim are proved in interval arithmetic."""
    iv.prec = (10**digits).bit_length() + 3 + GUARD
    xs, ys = ([[interval(v) for v in row] for row in t] for t in (x, y))
    value, lower = interval(claim.upper), interval(claim.lower)
    total = iv.mpf(0)
    for b, (tag, parameter) in enumerate(claim.majorants):
        size, pairs = interval(parameter), list(zip(xs[b], ys[b], strict=True))
        if tag == "up":
            top = max((p + (v - value) / size).b for p, v in pairs)
            total += size * iv.exp(top - claim.shift - 1)
        else:
            if any((value - v).a <= 0 for _, v in pairs):
                return False
            least = min((p + iv.log((value - v) / size)).a for p, v in pairs)
            total -= size * (1 + least - claim.shift)
    return bool(total.b <= 0 and policy_value(xs, ys, claim.policy, iv).a >= lower.b)


def interval(value: Fraction) -> Any:
    """An interval around a rational."""
    return iv.mpf(value.numerator) / value.denominator
