"""C7 and C8: identities of whole games (proofs/performance-difference.md)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import dot, total
from exactqse.claims.estimates import (
    Guess,
    Models,
    draw_guess,
    draw_models,
    guess_document,
    models_document,
)
from exactqse.claims.games import digits_of, enclosed
from exactqse.claims.verdict import Pairs
from exactqse.evaluate import Evaluation, evaluate
from exactqse.kernel.game import Row
from exactqse.model import Game, Policy

SOURCE = "proofs/performance-difference.md"


class Ahead:
    """One game and a policy at a working precision: means over actions and successors."""

    def __init__(self, game: Game, policy: Policy, bits: int) -> None:
        self.game, self.policy = game, policy
        self.found: Evaluation = evaluate(game, policy, digits_of(bits))
        self.V = [[enclosed(x) for x in step] for step in self.found.V]
        self.Q = [[[enclosed(x) for x in row] for row in step] for step in self.found.Q]
        self.nu = [[[enclosed(x) for x in row] for row in step] for step in self.found.nu]
        zeros = [arb(0)] * game.states
        self.V.append(zeros)

    def chosen(self, h: int, s: int, b: int) -> Iterator[tuple[int, arb]]:
        """The leader's actions after b and their probabilities."""
        row = self.policy.probabilities[h][s][b]
        return ((a, ball(p)) for a, p in enumerate(row) if p)

    def row(self, h: int, s: int, a: int, b: int) -> Row:
        """P_h(. | s, a, b)."""
        return self.game.at(self.game.P, h)[s][a][b]

    def places(self) -> Iterator[tuple[int, int]]:
        """All (h, s)."""
        return ((h, s) for h in range(self.game.horizon) for s in range(self.game.states))


def mean(row: Row, values: list[arb]) -> arb:
    """sum_t P(t) values_t."""
    pairs = zip(row.numerators, row.states, strict=True)
    return total(n * values[t] for n, t in pairs) / row.denominator


# ---- C7 ----


def performance(guess: Guess, bits: int, *, response: bool = True, wrong: bool = False) -> Pairs:
    """J~ - J, and the sum over steps of Bellman errors and response errors.

    ``response`` keeps the response errors; ``wrong`` weighs states by the estimated response.
    """
    game, ahead = guess.game, Ahead(guess.game, guess.policy, bits)
    U = [[[[ball(x) for x in row] for row in state] for state in step] for step in guess.U]
    nu = [[[ball(x) for x in row] for row in step] for step in guess.nu]
    means = _means(ahead, U)
    W = [[dot(nu[h][s], means[h][s]) for s in range(game.states)] for h in range(game.horizon)]
    W.append([arb(0)] * game.states)
    visits = _first(game)
    right = arb(0)
    for h in range(game.horizon):
        following = [arb(0)] * game.states
        for s in range(game.states):
            right += visits[s] * _errors(ahead, (h, s), U, W[h + 1])
            if response:
                off = [y - x for x, y in zip(ahead.nu[h][s], nu[h][s], strict=True)]
                right += visits[s] * dot(off, means[h][s])
            weights = nu[h][s] if wrong else ahead.nu[h][s]
            _move(ahead, (h, s), visits[s], weights, following)
        visits = following
    left = total(w * d for w, d in zip(W[0], _first(game), strict=True))
    return [(left - enclosed(ahead.found.J), right)]


def _first(game: Game) -> list[arb]:
    found = [arb(0)] * game.states
    for s, n in zip(game.rho.states, game.rho.numerators, strict=True):
        found[s] = arb(n) / game.rho.denominator
    return found


def _means(ahead: Ahead, U: Any) -> list[list[list[arb]]]:
    """[h][s][b]: sum_a pi(a | s, b) U(s, a, b)."""
    responses = range(ahead.game.follower_actions)

    def at(h: int, s: int) -> list[arb]:
        return [total(p * U[h][s][a][b] for a, p in ahead.chosen(h, s, b)) for b in responses]

    return [[at(h, s) for s in range(ahead.game.states)] for h in range(ahead.game.horizon)]


def _errors(ahead: Ahead, place: tuple[int, int], U: Any, after: list[arb]) -> arb:
    """E_pi,nu [ U~ - u - P W~ ] at (h, s)."""
    h, s = place
    u = ahead.game.at(ahead.game.u, h)[s]
    terms = []
    for b, weight in enumerate(ahead.nu[h][s]):
        for a, p in ahead.chosen(h, s, b):
            error = U[h][s][a][b] - ball(u[a][b]) - mean(ahead.row(h, s, a, b), after)
            terms.append(weight * p * error)
    return total(terms)


def _move(
    ahead: Ahead, place: tuple[int, int], visits: arb, nu: list[arb], following: list[arb]
) -> None:
    """Add to the distribution of the next state what leads there from (h, s)."""
    h, s = place
    for b, weight in enumerate(nu):
        for a, p in ahead.chosen(h, s, b):
            row = ahead.row(h, s, a, b)
            for t, n in zip(row.states, row.numerators, strict=True):
                following[t] += visits * weight * p * n / row.denominator


# ---- C8 ----


def propagation(
    models: Models, bits: int, *, discounted: bool = True, reverse: bool = False
) -> Pairs:
    """Q~ - Q and V~ - V, and what they are made of, at every (h, s, b).

    ``discounted`` keeps the factor gamma; ``reverse`` takes KL(nu~, nu).
    """
    first, second = (Ahead(game, models.policy, bits) for game in (models.first, models.second))
    eta = ball(Fraction(models.first.eta or 0))
    gamma = ball(models.first.gamma) if discounted else arb(1)
    pairs = []
    for h, s in first.places():
        rises = [y - x for x, y in zip(first.Q[h][s], second.Q[h][s], strict=True)]
        for b, rise in enumerate(rises):
            pairs.append((rise, _made_of(first, second, (h, s, b), gamma)))
        nu, other = first.nu[h][s], second.nu[h][s]
        over, under = (other, nu) if reverse else (nu, other)
        logs = [(x / y).log() for x, y in zip(over, under, strict=True)]
        right = dot(nu, rises) + dot(over, logs) / eta
        pairs.append((second.V[h][s] - first.V[h][s], right))
    return pairs


def _made_of(first: Ahead, second: Ahead, place: tuple[int, int, int], gamma: arb) -> arb:
    """(r~ - r)^pi + gamma (P~ - P)^pi V~ + gamma P^pi (V~ - V) at (h, s, b)."""
    h, s, b = place
    rewards = [x.game.at(x.game.r, h)[s] for x in (first, second)]
    rise = [y - x for x, y in zip(first.V[h + 1], second.V[h + 1], strict=True)]
    terms = []
    for a, p in first.chosen(h, s, b):
        row, other = first.row(h, s, a, b), second.row(h, s, a, b)
        change = ball(rewards[1][a][b] - rewards[0][a][b])
        after = mean(other, second.V[h + 1]) - mean(row, second.V[h + 1])
        terms.append(p * (change + gamma * (after + mean(row, rise))))
    return total(terms)


_ANY = ("finite eta", "any gamma, any partition that she sees, any policy")

CLAIMS: tuple[Claim[Any], ...] = (
    Claim[Guess](
        id="C7",
        title="Performance difference with response error",
        statement="J~ - J is the sum over steps of the means of U~ - u - P W~ and of"
        " <U~, pi x (nu~ - nu)>, for any U~ and nu~, with W~ = <U~, pi x nu~>",
        latex=r"\tilde J-J=\sum_h\mathrm{E}\bigl[\tilde U_h-u_h-P\tilde W_{h+1}\bigr]"
        r"+\sum_h\mathrm{E}_{s_h}\langle\tilde U_h,\pi_h\times(\tilde\nu_h-\nu_h)\rangle",
        hypotheses=(*_ANY, "any U~, any distributions nu~"),
        source=SOURCE,
        relation="=",
        sides=performance,
        build=draw_guess,
        document=guess_document,
        bits=512,
        instances=300,
        searches=0,
        mutants=(
            Mutant[Guess](
                name="response",
                what="the response error is lost",
                sides=partial(performance, response=False),
            ),
            Mutant[Guess](
                name="visits",
                what="states are visited under nu~",
                sides=partial(performance, wrong=True),
            ),
        ),
    ),
    Claim[Models](
        id="C8",
        title="Error propagation of a farsighted follower",
        statement="Q~ - Q = (r~ - r)^pi + gamma (P~ - P)^pi V~ + gamma P^pi (V~ - V) and"
        " V~ - V = E_nu[Q~ - Q] + KL(nu, nu~)/eta",
        latex=r"\tilde Q-Q=(\tilde r-r)^\pi+\gamma(\tilde P-P)^\pi\tilde V"
        r"+\gamma P^\pi(\tilde V-V),\quad"
        r"\tilde V-V=\mathrm{E}_\nu[\tilde Q-Q]+\mathrm{KL}(\nu,\tilde\nu)/\eta",
        hypotheses=_ANY,
        source=SOURCE,
        relation="=",
        sides=propagation,
        build=draw_models,
        document=models_document,
        bits=512,
        instances=300,
        searches=0,
        mutants=(
            Mutant[Models](
                name="gamma",
                what="the factor gamma is lost",
                sides=partial(propagation, discounted=False),
            ),
            Mutant[Models](
                name="order",
                what="KL(nu~, nu) in place of KL(nu, nu~)",
                sides=partial(propagation, reverse=True),
            ),
        ),
    ),
)
