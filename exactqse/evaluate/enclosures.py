"""Evaluation of a policy as enclosures of the digits asked for, by ball arithmetic.

Backward from V_H = 0 and W_H = 0:

    Q_h(s,b)   = sum_a pi_h(a|s,b) [ r_h(s,a,b) + gamma sum_s' P_h(s'|s,a,b) V_{h+1}(s') ]
    V_h(s)     = (1/eta) log sum_b exp(eta Q_h(s,b))
    nu_h(b|s)  = exp(eta (Q_h(s,b) - V_h(s)))
    U_h(s,a,b) = u_h(s,a,b) + sum_s' P_h(s'|s,a,b) W_{h+1}(s')
    W_h(s)     = sum_b nu_h(b|s) sum_a pi_h(a|s,b) U_h(s,a,b)
    J          = sum_s rho(s) W_0(s)

Every operation on balls encloses the exact result, so by induction every quantity is enclosed
(proofs/evaluation.md). The exponents are shifted by an exact m near max_b Q_h(s,b):
with weights e_b = exp(eta (Q_h(s,b) - m)) and Z = sum_b e_b, V = m + log(Z)/eta and nu = e_b/Z.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import chain

from flint import arb, arb_mat, fmpz_mat

from exactqse.arithmetic import Enclosure
from exactqse.arithmetic.balls import ball, dyadic, enclosure, precision
from exactqse.errors import PrecisionError
from exactqse.evaluate.best_response import evaluate_best_response
from exactqse.evaluate.inputs import checked_digits, checked_policy
from exactqse.evaluate.results import Stage, Values, backward
from exactqse.kernel.game import KernelGame, Payoffs, Row
from exactqse.model.policy import Policy

ATTEMPTS = 12


@dataclass(frozen=True)
class Evaluation(Values[Enclosure]):
    """V, Q, nu, U, W and J of a policy, each an :class:`exactqse.arithmetic.Enclosure`."""


def evaluate(game: KernelGame, policy: Policy, digits: int = 30) -> Evaluation:
    """Enclosures of V, Q, nu, U, W and J, for every gamma, eta and observation.

    Each one is at most 10^-digits max(1, |x|) wide, for every x in it. At eta = infinity all are
    exact, of width zero; ties are broken in the leader's favour.

    Args:
        game: the game.
        policy: an exact policy of the game, [h][s][b][a].
        digits: 1 to 1000.

    Raises:
        PolicyError: not a Policy, or not one of this game.
        InputError: digits out of range.
        PrecisionError: the widths were not reached at the largest precision tried.
    """
    checked_digits(digits)
    checked_policy(game, policy)
    if game.eta is None:
        exact = evaluate_best_response(game, policy)
        return Evaluation(**exact.mapped(_point, _point))
    guard = guard_bits(game, game.eta)
    for _ in range(ATTEMPTS):
        bits = 10 * digits // 3 + guard
        with precision(bits):
            balls = Pass(game, game.eta, bits).run(_balls_of(policy))
            if all(narrow(x, digits) for x in balls.numbers()):
                return Evaluation(**balls.mapped(enclosure, _probability))
        guard *= 2
    what = f"some enclosure is wider than 10^-{digits} relative to max(1, |x|) at {bits} bits"
    raise PrecisionError(what, where="evaluate")


def guard_bits(game: KernelGame, eta: Fraction) -> int:
    """Bits beyond those of the answer: a first guess, for speed only; the widths are measured."""
    r = game.horizon * _largest(game.r)
    scales = (eta * r, 1 / eta, r, game.horizon * _largest(game.u))
    count = game.horizon * game.states * game.leader_actions * game.follower_actions
    return 40 + count.bit_length() + sum(int(x).bit_length() for x in scales)


def _largest(table: Payoffs) -> Fraction:
    return max(abs(x) for step in table for state in step for row in state for x in row)


Mixture = list[tuple[int, arb]]  # (a, probability), only those that are not 0
Mixtures = Callable[[int, int, int], Mixture]  # of (h, s, b)


def _balls_of(policy: Policy) -> Mixtures:
    def row(h: int, s: int, b: int) -> Mixture:
        return [(a, ball(p)) for a, p in enumerate(policy.probabilities[h][s][b]) if p]

    return row


class Pass:
    """Backward passes at the working precision, held by the caller as long as this lives."""

    def __init__(self, game: KernelGame, eta: Fraction, bits: int) -> None:
        self.game, self.bits = game, bits
        self.eta, self.gamma = ball(eta), ball(game.gamma)
        self.rewards = _balls(game.u), _balls(game.r)
        self.matrices: dict[tuple[int, int], _Expectations] = {}

    def run(self, policy: Mixtures) -> Values[arb]:
        """All six quantities of a policy as balls."""
        return backward(self.game, partial(self.stage, policy), self.mean)

    def mean(self, first: Sequence[Stage[arb]]) -> arb:
        """J = sum_s rho(s) W_0(s)."""
        rho = self.game.rho
        pairs = zip(rho.numerators, rho.states, strict=True)
        return sum((first[s].W * n for n, s in pairs), arb(0)) / rho.denominator

    def stage(self, policy: Mixtures, h: int, s: int, after: Sequence[Stage[arb]]) -> Stage[arb]:
        """The stage at (h, s), given balls around step h+1."""
        count, responses = self.game.leader_actions, range(self.game.follower_actions)
        u, r = (self.game.at(table, h)[s] for table in self.rewards)
        U, ahead = u, r
        if after:
            PW, PV = self.expectations(h, s).of(after, follower=self.game.gamma != 0)
            U = [x + y for x, y in zip(u, PW, strict=True)]
            ahead = [x + self.gamma * y for x, y in zip(r, PV, strict=True)] if PV else r
        Q, leader = [], []
        for b in responses:
            weights = policy(h, s, b)
            Q.append(sum((p * ahead[a * len(responses) + b] for a, p in weights), arb(0)))
            leader.append(sum((p * U[a * len(responses) + b] for a, p in weights), arb(0)))
        V, nu = self.response(Q)
        W = sum((x * y for x, y in zip(nu, leader, strict=True)), arb(0))
        rows = tuple(tuple(U[a * len(responses) + b] for b in responses) for a in range(count))
        return Stage(V=V, Q=tuple(Q), nu=nu, U=rows, W=W)

    def response(self, Q: Sequence[arb]) -> tuple[arb, tuple[arb, ...]]:
        """V = m + log(Z)/eta and nu = e_b/Z, with m the midpoint of the ball that lies highest."""
        m = max(q.mid() for q in Q)
        weights = [self.weight(self.eta * (q - m)) for q in Q]
        Z = sum(weights, arb(0))
        return m + Z.log() / self.eta, tuple(e / Z for e in weights)

    def weight(self, x: arb) -> arb:
        """exp(x); the ball [0, 2^-bits] when x < -bits, so that no exponent grows without bound."""
        if x < -self.bits:
            return dyadic(1, -self.bits - 1) * arb(1, 1)
        return x.exp()

    def expectations(self, h: int, s: int) -> _Expectations:
        """The rows of P_h(. | s, ., .), built once when P is stationary."""
        key = (h if len(self.game.P) > 1 else 0, s)
        if key not in self.matrices:
            self.matrices[key] = _Expectations(list(chain(*self.game.at(self.game.P, h)[s])))
        return self.matrices[key]


class _Expectations:
    """The maps V -> sum_s' P(s') V(s') of a few rows, as one matrix on the states they reach."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.states = sorted({t for row in rows for t in row.states})
        place = {t: i for i, t in enumerate(self.states)}
        entries = [0] * (len(rows) * len(place))
        for i, row in enumerate(rows):
            for t, n in zip(row.states, row.numerators, strict=True):
                entries[i * len(place) + place[t]] = n
        self.matrix = arb_mat(fmpz_mat(len(rows), len(place), entries))
        self.denominators = [row.denominator for row in rows]

    def of(self, after: Sequence[Stage[arb]], *, follower: bool) -> tuple[list[arb], list[arb]]:
        """The expectations of W and of V, one for each row; none of V unless asked for."""
        reached = [after[t] for t in self.states]
        columns = 2 if follower else 1
        values = [x for stage in reached for x in (stage.W, stage.V)[:columns]]
        product = (self.matrix * arb_mat(len(reached), columns, values)).entries()
        scaled = [
            [x / d for x, d in zip(product[i::columns], self.denominators, strict=True)]
            for i in range(columns)
        ]
        return scaled[0], scaled[1] if follower else []


def _balls(table: Payoffs) -> tuple[tuple[list[arb], ...], ...]:
    """[1 or H][s] -> a flat list over (a, b)."""
    return tuple(tuple([ball(x) for row in state for x in row] for state in step) for step in table)


def narrow(value: arb, digits: int) -> bool:
    """Whether a ball's ends certainly differ by at most 10^-digits max(1, |x|)."""
    tolerance = ball(Fraction(1, 10**digits))
    smallest = value.abs_lower()
    wide = value.upper() - value.lower()
    return bool(wide <= (tolerance * smallest if smallest > 1 else tolerance))


def _probability(value: arb) -> Enclosure:
    """The ball's ends, and what is known of a probability besides: it lies in [0, 1]."""
    wide = enclosure(value)
    return Enclosure(max(wide.lower, Fraction(0)), min(wide.upper, Fraction(1)))


def _point(value: Fraction) -> Enclosure:
    return Enclosure(value, value)
