"""One stage problem in float64, in plain Python: a start for the exact refinement, in microseconds.

The iteration is that of ``stage_float64``, lambda <- N/Z at the maximiser (proofs/dinkelbach.md).
Here the maximiser of e^q (w - lambda) after each b is read off the upper right boundary of its
points, from the largest y downwards: on the edge from corner i to corner j, of slope
s = (y_i - y_j)/(x_j - x_i), ln(e^q (w - lambda)) rises while w - lambda > s
(proofs/two-actions.md), and s increases from edge to edge. No logarithm is needed to compare.
"""

from __future__ import annotations

from math import exp, inf, log

Mix = tuple[int, int]  # the two leader actions of a mixture; equal at a vertex

_STEPS = 24
_SETTLED = 4e-16


_Corner = tuple[int, float, float, float, int, float]
# A corner's action, x and y; the slope s of the edge to the next one (infinite at the last), and
# that one's action and y.


def start(x: list[list[float]], y: list[list[float]]) -> tuple[float, list[Mix]] | None:
    """(value, the maximiser's mixture after each b) for x = eta r and y = U, [b][a].

    None when the iteration does not settle soon: steep exponentials make its steps short.
    Untrusted: mixtures that are nearly tied may be told apart wrongly.
    """
    chains = list(map(_chain, x, y))
    value = _quotient([chain[0][1:3] for chain in chains])
    for _ in range(_STEPS):
        mixes, points = [], []
        for b, chain in enumerate(chains):
            if chain[0][2] > value:
                mix, point = _along(chain, value)
            else:
                mix, point = _least(x[b], y[b], value)
            mixes.append(mix)
            points.append(point)
        better = _quotient(points)
        if not better > value + _SETTLED * abs(value):
            return value, mixes
        value = better
    return None


def _chain(x: list[float], y: list[float]) -> list[_Corner]:
    """The corners from the largest y downwards, as far as x increases."""
    k = y.index(max(y))
    chain = []
    while True:
        x_k, y_k, slope, after = x[k], y[k], inf, k
        for a, x_a in enumerate(x):
            if x_a > x_k:
                s = (y_k - y[a]) / (x_a - x_k)
                if s < slope or (s == slope and x_a > x[after]):
                    slope, after = s, a
        chain.append((k, x_k, y_k, slope, after, y[after]))
        if after == k:
            return chain
        k = after


def _along(chain: list[_Corner], value: float) -> tuple[Mix, tuple[float, float]]:
    """The mixture and (q, w) of the maximiser when the largest y exceeds ``value``."""
    for action, x, y, slope, after, y_after in chain:
        gain = y - value
        if gain <= slope:
            break
        if y_after - value < slope:
            return (action, after), (x + gain / slope - 1, value + slope)
    return (action, action), (x, y)


def _least(x: list[float], y: list[float], value: float) -> tuple[Mix, tuple[float, float]]:
    """The action with the least e^x (value - y), all of them being at least 0."""
    best, least = 0, inf
    for a, w in enumerate(y):
        score = x[a] + log(value - w) if value > w else -inf
        if score < least:
            best, least = a, score
    return (best, best), (x[best], y[best])


def _quotient(points: list[tuple[float, float]]) -> float:
    """N/Z, with exponents relative to the largest."""
    top = max(points)[0]
    above = below = 0.0
    for q, w in points:
        weight = exp(q - top)
        above += weight * w
        below += weight
    return above / below
