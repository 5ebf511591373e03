"""C1 and C6: the soft value and who attains it (proofs/gibbs.md)."""

from __future__ import annotations

from functools import partial
from typing import Any

from flint import arb, fmpq

from exactqse.arithmetic.balls import ball
from exactqse.claims.claim import Claim, Mutant
from exactqse.claims.distributions import (
    Pair,
    Responses,
    dot,
    draw_pair,
    entropy,
    largest,
    pair_document,
    response,
    total,
)
from exactqse.claims.verdict import Pairs

SOURCE = "proofs/gibbs.md"
_claim: Any = partial(Claim[Pair], build=draw_pair, document=pair_document, source=SOURCE)
_mutant: Any = Mutant[Pair]
_LESS = fmpq(99, 100)


def attained(pair: Pair, bits: int, *, cooled: bool = True) -> Pairs:
    """V and nu.q + Ent(nu) / eta at the response."""
    del bits
    eta, q = ball(pair.eta), [ball(x) for x in pair.q]
    V, nu = response(eta, q)
    surprise = -total(x * x.log() for x in nu)
    return [(V, dot(nu, q) + (surprise / eta if cooled else surprise))]


def gap(pair: Pair, sign: int = 1) -> tuple[arb, arb, list[arb], list[arb]]:
    """eta, V - mu.q - Ent(mu) / eta, nu and mu."""
    eta, q, mu = ball(pair.eta), [ball(x) for x in pair.q], [ball(x) for x in pair.mu]
    V, nu = response(eta, q)
    return eta, V - dot(mu, q) - sign * entropy(pair.mu) / eta, nu, mu


def gap_is_divergence(pair: Pair, bits: int, *, sign: int = 1) -> Pairs:
    """eta (V - mu.q - Ent(mu) / eta) and KL(mu, nu)."""
    del bits
    eta, loss, nu, mu = gap(pair, sign)
    cross = total(m * x.log() for m, x, w in zip(mu, nu, pair.mu, strict=True) if w)
    return [(eta * loss, -entropy(pair.mu) - cross)]


def only_there(pair: Pair, bits: int, *, constant: arb | int = 2) -> Pairs:
    """2 TV(mu, nu)^2 and eta times the gap."""
    del bits
    eta, loss, nu, mu = gap(pair)
    half = total(abs(m - x) for m, x in zip(mu, nu, strict=True)) / 2
    return [(constant * half * half, eta * loss)]


def nonexpansive(pair: Pair, bits: int, *, scale: arb | int = 1) -> Pairs:
    """|V~ - V| and max |D|."""
    del bits
    found = Responses(pair)
    return [(abs(found.V2 - found.V), scale * largest([abs(d) for d in found.D]))]


def above_the_maximum(pair: Pair, bits: int, *, averaged: bool = False) -> Pairs:
    """0 and eta (V - max q)."""
    del bits
    eta, q = ball(pair.eta), [ball(x) for x in pair.q]
    rise = eta * (response(eta, q)[0] - largest(q))
    return [(arb(0), rise - arb(len(q)).log() if averaged else rise)]


def near_the_maximum(pair: Pair, bits: int, *, fewer: int = 0) -> Pairs:
    """eta (V - max q) and log |B|."""
    ((_, rise),) = above_the_maximum(pair, bits)
    return [(rise, arb(len(pair.q) - fewer).log())]


CLAIMS: tuple[Claim[Pair], ...] = (
    _claim(
        id="C1a",
        title="Gibbs: the response attains the soft value",
        statement="the soft value is the response's mean reward plus its entropy over eta",
        latex=r"V = \nu\cdot q + \mathrm{Ent}(\nu)/\eta",
        relation="=",
        sides=attained,
        bits=512,
        mutants=(
            _mutant(
                name="temperature",
                what="the entropy is not divided by eta",
                sides=partial(attained, cooled=False),
            ),
        ),
    ),
    _claim(
        id="C1b",
        title="Gibbs: the gap of any answer is a divergence",
        statement="what any distribution mu misses of the soft value, times eta, is KL(mu, nu)",
        latex=r"\eta\,(V - \mu\cdot q - \mathrm{Ent}(\mu)/\eta) = \mathrm{KL}(\mu, \nu)",
        relation="=",
        sides=gap_is_divergence,
        bits=512,
        mutants=(
            _mutant(
                name="sign",
                what="the entropy has the other sign",
                sides=partial(gap_is_divergence, sign=-1),
            ),
        ),
    ),
    _claim(
        id="C1c",
        title="Gibbs: attained at the response only",
        statement="any other answer misses at least 2 TV(mu, nu)^2 / eta",
        latex=r"2\,\mathrm{TV}(\mu,\nu)^2 \le \eta\,(V - \mu\cdot q - \mathrm{Ent}(\mu)/\eta)",
        relation="<=",
        sides=only_there,
        sharp="2 is sharp: two actions, nu uniform, mu near it",
        mutants=(
            _mutant(
                name="constant",
                what="2 becomes 2.02",
                sides=partial(only_there, constant=fmpq(202, 100)),
            ),
        ),
    ),
    _claim(
        id="C6a",
        title="The soft value is nonexpansive",
        statement="changing rewards by D moves the soft value by at most max |D|",
        latex=r"|\tilde V - V| \le \max_b |D_b|",
        relation="<=",
        sides=nonexpansive,
        sharp="1 is sharp: D nearly constant, or nu nearly certain where |D| is largest",
        mutants=(
            _mutant(
                name="constant",
                what="1 becomes 0.99",
                sides=partial(nonexpansive, scale=_LESS),
            ),
        ),
    ),
    _claim(
        id="C6b",
        title="The soft value is above the maximum",
        statement="V is at least max q",
        latex=r"0 \le \eta\,(V - \max_b q_b)",
        relation="<=",
        sides=above_the_maximum,
        searches=0,
        mutants=(
            _mutant(
                name="average",
                what="the sum inside the logarithm becomes an average",
                sides=partial(above_the_maximum, averaged=True),
            ),
        ),
    ),
    _claim(
        id="C6c",
        title="The soft value is near the maximum",
        statement="V exceeds max q by at most log |B| / eta",
        latex=r"\eta\,(V - \max_b q_b) \le \log |B|",
        relation="<=",
        sides=near_the_maximum,
        sharp="1 is sharp: attained where q is constant",
        mutants=(
            _mutant(
                name="constant",
                what="|B| becomes |B| - 1",
                sides=partial(near_the_maximum, fewer=1),
            ),
        ),
    ),
)
