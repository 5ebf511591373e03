"""C2, C3 and C4: how far a change of rewards moves a response (proofs/response-bounds.md)."""

from __future__ import annotations

from functools import partial
from typing import Any

from flint import arb, fmpq

from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import (
    Pair,
    Responses,
    dot,
    draw_pair,
    largest,
    pair_document,
    smallest,
)
from exactqse.claims.verdict import Pairs

SOURCE = "proofs/response-bounds.md"
_claim: Any = partial(Claim[Pair], build=draw_pair, document=pair_document, source=SOURCE)
_mutant: Any = Mutant[Pair]
_LESS = fmpq(99, 100)


def divergence_identity(pair: Pair, bits: int, *, lost: bool = False) -> Pairs:
    """KL(nu, nu~) and eta (V~ - V - E_nu D)."""
    del bits
    found = Responses(pair)
    # by logarithms of the probabilities, not by the formula that is claimed
    logs = [(x / y).log() for x, y in zip(found.nu, found.nu2, strict=True)]
    rise = found.V2 - found.V - dot(found.nu, found.D)
    return [(dot(found.nu, logs), rise if lost else found.eta * rise)]


def divergence_bound(pair: Pair, bits: int, *, over: arb | int = 8, gauge: bool = True) -> Pairs:
    """KL(nu, nu~) and eta^2 span^2 / 8."""
    del bits
    found = Responses(pair)
    width = found.span if gauge else largest([abs(d) for d in found.D])
    x = found.eta * width
    return [(found.divergence, x * x / over)]


def divergence_sharp(pair: Pair, bits: int, *, scale: arb | int = 1) -> Pairs:
    """KL(nu, nu~) and log((e^x - 1)/x) - 1 + x/(e^x - 1) at x = eta span."""
    del bits
    found = Responses(pair)
    x = found.eta * found.span
    grown = x.expm1()
    return [(found.divergence, scale * ((grown / x).log() - 1 + x / grown))]


def distance_bound(
    pair: Pair, bits: int, *, over: arb | int = 4, gauge: bool = True, cooled: bool = True
) -> Pairs:
    """TV(nu, nu~) and tanh(eta span / 4)."""
    del bits
    found = Responses(pair)
    width = found.span if gauge else largest([abs(d) for d in found.D])
    x = found.eta * width if cooled else width
    return [(found.distance / 2, (x / over).tanh())]


def second_order(
    pair: Pair, bits: int, *, scale: arb | int = 1, second: bool = True, cooled: bool = True
) -> Pairs:
    """The 1-norm of nu~ - nu, and eta E|delta| + eta^2 e^(eta max(delta, 0)) Var_nu(D)."""
    del bits
    found = Responses(pair)
    delta, eta = found.delta, found.eta
    first = eta * dot(found.nu, [abs(d) for d in delta])
    top = (eta * largest(delta)).exp() if cooled else arb(1)
    rest = eta * eta * top * dot(found.nu, [d * d for d in delta])
    return [(found.distance, scale * first + (rest if second else 0))]


def first_order(pair: Pair, bits: int, *, scale: arb | int = 1, signed: bool = False) -> Pairs:
    """The 1-norm of nu~ - nu, and phi(eta max delta) eta E|delta| with phi(t) = (e^t - 1)/t."""
    del bits
    found = Responses(pair)
    delta, eta = found.delta, found.eta
    first = eta * dot(found.nu, [abs(d) for d in delta])
    top = eta * (-smallest(delta) if signed else largest(delta))
    return [(found.distance, scale * first * top.expm1() / top)]


CLAIMS: tuple[Claim[Pair], ...] = (
    _claim(
        id="C2a",
        title="Divergence of responses",
        statement="KL(nu, nu~) is eta times what the soft value rises beyond the mean of D",
        latex=r"\mathrm{KL}(\nu,\tilde\nu) = \eta\,(\tilde V - V - \mathrm{E}_\nu D)",
        relation="=",
        sides=divergence_identity,
        bits=512,
        mutants=(
            _mutant(
                name="temperature",
                what="the factor eta is lost",
                sides=partial(divergence_identity, lost=True),
            ),
        ),
    ),
    _claim(
        id="C2b",
        title="Divergence is at most quadratic in the span",
        statement="KL(nu, nu~) is at most (eta span)^2 / 8, span = max D - min D",
        latex=r"\mathrm{KL}(\nu,\tilde\nu) \le \eta^2\,\mathrm{span}(D)^2/8",
        relation="<=",
        sides=divergence_bound,
        sharp="1/8 is sharp as span falls to 0; for every span the sharp bound is C2c",
        mutants=(
            _mutant(
                name="constant",
                what="1/8 becomes 1/8.08",
                sides=partial(divergence_bound, over=fmpq(808, 100)),
            ),
            _mutant(
                name="gauge",
                what="max |D| in place of max D - min D",
                sides=partial(divergence_bound, gauge=False),
            ),
        ),
    ),
    _claim(
        id="C2c",
        title="Divergence, the sharp bound for every span",
        statement="KL(nu, nu~) is at most log((e^x - 1)/x) - 1 + x/(e^x - 1), x = eta span",
        latex=r"\mathrm{KL}(\nu,\tilde\nu) \le \log\tfrac{e^x-1}{x} - 1 + \tfrac{x}{e^x-1},"
        r"\quad x = \eta\,\mathrm{span}(D)",
        relation="<=",
        sides=divergence_sharp,
        sharp="attained for every x: D of two values, nu of the larger 1/x - 1/(e^x - 1)",
        mutants=(
            _mutant(
                name="constant",
                what="the right side times 0.99",
                sides=partial(divergence_sharp, scale=_LESS),
            ),
        ),
    ),
    _claim(
        id="C3",
        title="Total variation of responses",
        statement="TV(nu, nu~) is at most tanh(eta span / 4)",
        latex=r"\mathrm{TV}(\nu,\tilde\nu) \le \tanh(\eta\,\mathrm{span}(D)/4)",
        relation="<=",
        sides=distance_bound,
        sharp="attained for every span: D of two values, nu of the larger 1/(1 + e^(eta span/2))",
        mutants=(
            _mutant(
                name="constant",
                what="1/4 becomes 1/4.04",
                sides=partial(distance_bound, over=fmpq(404, 100)),
            ),
            _mutant(
                name="gauge",
                what="max |D| in place of max D - min D",
                sides=partial(distance_bound, gauge=False),
            ),
            _mutant(
                name="temperature",
                what="the factor eta is lost",
                sides=partial(distance_bound, cooled=False),
            ),
        ),
    ),
    _claim(
        id="C4a",
        title="First- and second-order response error",
        statement="|nu~ - nu|_1 is at most eta E|delta| + eta^2 e^(eta max(delta, 0)) Var_nu(D)",
        latex=r"\|\tilde\nu-\nu\|_1 \le \eta\,\mathrm{E}_\nu|\delta|"
        r" + \eta^2 e^{\eta\max(\delta,0)}\,\mathrm{Var}_\nu(D)",
        relation="<=",
        sides=second_order,
        sharp="the factor of the first term is sharp as span falls to 0; see C4b",
        mutants=(
            _mutant(
                name="constant",
                what="the first term times 0.99",
                sides=partial(second_order, scale=_LESS),
            ),
            _mutant(
                name="order",
                what="the second term is lost",
                sides=partial(second_order, second=False),
            ),
            _mutant(
                name="exponent",
                what="the exponential factor is lost",
                sides=partial(second_order, cooled=False),
            ),
        ),
    ),
    _claim(
        id="C4b",
        title="Response error in one term",
        statement="|nu~ - nu|_1 is at most phi(eta max delta) eta E|delta|, phi(t) = (e^t - 1)/t",
        latex=r"\|\tilde\nu-\nu\|_1 \le \frac{e^m-1}{m}\,\eta\,\mathrm{E}_\nu|\delta|,"
        r"\quad m = \eta\max_b\delta_b",
        relation="<=",
        sides=first_order,
        sharp="sharp for every m: D of two values, the larger one rare; C4a may be smaller",
        mutants=(
            _mutant(
                name="constant",
                what="the right side times 0.99",
                sides=partial(first_order, scale=_LESS),
            ),
            _mutant(
                name="sign",
                what="- min delta in place of max delta",
                sides=partial(first_order, signed=True),
            ),
        ),
    ),
)
