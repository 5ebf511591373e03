"""C9: Theorems 1, 2 and 4 of the stage problem, against the solver and against adversaries.

Pages: proofs/dinkelbach.md, two-actions.md, propagation.md. Theorem 3: majorants.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from itertools import combinations
from typing import Any

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import dot, total
from exactqse.claims.draws import Draw
from exactqse.claims.games import draw_cells, make_game, optimum
from exactqse.claims.verdict import Pairs
from exactqse.model import Game

Matrix = tuple[tuple[Fraction, ...], ...]  # [a][b]
Points = list[tuple[arb, arb]]


@dataclass(frozen=True)
class Stage:
    """One step at one state.

    Attributes:
        eta: the inverse temperature.
        r: [a][b], the follower's rewards.
        y: [a][b], the leader's values.
        cells: what she sees.
        alpha: [b][a], a prescription that knows b.
        lam: a value that the leader's is compared with, near the range of y.
        other: another one.
        weights: [b], positive parameters.
        raised: [a][b], not negative.
    """

    eta: Fraction
    r: Matrix
    y: Matrix
    cells: tuple[tuple[int, ...], ...]
    alpha: Matrix
    lam: Fraction
    other: Fraction
    weights: tuple[Fraction, ...]
    raised: Matrix

    def game(self, y: Matrix | None = None) -> Game:
        """The stage as a game, with other values of the leader if given."""
        leader = self.y if y is None else y
        tables = [[[list(row) for row in table]] for table in (leader, self.r)]
        return make_game(None, tables[:1], tables[1:], eta=self.eta, observes=self.cells)


def draw_stage(draw: Draw, *, blind: bool = True, sure: float = 3) -> Stage:
    """Payoffs in [0, 1]; lam above or below some of y."""
    A, B = draw.whole(2, 4), draw.whole(2, 3)
    cells = draw_cells(draw, B) if blind else [[b] for b in range(B)]

    def matrix(low: float = 0) -> Matrix:
        return tuple(draw.reals(B, low, 1) for _ in range(A))

    return Stage(
        eta=draw.scale(0.3, 10),
        r=matrix(),
        y=matrix(),
        cells=tuple(tuple(cell) for cell in cells),
        alpha=tuple(draw.simplex(A) for _ in range(B)),
        lam=draw.real(-0.5, 1.5),
        other=draw.real(-0.5, 1.5),
        weights=tuple(draw.scale(0.01, sure) for _ in range(B)),
        raised=matrix(),
    )


def stage_document(stage: Stage) -> dict[str, Any]:
    """The stage, exactly."""

    def rows(table: Matrix) -> list[list[str]]:
        return [[str(x) for x in row] for row in table]

    tables = {name: rows(getattr(stage, name)) for name in ("r", "y", "alpha", "raised")}
    numbers = {name: str(getattr(stage, name)) for name in ("eta", "lam", "other")}
    cells = [list(cell) for cell in stage.cells]
    return {**tables, **numbers, "observes": cells, "weights": [str(x) for x in stage.weights]}


def points(stage: Stage, b: int) -> Points:
    """(eta r(a, b), y(a, b)) for every a."""
    eta = ball(stage.eta)
    pairs = zip(stage.r, stage.y, strict=True)
    return [(eta * ball(r[b]), ball(y[b])) for r, y in pairs]


def best(points: Points, lam: arb) -> arb:
    """g(lam): the maximum of e^q (w - lam) over mixtures of at most two points."""
    return reduce(arb.max, [q.exp() * (w - lam) for q, w in _candidates(points, lam)])


def _candidates(points: Points, lam: arb) -> Points:
    """The points, and on each edge the stationary mixture, moved into the edge."""
    found = list(points)
    for (q0, w0), (q1, w1) in combinations(points, 2):
        dq, dw = q1 - q0, w1 - w0
        if dq * dw < 0:
            t = ((lam - dw / dq - w0) / dw).max(arb(0)).min(arb(1))
            found.append((q0 + t * dq, w0 + t * dw))
    return found


def bound(stage: Stage, lam: arb) -> arb:
    """F(lam) = sum_b g_b(lam), for a leader who sees the action."""
    return total(best(points(stage, b), lam) for b in range(len(stage.r[0])))


def mixed(stage: Stage, b: int) -> tuple[arb, arb]:
    """(q_b, w_b) under alpha."""
    weights = [ball(p) for p in stage.alpha[b]]
    columns = zip(*points(stage, b), strict=True)
    q, w = (dot(weights, column) for column in columns)
    return q, w


# ---- Theorem 1 ----


def root(stage: Stage, bits: int, *, shift: Fraction = Fraction(0)) -> Pairs:
    """F(W) and 0, with W the certified value of the stage."""
    return [(bound(stage, optimum(stage.game(), bits) + ball(shift)), arb(0))]


def decreasing(stage: Stage, bits: int, *, steeper: bool = False) -> Pairs:
    """F(mu) + (mu - lam) Z_min and F(lam), for lam < mu."""
    del bits
    lam, mu = (ball(x) for x in sorted((stage.lam, stage.other + 2)))
    pick = max if steeper else min
    columns = zip(*stage.r, strict=True)
    Z = total((ball(stage.eta) * ball(pick(column))).exp() for column in columns)
    return [(bound(stage, mu) + (mu - lam) * Z, bound(stage, lam))]


def convex(stage: Stage, bits: int, *, sign: int = 1) -> Pairs:
    """F at the middle of two numbers and the middle of F there."""
    del bits
    lam, mu = ball(stage.lam), ball(stage.other)
    pair = bound(stage, (lam + mu) / 2), (bound(stage, lam) + bound(stage, mu)) / 2
    return [pair if sign > 0 else pair[::-1]]


# ---- Theorem 2 ----


def two_actions(stage: Stage, bits: int, *, edges: bool = True) -> Pairs:
    """e^(q_b) (w_b - lam) for a mixture of any number of actions, and g_b(lam)."""
    del bits
    lam, pairs = ball(stage.lam), []
    for b in range(len(stage.alpha)):
        q, w = mixed(stage, b)
        ends = [x.exp() * (y - lam) for x, y in points(stage, b)]
        most = best(points(stage, b), lam) if edges else reduce(arb.max, ends)
        pairs.append((q.exp() * (w - lam), most))
    return pairs


# ---- Theorem 4 ----


def monotone(stage: Stage, bits: int, *, sign: int = 1) -> Pairs:
    """W*(y) and W*(y~) for y <= y~."""
    rows = zip(stage.y, stage.raised, strict=True)
    raised = tuple(tuple(x + d / 4 for x, d in zip(*row, strict=True)) for row in rows)
    pair = optimum(stage.game(), bits), optimum(stage.game(raised), bits)
    return [pair if sign > 0 else pair[::-1]]


_claim: Any = partial(
    Claim[Stage],
    build=draw_stage,
    document=stage_document,
    limit=512,
    instances=1000,
    searches=1000,
)
_mutant: Any = Mutant[Stage]
_seeing: Any = partial(draw_stage, blind=False)

CLAIMS: tuple[Claim[Stage], ...] = (
    _claim(
        id="C9a",
        title="Theorem 1: the value is the root of F",
        statement="F, the sum of the two-action maxima, is 0 at the certified value of the stage",
        latex=r"F(W) = \sum_b \max_{(q,w)\in K_b} e^{q}(w - W) = 0",
        hypotheses=("the leader sees the action",),
        source="proofs/dinkelbach.md",
        relation="=",
        sides=root,
        build=_seeing,
        bits=512,
        instances=200,
        mutants=(
            _mutant(name="shift", what="W + 1e-6", sides=partial(root, shift=Fraction(1, 10**6))),
        ),
    ),
    _claim(
        id="C9b",
        title="Theorem 1: F decreases",
        statement="F falls at least as fast as the smallest sum of weights Z",
        latex=r"F(\mu) + (\mu-\lambda) Z_{\min} \le F(\lambda), \quad \lambda < \mu",
        source="proofs/dinkelbach.md",
        relation="<=",
        sides=decreasing,
        sharp="attained: where every maximiser has the least r",
        mutants=(
            _mutant(name="slope", what="the largest Z", sides=partial(decreasing, steeper=True)),
        ),
    ),
    _claim(
        id="C9c",
        title="Theorem 1: F is convex",
        statement="F at a midpoint is at most the mean of F at the ends",
        latex=r"F\bigl(\tfrac{\lambda+\mu}2\bigr) \le \tfrac12(F(\lambda)+F(\mu))",
        source="proofs/dinkelbach.md",
        relation="<=",
        sides=convex,
        searches=0,
        mutants=(_mutant(name="sign", what="concave", sides=partial(convex, sign=-1)),),
    ),
    _claim(
        id="C9d",
        title="Theorem 2: two actions are enough",
        statement="no mixture of any number of actions beats the best mixture of two",
        latex=r"e^{q_b}(w_b-\lambda) \le \max_{i,j}\max_{t}\ e^{q_{ij}(t)}(w_{ij}(t)-\lambda)",
        source="proofs/two-actions.md",
        relation="<=",
        sides=two_actions,
        sharp="attained at such a mixture",
        mutants=(
            _mutant(name="pure", what="pure actions only", sides=partial(two_actions, edges=False)),
        ),
    ),
    _claim(
        id="C9g",
        title="Theorem 4: monotone propagation",
        statement="the certified value does not fall when no value of the leader falls",
        latex=r"y \le \tilde y \ \Rightarrow\ W^*(y) \le W^*(\tilde y)",
        source="proofs/propagation.md",
        relation="<=",
        sides=monotone,
        instances=60,
        searches=0,
        limit=128,
        digits=5,
        mutants=(_mutant(name="sign", what="reversed", sides=partial(monotone, sign=-1)),),
    ),
)
