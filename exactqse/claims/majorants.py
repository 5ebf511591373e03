"""C9: Theorem 3 of the stage problem, the majorants (proofs/joint-majorant.md)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

from flint import arb, fmpq

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import dot, total
from exactqse.claims.stages import Stage, draw_stage, mixed, points, stage_document
from exactqse.claims.verdict import Pairs


def rising(q: arb, m: arb, s: arb, unit: fmpq | int = 1) -> arb:
    """Up(s) = s e^(q + m/s - 1)."""
    return s * (q + m / s - unit).exp()


def falling(q: arb, m: arb, kappa: arb, unit: fmpq | int = 1) -> arb:
    """Dn(kappa) = -kappa (1 + q + ln(-m / kappa)), for m < 0."""
    return -kappa * (unit + q + (-m / kappa).log())


def majorants(stage: Stage, bits: int, *, unit: fmpq | int = 1) -> Pairs:
    """e^q m and each majorant of it, with m = w - lam."""
    del bits
    pairs = []
    for b, weight in enumerate(stage.weights):
        q, w = mixed(stage, b)
        m, s = w - ball(stage.lam), ball(weight)
        pairs.append((q.exp() * m, rising(q, m, s, unit)))
        if m < 0:
            pairs.append((q.exp() * m, falling(q, m, s, unit)))
    return pairs


def corners(stage: Stage, bits: int, *, centre: bool = False) -> Pairs:
    """sum_b of majorants at a shared prescription, and its largest sum at a vertex."""
    del bits
    lam, shared = ball(stage.lam), [ball(p) for p in stage.alpha[0]]
    responses = range(len(stage.weights))

    def summed(weights: Sequence[arb]) -> arb:
        terms = []
        for b in responses:
            columns = zip(*points(stage, b), strict=True)
            q, w = (dot(weights, column) for column in columns)
            terms.append(rising(q, w - lam, ball(stage.weights[b])))
        return total(terms)

    count = len(shared)
    vertices = [summed([arb(i == a) for i in range(count)]) for a in range(count)]
    top = total(vertices) / count if centre else reduce(arb.max, vertices)
    return [(summed(shared), top)]


_claim: Any = partial(
    Claim[Stage],
    build=draw_stage,
    document=stage_document,
    source="proofs/joint-majorant.md",
    limit=512,
)
_mutant: Any = Mutant[Stage]

CLAIMS: tuple[Claim[Stage], ...] = (
    _claim(
        id="C9e",
        title="Theorem 3: majorants",
        statement="e^q m is below Up(s) for every s > 0, and below Dn(kappa) where m < 0",
        latex=r"e^{q}m \le s\,e^{q+m/s-1},\qquad e^{q}m \le -\kappa(1+q+\ln(-m/\kappa))",
        relation="<=",
        sides=majorants,
        sharp="they touch at s = m, and at kappa = -e^q m",
        mutants=(
            _mutant(
                name="constant",
                what="1 becomes 1.01 in both",
                sides=partial(majorants, unit=fmpq(101, 100)),
            ),
        ),
    ),
    _claim(
        id="C9f",
        title="Theorem 3: corners are enough",
        statement="a sum of majorants at a shared prescription is at most its largest at a vertex",
        latex=r"\sum_b \mathrm{Up}_b(\alpha) \le \max_a \sum_b \mathrm{Up}_b(e_a)",
        relation="<=",
        sides=corners,
        sharp="attained at the vertex",
        mutants=(
            _mutant(
                name="mean",
                what="the mean over the vertices in place of the largest",
                sides=partial(corners, centre=True),
            ),
        ),
    ),
)
