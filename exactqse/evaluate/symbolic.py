"""Closed forms of the evaluation of a small game: sympy expressions in exp, log and powers.

With Z_h(s) = sum_b exp(eta Q_h(s,b)), so that V_h(s) = log(Z_h(s)) / eta, an action weighs

    exp(eta Q_h(s,b)) = exp(eta sum_a pi_h(a|s,b) r_h(s,a,b)) prod_t Z_{h+1}(t)^(gamma p_h(t|s,b))

where p_h(t|s,b) = sum_a pi_h(a|s,b) P_h(t|s,a,b). Nothing else is rearranged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import mpmath
import sympy
from sympy import Expr

from exactqse.errors import InputError, PrecisionError, of_kind, shown
from exactqse.evaluate.best_response import evaluate_best_response
from exactqse.evaluate.inputs import checked_digits, checked_policy, mean
from exactqse.evaluate.results import Stage, Values, backward
from exactqse.kernel.game import KernelGame, Row
from exactqse.model.arrays import whole
from exactqse.model.policy import Policy

MAX_ENTRIES = 400
MAX_TERMS = 400
DOUBLINGS = 12

Name = Literal["V", "Q", "nu", "U", "W", "J"]


@dataclass(frozen=True)
class SymbolicEvaluation(Values[Expr]):
    """V, Q, nu, U, W and J as sympy expressions.

    Attributes:
        eta: the symbol or number that stands for eta in them; sympy.oo for a best response.
        eta_value: the game's eta; sympy.oo for infinity.
    """

    eta: Expr
    eta_value: Expr

    def latex(self, name: Name = "J", *index: int) -> str:
        """LaTeX of J, or of an entry: ``latex("nu", 0, 1, 0)`` is that of nu_0(b=0 | s=1).

        Raises:
            InputError: no such entry.
        """
        return str(sympy.latex(self.entry(name, *index)))

    def entry(self, name: Name = "J", *index: int) -> Expr:
        """J, or the entry of a table at an index. Raises InputError when there is none."""
        axes = {"J": 0, "V": 2, "W": 2, "Q": 3, "nu": 3, "U": 4}
        remedy = "use J, V[h][s], W[h][s], Q[h][s][b], nu[h][s][b] or U[h][s][a][b]"
        of_kind(name, str, "a name", where="name", remedy=remedy)
        where = name + "".join(f"[{shown(i)}]" for i in index)
        if axes.get(name) != len(index):
            raise InputError("is not an entry", where=where[:80], remedy=remedy)
        value = getattr(self, name)
        for i in index:
            if not 0 <= whole(i, where) < len(value):
                raise InputError(f"index {shown(i)} is not one of 0..{len(value) - 1}", where=where)
            value = value[i]
        return value

    def digits(self, n: int, name: Name = "J", *index: int) -> str:
        """J, or an entry, at the game's eta as a decimal with n places, computed by mpmath.

        The precision is doubled until two values agree to 10^-(n + 5). This is evidence, no proof.

        Raises:
            InputError: n out of 1..1000, or no such entry.
            PrecisionError: no two precisions agreed.
        """
        checked_digits(n)
        scaled = _settled(self.entry(name, *index), n, self.eta, self.eta_value)
        digits = str(abs(scaled)).rjust(n + 1, "0")
        return f"{'-' if scaled < 0 else ''}{digits[:-n]}.{digits[-n:]}"


def evaluate_symbolic(
    game: KernelGame, policy: Policy, *, symbolic_eta: bool = False
) -> SymbolicEvaluation:
    """Closed forms of V, Q, nu, U, W and J, for every gamma, eta and observation.

    Args:
        game: a game of at most 400 entries H S A B, whose J has at most 400 terms when all of V
            and W are written out.
        policy: an exact policy of the game, [h][s][b][a].
        symbolic_eta: keep eta as a positive symbol, to differentiate by it.

    Raises:
        PolicyError: not a Policy, or not one of this game.
        InputError: too large a game, or a symbol asked for where eta is infinite.
    """
    of_kind(symbolic_eta, bool, "True or False", where="symbolic_eta")
    checked_policy(game, policy)
    _check_size(game, policy)
    if game.eta is None:
        if symbolic_eta:
            raise InputError("infinity cannot be a symbol", where="eta", remedy="give a finite eta")
        exact = evaluate_best_response(game, policy).mapped(_number, _number)
        return SymbolicEvaluation(**exact, eta=sympy.oo, eta_value=sympy.oo)
    value = _number(game.eta)
    eta = sympy.Symbol("eta", positive=True) if symbolic_eta else value
    forms = _Forms(game, policy, eta)
    values = backward(game, forms.stage, lambda first: _expectation(game.rho, [x.W for x in first]))
    return SymbolicEvaluation(**vars(values), eta=eta, eta_value=value)


def _check_size(game: KernelGame, policy: Policy) -> None:
    """Raise InputError when the closed forms would be too long to read or to handle."""
    horizon, states, leader, follower = game.shape
    remedy = "use exactqse.evaluate.evaluate for enclosures of any game"
    if (entries := horizon * states * leader * follower) > MAX_ENTRIES:
        what = f"H S A B = {entries} is above {MAX_ENTRIES}, the limit of closed forms"
        raise InputError(what, where="game", remedy=remedy)
    if game.eta is not None and (terms := _terms(game, policy)) > MAX_TERMS:
        what = f"J has {terms} terms, above {MAX_TERMS}, the limit of closed forms"
        raise InputError(what, where="game", remedy=remedy)


def _terms(game: KernelGame, policy: Policy) -> int:
    """The leaves of J as a tree: each Z and W counts again wherever it is used."""
    Z, W = [0] * game.states, [0] * game.states
    for h in reversed(range(game.horizon)):
        weights, gains = [], []
        for s in range(game.states):
            rows = [_mixed(game, policy, h, s, b) for b in range(game.follower_actions)]
            factors = [1 + (sum(Z[t] for t in row) if game.gamma else 0) for row in rows]
            weights.append(sum(factors))
            gains.append(2 * sum(factors) + sum(1 + sum(W[t] for t in row) for row in rows))
        Z, W = weights, gains
    return sum(W[s] for s in game.rho.states)


def _mixed(game: KernelGame, policy: Policy, h: int, s: int, b: int) -> dict[int, Fraction]:
    """p_h(s'|s,b) = sum_a pi_h(a|s,b) P_h(s'|s,a,b), where it is positive."""
    result: dict[int, Fraction] = {}
    for a, p in enumerate(policy.probabilities[h][s][b]):
        row = game.at(game.P, h)[s][a][b]
        for t, n in zip(row.states, row.numerators, strict=True):
            result[t] = result.get(t, Fraction(0)) + p * n / row.denominator
    return {t: p for t, p in sorted(result.items()) if p}


@dataclass(frozen=True)
class _Forms:
    """The stages of one game, policy and eta."""

    game: KernelGame
    policy: Policy
    eta: Expr

    def stage(self, h: int, s: int, after: Sequence[Stage[Expr]]) -> Stage[Expr]:
        """The stage at (h, s), given those of step h+1."""
        game = self.game
        u, r, rows = game.at(game.u, h)[s], game.at(game.r, h)[s], game.at(game.P, h)[s]
        W = [x.W for x in after]
        Q, weights, gains = [], [], []
        for b, pi in enumerate(self.policy.probabilities[h][s]):
            reward = _number(mean(pi, tuple(by_b[b] for by_b in r)))
            gain = _number(mean(pi, tuple(by_b[b] for by_b in u)))
            future = _mixed(game, self.policy, h, s, b) if after else {}
            share = {t: _number(game.gamma * p) for t, p in future.items()}
            Q.append(sympy.Add(reward, *(p * after[t].V for t, p in share.items())))
            powers = (sympy.exp(self.eta * after[t].V) ** p for t, p in share.items())
            weights.append(sympy.Mul(sympy.exp(self.eta * reward), *powers))
            gains.append(sympy.Add(gain, *(_number(p) * W[t] for t, p in future.items())))
        Z = sympy.Add(*weights)
        return Stage(
            V=sympy.log(Z) / self.eta,
            Q=tuple(Q),
            nu=tuple(weight / Z for weight in weights),
            U=tuple(
                tuple(_number(x) + _expectation(row, W) for x, row in zip(by_b, along, strict=True))
                for by_b, along in zip(u, rows, strict=True)
            ),
            W=sympy.Add(*(e * x for e, x in zip(weights, gains, strict=True))) / Z,
        )


def _expectation(row: Row, values: Sequence[Expr]) -> Expr:
    if not values:
        return sympy.Integer(0)
    pairs = zip(row.numerators, row.states, strict=True)
    return sympy.Add(*(sympy.Rational(n, row.denominator) * values[t] for n, t in pairs))


def _number(value: Fraction) -> Expr:
    return sympy.Rational(value.numerator, value.denominator)


def _settled(expression: Expr, n: int, eta: Expr, value: Expr) -> int:
    """The integer nearest to 10^n times the expression, once two precisions agree on it."""
    previous = None
    context = mpmath.mp.clone()
    context.dps = n + 25
    for _ in range(DOUBLINGS):
        memo = {} if eta == value else {eta: context.mpf(value.p) / value.q}
        current = _numeric(expression, context, memo) * context.mpf(10) ** n
        if previous is not None and abs(current - previous) < context.mpf(10) ** -5:
            return int(context.nint(current))
        previous = current
        context.dps *= 2
    what = f"{n} places were not settled at {context.dps // 2} digits"
    raise PrecisionError(what, where="digits", remedy="use exactqse.evaluate.evaluate")


def _numeric(expression: Expr, context: Any, memo: dict[Expr, Any]) -> Any:
    """The expression's value in mpmath; a part that occurs again is computed once."""
    if expression not in memo:
        parts = [_numeric(part, context, memo) for part in expression.args]
        if expression.is_Rational:
            memo[expression] = context.mpf(expression.p) / expression.q
        elif expression is sympy.E:
            memo[expression] = +context.e
        else:
            memo[expression] = _operation(context, expression.func)(parts)
    return memo[expression]


def _operation(context: Any, kind: Any) -> Any:
    return {
        sympy.Add: context.fsum,
        sympy.Mul: context.fprod,
        sympy.Pow: lambda parts: context.power(*parts),
        sympy.exp: lambda parts: context.exp(*parts),
        sympy.log: lambda parts: context.log(*parts),
    }[kind]
