"""C5: likelihood, by the Hellinger distance, controls his value (proofs/hellinger.md)."""

from __future__ import annotations

from functools import partial
from typing import Any

from flint import arb, fmpq

from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import Pair, Responses, dot, draw_pair, largest, pair_document
from exactqse.claims.verdict import Pairs

SOURCE = "proofs/hellinger.md"
_claim: Any = partial(Claim[Pair], build=draw_pair, document=pair_document, source=SOURCE)
_mutant: Any = Mutant[Pair]
_LESS = fmpq(99, 100)


def _bound_of_ell(found: Responses) -> arb:
    """L = max |l|."""
    return largest([abs(e) for e in found.ell])


def squares(pair: Pair, bits: int, *, scale: arb | int = 1, inner: int = 2) -> Pairs:
    """E_nu l^2 and 2 (L / (1 - e^(-L/2)))^2 Hel^2."""
    del bits
    found = Responses(pair)
    L = _bound_of_ell(found)
    factor = L / -(-L / inner).expm1()
    return [(dot(found.nu, [e * e for e in found.ell]), scale * 2 * factor**2 * found.hellinger)]


def squares_simply(pair: Pair, bits: int, *, scale: arb | int = 1, linear: bool = True) -> Pairs:
    """E_nu l^2 and 2 (2 + L)^2 Hel^2."""
    del bits
    found = Responses(pair)
    factor = 2 + _bound_of_ell(found) if linear else arb(2)
    return [(dot(found.nu, [e * e for e in found.ell]), scale * 2 * factor**2 * found.hellinger)]


def _advantage(found: Responses) -> arb:
    """B_A = the largest of |q - V| and |q~ - V~|."""
    sizes = [abs(x - found.V) for x in found.q] + [abs(x - found.V2) for x in found.q2]
    return largest(sizes)


def _variance(found: Responses) -> arb:
    return dot(found.nu, [d * d for d in found.delta])


def value_by_likelihood(pair: Pair, bits: int, *, warm: bool = True) -> Pairs:
    """Var_nu(D) and 8 (1/eta + B_A)^2 Hel^2."""
    del bits
    found = Responses(pair)
    factor = (1 / found.eta if warm else 0) + _advantage(found)
    return [(_variance(found), 8 * factor**2 * found.hellinger)]


def value_by_likelihood_sharper(pair: Pair, bits: int, *, scale: arb | int = 1) -> Pairs:
    """Var_nu(D) and 2 (B_A / (1 - e^(-eta B_A / 2)))^2 Hel^2."""
    del bits
    found = Responses(pair)
    size = _advantage(found)
    factor = size / -(-found.eta * size / 2).expm1()
    return [(_variance(found), scale * 2 * factor**2 * found.hellinger)]


def value_by_likelihood_linear(
    pair: Pair, bits: int, *, scale: arb | int = 1, gain: arb | int = 1
) -> Pairs:
    """Var_nu(D) and 2 ((2 - log 2) / eta + B_A)^2 Hel^2, with ``gain`` times log 2."""
    del bits
    found = Responses(pair)
    factor = (2 - gain * arb(2).log()) / found.eta + _advantage(found)
    return [(_variance(found), scale * 2 * factor**2 * found.hellinger)]


CLAIMS: tuple[Claim[Pair], ...] = (
    _claim(
        id="C5a",
        title="Squared log-likelihood ratio and Hellinger distance",
        statement="E_nu l^2 is at most 2 (L/(1 - e^(-L/2)))^2 Hel^2, l = log(nu~/nu), L = max |l|",
        latex=r"\mathrm{E}_\nu\ell^2 \le 2\Bigl(\frac{L}{1-e^{-L/2}}\Bigr)^2\mathrm{Hel}^2",
        relation="<=",
        sides=squares,
        sharp="sharp for every L: the one action with l = -L rare",
        mutants=(
            _mutant(
                name="constant",
                what="the right side times 0.99",
                sides=partial(squares, scale=_LESS),
            ),
            _mutant(
                name="exponent", what="e^(-L/2) becomes e^(-L)", sides=partial(squares, inner=1)
            ),
        ),
    ),
    _claim(
        id="C5b",
        title="The same with a linear factor",
        statement="E_nu l^2 is at most 2 (2 + L)^2 Hel^2",
        latex=r"\mathrm{E}_\nu\ell^2 \le 2(2+L)^2\,\mathrm{Hel}^2",
        relation="<=",
        sides=squares_simply,
        sharp="2 (2 + 0)^2 = 8 is sharp as L falls to 0; for larger L see C5a",
        mutants=(
            _mutant(
                name="constant",
                what="the right side times 0.99",
                sides=partial(squares_simply, scale=_LESS),
            ),
            _mutant(
                name="linear", what="2 + L becomes 2", sides=partial(squares_simply, linear=False)
            ),
        ),
    ),
    _claim(
        id="C5c",
        title="Likelihood controls the follower's value up to its gauge",
        statement="Var_nu(D) is at most 8 (1/eta + B_A)^2 Hel^2, B_A = max(|q - V|, |q~ - V~|)",
        latex=r"\mathrm{Var}_\nu(\tilde q-q) \le 8\,(1/\eta + B_A)^2\,\mathrm{Hel}^2",
        relation="<=",
        sides=value_by_likelihood,
        sharp="not sharp: 8 can be 8/(1 + log 2)^2 = 2.7908, which is (C5e), and C5d is smaller",
        mutants=(
            _mutant(
                name="temperature",
                what="the term 1/eta is lost",
                sides=partial(value_by_likelihood, warm=False),
            ),
        ),
    ),
    _claim(
        id="C5d",
        title="Likelihood controls the follower's value, sharper",
        statement="Var_nu(D) is at most 2 (B_A/(1 - e^(-eta B_A/2)))^2 Hel^2",
        latex=r"\mathrm{Var}_\nu(\tilde q-q) \le"
        r" 2\Bigl(\frac{B_A}{1-e^{-\eta B_A/2}}\Bigr)^2\mathrm{Hel}^2",
        relation="<=",
        sides=value_by_likelihood_sharper,
        sharp="2 is sharp as eta B_A grows: a rare action loses all of its weight; for small"
        " eta B_A it is not (C5e)",
        mutants=(
            _mutant(
                name="constant",
                what="the right side times 0.7",
                sides=partial(value_by_likelihood_sharper, scale=fmpq(7, 10)),
            ),
        ),
    ),
    _claim(
        id="C5e",
        title="Likelihood controls the follower's value, sharp at both ends",
        statement="Var_nu(D) is at most 2 ((2 - log 2)/eta + B_A)^2 Hel^2",
        latex=r"\mathrm{Var}_\nu(\tilde q-q) \le"
        r" 2\Bigl(\frac{2-\log 2}{\eta}+B_A\Bigr)^2\mathrm{Hel}^2",
        relation="<=",
        sides=value_by_likelihood_linear,
        sharp="2 is sharp as eta B_A grows, and beside it 2 - log 2 = 1.3069 as eta B_A falls to"
        " its least value log 2: two actions, nu and nu~ nearly uniform",
        mutants=(
            _mutant(
                name="constant",
                what="the right side times 0.99",
                sides=partial(value_by_likelihood_linear, scale=_LESS),
            ),
            _mutant(
                name="gain",
                what="log 2 becomes 1.02 log 2",
                sides=partial(value_by_likelihood_linear, gain=fmpq(102, 100)),
            ),
        ),
    ),
)
