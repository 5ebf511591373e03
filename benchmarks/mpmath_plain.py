"""The stage problem as one would first write it on mpmath: one state, one step, mpf throughout.

Dinkelbach's iteration from min y; after each b all vertices and all falling edges are compared;
then the joint majorants are summed at the upper value. No float64 start, no policy, no enclosures:
``mpmath_peer.py`` is the fuller rival.
"""

from fractions import Fraction

from mpmath import mp, mpf

Table = list[list[mpf]]


def solve_stage(
    x: list[list[Fraction]], y: list[list[Fraction]], digits: int
) -> tuple[mpf, mpf, bool]:
    """(lower, upper, whether the majorants' sum is at most 0) for x = eta r, y = u, [b][a]."""
    mp.dps = digits + 15
    xs = [[mpf(v.numerator) / v.denominator for v in row] for row in x]
    ys = [[mpf(v.numerator) / v.denominator for v in row] for row in y]
    value = min(map(min, ys))
    while True:
        points = [maximiser(xs[b], ys[b], value) for b in range(len(xs))]
        top = max(q for q, _ in points)
        weights = [mp.exp(q - top) for q, _ in points]
        pairs = zip(weights, points, strict=True)
        new = mp.fsum(e * w for e, (_, w) in pairs) / mp.fsum(weights)
        if new - value < mpf(10) ** -(digits + 8):
            break
        value = new
    upper = new + mpf(10) ** -(digits + 1)
    return new, upper, majorants(xs, ys, upper, top) <= 0


def maximiser(x: list[mpf], y: list[mpf], value: mpf) -> tuple[mpf, mpf]:
    """The (q, w) that maximises e^q (w - value)."""
    actions = range(len(x))
    if max(y) <= value:
        return min(((x[a], y[a]) for a in actions), key=lambda p: mp.exp(p[0]) * (value - p[1]))
    found = [(x[a], y[a]) for a in actions if y[a] > value]
    for i in actions:
        for j in actions:
            if x[i] < x[j] and y[i] > y[j]:
                s = (y[i] - y[j]) / (x[j] - x[i])
                w = value + s
                if y[j] < w < y[i]:
                    found.append((x[i] + (y[i] - w) / s, w))
    return max(found, key=lambda p: mp.exp(p[0]) * (p[1] - value))


def majorants(xs: Table, ys: Table, upper: mpf, shift: mpf) -> mpf:
    """The sum over b of the largest majorant at the vertices."""
    total = mpf(0)
    for x, y in zip(xs, ys, strict=True):
        q, w = maximiser(x, y, upper)
        points = list(zip(x, y, strict=True))
        if w > upper:
            s = w - upper
            total += max(s * mp.exp(px - shift + (py - upper) / s - 1) for px, py in points)
        else:
            k = mp.exp(q - shift) * (upper - w)
            total += max(-k * (1 + px - shift + mp.log((upper - py) / k)) for px, py in points)
    return total
