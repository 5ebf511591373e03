"""exp and log on fixed-point intervals, with proved error bounds and integers only.

exp: reduce by multiples of ln 2, halve m times, sum the Taylor series downwards-rounded, square
back while counting the error in units of the last place (proofs/exp.md; ln 2 in proofs/ln2.md).
log: any guess y of ln z is good, since ln z = y + ln(z e^{-y}) and t/(1+t) <= ln(1+t) <= t; the
guess decides only how narrow the result is (proofs/log.md).
exp_above, log_below: bounds on one side from a table of powers of two (proofs/rough-bounds.md).
"""

from bisect import bisect_right
from functools import lru_cache
from math import isqrt

from exactqse.kernel.interval import Interval

MAX_EXPONENT = 1 << 14  # callers refuse larger arguments: exp of them has that many bits
_LOG2E, _LN2 = 6196328018, 2977044471  # 2^32 times 1/ln 2 and ln 2, rounded down
_POWERS = [isqrt(isqrt(isqrt(isqrt(isqrt(isqrt(1 << 2048 + i)))))) + 1 for i in range(65)]


class Elementary:
    """exp and log in integer arithmetic. A subclass may compute them otherwise."""

    name = "kernel"

    def exp(self, x: Interval, p: int) -> Interval:
        """An enclosure of exp on x; the upper end by e^{x+d} <= e^x (1 + 2d), 0 <= d <= 1."""
        (lo, hi), width = exp_point(x[0], p), x[1] - x[0]
        if width >> p:
            return lo, exp_point(x[1], p)[1]
        return lo, hi - (-hi * 2 * width >> p)

    def log(self, numerator: Interval, denominator: int, p: int) -> Interval:
        """An enclosure of ln(numerator / denominator), by ln(1 + d) <= d."""
        lo, hi = log_ratio(numerator[0], denominator, p)
        return lo, hi - (-((numerator[1] - numerator[0]) << p) // numerator[0])


INTEGER = Elementary()


def exp_above(x: int, p: int) -> int:
    """At least 2^p exp(x / 2^p), and near, for p >= 6."""
    power = (x * (_LOG2E + (x > 0)) >> 32) + 1
    k, part = (power >> p) + p, (power >> p - 6) % 64
    return (_POWERS[part + 1] << k >> 32) + 1 if k >= 0 else 1


def log_below(n: int, p: int) -> int:
    """At most 2^p ln(n / 2^p), and near, for n > 0."""
    k = n.bit_length() - 1
    power = (k - p << 6) + bisect_right(_POWERS, (n << 32) >> k) - 1
    return (power * (_LN2 + (power < 0)) << p) >> 38


@lru_cache(maxsize=64)
def _ln2_block(bits: int) -> int:
    """floor-rounded 2 atanh(1/3) 2^bits: [L, L + 2 terms + 1] contains ln 2 2^bits."""
    power = (2 << bits) // 3
    total, k = power, 1
    while power:
        power //= 9
        k += 2
        total += power // k
    return total


def ln2(bits: int) -> int:
    """L with L <= 2^bits ln 2 <= L + 2."""
    block = (bits // 256 + 2) * 256  # at least 256 more bits than the error of a block takes
    return _ln2_block(block) >> (block - bits)


def exp_point(n: int, p: int) -> Interval:
    """An enclosure at p bits of exp(n / 2^p)."""
    whole = n >> p
    if whole < -p:
        return 0, 1
    size = max(p + (whole * 11 >> 3 if whole < 0 else whole * 3 // 2 + 2), 0)
    halvings = isqrt(size) // 2 + 1
    w = size + halvings + p.bit_length() + 24
    log2 = ln2(w)
    fixed = n << (w - p) if w >= p else n >> (p - w)
    k, rest = divmod(fixed, log2 + 2 if fixed >= 0 else log2)
    argument = rest >> halvings
    error = (2 * abs(k) + 1 >> halvings) + 2  # in units 2^-w, of the argument
    total, term, count = 1 << w, 1 << w, 0
    while term:
        count += 1
        term = (term * argument >> w) // count
        total += term
    error = 4 * error + 2 * count + 2  # of the sum
    for _ in range(halvings):
        error = ((2 * total + error) * error >> w) + 2
        total = total * total >> w
    drop = w - p - k  # positive
    return total >> drop, -(-(total + error) >> drop)


def log_ratio(numerator: int, denominator: int, p: int) -> Interval:
    """An enclosure at p bits of ln(numerator / denominator), both positive."""
    k = numerator.bit_length() - denominator.bit_length()
    guard = 8 + k.bit_length()
    w = p + guard
    z = (numerator << max(w - k, 0)) // (denominator << max(k - w, 0))  # 1/2 < z / 2^w < 2
    guess = _log_guess(z, w)
    lo, hi = exp_point(-guess, w)
    below = (z * lo >> w) - (1 << w)
    above = -(-(z + 1) * hi >> w) - (1 << w)
    log2 = ln2(w)
    ends = k * log2, k * (log2 + 2)
    low = guess + (below << w) // ((1 << w) + below) + min(ends)
    high = guess + above + max(ends)
    return low >> guard, -(-high >> guard)


def _log_guess(z: int, w: int) -> int:
    """ln(z / 2^w) at w bits to about w/2 + 1 bits, for 1/2 < z / 2^w < 2; nothing relies on it."""
    if w <= 16:
        return log_below(z, w)
    inner = w // 2 + 4
    guess = _log_guess(z >> (w - inner), inner)
    t = ((z >> (w - inner)) * exp_point(-guess, inner)[0] >> inner) - (1 << inner)
    better = guess + (t << (inner + 1)) // ((2 << inner) + t)
    return better << (w - inner)
