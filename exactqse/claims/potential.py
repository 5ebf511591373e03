"""C12: the elliptical potential, in exact rationals (proofs/elliptical-potential.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import isqrt
from typing import Any

from flint import arb, fmpq, fmpq_mat

from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.draws import Draw
from exactqse.claims.verdict import Pairs

SOURCE = "proofs/elliptical-potential.md"
_GRID = 32  # coordinates of a feature are multiples of 1/32 before they are scaled
_ROUND = 1 << 16  # resolution of the factor that brings a feature into the unit ball


@dataclass(frozen=True)
class Features:
    """Features phi_0, ..., phi_{T-1} in the unit ball of R^d, and Lambda_0 = ridge I.

    Attributes:
        vectors: [t][i].
        ridge: positive.
    """

    vectors: tuple[tuple[Fraction, ...], ...]
    ridge: Fraction

    @property
    def dimension(self) -> int:
        """The dimension d."""
        return len(self.vectors[0])


def draw_features(draw: Draw, *, longer: Fraction = Fraction(1), unit: bool = True) -> Features:
    """One to twelve features in one to four dimensions, half of them along an axis."""
    d, T = draw.whole(1, 4), draw.whole(1, 12)
    ridge = Fraction(1) if unit else Fraction(draw.whole(1, 40), 10)
    vectors = []
    for t in range(T):
        x = [Fraction(draw.whole(-_GRID, _GRID), _GRID) for _ in range(d)]
        if draw.choice((False, True)):
            x = [Fraction(i == t % d) for i in range(d)]
        factor = longer * shortening(x)
        vectors.append(tuple(factor * v for v in x))
    return Features(tuple(vectors), ridge)


def shortening(x: list[Fraction]) -> Fraction:
    """The largest multiple c <= 1 of 2^-16 with |c x| <= 1."""
    square = sum((v * v for v in x), Fraction(0))
    if square <= 1:
        return Fraction(1)
    # c^2 <= 1 / square, in whole multiples
    return Fraction(isqrt(_ROUND**2 * square.denominator // square.numerator), _ROUND)


def features_document(features: Features) -> dict[str, Any]:
    """The features, exactly."""
    vectors = [[str(x) for x in v] for v in features.vectors]
    return {"vectors": vectors, "ridge": str(features.ridge)}


def growth(features: Features) -> Iterator[tuple[fmpq, fmpq_mat]]:
    """For every t, |phi_t|^2 in Lambda_{t-1}^-1, and Lambda_t."""
    d = features.dimension
    entries = [_exact(features.ridge) if i == j else fmpq(0) for i in range(d) for j in range(d)]
    grown = fmpq_mat(d, d, entries)
    for vector in features.vectors:
        column = fmpq_mat(d, 1, [_exact(x) for x in vector])
        row = column.transpose()
        width = (row * grown.solve(column)).entries()[0]
        grown = grown + column * row
        yield width, grown


def _exact(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)


def product(features: Features, bits: int, *, stale: bool = False) -> Pairs:
    """prod (1 + |phi_t|^2) and det Lambda_T / det Lambda_0."""
    del bits
    result = fmpq(1)
    ridge = _exact(features.ridge)
    steps = list(growth(features))
    for vector, (width, _) in zip(features.vectors, steps, strict=True):
        fresh = sum((_exact(x) ** 2 for x in vector), fmpq(0)) / ridge
        result *= 1 + (fresh if stale else width)
    return [(result, steps[-1][1].det() / ridge**features.dimension)]


def potential(
    features: Features, bits: int, *, factor: fmpq | int = 2, flat: bool = False
) -> Pairs:
    """sum min(1, |phi_t|^2) and factor d log(1 + T/d)."""
    del bits
    widths = [min(width, fmpq(1)) for width, _ in growth(features)]
    d, T = features.dimension, len(widths)
    log = arb(1) if flat else arb(1 + fmpq(T, d)).log()
    return [(sum(widths, fmpq(0)), factor * d * log)]


def potential_sharp(features: Features, bits: int, *, scale: fmpq | int = 1) -> Pairs:
    """sum min(1, |phi_t|^2) and (d / log 2) log(1 + T/d)."""
    ((widths, bound),) = potential(features, bits, factor=1)
    return [(widths, scale * bound / arb(2).log())]


_claim: Any = partial(
    Claim[Features], document=features_document, source=SOURCE, instances=1000, searches=1000
)
_mutant: Any = Mutant[Features]

CLAIMS: tuple[Claim[Features], ...] = (
    _claim(
        id="C12a",
        title="Elliptical potential, the identity",
        statement="the product of 1 + |phi_t|^2 in the norms of Lambda_(t-1)^-1 is"
        " det Lambda_T / det Lambda_0",
        latex=r"\sum_t\log(1+\|\phi_t\|^2_{\Lambda_{t-1}^{-1}}) ="
        r" \log\det\Lambda_T-\log\det\Lambda_0",
        relation="=",
        sides=product,
        build=partial(draw_features, unit=False),
        sharp="decided exactly, in rationals",
        mutants=(
            _mutant(name="stale", what="norms of Lambda_0^-1", sides=partial(product, stale=True)),
        ),
    ),
    _claim(
        id="C12b",
        title="Elliptical potential, the bound",
        statement="the sum of min(1, |phi_t|^2) is at most 2 d log(1 + T/d)",
        latex=r"\sum_t\min(1,\|\phi_t\|^2) \le 2d\log(1+T/d)",
        hypotheses=("Lambda_0 = I", "|phi_t| <= 1"),
        relation="<=",
        sides=potential,
        build=draw_features,
        sharp="not sharp: 2 can be 1/log 2 = 1.4427 (C12c)",
        mutants=(
            _mutant(
                name="constant",
                what="2 becomes 1.4",
                sides=partial(potential, factor=fmpq(14, 10)),
            ),
            _mutant(name="rate", what="the logarithm is lost", sides=partial(potential, flat=True)),
            _mutant(
                name="length",
                what="features of length up to 40",
                build=partial(draw_features, longer=Fraction(40)),
            ),
        ),
    ),
    _claim(
        id="C12c",
        title="Elliptical potential, the sharp constant",
        statement="the sum of min(1, |phi_t|^2) is at most (d / log 2) log(1 + T/d)",
        latex=r"\sum_t\min(1,\|\phi_t\|^2) \le \frac{d}{\log 2}\log(1+T/d)",
        hypotheses=("Lambda_0 = I", "|phi_t| <= 1"),
        relation="<=",
        sides=potential_sharp,
        build=draw_features,
        sharp="attained: T = d orthonormal features",
        mutants=(
            _mutant(
                name="constant",
                what="times 0.99",
                sides=partial(potential_sharp, scale=fmpq(99, 100)),
            ),
        ),
    ),
)
