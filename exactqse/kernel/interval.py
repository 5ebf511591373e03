"""Fixed-point intervals: integers (lo, hi) at p bits enclose a real x, lo <= x 2^p <= hi.

Every operation rounds outward (proofs/fixed-point.md). Shifts and ``//`` round towards minus
infinity in Python, for negative numbers too; the ceiling is the negated floor of the negative.
"""

from collections.abc import Iterable, Mapping, Sequence

Interval = tuple[int, int]
Values = tuple[tuple[int, ...], Mapping[int, int], int]  # states, lower ends, width of the widest
Weights = tuple[int, ...]  # of the leader's actions
Simplex = tuple[Weights, ...]  # by its corners


def enclose(numerator: int, denominator: int, p: int) -> Interval:
    """[lo, hi] at p bits around numerator/denominator; the denominator is positive."""
    lo, remainder = divmod(numerator << p, denominator)
    return (lo, lo + 1) if remainder else (lo, lo)


def scale(x: Interval, numerator: int, denominator: int) -> Interval:
    """x times numerator/denominator; the denominator is positive."""
    lo, hi = x if numerator >= 0 else (x[1], x[0])
    product, rest = lo * numerator, (hi - lo) * numerator  # together hi * numerator
    if denominator.bit_count() == 1:  # a power of two: the same floors, by shifts
        k = denominator.bit_length() - 1
        return product >> k, -(-(product + rest) >> k)
    low, remainder = divmod(product, denominator)
    return low, low - (-(remainder + rest) // denominator)


def add(terms: Iterable[Interval]) -> Interval:
    """The sum of the terms, exactly."""
    lows, highs = zip(*terms, strict=True)
    return sum(lows), sum(highs)


def multiply(x: Interval, y: Interval, p: int) -> Interval:
    """x times y."""
    dx, dy = x[1] - x[0], y[1] - y[0]  # as a rule short: one long product, and what is missing
    corner, right, up = x[0] * y[0], dx * y[0], x[0] * dy
    ends = corner, corner + right, corner + up, corner + right + up + dx * dy
    return min(ends) >> p, -(-max(ends) >> p)


def divide(x: Interval, y: Interval, p: int) -> Interval:
    """x / y, where y is positive: y[0] > 0."""
    lo = (x[0] << p) // (y[1] if x[0] >= 0 else y[0])
    hi = -((-x[1] << p) // (y[0] if x[1] >= 0 else y[1]))
    return lo, hi


def ends(values: Mapping[int, Interval]) -> Values:
    """Intervals by state, apart, and as wide as the widest."""
    lows = {t: low for t, (low, _) in sorted(values.items())}
    return (*lows,), lows, max([high - low for low, high in values.values()], default=0)


def mixed(weights: Weights, column: Sequence[Interval]) -> Interval:
    """The mean of the column under the weights."""
    total, pairs = sum(weights), [*zip(weights, column, strict=True)]
    low, high = (sum([w * v[k] for w, v in pairs if w]) for k in (0, 1))
    return low // total, -(-high // total)
